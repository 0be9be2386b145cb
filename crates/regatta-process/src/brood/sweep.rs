//! Bringing a command to its end, whoever it left behind. Starts nothing and waits for nobody: the
//! caller looks again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::children::Children;
use super::owner::{Ending, Orphan, Ward};
use crate::process::{self, Process};
use crate::usage::reap_if_dead;
use crate::{Leftover, LeftoverPolicy, Usage};

/// How long those a command left behind may take to die, after which the command is over all the
/// same. Usually it takes less than a millisecond; a process stuck in the kernel may take forever.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// How long a process of unknown origin holds up the end of a command. One that is about to
/// execute a program has no environment for a moment.
const STRANGER_PATIENCE: Duration = Duration::from_millis(20);

/// The pause between two looks at what is being ended.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(1);

pub(crate) struct Brood {
    children: Children,
    /// The group and the session of this process.
    shared: [i32; 2],
    /// By leader, none of which has been reaped: a pid and a group of that number are theirs.
    wards: BTreeMap<i32, Ward>,
    /// Commands that are over, with processes that live on because they may, or cannot die.
    retired: Vec<Ward>,
    /// Which command an adopted process belongs to, by its serial number.
    owners: BTreeMap<i32, u64>,
    /// Adopted processes that were found to stem from one of several commands.
    suspected: BTreeSet<i32>,
    /// Whether some adopted process may be dead that was not looked at.
    expects_deaths: bool,
}

/// Whom a command left behind.
#[derive(Debug, Default)]
pub(crate) struct Farewell {
    /// Everyone who was alive when its leader had exited.
    pub(crate) leftovers: Vec<Leftover>,
    /// Those who were alive then and may as well stem from another command.
    pub(crate) suspects: Vec<Leftover>,
    /// Those of them that were to die and did not.
    pub(crate) survivors: Vec<Leftover>,
    /// What those of it consumed that were abandoned, adopted here and are gone.
    pub(crate) adopted: Usage,
}

impl Brood {
    pub(crate) fn new() -> Self {
        Self {
            children: Children::new(),
            shared: process::own_circles(),
            wards: BTreeMap::new(),
            retired: Vec::new(),
            owners: BTreeMap::new(),
            suspected: BTreeSet::new(),
            expects_deaths: false,
        }
    }

    pub(crate) fn add(&mut self, ward: Ward) {
        self.wards.insert(ward.leader, ward);
    }

    /// Says that some child died, a command or an adopted process.
    pub(crate) fn expect_deaths(&mut self) {
        self.expects_deaths = true;
    }

    /// Reaps the adopted processes that died, unless a look since then has done so.
    pub(crate) fn reap_expected(&mut self) {
        if self.expects_deaths {
            for pid in self.list_orphans() {
                self.forget_if_dead(pid);
            }
        }
    }

    /// Lets a command go that cannot be ended, and returns its leader.
    pub(crate) fn abandon(&mut self, leader: i32) -> Vec<Leftover> {
        if let Some(mut ward) = self.wards.remove(&leader) {
            ward.start = ward.start();
            self.owners.insert(leader, ward.serial);
            self.retired.push(ward);
        }
        let leader = Process::read(leader).into_iter();
        leader.map(|process| process.to_leftover()).collect()
    }

    /// Takes one look at a command whose leader has exited: ends everyone who belongs to it, or,
    /// if nobody is left, returns its farewell. Only then may the leader be reaped, and its number
    /// go to another process.
    pub(crate) fn sweep(&mut self, leader: i32, policy: LeftoverPolicy) -> Option<Farewell> {
        let listed = self.list_orphans();
        let ward = self.wards.get_mut(&leader)?;
        if listed.is_empty() && ward.ending.is_none() {
            let adopted = self.wards.remove(&leader)?.adopted;
            return Some(Farewell {
                adopted,
                ..Farewell::default()
            });
        }
        ward.ending.get_or_insert_with(Ending::new);
        self.sweep_orphans(leader, policy, listed)
    }

    fn sweep_orphans(
        &mut self,
        leader: i32,
        policy: LeftoverPolicy,
        mut pids: Vec<i32>,
    ) -> Option<Farewell> {
        // One that was dead, and is reaped here, may have made new orphans since the list was made.
        let listed = pids.len();
        pids.retain(|pid| !self.forget_if_dead(*pid));
        let is_complete = pids.len() == listed;
        let orphans: Vec<Orphan> = pids
            .into_iter()
            .map(|pid| Orphan::new(pid, &self.shared))
            .collect();
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
        let may_stay = own.is_empty() || policy == LeftoverPolicy::Allow;
        self.suspected.extend(suspects.iter().map(|it| it.pid));
        let ending = self.wards.get_mut(&leader)?.ending.as_mut()?;
        for orphan in own.iter().chain(&suspects) {
            ending.note(orphan, self.suspected.contains(&orphan.pid));
        }
        let is_settled = is_complete && may_stay && !is_undecided;
        if is_settled || since.elapsed() >= PATIENCE {
            return self.dismiss(leader, &own, policy);
        }
        if !may_stay {
            kill_group(leader);
            let mut is_hopeless = true;
            for orphan in &own {
                is_hopeless &= !self.kill_with_group(orphan, leader);
            }
            if is_hopeless && is_complete && !is_undecided {
                return self.dismiss(leader, &own, policy);
            }
        }
        None
    }

