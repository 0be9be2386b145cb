//! Suites in shards, and suites divided among machines.

use insta::assert_snapshot;
use serde_json::Value;

use super::QUIET;
use crate::support::Place;

/// A suite that takes its shard by the variables; the second one fails until there is a file.
const BY_VARIABLES: &str = r#"
[suites.tests]
command = """
touch "$TEST_SHARD_STATUS_FILE"
echo "$TEST_SHARD_INDEX of $TEST_TOTAL_SHARDS, $GTEST_SHARD_INDEX of $GTEST_TOTAL_SHARDS"
[ "$TEST_SHARD_STATUS_FILE" = "$GTEST_SHARD_STATUS_FILE" ] || exit 9
[ "$TEST_SHARD_INDEX" != 1 ] || [ -e mended ]
"""
shards = 3
[suites.after]
command = "true"
depends_on = ["tests"]
"#;

/// Returns the outcome of each suite.
fn outcomes(place: &Place) -> String {
    let report = place.report();
    let suites = report["suites"].as_array().expect("a list").iter();
    let word = |it: &Value, key: &str| it[key].as_str().expect("a word").to_owned();
    let words = suites.map(|it| format!("{} {}", word(it, "name"), word(it, "outcome")));
    words.collect::<Vec<_>>().join(", ")
}

fn shards_of(report: &Value) -> Vec<(Value, Value, Value)> {
    let shards = report["suites"][0]["shards"].as_array().expect("a list");
    let facts = |it: &Value| {
        (
            it["number"].clone(),
            it["outcome"].clone(),
            it["log_file"].clone(),
        )
    };
    shards.iter().map(facts).collect()
}

