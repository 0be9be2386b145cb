//! Suites that cannot start: each fails alone, with its reason.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;

use crate::support::Place;

#[test]
fn c6_suites_that_cannot_start_fail_alone() {
    let place = Place::new(
        "[suites.dir-missing]\ncommand = 'true'\ndir = 'nowhere'\n\
         [suites.dir-file]\ncommand = 'true'\ndir = 'file'\n\
         [suites.command-missing]\ncommand = ['./nothing']\n\
         [suites.command-unknown]\ncommand = ['no-such-program-anywhere', 'x']\n\
         [suites.command-plain]\ncommand = ['./file']\n\
         [suites.command-folder]\ncommand = ['./folder']\n\
         [suites.shell-missing]\ncommand = './nothing 2>&-'\n\
         [suites.shell-plain]\ncommand = './file 2>&-'\n\
         [suites.fine]\ncommand = 'true'\n",
    );
    place.write("file", "");
    fs::create_dir(place.path("folder")).unwrap();
    assert_snapshot!(place.regatta(&["-j", "1"]).run(), @"
    exit 1
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 9
      • Max parallel: 1
      • Fail-fast: disabled
      • Log directory: test-logs

      TEST: 9 suite(s)

      [1/9] ✗ dir-missing failed (failed to enter directory `[PLACE]/nowhere`: No such file or directory (os error 2))
      [2/9] ✗ dir-file failed (failed to enter directory `[PLACE]/file`: Not a directory (os error 20))
      [3/9] ✗ command-missing failed (failed to execute `./nothing`: No such file or directory (os error 2))
      [4/9] ✗ command-unknown failed (failed to execute `no-such-program-anywhere`: not found in PATH)
      [5/9] ✗ command-plain failed (failed to execute `./file`: Permission denied (os error 13))
      [6/9] ✗ command-folder failed (failed to execute `./folder`: Is a directory (os error 21))
    📦 shell-missing
      [7/9] ✗ shell-missing failed (exit code 127)
        Log: test-logs/shell-missing.log
        It printed nothing
    📦 shell-plain
      [8/9] ✗ shell-plain failed (exit code 126)
        Log: test-logs/shell-plain.log
        It printed nothing
    📦 fine
      [9/9] ✓ fine passed in [TIME]

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/9
      ✗ Failed:  8/9

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • dir-missing: failed to enter directory `[PLACE]/nowhere`: No such file or directory (os error 2)
      • dir-file: failed to enter directory `[PLACE]/file`: Not a directory (os error 20)
      • command-missing: failed to execute `./nothing`: No such file or directory (os error 2)
      • command-unknown: failed to execute `no-such-program-anywhere`: not found in PATH
      • command-plain: failed to execute `./file`: Permission denied (os error 13)
      • command-folder: failed to execute `./folder`: Is a directory (os error 21)
      • shell-missing: exit code 127
        Log: test-logs/shell-missing.log
      • shell-plain: exit code 126
        Log: test-logs/shell-plain.log

    Run the failures again:
      regatta --suites dir-missing,dir-file,command-missing,command-unknown,command-plain,command-folder,shell-missing,shell-plain

    📄 JSON report: test-logs/test-report.json

    ❌ 8 of 9 suites failed
    ");
    assert_snapshot!(place.outcomes(), @"
    dir-missing: failed, spawn_error [spawn_error] code null log -: failed to enter directory `[PLACE]/nowhere`: No such file or directory (os error 2)
    dir-file: failed, spawn_error [spawn_error] code null log -: failed to enter directory `[PLACE]/file`: Not a directory (os error 20)
    command-missing: failed, spawn_error [spawn_error] code null log -: failed to execute `./nothing`: No such file or directory (os error 2)
    command-unknown: failed, spawn_error [spawn_error] code null log -: failed to execute `no-such-program-anywhere`: not found in PATH
    command-plain: failed, spawn_error [spawn_error] code null log -: failed to execute `./file`: Permission denied (os error 13)
    command-folder: failed, spawn_error [spawn_error] code null log -: failed to execute `./folder`: Is a directory (os error 21)
    shell-missing: failed, exit_code [exit_code] code 127 log test-logs/shell-missing.log: exit code 127
    shell-plain: failed, exit_code [exit_code] code 126 log test-logs/shell-plain.log: exit code 126
    fine: passed, passed [passed] code 0 log test-logs/fine.log: -
    ");
}

#[test]
fn c6_a_folder_that_may_not_be_entered() {
    let place = Place::new("[suites.locked]\ncommand = 'true'\ndir = 'locked'\n");
    fs::create_dir(place.path("locked")).unwrap();
    fs::set_permissions(place.path("locked"), fs::Permissions::from_mode(0o000)).unwrap();
    let is_privileged = fs::read_dir(place.path("locked")).is_ok();
    let output = place.regatta(&["--progress", "none"]).run();
    if is_privileged {
        // The superuser may enter every folder.
        assert!(output.starts_with("exit 0\n"), "{output}");
    } else {
        assert!(output.starts_with("exit 1\n"), "{output}");
        assert_eq!(place.report()["suites"][0]["outcome"], "spawn_error");
    }
}
