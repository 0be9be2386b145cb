//! The lanes of the timeline, and the attempts in them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use regatta_core::event::{CancelReason, Event, StopSignal};
use regatta_core::id::{AttemptId, Id, TaskId};
use regatta_core::time::Time;
use regatta_core::verdict::{AttemptReport, Exit, Failure, Outcome, Verdict};
use serde_json::{Map, Value, json};

use super::{PROCESS, microseconds};
use crate::report::plain::one_line;
use crate::report::record::{Record, describe_failure};
use crate::report::source::Source;

/// One execution, as the events tell it.
pub(super) struct Attempt<'e> {
    pub(super) id: AttemptId,
    pub(super) slot: u32,
    pub(super) started: Time,
    /// When it ended; where it did not, when the last event came.
    pub(super) ended: Time,
    /// How long it waited for room.
    queued: Duration,
    /// Whether it follows on one that failed.
    pub(super) is_retry: bool,
    pub(super) end: Option<(&'e Verdict, &'e AttemptReport)>,
}

/// Returns every attempt whose command ran, in the order they started.
pub(super) fn find_attempts<'e>(source: &Source<'e>) -> Vec<Attempt<'e>> {
    let tasks = source.record.header.tasks.len();
    let latest = source.record.latest;
    let mut attempts: Vec<Attempt<'e>> = Vec::new();
    // Where the attempt of a task is that goes on.
    let mut running: BTreeMap<TaskId, usize> = BTreeMap::new();
    let mut retried = vec![None; tasks];
    for (at, event) in source.events {
        match event {
            Event::AttemptStarted {
                attempt,
                slot,
                queued,
            } if attempt.task.index() < tasks => {
                running.insert(attempt.task, attempts.len());
                attempts.push(Attempt {
                    id: *attempt,
                    slot: *slot,
                    started: *at,
                    ended: latest,
                    queued: *queued,
                    is_retry: retried[attempt.task.index()] == Some(attempt.number),
                    end: None,
                });
            }
            Event::AttemptFinished {
                attempt,
                verdict,
                report,
            } => {
                if let Some(index) = running.remove(&attempt.task) {
                    attempts[index].ended = *at;
                    attempts[index].end = Some((verdict, report));
                }
            }
            Event::RetryScheduled { attempt, .. } if attempt.task.index() < tasks => {
                retried[attempt.task.index()] = Some(attempt.number);
            }
            _ => {}
        }
    }
    // What was taken for started until the system refused its program never ran.
    attempts.retain(|it| {
        !it.end
            .is_some_and(|(_, report)| matches!(report.exit, Exit::NotStarted(_)))
    });
    attempts
}

/// Returns the names of the process and of its lanes.
pub(super) fn lanes(source: &Source<'_>, attempts: &[Attempt<'_>]) -> Vec<Value> {
    let project = one_line(&source.record.header.project);
    let name = |what: &str, lane: u64, name: String| json!({"ph": "M", "name": what, "pid": PROCESS, "tid": lane, "args": {"name": name}});
    let mut events = vec![name("process_name", 0, format!("{project} (regatta)"))];
    let lanes: BTreeSet<u64> = attempts.iter().map(|it| lane(it.slot)).collect();
    for lane in lanes {
        events.push(name("thread_name", lane, format!("slot {lane}")));
        events.push(json!({
            "ph": "M", "name": "thread_sort_index", "pid": PROCESS, "tid": lane, "args": {"sort_index": lane}
        }));
    }
    events
}

/// Returns moments that concern no single lane: results that were reused, and what cut the run short.
pub(super) fn marks(source: &Source<'_>) -> Vec<Value> {
    let record = source.record;
    let name = |task: TaskId| {
        let suite = record.header.tasks.get(task.index());
        suite.map_or("a suite", |_| record.suite(task).name.as_str())
    };
    let mark = |at: Time, scope: &str, name: String| json!({"ph": "i", "s": scope, "name": name, "pid": PROCESS, "tid": 0, "ts": microseconds(at.0)});
    let marks = source.events.iter().filter_map(|(at, event)| {
        Some(match event {
            Event::TaskFinished {
                task,
                verdict: Verdict::Cached,
            } => mark(*at, "p", format!("{}: cached", name(*task))),
            Event::TaskFinished {
                task,
                verdict: Verdict::Failed(Failure::SpawnError(reason)),
            } => mark(*at, "p", format!("{}: {}", name(*task), one_line(reason))),
            Event::RoundFinished { round, .. } => mark(*at, "g", format!("round {round} is over")),
            Event::RunCancelled { reason } => mark(
                *at,
                "g",
                match reason {
                    CancelReason::FailFast(task) => format!("fail-fast: {} failed", name(*task)),
                    CancelReason::MaxFail(task) => {
                        format!("too many failures: {} failed", name(*task))
                    }
                    CancelReason::Interrupt(signal) => format!(
                        "interrupted by {}",
                        match signal {
                            StopSignal::Interrupt => "SIGINT",
                            StopSignal::Terminate => "SIGTERM",
                            StopSignal::Hangup => "SIGHUP",
                            StopSignal::Kill => "SIGKILL",
                        }
                    ),
                },
            ),
            _ => return None,
        })
    });
    marks.collect()
}

/// Returns the number of a lane; 0 is where marks stand.
pub(super) fn lane(slot: u32) -> u64 {
    u64::from(slot) + 1
}

impl Attempt<'_> {
    /// Returns its event.
    pub(super) fn event(&self, record: &Record) -> Value {
        let suite = record.suite(self.id.task);
        let outcome = self
            .end
            .map_or(Outcome::Interrupted, |(verdict, _)| verdict.outcome());
        let mut details = Map::new();
        let mut tell = |name: &str, value: Value| details.insert(name.to_owned(), value);
        tell("attempt", json!(self.id.number));
        tell("outcome", json!(outcome));
        tell("queued_ms", json!(microseconds(self.queued) / 1_000));
        tell("command", json!(one_line(&suite.command_line)));
        if let Some((verdict, report)) = self.end {
            if let Verdict::Failed(failure) = verdict {
                tell(
                    "error",
                    json!(one_line(&describe_failure(failure, self.id.number))),
                );
            }
            if let Exit::Code(code) = report.exit {
                tell("exit_code", json!(code));
            }
            if let Some(usage) = report.usage {
                tell("cpu_ms", json!(microseconds(usage.cpu) / 1_000));
                tell("max_rss_bytes", json!(usage.max_rss_bytes));
            }
        }
        json!({
            "ph": "X",
            "name": suite.name,
            "cat": suite.category,
            "cname": colour(outcome),
            "pid": PROCESS,
            "tid": lane(self.slot),
            "ts": microseconds(self.started.0),
            "dur": microseconds(self.ended - self.started),
            "args": details,
        })
    }
}

/// Returns a colour by its name in Chrome's viewer; Perfetto chooses its own.
fn colour(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed | Outcome::Cached => "good",
        Outcome::Flaky => "bad",
        Outcome::Blocked | Outcome::Cancelled | Outcome::Interrupted | Outcome::Condition => "grey",
        _ => "terrible",
    }
}
