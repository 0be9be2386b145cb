//! The end of everyone below this process.

use std::collections::BTreeSet;
use std::thread;
use std::time::Instant;

use super::children::Children;
use super::sweep::{LOOK_AGAIN, PATIENCE, kill, kill_group};
use crate::Leftover;
use crate::process::{Process, own_circles};
use crate::usage::reap_if_dead;

/// Ends every child of this process and every process below them, adopted as their parents die,
/// and returns those that live on: of another user, or still stuck in the kernel after two seconds.
///
/// Who forks while others are being ended is adopted in turn, so this looks again until one look
/// finds nobody.
pub(crate) fn end_children() -> Vec<Leftover> {
    let mut children = Children::new();
    let [own_group, _] = own_circles();
    let mut last_change = Instant::now();
    let mut known = BTreeSet::new();
    loop {
        let alive: Vec<i32> = children
            .list()
            .into_iter()
            .filter(|pid| reap_if_dead(*pid).is_none())
            .collect();
        if alive.is_empty() {
            return Vec::new();
        }
        let now: BTreeSet<i32> = alive.iter().copied().collect();
        if now != known {
            last_change = Instant::now();
            known = now;
        } else if last_change.elapsed() >= PATIENCE {
            return named(&alive);
        }
        let mut is_hopeless = true;
        for &pid in &alive {
            let group = Process::read(pid).map(|process| process.group);
            if let Some(group) = group.filter(|group| *group != own_group) {
                kill_group(group);
            }
            is_hopeless &= !kill(pid);
        }
        if is_hopeless {
            return named(&alive);
        }
        thread::sleep(LOOK_AGAIN);
    }
}

fn named(pids: &[i32]) -> Vec<Leftover> {
    let processes = pids.iter().filter_map(|pid| Process::read(*pid));
    processes.map(|process| process.to_leftover()).collect()
}
