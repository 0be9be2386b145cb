//! A run's plan, rebuilt from its record with the times that its suites really took, to be changed and played again.
//!
//! The record has the suites' dependencies, groups and slots by name, which is all that a plan needs. What a changed plan
//! is good for is not known here.

use std::collections::BTreeMap;
use std::time::Duration;

use regatta_core::id::{Id, PoolId, SuiteId, TaskId};
use regatta_core::plan::{Basis, Claim, Expectation, Plan, Pool, Suite, TaskSpec};
use regatta_core::terms::Terms;

use super::record::{AttemptRecord, Record, TaskRecord};

/// The pool from which every task takes.
pub(super) const SLOTS: PoolId = PoolId(0);

/// The parts of a plan, before it is built.
#[derive(Debug, Clone)]
pub(super) struct Replay {
    /// One a task, in plan order. Its suite has nothing but its place: names cost more than everything else.
    pub(super) specs: Vec<TaskSpec>,
    /// The slots, then the groups, then the memory where it was shared.
    pub(super) pools: Vec<Pool>,
    /// Which of them is the memory.
    pub(super) memory: Option<PoolId>,
    /// How long each task ran, retries included.
    pub(super) times: Vec<Duration>,
}

impl Replay {
    /// Takes a run apart.
    pub(super) fn of(record: &Record) -> Self {
        let header = &record.header;
        let tasks = || (0..header.tasks.len()).map(TaskId::from_index);
        let mut by_name: BTreeMap<&str, Vec<TaskId>> = BTreeMap::new();
        for task in tasks() {
            let name = record.suite(task).name.as_str();
            by_name.entry(name).or_default().push(task);
        }
        let (mut pools, pool_of) = pools(record);
        let memory = header.resources.as_ref().and_then(|it| it.memory_bytes);
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
                pool: SLOTS,
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
        Self {
            specs: specs.collect(),
            times: record.tasks.iter().map(time_taken).collect(),
            pools,
            memory,
        }
    }

    /// Builds the plan; `None` where the record is no sound one.
    pub(super) fn plan(self) -> Option<Plan> {
        let suites = vec![Suite::default(); self.specs.len()];
        let mut plan = Plan::new(suites, self.specs, self.pools).ok()?;
        plan.memory = self.memory;
        for (task, &duration) in plan.tasks.values_mut().zip(&self.times) {
            task.expected = Expectation {
                duration,
                spread: Duration::ZERO,
                basis: Basis::Seen,
            };
        }
        Some(plan)
    }
}

/// Returns the slots, the declared groups and those that suites merely name, and where each group is.
pub(super) fn pools(record: &Record) -> (Vec<Pool>, BTreeMap<&str, PoolId>) {
    let header = &record.header;
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
    (pools, pool_of)
}

fn time_taken(task: &TaskRecord) -> Duration {
    let attempts = task.attempts.iter();
    attempts.filter_map(AttemptRecord::duration).sum()
}
