//! A run's cgroup: what it adds where a run may make one, and that nothing is missing where it may not. Each test says
//! what holds on both kinds of machine.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::getxattr;
use rustix::process::{Pid, Signal, geteuid, kill_process};

use super::daemons::{DAEMON, noted};
use super::invariants::{self, Ended};
use super::kills::runner;
use super::{as_plain_user, outcomes, place, run};
use crate::support::{Place, wait_until};

/// The group this test is in: its path, and its directory, `None` where there is no second version.
fn own_group() -> (String, Option<PathBuf>) {
    let groups = fs::read_to_string("/proc/self/cgroup").expect("the own groups");
    let Some(path) = groups.lines().find_map(|line| line.strip_prefix("0::")) else {
        return (String::new(), None);
    };
    let mounts = fs::read_to_string("/proc/self/mounts").expect("the mounts");
    let mut mounts = mounts.lines().map(|it| it.split(' ').collect::<Vec<_>>());
    let mount = mounts.find(|fields| fields[2] == "cgroup2");
    let directory = mount.map(|fields| Path::new(fields[1]).join(path.trim_start_matches('/')));
    (path.to_owned(), directory)
}

/// Returns where a run started by this test has to make its group, if it may.
fn home() -> Option<PathBuf> {
    let (path, directory) = own_group();
    let directory = directory?;
    let is_marked = |name: &&str| getxattr(&directory, *name, &mut [0; 8]).is_ok();
    let is_handed_over = path != "/" && ["user.delegate", "trusted.delegate"].iter().any(is_marked);
    let is_unlimited = |name: &&str| {
        let limit = fs::read_to_string(directory.join(name));
        limit.map_or(true, |it| it.starts_with("max"))
    };
    let is_allowed = (is_handed_over || !Path::new("/run/systemd/system").exists())
        && ["memory.max", "cpu.max"].iter().all(is_unlimited);
    let attempt = directory.join(format!("regatta-test-{}", std::process::id()));
    let is_possible = is_allowed && fs::create_dir(&attempt).is_ok();
    is_possible.then(|| {
        fs::remove_dir(&attempt).expect("an empty group");
        directory
    })
}

/// A suite that notes its group.
const TELLS: &str = "grep ^0:: /proc/self/cgroup > group || true";

/// Returns the group a suite has noted.
fn told(place: &Place) -> String {
    let line = place.read("group");
    line.trim_end().trim_start_matches("0::").to_owned()
}

/// Returns the groups of runs of this place that are there.
fn groups_left(place: &Place) -> Vec<PathBuf> {
    let name = told(place)
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_owned();
    let directory = own_group().1.map(|it| it.join(name));
    let is_of_a_run = |it: &PathBuf| it.to_string_lossy().contains("regatta-");
    directory
        .into_iter()
        .filter(|it| is_of_a_run(it) && it.exists())
        .collect()
}

#[test]
fn a_run_has_a_group_where_it_may_make_one_and_none_elsewhere() {
    let place = place(&format!("[suites.tells]\ncommand = '{TELLS}'\n"));
    let output = run(&place, &[]);
    assert!(output.starts_with("exit 0\n"), "{output}");
    let (own, _) = own_group();
    let report = place.report();
    let run_id = report["run_id"].as_str().expect("an id");
    if home().is_some() {
        let expected = format!("{}/regatta-{run_id}", own.trim_end_matches('/'));
        assert_eq!(told(&place), expected);
    } else {
        assert_eq!(told(&place), own);
    }
    assert_eq!(groups_left(&place), [] as [PathBuf; 0]);
}

#[test]
fn a_run_inside_a_suite_has_a_group_below_that_of_the_run_around_it() {
    let place = place(
        "[suites.around]\ncommand = 'mkdir inner && mv inner.toml inner/regatta.toml && cd inner && $REGATTA'\n",
    );
    let regatta = super::regatta().display().to_string();
    place.write(
        "inner.toml",
        &format!("[suites.tells]\ncommand = '{TELLS}'\n"),
    );
    let output = place
        .regatta(&["--progress", "none"])
        .variable("REGATTA", &regatta)
        .run();
    assert!(output.starts_with("exit 0\n"), "{output}");
    let group = place.read("inner/group");
    let runs = |path: &str| path.matches("/regatta-").count();
    let added = if home().is_some() { 2 } else { 0 };
    assert_eq!(runs(&group), runs(&own_group().0) + added, "{group}");
}

/// Suites with every kind of end.
const MIXED: &str = "
[suites.passes]
command = 'true'
[suites.fails]
command = 'exit 3'
[suites.killed]
command = 'kill -9 $$'
[suites.too-slow]
timeout = '300ms'
grace_period = '100ms'
command = './evil-copy ignore TERM sleep 600'
[suites.leaves]
leftovers = 'fail'
command = './evil-copy ignore TERM double-fork setsid close-output pid-file pids/daemon sleep 600; ./evil-copy wait-for pids/daemon'
";

