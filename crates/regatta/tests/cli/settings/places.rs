//! Which file is read, and where paths lead from it.

use insta::assert_snapshot;

use crate::support::Place;

const HERE: &str = "[suites.here]\ncommand = 'pwd; echo made > made'\n";

#[test]
fn the_nearest_configuration_upwards_holds() {
    let place = Place::new(HERE);
    place.write(
        "deep/er/regatta.toml",
        "[suites.deeper]\ncommand = 'true'\n",
    );
    place.write("deep/er/still/file", "");
    place.write("other/file", "");
    assert_snapshot!(place.regatta(&["list"]).run(), @"
    exit 0
    --- stdout ---
    Available Test Suites:

    TEST:
      • here
    ");
    assert_snapshot!(place.regatta(&["list"]).inside("other").run(), @"
    exit 0
    --- stdout ---
    Available Test Suites:

    TEST:
      • here
    ");
    assert_snapshot!(place.regatta(&["list"]).inside("deep").run(), @"
    exit 0
    --- stdout ---
    Available Test Suites:

    TEST:
      • here
    ");
    assert_snapshot!(place.regatta(&["list"]).inside("deep/er/still").run(), @"
    exit 0
    --- stdout ---
    Available Test Suites:

    TEST:
      • deeper
    ");
}

#[test]
fn commands_and_logs_are_at_home_where_the_configuration_is() {
    let place = Place::new(HERE);
    place.write("deep/er/file", "");
    let run = place.regatta(&["--progress", "none"]).inside("deep/er");
    assert_snapshot!(run.run(), @"
    exit 0
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/1
      ✗ Failed:  0/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: ../../test-logs/test-report.json

    ✅ All tests passed!
    ");
    assert_eq!(
        place.anonymise(&place.read("test-logs/here.log")),
        "[PLACE]\n"
    );
    assert!(place.has("made") && !place.has("deep/er/test-logs"));
}

#[test]
fn a_log_directory_on_the_command_line_counts_from_the_working_directory() {
    let place = Place::new(&format!("[run]\nlog_dir = 'build/logs'\n{HERE}"));
    place.write("deep/file", "");
    let quiet = ["--progress", "none"];
    assert_snapshot!(place.regatta(&quiet).inside("deep").run(), @"
    exit 0
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/1
      ✗ Failed:  0/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: ../build/logs/test-report.json

    ✅ All tests passed!
    ");
    assert!(place.has("build/logs/here.log"));
    let words = ["--progress", "none", "--log-dir", "mine"];
    assert_snapshot!(place.regatta(&words).inside("deep").run(), @"
    exit 0
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/1
      ✗ Failed:  0/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: mine/test-report.json

    ✅ All tests passed!
    ");
    assert!(place.has("deep/mine/here.log"));
    let run = place
        .regatta(&quiet)
        .inside("deep")
        .variable("REGATTA_LOG_DIR", "../above");
    run.run();
    assert!(place.has("above/here.log"));
    let words = [
        "-C",
        "deep",
        "--progress",
        "none",
        "--log-dir",
        "from-there",
    ];
    place.regatta(&words).run();
    assert!(place.has("deep/from-there/here.log"));
}

#[test]
fn a_hidden_configuration_is_at_home_beside_its_folder() {
    let place = Place::empty();
    place.write(".config/regatta.toml", HERE);
    place.write("deep/file", "");
    assert_snapshot!(place.regatta(&["--progress", "none"]).inside("deep").run(), @"
    exit 0
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/1
      ✗ Failed:  0/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: ../test-logs/test-report.json

    ✅ All tests passed!
    ");
    assert_eq!(
        place.anonymise(&place.read("test-logs/here.log")),
        "[PLACE]\n"
    );
    place.write("regatta.toml", "[suites.plain]\ncommand = 'true'\n");
    assert_snapshot!(place.regatta(&["list"]).run(), @"
    exit 0
    --- stdout ---
    Available Test Suites:

    TEST:
      • plain
    ");
}

#[test]
fn a_named_configuration_counts_from_its_own_folder() {
    let place = Place::empty();
    place.write("sub/mine.toml", HERE);
    place.write("elsewhere/file", "");
    let words = ["--config", "../sub/mine.toml", "--progress", "none"];
    assert_snapshot!(place.regatta(&words).inside("elsewhere").run(), @"
    exit 0
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/1
      ✗ Failed:  0/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: ../sub/test-logs/test-report.json

    ✅ All tests passed!
    ");
    assert_eq!(
        place.anonymise(&place.read("sub/test-logs/here.log")),
        "[PLACE]/sub\n"
    );
    let words = ["-C", "elsewhere", "--config", "../sub/mine.toml", "list"];
    assert_snapshot!(place.regatta(&words).run(), @"
    exit 0
    --- stdout ---
    Available Test Suites:

    TEST:
      • here
    ");
    place.write(".config/regatta.toml", HERE);
    place
        .regatta(&["--config", ".config/regatta.toml", "--progress", "none"])
        .run();
    assert!(place.has("test-logs/here.log"));
}
