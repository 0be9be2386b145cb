//! Room in the pools, and who waits for it.
//!
//! Tasks that claim the same amounts of the same pools differ only in their order, so they wait in one
//! line, a [`Class`]. A class waits at one pool that lacks room for its tasks; when that pool gets room, the
//! class is tried again. Admitting a task therefore costs about the logarithm of what waits, however many
//! tasks, pools and groups there are. A task takes all it claims at once or nothing.
//!
//! Lines, and the first tasks of lines among each other, stand in the plan's order of starting.
//!
//! Part of a pool may be withheld: in the hands of somebody who is no task. Who that is, and why, is not known here.
//!
//! Beside the lines wait those who are to run alone: until nobody else runs, nor could. And while the machine is short of
//! memory, whoever runs keeps everybody else out, so that there is always one who goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use crate::id::{Id, IdMap, PoolId, TaskId};
use crate::plan::{Claim, Plan};

/// How hard it is to get memory on the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pressure {
    /// There is enough.
    Normal,
    /// Whoever wants some has to wait: another task would make it worse for all.
    High,
}

/// Where a task stands among all: its place in the order of the plan, then in the plan itself.
type Ranked = (u32, TaskId);

#[derive(Debug)]
pub(super) struct Room {
    pools: IdMap<PoolId, Level>,
    classes: Vec<Class>,
    class_of: IdMap<TaskId, usize>,
    ranked: IdMap<TaskId, Ranked>,
    /// Classes that wait at no pool, each under its first task.
    untried: BTreeSet<(Ranked, usize)>,
    /// Pools that got room since their waiting classes were last tried.
    opened: BTreeSet<PoolId>,
    /// Those who wait until they have all of it for themselves.
    alone: BTreeSet<Ranked>,
    /// How many have room.
    occupants: usize,
    /// Whether the one who has room is to stay alone.
    is_closed: bool,
    pressure: Pressure,
}

/// How full a pool is.
#[derive(Debug)]
struct Level {
    /// What no task has.
    free: u64,
    /// What others than tasks have of that; more than that for as long as they have not heard of a task's start.
    withheld: u64,
    /// What is taken beyond the capacity, since that has become less; paid back before anything is free.
    debt: u64,
    /// The classes that wait here, by the amount they lack, each under its first task.
    waiting: BTreeMap<u64, BTreeSet<(Ranked, usize)>>,
}

impl Level {
    fn give_back(&mut self, amount: u64) {
        let paid = amount.min(self.debt);
        self.debt -= paid;
        self.free += amount - paid;
    }

    fn take_away(&mut self, amount: u64) {
        let taken = amount.min(self.free);
        self.free -= taken;
        self.debt += amount - taken;
    }
}

/// A line of tasks with equal claims.
#[derive(Debug)]
struct Class {
    claims: Vec<Claim>,
    tasks: BTreeSet<Ranked>,
    /// The claim that had no room when the class was last tried.
    lacking: Option<Claim>,
}