#[test]
fn the_verdicts_are_the_same_for_somebody_who_may_make_no_group() {
    let place = place(&format!("{MIXED}[suites.tells]\ncommand = '{TELLS}'\n"));
    let mut plain = as_plain_user(&place, "regatta");
    let everybody = Permissions::from_mode(0o777);
    fs::set_permissions(place.path("pids"), everybody).expect("our folder");
    let output = plain.args(["--progress", "none"]).output();
    assert_eq!(output.expect("it starts").status.code(), Some(1));
    invariants::check(&place, Ended::InOrder);
    let without = outcomes(&place);
    assert_eq!(without, "passed exit_code signal timeout leftovers passed");
    if geteuid().is_root() {
        assert_eq!(told(&place), own_group().0, "a group of somebody else's");
    }
    for name in ["pids/daemon", "group"] {
        fs::remove_file(place.path(name)).expect("a file");
    }
    fs::remove_dir_all(place.path("test-logs")).expect("the logs");
    let output = run(&place, &[]);
    assert!(output.starts_with("exit 1\n"), "{output}");
    assert_eq!(outcomes(&place), without);
}

/// A suite that tells its group and goes on, and has a daemon in which nothing tells where it comes from.
fn shedding() -> Place {
    place(&format!(
        "[suites.sheds]\ncommand = '{TELLS}; ./evil {DAEMON} shed-environment pid-file pids/daemon sleep 600; \
         exec ./evil ignore TERM pid-file pids/suite sleep 600'\n"
    ))
}

#[test]
fn promise_3_after_the_death_of_both_processes_the_next_start_ends_what_is_left() {
    let place = shedding();
    let running = place.regatta(&["--progress", "none"]).start();
    wait_until("all run", || place.names("pids").len() == 2);
    let runner = runner(running.pid()).expect("a child of the same program");
    // The one that is stopped cannot act on the end of the other.
    running.signal(Signal::STOP);
    wait_until("it is stopped", || state(running.pid()) == Some('T'));
    kill_process(runner, Signal::KILL).expect("it is alive");
    running.signal(Signal::KILL);
    assert!(running.finish_unchecked().starts_with("signal 9"));
    wait_until(
        "both are gone",
        || !matches!(state(runner), Some(state) if state != 'Z'),
    );
    let daemon = pid(&place, "daemon");
    assert!(is_alive(daemon) && is_alive(pid(&place, "suite")));

    place.write("regatta.toml", "[suites.a]\ncommand = 'true'\n");
    let output = place.regatta(&["--progress", "none"]).run_unchecked();
    assert!(output.starts_with("exit 0\n"), "{output}");
    assert_eq!(outcomes(&place), "passed");
    // The history knows of the run that nobody could finish.
    assert_eq!(place.names(".regatta/runs").len(), 2);
    let is_named =
        |name: &str| output.contains(&format!("process {} (evil) of run", noted(&place, name)));
    assert!(is_named("suite"), "{output}");
    if home().is_some() {
        assert!(is_named("daemon"), "{output}");
    } else {
        // Nobody can know whose it is.
        assert!(is_alive(daemon) && !is_named("daemon"), "{output}");
        kill_process(daemon, Signal::KILL).expect("it is alive");
    }
    invariants::check(&place, Ended::InOrder);
    assert_eq!(groups_left(&place), [] as [PathBuf; 0]);
}

#[test]
fn promise_3_no_group_outlives_a_guardian_that_was_killed() {
    let place = shedding();
    let running = place.regatta(&["--progress", "none"]).start();
    wait_until("all run", || place.names("pids").len() == 2);
    assert_eq!(groups_left(&place).len(), usize::from(home().is_some()));
    running.signal(Signal::KILL);
    assert!(running.finish_unchecked().starts_with("signal 9"));
    invariants::check_processes(&place);
    wait_until("the group is gone", || groups_left(&place).is_empty());
}

#[test]
fn promise_3_no_group_outlives_a_runner_that_was_killed() {
    let place = shedding();
    let running = place.regatta(&["--progress", "none"]).start();
    wait_until("all run", || place.names("pids").len() == 2);
    let runner = runner(running.pid()).expect("a child of the same program");
    kill_process(runner, Signal::KILL).expect("it is alive");
    let output = running.finish_unchecked();
    assert!(output.starts_with("exit 3\n"), "{output}");
    invariants::check_processes(&place);
    assert_eq!(groups_left(&place), [] as [PathBuf; 0]);
}

fn pid(place: &Place, name: &str) -> Pid {
    let pid = i32::try_from(noted(place, name)).expect("a pid");
    Pid::from_raw(pid).expect("a pid")
}

/// Returns the letter for what a process does, `None` once it is gone.
fn state(pid: Pid) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

fn is_alive(pid: Pid) -> bool {
    !matches!(state(pid), None | Some('Z' | 'X'))
}
