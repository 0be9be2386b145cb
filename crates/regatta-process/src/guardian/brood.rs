//! Everyone the guardian is responsible for: the commands it started and the processes they
//! abandoned, which it adopted. Brings each command to its end, whoever it left behind. Knows
//! nobody it could tell.

use std::collections::BTreeMap;
use std::iter;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::children::{self, Children};
use super::message::Reply;
use super::owner::{Ending, Orphan, Ward};
use crate::LeftoverPolicy;
use crate::usage::reap;

/// How long those a command left behind may take to die, after which the command is over all the
/// same. Usually it takes less than a millisecond; a process stuck in the kernel may take forever.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a process of unknown origin holds up the end of a command. One that is about to
/// execute a program has no environment for a moment.
const STRANGER_PATIENCE: Duration = Duration::from_millis(20);

/// The pause between two looks at what is being ended.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// How many exits are dealt with before anything else gets its turn: those who fork faster than
/// they can be reaped must not keep the guardian from ending them.
const MAX_EXITS: usize = 100;

pub(super) struct Brood {
    own_pid: i32,
    children: Children,
    /// By leader, none of which has been reaped: a pid and a group of that number are theirs.
    wards: BTreeMap<i32, Ward>,
    /// Commands that are over, with processes that live on because they may, or cannot die.
    retired: Vec<Ward>,
    /// Which command an adopted process belongs to, by its serial number.
    owners: BTreeMap<i32, u64>,
    /// Whether there are exits that have not been dealt with.
    is_behind: bool,
}

impl Brood {
    pub(super) fn new(own_pid: i32) -> Self {
        Self {
            own_pid,
            children: Children::new(own_pid),
            wards: BTreeMap::new(),
            retired: Vec::new(),
            owners: BTreeMap::new(),
            is_behind: false,
        }
    }

    pub(super) fn add(&mut self, ward: Ward) {
        self.wards.insert(ward.leader, ward);
    }

    /// Sends a signal to the group of a command, and lets it go on if it was stopped, since a
    /// stopped process acts on nothing but `SIGKILL`. A command whose leader has exited gets none:
    /// it is being ended already.
    pub(super) fn signal(&self, serial: u64, signal: Signal) {
        let ward = self.wards.values().find(|ward| ward.serial == serial);
        if let Some(ward) = ward.filter(|ward| ward.ending.is_none()) {
            kill_group(ward.leader, signal);
            if signal == Signal::KILL {
                // The leader itself may have joined another group.
                kill(ward.leader);
            } else {
                kill_group(ward.leader, Signal::CONT);
            }
        }
    }

    /// Returns whether there is something to look at again soon.
    pub(super) fn is_busy(&self) -> bool {
        self.is_behind || self.wards.values().any(|ward| ward.ending.is_some())
    }

    /// Deals with exits and returns what has come to its end.
    pub(super) fn settle(&mut self) -> Vec<Reply> {
        let mut replies = Vec::new();
        self.is_behind = true;
        for _ in 0..MAX_EXITS {
            let Some(pid) = self.find_exited() else {
                self.is_behind = false;
                break;
            };
            if let Some(ward) = self.wards.get_mut(&pid) {
                ward.ending = Some(Ending::new());
                replies.extend(self.sweep(pid));
            } else {
                self.forget(pid);
            }
        }
        let wards = self.wards.values();
        let ending = wards.filter(|ward| ward.ending.is_some());
        let leaders: Vec<i32> = ending.map(|ward| ward.leader).collect();
        replies.extend(leaders.into_iter().filter_map(|leader| self.sweep(leader)));
        replies
    }

    /// Ends everyone, and returns when nobody is left, or when nobody has died for a while.
    pub(super) fn end_all(&mut self, pause: impl Fn()) {
        let mut last_death = Instant::now();
        loop {
            for leader in self.wards.keys() {
                kill_group(*leader, Signal::KILL);
            }
            let children = self.children.list();
            for pid in &children {
                self.kill_with_group(&Orphan::new(*pid, self.own_pid), *pid);
            }
            let mut died = false;
            for pid in iter::from_fn(children::find_exited).take(MAX_EXITS) {
                reap(pid);
                self.wards.remove(&pid);
                died = true;
            }
            if died {
                last_death = Instant::now();
            } else if children.is_empty() || last_death.elapsed() >= PATIENCE {
                return;
            } else {
                pause();
            }
        }
    }

    fn find_exited(&mut self) -> Option<i32> {
        let wards = &self.wards;
        let is_known = |pid: i32| wards.get(&pid).is_some_and(|ward| ward.ending.is_some());
        let first = children::find_exited()?;
        if !is_known(first) {
            return Some(first);
        }
        // It is told first every time, so the others have to be asked one by one.
        let children = self.children.list().into_iter();
        children
            .filter(|pid| !is_known(*pid))
            .find(|pid| children::has_exited(*pid))
    }

