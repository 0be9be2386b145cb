//! Suites whose failures are known: they run, and fail nobody.

use std::process::Command;

use insta::assert_snapshot;

use super::QUIET;
use crate::support::Place;

/// One suite fails, one waits for it, one has nothing to do with it.
const SUITES: &str = r#"
[suites.shaky]
command = "echo flip; exit 3"
[suites.after]
command = "true"
depends_on = ["shaky"]
[suites.fine]
command = "true"
"#;

fn place(expires: &str) -> Place {
    let place = Place::new(SUITES);
    place.write("quarantine.toml", &entry("shaky", expires));
    place
}

fn entry(suite: &str, expires: &str) -> String {
    format!(
        "[suites.{suite}]\nreason = 'flips under load'\nowner = 'team-storage'\nissue = '#7'\nexpires = {expires}\n"
    )
}

#[test]
fn a_quarantined_failure_fails_nobody_and_ends_nothing() {
    let place = place("2999-12-31");
    let words = ["-j", "1", "--fail-fast", "--max-fail", "1"];
    assert_snapshot!(place.regatta(&words).run(), @"
    exit 0
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 3
      • Max parallel: 1
      • Fail-fast: enabled
      • Log directory: test-logs

      TEST: 3 suite(s)

    📦 shaky
      [1/3] ✗ shaky failed (exit code 3), quarantined until 2999-12-31
        Log: test-logs/shaky.log
        │ flip
      [2/3] ⊘ after blocked: shaky did not pass
    📦 fine
      [3/3] ✓ fine passed in [TIME]

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/3
      ✗ Failed:  1/3 (1 quarantined)
      ⊘ Skipped: 1/3

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Quarantined Tests:
      • shaky: exit code 3
        Quarantined until 2999-12-31: flips under load (team-storage, #7)
        Log: test-logs/shaky.log
        Blocked: after

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed! (1 quarantined failure, 1 of 3 skipped)
    ");
    let report = place.report();
    assert_eq!(report["exit_code"], 0);
    let shaky = &report["suites"][0];
    assert_eq!(shaky["status"], "failed");
    assert_eq!(shaky["quarantined"], true);
    assert_eq!(shaky["quarantine"]["expires"], "2999-12-31");
    assert_eq!(shaky["quarantine"]["issue"], "#7");
    assert_eq!(shaky["quarantine"]["expired"], false);
    assert_eq!(report["suites"][2]["quarantined"], false);
    // Told again, it reads the same.
    let again = place.regatta(&["report", "--format", "json"]).run();
    let again = again.strip_prefix("exit 0\n--- stdout ---\n").unwrap();
    let again: serde_json::Value = serde_json::from_str(again).unwrap();
    assert_eq!(again["suites"], report["suites"]);
}

#[test]
fn another_failure_still_fails_the_run() {
    let place = place("'2999-12-31'");
    let more = format!("{SUITES}[suites.broken]\ncommand = 'exit 1'\n");
    place.write("regatta.toml", &more);
    assert_snapshot!(place.regatta(&QUIET).run(), @"
    exit 1
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/4
      ✗ Failed:  2/4 (1 quarantined)
      ⊘ Skipped: 1/4

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • broken: exit code 1
        Log: test-logs/broken.log

    Quarantined Tests:
      • shaky: exit code 3
        Quarantined until 2999-12-31: flips under load (team-storage, #7)
        Log: test-logs/shaky.log
        Blocked: after

    Run the failures again:
      regatta --suites broken

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 4 suites failed (1 quarantined failure)
    ");
}

#[test]
fn nothing_but_quarantined_failures_is_no_good_news() {
    let place = place("2999-12-31");
    let words = ["--suites", "shaky", "--progress", "none"];
    let run = place.regatta(&words).run();
    assert!(run.starts_with("exit 0\n"), "{run}");
    assert!(
        run.ends_with("No test passed: 1 quarantined failure\n"),
        "{run}"
    );
}

#[test]
fn an_expired_entry_fails_the_run_though_the_suite_passes() {
    let place = Place::new("[suites.shaky]\ncommand = 'true'\n[suites.fine]\ncommand = 'true'\n");
    place.write("quarantine.toml", &entry("shaky", "2000-01-31"));
    assert_snapshot!(place.regatta(&QUIET).run(), @"
    exit 1
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  2/2
      ✗ Failed:  0/2

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Expired Quarantine:
      • shaky: held until 2000-01-31 (quarantine.toml:1)
        Set `expires` to a later day, or remove the entry

    📄 JSON report: test-logs/test-report.json

    ❌ No suite failed, but 1 entry of the quarantine has expired
    ");
    // Who does not run it is not held up by it.
    let run = place.regatta(&["--suites", "fine"]).run();
    assert!(run.starts_with("exit 0\n"), "{run}");
    assert_snapshot!(place.regatta(&["check"]).run(), @"
    exit 0
    --- stdout ---
    regatta.toml is sound: 2 suites
    quarantine.toml is sound: 1 suite

    --- stderr ---
    warning: the quarantine of `shaky` held until 2000-01-31 and fails each run of it now; set `expires` to a later day, or remove the entry (quarantine.toml:1)
    ");
}

#[test]
fn an_expired_entry_protects_nobody() {
    let place = place("2000-01-31");
    let run = place
        .regatta(&["--suites", "shaky", "--progress", "none"])
        .run();
    assert!(run.starts_with("exit 1\n"), "{run}");
    assert!(
        run.contains("Failed Tests:\n  • shaky: exit code 3\n"),
        "{run}"
    );
    let shaky = &place.report()["suites"][0];
    assert_eq!(shaky["quarantined"], false);
    assert_eq!(shaky["quarantine"]["expired"], true);
}

#[test]
fn list_and_check_tell_of_it() {
    let place = place("2999-12-31");
    assert_snapshot!(place.regatta(&["list"]).run(), @"
    exit 0
    --- stdout ---
    Available Test Suites:

    TEST:
      • shaky
        Quarantined until 2999-12-31: flips under load (team-storage, #7)
      • after
        Depends on: shaky
      • fine
    ");
    assert_snapshot!(place.regatta(&["check"]).run(), @"
    exit 0
    --- stdout ---
    regatta.toml is sound: 3 suites
    quarantine.toml is sound: 1 suite
    ");
    let origins = place.regatta(&["check", "--show-origin"]).run();
    let line = origins.lines().find(|it| it.contains("quarantine  "));
    assert_snapshot!(line.unwrap(), @r#"  quarantine     = "2999-12-31"     # quarantine.toml:1"#);
    let list = place.regatta(&["list", "--format", "json"]).run();
    assert!(list.contains("\"expires\": \"2999-12-31\""), "{list}");
}

#[test]
fn mistakes_are_told_before_anything_runs() {
    let place = place("'soon'");
    let more = format!(
        "{}{}",
        place.read("quarantine.toml"),
        entry("shakey", "2999-12-31")
    );
    place.write("quarantine.toml", &more);
    assert_snapshot!(place.regatta(&[]).run(), @r#"
    exit 2
    --- stderr ---
    error: `expires` of suite `shaky` cannot be `'soon'`
     --> quarantine.toml:5:11
      |
    5 | expires = 'soon'
      |           ^^^^^^
      = help: use a day of the calendar, such as "2026-12-31"

    error: suite `shakey` is in quarantine, but no suite has that name
     --> quarantine.toml:6:1
      |
    6 | [suites.shakey]
      | ^^^^^^^^^^^^^^^
      = help: did you mean `shaky`, defined at regatta.toml:2?

    2 errors in quarantine.toml; nothing was run
    "#);
    assert!(!place.has("test-logs"));
}

#[test]
fn it_lies_beside_the_configuration_wherever_that_is() {
    let place = Place::empty();
    place.write(".config/regatta.toml", SUITES);
    place.write(".config/quarantine.toml", &entry("shaky", "2999-12-31"));
    // This one is nobody's.
    place.write("quarantine.toml", "nonsense");
    let run = place.regatta(&QUIET).run();
    assert!(run.starts_with("exit 0\n"), "{run}");
}

#[test]
fn what_is_no_file_is_refused() {
    let place = Place::new(SUITES);
    let made = Command::new("mkfifo")
        .arg(place.path("quarantine.toml"))
        .status();
    assert!(made.unwrap().success());
    assert_snapshot!(place.regatta(&[]).run(), @"
    exit 2
    --- stderr ---
    error: cannot read `quarantine.toml`: it is a FIFO, not a regular file
      = help: a configuration is a readable text file of at most 8 MiB

    1 error in quarantine.toml; nothing was run
    ");
    std::fs::remove_file(place.path("quarantine.toml")).unwrap();
    std::os::unix::fs::symlink("nowhere", place.path("quarantine.toml")).unwrap();
    assert_snapshot!(place.regatta(&[]).run(), @"
    exit 2
    --- stderr ---
    error: cannot read `quarantine.toml`: No such file or directory (os error 2)
      = help: a configuration is a readable text file of at most 8 MiB

    1 error in quarantine.toml; nothing was run
    ");
    std::fs::remove_file(place.path("quarantine.toml")).unwrap();
    std::fs::write(place.path("quarantine.toml"), b"\xff").unwrap();
    assert_snapshot!(place.regatta(&[]).run(), @"
    exit 2
    --- stderr ---
    error: the text is not UTF-8 at byte 0
     --> quarantine.toml:1:1
      |
    1 | �
      | ^
      = help: save the file as UTF-8

    1 error in quarantine.toml; nothing was run
    ");
    std::fs::write(place.path("quarantine.toml"), vec![b'#'; (8 << 20) + 1]).unwrap();
    assert_snapshot!(place.regatta(&[]).run(), @"
    exit 2
    --- stderr ---
    error: cannot read `quarantine.toml`: it is larger than 8 MiB
      = help: a configuration is a readable text file of at most 8 MiB

    1 error in quarantine.toml; nothing was run
    ");
}

#[test]
fn rounds_are_not_said_to_be_what_fails_a_run() {
    let place = Place::new("[suites.a]\ncommand = ['true']\n");
    place.write(
        "quarantine.toml",
        "[suites.a]\nreason = 'r'\nowner = 'o'\nissue = 'i'\nexpires = '2020-01-01'\n",
    );
    let run = place
        .regatta(&["--progress", "none", "--repeat", "2"])
        .run();
    assert!(run.starts_with("exit 1\n"), "{run}");
    assert!(
        run.contains("❌ No suite failed, but 1 entry of the quarantine has expired (2 rounds)\n"),
        "{run}"
    );
}
