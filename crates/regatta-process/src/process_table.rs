//! One look at the processes of this machine, and who among them belongs to a command. Reads what every process
//! shows of itself and nothing that costs more.

use std::collections::{BTreeMap, BTreeSet};

use rustix::process::getpid;

use crate::process::{self, Process};
use crate::snapshot::Snapshot;
use crate::supervisor::ATTEMPT_MARK;

/// The processes that existed at one moment, or nearly so: the system has no way to stop them all for a look.
#[derive(Clone, Debug, Default)]
pub struct ProcessTable {
    processes: BTreeMap<i32, Process>,
}

/// A process of a tree.
pub(crate) struct Member<'t> {
    pub(crate) process: &'t Process,
    /// How many ancestors it has in the tree.
    pub(crate) depth: usize,
}

impl ProcessTable {
    /// Looks at all processes. Takes about a millisecond for a few hundred.
    ///
    /// Shape: empty where there is no `/proc`; a process that ends meanwhile may be missing.
    ///
    #[must_use]
    pub fn read() -> Self {
        let processes = process::all().into_iter();
        Self {
            processes: processes.map(|it| (it.pid, it)).collect(),
        }
    }

    /// Returns what the processes of the command `leader` are doing now: its descendants, whoever is in a group or
    /// session that one of them leads, and those they abandoned, if these still bear the mark of the command.
    #[must_use]
    pub fn snapshot(&self, leader: i32) -> Snapshot {
        Snapshot::new(&self.tree(leader, self.abandoned(leader)))
    }

    /// Returns the processes that belong to `leader`, each after its parent, children by pid. Those whose parent is gone
    /// follow the rest.
    fn tree(&self, leader: i32, abandoned: Vec<i32>) -> Vec<Member<'_>> {
        let belonging = self.belonging(leader, abandoned);
        let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
        let mut roots = Vec::new();
        for &pid in &belonging {
            match self.processes.get(&pid) {
                Some(process) if pid != leader && belonging.contains(&process.parent) => {
                    children.entry(process.parent).or_default().push(pid);
                }
                _ => roots.push(pid),
            }
        }
        // What is put last is taken first.
        roots.sort_by_key(|&pid| (pid != leader, pid));
        let mut next: Vec<(i32, usize)> = roots.into_iter().rev().map(|pid| (pid, 0)).collect();
        let mut tree = Vec::new();
        while let Some((pid, depth)) = next.pop() {
            let below = children.remove(&pid).unwrap_or_default();
            next.extend(below.into_iter().rev().map(|child| (child, depth + 1)));
            if let Some(process) = self.processes.get(&pid) {
                tree.push(Member { process, depth });
            }
        }
        tree
    }

    /// Returns the processes that this one adopted and that have the same mark in their environment as `leader`.
    fn abandoned(&self, leader: i32) -> Vec<i32> {
        let environment = process::environment(leader);
        let mut entries = environment.split(|byte| *byte == 0);
        let Some(mark) = entries.find(|entry| entry.starts_with(ATTEMPT_MARK)) else {
            return Vec::new();
        };
        let own_pid = getpid().as_raw_pid();
        let adopted = self.processes.values().filter(|it| it.parent == own_pid);
        adopted
            .map(|it| it.pid)
            .filter(|pid| process::has_entry(&process::environment(*pid), mark))
            .collect()
    }

    /// Returns the pids of the tree, `leader` among them whether it still exists or not.
    fn belonging(&self, leader: i32, abandoned: Vec<i32>) -> BTreeSet<i32> {
        let mut bound_to: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
        for (&pid, process) in &self.processes {
            for tie in [process.parent, process.group, process.session] {
                bound_to.entry(tie).or_default().push(pid);
            }
        }
        let mut belonging = BTreeSet::new();
        let mut next = abandoned;
        next.push(leader);
        while let Some(pid) = next.pop() {
            if belonging.insert(pid) {
                next.extend(bound_to.remove(&pid).unwrap_or_default());
            }
        }
        belonging
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process((pid, parent, group, session): (i32, i32, i32, i32)) -> Process {
        Process {
            pid,
            name: "x".to_owned(),
            state: 'S',
            is_dead: false,
            parent,
            group,
            session,
            ticks: 0,
            waited_ticks: 0,
            threads: 1,
            start: 0,
            resident_pages: 0,
        }
    }

    /// Returns the tree of `leader` as pids with their depths, from `(pid, parent, group, session)`.
    fn tree(leader: i32, processes: &[(i32, i32, i32, i32)]) -> Vec<(i32, usize)> {
        let processes = processes.iter();
        let table = ProcessTable {
            processes: processes.map(|it| (it.0, process(*it))).collect(),
        };
        let tree = table.tree(leader, Vec::new());
        tree.iter().map(|it| (it.process.pid, it.depth)).collect()
    }

    /// A shell (5) that started a runner (10), which leads a session with strangers in it.
    const AROUND: [(i32, i32, i32, i32); 4] =
        [(1, 0, 0, 0), (5, 1, 5, 5), (10, 5, 10, 5), (11, 10, 11, 5)];

    #[test]
    fn children_follow_their_parents_and_strangers_stay_out() {
        let command = [
            (20, 10, 20, 5),
            (23, 20, 20, 5),
            (21, 20, 20, 5),
            (22, 21, 20, 5),
        ];
        let all = [&AROUND[..], &command].concat();
        assert_eq!(tree(20, &all), [(20, 0), (21, 1), (22, 2), (23, 1)]);
    }

    #[test]
    fn whoever_left_the_family_is_found_by_group_or_session() {
        // An orphan of the group; a daemon whose parent is gone, in a session that a member leads.
        let command = [
            (20, 10, 20, 5),
            (21, 1, 20, 5),
            (22, 20, 22, 22),
            (23, 1, 24, 22),
            (25, 23, 25, 25),
        ];
        let all = [&AROUND[..], &command].concat();
        assert_eq!(
            tree(20, &all),
            [(20, 0), (22, 1), (21, 0), (23, 0), (25, 1)]
        );
    }

    #[test]
    fn a_command_that_is_gone_may_have_left_its_group() {
        let all = [&AROUND[..], &[(21, 1, 20, 5)]].concat();
        assert_eq!(tree(20, &all), [(21, 0)]);
        assert_eq!(tree(20, &AROUND), []);
    }

    #[test]
    fn a_pid_that_wrapped_around_and_a_circle_are_no_trap() {
        assert_eq!(
            tree(20, &[(20, 3, 20, 5), (3, 20, 20, 5)]),
            [(20, 0), (3, 1)]
        );
    }
}
