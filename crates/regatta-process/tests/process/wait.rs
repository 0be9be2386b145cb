//! What ends a wait besides a command: time, another thread, a signal.

use std::env;
use std::os::unix::process::ExitStatusExt;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Bench, PLAYED, is_played, play};
use regatta_process::{Happening, Signal, Status, descriptor_limit, die_by};

fn signals_itself(name: &str) -> Vec<Happening> {
    let mut bench = Bench::new();
    let script = format!("kill -{name} {}", std::process::id());
    let command = bench.shell(&script);
    let ended = bench.run_command(&command);
    assert_eq!(ended.unwrap().status, Status::Code(0));
    let mut happenings = Vec::new();
    bench
        .supervisor
        .wait(Some(Duration::ZERO), &mut happenings)
        .unwrap();
    happenings
}

#[test]
fn nothing_happens_until_the_time_is_over() {
    let mut bench = Bench::new();
    let mut happenings = Vec::new();
    let started = Instant::now();
    bench
        .supervisor
        .wait(Some(Duration::from_millis(30)), &mut happenings)
        .unwrap();
    assert!(started.elapsed() >= Duration::from_millis(30));
    assert!(happenings.is_empty());
}

#[test]
fn a_running_command_does_not_hold_up_the_time() {
    let mut bench = Bench::new();
    let command = bench.shell("sleep 600");
    bench.supervisor.spawn(1, &command).unwrap();
    let mut happenings = Vec::new();
    bench
        .supervisor
        .wait(Some(Duration::from_millis(1)), &mut happenings)
        .unwrap();
    assert!(happenings.is_empty());
    assert_eq!(bench.supervisor.running(), 1);
}

#[test]
fn another_thread_wakes_a_wait() {
    let mut bench = Bench::new();
    let waker = bench.supervisor.waker();
    let thread = thread::spawn(move || waker.clone().wake());
    bench.wait_for(|happening| matches!(happening, Happening::Woken).then_some(()));
    thread.join().unwrap();
    let mut happenings = Vec::new();
    bench
        .supervisor
        .wait(Some(Duration::ZERO), &mut happenings)
        .unwrap();
    assert!(happenings.is_empty(), "{happenings:?}");
}

#[test]
fn many_commands_end_under_their_own_keys() {
    let mut bench = Bench::new();
    for key in 0..20 {
        let mut command = bench.shell(&format!("echo {key}; exit {key}"));
        command.log = bench.path(&key.to_string());
        bench.supervisor.spawn(key, &command).unwrap();
    }
    assert_eq!(bench.supervisor.running(), 20);
    let mut happenings = Vec::new();
    while bench.supervisor.running() > 0 {
        bench.supervisor.wait(None, &mut happenings).unwrap();
    }
    let mut exits = 0;
    for happening in happenings {
        if let Happening::Exited { key, ended } = happening {
            assert_eq!(ended.status, Status::Code(i32::try_from(key).unwrap()));
            let log = std::fs::read_to_string(bench.path(&key.to_string())).unwrap();
            assert_eq!(log, format!("{key}\n"));
            exits += 1;
        }
    }
    assert_eq!(exits, 20);
}

#[test]
fn an_unknown_key_is_ignored() {
    let mut bench = Bench::new();
    let command = bench.shell("echo ready; mkfifo gate; read line < gate");
    bench.supervisor.spawn(1, &command).unwrap();
    bench.wait_for_output(1, "ready");
    bench.supervisor.signal(2, Signal::Kill);
    assert_eq!(bench.supervisor.recent_output(2), b"");
    bench.supervisor.signal(1, Signal::Terminate);
    assert_eq!(bench.wait_for_exit().status, Status::Signal(15));
    bench.supervisor.signal(1, Signal::Kill);
}

#[test]
fn signals_to_this_process_are_told() {
    if is_played() {
        for (name, expected) in [
            ("TERM", Happening::Signal(Signal::Terminate)),
            ("INT", Happening::Signal(Signal::Interrupt)),
            ("HUP", Happening::Signal(Signal::Hangup)),
            ("WINCH", Happening::Resized),
        ] {
            let mut bench = Bench::new();
            let command = bench.shell(&format!("kill -{name} {}", std::process::id()));
            bench.supervisor.spawn(1, &command).unwrap();
            let told = bench.wait_for(|happening| match happening {
                Happening::Signal(_) | Happening::Resized => Some(happening),
                _ => None,
            });
            assert_eq!(format!("{told:?}"), format!("{expected:?}"));
        }
        std::process::exit(PLAYED);
    }
    assert_eq!(
        play("wait::signals_to_this_process_are_told", "").code(),
        Some(PLAYED)
    );
}

#[test]
fn a_signal_ignored_from_the_start_stays_ignored() {
    if is_played() {
        let happenings = signals_itself("HUP");
        assert!(happenings.is_empty(), "{happenings:?}");
        std::process::exit(PLAYED);
    }
    let status = play(
        "wait::a_signal_ignored_from_the_start_stays_ignored",
        "trap '' HUP;",
    );
    assert_eq!(status.code(), Some(PLAYED));
}

#[test]
fn exit_codes_survive_a_starter_that_ignored_the_exits_of_children() {
    if is_played() {
        assert_eq!(Bench::new().run("exit 9").1.status, Status::Code(9));
        std::process::exit(PLAYED);
    }
    let test = "wait::exit_codes_survive_a_starter_that_ignored_the_exits_of_children";
    assert_eq!(play(test, "trap '' CHLD;").code(), Some(PLAYED));
}

#[test]
fn dying_by_a_signal_is_seen_by_the_parent() {
    if is_played() {
        let _supervisor = Bench::new().supervisor;
        die_by(match env::var("DIE_BY").unwrap().as_str() {
            "2" => Signal::Interrupt,
            "15" => Signal::Terminate,
            "1" => Signal::Hangup,
            _ => Signal::Kill,
        });
    }
    for number in [2, 15, 1, 9] {
        let test = "wait::dying_by_a_signal_is_seen_by_the_parent";
        let status = play(test, &format!("export DIE_BY={number};"));
        assert_eq!(status.signal(), Some(number));
    }
}

#[test]
fn the_descriptor_limit_is_the_soft_one() {
    if is_played() {
        assert_eq!(descriptor_limit(), 200);
        std::process::exit(PLAYED);
    }
    assert_eq!(
        play(
            "wait::the_descriptor_limit_is_the_soft_one",
            "ulimit -S -n 200;"
        )
        .code(),
        Some(PLAYED)
    );
}
