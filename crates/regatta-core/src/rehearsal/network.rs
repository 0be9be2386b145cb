//! A plan without its words: durations, dependents, claims, as flat lists of numbers.
//!
//! It exists so that a run can be played thousands of times in a few milliseconds. It knows neither names nor terms,
//! and every task passes at its first attempt.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::id::{Id, TaskId};
use crate::plan::Plan;

/// An amount of a pool, the pool as its index.
pub(crate) type Draw = (usize, u64);

/// The tasks of a plan as numbers.
///
/// *Shape*: every list of tasks is indexed by `TaskId`. *Units*: nanoseconds.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    /// How long each task takes.
    pub(crate) durations: Vec<u64>,
    /// How many tasks each one waits for.
    pub(crate) missing: Vec<u32>,
    dependents: Links,
    dependencies: Links,
    /// The class of each task: those of one class claim the same.
    pub(crate) class_of: Vec<u32>,
    /// What the tasks of each class claim.
    pub(crate) classes: Vec<Vec<Draw>>,
    /// How much there is of each pool.
    pub(crate) capacities: Vec<u64>,
    /// The tasks, each after all it waits for.
    pub(crate) sorted: Vec<u32>,
}

/// Lists of tasks, one a task, in one piece of memory.
#[derive(Debug, Clone)]
struct Links {
    ends: Vec<u32>,
    tasks: Vec<u32>,
}

impl Links {
    fn new<'a>(lists: impl Iterator<Item = &'a [TaskId]>) -> Self {
        let mut links = Self {
            ends: vec![0],
            tasks: Vec::new(),
        };
        for list in lists {
            links.tasks.extend(list.iter().map(|task| task.0));
            links.ends.push(number(links.tasks.len()));
        }
        links
    }

    fn of(&self, task: usize) -> &[u32] {
        &self.tasks[self.ends[task] as usize..self.ends[task + 1] as usize]
    }
}

impl Network {
    /// Returns the numbers of a plan, with the durations that it expects.
    pub(crate) fn new(plan: &Plan) -> Self {
        let tasks = plan.tasks.values();
        let mut known = BTreeMap::new();
        let mut classes: Vec<Vec<Draw>> = Vec::new();
        let class_of = tasks.clone().map(|task| {
            *known.entry(&task.claims).or_insert_with(|| {
                let claims = task.claims.iter();
                classes.push(claims.map(|it| (it.pool.index(), it.amount)).collect());
                number(classes.len() - 1)
            })
        });
        let class_of = class_of.collect();
        let mut network = Self {
            durations: tasks
                .clone()
                .map(|it| nanos(it.expected.duration))
                .collect(),
            missing: tasks
                .clone()
                .map(|it| number(it.dependencies.len()))
                .collect(),
            dependents: Links::new(tasks.clone().map(|it| it.dependents.as_slice())),
            dependencies: Links::new(tasks.map(|it| it.dependencies.as_slice())),
            class_of,
            classes,
            capacities: plan.pools.values().map(|pool| pool.capacity).collect(),
            sorted: Vec::new(),
        };
        network.sort();
        network
    }

    /// Returns the network with every dependency turned round: what ran last runs first.
    pub(crate) fn reversed(&self) -> Self {
        let mut network = Self {
            dependents: self.dependencies.clone(),
            dependencies: self.dependents.clone(),
            missing: (0..self.len())
                .map(|task| number(self.dependents(task).len()))
                .collect(),
            ..self.clone()
        };
        network.sorted.reverse();
        network
    }

    pub(crate) fn len(&self) -> usize {
        self.durations.len()
    }

    /// Returns the tasks that wait for this one.
    pub(crate) fn dependents(&self, task: usize) -> &[u32] {
        self.dependents.of(task)
    }

    /// Returns what a task claims.
    pub(crate) fn claims(&self, task: usize) -> &[Draw] {
        &self.classes[self.class_of[task] as usize]
    }

    fn sort(&mut self) {
        let mut missing = self.missing.clone();
        let free = (0..self.len()).filter(|&task| missing[task] == 0);
        self.sorted = free.map(number).collect();
        let mut at = 0;
        while at < self.sorted.len() {
            for &dependent in self.dependents.of(self.sorted[at] as usize) {
                missing[dependent as usize] -= 1;
                if missing[dependent as usize] == 0 {
                    self.sorted.push(dependent);
                }
            }
            at += 1;
        }
    }
}

/// Returns nanoseconds; more than five centuries count as five centuries.
pub(crate) fn nanos(duration: Duration) -> u64 {
    // Sums of many stay within the type, too.
    u64::try_from(duration.as_nanos())
        .unwrap_or(u64::MAX)
        .min(u64::MAX >> 12)
}

pub(crate) fn number(index: usize) -> u32 {
    u32::try_from(index).expect("a plan has fewer than 2^32 parts")
}
