//! Looking at a run that is over: `report` and `log`.

use insta::assert_snapshot;

use crate::support::{Place, normalise};

const MIXED: &str = "[suites.good]\ncommand = 'echo fine'\n\
     [suites.bad]\ncommand = 'echo broken; exit 3'\nretries = 1\n\
     [suites.blocked]\ncommand = 'true'\ndepends_on = ['bad']\n\
     [suites.optional]\ncommand = 'echo not here; exit 77'\nskip_exit_code = 77\n";

#[test]
fn a_report_repeats_what_the_run_printed() {
    let place = Place::new(MIXED);
    let run = place.regatta(&["-j", "1"]).run();
    // A report succeeds whatever the verdict is.
    let printed = run.strip_prefix("exit 1\n").unwrap();
    for words in [
        &["report"][..],
        &["report", "--format", "text"],
        &["report", "test-logs"],
        &["report", "test-logs/events.jsonl"],
        &["report", "test-logs/test-report.json"],
    ] {
        let report = place.regatta(words).run();
        assert_eq!(report, format!("exit 0\n{printed}"), "{words:?}");
    }
}

#[test]
fn a_report_for_programs_is_the_one_that_was_written() {
    let place = Place::new(MIXED);
    place.regatta(&["-j", "1"]).run();
    let written = place.anonymise(&normalise(&place.read("test-logs/test-report.json")));
    let id = place.report()["run_id"].as_str().unwrap().to_owned();
    for words in [
        &["report", "--format", "json"][..],
        &["report", "--format", "json", &id],
        &["report", "test-logs/test-report.json", "--format", "json"],
    ] {
        let report = place.regatta(words).run();
        assert_eq!(
            report,
            format!("exit 0\n--- stdout ---\n{written}"),
            "{words:?}"
        );
    }
}

#[test]
fn a_run_that_is_not_there() {
    let place = Place::new(MIXED);
    assert_snapshot!(place.regatta(&["report"]).run(), @"
    exit 2
    --- stderr ---
    error: failed to find a run: there is no journal `[PLACE]/test-logs/events.jsonl`
    ");
    assert_snapshot!(place.regatta(&["report", "nowhere"]).run(), @"
    exit 2
    --- stderr ---
    error: failed to find the run `nowhere`: there is no such path, and there is no journal `[PLACE]/test-logs/events.jsonl`
    ");
    place.regatta(&["-j", "1"]).run();
    assert_snapshot!(place.regatta(&["report", "20200101T000000.000000-1"]).run(), @"
    exit 2
    --- stderr ---
    error: failed to find the run `[RUN]`: there is no such path, and the journal `[PLACE]/test-logs/events.jsonl` is of the run `[RUN]`
    ");
    assert_snapshot!(place.regatta(&["report", "regatta.toml"]).run(), @"
    exit 2
    --- stderr ---
    error: failed to read the journal `regatta.toml`: its first line does not open a run: its checksum does not match
    ");
    assert_snapshot!(place.regatta(&["report", "--format", "pdf"]).run(), @"
    exit 2
    --- stderr ---
    error: invalid value 'pdf' for '--format <FORMAT>'
      [possible values: text, html, json, junit, markdown, trace]

    For more information, try '--help'.
    ");
}

#[test]
fn a_run_elsewhere() {
    let place = Place::new(MIXED);
    place
        .regatta(&["-j", "1", "--log-dir", "elsewhere", "--suites", "good"])
        .run();
    let report = place.regatta(&["report", "--log-dir", "elsewhere"]).run();
    assert_snapshot!(report, @"
    exit 0
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 1
      • Max parallel: 1
      • Fail-fast: disabled
      • Log directory: elsewhere

      TEST: 1 suite(s)

    📦 good
      [1/1] ✓ good passed in [TIME]

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/1
      ✗ Failed:  0/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: elsewhere/test-report.json

    ✅ All tests passed!
    ");
    assert_eq!(place.regatta(&["report", "elsewhere"]).run(), report);
    let variable = place
        .regatta(&["report"])
        .variable("REGATTA_LOG_DIR", "elsewhere");
    assert_eq!(variable.run(), report);
    assert_snapshot!(place.regatta(&["log", "good", "--log-dir", "elsewhere"]).run(), @"
    exit 0
    --- stdout ---
    fine
    ");
}

#[test]
fn a_run_that_was_cut_short_reads_as_interrupted() {
    let place = Place::new(MIXED);
    place.regatta(&["-j", "1"]).run();
    let journal = place.read("test-logs/events.jsonl");
    let lines: Vec<&str> = journal.split_inclusive('\n').collect();
    // Two lines and a half: the third was being written.
    let torn = [lines[0], lines[1], &lines[2][..20]].concat();
    place.write("test-logs/events.jsonl", &torn);
    let report = place.regatta(&["report", "--format", "json"]);
    let output = report.run_unchecked();
    assert!(output.contains("\"state\": \"interrupted\""), "{output}");
    assert_snapshot!(place.regatta(&["report"]).run_unchecked(), @"
    exit 0
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 4
      • Max parallel: 1
      • Fail-fast: disabled
      • Log directory: test-logs

      TEST: 4 suite(s)

    📦 bad

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/4
      ✗ Failed:  0/4
      ⊘ Skipped: 4/4

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Interrupted Tests:
      • bad: ended while it ran
        Log: test-logs/bad.log
      • 3 never started: good, blocked, optional

    📄 JSON report: test-logs/test-report.json

    ❌ The run ended early: 4 of 4 suites have no result

    --- stderr ---
    warning: the journal `[PLACE]/test-logs/events.jsonl` is damaged at line 3 (it has no end); the report tells what stands before
    ");
}

#[test]
fn the_log_of_the_last_attempt_as_it_is() {
    let place = Place::new(
        "[suites.odd]\nretries = 1\n\
         command = 'printf \"%s \\033[1mbold\\033[0m \\t no end\" ${REGATTA_ATTEMPT##*/}; exit 1'\n",
    );
    assert_snapshot!(place.regatta(&["log", "odd"]).run(), @"
    exit 2
    --- stderr ---
    error: suite `odd` has no log `[PLACE]/test-logs/odd.log`; run it first: regatta --suites odd
    ");
    place.regatta(&[]).run();
    assert_eq!(
        place
            .regatta(&["log", "odd"])
            .run()
            .replace('\u{1b}', "ESC"),
        "exit 0\n--- stdout ---\n2 ESC[1mboldESC[0m \t no end\n--- no line end ---"
    );
    assert_snapshot!(place.regatta(&["log", "od"]).run(), @"
    exit 2
    --- stderr ---
    error: unknown suite `od`
      = help: did you mean `odd`?

    1 error in the selection; nothing was run
    ");
    assert_snapshot!(place.regatta(&["log"]).run(), @"
    exit 2
    --- stderr ---
    error: the following required arguments were not provided:
      <SUITE>

    Usage: regatta log <SUITE>

    For more information, try '--help'.
    ");
    assert_snapshot!(place.regatta(&["log", "o*"]).run(), @"
    exit 0
    --- stdout ---
    2 [1mbold[0m 	 no end
    --- no line end ---
    ");
}
