//! What an end means.

use insta::assert_snapshot;

use crate::support::Place;

#[test]
fn codes_and_signals_are_told_apart() {
    let place = Place::new(
        "[suites.segv]\ncommand = 'kill -SEGV $$'\n\
         [suites.abrt]\ncommand = 'kill -ABRT $$'\n\
         [suites.c77]\ncommand = 'exit 77'\n\
         [suites.c130]\ncommand = 'exit 130'\n\
         [suites.c255]\ncommand = 'exit 255'\n",
    );
    assert_snapshot!(place.regatta(&["-j", "1"]).run(), @"
    exit 1
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 5
      • Max parallel: 1
      • Fail-fast: disabled
      • Log directory: test-logs

      TEST: 5 suite(s)

    📦 segv
      [1/5] ✗ segv failed (killed by signal 11 (SIGSEGV))
        Log: test-logs/segv.log
        It printed nothing
    📦 abrt
      [2/5] ✗ abrt failed (killed by signal 6 (SIGABRT))
        Log: test-logs/abrt.log
        It printed nothing
    📦 c77
      [3/5] ✗ c77 failed (exit code 77)
        Log: test-logs/c77.log
        It printed nothing
    📦 c130
      [4/5] ✗ c130 failed (exit code 130)
        Log: test-logs/c130.log
        It printed nothing
    📦 c255
      [5/5] ✗ c255 failed (exit code 255)
        Log: test-logs/c255.log
        It printed nothing

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/5
      ✗ Failed:  5/5

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • segv: killed by signal 11 (SIGSEGV)
        Log: test-logs/segv.log
      • abrt: killed by signal 6 (SIGABRT)
        Log: test-logs/abrt.log
      • c77: exit code 77
        Log: test-logs/c77.log
      • c130: exit code 130
        Log: test-logs/c130.log
      • c255: exit code 255
        Log: test-logs/c255.log

    Run the failures again:
      regatta --suites segv,abrt,c77,c130,c255

    📄 JSON report: test-logs/test-report.json

    ❌ 5 of 5 suites failed
    ");
    assert_snapshot!(place.outcomes(), @"
    segv: failed, signal [signal] code null log test-logs/segv.log: killed by signal 11 (SIGSEGV)
    abrt: failed, signal [signal] code null log test-logs/abrt.log: killed by signal 6 (SIGABRT)
    c77: failed, exit_code [exit_code] code 77 log test-logs/c77.log: exit code 77
    c130: failed, exit_code [exit_code] code 130 log test-logs/c130.log: exit code 130
    c255: failed, exit_code [exit_code] code 255 log test-logs/c255.log: exit code 255
    ");
}

#[test]
fn a_failure_may_be_expected() {
    let place = Place::new(
        "[suites.fails]\ncommand = 'exit 4'\nexpect = 'fail'\n\
         [suites.passes]\ncommand = 'true'\nexpect = 'fail'\n\
         [suites.dies]\ncommand = 'kill -KILL $$'\nexpect = 'fail'\n\
         [suites.hangs]\ncommand = 'exec sleep 600'\nexpect = 'fail'\ntimeout = 1\n\
         [suites.missing]\ncommand = ['./nothing']\nexpect = 'fail'\n",
    );
    assert_snapshot!(place.regatta(&["-j", "1", "--progress", "none"]).run(), @"
    exit 1
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/5
      ✗ Failed:  4/5

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • passes: passed, but was expected to fail
        Log: test-logs/passes.log
      • dies: killed by signal 9 (SIGKILL)
        Log: test-logs/dies.log
      • hangs: Timeout after 1s
        Log: test-logs/hangs.log
        Diagnosis: test-logs/hangs.diagnosis.log
      • missing: failed to execute `./nothing`: No such file or directory (os error 2)

    Run the failures again:
      regatta --suites passes,dies,hangs,missing

    📄 JSON report: test-logs/test-report.json

    ❌ 4 of 5 suites failed
    ");
    assert_snapshot!(place.outcomes(), @"
    fails: passed, passed [passed] code 4 log test-logs/fails.log: -
    passes: failed, unexpected_pass [unexpected_pass] code 0 log test-logs/passes.log: passed, but was expected to fail
    dies: failed, signal [signal] code null log test-logs/dies.log: killed by signal 9 (SIGKILL)
    hangs: failed, timeout [timeout] code null log test-logs/hangs.log: Timeout after 1s
    missing: failed, spawn_error [spawn_error] code null log -: failed to execute `./nothing`: No such file or directory (os error 2)
    ");
}

#[test]
fn a_suite_may_skip_itself_and_blocks_what_depends_on_it() {
    let place = Place::new(
        "[suites.optional]\ncommand = 'echo no docker here; exit 77'\nskip_exit_code = 77\n\
         [suites.needs-it]\ncommand = 'touch ran'\ndepends_on = ['optional']\n\
         [suites.apart]\ncommand = 'true'\n",
    );
    assert_snapshot!(place.regatta(&["-j", "1"]).run(), @"
    exit 0
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 3
      • Max parallel: 1
      • Fail-fast: disabled
      • Log directory: test-logs

      TEST: 3 suite(s)

    📦 optional
      [1/3] ⊘ optional skipped (exit code 77): no docker here
      [2/3] ⊘ needs-it blocked: optional did not pass
    📦 apart
      [3/3] ✓ apart passed in [TIME]

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/3
      ✗ Failed:  0/3
      ⊘ Skipped: 2/3

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Skipped Tests:
      • optional: no docker here
        Blocked: needs-it

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed! (2 of 3 skipped)
    ");
    assert_snapshot!(place.outcomes(), @"
    optional: skipped, condition [condition] code 77 log test-logs/optional.log: Skipped by its own exit code 77
    needs-it: skipped, blocked [] code null log -: Dependency optional did not pass
    apart: passed, passed [passed] code 0 log test-logs/apart.log: -
    ");
    assert!(!place.has("ran"));
}

/// Leaves a process behind, which is `sleep` by then and no more a copy of the shell.
const LEAVES: &str = "command = 'sleep 600 & echo $! > left.pid; \
     until grep -q sleep /proc/$!/comm; do :; done'";

#[test]
fn what_a_suite_leaves_behind_is_ended() {
    let place = Place::new(&format!("[suites.messy]\n{LEAVES}\n"));
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

    📦 messy
      [1/1] ✓ messy passed in [TIME]
        It left 1 process behind: sleep

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/1
      ✗ Failed:  0/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed!
    ");
    let suite = &place.report()["suites"][0];
    assert_eq!(suite["outcome"], "passed");
    let pid: i64 = place.read("left.pid").trim().parse().unwrap();
    assert_eq!(
        suite["leftovers"],
        serde_json::json!([{"pid": pid, "name": "sleep"}])
    );
}

#[test]
fn what_a_suite_leaves_behind_may_fail_it() {
    let place = Place::new(&format!("[suites.messy]\n{LEAVES}\nleftovers = 'fail'\n"));
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

    📦 messy
      [1/1] ✗ messy failed (left 1 process behind)
        Log: test-logs/messy.log
        It printed nothing

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/1
      ✗ Failed:  1/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • messy: left 1 process behind
        Log: test-logs/messy.log

    Run the failures again:
      regatta --suites messy

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 1 suites failed
    ");
    let suite = &place.report()["suites"][0];
    assert_eq!(suite["outcome"], "leftovers");
}

#[test]
fn what_a_suite_leaves_behind_may_be_wanted() {
    let place = Place::new(&format!("[suites.messy]\n{LEAVES}\nleftovers = 'allow'\n"));
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

    📦 messy
      [1/1] ✓ messy passed in [TIME]
        It left 1 process behind: sleep

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/1
      ✗ Failed:  0/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed!
    ");
    let pid: i32 = place.read("left.pid").trim().parse().unwrap();
    // It may outlive its suite, which the listing shows, but nothing outlives the run.
    let left = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::test_kill_process(left).expect_err("it is gone");
    let suite = &place.report()["suites"][0];
    assert_eq!(suite["outcome"], "passed");
    assert_eq!(
        suite["leftovers"],
        serde_json::json!([{"pid": pid, "name": "sleep"}])
    );
}

#[test]
fn a_background_process_that_holds_the_output_holds_nothing_up() {
    let place = Place::new("[suites.messy]\ncommand = 'echo early; sleep 600 &'\n");
    assert_snapshot!(place.regatta(&["--progress", "none"]).run(), @"
    exit 0
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/1
      ✗ Failed:  0/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed!
    ");
    assert_eq!(place.read("test-logs/messy.log"), "early\n");
}
