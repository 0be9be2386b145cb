//! Processes that left their command's group or were abandoned by their parents: whose they are,
//! and that they end with it.

use std::fs;

use crate::support::{Bench, alone, is_running, pid_in};
use regatta_process::{Happening, LeftoverPolicy, Status};

/// Starts a process that forked twice, leads a session of its own, ignores every polite signal
/// and holds no output; its pid is in the file named after the variable `name`.
const DAEMON: &str = r#"
daemon() {
    (setsid "$@" sh -c 'trap "" HUP INT TERM
        echo $$ > '$name'.new; mv '$name'.new '$name'
        while :; do sleep 600; done' > /dev/null 2>&1 &)
    while ! [ -e $name ]; do :; done
}
"#;

fn daemon(name: &str, with: &str) -> String {
    format!("{DAEMON} name={name}; daemon {with}")
}

#[test]
fn a_daemon_is_named_and_gone_with_its_command() {
    alone(
        "orphans::a_daemon_is_named_and_gone_with_its_command",
        || {
            let mut bench = Bench::new();
            let (_, ended) = bench.run(&(daemon("pid", "") + "; exit 3"));
            assert_eq!(ended.status, Status::Code(3));
            assert!(!is_running(&bench, "pid"));
            let listed: Vec<(i32, &str)> = ended
                .leftovers
                .iter()
                .map(|leftover| (leftover.pid, leftover.name.as_str()))
                .collect();
            assert!(
                listed.contains(&(pid_in(&bench, "pid"), "sh")),
                "{listed:?}"
            );
        },
    );
}

#[test]
fn a_daemon_without_an_environment_is_known_by_the_output_it_holds() {
    alone(
        "orphans::a_daemon_without_an_environment_is_known_by_the_output_it_holds",
        || {
            let mut bench = Bench::new();
            let mut other = bench.shell("mkfifo gate; echo ready; read line < gate");
            other.log = bench.path("other");
            bench.supervisor.spawn(2, &other).unwrap();
            bench.wait_for_output(2, "ready");
            let script =
                "(env -i setsid sh -c 'echo $$ > pid.new; mv pid.new pid; exec sleep 600' &)
            while ! [ -e pid ]; do :; done";
            let (_, ended) = bench.run(script);
            let pid = pid_in(&bench, "pid");
            assert!(ended.leftovers.iter().any(|leftover| leftover.pid == pid));
            assert!(!is_running(&bench, "pid"));
            fs::write(bench.path("gate"), "go\n").unwrap();
            assert_eq!(bench.wait_for_exit().leftovers, []);
        },
    );
}

#[test]
fn a_daemon_that_shed_every_sign_ends_with_the_only_command_it_can_stem_from() {
    alone(
        "orphans::a_daemon_that_shed_every_sign_ends_with_the_only_command_it_can_stem_from",
        || {
            let mut bench = Bench::new();
            let (_, ended) = bench.run(&daemon("pid", "env -i"));
            assert!(!ended.leftovers.is_empty());
            assert!(!is_running(&bench, "pid"));
        },
    );
}

#[test]
fn a_daemon_that_may_stem_from_two_commands_is_suspected_of_both_and_counted_for_none() {
    alone(
        "orphans::a_daemon_that_may_stem_from_two_commands_is_suspected_of_both_and_counted_for_none",
        || {
            let mut bench = Bench::new();
            let mut other = bench.shell("mkfifo gate; echo ready; read line < gate");
            other.log = bench.path("other");
            bench.supervisor.spawn(2, &other).unwrap();
            bench.wait_for_output(2, "ready");
            let (_, ended) = bench.run(&daemon("pid", "env -i"));
            let pid = pid_in(&bench, "pid");
            assert!(ended.suspects.iter().any(|leftover| leftover.pid == pid));
            assert_eq!(ended.leftovers, []);
            assert!(is_running(&bench, "pid"));
            fs::write(bench.path("gate"), "go\n").unwrap();
            let ended = bench.wait_for_exit();
            assert!(ended.suspects.iter().any(|leftover| leftover.pid == pid));
            assert!(!is_running(&bench, "pid"));
        },
    );
}

#[test]
fn the_daemon_of_a_running_command_is_left_in_peace() {
    alone(
        "orphans::the_daemon_of_a_running_command_is_left_in_peace",
        || {
            let mut bench = Bench::new();
            // The other is older than the daemon, so only the mark tells that it is not its own.
            let mut other = bench.shell("mkfifo other-gate; echo ready; read line < other-gate");
            other.log = bench.path("other");
            other.env.push(c"REGATTA_ATTEMPT=run/other/1".into());
            bench.supervisor.spawn(8, &other).unwrap();
            bench.wait_for_output(8, "ready");
            let script = daemon("pid", "") + "; mkfifo gate; echo ready; read line < gate";
            let mut command = bench.shell(&script);
            command.env.push(c"REGATTA_ATTEMPT=run/owner/1".into());
            bench.supervisor.spawn(7, &command).unwrap();
            bench.wait_for_output(7, "ready");
            fs::write(bench.path("other-gate"), "go\n").unwrap();
            let ended = bench.wait_for(|happening| match happening {
                Happening::Exited { key, ended } => (key == 8).then_some(ended),
                _ => None,
            });
            assert_eq!(ended.leftovers, []);
            assert!(is_running(&bench, "pid"));
            fs::write(bench.path("gate"), "go\n").unwrap();
            let ended = bench.wait_for_exit();
            assert!(!ended.leftovers.is_empty());
            assert!(!is_running(&bench, "pid"));
        },
    );
}

#[test]
fn an_orphan_that_ends_by_itself_is_no_leftover() {
    alone(
        "orphans::an_orphan_that_ends_by_itself_is_no_leftover",
        || {
            let mut bench = Bench::new();
            let script = "(setsid sh -c 'echo $$ > pid.new; mv pid.new pid' &)
            while ! [ -e pid ]; do :; done; pid=$(cat pid)
            while [ -e /proc/$pid ]; do :; done; exit 6";
            let (_, ended) = bench.run(script);
            assert_eq!(ended.leftovers, []);
            assert_eq!(ended.status, Status::Code(6));
        },
    );
}

#[test]
fn a_chain_of_forks_dies_out() {
    alone("orphans::a_chain_of_forks_dies_out", || {
        let mut bench = Bench::new();
        // Each link makes the next and exits, so that whoever looks sees another process every time.
        let (_, ended) = bench.run("link() { echo alive > sign; link & }; link; sleep 0.05");
        assert_eq!(ended.status, Status::Code(0));
        assert_dead(&bench);
    });
}

#[test]
fn a_chain_of_sessions_dies_out() {
    alone("orphans::a_chain_of_sessions_dies_out", || {
        let mut bench = Bench::new();
        fs::write(bench.path("link"), "echo alive > sign; setsid -f sh link\n").unwrap();
        let (_, ended) = bench.run("sh link > /dev/null 2>&1; sleep 0.05");
        assert_eq!(ended.status, Status::Code(0));
        assert_dead(&bench);
    });
}

/// Each living link would make the sign anew.
fn assert_dead(bench: &Bench) {
    fs::remove_file(bench.path("sign")).unwrap();
    for _ in 0..20 {
        Bench::new().run("sleep 0.01");
    }
    assert!(!fs::exists(bench.path("sign")).unwrap());
}

#[test]
fn what_a_leftover_held_is_free_for_the_next_command() {
    alone(
        "orphans::what_a_leftover_held_is_free_for_the_next_command",
        || {
            let mut bench = Bench::new();
            for _ in 0..10 {
                let script = "flock -n lock -c true || exit 9
                (setsid flock lock sh -c 'echo > held; exec sleep 600' &)
                while ! [ -e held ]; do :; done; rm held";
                assert_eq!(bench.run(script).1.status, Status::Code(0));
            }
        },
    );
}

#[test]
fn allowed_leftovers_are_listed_and_live_as_long_as_the_supervisor() {
    alone(
        "orphans::allowed_leftovers_are_listed_and_live_as_long_as_the_supervisor",
        || {
            let mut bench = Bench::new();
            let mut command = bench.shell(&daemon("pid", ""));
            command.leftovers = LeftoverPolicy::Allow;
            command.env.push(c"REGATTA_ATTEMPT=run/first/1".into());
            let ended = bench.run_command(&command).unwrap();
            let pid = pid_in(&bench, "pid");
            assert!(ended.leftovers.iter().any(|leftover| leftover.pid == pid));
            for _ in 0..3 {
                assert_eq!(bench.run("sleep 0 & wait").1.leftovers, []);
            }
            assert!(is_running(&bench, "pid"));
            let Bench { dir, supervisor } = bench;
            drop(supervisor);
            assert!(!fs::exists(format!("/proc/{pid}")).unwrap());
            drop(dir);
        },
    );
}

#[test]
fn what_a_run_left_behind_is_found_by_its_mark_alone() {
    let marked = std::process::Command::new("/bin/sh")
        .args(["-c", "env -i sleep 600 & exec sleep 600"])
        .env("REGATTA_RUN_ID", "a run that is over")
        .stdout(std::process::Stdio::null())
        .spawn();
    let unmarked = std::process::Command::new("sleep")
        .arg("600")
        .env("REGATTA_RUN_ID", "a run that is over, but another")
        .spawn();
    let (mut marked, mut unmarked) = (marked.unwrap(), unmarked.unwrap());
    // The shell becomes the second of them once it has started the first.
    let comm = format!("/proc/{}/comm", marked.id());
    while fs::read_to_string(&comm).unwrap() != "sleep\n" {
        std::thread::yield_now();
    }
    let found = regatta_process::end_remnants("a run that is over");
    assert!(!marked.wait().unwrap().success());
    // The second has no mark any more, and may still be executing `env`.
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(regatta_process::end_remnants("a run that is over"), []);
    assert!(unmarked.try_wait().unwrap().is_none());
    unmarked.kill().unwrap();
    unmarked.wait().unwrap();
}
