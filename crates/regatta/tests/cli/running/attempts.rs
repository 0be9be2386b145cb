//! Suites that are tried again.

use insta::assert_snapshot;

use crate::support::Place;

/// Passes at the third attempt.
const THIRD: &str = r#"command = "echo $REGATTA_ATTEMPT | cut -d/ -f2-; case $REGATTA_ATTEMPT in */3) exit 0;; *) exit 1;; esac""#;

#[test]
fn a_pass_after_failures_is_flaky_and_every_attempt_has_a_log() {
    let place = Place::new(&format!("[suites.shaky]\n{THIRD}\nretries = 2\n"));
    assert_snapshot!(place.regatta(&[]).run(), @"
    exit 0
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 1
      • Max parallel: 2
      • Fail-fast: disabled
      • Log directory: test-logs

      TEST: 1 suite(s)

    📦 shaky
      ↻ shaky failed (exit code 1), attempt 2 follows
      ↻ shaky failed (exit code 1), attempt 3 follows
      [1/1] ✓ shaky passed in [TIME] (flaky: attempt 3)

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/1
      ✗ Failed:  0/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Flaky Tests:
      • shaky: passed at attempt 3, after exit code 1
        Log: test-logs/shaky.attempt-2.log

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed!
    ");
    assert_snapshot!(place.outcomes(), @"shaky: passed, flaky [exit_code exit_code passed] code 0 log test-logs/shaky.log: -");
    assert_eq!(
        place.names("test-logs"),
        [
            ".gitignore",
            ".lock",
            "events.jsonl",
            "report.html",
            "shaky.attempt-1.log",
            "shaky.attempt-2.log",
            "shaky.log",
            "test-report.json"
        ]
    );
    for (file, attempt) in [("attempt-1.log", 1), ("attempt-2.log", 2), ("log", 3)] {
        let log = place.read(&format!("test-logs/shaky.{file}"));
        assert_eq!(log, format!("shaky/{attempt}\n"));
    }
}

#[test]
fn retries_that_do_not_help() {
    let place = Place::new("[suites.broken]\ncommand = 'echo no; exit 9'\nretries = 1\n");
    assert_snapshot!(place.regatta(&[]).run(), @"
    exit 1
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 1
      • Max parallel: 2
      • Fail-fast: disabled
      • Log directory: test-logs

      TEST: 1 suite(s)

    📦 broken
      ↻ broken failed (exit code 9), attempt 2 follows
      [1/1] ✗ broken failed (exit code 9) at attempt 2
        Log: test-logs/broken.log
        │ no

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/1
      ✗ Failed:  1/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • broken: exit code 9
        Log: test-logs/broken.log

    Run the failures again:
      regatta --suites broken

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 1 suites failed
    ");
    assert_snapshot!(place.outcomes(), @"broken: failed, exit_code [exit_code exit_code] code 9 log test-logs/broken.log: exit code 9");
}

#[test]
fn a_flaky_pass_may_count_as_a_failure() {
    let place = Place::new(&format!(
        "[suites.shaky]\n{THIRD}\nretries = 2\nflaky = 'fail'\n"
    ));
    assert_snapshot!(place.regatta(&[]).run(), @r#"
    exit 1
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 1
      • Max parallel: 2
      • Fail-fast: disabled
      • Log directory: test-logs

      TEST: 1 suite(s)

    📦 shaky
      ↻ shaky failed (exit code 1), attempt 2 follows
      ↻ shaky failed (exit code 1), attempt 3 follows
      [1/1] ✗ shaky failed (passed only at attempt 3, and flaky = "fail")
        Log: test-logs/shaky.log

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/1
      ✗ Failed:  1/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • shaky: passed only at attempt 3, and flaky = "fail"
        Log: test-logs/shaky.log

    Run the failures again:
      regatta --suites shaky

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 1 suites failed
    "#);
    assert_snapshot!(place.outcomes(), @r#"shaky: failed, flaky [exit_code exit_code passed] code 0 log test-logs/shaky.log: passed only at attempt 3, and flaky = "fail""#);
    let output = place
        .regatta(&["--flaky", "pass", "--progress", "none"])
        .run();
    assert_snapshot!(output, @"
    exit 0
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/1
      ✗ Failed:  0/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Flaky Tests:
      • shaky: passed at attempt 3, after exit code 1
        Log: test-logs/shaky.attempt-2.log

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed!
    ");
}

#[test]
fn a_pause_before_the_next_attempt_leaves_the_slot_to_others() {
    let place = Place::new(
        "[suites.shaky]\ncommand = 'test -e other'\n\
         retries = { count = 1, delay = '400ms', jitter = false }\n\
         [suites.other]\ncommand = 'touch other'\n",
    );
    assert_snapshot!(place.regatta(&["-j", "1"]).run(), @"
    exit 0
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 2
      • Max parallel: 1
      • Fail-fast: disabled
      • Log directory: test-logs

      TEST: 2 suite(s)

    📦 shaky
      ↻ shaky failed (exit code 1), attempt 2 follows in [TIME]
    📦 other
      [1/2] ✓ other passed in [TIME]
      [2/2] ✓ shaky passed in [TIME] (flaky: attempt 2)

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  2/2
      ✗ Failed:  0/2

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Flaky Tests:
      • shaky: passed at attempt 2, after exit code 1
        Log: test-logs/shaky.attempt-1.log

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed!
    ");
    let report = place.report();
    let attempts = &report["suites"][0]["attempts"];
    let pause =
        attempts[1]["start_time"].as_f64().unwrap() - attempts[0]["end_time"].as_f64().unwrap();
    assert!(pause >= 0.399, "{pause}");
}

#[test]
fn a_pause_grows_as_it_is_told_to() {
    let place = Place::new(
        "[suites.shaky]\ncommand = 'exit 1'\n\
         retries = { count = 3, delay = '50ms', backoff = 'exponential', max_delay = '100ms', jitter = false }\n",
    );
    let output = place.regatta(&["--progress", "none"]).run();
    assert!(output.starts_with("exit 1\n"), "{output}");
    let report = place.report();
    let attempts = report["suites"][0]["attempts"].as_array().unwrap();
    let pause = |pair: &[serde_json::Value]| {
        pair[1]["start_time"].as_f64().unwrap() - pair[0]["end_time"].as_f64().unwrap()
    };
    let pauses: Vec<f64> = attempts.windows(2).map(pause).collect();
    assert!(
        pauses[0] >= 0.049 && pauses[1] >= 0.099 && pauses[2] >= 0.099,
        "{pauses:?}"
    );
}

#[test]
fn the_slot_stays_over_retries() {
    let place = Place::new(
        "[suites.first]\ncommand = 'echo $REGATTA_SLOT; touch first; until [ -e second ]; do sleep 0.01; done'\n\
         [suites.second]\nretries = 2\n\
         command = 'echo $REGATTA_SLOT; until [ -e first ]; do sleep 0.01; done; \
         case $REGATTA_ATTEMPT in */3) touch second;; *) exit 1;; esac'\n",
    );
    let output = place.regatta(&["-j", "2", "--progress", "none"]).run();
    assert!(output.starts_with("exit 0\n"), "{output}");
    let slot = |file: &str| place.read(&format!("test-logs/{file}.log"));
    assert_eq!(slot("first"), "0\n");
    for file in ["second.attempt-1", "second.attempt-2", "second"] {
        assert_eq!(slot(file), "1\n", "{file}");
    }
}
