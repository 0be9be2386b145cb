//! The plan of a run: suites, the tasks they become, and the pools that tasks draw from.
//!
//! Immutable once built. It knows nothing of files, processes or clocks.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::{Id, IdMap, PoolId, SuiteId, TaskId};
use crate::shard::Shard;
use crate::terms::Terms;

/// What the user declared, as far as people and reports want to see it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Suite {
    /// Unique in a plan; also the stem of its log file.
    pub name: String,
    /// One line for people; may be empty.
    pub description: String,
    /// The category it is shown under.
    pub category: String,
    /// Free labels, as declared.
    pub tags: Vec<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Names of the suites that have to pass first, as declared.
    pub depends_on: Vec<String>,
    /// Names of the groups it takes part in, as declared.
    pub parallel_group: Vec<String>,
    /// How many slots it takes, `None` for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus: Option<u32>,
    /// How many bytes it takes of the memory that there is for suites, as declared or as earlier runs say; `None` where
    /// that is not known, or cannot matter in this run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// How many parts of it run as tasks of their own, `None` for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shards: Option<u32>,
    /// The line to paste into a shell, from the configuration's folder, to run it by hand. Where it runs in shards, the
    /// placeholders are still in it.
    pub command_line: String,
    /// The folder it runs in, from that of the configuration; empty for that one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub dir: String,
    /// Whether the selection asked for it, or it only came along as a dependency.
    pub origin: SelectedAs,
    /// Why its failures are known and do not fail the run, where somebody declared that. Boxed, since few have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<Box<Quarantine>>,
    /// A digest of what makes an attempt pass or fail, in hexadecimal digits; empty where nobody took it. Two runs of
    /// a suite tell about the same thing only if theirs are equal.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
}

/// A suite's entry among those whose failures do not count for a while.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Quarantine {
    /// Why.
    pub reason: String,
    /// Who answers for its end.
    pub owner: String,
    /// Where that is worked on.
    pub issue: String,
    /// The last day on which it holds, `YYYY-MM-DD`.
    pub expires: String,
    /// Whether that day was over when the run started. Decided once, so that a report reads the same for ever.
    pub expired: bool,
    /// Where it is declared, as `file:line`.
    pub place: String,
}

impl Suite {
    /// Returns whether a failure of the suite leaves the run as it is. An entry that has expired protects nobody.
    #[must_use]
    pub fn is_quarantined(&self) -> bool {
        self.quarantine.as_ref().is_some_and(|it| !it.expired)
    }

    /// Returns the entry that fails the run until it is renewed or removed, if there is one.
    #[must_use]
    pub fn expired_quarantine(&self) -> Option<&Quarantine> {
        self.quarantine.as_deref().filter(|it| it.expired)
    }
}

/// Why a suite is part of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelectedAs {
    /// The filters chose it.
    #[default]
    Requested,
    /// A chosen suite depends on it.
    Dependency,
}

/// A node of the graph, before the graph is built.
#[derive(Debug, Clone)]
pub struct TaskSpec {
    /// The suite it executes.
    pub suite: SuiteId,
    /// The tasks that must pass before it starts.
    pub dependencies: Vec<TaskId>,
    /// What it takes while it runs: each pool once at most.
    pub claims: Vec<Claim>,
    /// How it runs.
    pub terms: Terms,
}

/// A node of the graph.
#[derive(Debug, Clone)]
pub struct Task {
    /// The suite it executes.
    pub suite: SuiteId,
    /// Which part of it, `None` for all of it.
    pub shard: Option<Shard>,
    /// The tasks that must pass before it starts; ascending, without repeats.
    pub dependencies: Vec<TaskId>,
    /// The tasks that wait for it; ascending, without repeats.
    pub dependents: Vec<TaskId>,
    /// What it takes while it runs; no amount is above its pool's capacity.
    pub claims: Vec<Claim>,
    /// How it runs.
    pub terms: Terms,
    /// How long it will probably take.
    pub expected: Expectation,
    /// Its place in the order in which tasks start that could start at the same time. Tasks with the same place start in
    /// plan order.
    pub place: u32,
}