#[test]
fn a_suite_in_shards_is_one_suite_that_fails_where_one_of_them_does() {
    let place = Place::new(BY_VARIABLES);
    assert_snapshot!(place.regatta(&["-j", "1"]).run(), @"
    exit 1
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 2
      • Max parallel: 1
      • Fail-fast: disabled
      • Log directory: test-logs

      TEST: 2 suite(s)

    📦 tests (3 shards)
      ! tests 2/3 failed (exit code 1)
      [1/2] ⊘ after blocked: tests did not pass
      [2/2] ✗ tests failed (shard 2 of 3: exit code 1)
        Log: test-logs/tests.shard-2.log
        │ 1 of 3, 1 of 3

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/2
      ✗ Failed:  1/2
      ⊘ Skipped: 1/2

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • tests: shard 2 of 3: exit code 1
        Log: test-logs/tests.shard-2.log
        Blocked: after

    Run the failures again:
      regatta --suites tests

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 2 suites failed
    ");
    let report = place.report();
    assert_eq!(report["summary"]["total"], 2);
    assert_eq!(report["suites"][0]["outcome"], "exit_code");
    assert_eq!(
        report["suites"][0]["error_message"],
        "shard 2 of 3: exit code 1"
    );
    let log = |number| Value::from(format!("test-logs/tests.shard-{number}.log"));
    assert_eq!(
        shards_of(&report),
        [
            (1.into(), "passed".into(), log(1)),
            (2.into(), "exit_code".into(), log(2)),
            (3.into(), "passed".into(), log(3)),
        ]
    );
    assert_eq!(report["suites"][0]["attempts"].as_array().unwrap().len(), 3);
    assert_eq!(
        place.read("test-logs/tests.shard-3.log"),
        "2 of 3, 2 of 3\n"
    );
}

#[test]
fn dependents_wait_for_all_shards_and_failed_ones_are_tried_again_alone() {
    let place = Place::new(
        r#"
        [suites.tests]
        command = "echo {shard_number} >> ran; case $REGATTA_ATTEMPT in */tests.shard-2/1) exit 1;; esac"
        shards = 3
        retries = 1
        [suites.after]
        command = "sort ran"
        depends_on = ["tests"]
        "#,
    );
    place.regatta(&QUIET).run();
    assert_eq!(outcomes(&place), "tests flaky, after passed");
    assert_eq!(place.read("test-logs/after.log"), "1\n2\n2\n3\n");
    assert!(place.has("test-logs/tests.shard-2.attempt-1.log"));
    assert!(!place.has("test-logs/tests.shard-1.attempt-1.log"));
}

#[test]
fn a_command_that_knows_of_no_shard_fails_although_it_passes() {
    let place = Place::new("[suites.all]\ncommand = 'echo everything'\nshards = 2\nretries = 5\n");
    assert_snapshot!(place.regatta(&["-j", "1"]).run(), @"
    exit 1
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 1
      • Max parallel: 1
      • Fail-fast: disabled
      • Log directory: test-logs

      TEST: 1 suite(s)

    📦 all (2 shards)
      [1/1] ✗ all failed (each of 2 shards: ran everything: it neither touched TEST_SHARD_STATUS_FILE nor has {shard_index} or {shard_number} in its command)
        Log: test-logs/all.shard-1.log
        │ everything

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/1
      ✗ Failed:  1/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • all: each of 2 shards: ran everything: it neither touched TEST_SHARD_STATUS_FILE nor has {shard_index} or {shard_number} in its command
        Log: test-logs/all.shard-1.log
        Log: test-logs/all.shard-2.log

    Run the failures again:
      regatta --suites all

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 1 suites failed
    ");
    assert_eq!(outcomes(&place), "all not_sharded");
    assert_eq!(
        place.report()["suites"][0]["attempts"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn placeholders_are_words_of_the_command_and_variables_of_the_shell_are_none() {
    let place = Place::new(
        r#"
        [suites.argv]
        command = ["echo", "{shard_index}", "{shard_number}/{shard_count}"]
        shards = 2
        [suites.shell]
        command = "shard_index=mine; echo ${shard_index} {shard_index}"
        shards = 2
        [suites.one]
        command = "echo {shard_number}/{shard_count} ${TEST_TOTAL_SHARDS-unset}"
        shards = 1
        [suites.none]
        command = "echo {shard_number}"
        "#,
    );
    place.regatta(&QUIET).run();
    assert_eq!(place.read("test-logs/argv.shard-2.log"), "1 2/2\n");
    assert_eq!(place.read("test-logs/shell.shard-1.log"), "mine 0\n");
    assert_eq!(place.read("test-logs/one.log"), "1/1 unset\n");
    assert_eq!(place.read("test-logs/none.log"), "{shard_number}\n");
}

#[test]
fn shards_run_at_the_same_time_and_each_has_its_own_folder_and_status_file() {
    let place = Place::new(
        r#"
        [suites.tests]
        command = """
        touch "$TEST_SHARD_STATUS_FILE" here.$TEST_SHARD_INDEX
        [ -z "$(ls -A "$TEST_TMPDIR")" ] || exit 8
        touch "$TEST_TMPDIR/x" "$TEST_UNDECLARED_OUTPUTS_DIR/x.$TEST_SHARD_INDEX"
        while [ ! -e here.0 ] || [ ! -e here.1 ]; do :; done
        """
        shards = 2
        timeout = 20
        "#,
    );
    place.regatta(&["-j", "2", "--progress", "none"]).run();
    assert_eq!(outcomes(&place), "tests passed");
    assert!(place.has("test-logs/tests.shard-1.outputs/x.0"));
    assert!(place.has("test-logs/tests.shard-2.outputs/x.1"));
}

#[test]
fn logs_of_shards_that_are_no_more_go_when_a_run_starts() {
    let place = Place::new("[suites.a]\ncommand = 'echo {shard_index}'\nshards = 3\n");
    place.regatta(&QUIET).run();
    assert!(place.has("test-logs/a.shard-3.log"));
    place.write(
        "regatta.toml",
        "[suites.a]\ncommand = 'echo {shard_index}'\nshards = 2\n",
    );
    place.regatta(&QUIET).run();
    assert!(place.has("test-logs/a.shard-2.log") && !place.has("test-logs/a.shard-3.log"));
    place.write("regatta.toml", "[suites.a]\ncommand = 'echo whole'\n");
    place.regatta(&QUIET).run();
    assert!(place.has("test-logs/a.log") && !place.has("test-logs/a.shard-1.log"));
    place.write(
        "regatta.toml",
        "[suites.a]\ncommand = 'echo {shard_index}'\nshards = 2\n",
    );
    place.regatta(&QUIET).run();
    assert!(!place.has("test-logs/a.log") && place.has("test-logs/a.shard-1.log"));
    assert_snapshot!(place.regatta(&["log", "a"]).run(), @"
    exit 0
    --- stdout ---
    ==> a.shard-1.log <==
    0

    ==> a.shard-2.log <==
    1
    ");
}

#[test]
fn max_fail_counts_suites_and_not_their_shards() {
    let place = Place::new(
        r#"
        [suites.a]
        command = "exit {shard_number}"
        shards = 3
        [suites.b]
        command = "echo {shard_number}"
        shards = 3
        "#,
    );
    place
        .regatta(&["-j", "1", "--progress", "none", "--max-fail", "2"])
        .run();
    assert_eq!(outcomes(&place), "a exit_code, b passed");
}

#[test]
fn the_history_has_one_row_a_suite_and_failed_runs_all_of_it() {
    let place = Place::new(BY_VARIABLES);
    place.regatta(&QUIET).run();
    place.write("mended", "");
    place.regatta(&["--progress", "none", "--failed"]).run();
    assert_eq!(outcomes(&place), "tests passed, after passed");
    let history = place
        .regatta(&["history", "tests", "--format", "json"])
        .run();
    assert_eq!(history.matches("\"run_id\"").count(), 2, "{history}");
    assert_snapshot!(place.regatta(&["--failed"]).run(), @"
    exit 0
    --- stdout ---
    Nothing is outstanding: every suite has passed since it last failed
    ");
}

#[test]
fn each_shard_has_a_result_of_its_own_that_is_kept() {
    let place = Place::new(
        r#"
        [suites.tests]
        command = "echo {shard_number} >> ran; [ {shard_number} != 2 ] || [ -e mended ]"
        shards = 2
        inputs = ["src"]
        "#,
    );
    place.write("src/a", "a");
    place.regatta(&QUIET).run();
    place.write("mended", "");
    place.regatta(&QUIET).run();
    assert_eq!(outcomes(&place), "tests passed");
    place.regatta(&QUIET).run();
    assert_eq!(outcomes(&place), "tests cached");
    let mut ran: Vec<String> = place.read("ran").lines().map(Into::into).collect();
    ran.sort_unstable();
    assert_eq!(ran, ["1", "2", "2"]);
    assert_eq!(place.read("test-logs/tests.shard-2.log"), "");
}

/// Three chains whose times are known, and a suite of which nothing is.
const DIVISIBLE: &str = r#"
[suites.build]
command = "true"
[suites.api]
command = "true"
depends_on = ["build"]
[suites.web]
command = "exit 3"
description = "Fails"
[suites.lint]
command = "echo clean"
[suites.new]
command = "true"
"#;

const TIMINGS: &str =
    r#"{ "format": 1, "suites": { "build": 10, "api": 50, "web": 40, "lint": 20 } }"#;

fn divisible() -> Place {
    let place = Place::new(DIVISIBLE);
    place.write("regatta-timings.json", TIMINGS);
    place
}

#[test]
fn a_part_says_what_all_of_them_will_take() {
    let place = divisible();
    assert_snapshot!(place.regatta(&["--shard", "1/2", "-j", "1"]).run(), @"
    exit 0
    --- stdout ---
    Shard 1/2: 3 of 5 suites, predicted 1m 20s
      All shards: 1m 20s, 1m 10s
      Floor: 1m 00s by the longest chain (build → api); more than 3 shards gain nothing
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 3
      • Max parallel: 1
      • Fail-fast: disabled
      • Shard: 1/2
      • Log directory: test-logs

      TEST: 3 suite(s)

    📦 build
      [1/3] ✓ build passed in [TIME]
    📦 api
      [2/3] ✓ api passed in [TIME]
    📦 lint
      [3/3] ✓ lint passed in [TIME]

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  3/3
      ✗ Failed:  0/3

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed!
    ");
    assert_snapshot!(place.regatta(&["--shard", "2/2", "--list"]).run(), @"
    exit 0
    --- stdout ---
    Available Test Suites:

    TEST:
      • web: Fails
      • new
    ");
    let run = place.regatta(&["--shard", "auto", "--progress", "none"]);
    run.variable("CI_NODE_INDEX", "2")
        .variable("CI_NODE_TOTAL", "2")
        .run();
    assert_eq!(place.suites(), "web new");
}

#[test]
fn a_shard_without_suites_passes_with_an_empty_report() {
    let place = Place::new("[suites.a]\ncommand = 'true'\n");
    assert_snapshot!(place.regatta(&["--shard", "2/2", "-j", "1"]).run(), @"
    exit 0
    --- stdout ---
    Shard 2/2: 0 of 1 suite
      Suites of each shard: 1, 0
      No time of a suite is known, so all weigh the same; `regatta history export --timings` writes regatta-timings.json
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 0
      • Max parallel: 1
      • Fail-fast: disabled
      • Shard: 2/2
      • Log directory: test-logs


    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/0
      ✗ Failed:  0/0

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: test-logs/test-report.json

    ✅ This shard has no suites
    ");
    assert_eq!(place.report()["summary"]["total"], 0);
    assert_eq!(place.report()["exit_code"], 0);
    assert_eq!(place.report()["shard"]["suites"], 1);
}

#[test]
fn shards_that_there_are_not_and_timings_that_are_none_are_refused() {
    let place = divisible();
    assert_snapshot!(place.regatta(&["--shard", "0/5"]).run(), @"
    exit 2
    --- stderr ---
    error: invalid value '0/5' for '--shard <I/N|auto>': shards are counted from 1: the first of 5 is 1/5

    For more information, try '--help'.
    ");
    assert_snapshot!(place.regatta(&["--shard", "6/5"]).run(), @"
    exit 2
    --- stderr ---
    error: invalid value '6/5' for '--shard <I/N|auto>': there is no shard 6 of 5; the last one is 5/5

    For more information, try '--help'.
    ");
    assert_snapshot!(place.regatta(&["--shard", "1/2", "--repeat", "2"]).run(), @"
    exit 2
    --- stderr ---
    error: `--shard` goes neither with `--repeat` nor with `--until-fail`; leave one of them out
    ");
    place.write("regatta-timings.json", "[]");
    assert_snapshot!(place.regatta(&["--shard", "1/2"]).run(), @"
    exit 2
    --- stderr ---
    error: cannot read the timings `[PLACE]/regatta-timings.json`, by which suites are divided: invalid length 0, expected struct File with 2 elements at line 1 column 2; remove the file, or write it anew with `regatta history export --timings`
    ");
}

/// Runs the shards of three that are wanted, and takes them to folders beside the project.
fn run_shards(place: &Place, numbers: &[u32]) {
    for number in numbers {
        let (shard, folder) = (format!("{number}/3"), format!("shard-{number}"));
        let words = [
            "--shard",
            &shard,
            "--log-dir",
            &folder,
            "--progress",
            "none",
        ];
        place.regatta(&words).run();
    }
}

#[test]
fn shards_are_merged_into_one_report_with_all_their_logs() {
    let place = divisible();
    run_shards(&place, &[1, 2, 3]);
    let merge = place.regatta(&["merge", "shard-3", "shard-1/test-report.json", "shard-2"]);
    assert_snapshot!(merge.run(), @"
    exit 1
    --- stdout ---
    Merged 3 of 3 shards: 5 of 5 suites
      1/3: 2 suites in [TIME] (shard-1/test-report.json)
      2/3: 1 suite in [TIME] (shard-2/test-report.json)
      3/3: 2 suites in [TIME] (shard-3/test-report.json)

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  4/5
      ✗ Failed:  1/5

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • web: exit code 3
        New: it has not run before
        Log: test-logs/merged/web.log

    Run the failures again:
      regatta --suites web

    📄 JSON report: test-logs/merged/test-report.json

    ❌ 1 of 5 suites failed
    ");
    let report: Value =
        serde_json::from_str(&place.read("test-logs/merged/test-report.json")).unwrap();
    let names = report["suites"].as_array().unwrap().iter();
    let names: Vec<&str> = names.map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["build", "api", "web", "lint", "new"]);
    assert_eq!(report["exit_code"], 1);
    assert_eq!(report["merged"]["missing"], Value::Array(Vec::new()));
    assert_eq!(report["shard"], Value::Null);
    assert_eq!(place.read("test-logs/merged/lint.log"), "clean\n");
    // Every other report can be made of it again.
    let again = place
        .regatta(&["report", "test-logs/merged", "--format", "json"])
        .run();
    assert!(again.contains("\"merged\": {"), "{again}");
}

#[test]
fn a_missing_shard_is_named_and_its_suites_are_not_seen() {
    let place = divisible();
    run_shards(&place, &[1, 3]);
    let merge = place.regatta(&["merge", "shard-1", "shard-3", "--log-dir", "merged"]);
    assert_snapshot!(merge.run(), @"
    exit 5
    --- stdout ---
    Merged 2 of 3 shards: 4 of 5 suites
      1/3: 2 suites in [TIME] (shard-1/test-report.json)
      2/3: missing, with 1 suite
      3/3: 2 suites in [TIME] (shard-3/test-report.json)

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  4/5
      ✗ Failed:  0/5
      ⊘ Skipped: 1/5

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Not Seen Tests:
      • shard 2 of 3 is missing: web

    📄 JSON report: merged/test-report.json

    ⚠️  No suite failed, but shard 2 of 3 is missing
    ");
    let report: Value = serde_json::from_str(&place.read("merged/test-report.json")).unwrap();
    assert_eq!(report["merged"]["missing"][0], 2);
    let unseen = report["suites"].as_array().unwrap().iter();
    let unseen = unseen.filter(|it| it["outcome"] == "not_seen");
    let unseen: Vec<&Value> = unseen.map(|it| &it["name"]).collect();
    assert_eq!(unseen, ["web"]);
}

#[test]
fn reports_that_do_not_belong_together_are_refused_and_nothing_is_written() {
    let place = divisible();
    run_shards(&place, &[1, 2]);
    place
        .regatta(&["--progress", "none", "--suites", "lint"])
        .run();
    place.write(
        "regatta-timings.json",
        r#"{ "format": 1, "suites": { "lint": 90 } }"#,
    );
    place
        .regatta(&["--shard", "3/3", "--log-dir", "other", "--progress", "none"])
        .run();
    place.write("torn.json", "{ \"run_id\"");
    assert_snapshot!(place.regatta(&["merge", "shard-1", "shard-2", "shard-1"]).run(), @"
    exit 2
    --- stderr ---
    error: `shard-1/test-report.json` and `shard-1/test-report.json` are both shard 1/3; leave one of them out; nothing was merged
    ");
    assert_snapshot!(place.regatta(&["merge", "shard-1", "other"]).run(), @"
    exit 2
    --- stderr ---
    error: `shard-1/test-report.json` and `other/test-report.json` are no shards of one plan: one gives suite lint to shard 3, the other to shard 2, as with another regatta-timings.json; nothing was merged
    ");
    let unfit = ["merge", "shard-1", "test-logs", "torn.json", "nowhere.json"];
    assert_snapshot!(place.regatta(&unfit).run(), @"
    exit 2
    --- stderr ---
    error: `test-logs/test-report.json` is the report of a whole run; only runs with --shard can be merged
    error: `torn.json` is no report of a run: EOF while parsing an object at line 1 column 10
    error: cannot read `nowhere.json`: No such file or directory (os error 2); nothing was merged
    ");
    let into_itself = place.regatta(&["merge", "shard-1", "--log-dir", "shard-1"]);
    assert_snapshot!(into_itself.run(), @"
    exit 2
    --- stderr ---
    error: `shard-1/test-report.json` lies in the folder that the merged report goes to; choose another with --log-dir
    ");
    assert!(!place.has("test-logs/merged"));
}