    /// Lets a command go. `left` are those of it that live on.
    fn dismiss(
        &mut self,
        leader: i32,
        left: &[&Orphan],
        policy: LeftoverPolicy,
    ) -> Option<Farewell> {
        let mut ward = self.wards.remove(&leader)?;
        let (leftovers, suspects) = ward
            .ending
            .take()
            .map(|it| it.leftovers())
            .unwrap_or_default();
        let adopted = ward.adopted;
        let mut survivors = Vec::new();
        if !left.is_empty() {
            let serial = ward.serial;
            self.owners.extend(left.iter().map(|it| (it.pid, serial)));
            ward.start = ward.start();
            self.retired.push(ward);
            if policy == LeftoverPolicy::End {
                let left = left.iter().filter_map(|it| it.process.as_ref());
                survivors.extend(left.map(Process::to_leftover));
            }
        }
        Some(Farewell {
            leftovers,
            suspects,
            survivors,
            adopted,
        })
    }

    /// Returns who was adopted and goes on, each with the serial number of the command it stems from. Whose it is may be
    /// told better now than when both are dead.
    pub(crate) fn adopted(&mut self) -> Vec<(i32, u64)> {
        let mut pids = self.children.list();
        pids.retain(|pid| !self.wards.contains_key(pid));
        let mut adopted = Vec::with_capacity(pids.len());
        for pid in pids {
            let known = self.owners.get(&pid).copied();
            let owner = known.or_else(|| self.owner(&Orphan::new(pid, &self.shared)));
            adopted.extend(owner.map(|serial| (pid, serial)));
        }
        adopted
    }

    /// Returns the CPU time of those that a command abandoned and that are gone.
    pub(crate) fn adopted_cpu(&self, leader: i32) -> Duration {
        let ward = self.wards.get(&leader);
        ward.map_or(Duration::ZERO, |it| it.adopted.user + it.adopted.system)
    }

    /// Returns the children that are no commands, dead or alive.
    fn list_orphans(&mut self) -> Vec<i32> {
        // Whoever asks also reaps.
        self.expects_deaths = false;
        let mut pids = self.children.list();
        pids.retain(|pid| !self.wards.contains_key(pid));
        pids
    }

    /// Reaps an adopted process if it is dead, and returns whether it was.
    fn forget_if_dead(&mut self, pid: i32) -> bool {
        let known = self.owners.get(&pid).copied();
        // Once it is reaped nobody can tell.
        let known = known.or_else(|| self.find_by_group(pid));
        let Some(usage) = reap_if_dead(pid) else {
            return false;
        };
        let mut wards = self.wards.values_mut();
        if let Some(ward) = wards.find(|ward| Some(ward.serial) == known) {
            ward.adopted.add(&usage);
        }
        self.owners.remove(&pid);
        self.suspected.remove(&pid);
        true
    }

    /// Returns the command in whose group a process is.
    fn find_by_group(&self, pid: i32) -> Option<u64> {
        let group = Process::read(pid)?.group;
        self.wards.get(&group).map(|ward| ward.serial)
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

    /// Ends a process together with its group, unless the group is that of another command. Returns
    /// whether it may be ended.
    fn kill_with_group(&self, orphan: &Orphan, leader: i32) -> bool {
        let group = orphan.group().filter(|group| !self.shared.contains(group));
        if let Some(group) = group.filter(|it| *it == leader || !self.wards.contains_key(it)) {
            kill_group(group);
        }
        kill(orphan.pid)
    }
}

/// Ends a child, whose pid is its own as long as it is not reaped. Returns whether it may be ended: not
/// if it has become another user's.
pub(super) fn kill(pid: i32) -> bool {
    Pid::from_raw(pid).is_some_and(|pid| kill_process(pid, Signal::KILL) != Err(Errno::PERM))
}

pub(crate) fn kill_group(group: i32) {
    if let Some(group) = Pid::from_raw(group) {
        // It fails when nobody is left, or nobody who may be signalled: there is nothing to do.
        let _ = kill_process_group(group, Signal::KILL);
    }
}
