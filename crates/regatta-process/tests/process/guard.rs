//! The guardian itself: what it is to this process, and what happens when either of them dies.

use std::collections::BTreeSet;
use std::ffi::CString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::process::exit;
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Resource, Rlimit, Signal as SystemSignal, getrlimit, kill_process, prlimit,
};

use crate::support::{
    Bench, PLAYED, copy_of_this_without_privileges, is_played, play_in_background,
};
use regatta_process::{Happening, SpawnError, Status};

/// Returns the pid of the guardian: the parent of a command.
fn guardian_of(bench: &mut Bench) -> i32 {
    let (log, _) = bench.run("echo $PPID");
    log.trim().parse().unwrap()
}

/// Returns the state of a process, or `None` if nothing of it is left.
fn state(pid: i32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

fn is_alive(pid: i32) -> bool {
    state(pid).is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

/// Returns the processes whose environment has this entry.
fn marked(entry: &str) -> BTreeSet<i32> {
    let pids = fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|it| it.file_name().to_str()?.parse().ok());
    pids.filter(|pid| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let mut entries = environment.split(|byte| *byte == 0);
        is_alive(*pid) && entries.any(|it| it == entry.as_bytes())
    })
    .collect()
}

/// A command that ignores every polite signal, and a daemon of it that does too and has left its
/// group; both go on for ever. Prints its own pid and the daemon's.
const STUBBORN: &str = r#"trap "" HUP INT TERM
    (setsid sh -c 'echo $$ > pid.new; mv pid.new daemon; exec tail -f /dev/null' &)
    while ! [ -e daemon ]; do :; done
    echo $$ $(cat daemon) ready; while :; do sleep 600; done"#;

/// Starts four stubborn commands in directories of their own and returns all their pids. The mark
/// must be of this run alone: tests run side by side.
fn start_stubborn(bench: &mut Bench, mark: &str) -> Vec<i32> {
    let mut pids = Vec::new();
    for key in 0..4 {
        let mut command = bench.shell(STUBBORN);
        command.dir = bench.path(&format!("dir{key}"));
        command.log = bench.path(&format!("log{key}"));
        command.env.push(CString::new(mark).unwrap());
        fs::create_dir(&command.dir).unwrap();
        bench.supervisor.spawn(key, &command).unwrap();
        bench.wait_for_output(key, "ready");
        let output = String::from_utf8(bench.supervisor.recent_output(key)).unwrap();
        let numbers = output.split_whitespace().take(2);
        pids.extend(numbers.map(|number| number.parse::<i32>().unwrap()));
    }
    pids
}

#[test]
fn nothing_outlives_a_runner_that_was_killed() {
    let test = "guard::nothing_outlives_a_runner_that_was_killed";
    if is_played() {
        let mut bench = Bench::new();
        let guardian = guardian_of(&mut bench);
        let pids = start_stubborn(&mut bench, "REGATTA_RUN_ID=killed runner");
        let line = format!("{guardian} {pids:?}");
        rustix::io::write(rustix::stdio::stdout(), line.as_bytes()).unwrap();
        kill_process(rustix::process::getpid(), SystemSignal::KILL).unwrap();
    }
    // Reading to the end waits until nobody holds the pipe any more, the guardian included.
    let output = play_in_background(test).wait_with_output().unwrap();
    let killed = Instant::now();
    assert_eq!(output.status.signal(), Some(9));
    let printed = String::from_utf8(output.stdout).unwrap();
    let numbers = printed.split(|it: char| !it.is_ascii_digit());
    let pids: Vec<i32> = numbers.filter_map(|it| it.parse().ok()).collect();
    let pids = &pids[pids.len() - 9..];
    while pids.iter().any(|pid| is_alive(*pid)) {
        assert!(killed.elapsed() < Duration::from_secs(1), "{pids:?}");
        std::thread::yield_now();
    }
}

#[test]
fn nothing_outlives_a_guardian_that_was_killed() {
    let mut bench = Bench::new();
    let guardian = guardian_of(&mut bench);
    let mark = "REGATTA_RUN_ID=killed guardian";
    let pids = start_stubborn(&mut bench, mark);
    assert!(pids.iter().all(|pid| is_alive(*pid)));
    kill_process(Pid::from_raw(guardian).unwrap(), SystemSignal::KILL).unwrap();
    let mut lost = BTreeSet::new();
    while bench.supervisor.running() > 0 {
        let (key, status) = bench.wait_for(|happening| match happening {
            Happening::Exited { key, ended } => Some((key, ended.status)),
            _ => None,
        });
        assert_eq!(status, Status::Lost);
        lost.insert(key);
    }
    assert!(!pids.iter().any(|pid| is_alive(*pid)), "{pids:?}");
    assert_eq!(marked(mark), BTreeSet::new());
    assert!(lost.contains(&0), "{lost:?}");
    // Nor does a later command run.
    let (log, ended) = bench.run("echo text");
    assert_eq!((log.as_str(), ended.status), ("", Status::Lost));
}

