//! One look at the processes of this machine, and who among them belongs to a command. Reads what every process
//! shows of itself and nothing that costs more.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::snapshot::Snapshot;

/// The processes that existed at one moment, or nearly so: the system has no way to stop them all for a look.
#[derive(Clone, Debug, Default)]
pub struct ProcessTable {
    processes: BTreeMap<i32, Process>,
}

/// What `/proc/PID/stat` says of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    /// The short name the kernel keeps.
    pub(crate) name: String,
    /// One letter.
    pub(crate) state: char,
    pub(crate) parent: i32,
    pub(crate) group: i32,
    pub(crate) session: i32,
    /// User and system time, in ticks of the system.
    pub(crate) ticks: u64,
    pub(crate) threads: u64,
}

/// A process of a tree.
pub(crate) struct Member<'t> {
    pub(crate) pid: i32,
    pub(crate) process: &'t Process,
    /// How many ancestors it has in the tree.
    pub(crate) depth: usize,
}

impl ProcessTable {
    /// Looks at all processes. Takes about a millisecond for a few hundred.
    ///
    /// Shape: empty where there is no `/proc`; a process that ends meanwhile may be missing.
    ///
    /// Source: `proc_pid_stat(5)`.
    #[must_use]
    pub fn read() -> Self {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let processes = pids.filter_map(|pid: i32| {
            let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
            Some((pid, Process::parse(&String::from_utf8_lossy(&stat))?))
        });
        Self {
            processes: processes.collect(),
        }
    }

    /// Returns what the processes of the command `leader` are doing now: its descendants, and whoever is in a group or
    /// session that one of them leads.
    #[must_use]
    pub fn snapshot(&self, leader: i32) -> Snapshot {
        Snapshot::new(&self.tree(leader))
    }

    /// Returns the processes that belong to `leader`, each after its parent, children by pid. Those whose parent is gone
    /// follow the rest.
    pub(crate) fn tree(&self, leader: i32) -> Vec<Member<'_>> {
        let belonging = self.belonging(leader);
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
                tree.push(Member {
                    pid,
                    process,
                    depth,
                });
            }
        }
        tree
    }

    /// Returns the pids of the tree, `leader` among them whether it still exists or not.
    fn belonging(&self, leader: i32) -> BTreeSet<i32> {
        let mut bound_to: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
        for (&pid, process) in &self.processes {
            for tie in [process.parent, process.group, process.session] {
                bound_to.entry(tie).or_default().push(pid);
            }
        }
        let mut belonging = BTreeSet::new();
        let mut next = vec![leader];
        while let Some(pid) = next.pop() {
            if belonging.insert(pid) {
                next.extend(bound_to.remove(&pid).unwrap_or_default());
            }
        }
        belonging
    }
}

impl Process {
    /// Reads a line of `/proc/PID/stat`.
    fn parse(stat: &str) -> Option<Self> {
        // The name may hold blanks and parentheses of its own; after the last one come only numbers.
        let (before, after) = stat.rsplit_once(')')?;
        let (_, name) = before.split_once('(')?;
        let fields: Vec<&str> = after.split_ascii_whitespace().collect();
        // The third field of the line is the first one here.
        let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
        let id = |field: usize| fields.get(field - 3)?.parse::<i32>().ok();
        Some(Self {
            name: name.to_owned(),
            state: fields.first()?.chars().next()?,
            parent: id(4)?,
            group: id(5)?,
            session: id(6)?,
            ticks: number(14)? + number(15)?,
            threads: number(20)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(parent: i32, group: i32, session: i32) -> Process {
        Process {
            name: "x".to_owned(),
            state: 'S',
            parent,
            group,
            session,
            ticks: 0,
            threads: 1,
        }
    }

    /// Returns the tree of `leader` as pids with their depths, from `(pid, parent, group, session)`.
    fn tree(leader: i32, processes: &[(i32, i32, i32, i32)]) -> Vec<(i32, usize)> {
        let processes = processes.iter();
        let table = ProcessTable {
            processes: processes
                .map(|&(pid, parent, group, session)| (pid, process(parent, group, session)))
                .collect(),
        };
        let tree = table.tree(leader);
        tree.iter().map(|it| (it.pid, it.depth)).collect()
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

    #[test]
    fn stat_lines() {
        let line = "12 (a) R (b c) S 1 10 9 0 -1 4194304 93 0 0 0 7 5 0 0 20 0 3 0 8 2 1";
        let parsed = Process::parse(line).unwrap();
        let expected = Process {
            name: "a) R (b c".to_owned(),
            ticks: 12,
            threads: 3,
            ..process(1, 10, 9)
        };
        assert_eq!(parsed, expected);
        assert_eq!(Process::parse("12 (cut) S 1 10"), None);
        assert_eq!(Process::parse(""), None);
    }
}
