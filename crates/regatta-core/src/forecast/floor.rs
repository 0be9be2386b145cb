//! The shortest time that a plan can take, and why it is not shorter.

use std::time::Duration;

use crate::id::{Id, IdMap, PoolId, TaskId};
use crate::plan::Plan;
use crate::rehearsal::{Bounds, Network, find_tails};

/// What no order can beat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Floor {
    /// The longest path of dependencies.
    pub path: Duration,
    /// What each pool has to take: what tasks draw from it, for as long as they do, over its capacity.
    pub loads: IdMap<PoolId, Duration>,
}

/// What keeps a plan from being shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Tasks that wait for each other.
    Path,
    /// A pool that is never idle.
    Pool(PoolId),
}

impl Floor {
    /// Returns the floor of a plan under the durations it expects.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let network = Network::new(plan);
        let bounds = Bounds::new(&network, &find_tails(&network));
        Self {
            path: Duration::from_nanos(bounds.path),
            loads: bounds.loads.into_iter().map(Duration::from_nanos).collect(),
        }
    }

    /// Returns the shortest time.
    #[must_use]
    pub fn least(&self) -> Duration {
        self.loads.values().copied().fold(self.path, Duration::max)
    }

    /// Returns what decides it; of equals the path, then the first pool.
    #[must_use]
    pub fn limit(&self) -> Limit {
        let least = self.least();
        match self.loads.iter().find(|(_, load)| **load == least) {
            Some((pool, _)) if self.path < least => Limit::Pool(pool),
            _ => Limit::Path,
        }
    }

    /// Returns the pool that has to take the most, and how much, beside one that is left out; `None` where no other is
    /// drawn from.
    #[must_use]
    pub fn busiest_beside(&self, left_out: PoolId) -> Option<(PoolId, Duration)> {
        let others = self.loads.iter().filter(|(pool, _)| *pool != left_out);
        let busiest = others.reduce(|a, b| if b.1 > a.1 { b } else { a });
        busiest
            .map(|(pool, load)| (pool, *load))
            .filter(|(_, load)| !load.is_zero())
    }
}

/// Returns the tasks of the longest path of dependencies under the expected durations, in the order they run.
#[must_use]
pub fn find_longest_path(plan: &Plan) -> Vec<TaskId> {
    let tails = find_tails(&Network::new(plan));
    let longest = |tasks: &mut dyn Iterator<Item = TaskId>| {
        // Of equals the first in the plan.
        tasks.reduce(|a, b| {
            if tails[b.index()] > tails[a.index()] {
                b
            } else {
                a
            }
        })
    };
    let mut path = Vec::new();
    let mut next = longest(&mut plan.tasks.ids());
    while let Some(task) = next {
        path.push(task);
        next = longest(&mut plan.tasks[task].dependents.iter().copied());
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::SuiteId;
    use crate::plan::{Claim, Pool, Suite, TaskSpec};
    use crate::terms::Terms;

    /// Builds tasks from what each waits for, its slots, whether it is in the group, and its seconds.
    fn plan(tasks: &[(&[u32], u64, bool, u64)]) -> Plan {
        let claim = |pool, amount| Claim {
            pool: PoolId(pool),
            amount,
        };
        let specs = tasks.iter().enumerate();
        let specs = specs.map(|(index, (after, cpus, grouped, _))| TaskSpec {
            suite: SuiteId::from_index(index),
            dependencies: after.iter().copied().map(TaskId).collect(),
            claims: (grouped.then(|| claim(1, 1)).into_iter())
                .chain([claim(0, *cpus)])
                .collect(),
            terms: Terms::default(),
        });
        let pool = |capacity| Pool {
            name: String::new(),
            capacity,
        };
        let suites = tasks.iter().map(|_| Suite::default()).collect();
        let mut plan = Plan::new(suites, specs.collect(), vec![pool(4), pool(2)]).unwrap();
        for (task, row) in plan.tasks.values_mut().zip(tasks) {
            task.expected.duration = Duration::from_secs(row.3);
        }
        plan
    }

    #[test]
    fn each_of_the_three_terms_can_decide() {
        type Case = (
            &'static [(&'static [u32], u64, bool, u64)],
            u64,
            Limit,
            &'static [u32],
        );
        let table: [Case; 5] = [
            (&[], 0, Limit::Path, &[]),
            (
                &[(&[], 1, false, 3), (&[0], 1, false, 4), (&[], 1, false, 6)],
                7,
                Limit::Path,
                &[0, 1],
            ),
            (
                &[(&[], 4, false, 3), (&[], 4, false, 4)],
                7,
                Limit::Pool(PoolId(0)),
                &[1],
            ),
            (
                &[(&[], 1, true, 4), (&[], 1, true, 4), (&[], 1, true, 4)],
                6,
                Limit::Pool(PoolId(1)),
                &[0],
            ),
            // As long as the slots are needed is as long as the path: the path can be seen.
            (&[(&[], 4, false, 3)], 3, Limit::Path, &[0]),
        ];
        for (tasks, seconds, limit, path) in table {
            let plan = plan(tasks);
            let floor = Floor::new(&plan);
            assert_eq!(floor.least(), Duration::from_secs(seconds), "{tasks:?}");
            assert_eq!(floor.limit(), limit, "{tasks:?}");
            let found: Vec<u32> = find_longest_path(&plan).iter().map(|it| it.0).collect();
            assert_eq!(found, path, "{tasks:?}");
        }
    }

    #[test]
    fn the_busiest_group_is_not_the_slots() {
        let floor = Floor::new(&plan(&[(&[], 4, true, 4), (&[], 4, false, 9)]));
        let group = (PoolId(1), Duration::from_secs(2));
        assert_eq!(floor.busiest_beside(PoolId(0)), Some(group));
        let floor = Floor::new(&plan(&[(&[], 4, false, 4)]));
        assert_eq!(floor.busiest_beside(PoolId(0)), None);
    }
}