/// How long a task will probably take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expectation {
    /// How long.
    pub duration: Duration,
    /// How far from that it is in half of all cases.
    pub spread: Duration,
    /// Where this comes from.
    pub basis: Basis,
}

/// What an expectation rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Earlier runs of the suite.
    Seen,
    /// Nothing but a guess: the suite has not passed yet.
    Guessed,
}

impl Default for Expectation {
    /// Returns what is expected of a task of which nothing is known.
    fn default() -> Self {
        Self {
            duration: Duration::from_secs(1),
            spread: Duration::from_millis(500),
            basis: Basis::Guessed,
        }
    }
}

/// An amount of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    /// The pool it is taken from.
    pub pool: PoolId,
    /// How much, at least 1.
    pub amount: u64,
}

/// A named amount that tasks take and give back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// For people.
    pub name: String,
    /// How much there is when nothing runs, at least 1.
    pub capacity: u64,
}

/// An immutable graph of tasks over pools.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What was declared, in plan order.
    pub suites: IdMap<SuiteId, Suite>,
    /// What is scheduled, in plan order.
    pub tasks: IdMap<TaskId, Task>,
    /// What tasks draw from.
    pub pools: IdMap<PoolId, Pool>,
    /// The pool whose amounts are bytes of memory, where there is one.
    pub memory: Option<PoolId>,
}

/// A plan that cannot be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanError {
    /// These tasks wait for each other: each for the next, the last for the first.
    Cycle(Vec<TaskId>),
    /// A task names a suite, a task or a pool that the plan does not have.
    Dangling(TaskId),
}

impl Plan {
    /// Builds the graph: dependents are derived, claims are clamped to their pool's capacity.
    ///
    /// # Errors
    /// `Cycle` when tasks wait for each other, `Dangling` when an id points outside the plan.
    pub fn new(
        suites: Vec<Suite>,
        specs: Vec<TaskSpec>,
        pools: Vec<Pool>,
    ) -> Result<Self, PlanError> {
        let suites = IdMap::<SuiteId, _>::from(suites);
        let pools = IdMap::<PoolId, _>::from(pools);
        let mut dependents: IdMap<TaskId, Vec<TaskId>> = specs.iter().map(|_| Vec::new()).collect();
        for (index, spec) in specs.iter().enumerate() {
            let task = TaskId::from_index(index);
            let known = suites.get(spec.suite).is_some()
                && spec
                    .claims
                    .iter()
                    .all(|claim| pools.get(claim.pool).is_some())
                && spec.dependencies.iter().all(|it| it.index() < specs.len());
            if !known {
                return Err(PlanError::Dangling(task));
            }
            for &dependency in &spec.dependencies {
                // Tasks are visited in order, so a repeat can only be the last entry.
                if dependents[dependency].last() != Some(&task) {
                    dependents[dependency].push(task);
                }
            }
        }
        let shards = find_shards(specs.iter().map(|spec| spec.suite), suites.len());
        let tasks: IdMap<TaskId, Task> = specs
            .into_iter()
            .zip(shards)
            .enumerate()
            .map(|(index, (spec, shard))| Task {
                suite: spec.suite,
                shard,
                dependencies: sorted(spec.dependencies),
                dependents: std::mem::take(&mut dependents[TaskId::from_index(index)]),
                claims: clamp_claims(spec.claims, &pools),
                terms: spec.terms,
                expected: Expectation::default(),
                place: TaskId::from_index(index).0,
            })
            .collect();
        let plan = Self {
            suites,
            tasks,
            pools,
            memory: None,
        };
        match plan.find_cycle() {
            Some(cycle) => Err(PlanError::Cycle(cycle)),
            None => Ok(plan),
        }
    }

    /// Returns the name of the suite that a task executes.
    #[must_use]
    pub fn name(&self, task: TaskId) -> &str {
        &self.suites[self.tasks[task].suite].name
    }

    /// Returns what tells a task from the others of its suite, to follow the suite's name; empty for a whole suite.
    #[must_use]
    pub fn label(&self, task: TaskId) -> String {
        let shard = self.tasks[task].shard;
        shard.map_or_else(String::new, |shard| format!(" {shard}"))
    }

