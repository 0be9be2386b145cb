//! Signals to the runner: it stops its suites, writes its report and dies by the same signal.

use std::fs::File;

use insta::assert_snapshot;
use rustix::process::Signal;

use crate::support::{Place, wait_until};

/// Two suites that tell which signal they got, one that waits for a slot, one that waits for them.
const POLITE: &str = r#"
[suites.one]
command = "trap 'echo int; exit 1' INT; trap 'echo term; exit 1' TERM; trap 'echo hup; exit 1' HUP; touch one; sleep 600 & wait"
[suites.two]
command = "trap 'echo int; exit 0' INT; trap 'echo term; exit 0' TERM; trap 'echo hup; exit 0' HUP; touch two; sleep 600 & wait"
[suites.queued]
command = "touch ran"
[suites.dependent]
command = "touch ran"
depends_on = ["one"]
"#;

fn interrupt(signal: Signal) -> (Place, String) {
    let place = Place::new(POLITE);
    let running = place.regatta(&["-j", "2", "--progress", "none"]).start();
    wait_until("both suites run", || place.has("one") && place.has("two"));
    running.signal(signal);
    let output = running.finish();
    assert!(!place.has("ran"));
    (place, output)
}

#[test]
fn p6_sigint_once() {
    let (place, output) = interrupt(Signal::INT);
    assert_snapshot!(output, @"
    signal 2
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/4
      ✗ Failed:  0/4
      ⊘ Skipped: 4/4

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Interrupted Tests:
      • one: ended while it ran
        Log: test-logs/one.log
      • two: ended while it ran
        Log: test-logs/two.log
      • 2 never started: queued, dependent

    📄 JSON report: test-logs/test-report.json

    ❌ Interrupted by SIGINT: 4 of 4 suites did not finish
    ");
    assert_snapshot!(place.outcomes(), @"
    one: skipped, interrupted [interrupted] code null log test-logs/one.log: Interrupted
    two: skipped, interrupted [interrupted] code null log test-logs/two.log: Interrupted
    queued: skipped, interrupted [] code null log -: Interrupted before it started
    dependent: skipped, interrupted [] code null log -: Interrupted before it started
    ");
    assert_eq!(place.report()["state"], "interrupted");
    assert_eq!(place.report()["exit_code"], 130);
    assert_eq!(place.read("test-logs/one.log"), "int\n");
}

#[test]
fn p6_sigterm() {
    let (place, output) = interrupt(Signal::TERM);
    assert_snapshot!(output, @"
    signal 15
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/4
      ✗ Failed:  0/4
      ⊘ Skipped: 4/4

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Interrupted Tests:
      • one: ended while it ran
        Log: test-logs/one.log
      • two: ended while it ran
        Log: test-logs/two.log
      • 2 never started: queued, dependent

    📄 JSON report: test-logs/test-report.json

    ❌ Interrupted by SIGTERM: 4 of 4 suites did not finish
    ");
    assert_eq!(place.report()["state"], "interrupted");
    assert_eq!(place.report()["exit_code"], 143);
    assert_eq!(place.read("test-logs/one.log"), "term\n");
}

#[test]
fn p6_sighup() {
    let (place, output) = interrupt(Signal::HUP);
    assert_snapshot!(output, @"
    signal 1
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/4
      ✗ Failed:  0/4
      ⊘ Skipped: 4/4

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Interrupted Tests:
      • one: ended while it ran
        Log: test-logs/one.log
      • two: ended while it ran
        Log: test-logs/two.log
      • 2 never started: queued, dependent

    📄 JSON report: test-logs/test-report.json

    ❌ Interrupted by SIGHUP: 4 of 4 suites did not finish
    ");
    assert_eq!(place.report()["state"], "interrupted");
    assert_eq!(place.report()["exit_code"], 129);
    assert_eq!(place.read("test-logs/one.log"), "hup\n");
}

#[test]
fn p7_sigint_twice_kills_at_once() {
    let place = Place::new(
        "[suites.deaf]\ngrace_period = '1h'\n\
         command = 'trap \"touch asked\" INT; touch runs; while :; do sleep 600 & wait; done'\n",
    );
    let running = place.regatta(&["--progress", "none"]).start();
    wait_until("the suite runs", || place.has("runs"));
    running.signal(Signal::INT);
    wait_until("the suite was asked politely", || place.has("asked"));
    running.signal(Signal::INT);
    assert_snapshot!(running.finish(), @"
    signal 2
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/1
      ✗ Failed:  0/1
      ⊘ Skipped: 1/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Interrupted Tests:
      • deaf: ended while it ran
        Log: test-logs/deaf.log

    📄 JSON report: test-logs/test-report.json

    ❌ Interrupted by SIGINT: 1 of 1 suites did not finish
    ");
    assert_snapshot!(place.outcomes(), @"deaf: skipped, interrupted [interrupted] code null log test-logs/deaf.log: Interrupted");
}

#[test]
fn a_report_that_nobody_can_read_does_not_hide_the_signal() {
    let place = Place::new("[suites.long]\ncommand = 'touch runs; exec sleep 600'\n");
    let full = File::options().write(true).open("/dev/full").unwrap();
    let words = ["--format", "json", "--progress", "none"];
    let running = place.regatta(&words).start_into(full);
    wait_until("the suite runs", || place.has("runs"));
    running.signal(Signal::INT);
    assert_snapshot!(running.finish(), @"
    signal 2
    --- stderr ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/1
      ✗ Failed:  0/1
      ⊘ Skipped: 1/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Interrupted Tests:
      • long: ended while it ran
        Log: test-logs/long.log

    📄 JSON report: test-logs/test-report.json

    ❌ Interrupted by SIGINT: 1 of 1 suites did not finish
    error: cannot write to standard output: No space left on device (os error 28)
    ");
    assert_eq!(place.report()["exit_code"], 130);
}

#[test]
fn a_failure_before_the_interrupt_stays_a_failure() {
    let place = Place::new(
        "[suites.bad]\ncommand = 'exit 1'\n[suites.long]\ncommand = 'touch runs; exec sleep 600'\n",
    );
    let running = place.regatta(&["-j", "1"]).start();
    wait_until("the second suite runs", || place.has("runs"));
    running.signal(Signal::INT);
    assert_snapshot!(running.finish(), @"
    signal 2
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 2
      • Max parallel: 1
      • Fail-fast: disabled
      • Log directory: test-logs

      TEST: 2 suite(s)

    📦 bad
      [1/2] ✗ bad failed (exit code 1)
        Log: test-logs/bad.log
        It printed nothing
    📦 long
      ⊘ SIGINT: ending what runs; a second one kills it
      [2/2] ⊘ long interrupted after [TIME]

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/2
      ✗ Failed:  1/2
      ⊘ Skipped: 1/2

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • bad: exit code 1
        Log: test-logs/bad.log

    Interrupted Tests:
      • long: ended while it ran
        Log: test-logs/long.log

    Run the failures again:
      regatta --suites bad

    📄 JSON report: test-logs/test-report.json

    ❌ Interrupted by SIGINT: 1 of 2 suites did not finish, 1 failed
    ");
    assert_snapshot!(place.outcomes(), @"
    bad: failed, exit_code [exit_code] code 1 log test-logs/bad.log: exit code 1
    long: skipped, interrupted [interrupted] code null log test-logs/long.log: Interrupted
    ");
}
