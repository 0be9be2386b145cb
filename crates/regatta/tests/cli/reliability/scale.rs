//! Many suites, few descriptors, a busy machine, and how much memory it takes.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::available_parallelism;

use rustix::process::Pid;
use serde::Deserialize;

use super::invariants::{self, Ended};
use super::{evil, family, place, regatta, run};
use crate::support::{Place, shell, wait_until};

/// How a command went.
#[derive(Debug, Deserialize)]
pub(super) struct Measured {
    pub(super) code: i32,
    /// The largest resident size of it and of each of its children.
    pub(super) peak_bytes: u64,
    /// What it and its children took of the processors.
    pub(super) cpu_seconds: f64,
}

/// Runs a command line, whose output goes nowhere.
#[track_caller]
pub(super) fn measure(place: &Place, line: &str) -> Measured {
    // The one way without unsafe code to learn what `wait4` tells.
    let script = "import json, os, resource, sys; status = os.spawnvp(os.P_WAIT, sys.argv[1], sys.argv[1:]); \
         usage = resource.getrusage(resource.RUSAGE_CHILDREN); \
         json.dump({'code': status, 'peak_bytes': usage.ru_maxrss * 1024, 'cpu_seconds': usage.ru_utime + usage.ru_stime}, \
         open('measured', 'w'))";
    let output = shell(place, &format!("python3 -c \"{script}\" {line} >/dev/null"));
    assert_eq!(output, "exit 0");
    serde_json::from_str(&place.read("measured")).expect("what the script writes")
}

/// The limit on memory for ten thousand suites.
const MUCH: u64 = 100 << 20;

#[test]
fn s1_ten_thousand_suites_are_listed_and_run() {
    let suite = |number: u32| {
        let command = match number {
            100 => "./evil pid-file pids/early wait-for early-seen",
            9_900 => "./evil pid-file pids/late wait-for late-seen",
            _ => "true",
        };
        format!("[suites.s{number}]\ncommand = '{command}'\n")
    };
    let suites: Vec<String> = (0..10_000).map(suite).collect();
    let place = place(&suites.concat());

    let list = || {
        let measured = measure(&place, "regatta list");
        assert_eq!(measured.code, 0);
        assert!(measured.peak_bytes < MUCH, "{measured:?}");
        measured.cpu_seconds
    };
    // The best of some: other tests want the processor too, and its caches.
    let best = (0..5).map(|_| list()).fold(f64::MAX, f64::min);
    assert!(best < 0.3, "{best}");

    let log = fs::File::create(place.path("output")).expect("a file");
    let running = place.regatta(&["-j", "2"]).start_into(log);
    let descriptors = ["early", "late"].map(|moment| {
        wait_until(moment, || place.has(&format!("pids/{moment}")));
        let counted = count_descriptors(running.pid());
        place.write(&format!("{moment}-seen"), "");
        counted
    });
    let peak = peak_bytes(running.pid());
    let output = running.finish_unchecked();
    invariants::check(&place, Ended::InOrder);
    assert!(output.starts_with("exit 0"), "{output}");
    assert_eq!(place.report()["summary"]["passed"], 10_000);
    assert!(peak < MUCH, "{peak}");
    // One suite more or less may be running at the moment.
    assert!(descriptors[1] < descriptors[0] + 10, "{descriptors:?}");
}

/// Returns how many descriptors the one of the family has open that has most of them. A process that is being made
/// counts like its maker.
fn count_descriptors(pid: Pid) -> usize {
    let folders = family(pid, regatta()).into_iter();
    let folders = folders.flat_map(|pid| fs::read_dir(format!("/proc/{pid}/fd")));
    folders.map(Iterator::count).max().expect("it is alive")
}

/// Returns the most memory that one of the family has had so far.
fn peak_bytes(pid: Pid) -> u64 {
    let peaks = family(pid, regatta()).into_iter().filter_map(|pid| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix(" kB")?.parse::<u64>().ok()
    });
    peaks.max().expect("it is alive") * 1024
}

#[test]
fn s2_a_limit_on_descriptors_limits_the_slots() {
    let suite = |number: u32| format!("[suites.s{number}]\ncommand = './evil sleep 0.05'\n");
    let suites: Vec<String> = (0..120).map(suite).collect();
    let place = place(&suites.concat());
    let output = shell(&place, "ulimit -n 64 && regatta -j 100 --progress none");
    invariants::check(&place, Ended::InOrder);
    assert!(output.starts_with("exit 0\n"), "{output}");
    let report = place.report();
    assert_eq!(report["summary"]["passed"], 120);
    let slots = report["max_parallel"].as_u64().expect("a number");
    assert!((2..32).contains(&slots), "{slots}");
}

/// Processes that want all the processor there is.
struct Load(Vec<Child>);

impl Load {
    fn new() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        let spin = |_| {
            let mut command = Command::new(evil());
            command.arg("spin").stdin(Stdio::null());
            command.spawn().expect("evil starts")
        };
        Self((0..cores * 10).map(spin).collect())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
fn s3_a_busy_machine_makes_no_false_verdict() {
    let suite = |number: u32| {
        format!(
            "[suites.s{number}]\nleftovers = 'fail'\ntimeout = 10\n\
             command = 'echo a; (echo b); ./evil print c'\n"
        )
    };
    let place = place(&(0..200).map(suite).collect::<Vec<_>>().concat());
    let load = Load::new();
    let output = run(&place, &["-j", "4"]);
    drop(load);
    assert!(output.starts_with("exit 0\n"), "{output}");
    assert_eq!(place.report()["summary"]["passed"], 200);
    for number in 0..200 {
        assert_eq!(place.read(&format!("test-logs/s{number}.log")), "a\nb\nc");
    }
}
