//! Each flag's variable.

use std::fs;

use std::fmt::Write as _;

use insta::assert_snapshot;

use crate::support::Place;

const SUITES: &str = "[run]\nfast_excludes = ['slow']\n\
     [profile.ci]\nlog_dir = 'ci-logs'\n\
     [suites.a]\ncommand = 'true'\ncategory = 'unit'\ntags = ['t']\n\
     [suites.b]\ncommand = 'exit 1'\ncategory = 'lint'\ndepends_on = ['a']\n\
     [suites.c]\ncommand = 'case $REGATTA_ATTEMPT in */1) exit 1;; esac'\ncategory = 'slow'\n";

fn with(name: &str, value: &str) -> Place {
    let place = Place::new(SUITES);
    place.write("other.toml", "[suites.other]\ncommand = 'true'\n");
    place.write("always", "");
    let run = place
        .regatta(&["-j", "1"])
        .variable("REGATTA_PROGRESS", "none");
    place.write("output", &run.variable(name, value).run());
    place
}

#[test]
fn variables_of_the_selection() {
    for (name, value, expected) in [
        ("REGATTA_CATEGORIES", "unit,slow", "a c"),
        ("REGATTA_SUITES", "b", "a b"),
        ("REGATTA_SUITES", "[ac]", "a c"),
        ("REGATTA_TAGS", "t", "a"),
        ("REGATTA_EXCLUDE", "c,b", "a"),
        ("REGATTA_FAST", "1", "a b"),
        ("REGATTA_FAST", "0", "a b c"),
        ("REGATTA_SHARD", "1/2", "a b"),
        ("REGATTA_SHARD", "2/2", "c"),
        ("REGATTA_CONFIG", "other.toml", "other"),
    ] {
        assert_eq!(with(name, value).suites(), expected, "{name}={value}");
    }
    let place = Place::new(SUITES);
    let run = place.regatta(&["--suites", "b", "--progress", "none"]);
    run.variable("REGATTA_NO_DEPS", "1").run();
    assert_eq!(place.suites(), "b");
}

#[test]
fn variables_of_the_run() {
    let skipped =
        |name: &str, value: &str| with(name, value).report()["summary"]["skipped"].clone();
    assert_eq!(skipped("REGATTA_FAIL_FAST", "1"), 1);
    assert_eq!(skipped("REGATTA_FAIL_FAST", "now"), 1);
    assert_eq!(skipped("REGATTA_FAIL_FAST", "0"), 0);
    assert_eq!(skipped("REGATTA_MAX_FAIL", "1"), 1);
    assert_eq!(skipped("REGATTA_MAX_FAIL", "2"), 0);
    let place = with("REGATTA_RETRIES", "1");
    assert_eq!(place.report()["suites"][2]["outcome"], "flaky");
    assert_eq!(place.report()["suites"][2]["status"], "passed");
    let place = Place::new(SUITES);
    let run = place.regatta(&["--retries", "1", "--suites", "c", "--progress", "none"]);
    run.variable("REGATTA_FLAKY", "fail").run();
    assert_eq!(place.report()["suites"][0]["status"], "failed");
}

#[test]
fn variables_of_the_places() {
    assert!(with("REGATTA_LOG_DIR", "here").has("here/a.log"));
    assert!(with("REGATTA_PROFILE", "ci").has("ci-logs/a.log"));
    let place = with("REGATTA_REPORT", "json=one.json,json=two.json");
    assert!(place.has("one.json") && place.has("two.json"));
}

