//! To which command a process belongs that its parent abandoned. Looks, and touches nothing.

use std::collections::BTreeSet;
use std::ffi::CStr;
use std::sync::Arc;
use std::time::Instant;

use crate::process::{self, Process};
use crate::{Leftover, Usage};

/// A command this process answers for.
pub(crate) struct Ward {
    pub(crate) serial: u64,
    /// The process that was started, which leads a group of the same number.
    pub(crate) leader: i32,
    /// The entry of its environment that no other command has.
    pub(crate) mark: Option<Arc<CStr>>,
    /// The inode of the pipe it prints into.
    pub(crate) pipe: u64,
    /// From the leader's exit on.
    pub(super) ending: Option<Ending>,
    /// When the leader started, once nobody can ask it any more.
    pub(super) start: Option<u64>,
    /// What those of it consumed that were adopted and are gone.
    pub(super) adopted: Usage,
}

/// What is known of a command whose leader has exited.
pub(super) struct Ending {
    pub(super) since: Instant,
    /// Everyone who was found alive, each once.
    found: Vec<Process>,
    /// Their pids, where it is not certain that they stem from the command.
    uncertain: BTreeSet<i32>,
    /// The groups and sessions of those. They are compared only while the ending lasts, too short
    /// for the numbers to be used anew.
    circles: BTreeSet<i32>,
}

impl Ward {
    pub(crate) fn new(serial: u64, leader: i32, mark: Option<Arc<CStr>>, pipe: u64) -> Self {
        Self {
            serial,
            leader,
            mark,
            pipe,
            ending: None,
            start: None,
            adopted: Usage::default(),
        }
    }

    pub(super) fn start(&self) -> Option<u64> {
        self.start
            .or_else(|| Process::read(self.leader).map(|leader| leader.start))
    }
}

impl Ending {
    pub(super) fn new() -> Self {
        Self {
            since: Instant::now(),
            found: Vec::new(),
            uncertain: BTreeSet::new(),
            circles: BTreeSet::new(),
        }
    }

    /// Notes a process that outlived the command, with everyone below it, or one that may have.
    pub(super) fn note(&mut self, orphan: &Orphan, is_uncertain: bool) {
        let below = process::descendants(orphan.pid).into_iter();
        let below: Vec<Process> = below.filter_map(Process::read).collect();
        for process in orphan.process.iter().chain(&below) {
            if !process.is_dead && !self.has_found(process) {
                self.found.push(process.clone());
                if is_uncertain {
                    self.uncertain.insert(process.pid);
                }
            }
        }
        self.circles.extend(&orphan.circles);
    }

    /// Returns everyone who was found, each list sorted by pid: those of the command, and those who may be of another.
    pub(super) fn leftovers(&self) -> (Vec<Leftover>, Vec<Leftover>) {
        let mut found: Vec<Leftover> = self.found.iter().map(Process::to_leftover).collect();
        found.sort_by_key(|leftover| leftover.pid);
        found
            .into_iter()
            .partition(|leftover| !self.uncertain.contains(&leftover.pid))
    }

    fn has_found(&self, process: &Process) -> bool {
        self.found.iter().any(|it| it.is_same(process))
    }

    fn is_kin(&self, orphan: &Orphan) -> bool {
        !self.circles.is_disjoint(&orphan.circles)
            || orphan.process.as_ref().is_some_and(|it| self.has_found(it))
    }
}

/// A child of this process that is no command: it may not have been reaped, so its pid is its own.
pub(super) struct Orphan {
    pub(super) pid: i32,
    pub(super) process: Option<Process>,
    /// Its group and its session, where they are not shared with all commands.
    circles: BTreeSet<i32>,
}

impl Orphan {
    /// `shared` are the group and the session of this process, in which all commands begin.
    pub(super) fn new(pid: i32, shared: &[i32]) -> Self {
        let process = Process::read(pid);
        let circles = process.iter().flat_map(|it| [it.group, it.session]);
        Self {
            pid,
            circles: circles.filter(|it| !shared.contains(it)).collect(),
            process,
        }
    }

    pub(super) fn group(&self) -> Option<i32> {
        self.process.as_ref().map(|process| process.group)
    }

    /// Returns whether it can stem from this command: it did not start before it.
    pub(super) fn may_stem_from(&self, ward: &Ward) -> bool {
        let start = self.process.as_ref().map(|process| process.start);
        start.is_some_and(|start| ward.start().is_none_or(|it| it <= start))
    }

    /// Returns the command among `wards` that it belongs to, by the strongest sign there is.
    pub(super) fn find_owner<'a>(
        &self,
        wards: &(impl Iterator<Item = &'a Ward> + Clone),
    ) -> Option<u64> {
        let is_member = |ward: &&Ward| self.group() == Some(ward.leader);
        let environment = process::environment(self.pid);
        let is_marked = |ward: &&Ward| {
            let mark = ward.mark.as_ref();
            mark.is_some_and(|mark| process::has_entry(&environment, mark.to_bytes()))
        };
        let is_kin = |ward: &&Ward| ward.ending.as_ref().is_some_and(|it| it.is_kin(self));
        let prints = |ward: &&Ward| process::holds_pipe(self.pid, ward.pipe);
        let found = wards.clone().find(is_member);
        let found = found.or_else(|| wards.clone().find(is_marked));
        let found = found.or_else(|| wards.clone().find(is_kin));
        let found = found.or_else(|| wards.clone().find(prints));
        found.map(|ward| ward.serial)
    }
}
