//! Runs that go through their suites more than once.

use insta::assert_snapshot;
use rustix::process::Signal;

use super::QUIET;
use crate::support::{Place, wait_until};

/// Fails in the second round, and when a file says so.
const SECOND: &str = r#"
[suites.shaky]
command = "echo $REGATTA_ATTEMPT | cut -d/ -f2-; case $REGATTA_ATTEMPT in */2) exit 4;; esac"
[suites.after]
command = "echo ran >> ran"
depends_on = ["shaky"]
"#;

#[test]
fn three_rounds_are_one_report() {
    let place = Place::new(SECOND);
    assert_snapshot!(place.regatta(&["-j", "1", "--repeat", "3"]).run(), @"
    exit 1
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 2
      • Max parallel: 1
      • Fail-fast: disabled
      • Rounds: 3
      • Log directory: test-logs

      TEST: 2 suite(s)

    📦 shaky
      [1/2] ✓ shaky passed in [TIME]
    📦 after
      [2/2] ✓ after passed in [TIME]
      ↻ round 1/3: 2 passed
      [1/2] ✗ shaky failed (exit code 4) at attempt 2
        Log: test-logs/shaky.attempt-2.log
        │ shaky/2
      [2/2] ⊘ after blocked: shaky did not pass
      ↻ round 2/3: 0 passed, 1 failed, 1 skipped
      ↻ round 3/3: 2 passed

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/2
      ✗ Failed:  1/2
      ⊘ Skipped: 1/2

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • shaky: exit code 4, in 1 of 3 rounds
        Log: test-logs/shaky.attempt-2.log
        Blocked: after

    Run the failures again:
      regatta --suites shaky

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 2 suites failed (3 rounds)
    ");
    assert_snapshot!(place.outcomes(), @"
    shaky: failed, exit_code [exit_code passed] code 4 log test-logs/shaky.attempt-2.log: exit code 4
    after: skipped, blocked [passed] code 0 log test-logs/after.log: Dependency shaky did not pass
    ");
    let report = place.report();
    assert_snapshot!(report["suites"][0]["rounds"], @r#"{"failed":1,"failed_attempts":1,"passed_attempts":2,"total":3}"#);
    assert_snapshot!(report["suites"][1]["rounds"], @r#"{"failed":0,"failed_attempts":0,"passed_attempts":2,"total":3}"#);
    assert_eq!(report["summary"]["total"], 2);
    assert_eq!(place.read("ran"), "ran\nran\n");
    // The log of each failure and of the latest attempt, and no other.
    assert_eq!(
        place.names("test-logs"),
        [
            ".gitignore",
            ".lock",
            "after.log",
            "events.jsonl",
            "report.html",
            "shaky.attempt-2.log",
            "shaky.log",
            "test-report.json"
        ]
    );
    assert_eq!(place.read("test-logs/shaky.attempt-2.log"), "shaky/2\n");
    assert_eq!(place.read("test-logs/shaky.log"), "shaky/3\n");
}

#[test]
fn rounds_that_all_pass_say_how_many_there_were() {
    let place = Place::new("[suites.fine]\ncommand = 'true'\n");
    let run = place.regatta(&QUIET).variable("REGATTA_REPEAT", "30").run();
    assert!(run.starts_with("exit 0\n"), "{run}");
    assert!(run.ends_with("All tests passed! (30 rounds)\n"), "{run}");
    let lines = place.regatta(&["--repeat", "30"]).run();
    let told: Vec<_> = lines.lines().filter(|it| it.contains("round ")).collect();
    assert_eq!(told.len(), 12, "{lines}");
}

#[test]
fn a_run_of_one_round_is_like_any_other() {
    let place = Place::new(SECOND);
    let once = place.regatta(&["-j", "1"]).run();
    assert_eq!(place.regatta(&["-j", "1", "--repeat", "1"]).run(), once);
    let journal = place.read("test-logs/events.jsonl");
    assert!(journal.contains("\"format\":1,"), "{journal}");
    assert!(!journal.contains("round_finished"), "{journal}");
}

#[test]
fn until_a_suite_fails_the_others_of_its_round_finish() {
    let place = Place::new(
        r#"
[suites.shaky]
command = "case $REGATTA_ATTEMPT in */40) exit 1;; esac"
[suites.steady]
command = "echo ran >> ran"
"#,
    );
    let run = place.regatta(&["--until-fail", "--progress", "none"]).run();
    assert!(run.starts_with("exit 1\n"), "{run}");
    assert!(
        run.contains("shaky: exit code 1, in 1 of 40 rounds"),
        "{run}"
    );
    assert_eq!(place.read("ran").lines().count(), 40);
    let report = place.report();
    assert_eq!(report["suites"][0]["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(report["suites"][1]["rounds"]["passed_attempts"], 40);
    let again = place.regatta(&["report", "--format", "json"]).run();
    assert!(again.contains("\"passed_attempts\": 40"), "{again}");
}

#[test]
fn a_limit_ends_rounds_that_never_fail() {
    let place = Place::new("[suites.fine]\ncommand = 'true'\n");
    let words = ["--until-fail", "--repeat", "5", "--progress", "none"];
    let run = place.regatta(&words).run();
    assert!(run.starts_with("exit 0\n"), "{run}");
    assert_eq!(place.report()["suites"][0]["rounds"]["total"], 5);
    let header = place
        .regatta(&["--repeat", "5"])
        .variable("REGATTA_UNTIL_FAIL", "1")
        .run();
    assert!(
        header.contains("Rounds: until a suite fails, at most 5"),
        "{header}"
    );
}

#[test]
fn fail_fast_ends_the_rounds_at_once() {
    let place = Place::new(SECOND);
    let words = ["-j", "1", "--repeat", "9", "-x", "--progress", "none"];
    assert_snapshot!(place.regatta(&words).run(), @"
    exit 1
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/2
      ✗ Failed:  1/2
      ⊘ Skipped: 1/2

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • shaky: exit code 4, in 1 of 2 rounds
        Log: test-logs/shaky.log
        Blocked: after

    Run the failures again:
      regatta --suites shaky

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 2 suites failed (2 rounds)
    ");
}

#[test]
fn what_a_round_did_not_come_to_is_not_told_from_the_one_before() {
    let place = Place::new(&SECOND.replace("depends_on = [\"shaky\"]\n", ""));
    let run = place.regatta(&["-j", "1", "--repeat", "9", "-x"]).run();
    let (_, end) = run.split_once("round 1/9: 2 passed\n").unwrap();
    let (lines, end) = end.split_once("Test Summary").unwrap();
    assert_snapshot!(lines, @"
      [1/2] ✗ shaky failed (exit code 4) at attempt 2
        Log: test-logs/shaky.log
        │ shaky/2
      ⊘ fail-fast: shaky failed, ending what runs
      ↻ round 2/9: 0 passed, 1 failed, 1 skipped

    📋
    ");
    let (_, end) = end.split_once("Cancelled").unwrap();
    assert_snapshot!(end.lines().nth(1).unwrap(), @"  • 1 did not start in the last round: after");
    assert_snapshot!(place.outcomes(), @"
    shaky: failed, exit_code [exit_code] code 4 log test-logs/shaky.log: exit code 4
    after: skipped, cancelled [passed] code 0 log test-logs/after.log: Cancelled before it started, after a failure elsewhere
    ");
}

#[test]
fn an_interrupt_ends_rounds_without_a_limit() {
    let place = Place::new("[suites.fine]\ncommand = 'echo ran >> ran; sleep 0.01'\n");
    let run = place
        .regatta(&["--until-fail", "--progress", "none"])
        .start();
    wait_until("the third round", || {
        place.has("ran") && place.read("ran").lines().count() >= 3
    });
    run.signal(Signal::INT);
    let run = run.finish();
    assert!(run.starts_with("signal 2\n"), "{run}");
    assert!(run.contains("Interrupted by SIGINT"), "{run}");
    // Who stops it wants to know how long nothing failed.
    assert!(run.contains(" whole rounds)"), "{run}");
    let report = place.report();
    assert_eq!(report["suites"][0]["outcome"], "interrupted");
    assert!(report["suites"][0]["rounds"]["passed_attempts"].as_u64() >= Some(2));
}

#[test]
fn a_program_that_is_not_there_does_not_keep_a_run_from_its_interrupt() {
    let place = Place::new("[suites.missing]\ncommand = ['./missing']\n");
    let words = ["--repeat", "4000000000", "--progress", "none"];
    let run = place.regatta(&words).start();
    wait_until("thousands of rounds", || {
        place.has("test-logs/events.jsonl")
            && place.read("test-logs/events.jsonl").lines().count() > 5_000
    });
    run.signal(Signal::INT);
    let run = run.finish();
    assert!(run.starts_with("signal 2\n"), "{run}");
    let report = place.report();
    let attempts = report["suites"][0]["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 101);
}

#[test]
fn a_failure_that_was_seen_outlives_a_killed_runner() {
    let place = Place::new(
        "[suites.shaky]\ncommand = 'case $REGATTA_ATTEMPT in */1) exit 5;; */3) echo $PPID > runner; exec sleep 600;; esac'\n",
    );
    let run = place
        .regatta(&["--repeat", "9", "--progress", "none"])
        .start();
    wait_until("the third round", || {
        place.has("runner") && !place.read("runner").is_empty()
    });
    let runner = place.read("runner").trim().parse().unwrap();
    let runner = rustix::process::Pid::from_raw(runner).unwrap();
    rustix::process::kill_process(runner, Signal::KILL).unwrap();
    let run = run.finish();
    assert!(run.starts_with("exit 3\n"), "{run}");
    let shaky = &place.report()["suites"][0];
    assert_eq!(shaky["outcome"], "infrastructure");
    assert_eq!(shaky["rounds"]["failed"], 1);
}

#[test]
fn numbers_that_make_no_rounds_are_refused() {
    let place = Place::new(SECOND);
    for count in ["0", "-1", "many"] {
        let run = place.regatta(&[&format!("--repeat={count}")]).run();
        assert!(run.starts_with("exit 2\n"), "{run}");
    }
}