    fn find_cycle(&self) -> Option<Vec<TaskId>> {
        let mut missing: IdMap<TaskId, usize> = self
            .tasks
            .values()
            .map(|task| task.dependencies.len())
            .collect();
        let mut free: Vec<TaskId> = self.tasks.ids().filter(|&it| missing[it] == 0).collect();
        while let Some(task) = free.pop() {
            for &dependent in &self.tasks[task].dependents {
                missing[dependent] -= 1;
                if missing[dependent] == 0 {
                    free.push(dependent);
                }
            }
        }
        // Whatever still waits, waits for something that still waits: following it must come round.
        let mut at = self.tasks.ids().find(|&it| missing[it] > 0)?;
        let mut seen = BTreeMap::new();
        let mut path = Vec::new();
        loop {
            if let Some(start) = seen.insert(at, path.len()) {
                return Some(path.split_off(start));
            }
            path.push(at);
            at = *self.tasks[at]
                .dependencies
                .iter()
                .find(|&&it| missing[it] > 0)
                .expect("a task outside every cycle was freed above");
        }
    }
}

/// Returns which part of its suite each task executes, `None` for all of it: several tasks of one suite are its shards,
/// in their order.
///
/// *Shape*: `tasks` are the suites of the tasks, each below `suites`; the result is as long as they are.
#[must_use]
pub fn find_shards(
    tasks: impl Iterator<Item = SuiteId> + Clone,
    suites: usize,
) -> Vec<Option<Shard>> {
    let mut counts = vec![0_u32; suites];
    for suite in tasks.clone() {
        counts[suite.index()] += 1;
    }
    let mut next = vec![0_u32; suites];
    let shards = tasks.map(|suite| {
        let place = &mut next[suite.index()];
        let index = *place;
        *place += 1;
        let count = counts[suite.index()];
        (count > 1).then_some(Shard { index, count })
    });
    shards.collect()
}

fn sorted(mut ids: Vec<TaskId>) -> Vec<TaskId> {
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn clamp_claims(claims: Vec<Claim>, pools: &IdMap<PoolId, Pool>) -> Vec<Claim> {
    claims
        .into_iter()
        .map(|claim| Claim {
            amount: claim.amount.clamp(1, pools[claim.pool].capacity),
            ..claim
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(dependencies: &[&[u32]]) -> Result<Plan, PlanError> {
        let suites = dependencies.iter().map(|_| Suite::default()).collect();
        let specs = dependencies
            .iter()
            .enumerate()
            .map(|(index, list)| TaskSpec {
                suite: SuiteId::from_index(index),
                dependencies: list.iter().copied().map(TaskId).collect(),
                claims: vec![Claim {
                    pool: PoolId(0),
                    amount: 9,
                }],
                terms: Terms::default(),
            })
            .collect();
        let pools = vec![Pool {
            name: "slots".into(),
            capacity: 2,
        }];
        Plan::new(suites, specs, pools)
    }

    #[test]
    fn dependents_mirror_dependencies_without_repeats() {
        let plan = plan(&[&[], &[0, 0], &[1, 0]]).unwrap();
        assert_eq!(plan.tasks[TaskId(0)].dependents, [TaskId(1), TaskId(2)]);
        assert_eq!(plan.tasks[TaskId(1)].dependencies, [TaskId(0)]);
        assert_eq!(plan.tasks[TaskId(2)].dependencies, [TaskId(0), TaskId(1)]);
    }

    #[test]
    fn a_claim_above_the_capacity_is_clamped() {
        assert_eq!(plan(&[&[]]).unwrap().tasks[TaskId(0)].claims[0].amount, 2);
    }

    #[test]
    fn a_cycle_is_found_behind_tasks_that_only_lead_to_it() {
        let error = plan(&[&[1], &[2], &[3], &[1], &[]]).unwrap_err();
        assert_eq!(
            error,
            PlanError::Cycle(vec![TaskId(1), TaskId(2), TaskId(3)])
        );
        assert_eq!(
            plan(&[&[0]]).unwrap_err(),
            PlanError::Cycle(vec![TaskId(0)])
        );
    }

    #[test]
    fn an_id_outside_the_plan_is_refused() {
        assert_eq!(plan(&[&[7]]).unwrap_err(), PlanError::Dangling(TaskId(0)));
    }
}