impl Room {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut classes = Vec::new();
        let mut known = BTreeMap::new();
        let class_of = plan
            .tasks
            .values()
            .map(|task| {
                *known.entry(&task.claims).or_insert_with(|| {
                    classes.push(Class {
                        claims: task.claims.clone(),
                        tasks: BTreeSet::new(),
                        lacking: None,
                    });
                    classes.len() - 1
                })
            })
            .collect();
        let pools = plan
            .pools
            .values()
            .map(|pool| Level {
                free: pool.capacity,
                withheld: 0,
                debt: 0,
                waiting: BTreeMap::new(),
            })
            .collect();
        Self {
            pools,
            classes,
            class_of,
            ranked: plan
                .tasks
                .iter()
                .map(|(id, task)| (task.place, id))
                .collect(),
            untried: BTreeSet::new(),
            opened: BTreeSet::new(),
            alone: BTreeSet::new(),
            occupants: 0,
            is_closed: false,
            pressure: Pressure::Normal,
        }
    }

    /// Takes note of how hard it is to get memory.
    pub(super) fn set_pressure(&mut self, pressure: Pressure) {
        self.pressure = pressure;
    }

    /// Returns whether somebody waits.
    pub(super) fn is_awaited(&self) -> bool {
        !self.alone.is_empty() || self.classes.iter().any(|class| !class.tasks.is_empty())
    }

    /// Puts a task among those who are to run alone.
    pub(super) fn enqueue_alone(&mut self, task: TaskId) {
        self.alone.insert(self.ranked[task]);
    }

    /// Puts a task in its line.
    pub(super) fn enqueue(&mut self, task: TaskId) {
        let index = self.class_of[task];
        let task = self.ranked[task];
        self.with_first_task_changed(index, |class| {
            class.tasks.insert(task);
        });
    }

    /// Takes the room that the first task of the order needs, among those for which there is room.
    pub(super) fn admit(&mut self) -> Option<TaskId> {
        let is_short = self.pressure == Pressure::High && self.occupants > 0;
        if self.is_closed || is_short {
            return None;
        }
        let task = self.admit_from_lines().or_else(|| self.admit_alone())?;
        self.occupants += 1;
        Some(task)
    }

    fn admit_alone(&mut self) -> Option<TaskId> {
        if self.occupants > 0 {
            return None;
        }
        let (_, task) = self.alone.pop_first()?;
        self.take(self.class_of[task]);
        self.is_closed = true;
        Some(task)
    }

    fn admit_from_lines(&mut self) -> Option<TaskId> {
        loop {
            let (task, index) = self.next_candidate()?;
            let lacking = self.classes[index]
                .claims
                .iter()
                .find(|claim| self.pools[claim.pool].spare() < claim.amount)
                .copied();
            self.leave(index);
            self.classes[index].lacking = lacking;
            if lacking.is_none() {
                self.classes[index].tasks.remove(&task);
            }
            self.line_up(index);
            if lacking.is_none() {
                self.take(index);
                return Some(task.1);
            }
        }
    }

    fn take(&mut self, class: usize) {
        for claim in &self.classes[class].claims {
            self.pools[claim.pool].free -= claim.amount;
        }
    }

    /// Gives back what a task took.
    pub(super) fn release(&mut self, task: TaskId) {
        for claim in &self.classes[self.class_of[task]].claims {
            self.pools[claim.pool].give_back(claim.amount);
            self.opened.insert(claim.pool);
        }
        self.occupants -= 1;
        self.is_closed = false;
    }

    /// Leaves so much of a pool to others from now on, instead of what they had before.
    pub(super) fn withhold(&mut self, pool: PoolId, amount: u64) {
        let before = mem::replace(&mut self.pools[pool].withheld, amount);
        if amount < before {
            self.opened.insert(pool);
        }
    }

    /// Returns how much of a pool nobody has.
    pub(super) fn spare(&self, pool: PoolId) -> u64 {
        self.pools[pool].spare()
    }

    /// Returns the least that a task claims of this pool which waits for room in it, where `admit` has nobody left to
    /// let in.
    pub(super) fn wanted(&self, pool: PoolId) -> Option<u64> {
        self.pools[pool].waiting.keys().next().copied()
    }

    /// Changes the capacity of a pool. What is taken stays taken.
    pub(super) fn resize(&mut self, pool: PoolId, from: u64, to: u64) {
        let level = &mut self.pools[pool];
        level.give_back(to.saturating_sub(from));
        level.take_away(from.saturating_sub(to));
        self.opened.insert(pool);
    }

    /// Sends everybody home: nobody waits any more.
    pub(super) fn clear(&mut self) {
        self.untried.clear();
        self.opened.clear();
        self.alone.clear();
        for class in &mut self.classes {
            class.tasks.clear();
            class.lacking = None;
        }
        for index in 0..self.pools.len() {
            self.pools[PoolId::from_index(index)].waiting.clear();
        }
    }

    fn next_candidate(&mut self) -> Option<(Ranked, usize)> {
        let mut best = self.untried.first().copied();
        let pools = &self.pools;
        self.opened.retain(|&pool| {
            let level = &pools[pool];
            let fitting = level.waiting.range(..=level.spare());
            let first = fitting.filter_map(|(_, line)| line.first().copied()).min();
            best = [best, first].into_iter().flatten().min();
            first.is_some()
        });
        best
    }

    fn with_first_task_changed(&mut self, index: usize, change: impl FnOnce(&mut Class)) {
        self.leave(index);
        change(&mut self.classes[index]);
        self.line_up(index);
    }

    /// Removes a class from the place where it waits under its first task.
    fn leave(&mut self, index: usize) {
        let class = &self.classes[index];
        let Some(&first) = class.tasks.first() else {
            return;
        };
        match class.lacking {
            None => {
                self.untried.remove(&(first, index));
            }
            Some(claim) => {
                let waiting = &mut self.pools[claim.pool].waiting;
                if let Some(line) = waiting.get_mut(&claim.amount) {
                    line.remove(&(first, index));
                    if line.is_empty() {
                        waiting.remove(&claim.amount);
                    }
                }
            }
        }
    }

    /// Puts a class where it has to wait, under its first task.
    fn line_up(&mut self, index: usize) {
        let class = &self.classes[index];
        let Some(&first) = class.tasks.first() else {
            return;
        };
        match class.lacking {
            None => {
                self.untried.insert((first, index));
            }
            Some(claim) => {
                let waiting = &mut self.pools[claim.pool].waiting;
                waiting
                    .entry(claim.amount)
                    .or_default()
                    .insert((first, index));
            }
        }
    }
}

impl Level {
    fn spare(&self) -> u64 {
        self.free.saturating_sub(self.withheld)
    }
}
