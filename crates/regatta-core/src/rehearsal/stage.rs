//! Plays a network as the scheduler would, without its words.
//!
//! The rules are those of [`crate::schedule`]: ends are taken one by one, in the order of their times and then of the
//! starts, and after each everything that has room starts, the first of the order before the others. That both agree to
//! the nanosecond is a property test. Nothing is allocated while a play goes on.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::network::{Network, number};

/// An order of tasks: who goes first when several could start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    /// The task at each place.
    pub(crate) tasks: Vec<u32>,
    /// The place of each task.
    pub(crate) places: Vec<u32>,
}

impl Order {
    pub(crate) fn new(tasks: Vec<u32>) -> Self {
        let mut places = vec![0; tasks.len()];
        for (place, &task) in tasks.iter().enumerate() {
            places[task as usize] = number(place);
        }
        Self { tasks, places }
    }

    /// Returns the order in which `key` falls; of equals the first in the plan comes first.
    pub(crate) fn by<K: Ord>(count: usize, key: impl Fn(usize) -> K) -> Self {
        let mut tasks: Vec<u32> = (0..count).map(number).collect();
        tasks.sort_by_key(|&task| Reverse(key(task as usize)));
        Self::new(tasks)
    }

    /// Moves the task at one place to another; those between move up.
    pub(crate) fn shift(&mut self, from: usize, to: usize) {
        if from < to {
            self.tasks[from..=to].rotate_left(1);
        } else {
            self.tasks[to..=from].rotate_right(1);
        }
        for place in from.min(to)..=from.max(to) {
            self.places[self.tasks[place] as usize] = number(place);
        }
    }

    /// Exchanges the tasks at two places.
    pub(crate) fn swap(&mut self, one: usize, other: usize) {
        self.tasks.swap(one, other);
        for place in [one, other] {
            self.places[self.tasks[place] as usize] = number(place);
        }
    }
}

/// How it is with a task when a play begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It has not run.
    Ahead,
    /// It runs, for this many nanoseconds more.
    Runs(u64),
    /// It is over.
    Over,
}

/// What a play needs to remember, kept from one to the next.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    /// When each task started in the latest play; not touched for those that were over before.
    pub(crate) starts: Vec<u64>,
    /// How many steps were played, ever: the measure of effort. A start is one, and so is getting four tasks ready.
    pub(crate) played: u64,
    missing: Vec<u32>,
    free: Vec<u64>,
    lines: Vec<Line>,
    running: BinaryHeap<Reverse<(u64, u32, u32)>>,
}

/// The places of the tasks of one class that could start, as a set of bits.
#[derive(Debug, Default, Clone)]
struct Line {
    words: Vec<u64>,
    count: u32,
    /// No word before this one has a bit.
    lowest: usize,
}

impl Line {
    fn clear(&mut self, places: usize) {
        self.words.clear();
        self.words.resize(places.div_ceil(64), 0);
        self.count = 0;
        self.lowest = 0;
    }

    fn insert(&mut self, place: u32) {
        let word = place as usize / 64;
        self.words[word] |= 1 << (place % 64);
        self.count += 1;
        self.lowest = self.lowest.min(word);
    }

    fn first(&mut self) -> u32 {
        while self.words[self.lowest] == 0 {
            self.lowest += 1;
        }
        number(self.lowest * 64) + self.words[self.lowest].trailing_zeros()
    }

    fn remove(&mut self, place: u32) {
        self.words[place as usize / 64] &= !(1 << (place % 64));
        self.count -= 1;
    }
}

impl Stage {
    /// Plays everything from the beginning and returns when the last task ends, or `None` as soon as it is clear that
    /// this is after `limit`: a task started so late that its `tail`, what must follow its start, goes beyond.
    pub(crate) fn play(
        &mut self,
        network: &Network,
        order: &Order,
        tails: &[u64],
        limit: u64,
    ) -> Option<u64> {
        self.prepare(network);
        for task in 0..network.len() {
            if network.missing[task] == 0 {
                self.enqueue(network, order, task);
            }
        }
        self.go_on(network, order, |task, now| now + tails[task] <= limit)
    }

    /// Plays what is left of a run and returns when the last task ends, from now.
    pub(crate) fn play_rest(
        &mut self,
        network: &Network,
        order: &Order,
        standings: &[Standing],
    ) -> u64 {
        self.prepare(network);
        for (task, standing) in standings.iter().enumerate() {
            match *standing {
                Standing::Over => {
                    for &dependent in network.dependents(task) {
                        self.missing[dependent as usize] -= 1;
                    }
                }
                Standing::Runs(rest) => {
                    for &(pool, amount) in network.claims(task) {
                        // What runs has its room already, however the books stand.
                        self.free[pool] = self.free[pool].saturating_sub(amount);
                    }
                    self.starts[task] = 0;
                    self.running
                        .push(Reverse((rest, number(task), number(task))));
                }
                Standing::Ahead => {}
            }
        }
        for (task, standing) in standings.iter().enumerate() {
            if *standing == Standing::Ahead && self.missing[task] == 0 {
                self.enqueue(network, order, task);
            }
        }
        self.go_on(network, order, |_, _| true).unwrap_or_default()
    }

    fn prepare(&mut self, network: &Network) {
        self.played += 1 + network.len() as u64 / 4;
        self.missing.clone_from(&network.missing);
        self.free.clone_from(&network.capacities);
        self.starts.resize(network.len(), 0);
        self.lines.resize(network.classes.len(), Line::default());
        for line in &mut self.lines {
            line.clear(network.len());
        }
        self.running.clear();
    }

    fn enqueue(&mut self, network: &Network, order: &Order, task: usize) {
        self.lines[network.class_of[task] as usize].insert(order.places[task]);
    }

    fn go_on(
        &mut self,
        network: &Network,
        order: &Order,
        in_time: impl Fn(usize, u64) -> bool,
    ) -> Option<u64> {
        let mut now = 0;
        // Those that ran before have the numbers of tasks.
        let mut starts = number(network.len());
        loop {
            while let Some((class, place)) = self.find_next(network) {
                let task = order.tasks[place as usize];
                if !in_time(task as usize, now) {
                    return None;
                }
                self.lines[class].remove(place);
                for &(pool, amount) in &network.classes[class] {
                    self.free[pool] -= amount;
                }
                self.starts[task as usize] = now;
                self.played += 1;
                let end = now + network.durations[task as usize];
                self.running.push(Reverse((end, starts, task)));
                starts += 1;
            }
            let Some(Reverse((end, _, task))) = self.running.pop() else {
                return Some(now);
            };
            now = end;
            for &(pool, amount) in network.claims(task as usize) {
                self.free[pool] = (self.free[pool] + amount).min(network.capacities[pool]);
            }
            for &dependent in network.dependents(task as usize) {
                let missing = &mut self.missing[dependent as usize];
                *missing -= 1;
                if *missing == 0 {
                    self.enqueue(network, order, dependent as usize);
                }
            }
        }
    }

    /// Returns the first place of the order whose task has room, and its class.
    fn find_next(&mut self, network: &Network) -> Option<(usize, u32)> {
        let mut best = None;
        for (class, line) in self.lines.iter_mut().enumerate() {
            if line.count == 0 {
                continue;
            }
            let claims = &network.classes[class];
            if claims
                .iter()
                .all(|&(pool, amount)| self.free[pool] >= amount)
            {
                let first = line.first();
                if best.is_none_or(|(_, place)| first < place) {
                    best = Some((class, first));
                }
            }
        }
        best
    }
}
