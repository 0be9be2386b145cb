//! From suites to tasks: one task for each shard of a suite.
//!
//! Whoever waits for a suite waits for all of its shards. After this nobody but reports asks which tasks are one suite.

use std::ops::Range;

use crate::id::{Id, SuiteId, TaskId};
use crate::plan::{Claim, TaskSpec};
use crate::terms::Terms;

/// A suite before it is divided.
#[derive(Debug, Clone)]
pub struct SuiteSpec {
    /// How many tasks become of it, at least 1.
    pub shards: u32,
    /// The suites that must pass before it starts.
    pub dependencies: Vec<SuiteId>,
    /// What each of its tasks takes while it runs.
    pub claims: Vec<Claim>,
    /// How each of its tasks runs.
    pub terms: Terms,
}

/// Returns the tasks of suites, and which of them are each suite's.
///
/// *Shape*: the tasks of a suite stand together and in the order of its shards; suites keep their order. A dependency
/// that is no suite of these is left to [`crate::plan::Plan::new`], which refuses it.
#[must_use]
pub fn expand(suites: Vec<SuiteSpec>) -> (Vec<TaskSpec>, Vec<Range<usize>>) {
    let mut end = 0;
    let ranges: Vec<Range<usize>> = suites
        .iter()
        .map(|suite| {
            let start = end;
            end += suite.shards.max(1) as usize;
            start..end
        })
        .collect();
    let tasks_of = |suite: &SuiteId| ranges.get(suite.index()).cloned().unwrap_or(end..end + 1);
    let mut tasks = Vec::with_capacity(end);
    for (index, suite) in suites.into_iter().enumerate() {
        let dependencies = suite.dependencies.iter().flat_map(tasks_of);
        let spec = TaskSpec {
            suite: SuiteId::from_index(index),
            dependencies: dependencies.map(TaskId::from_index).collect(),
            claims: suite.claims,
            terms: suite.terms,
        };
        tasks.resize(ranges[index].end, spec);
    }
    (tasks, ranges)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Plan, PlanError, Suite};
    use crate::shard::Shard;

    fn plan(suites: &[(u32, &[u32])]) -> Result<Plan, PlanError> {
        let specs = suites.iter().map(|(shards, dependencies)| SuiteSpec {
            shards: *shards,
            dependencies: dependencies.iter().copied().map(SuiteId).collect(),
            claims: Vec::new(),
            terms: Terms::default(),
        });
        let (tasks, _) = expand(specs.collect());
        let suites = suites.iter().map(|_| Suite::default()).collect();
        Plan::new(suites, tasks, Vec::new())
    }

    #[test]
    fn dependents_wait_for_all_shards_and_shards_for_all_dependencies() {
        let plan = plan(&[(1, &[]), (3, &[0]), (2, &[1])]).unwrap();
        let suites: Vec<u32> = plan.tasks.values().map(|it| it.suite.0).collect();
        assert_eq!(suites, [0, 1, 1, 1, 2, 2]);
        for task in [1, 2, 3] {
            assert_eq!(plan.tasks[TaskId(task)].dependencies, [TaskId(0)]);
        }
        for task in [4, 5] {
            let all = [TaskId(1), TaskId(2), TaskId(3)];
            assert_eq!(plan.tasks[TaskId(task)].dependencies, all);
        }
        let shards: Vec<Option<Shard>> = plan.tasks.values().map(|it| it.shard).collect();
        let shard = |index, count| Some(Shard { index, count });
        let expected = [
            None,
            shard(0, 3),
            shard(1, 3),
            shard(2, 3),
            shard(0, 2),
            shard(1, 2),
        ];
        assert_eq!(shards, expected);
        assert_eq!(plan.label(TaskId(0)), "");
        assert_eq!(plan.label(TaskId(2)), " 2/3");
    }

    #[test]
    fn a_dependency_outside_the_suites_is_refused() {
        assert_eq!(
            plan(&[(2, &[9])]).unwrap_err(),
            PlanError::Dangling(TaskId(0))
        );
    }
}
