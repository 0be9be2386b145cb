//! The shortest time that a plan can take, and why it is not shorter.

use std::time::Duration;

use crate::id::{Id, PoolId, TaskId};
use crate::plan::Plan;
use crate::rehearsal::{Bounds, Network, find_tails};

/// What no order can beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Floor {
    /// The longest path of dependencies.
    pub path: Duration,
    /// The most that any pool has to take: what is drawn from it, for as long as it is, over its capacity.
    pub load: Duration,
    /// The pool that has to take it.
    pub pool: PoolId,
}

/// What keeps a plan from being shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Suites that wait for each other.
    Path,
    /// A pool that is never idle.
    Pool(PoolId),
}

impl Floor {
    /// Returns the floor of a plan under the durations it expects.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let network = Network::new(plan);
        Self::of(&network, &find_tails(&network))
    }

    pub(super) fn of(network: &Network, tails: &[u64]) -> Self {
        let bounds = Bounds::new(network, tails);
        Self {
            path: Duration::from_nanos(bounds.path),
            load: Duration::from_nanos(bounds.load.0),
            pool: PoolId::from_index(bounds.load.1),
        }
    }

    /// Returns the shortest time.
    #[must_use]
    pub fn least(&self) -> Duration {
        self.path.max(self.load)
    }

    /// Returns what decides it.
    #[must_use]
    pub fn limit(&self) -> Limit {
        if self.path >= self.load {
            Limit::Path
        } else {
            Limit::Pool(self.pool)
        }
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
