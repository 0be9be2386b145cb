//! Ending what a run left behind whose processes all died at once: nobody adopted it, so only its
//! environment tells where it comes from, and its cgroup, where the run had one.

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getpid, kill_process};

use crate::Leftover;
use crate::cgroup::Group;
use crate::process::{self, Process};

/// The entry of an environment that every process of a run has, and no process of another.
const RUN_MARK: &str = "REGATTA_RUN_ID=";

/// How long they may take to die.
const PATIENCE: Duration = Duration::from_secs(2);

/// The pause between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// Ends every process of a run, and everyone below those, removes the run's cgroup, and returns whom it found, sorted by pid.
/// This process and its ancestors are spared, whatever their marks. Looks at every process of the
/// machine: about a millisecond for a hundred.
///
/// What cannot die within two seconds is left alone.
///
/// Source: `proc_pid_environ(5)`.
#[must_use]
pub fn end_remnants(run_id: &str) -> Vec<Leftover> {
    let mark = format!("{RUN_MARK}{run_id}");
    let spared = ancestors();
    let began = Instant::now();
    let mut found: Vec<Process> = Vec::new();
    let group = Group::find(run_id);
    loop {
        let members = group.as_ref().map(Group::members).unwrap_or_default();
        let alive: Vec<Process> = process::all()
            .into_iter()
            .filter(|it| !it.is_dead && !spared.contains(&it.pid))
            .filter(|it| {
                members.contains(&it.pid)
                    || process::has_entry(&process::environment(it.pid), mark.as_bytes())
            })
            .collect();
        if let Some(group) = &group {
            group.end();
        }
        if alive.is_empty() || began.elapsed() >= PATIENCE {
            break;
        }
        for process in alive {
            let below = process::descendants(process.pid);
            let below = below.into_iter().filter_map(Process::read);
            for process in below.chain([process]) {
                // The pid may belong to another by now.
                if Process::read(process.pid).is_some_and(|it| it.is_same(&process)) {
                    kill(process.pid);
                }
                if !found.iter().any(|it| it.is_same(&process)) {
                    found.push(process);
                }
            }
        }
        thread::sleep(LOOK_AGAIN);
    }
    if let Some(group) = group {
        group.remove();
    }
    let mut found: Vec<Leftover> = found.iter().map(Process::to_leftover).collect();
    found.sort_by_key(|it| it.pid);
    found
}

fn ancestors() -> Vec<i32> {
    let mut found = vec![getpid().as_raw_pid()];
    while let Some(parent) = found.last().and_then(|pid| Process::read(*pid)) {
        found.push(parent.parent);
    }
    found
}

fn kill(pid: i32) {
    if let Some(pid) = Pid::from_raw(pid) {
        // It fails for the dead, and for those of another user.
        let _ = kill_process(pid, Signal::KILL);
    }
}