#[test]
fn nobody_is_left_in_the_process_table() {
    let mut bench = Bench::new();
    let guardian = guardian_of(&mut bench);
    let pids = start_stubborn(&mut bench, "REGATTA_RUN_ID=clean end");
    bench.run("(setsid sleep 600 > /dev/null 2>&1 &)");
    let Bench { supervisor, dir } = bench;
    drop(supervisor);
    for pid in pids.into_iter().chain([guardian]) {
        assert_eq!(state(pid), None, "{pid}");
    }
    drop(dir);
}

#[test]
fn the_guardian_holds_nothing_of_its_starter() {
    let mut bench = Bench::new();
    let guardian = guardian_of(&mut bench);
    let null = fs::metadata("/dev/null").unwrap().rdev();
    for number in 0..3 {
        let file = fs::metadata(format!("/proc/{guardian}/fd/{number}")).unwrap();
        assert_eq!(file.rdev(), null);
    }
    // Besides these: the connection, and the list of its children.
    assert_eq!(
        fs::read_dir(format!("/proc/{guardian}/fd"))
            .unwrap()
            .count(),
        5
    );
}

#[test]
fn signals_of_a_terminal_do_not_end_the_guardian() {
    let mut bench = Bench::new();
    let guardian = Pid::from_raw(guardian_of(&mut bench)).unwrap();
    for signal in [
        SystemSignal::HUP,
        SystemSignal::INT,
        SystemSignal::QUIT,
        SystemSignal::TERM,
        SystemSignal::TSTP,
    ] {
        kill_process(guardian, signal).unwrap();
    }
    assert_eq!(bench.run("exit 4").1.status, Status::Code(4));
}

#[test]
fn a_command_has_no_terminal() {
    let mut bench = Bench::new();
    let (log, _) = bench.run("LC_ALL=C; export LC_ALL; : < /dev/tty");
    assert!(log.contains("No such device or address"), "{log}");
}

#[test]
fn an_interactive_shell_does_not_hang() {
    let (_, ended) = Bench::new().run("bash -ic 'exit 3'");
    assert_eq!(ended.status, Status::Code(3));
}

#[test]
fn an_environment_larger_than_a_packet_arrives() {
    let mut bench = Bench::new();
    let mut command = bench.command(&["/usr/bin/env"]);
    let entries = (0..40).map(|index| format!("V{index}={}", "x".repeat(10_000)));
    let entries: Vec<String> = entries.collect();
    command.env = entries
        .iter()
        .map(|entry| CString::new(entry.as_str()).unwrap())
        .collect();
    bench.run_command(&command).unwrap();
    assert_eq!(bench.log().lines().collect::<Vec<_>>(), entries);
}

#[test]
fn a_shortage_of_processes_is_survived() {
    let test = "guard::a_shortage_of_processes_is_survived";
    if is_played() {
        let mut bench = Bench::new();
        let guardian = guardian_of(&mut bench);
        let limit = |current| Rlimit {
            current,
            maximum: getrlimit(Resource::Nproc).maximum,
        };
        let guardian = Pid::from_raw(guardian);
        prlimit(guardian, Resource::Nproc, limit(Some(1))).unwrap();
        let started = Instant::now();
        let command = bench.shell("echo text");
        let error = bench.run_command(&command).unwrap_err();
        // Two pauses lie between three attempts.
        assert!(started.elapsed() >= Duration::from_millis(60));
        assert!(matches!(error, SpawnError::Resources { .. }), "{error:?}");
        prlimit(guardian, Resource::Nproc, limit(limit(None).maximum)).unwrap();
        assert_eq!(bench.run("echo text").0, "text\n");
        exit(PLAYED);
    }
    // The limit does not hold for root.
    let (_folder, mut copy) = copy_of_this_without_privileges(test);
    assert_eq!(copy.status().unwrap().code(), Some(PLAYED));
}
