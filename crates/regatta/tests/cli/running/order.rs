//! What runs when: after what it depends on, beside what it may, never beside what it must not.

use insta::assert_snapshot;

use super::QUIET;
use crate::support::Place;

#[test]
fn a_suite_starts_after_what_it_depends_on_has_passed() {
    let place = Place::new(
        "[suites.last]\ncommand = 'cat middle'\ndepends_on = ['middle', 'first']\n\
         [suites.middle]\ncommand = 'cat first > middle'\ndepends_on = ['first']\n\
         [suites.first]\ncommand = 'sleep 0.1; echo made > first'\n",
    );
    assert_snapshot!(place.regatta(&["-j", "3"]).run(), @"
    exit 0
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 3
      • Max parallel: 3
      • Fail-fast: disabled
      • Log directory: test-logs

      TEST: 3 suite(s)

    📦 first
      [1/3] ✓ first passed in [TIME]
    📦 middle
      [2/3] ✓ middle passed in [TIME]
    📦 last
      [3/3] ✓ last passed in [TIME]

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  3/3
      ✗ Failed:  0/3

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed!
    ");
    assert_eq!(place.read("test-logs/last.log"), "made\n");
    assert_eq!(
        place.report()["critical_path"].to_string(),
        r#"["first","middle","last"]"#
    );
}

#[test]
fn what_depends_on_a_failure_is_blocked_and_folded_under_it() {
    let place = Place::new(
        "[suites.base]\ncommand = 'exit 3'\n\
         [suites.near]\ncommand = 'touch ran'\ndepends_on = ['base']\n\
         [suites.far]\ncommand = 'touch ran'\ndepends_on = ['near']\n\
         [suites.apart]\ncommand = 'true'\n",
    );
    assert_snapshot!(place.regatta(&["-j", "1"]).run(), @"
    exit 1
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 4
      • Max parallel: 1
      • Fail-fast: disabled
      • Log directory: test-logs

      TEST: 4 suite(s)

    📦 base
      [1/4] ✗ base failed (exit code 3)
        Log: test-logs/base.log
        It printed nothing
      [2/4] ⊘ near blocked: base did not pass
      [3/4] ⊘ far blocked: near did not pass
    📦 apart
      [4/4] ✓ apart passed in [TIME]

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/4
      ✗ Failed:  1/4
      ⊘ Skipped: 2/4

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • base: exit code 3
        Log: test-logs/base.log
        Blocked: near, far

    Run the failures again:
      regatta --suites base

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 4 suites failed
    ");
    assert_snapshot!(place.outcomes(), @"
    base: failed, exit_code [exit_code] code 3 log test-logs/base.log: exit code 3
    near: skipped, blocked [] code null log -: Dependency base did not pass
    far: skipped, blocked [] code null log -: Dependency near did not pass
    apart: passed, passed [passed] code 0 log test-logs/apart.log: -
    ");
    assert!(!place.has("ran"));
}

#[test]
fn a_selected_suite_brings_what_it_depends_on() {
    let place = Place::new(
        "[suites.base]\ncommand = 'touch base'\n\
         [suites.top]\ncommand = 'test -e base'\ndepends_on = ['base']\n\
         [suites.other]\ncommand = 'touch other'\n",
    );
    assert_snapshot!(place.regatta(&["--suites", "top"]).run(), @"
    exit 0
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 2
      • Max parallel: 2
      • Fail-fast: disabled
      • Log directory: test-logs

      TEST: 2 suite(s)

    📦 base
      [1/2] ✓ base passed in [TIME]
    📦 top
      [2/2] ✓ top passed in [TIME]

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  2/2
      ✗ Failed:  0/2

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed!
    ");
    assert!(!place.has("other"));
    let alone = place.regatta(&["--suites", "top", "--no-deps", "--progress", "none"]);
    assert_snapshot!(alone.run(), @"
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
}

#[test]
fn suites_run_at_the_same_time() {
    let place = Place::new(
        "[suites.left]\ncommand = 'touch left; until [ -e right ]; do sleep 0.01; done'\n\
         [suites.right]\ncommand = 'touch right; until [ -e left ]; do sleep 0.01; done'\n",
    );
    assert_snapshot!(place.regatta(&["-j", "2", "--progress", "none"]).run(), @"
    exit 0
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  2/2
      ✗ Failed:  0/2

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed!
    ");
}

/// Fails when another suite with the same command runs.
const ALONE: &str = "mkdir lock && sleep 0.05 && rmdir lock";

#[test]
fn one_at_a_time_is_one_at_a_time() {
    let suite = |name: &str| format!("[suites.{name}]\ncommand = '{ALONE}'\n");
    let place = Place::new(&["a", "b", "c", "d"].map(suite).concat());
    assert_snapshot!(place.regatta(&["-j", "1", "--progress", "none"]).run(), @"
    exit 0
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  4/4
      ✗ Failed:  0/4

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed!
    ");
}

#[test]
fn a_group_admits_one_suite_and_holds_up_no_other() {
    let member =
        |name: &str| format!("[suites.{name}]\ncommand = '{ALONE}'\nparallel_group = 'bench'\n");
    let mut configuration = ["a", "b", "c"].map(member).concat();
    // Were the two slots held by members of the group, these two would never meet.
    configuration.push_str(
        "[suites.holder]\nparallel_group = 'bench'\n\
         command = 'mkdir lock && until [ -e met ]; do sleep 0.01; done && rmdir lock'\n\
         [suites.free]\ncommand = 'touch met'\n",
    );
    let place = Place::new(&configuration);
    assert_snapshot!(place.regatta(&["-j", "2", "--progress", "none"]).run(), @"
    exit 0
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  5/5
      ✗ Failed:  0/5

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed!
    ");
}

#[test]
fn a_suite_of_two_groups_waits_for_both() {
    let member = |name: &str, groups: &str| {
        format!("[suites.{name}]\ncommand = '{ALONE}'\nparallel_group = {groups}\n")
    };
    let place = Place::new(
        &[
            member("both", "['port', 'disk']"),
            member("also-both", "['disk', 'port']"),
            member("port", "'port'"),
        ]
        .concat(),
    );
    assert_snapshot!(place.regatta(&["-j", "4", "--progress", "none"]).run(), @"
    exit 0
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  3/3
      ✗ Failed:  0/3

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed!
    ");
}

#[test]
fn a_group_admits_as_many_as_its_capacity() {
    let meet = |name: &str, other: &str| {
        format!(
            "[suites.{name}]\nparallel_group = 'pair'\n\
             command = 'mkdir in-{name}; touch {name}; until [ -e {other} ]; do sleep 0.01; done; \
             [ $(ls -d in-* | wc -l) -le 2 ] && rmdir in-{name}'\n"
        )
    };
    let place = Place::new(
        &[
            "[groups.pair]\ncapacity = 2\n".to_owned(),
            meet("a", "b"),
            meet("b", "a"),
            meet("c", "d"),
            meet("d", "c"),
        ]
        .concat(),
    );
    assert_snapshot!(place.regatta(&["-j", "4", "--progress", "none"]).run(), @"
    exit 0
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  4/4
      ✗ Failed:  0/4

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed!
    ");
}

#[test]
fn a_suite_takes_as_many_slots_as_it_needs_cpus() {
    let suite =
        |name: &str, cpus: u32| format!("[suites.{name}]\ncommand = '{ALONE}'\ncpus = {cpus}\n");
    // Each pair is too much for three slots; nine are taken for three.
    let place = Place::new(&[suite("a", 2), suite("b", 2), suite("c", 9)].concat());
    assert_snapshot!(place.regatta(&["-j", "3", "--progress", "none"]).run(), @"
    exit 0
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  3/3
      ✗ Failed:  0/3

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed!
    ");
}

#[test]
fn half_of_the_cpus_is_a_number_of_slots() {
    let place = Place::new("[suites.a]\ncommand = 'true'\n");
    for wish in ["50%", "auto", "3"] {
        let output = place
            .regatta(&QUIET)
            .variable("REGATTA_MAX_PARALLEL", wish)
            .run();
        assert!(output.starts_with("exit 0\n"), "{output}");
        let report = place.report();
        let cpus = report["host"]["cpus"].as_u64().unwrap();
        let expected = match wish {
            "50%" => (cpus / 2).max(1),
            "auto" => cpus,
            _ => 3,
        };
        assert_eq!(report["max_parallel"], expected, "{wish}");
    }
}
