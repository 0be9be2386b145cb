//! The end of everyone below this process.

use std::collections::BTreeSet;
use std::thread;
use std::time::Instant;

use rustix::process::getpgrp;

use super::children::Children;
use super::sweep::{LOOK_AGAIN, PATIENCE, kill, kill_group};
use crate::Leftover;
use crate::process::Process;
use crate::usage::reap_if_dead;

/// Ends every child of this process and every process below them, adopted as their parents die,
/// and returns those that did not die within two seconds: of another user, or stuck in the kernel.
///
/// Who forks while others are being ended is adopted in turn, so this looks again until one look
/// finds nobody.
pub(crate) fn end_children() -> Vec<Leftover> {
    let mut children = Children::new();
    let own_group = getpgrp().as_raw_pid();
    let mut last_change = Instant::now();
    let mut known = BTreeSet::new();
    loop {
        let alive: Vec<i32> = children
            .list()
            .into_iter()
            .filter(|pid| !reap_if_dead(*pid))
            .collect();
        if alive.is_empty() {
            return Vec::new();
        }
        let now: BTreeSet<i32> = alive.iter().copied().collect();
        if now != known {
            last_change = Instant::now();
            known = now;
        } else if last_change.elapsed() >= PATIENCE {
            let left = alive.into_iter().filter_map(Process::read);
            return left.map(|process| process.to_leftover()).collect();
        }
        for pid in alive {
            let group = Process::read(pid).map(|process| process.group);
            if let Some(group) = group.filter(|group| *group != own_group) {
                kill_group(group);
            }
            kill(pid);
        }
        thread::sleep(LOOK_AGAIN);
    }
}
