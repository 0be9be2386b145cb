//! What is left to do when the guardian is gone: nobody holds the processes of the run together
//! any more, so they have to be recognised one by one. Knows no command.

use std::collections::BTreeSet;
use std::ffi::CString;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getpid, kill_process};

use crate::process::{self, Process};

/// How long the processes may take to die.
const PATIENCE: Duration = Duration::from_secs(2);

/// The pause between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// By what a process of the run is recognised.
pub(crate) struct Trace {
    /// The guardian's session, in which every command started.
    pub(crate) session: i32,
    /// The entry that the environments of this run have and no others.
    pub(crate) mark: Option<CString>,
}

/// Ends every process of the run and returns when none is left, or after two seconds.
pub(crate) fn end_all(trace: &Trace) {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let doomed = find(trace, &process::all());
        for pid in doomed.iter().copied().filter_map(Pid::from_raw) {
            // It fails when the process is gone.
            let _ = kill_process(pid, Signal::KILL);
        }
        if doomed.is_empty() || Instant::now() >= give_up {
            return;
        }
        thread::sleep(LOOK_AGAIN);
    }
}

/// Returns who bears a sign of the run, and everyone below those.
fn find(trace: &Trace, everyone: &[Process]) -> BTreeSet<i32> {
    let own_pid = getpid().as_raw_pid();
    let mut living: Vec<&Process> = everyone
        .iter()
        .filter(|process| !process.is_dead && process.pid != own_pid)
        .collect();
    let mut found = BTreeSet::new();
    loop {
        let known = living.len();
        living.retain(|process| {
            let belongs = found.contains(&process.parent) || bears_sign(trace, process);
            if belongs {
                found.insert(process.pid);
            }
            !belongs
        });
        if living.len() == known {
            return found;
        }
    }
}

fn bears_sign(trace: &Trace, process: &Process) -> bool {
    process.session == trace.session
        || trace.mark.as_ref().is_some_and(|mark| {
            process::has_entry(&process::environment(process.pid), mark.to_bytes())
        })
}
