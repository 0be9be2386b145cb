//! Limits on time and on output.

use insta::assert_snapshot;

use crate::support::Place;

#[test]
fn p1_a_suite_that_takes_too_long_is_ended() {
    let place = Place::new("[suites.slow]\ncommand = 'echo begun; exec sleep 600'\ntimeout = 1\n");
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

    📦 slow
      [1/1] ✗ slow failed (Timeout after 1s)
        Log: test-logs/slow.log
        Diagnosis: test-logs/slow.diagnosis.log
        │ begun

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/1
      ✗ Failed:  1/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • slow: Timeout after 1s
        Log: test-logs/slow.log
        Diagnosis: test-logs/slow.diagnosis.log

    Run the failures again:
      regatta --suites slow

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 1 suites failed
    ");
    assert_snapshot!(place.outcomes(), @"slow: failed, timeout [timeout] code null log test-logs/slow.log: Timeout after 1s");
    let duration = place.report()["suites"][0]["duration"].as_f64().unwrap();
    assert!(duration >= 1.0, "{duration}");
}

#[test]
fn p1_one_that_ignores_the_polite_signal_is_killed_after_its_grace() {
    let place = Place::new(
        "[suites.stubborn]\ntimeout = 1\ngrace_period = '500ms'\n\
         command = 'trap \"echo asked\" TERM; while :; do sleep 600 & wait; done'\n",
    );
    assert_snapshot!(place.regatta(&["--progress", "none"]).run(), @"
    exit 1
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/1
      ✗ Failed:  1/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • stubborn: Timeout after 1s
        Log: test-logs/stubborn.log
        Diagnosis: test-logs/stubborn.diagnosis.log

    Run the failures again:
      regatta --suites stubborn

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 1 suites failed
    ");
    assert_snapshot!(place.outcomes(), @"stubborn: failed, timeout [timeout] code null log test-logs/stubborn.log: Timeout after 1s");
    assert_eq!(place.read("test-logs/stubborn.log"), "asked\n");
    let duration = place.report()["suites"][0]["duration"].as_f64().unwrap();
    assert!(duration >= 1.5, "{duration}");
}

#[test]
fn a_suite_may_clean_up_when_its_time_is_over() {
    let place = Place::new(
        "[suites.tidy]\ntimeout = 1\ncommand = 'trap \"echo bye; exit 0\" TERM; sleep 600 & wait'\n",
    );
    assert_snapshot!(place.regatta(&["--progress", "none"]).run(), @"
    exit 1
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/1
      ✗ Failed:  1/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • tidy: Timeout after 1s
        Log: test-logs/tidy.log
        Diagnosis: test-logs/tidy.diagnosis.log

    Run the failures again:
      regatta --suites tidy

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 1 suites failed
    ");
}

#[test]
fn a_suite_that_waits_is_not_timed() {
    let place = Place::new(
        "[suites.first]\ncommand = 'sleep 1.2'\n[suites.second]\ncommand = 'true'\ntimeout = 1\n",
    );
    let output = place.regatta(&["-j", "1", "--progress", "none"]).run();
    assert!(output.starts_with("exit 0\n"), "{output}");
}

#[test]
fn no_limit_is_a_limit_too() {
    let place = Place::new(
        "[run]\ntimeout = 1\n[suites.long]\ncommand = 'sleep 1.1; echo ${TEST_TIMEOUT-unset}'\ntimeout = 'none'\n",
    );
    let output = place.regatta(&["--progress", "none"]).run();
    assert!(output.starts_with("exit 0\n"), "{output}");
    assert_eq!(place.read("test-logs/long.log"), "unset\n");
}

#[test]
fn silence_may_be_limited() {
    let place = Place::new(
        "[suites.silent]\ncommand = 'echo only this; exec sleep 600'\nidle_timeout = '300ms'\n",
    );
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

    📦 silent
      [1/1] ✗ silent failed (No output for [TIME])
        Log: test-logs/silent.log
        Diagnosis: test-logs/silent.diagnosis.log
        │ only this

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/1
      ✗ Failed:  1/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • silent: No output for [TIME]
        Log: test-logs/silent.log
        Diagnosis: test-logs/silent.diagnosis.log

    Run the failures again:
      regatta --suites silent

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 1 suites failed
    ");
    assert_snapshot!(place.outcomes(), @"silent: failed, idle_timeout [idle_timeout] code null log test-logs/silent.log: No output for [TIME]");
}

#[test]
fn a_suite_that_goes_on_printing_is_not_silent() {
    let place = Place::new(
        "[suites.busy]\ncommand = 'for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.2; done'\nidle_timeout = '1s'\n",
    );
    let output = place.regatta(&["--progress", "none"]).run();
    assert!(output.starts_with("exit 0\n"), "{output}");
}

#[test]
fn a_slow_suite_is_mentioned_with_what_it_printed_last() {
    let place = Place::new(
        "[suites.slow]\nslow_after = '200ms'\n\
         command = '''echo step 1; echo step 2; \
         until grep -qs '\"event\":\"slow\"' test-logs/events.jsonl; do sleep 0.01; done'''\n",
    );
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

    📦 slow
      ! slow is slow: [TIME] so far; last printed: step 2
      [1/1] ✓ slow passed in [TIME]

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/1
      ✗ Failed:  0/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed!
    ");
}

#[test]
fn a_log_keeps_head_and_tail() {
    let place = Place::new(
        "[suites.loud]\ncommand = 'seq 100000'\nmax_log = '4KiB'\n[suites.modest]\ncommand = 'seq 10'\n",
    );
    let output = place.regatta(&["--progress", "none"]).run();
    assert!(output.starts_with("exit 0\n"), "{output}");
    let log = place.read("test-logs/loud.log");
    assert!(log.len() <= 4096, "{}", log.len());
    assert!(
        log.starts_with("1\n2\n3\n") && log.ends_with("\n99999\n100000\n"),
        "{log}"
    );
    let report = place.report();
    assert_eq!(report["suites"][0]["log_truncated"], true);
    assert_eq!(report["suites"][1]["log_truncated"], false);
}
