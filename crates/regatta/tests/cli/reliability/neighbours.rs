//! Runs inside runs, and processes that belong to somebody else.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use rustix::process::geteuid;

use super::{as_plain_user, outcomes, place, regatta, run, suite};
use crate::support::Place;
use crate::support::shell;

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

/// It would stay, and be taken for what a suite left behind.
#[test]
fn promise_3_git_is_asked_without_the_monitor_it_would_start() {
    let place = place("[suites.clean]\ncommand = 'true'\n");
    place.write("monitor", "#!/bin/sh\ntouch asked\nprintf 'now\\0/\\0'\n");
    fs::set_permissions(place.path("monitor"), Permissions::from_mode(0o755)).expect("our file");
    let commit = "git -c user.name=a -c user.email=a@example.org commit -q --allow-empty -m x";
    let line = format!(
        "git init -q && {commit} && git config core.fsmonitor \"$PWD/monitor\" && git status"
    );
    let output = shell(&place, &line);
    assert!(
        output.starts_with("exit 0") && place.has("asked"),
        "{output}"
    );
    fs::remove_file(place.path("asked")).expect("it is there");
    let output = run(&place, &[]);
    assert!(output.starts_with("exit 0\n"), "{output}");
    assert!(!place.has("asked"));
}

#[test]
fn promise_8_a_run_in_a_copy_of_the_folder_leaves_the_run_around_it_alone() {
    let place = place(&format!(
        "[suites.sibling]\ncommand = 'touch here; ./evil wait-for done'\n\
         [suites.copies]\n\
         command = './evil wait-for here && mkdir copy && cp -r test-logs copy/ && cp inner.toml copy/regatta.toml && cd copy && {} && touch ../done'\n",
        regatta().display()
    ));
    place.write("inner.toml", "[suites.inner]\ncommand = 'true'\n");
    let output = run(&place, &["-j", "2"]);
    assert!(output.starts_with("exit 0\n"), "{output}");
    assert_eq!(outcomes(&place), "passed passed");
}

#[test]
fn promise_4_a_suite_that_stops_its_runner_gets_its_time_out_all_the_same() {
    let place = place(
        "[suites.stops]\ntimeout = 1\ngrace_period = 0.1\n\
         command = 'while kill -STOP $PPID; do sleep 0.05; done'\n",
    );
    let output = run(&place, &[]);
    assert!(output.starts_with("exit 1\n"), "{output}");
    assert_eq!(outcomes(&place), "timeout");
}

#[test]
fn promise_3_a_run_in_a_pid_namespace_of_its_own_ends_what_it_left() {
    let place = place(
        "[suites.leaves]\ncommand = './evil ignore TERM double-fork setsid close-output pid-file pids/daemon sleep 600; ./evil wait-for pids/daemon'\n",
    );
    let output = Command::new("unshare")
        .args(["-rpf", "--mount-proc"])
        .arg(regatta())
        .args(["--progress", "none"])
        .current_dir(place.root())
        .env("TMPDIR", place.temporary())
        .output()
        .expect("unshare of util-linux");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), errors.as_str()), (Some(0), ""));
    assert_eq!(outcomes(&place), "passed");
    let leftovers = &suite(&place, "leaves")["leftovers"];
    assert_eq!(leftovers.as_array().map(Vec::len), Some(1), "{leftovers}");
}

#[test]
fn promise_4_a_command_that_has_become_another_users_is_not_waited_for() {
    let place = place(
        "[suites.becomes-root]\ntimeout = 1\ngrace_period = 0.1\n\
         command = 'exec ./setpriv --reuid 0 --regid 0 --clear-groups ./evil-copy pid-file pids/root sleep 600'\n\
         [suites.after]\ncommand = 'true'\n",
    );
    let output = as_plain_user_with_setpriv(&place);
    let pid: i32 = place.read("pids/root").parse().expect("a pid");
    as_root(&format!("kill -KILL {pid}"));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    let warning =
        format!("this process cannot be ended and lives on: {pid} (evil-copy) of becomes-root");
    assert!(errors.contains(&warning), "{errors}");
    assert_eq!(outcomes(&place), "timeout passed");
}

/// A process that has become another user's cannot be ended by the user who runs the suites.
#[test]
fn promise_3_a_process_that_cannot_be_ended_is_named_and_holds_nobody_up() {
    let place = place(
        "[suites.becomes-root]\n\
         command = '(./setpriv --reuid 0 --regid 0 --clear-groups ./evil-copy close-output pid-file pids/root sleep 600 &); ./evil-copy wait-for pids/root'\n\
         [suites.after]\ndepends_on = ['becomes-root']\ncommand = 'true'\n",
    );
    let output = as_plain_user_with_setpriv(&place);
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

/// Runs the suites as somebody without privileges, with a program `./setpriv` by which they become root's.
#[track_caller]
fn as_plain_user_with_setpriv(place: &Place) -> Output {
    let setpriv = place.path("setpriv");
    as_root(&format!(
        "install -o root -m 4755 /usr/bin/setpriv {}",
        setpriv.display()
    ));
    fs::set_permissions(place.path("pids"), Permissions::from_mode(0o777)).expect("our folder");
    as_plain_user(place, "regatta")
        .args(["--progress", "none"])
        .output()
        .expect("the runner")
}
