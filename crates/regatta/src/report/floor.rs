//! How much shorter a run could have been: its plan, rebuilt from its record, with the times that suites really took.
//!
//! The record has the suites' dependencies, groups and slots by name, which is all that a floor depends on.

use std::collections::BTreeMap;
use std::time::Duration;

use regatta_core::forecast::{Floor, Limit};
use regatta_core::id::{Id, PoolId, SuiteId, TaskId};
use regatta_core::plan::{Claim, Plan, Pool, TaskSpec};
use regatta_core::terms::Terms;

use super::record::{AttemptRecord, Record, TaskRecord};

/// The shortest time in which the same suites could have run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFloor {
    /// How long.
    pub time: Duration,
    /// Why not less.
    pub cause: FloorCause,
}

/// What a run cannot be shorter than.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FloorCause {
    /// Suites that wait for each other.
    Path,
    /// All the work there is, over the slots.
    Work,
    /// The work of the suites of this group.
    Group(String),
    /// What the suites took of the memory that they shared.
    Memory,
}

/// Returns the floor of a run under the times that its suites took, retries included; `None` where the record is no
/// sound plan.
#[must_use]
pub fn find_floor(record: &Record) -> Option<RunFloor> {
    let plan = rebuild(record)?;
    let floor = Floor::new(&plan);
    let cause = match floor.limit() {
        Limit::Path => FloorCause::Path,
        Limit::Pool(PoolId(0)) => FloorCause::Work,
        Limit::Pool(pool) if plan.memory == Some(pool) => FloorCause::Memory,
        Limit::Pool(pool) => FloorCause::Group(plan.pools[pool].name.clone()),
    };
    Some(RunFloor {
        time: floor.least(),
        cause,
    })
}

fn rebuild(record: &Record) -> Option<Plan> {
    let header = &record.header;
    let tasks = || (0..header.tasks.len()).map(TaskId::from_index);
    let mut by_name: BTreeMap<&str, Vec<TaskId>> = BTreeMap::new();
    for task in tasks() {
        let name = record.suite(task).name.as_str();
        by_name.entry(name).or_default().push(task);
    }
    let mut pools = vec![Pool {
        name: "slots".into(),
        capacity: header.max_parallel.max(1).into(),
    }];
    let mut pool_of: BTreeMap<&str, PoolId> = BTreeMap::new();
    let declared = header.groups.iter();
    let declared = declared.map(|group| (group.name.as_str(), group.capacity.max(1)));
    let named = header.suites.iter().flat_map(|it| &it.parallel_group);
    for (name, capacity) in declared.chain(named.map(|name| (name.as_str(), 1))) {
        pool_of.entry(name).or_insert_with(|| {
            pools.push(Pool {
                name: name.to_owned(),
                capacity: capacity.into(),
            });
            PoolId::from_index(pools.len() - 1)
        });
    }
    let resources = header.resources.as_ref();
    let memory = resources.and_then(|it| it.memory_bytes);
    let memory = memory.map(|bytes| {
        pools.push(Pool {
            name: "memory".into(),
            capacity: bytes.max(1),
        });
        PoolId::from_index(pools.len() - 1)
    });
    let specs = tasks().map(|task| {
        let suite = record.suite(task);
        let mut groups: Vec<PoolId> = (suite.parallel_group.iter())
            .map(|name| pool_of[name.as_str()])
            .collect();
        groups.sort_unstable();
        groups.dedup();
        let groups = groups.into_iter().map(|pool| Claim { pool, amount: 1 });
        let share = memory.zip(suite.memory);
        let share = share.map(|(pool, amount)| Claim { pool, amount });
        let slots = Claim {
            pool: PoolId(0),
            amount: suite.cpus.unwrap_or(1).into(),
        };
        TaskSpec {
            suite: SuiteId::from_index(task.index()),
            dependencies: (suite.depends_on.iter())
                .filter_map(|name| by_name.get(name.as_str()))
                .flatten()
                .copied()
                .collect(),
            claims: groups.chain(share).chain([slots]).collect(),
            terms: Terms::default(),
        }
    });
    let suites = tasks().map(|task| record.suite(task).clone()).collect();
    let mut plan = Plan::new(suites, specs.collect(), pools).ok()?;
    plan.memory = memory;
    for (task, record) in plan.tasks.values_mut().zip(&record.tasks) {
        task.expected.duration = time_taken(record);
    }
    Some(plan)
}

fn time_taken(task: &TaskRecord) -> Duration {
    let attempts = task.attempts.iter();
    attempts.filter_map(AttemptRecord::duration).sum()
}
