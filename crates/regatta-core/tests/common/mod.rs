//! A plan in one line, and a trace as lines that people can read.

#![allow(dead_code, reason = "not every test binary uses all of it")]

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use regatta_core::event::Event;
use regatta_core::id::{AttemptId, Id, SuiteId, TaskId};
use regatta_core::plan::{Claim, Plan, Pool, Suite, TaskSpec};
use regatta_core::schedule::{Effect, Occasion, Policy};
use regatta_core::sim::Trace;
use regatta_core::terms::{FailFast, Repeat, Terms, Until};
use regatta_core::{id::PoolId, plan::PlanError};

/// Builds a plan over `slots` slots from `name`, `name<dependency,dependency`, `name@group`, `name*cpus`,
/// separated by blanks; every task gets `terms`.
pub(crate) fn plan(slots: u64, text: &str, terms: &Terms) -> Arc<Plan> {
    try_plan(slots, text, terms).expect("the plan of a test is sound")
}

fn try_plan(slots: u64, text: &str, terms: &Terms) -> Result<Arc<Plan>, PlanError> {
    let mut pools = vec![pool("slots", slots)];
    let mut suites: Vec<Suite> = Vec::new();
    let mut specs = Vec::new();
    for word in text.split_whitespace() {
        let name_end = word.find(['<', '@', '*']).unwrap_or(word.len());
        let mut claims = vec![claim(0, 1)];
        let mut dependencies = Vec::new();
        let mut rest = &word[name_end..];
        while let Some(mark) = rest.chars().next() {
            let end = rest[1..]
                .find(['<', '@', '*'])
                .map_or(rest.len(), |it| it + 1);
            let value = &rest[1..end];
            match mark {
                '<' => dependencies.extend(value.split(',').map(|name| find(&suites, name))),
                '*' => claims[0].amount = value.parse().expect("a number of cpus"),
                _ => {
                    let index = pools.iter().position(|pool| pool.name == value);
                    let index = index.unwrap_or_else(|| {
                        pools.push(pool(value, 1));
                        pools.len() - 1
                    });
                    claims.push(claim(index, 1));
                }
            }
            rest = &rest[end..];
        }
        specs.push(TaskSpec {
            suite: SuiteId::from_index(suites.len()),
            dependencies,
            claims,
            terms: terms.clone(),
        });
        suites.push(Suite {
            name: word[..name_end].to_owned(),
            ..Suite::default()
        });
    }
    Plan::new(suites, specs, pools).map(Arc::new)
}

fn pool(name: &str, capacity: u64) -> Pool {
    Pool {
        name: name.to_owned(),
        capacity,
    }
}

fn claim(pool: usize, amount: u64) -> Claim {
    Claim {
        pool: PoolId::from_index(pool),
        amount,
    }
}

fn find(suites: &[Suite], name: &str) -> TaskId {
    let index = suites.iter().position(|suite| suite.name == name);
    TaskId::from_index(index.expect("a dependency stands before its dependent"))
}

/// Returns the policy of a run that goes on whatever fails.
pub(crate) fn keep_going() -> Policy {
    Policy {
        fail_fast: FailFast::Off,
        max_fail: None,
        repeat: Repeat::once(),
        seed: 7,
    }
}

/// Returns the policy of a run of this many rounds, `None` for no limit.
pub(crate) fn repeating(rounds: Option<u32>, until: Until) -> Policy {
    Policy {
        repeat: Repeat { rounds, until },
        ..keep_going()
    }
}

pub(crate) fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Renders what came out of a run: a line an effect.
pub(crate) fn render(plan: &Plan, trace: &Trace) -> String {
    let mut text = String::new();
    let name = |id: &AttemptId| format!("{}#{}", plan.name(id.task), id.number);
    for (at, effect) in &trace.effects {
        let line = match effect {
            Effect::Probe(task) => format!("probe {}", plan.name(*task)),
            Effect::Store(task) => format!("store {}", plan.name(*task)),
            Effect::Spawn { attempt, slot } => format!("spawn {} in slot {slot}", name(attempt)),
            Effect::Examine {
                attempt,
                circumstances,
            } => {
                let occasion = match circumstances.occasion {
                    Occasion::Slow => "slow".to_owned(),
                    Occasion::Limit(cause) => format!("{cause:?}"),
                };
                let silent = circumstances.silent;
                format!(
                    "examine {} {occasion}, silent for {silent:?}",
                    name(attempt)
                )
            }
            Effect::Signal { attempt, signal } => format!("signal {} {signal:?}", name(attempt)),
            Effect::Emit(event) => match event {
                Event::AttemptStarted {
                    attempt, queued, ..
                } => format!("  started {} after {queued:?}", name(attempt)),
                Event::Slow { attempt, .. } => format!("  slow {}", name(attempt)),
                Event::Stopping { attempt, cause, .. } => {
                    format!("  stopping {} {cause:?}", name(attempt))
                }
                Event::AttemptFinished {
                    attempt, verdict, ..
                } => format!("  finished {} {verdict:?}", name(attempt)),
                Event::RetryScheduled { attempt, delay } => {
                    format!("  retry {} in {delay:?}", name(attempt))
                }
                Event::TaskFinished { task, verdict } => {
                    format!("  done {} {verdict:?}", plan.name(*task))
                }
                Event::TaskRoundFinished {
                    task,
                    round,
                    verdict,
                } => format!("  word {} in round {round} {verdict:?}", plan.name(*task)),
                Event::RoundFinished { round, summary } => format!(
                    "  round {round} over: {} passed, {} failed, {} skipped",
                    summary.passed, summary.failed, summary.skipped
                ),
                Event::RunCancelled { reason } => format!("  cancelled {reason:?}"),
                other => panic!("the scheduler does not tell {other:?}"),
            },
        };
        writeln!(text, "{at} {line}").expect("a string takes every line");
    }
    text
}
