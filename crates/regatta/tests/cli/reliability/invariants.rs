//! What is true after every run, however it ended. Knows no case.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::Place;

/// How a run came to its end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// It had the time to clean up.
    InOrder,
    /// By SIGKILL: the last line of the journal may be half, and a folder for temporary files may be left until the
    /// next run.
    Killed,
}

/// How long anything that a run has started may outlive it.
const GONE: Duration = Duration::from_secs(1);

/// Checks it all, at once after the end.
#[track_caller]
pub(super) fn check(place: &Place, ended: Ended) {
    check_processes(place);
    check_files(place, ended);
    check_report(&place.report(), &journal(place, ended));
}

/// Checks that nobody is alive: neither who carries a mark of the place, nor whom evil has noted.
#[track_caller]
pub(super) fn check_processes(place: &Place) {
    check_survivors(|| survivors(place));
}

/// Checks the same of everybody but one, who has something left to do.
#[track_caller]
pub(super) fn check_processes_except(place: &Place, busy: Pid) {
    check_survivors(|| {
        let mut alive = survivors(place);
        alive.retain(|(pid, _)| *pid != busy);
        alive
    });
}

#[track_caller]
fn check_survivors(find: impl Fn() -> Vec<(Pid, String)>) {
    let deadline = Instant::now() + GONE;
    loop {
        let alive = find();
        if alive.is_empty() {
            return;
        }
        if Instant::now() >= deadline {
            // A test that fails is no reason to leave them to the machine.
            for (pid, _) in &alive {
                let _ = kill_process(*pid, Signal::KILL);
            }
            panic!("still alive: {alive:#?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Returns who is alive, each with his words.
fn survivors(place: &Place) -> Vec<(Pid, String)> {
    let run_id = run_id(place).map(|id| format!("REGATTA_RUN_ID={id}"));
    let folder = format!("TMPDIR={}", place.temporary().display());
    let marks: Vec<String> = run_id.into_iter().chain([folder]).collect();
    let noted = noted_pids(place);
    let processes = fs::read_dir("/proc").expect("the process table").flatten();
    let survivors = processes.filter_map(|process| {
        let pid: i32 = process.file_name().to_str()?.parse().ok()?;
        // A process that is dead has neither of the two, and a number that is used again has another folder.
        let environment = fs::read(process.path().join("environ")).unwrap_or_default();
        let is_marked = || {
            let mut variables = environment.split(|it| *it == 0);
            variables.any(|it| marks.iter().any(|mark| mark.as_bytes() == it))
        };
        let is_here =
            || fs::read_link(process.path().join("cwd")).ok().as_deref() == Some(place.root());
        let is_alive = (noted.contains(&pid) && is_here()) || is_marked();
        let words = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let words = String::from_utf8_lossy(&words).replace('\0', " ");
        is_alive.then_some((Pid::from_raw(pid)?, words))
    });
    survivors.collect()
}

fn run_id(place: &Place) -> Option<String> {
    let journal = fs::read_to_string(place.path("test-logs/events.jsonl")).ok()?;
    let header: Value = serde_json::from_str(journal.lines().next()?).ok()?;
    Some(header["run_id"].as_str()?.to_owned())
}

fn noted_pids(place: &Place) -> Vec<i32> {
    let notes = fs::read_dir(place.path("pids"))
        .into_iter()
        .flatten()
        .flatten();
    let texts = notes.filter_map(|note| fs::read_to_string(note.path()).ok());
    texts.filter_map(|text| text.parse().ok()).collect()
}

#[track_caller]
fn check_files(place: &Place, ended: Ended) {
    for name in place.names("test-logs") {
        let is_known = [".gitignore", ".lock"].contains(&&*name);
        let is_temporary = name.starts_with('.') || name.contains(".tmp");
        assert!(is_known || !is_temporary, "left in the log folder: {name}");
    }
    if ended == Ended::InOrder {
        let left = fs::read_dir(place.temporary()).expect("the folder");
        let left: Vec<_> = left.flatten().map(|it| it.path()).collect();
        assert!(left.is_empty(), "temporary files are left: {left:?}");
    }
}

/// Returns the lines of the journal that are whole.
#[track_caller]
pub(super) fn journal(place: &Place, ended: Ended) -> Vec<Value> {
    let bytes = fs::read(place.path("test-logs/events.jsonl")).unwrap_or_default();
    let mut lines: Vec<&[u8]> = bytes.split(|it| *it == b'\n').collect();
    let tail = lines.pop().expect("a split has at least one part");
    assert!(
        tail.is_empty() || ended == Ended::Killed,
        "half a line at the end"
    );
    let parse = |line| serde_json::from_slice(line).expect("a journal line is JSON");
    lines.into_iter().map(parse).collect()
}

/// Returns the suites of which a line tells that they have passed, at once or in the end.
fn passed(journal: &[Value]) -> BTreeSet<&str> {
    let is_pass = |verdict: &Value| {
        let is = |word| verdict == word || verdict.get(word).is_some();
        is("passed") || is("flaky")
    };
    let lines = journal.iter().filter(|it| it["event"] == "task_finished");
    let passed = lines.filter(|it| is_pass(&it["verdict"]));
    passed.filter_map(|it| it["suite"].as_str()).collect()
}

/// Checks that a report adds up and is no greener than the journal.
#[track_caller]
pub(super) fn check_report(report: &Value, journal: &[Value]) {
    let suites = report["suites"].as_array().expect("suites");
    let count = |status: &str| suites.iter().filter(|it| it["status"] == status).count();
    for status in ["passed", "failed", "skipped"] {
        assert_eq!(report["summary"][status], count(status), "{status}");
    }
    assert_eq!(report["summary"]["total"], suites.len());
    let is_of_this_run = journal
        .first()
        .is_some_and(|it| it["run_id"] == report["run_id"]);
    let proven = if is_of_this_run {
        passed(journal)
    } else {
        BTreeSet::new()
    };
    for suite in suites.iter().filter(|it| it["status"] == "passed") {
        let name = suite["name"].as_str().expect("a name");
        assert!(proven.contains(name), "green without a proof: {suite}");
    }
    if report["exit_code"] == 0 {
        assert_eq!(report["state"], "finished");
        assert_eq!(count("failed"), 0, "a failure is green");
        let last = journal.last().expect("a run that is over has a journal");
        assert_eq!(
            (&last["event"], &last["exit_code"]),
            (&"run_finished".into(), &0.into())
        );
    }
}
