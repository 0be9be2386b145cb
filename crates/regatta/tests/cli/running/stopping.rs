//! Stopping early: at once, softly, or after so many failures.

use insta::{allow_duplicates, assert_snapshot};

use crate::support::Place;

/// One suite fails while another runs and two wait.
const ONE_FAILS: &str = r#"
[suites.long]
command = """LONG"""
[suites.bad]
command = "until [ -e started ]; do sleep 0.01; done; echo broken; exit 1"
[suites.later]
command = "touch ran"
depends_on = ["long"]
[suites.after-later]
command = "touch ran"
depends_on = ["later"]
"#;

/// The suite that runs ends only when it is ended.
fn endless() -> Place {
    Place::new(&ONE_FAILS.replace("LONG", "touch started; exec sleep 600"))
}

/// The suite that runs ends once the other has failed.
fn ending() -> Place {
    let failed = r#"'"suite":"bad","event":"task_finished"'"#;
    let long = format!(
        "touch started; until grep -qs {failed} test-logs/events.jsonl; do sleep 0.01; done; \
         touch finished"
    );
    Place::new(&ONE_FAILS.replace("LONG", &long))
}

#[test]
fn fail_fast_ends_what_runs_and_starts_nothing() {
    for words in [
        ["-j", "2", "--fail-fast"],
        ["-j", "2", "-x"],
        ["-j", "2", "--fail-fast=now"],
    ] {
        let place = endless();
        allow_duplicates! {
            assert_snapshot!(place.regatta(&words).run(), @"
            exit 1
            --- stdout ---
            🚀 Project Parallel Test Runner
            ═══════════════════════════════════════════════════

            📊 Test Configuration:
              • Total suites: 4
              • Max parallel: 2
              • Fail-fast: enabled
              • Log directory: test-logs

              TEST: 4 suite(s)

            📦 long
            📦 bad
              [1/4] ✗ bad failed (exit code 1)
                Log: test-logs/bad.log
                │ broken
              ⊘ fail-fast: bad failed, ending what runs
              [4/4] ⊘ long cancelled after [TIME]

            📋 Test Summary
            ═══════════════════════════════════════════════════

              ✓ Passed:  0/4
              ✗ Failed:  1/4
              ⊘ Skipped: 3/4

              ⏱️  Total time: [TIME]
              ⚡ Speedup: [RATIO] ([TIME] saved)

            Failed Tests:
              • bad: exit code 1
                Log: test-logs/bad.log

            Cancelled Tests, after bad failed:
              • long: ended while it ran
                Log: test-logs/long.log
              • 2 never started: later, after-later

            Run the failures again:
              regatta --suites bad

            📄 JSON report: test-logs/test-report.json

            ❌ 1 of 4 suites failed
            ");
            assert_snapshot!(place.outcomes(), @"
            long: skipped, cancelled [cancelled] code null log test-logs/long.log: Cancelled while running, after a failure elsewhere
            bad: failed, exit_code [exit_code] code 1 log test-logs/bad.log: exit code 1
            later: skipped, cancelled [] code null log -: Cancelled before it started, after a failure elsewhere
            after-later: skipped, cancelled [] code null log -: Cancelled before it started, after a failure elsewhere
            ");
        }
        assert!(!place.has("ran"));
    }
}

#[test]
fn fail_fast_soon_lets_what_runs_finish() {
    let place = ending();
    assert_snapshot!(place.regatta(&["-j", "2", "--fail-fast=soon"]).run(), @"
    exit 1
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 4
      • Max parallel: 2
      • Fail-fast: soon
      • Log directory: test-logs

      TEST: 4 suite(s)

    📦 long
    📦 bad
      [1/4] ✗ bad failed (exit code 1)
        Log: test-logs/bad.log
        │ broken
      ⊘ fail-fast: bad failed, what runs may finish, nothing else starts
      [4/4] ✓ long passed in [TIME]

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/4
      ✗ Failed:  1/4
      ⊘ Skipped: 2/4

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • bad: exit code 1
        Log: test-logs/bad.log

    Cancelled Tests, after bad failed:
      • 2 never started: later, after-later

    Run the failures again:
      regatta --suites bad

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 4 suites failed
    ");
    assert_snapshot!(place.outcomes(), @"
    long: passed, passed [passed] code 0 log test-logs/long.log: -
    bad: failed, exit_code [exit_code] code 1 log test-logs/bad.log: exit code 1
    later: skipped, cancelled [] code null log -: Cancelled before it started, after a failure elsewhere
    after-later: skipped, cancelled [] code null log -: Cancelled before it started, after a failure elsewhere
    ");
    assert!(place.has("finished") && !place.has("ran"));
}

#[test]
fn so_many_failures_and_no_more() {
    let place = ending();
    assert_snapshot!(place.regatta(&["-j", "2", "--max-fail", "1"]).run(), @"
    exit 1
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 4
      • Max parallel: 2
      • Fail-fast: disabled
      • Log directory: test-logs

      TEST: 4 suite(s)

    📦 long
    📦 bad
      [1/4] ✗ bad failed (exit code 1)
        Log: test-logs/bad.log
        │ broken
      ⊘ too many failures, bad was the last: what runs may finish, nothing else starts
      [4/4] ✓ long passed in [TIME]

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/4
      ✗ Failed:  1/4
      ⊘ Skipped: 2/4

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • bad: exit code 1
        Log: test-logs/bad.log

    Cancelled Tests, after bad failed:
      • 2 never started: later, after-later

    Run the failures again:
      regatta --suites bad

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 4 suites failed
    ");
    assert!(place.has("finished") && !place.has("ran"));

    let place = Place::new(
        "[suites.a]\ncommand = 'exit 1'\n[suites.b]\ncommand = 'exit 2'\n[suites.c]\ncommand = 'touch ran'\n",
    );
    assert_snapshot!(place.regatta(&["-j", "1", "--max-fail", "2"]).run(), @"
    exit 1
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 3
      • Max parallel: 1
      • Fail-fast: disabled
      • Log directory: test-logs

      TEST: 3 suite(s)

    📦 a
      [1/3] ✗ a failed (exit code 1)
        Log: test-logs/a.log
        It printed nothing
    📦 b
      [2/3] ✗ b failed (exit code 2)
        Log: test-logs/b.log
        It printed nothing
      ⊘ too many failures, b was the last: what runs may finish, nothing else starts

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/3
      ✗ Failed:  2/3
      ⊘ Skipped: 1/3

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • a: exit code 1
        Log: test-logs/a.log
      • b: exit code 2
        Log: test-logs/b.log

    Cancelled Tests, after b failed:
      • 1 never started: c

    Run the failures again:
      regatta --suites a,b

    📄 JSON report: test-logs/test-report.json

    ❌ 2 of 3 suites failed
    ");
    assert!(!place.has("ran"));
}

#[test]
fn the_configuration_may_ask_for_it_and_the_command_line_may_not_want_it() {
    let place = Place::new(
        "[run]\nfail_fast = true\n[suites.a]\ncommand = 'exit 1'\n[suites.b]\ncommand = 'touch ran'\n",
    );
    assert_snapshot!(place.regatta(&["-j", "1"]).run(), @"
    exit 1
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 2
      • Max parallel: 1
      • Fail-fast: enabled
      • Log directory: test-logs

      TEST: 2 suite(s)

    📦 a
      [1/2] ✗ a failed (exit code 1)
        Log: test-logs/a.log
        It printed nothing
      ⊘ fail-fast: a failed, ending what runs

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/2
      ✗ Failed:  1/2
      ⊘ Skipped: 1/2

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • a: exit code 1
        Log: test-logs/a.log

    Cancelled Tests, after a failed:
      • 1 never started: b

    Run the failures again:
      regatta --suites a

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 2 suites failed
    ");
    assert!(!place.has("ran"));
    assert_snapshot!(place.regatta(&["-j", "1", "--no-fail-fast"]).run(), @"
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

    📦 a
      [1/2] ✗ a failed (exit code 1)
        Failing for 2 runs now
        Log: test-logs/a.log
        It printed nothing
    📦 b
      [2/2] ✓ b passed in [TIME]

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/2
      ✗ Failed:  1/2

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • a: exit code 1
        Failing for 2 runs now
        Log: test-logs/a.log

    Run the failures again:
      regatta --suites a

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 2 suites failed
    ");
    assert!(place.has("ran"));
}