    /// Takes one look at a command whose leader has exited: ends everyone who belongs to it, or,
    /// if nobody is left, reaps the leader. Only then may its number go to another process.
    fn sweep(&mut self, leader: i32) -> Option<Reply> {
        let (orphans, is_complete) = self.orphans();
        let owners: Vec<Option<u64>> = orphans.iter().map(|it| self.owner(it)).collect();
        let owners_in_use = &self.owners;
        self.retired
            .retain(|ward| owners_in_use.values().any(|it| *it == ward.serial));
        let ward = self.wards.get(&leader)?;
        let since = ward.ending.as_ref()?.since;
        let is_late = since.elapsed() >= STRANGER_PATIENCE;
        let (mut own, mut suspects, mut is_undecided) = (Vec::new(), Vec::new(), false);
        for (orphan, owner) in orphans.iter().zip(owners) {
            if owner == Some(ward.serial) {
                own.push(orphan);
            } else if owner.is_none() && orphan.may_stem_from(ward) {
                if !is_late {
                    is_undecided = true;
                } else if self.has_other_suspicion(ward, orphan) {
                    suspects.push(orphan);
                } else {
                    own.push(orphan);
                }
            }
        }
        let may_stay = own.is_empty() || ward.policy == LeftoverPolicy::Allow;
        let is_settled = is_complete && may_stay && !is_undecided;
        let ending = self.wards.get_mut(&leader)?.ending.as_mut()?;
        for orphan in own.iter().chain(&suspects) {
            ending.note(orphan);
        }
        if is_settled || since.elapsed() >= PATIENCE {
            let left: Vec<i32> = own.iter().map(|orphan| orphan.pid).collect();
            return self.finish(leader, &left);
        }
        if !may_stay {
            for orphan in &own {
                self.kill_with_group(orphan, leader);
            }
            kill_group(leader, Signal::KILL);
        }
        None
    }

    /// Reaps a leader and returns what to tell. `left` are those of the command that live on.
    fn finish(&mut self, leader: i32, left: &[i32]) -> Option<Reply> {
        let mut ward = self.wards.remove(&leader)?;
        if !left.is_empty() {
            ward.start = ward.start();
            self.owners
                .extend(left.iter().map(|pid| (*pid, ward.serial)));
        }
        let exit = reap(leader)?;
        let ending = ward.ending.take();
        let reply = Reply::Exited {
            serial: ward.serial,
            exit,
            leftovers: ending.map(|it| it.leftovers()).unwrap_or_default(),
        };
        if !left.is_empty() {
            self.retired.push(ward);
        }
        Some(reply)
    }

    /// Returns the adopted processes that live, and whether those are all: one that was dead, and
    /// was reaped on the way, may have made new orphans since the list was written.
    fn orphans(&mut self) -> (Vec<Orphan>, bool) {
        let mut pids = self.children.list();
        pids.retain(|pid| !self.wards.contains_key(pid));
        let listed = pids.len();
        pids.retain(|pid| !self.forget(*pid));
        let is_complete = pids.len() == listed;
        let orphans = pids.into_iter();
        let orphans = orphans.map(|pid| Orphan::new(pid, self.own_pid)).collect();
        (orphans, is_complete)
    }

    /// Reaps an adopted process if it is dead, and returns whether it was.
    fn forget(&mut self, pid: i32) -> bool {
        let is_dead = reap(pid).is_some();
        if is_dead {
            self.owners.remove(&pid);
        }
        is_dead
    }

    fn owner(&mut self, orphan: &Orphan) -> Option<u64> {
        let known = self.owners.get(&orphan.pid).copied();
        let owner =
            known.or_else(|| orphan.find_owner(&self.wards.values().chain(&self.retired)))?;
        self.owners.insert(orphan.pid, owner);
        Some(owner)
    }

    /// Returns whether the process may also stem from a command that goes on.
    fn has_other_suspicion(&self, ward: &Ward, orphan: &Orphan) -> bool {
        let others = self.wards.values().filter(|it| it.ending.is_none());
        others
            .chain(&self.retired)
            .any(|other| other.serial != ward.serial && orphan.may_stem_from(other))
    }

    /// Ends a process together with its group, unless the group is that of another command.
    fn kill_with_group(&self, orphan: &Orphan, leader: i32) {
        let group = orphan.group.map(Pid::as_raw_pid);
        let group = group.filter(|group| *group != self.own_pid);
        if let Some(group) = group.filter(|it| *it == leader || !self.wards.contains_key(it)) {
            kill_group(group, Signal::KILL);
        }
        kill(orphan.pid);
    }
}

/// Ends a child, whose pid is its own as long as it is not reaped.
fn kill(pid: i32) {
    if let Some(pid) = Pid::from_raw(pid) {
        // It fails for the dead, and for those of another user, who are named in the end.
        let _ = kill_process(pid, Signal::KILL);
    }
}

fn kill_group(group: i32, signal: Signal) {
    if let Some(group) = Pid::from_raw(group) {
        // It fails when nobody is left, or nobody who may be signalled: there is nothing to do.
        let _ = kill_process_group(group, signal);
    }
}
