//! What attempts waited for that could have run: a full group, by name, or else a slot.
//!
//! No event says so, but it follows from what ran meanwhile: a group is full while as many of its members run as it
//! takes.

use std::collections::BTreeMap;
use std::time::Duration;

use regatta_core::id::{Id, PoolId, TaskId};
use serde::Serialize;

use super::words::seconds;
use crate::report::record::{AttemptRecord, Record};
use crate::report::replay::pools;

/// Between two members of a group there is a moment in which nobody runs.
const GAP: Duration = Duration::from_millis(20);

/// A part of a wait is not told if it is shorter than this.
const SHORTEST: Duration = Duration::from_millis(1);

/// How many parts of one wait are told.
const PARTS: usize = 6;

/// A part of a wait.
///
/// *Shape*: start and end in seconds of the run, then the place of the group, from 0, or -1 for a slot.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Wait(pub(super) f64, pub(super) f64, pub(super) i32);

type Stretch = (Duration, Duration);

/// When which group was full.
pub(super) struct Waits<'r> {
    pool_of: BTreeMap<&'r str, PoolId>,
    /// By pool; in order, apart from each other.
    full: Vec<Vec<Stretch>>,
}

impl<'r> Waits<'r> {
    pub(super) fn new(record: &'r Record) -> Self {
        let (pools, pool_of) = pools(record);
        let mut changes: Vec<Vec<(Duration, i64)>> = vec![Vec::new(); pools.len()];
        if !pool_of.is_empty() {
            for index in 0..record.tasks.len() {
                let groups = &record.suite(TaskId::from_index(index)).parallel_group;
                let spans = record.tasks[index].attempts.iter().filter_map(span);
                for (from, to) in spans {
                    for pool in groups.iter().filter_map(|it| pool_of.get(it.as_str())) {
                        changes[pool.index()].extend([(from, 1), (to, -1)]);
                    }
                }
            }
        }
        let full = changes.into_iter().zip(&pools);
        let full = full.map(|(changes, pool)| find_full(changes, pool.capacity));
        Self {
            full: full.collect(),
            pool_of,
        }
    }

    /// Returns what an attempt of a task waited for, part by part.
    pub(super) fn of(&self, record: &Record, task: TaskId, attempt: &AttemptRecord) -> Vec<Wait> {
        let Some(started) = attempt.started.filter(|_| attempt.queued >= SHORTEST) else {
            return Vec::new();
        };
        let (begin, end) = (started.0.saturating_sub(attempt.queued), started.0);
        let groups = record.suite(task).parallel_group.iter();
        let pools = groups.filter_map(|it| self.pool_of.get(it.as_str()));
        let mut parts = Vec::new();
        let mut at = begin;
        let mut stretches: Vec<(Stretch, PoolId)> = pools
            .flat_map(|pool| {
                let full = &self.full[pool.index()];
                let first = full.partition_point(|it| it.1 <= begin);
                let during = full[first..].iter().take_while(|it| it.0 < end);
                during.map(|it| (*it, *pool))
            })
            .collect();
        stretches.sort_unstable();
        for ((from, to), pool) in stretches.into_iter().take(PARTS) {
            // Those who start next are let in a moment after somebody left.
            let (from, to) = (from.max(at), if to + GAP >= end { end } else { to });
            if to <= from {
                continue;
            }
            add(&mut parts, at, from, -1);
            let group = i32::try_from(pool.index()).unwrap_or(i32::MAX) - 1;
            add(&mut parts, from, to, group);
            at = to;
        }
        add(&mut parts, at, end, -1);
        parts
    }
}

fn add(parts: &mut Vec<Wait>, from: Duration, to: Duration, group: i32) {
    if to.saturating_sub(from) >= SHORTEST {
        parts.push(Wait(seconds(from), seconds(to), group));
    }
}

fn span(attempt: &AttemptRecord) -> Option<Stretch> {
    Some((attempt.started?.0, attempt.end.as_ref()?.at.0))
}

/// Returns when at least `capacity` members ran, with small gaps closed.
fn find_full(mut changes: Vec<(Duration, i64)>, capacity: u64) -> Vec<Stretch> {
    changes.sort_unstable();
    let capacity = i64::try_from(capacity).unwrap_or(i64::MAX);
    let mut stretches: Vec<Stretch> = Vec::new();
    let (mut running, mut since) = (0, None);
    for (at, change) in changes {
        running += change;
        match since {
            None if running >= capacity => since = Some(at),
            Some(from) if running < capacity => {
                since = None;
                match stretches.last_mut() {
                    Some(last) if from.saturating_sub(last.1) <= GAP => last.1 = at,
                    _ => stretches.push((from, at)),
                }
            }
            _ => {}
        }
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_full_while_as_many_run_as_it_takes() {
        let at = Duration::from_millis;
        let spans = [(0, 100), (50, 150), (101, 300), (400, 500), (420, 440)];
        let changes = || {
            let changes = spans.iter();
            let changes = changes.flat_map(|&(from, to)| [(at(from), 1), (at(to), -1)]);
            changes.collect()
        };
        assert_eq!(
            find_full(changes(), 1),
            [(at(0), at(300)), (at(400), at(500))]
        );
        assert_eq!(
            find_full(changes(), 2),
            [(at(50), at(150)), (at(420), at(440))]
        );
        assert_eq!(find_full(changes(), 3), []);
    }
}
