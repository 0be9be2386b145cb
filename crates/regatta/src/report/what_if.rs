//! What a run would have taken under other terms: its plan, changed in one thing, ranked and played again by the rules of
//! the scheduler.
//!
//! Every suite takes as long as it took. That two more at a time may slow each other down is not known here, so these are
//! estimates, to be compared with that of the unchanged run and not with the clock.

use std::time::Duration;

use regatta_core::forecast::Course;
use regatta_core::id::{Id, PoolId, TaskId};
use regatta_core::rank::{Effort, rank};

use super::record::Record;
use super::replay::{Replay, SLOTS};

/// How many plays a run may cost, in tasks: a thousand suites are played a dozen times in a few milliseconds.
const PLAYED_TASKS: usize = 12_000;
const FEWEST: usize = 4;
const MOST: usize = 16;

/// How many groups are left out, and how many suites are split, each in turn.
const GROUPS: usize = 4;
const SPLITS: usize = 4;

/// What is spent on good orders, in steps: a search for each change where there are few suites, hardly one where there are
/// many, and in any case what the search itself finds to be worth it for the length of the run.
const STEPS: usize = 800_000;
const MOST_STEPS: u64 = 20_000;

/// Suites that take less of the run than this are not worth splitting.
const WORTH_SPLITTING: u32 = 20;

/// What is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Nothing: what the others are compared with.
    Nothing,
    /// As many slots as there are suites.
    EverySlot,
    /// So many slots.
    Slots(u32),
    /// The group of this name holds nobody up.
    WithoutGroup(String),
    /// This suite is two, of half the time each.
    Split(TaskId),
}

/// How long a run would have taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// What is changed.
    pub change: Change,
    /// How long.
    pub time: Duration,
}

/// Returns the estimate for the unchanged run, then those for changes of slots, groups and suites.
///
/// *Shape*: empty where the record is no sound plan or nothing ran; else the first is `Nothing`. The more suites, the
/// fewer changes are tried.
#[must_use]
pub fn estimate(record: &Record) -> Vec<Estimate> {
    let base = Replay::of(record);
    let work: Duration = base.times.iter().sum();
    if work.is_zero() {
        return Vec::new();
    }
    let most = (PLAYED_TASKS / base.specs.len().max(1)).clamp(FEWEST, MOST);
    let mut changes = changes(&base, record.header.max_parallel.max(1));
    changes.truncate(most);
    let estimates = changes.into_iter().map(|change| {
        let time = play(apply(&base, &change))?;
        Some(Estimate { change, time })
    });
    estimates.collect::<Option<_>>().unwrap_or_default()
}

/// Returns what is worth trying, the most telling first.
fn changes(base: &Replay, slots: u32) -> Vec<Change> {
    let mut changes = vec![Change::Nothing, Change::EverySlot, Change::Slots(slots + 2)];
    if slots > 1 {
        changes.push(Change::Slots(slots.saturating_sub(2).max(1)));
    }
    let load = |pool: PoolId| -> Duration {
        let members = base.specs.iter().zip(&base.times);
        let members = members.filter(|(spec, _)| spec.claims.iter().any(|it| it.pool == pool));
        members.map(|(_, time)| *time).sum()
    };
    let groups = (1..base.pools.len()).map(PoolId::from_index);
    let groups = groups.filter(|it| base.memory != Some(*it));
    let mut groups: Vec<(Duration, PoolId)> = groups.map(|it| (load(it), it)).collect();
    groups.sort_by_key(|(load, pool)| (std::cmp::Reverse(*load), *pool));
    let groups = groups.into_iter().take(GROUPS);
    let names = groups.map(|(_, pool)| base.pools[pool.index()].name.clone());
    changes.extend(names.map(Change::WithoutGroup));
    let longest = base.times.iter().max().copied().unwrap_or_default();
    let mut suites: Vec<usize> = (0..base.times.len())
        .filter(|&it| base.times[it] * WORTH_SPLITTING >= longest && !base.times[it].is_zero())
        .collect();
    suites.sort_by_key(|&it| (std::cmp::Reverse(base.times[it]), it));
    let suites = suites.into_iter().take(SPLITS);
    changes.extend(suites.map(|it| Change::Split(TaskId::from_index(it))));
    changes
}

fn apply(base: &Replay, change: &Change) -> Replay {
    let mut replay = base.clone();
    match change {
        Change::Nothing => {}
        Change::EverySlot => {
            let slots = replay.specs.iter().flat_map(|it| &it.claims);
            let slots = slots.filter(|it| it.pool == SLOTS).map(|it| it.amount);
            replay.pools[SLOTS.index()].capacity = slots.sum::<u64>().max(1);
        }
        Change::Slots(slots) => replay.pools[SLOTS.index()].capacity = u64::from(*slots),
        Change::WithoutGroup(name) => {
            let pools = replay.pools.iter();
            let place = pools.skip(1).position(|it| it.name == *name);
            let pool = place.map(|it| PoolId::from_index(it + 1));
            for spec in &mut replay.specs {
                spec.claims.retain(|claim| Some(claim.pool) != pool);
            }
        }
        Change::Split(task) => split(&mut replay, *task),
    }
    replay
}

/// Makes two tasks of one; whoever waits for it waits for both.
fn split(replay: &mut Replay, task: TaskId) {
    let half = replay.times[task.index()] / 2;
    replay.times[task.index()] = half;
    replay.times.push(half);
    let other = TaskId::from_index(replay.specs.len());
    for spec in &mut replay.specs {
        if spec.dependencies.contains(&task) {
            spec.dependencies.push(other);
        }
    }
    let mut spec = replay.specs[task.index()].clone();
    spec.suite = regatta_core::id::SuiteId::from_index(other.index());
    replay.specs.push(spec);
}

fn play(replay: Replay) -> Option<Duration> {
    let mut plan = replay.plan()?;
    let steps = STEPS / plan.tasks.len().max(1);
    rank(&mut plan, Effort(MOST_STEPS.min(steps as u64)));
    Some(Course::new(&plan).end)
}