#[test]
fn variables_of_the_output() {
    let output = |name: &str, value: &str| with(name, value).read("output");
    assert!(output("REGATTA_COLOR", "always").contains('\u{1b}'));
    assert!(output("REGATTA_FORMAT", "json").contains("\"run_id\""));
    assert!(output("REGATTA_FORMAT", "jsonl").contains("\"crc\""));
    assert!(output("REGATTA_PROGRESS", "lines").contains("[1/3]"));
    assert!(output("REGATTA_PROGRESS", "compact").contains("\n3 suites in "));
    // Set by coding agents; whoever names a way gets that one.
    let place = Place::new(SUITES);
    let for_an_agent = |words: &[&str]| place.regatta(words).variable("CLAUDECODE", "1").run();
    assert!(for_an_agent(&[]).contains("\n3 suites in "));
    assert!(for_an_agent(&["--progress", "lines"]).contains("[1/3]"));
    assert!(output("REGATTA_CI", "teamcity").contains("##teamcity["));
    let place = Place::new("[suites.a]\ncommand = 'echo hello'\n");
    let mut text = String::new();
    for name in ["REGATTA_LIST", "REGATTA_DRY_RUN", "REGATTA_VERBOSE"] {
        for value in ["1", "0"] {
            let run = place.regatta(&[]).variable(name, value).run();
            let shown = run.contains("hello") && run.contains("passed in");
            let lines = run.lines().count();
            writeln!(
                text,
                "{name}={value}: {lines} lines, ran and shown: {shown}"
            )
            .unwrap();
        }
    }
    assert_snapshot!(text, @"
    REGATTA_LIST=1: 6 lines, ran and shown: false
    REGATTA_LIST=0: 28 lines, ran and shown: false
    REGATTA_DRY_RUN=1: 14 lines, ran and shown: false
    REGATTA_DRY_RUN=0: 28 lines, ran and shown: false
    REGATTA_VERBOSE=1: 29 lines, ran and shown: true
    REGATTA_VERBOSE=0: 28 lines, ran and shown: false
    ");
}

#[test]
fn an_empty_variable_is_none() {
    let place = Place::new(SUITES);
    let words = ["--progress", "none", "-j", "1"];
    let expected = place.regatta(&words).run();
    let mut run = place.regatta(&words);
    for name in [
        "CATEGORIES",
        "CI",
        "COLOR",
        "CONFIG",
        "DRY_RUN",
        "EXCLUDE",
        "FAILED",
        "FAIL_FAST",
        "FAST",
        "FLAKY",
        "FORMAT",
        "LIST",
        "LOG_DIR",
        "MAX_FAIL",
        "MAX_PARALLEL",
        "NO_DEPS",
        "NO_FAIL_FAST",
        "PROFILE",
        "PROGRESS",
        "REPEAT",
        "REPORT",
        "RETRIES",
        "SUITES",
        "TAGS",
        "UNTIL_FAIL",
        "VERBOSE",
    ] {
        run = run.variable(&format!("REGATTA_{name}"), "");
    }
    // What is known of the first run would be told in the second.
    fs::remove_dir_all(place.path(".regatta")).unwrap();
    assert_eq!(run.run(), expected);
    let list = place.regatta(&["list"]).run();
    let empty = place
        .regatta(&["list"])
        .variable("REGATTA_FAST", "")
        .variable("REGATTA_TAGS", "");
    assert_eq!(empty.run(), list);
}

#[test]
fn a_variable_that_cannot_be_followed_is_an_error() {
    let place = Place::new(SUITES);
    let run = place.regatta(&[]).variable("REGATTA_MAX_PARALLEL", "many");
    assert_snapshot!(run.run(), @r#"
    exit 2
    --- stderr ---
    error: invalid value 'many' for '--max-parallel <N>': use a whole number from 1, "auto", or a percentage such as "50%"

    For more information, try '--help'.
    "#);
    let run = place.regatta(&[]).variable("REGATTA_FAST", "perhaps");
    assert_snapshot!(run.run(), @"
    exit 2
    --- stderr ---
    error: invalid value 'perhaps' for '--fast': value was not a boolean

    For more information, try '--help'.
    ");
    let run = place.regatta(&[]).variable("REGATTA_PROFILE", "nightly");
    assert_snapshot!(run.run(), @"
    exit 2
    --- stderr ---
    error: unknown profile `nightly`
      = help: profiles: ci

    1 error in regatta.toml; nothing was run
    ");
    let run = place.regatta(&[]).variable("REGATTA_SUITES", "zzz");
    assert_snapshot!(run.run(), @"
    exit 2
    --- stderr ---
    error: unknown suite `zzz`
      = help: `regatta list` shows all of them

    1 error in the selection; nothing was run
    ");
    assert!(!place.has("test-logs"));
}
