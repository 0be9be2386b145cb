//! `--failed`: what has not passed runs again.

use std::fs;

use insta::assert_snapshot;

use crate::support::Place;

/// One suite passes once a file is there, one waits for it, one always passes.
const SUITES: &str = r#"
[suites.api]
command = "test -e mended"
[suites.web]
command = "true"
depends_on = ["api"]
[suites.docs]
command = "true"
category = "docs"
"#;

fn failed<'p>(words: &[&'p str]) -> Vec<&'p str> {
    [&["--failed", "--progress", "none"], words].concat()
}

#[test]
fn passing_suites_leave_until_nothing_is_outstanding() {
    let place = Place::new(SUITES);
    // Nothing was ever seen.
    assert!(place.regatta(&failed(&[])).run().starts_with("exit 1\n"));
    assert_eq!(place.suites(), "api web docs");
    assert!(place.regatta(&failed(&[])).run().starts_with("exit 1\n"));
    assert_eq!(place.suites(), "api web");
    place.write("mended", "");
    assert!(place.regatta(&[]).run().starts_with("exit 0\n"));
    assert_snapshot!(place.regatta(&failed(&[])).run(), @"
    exit 0
    --- stdout ---
    Nothing is outstanding: every suite has passed since it last failed
    ");
    assert_snapshot!(place.regatta(&failed(&["--format", "json"])).run(), @"
    exit 0
    --- stderr ---
    Nothing is outstanding: every suite has passed since it last failed
    ");
    // A new one joins.
    let more = format!("{SUITES}[suites.new]\ncommand = 'true'\n");
    place.write("regatta.toml", &more);
    assert!(place.regatta(&failed(&[])).run().starts_with("exit 0\n"));
    assert_eq!(place.suites(), "new");
}

#[test]
fn what_passed_in_an_earlier_run_stays_done_although_the_last_one_left_it_out() {
    let place = Place::new(SUITES);
    place.regatta(&["--progress", "none"]).run();
    place
        .regatta(&["--suites", "web", "--progress", "none"])
        .run();
    place.regatta(&failed(&[])).run();
    assert_eq!(place.suites(), "api web");
}

#[test]
fn a_dependency_that_passed_comes_along() {
    let place = Place::new(
        "[suites.a]\ncommand = 'true'\n[suites.b]\ncommand = 'exit 1'\ndepends_on = ['a']\n",
    );
    place.regatta(&[]).run();
    place.regatta(&failed(&[])).run();
    assert_eq!(place.suites(), "a b");
    place.regatta(&failed(&["--no-deps"])).run();
    assert_eq!(place.suites(), "b");
}

#[test]
fn what_other_filters_keep_out_is_not_taken_for_done() {
    let place = Place::new(&SUITES.replace("\"true\"\ncategory", "\"test -e mended\"\ncategory"));
    place.regatta(&[]).run();
    place.write("mended", "");
    let words = failed(&["--categories", "docs"]);
    assert_snapshot!(place.regatta(&words).run(), @"
    exit 5
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/1
      ✗ Failed:  0/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Still Outstanding:
      • api, web

    Run all that is outstanding:
      regatta --failed

    📄 JSON report: test-logs/test-report.json

    ⚠️  No suite failed, but 2 outstanding suites were not selected
    ");
    assert_eq!(place.report()["exit_code"], 5);
}

#[test]
fn filters_that_keep_out_all_of_it_are_told() {
    let place = Place::new(SUITES);
    place.regatta(&[]).run();
    let words = failed(&["--suites", "docs"]);
    assert_snapshot!(place.regatta(&words).run(), @"
    exit 5
    --- stderr ---
    error: the filters keep out all that is outstanding: api, web; `--failed` alone runs it
    ");
    // A failure comes before what is known to be undone.
    let words = failed(&["--suites", "api"]);
    assert!(place.regatta(&words).run().starts_with("exit 1\n"));
}

#[test]
fn what_the_last_run_cut_short_is_outstanding() {
    let place = Place::new(
        "[suites.a]\ncommand = 'exit 1'\n[suites.b]\ncommand = 'true'\n[suites.c]\ncommand = 'true'\n",
    );
    place.regatta(&["-j", "1", "--suites", "b,c"]).run();
    place.regatta(&["-j", "1", "-x"]).run();
    let list = place.regatta(&["--failed", "--list"]).run();
    assert_snapshot!(list, @"
    exit 0
    --- stdout ---
    Available Test Suites:

    TEST:
      • a
      • b
      • c
    ");
}

#[test]
fn without_a_history_the_last_run_is_asked_and_without_that_everything_is_outstanding() {
    let place = Place::new(SUITES);
    place.write("mended", "");
    place.regatta(&["--suites", "api"]).run();
    fs::remove_dir_all(place.path(".regatta")).unwrap();
    place.write(".regatta", "no folder\n");
    let list = || {
        let run = place.regatta(&["--list"]);
        run.variable("REGATTA_FAILED", "1").run_unchecked()
    };
    assert_snapshot!(list(), @"
    exit 0
    --- stdout ---
    Available Test Suites:

    TEST:
      • api
      • web
        Depends on: api

    DOCS:
      • docs
    ");
    place.write("test-logs/events.jsonl", "nonsense\n");
    assert_snapshot!(list(), @"
    exit 0
    --- stdout ---
    Available Test Suites:

    TEST:
      • api
      • web
        Depends on: api

    DOCS:
      • docs

    --- stderr ---
    warning: failed to read the journal `[PLACE]/test-logs/events.jsonl`: its first line does not open a run: its checksum does not match; every suite counts as outstanding
    ");
}

#[test]
fn many_failures_are_run_again_without_naming_them() {
    let suites = (0..11).map(|it| format!("[suites.s{it}]\ncommand = 'exit 1'\n"));
    let place = Place::new(&suites.collect::<String>());
    let run = place.regatta(&["--progress", "none"]).run();
    assert!(
        run.contains("Run the failures again:\n  regatta --failed\n"),
        "{run}"
    );
}
