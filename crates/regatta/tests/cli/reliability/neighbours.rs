//! Runs inside runs, and processes that belong to somebody else.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use rustix::process::geteuid;

use super::{as_plain_user, outcomes, place, regatta, run, suite};

#[test]
fn promise_8_a_run_inside_a_suite_does_not_wait_for_the_run_around_it() {
    let place = place(&format!(
        "[suites.outer]\ncommand = '{regatta} --suites inner'\n\
         [suites.unmarked]\ncommand = 'env -u REGATTA_RUN_ID -u REGATTA_SUITE {regatta} --suites inner'\n\
         [suites.inner]\ncommand = 'echo inside'\n",
        regatta = regatta().display()
    ));
    let output = run(&place, &["--suites", "outer,unmarked", "-j", "2"]);
    assert!(output.starts_with("exit 0\n"), "{output}");
    assert_eq!(outcomes(&place), "passed passed");
    for folder in ["nested/outer", "nested/unknown"] {
        let log = place.read(&format!("test-logs/{folder}/inner.log"));
        assert_eq!(log, "inside\n", "{folder}");
    }
}

/// A process that has become another user's cannot be ended by the user who runs the suites.
#[test]
fn promise_3_a_process_that_cannot_be_ended_is_named_and_holds_nobody_up() {
    let place = place(
        "[suites.becomes-root]\n\
         command = '(./setpriv --reuid 0 --regid 0 --clear-groups ./evil-copy close-output pid-file pids/root sleep 600 &); ./evil-copy wait-for pids/root'\n\
         [suites.after]\ndepends_on = ['becomes-root']\ncommand = 'true'\n",
    );
    let setpriv = place.path("setpriv");
    as_root(&format!(
        "install -o root -m 4755 /usr/bin/setpriv {}",
        setpriv.display()
    ));
    fs::set_permissions(place.path("pids"), Permissions::from_mode(0o777)).expect("our folder");
    let output = as_plain_user(&place, "regatta")
        .args(["--progress", "none"])
        .output()
        .expect("the runner");
    let pid: i32 = place.read("pids/root").parse().expect("a pid");
    as_root(&format!("kill -KILL {pid}"));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{errors}");
    let warning =
        format!("this process cannot be ended and lives on: {pid} (evil-copy) of becomes-root");
    assert!(errors.contains(&warning), "{errors}");
    assert_eq!(outcomes(&place), "passed passed");
    assert_eq!(suite(&place, "becomes-root")["leftovers"][0]["pid"], pid);
}

/// Runs a command as root, whoever runs the tests.
#[track_caller]
fn as_root(command: &str) {
    let sudo = if geteuid().is_root() { "" } else { "sudo -n " };
    let status = Command::new("/bin/sh")
        .args(["-c", &format!("{sudo}{command}")])
        .status();
    assert!(status.expect("a shell").success(), "{command}");
}
