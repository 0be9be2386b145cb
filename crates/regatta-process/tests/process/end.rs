//! How a command ends, and what becomes of those it leaves behind.

use std::fs;
use std::time::{Duration, Instant};

use crate::support::{Bench, PATIENCE, alone, is_running, pid_in};
use regatta_process::{Signal, Status};

#[test]
fn codes_and_signals_are_told_apart() {
    let mut bench = Bench::new();
    for (script, expected) in [
        ("exit 0", Status::Code(0)),
        ("exit 77", Status::Code(77)),
        ("exit 130", Status::Code(130)),
        ("exit 255", Status::Code(255)),
        ("kill -SEGV $$", Status::Signal(11)),
        ("kill -ABRT $$", Status::Signal(6)),
        ("kill -INT $$", Status::Signal(2)),
    ] {
        assert_eq!(bench.run(script).1.status, expected, "{script}");
    }
}

#[test]
fn cpu_time_and_memory_are_measured() {
    let (_, ended) = Bench::new().run("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done");
    assert!(ended.usage.user > Duration::ZERO);
    assert!(ended.usage.max_rss_bytes > 100 << 10, "{:?}", ended.usage);
}

#[test]
fn a_grandchild_that_holds_stdout_delays_nothing() {
    alone("end::a_grandchild_that_holds_stdout_delays_nothing", || {
        let mut bench = Bench::new();
        let started = Instant::now();
        let (log, ended) =
            bench.run("echo before; mkfifo gate; (read line < gate) & echo $! > pid; echo after");
        assert!(started.elapsed() < PATIENCE);
        assert_eq!(log, "before\nafter\n");
        assert_eq!(ended.status, Status::Code(0));
        let names: Vec<&str> = ended
            .leftovers
            .iter()
            .map(|leftover| leftover.name.as_str())
            .collect();
        assert_eq!(names, ["sh"]);
        assert!(!is_running(&bench, "pid"));
    });
}

#[test]
fn a_grandchild_that_floods_the_pipe_from_another_session_delays_nothing() {
    alone(
        "end::a_grandchild_that_floods_the_pipe_from_another_session_delays_nothing",
        || {
            let mut bench = Bench::new();
            let script = "setsid sh -c 'echo $$ > pid.new; mv pid.new pid; exec yes' &
            while ! [ -e pid ]; do :; done; exit 4";
            let (_, ended) = bench.run(script);
            assert_eq!(ended.status, Status::Code(4));
            assert!(!is_running(&bench, "pid"));
            assert!(
                ended
                    .leftovers
                    .iter()
                    .any(|it| it.pid == pid_in(&bench, "pid"))
            );
        },
    );
}

#[test]
fn leftovers_are_listed_and_gone() {
    alone("end::leftovers_are_listed_and_gone", || {
        let mut bench = Bench::new();
        let command = bench.shell(
            "sleep 600 > /dev/null 2>&1 & echo $! > first
             (trap '' TERM HUP INT; exec tail -f /dev/null) > /dev/null 2>&1 & echo $! > second",
        );
        let ended = bench.run_command(&command).unwrap();
        let pids: Vec<String> = ["first", "second"]
            .map(|file| fs::read_to_string(bench.path(file)).unwrap())
            .into();
        let listed: Vec<String> = ended
            .leftovers
            .iter()
            .map(|leftover| format!("{}\n", leftover.pid))
            .collect();
        assert_eq!(ended.leftovers.len(), 2, "{:?}", ended.leftovers);
        assert!(
            pids.iter().all(|pid| listed.contains(pid)),
            "{pids:?} {listed:?}"
        );
        assert!(!is_running(&bench, "first") && !is_running(&bench, "second"));
    });
}

#[test]
fn silent_leftovers_are_gone_when_the_exit_is_told() {
    alone(
        "end::silent_leftovers_are_gone_when_the_exit_is_told",
        || {
            let mut bench = Bench::new();
            for _ in 0..20 {
                bench.run("sleep 600 > /dev/null 2>&1 & echo $! > pid");
                assert!(!is_running(&bench, "pid"));
            }
        },
    );
}

#[test]
fn a_clean_command_has_no_leftovers() {
    alone("end::a_clean_command_has_no_leftovers", || {
        let mut bench = Bench::new();
        let command = bench.shell("seq 1 100 | sort | uniq | wc -l; sleep 0 & wait");
        for _ in 0..20 {
            assert_eq!(bench.run_command(&command).unwrap().leftovers, []);
        }
    });
}

#[test]
fn a_stop_signal_reaches_the_whole_group() {
    let mut bench = Bench::new();
    let script = "trap 'wait; echo parent; exit 5' TERM
        sh -c 'trap \"echo child; exit 0\" TERM; echo ready; while :; do :; done' &
        while :; do wait; done";
    let command = bench.shell(script);
    bench.supervisor.spawn(1, &command).unwrap();
    bench.wait_for_output(1, "ready");
    bench.supervisor.signal(1, Signal::Terminate);
    assert_eq!(bench.wait_for_exit().status, Status::Code(5));
    assert_eq!(bench.log(), "ready\nchild\nparent\n");
}

#[test]
fn a_stopped_group_still_obeys() {
    let mut bench = Bench::new();
    for (signal, expected) in [
        (Signal::Terminate, 15),
        (Signal::Interrupt, 2),
        (Signal::Hangup, 1),
        (Signal::Kill, 9),
    ] {
        let command = bench.shell("echo $$; kill -STOP $$; echo went on");
        bench.supervisor.spawn(1, &command).unwrap();
        bench.wait_for_output(1, "\n");
        let pid = String::from_utf8(bench.supervisor.recent_output(1)).unwrap();
        let stat = format!("/proc/{}/stat", pid.trim());
        while !fs::read_to_string(&stat).unwrap().contains(") T ") {
            std::thread::yield_now();
        }
        bench.supervisor.signal(1, signal);
        assert_eq!(bench.wait_for_exit().status, Status::Signal(expected));
    }
}

#[test]
fn an_ignored_request_leaves_the_last_word_to_kill() {
    let mut bench = Bench::new();
    let command = bench.shell("trap 'echo no' TERM; echo ready; while :; do :; done");
    bench.supervisor.spawn(1, &command).unwrap();
    bench.wait_for_output(1, "ready");
    bench.supervisor.signal(1, Signal::Terminate);
    bench.wait_for_output(1, "no");
    bench.supervisor.signal(1, Signal::Kill);
    assert_eq!(bench.wait_for_exit().status, Status::Signal(9));
}

#[test]
fn a_key_is_free_again_after_the_exit() {
    let mut bench = Bench::new();
    assert_eq!(bench.run("echo one").0, "one\n");
    assert_eq!(bench.run("echo two").0, "two\n");
    assert_eq!(bench.supervisor.running(), 0);
}

#[test]
fn dropping_the_supervisor_ends_what_runs() {
    let mut bench = Bench::new();
    let command = bench.shell("echo $$ > pid; echo ready; while :; do :; done");
    bench.supervisor.spawn(1, &command).unwrap();
    bench.wait_for_output(1, "ready");
    let Bench { dir, supervisor } = bench;
    drop(supervisor);
    let pid = fs::read_to_string(dir.path().join("pid")).unwrap();
    assert!(!fs::exists(format!("/proc/{}", pid.trim())).unwrap());
}
