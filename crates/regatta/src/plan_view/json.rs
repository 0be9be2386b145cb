//! The plan for programs.

use std::collections::BTreeMap;
use std::time::Duration;

use regatta_core::forecast::{Course, Floor, Limit, Step, find_longest_path};
use regatta_core::id::PoolId;
use regatta_core::plan::{Basis, Plan};
use regatta_core::shard::Shard;
use serde::Serialize;

use super::text::{command_line, count_guesses};
use crate::report::json::render_pretty;

/// The version of this format. It rises when a key goes or changes its meaning, not when one comes.
const VERSION: u32 = 1;

/// *Units*: seconds.
#[derive(Serialize)]
struct PlanEntry<'p> {
    version: u32,
    max_parallel: u64,
    /// Bytes of memory that suites share; null where what they take cannot come near it, or is not known.
    memory_bytes: Option<u64>,
    /// When the last suite will have ended.
    predicted: f64,
    /// How many suites have a time that is a guess.
    guessed: usize,
    floor: FloorEntry<'p>,
    /// The longest path of dependencies, first to last.
    critical_path: Vec<&'p str>,
    /// By start.
    tasks: Vec<TaskEntry<'p>>,
}

#[derive(Serialize)]
struct FloorEntry<'p> {
    /// What no order can beat: the largest of the others.
    time: f64,
    /// `critical_path`, `slots`, `memory`, or `group NAME`.
    limit: String,
    critical_path: f64,
    /// All work over the slots.
    slots: f64,
    /// What suites take of the memory, for as long as they do, over all of it; null where they share none.
    memory: Option<f64>,
    /// The work of each group over its capacity.
    groups: BTreeMap<&'p str, f64>,
}

#[derive(Serialize)]
struct TaskEntry<'p> {
    suite: &'p str,
    /// Which part of the suite it is, from 1, and of how many; null for all of it.
    shard: Option<u32>,
    shards: Option<u32>,
    start: f64,
    end: f64,
    /// Counts from 1; the smallest that no other suite has meanwhile.
    lane: u32,
    expected: f64,
    /// Whether the expected time is a guess, since the suite never passed.
    guessed: bool,
    depends_on: Vec<&'p str>,
    parallel_group: &'p [String],
    /// Bytes it takes of the memory; null where that is not known or cannot matter.
    memory_bytes: Option<u64>,
    command_line: String,
}

/// Returns the plan as JSON that ends with a newline.
#[must_use]
pub fn render_json(plan: &Plan, slots: PoolId) -> String {
    let course = Course::new(plan);
    let floor = Floor::new(plan);
    let is_memory = |pool: PoolId| plan.memory == Some(pool);
    let groups = floor.loads.iter();
    let groups = groups.filter(|(pool, _)| *pool != slots && !is_memory(*pool));
    let entry = PlanEntry {
        version: VERSION,
        max_parallel: plan.pools[slots].capacity,
        memory_bytes: plan.memory.map(|pool| plan.pools[pool].capacity),
        predicted: seconds(course.end),
        guessed: count_guesses(plan),
        floor: FloorEntry {
            time: seconds(floor.least()),
            limit: match floor.limit() {
                Limit::Path => "critical_path".into(),
                Limit::Pool(pool) if pool == slots => "slots".into(),
                Limit::Pool(pool) if is_memory(pool) => "memory".into(),
                Limit::Pool(pool) => format!("group {}", plan.pools[pool].name),
            },
            critical_path: seconds(floor.path),
            slots: seconds(floor.loads[slots]),
            memory: plan.memory.map(|pool| seconds(floor.loads[pool])),
            groups: groups
                .map(|(pool, load)| (plan.pools[pool].name.as_str(), seconds(*load)))
                .collect(),
        },
        critical_path: find_longest_path(plan)
            .into_iter()
            .map(|task| plan.name(task))
            .collect(),
        tasks: course.steps.iter().map(|step| task(plan, step)).collect(),
    };
    render_pretty(&entry)
}

fn task<'p>(plan: &'p Plan, step: &Step) -> TaskEntry<'p> {
    let task = &plan.tasks[step.task];
    let suite = &plan.suites[task.suite];
    let dependencies = task.dependencies.iter();
    TaskEntry {
        suite: &suite.name,
        shard: task.shard.map(Shard::number),
        shards: task.shard.map(|shard| shard.count),
        start: seconds(step.start),
        end: seconds(step.end),
        lane: step.lane + 1,
        expected: seconds(task.expected.duration),
        guessed: task.expected.basis == Basis::Guessed,
        depends_on: dependencies.map(|&it| plan.name(it)).collect(),
        parallel_group: &suite.parallel_group,
        memory_bytes: suite.memory,
        command_line: command_line(plan, step.task),
    }
}

/// Returns whole microseconds as seconds.
#[expect(
    clippy::cast_precision_loss,
    reason = "2^53 microseconds are 285 years"
)]
fn seconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1e6
}
