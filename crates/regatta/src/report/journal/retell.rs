//! A record told again as the events that make it: a journal for runs that have none of their own.
//!
//! Moments that a record does not keep are told where they can do no harm: whoever folds the events gets the record
//! back. Only runs of one round can be told, since of several a record has counts alone.

use std::time::Duration;

use regatta_core::event::{Event, RunHeader};
use regatta_core::id::{AttemptId, Id, TaskId};
use regatta_core::time::Time;
use regatta_core::verdict::{Exit, Verdict};

use super::line::LineRenderer;
use crate::report::record::{AttemptEnd, AttemptRecord, Record, TaskRecord};

/// Returns the events after the header that make this record, in the order of their times.
#[must_use]
pub fn retell(record: &Record) -> Vec<(Time, Event)> {
    let mut events = Vec::new();
    let repository = record.repository.clone();
    events.extend(repository.map(|it| (Time::BEGIN, Event::RepositoryRead(it))));
    for (index, task) in record.tasks.iter().enumerate() {
        let teller = Teller {
            task: TaskId::from_index(index),
            record: task,
            latest: record.latest,
        };
        teller.tell(&mut events);
    }
    // Of one moment, what belongs to a task stays in its order.
    events.sort_by_key(|(at, _)| *at);
    let cancelled = record.cancelled;
    events.extend(cancelled.map(|reason| (record.latest, Event::RunCancelled { reason })));
    let finish = record.finished.map(|finish| {
        let event = Event::RunFinished {
            summary: finish.summary,
            exit_code: finish.exit_code,
        };
        (finish.at, event)
    });
    events.extend(finish);
    events
}

/// Returns the journal of a record as text.
///
/// *Shape*: as in a file: one line an event, the header first.
///
/// # Panics
/// Never: what is rendered is JSON, which is text.
#[must_use]
pub fn render_journal(record: &Record) -> String {
    let mut lines = LineRenderer::default();
    let header: RunHeader = record.header.clone();
    let header = (Time::BEGIN, Event::RunStarted(Box::new(header)));
    let events = [header].into_iter().chain(retell(record));
    let mut text = Vec::new();
    for (at, event) in events {
        text.extend_from_slice(lines.render_line(at, &event));
    }
    String::from_utf8(text).expect("JSON is text")
}

/// Tells one task.
struct Teller<'r> {
    task: TaskId,
    record: &'r TaskRecord,
    /// When the run is over, as far as that is known.
    latest: Time,
}

impl Teller<'_> {
    fn tell(&self, events: &mut Vec<(Time, Event)>) {
        let Self { task, record, .. } = *self;
        let probe = record.probe.clone();
        let asked_at = probe.as_ref().map_or(Time::BEGIN, |probe| probe.at);
        let probe = probe.map(|probe| Event::Probed {
            task,
            key: probe.key,
            hit: probe.hit,
            reason: probe.reason,
            saved: probe.saved,
            elided_bytes: probe.elided_bytes,
            cases: probe.cases,
        });
        events.extend(probe.map(|event| (asked_at, event)));
        for attempt in &record.attempts {
            self.tell_attempt(attempt, events);
        }
        let end = self.end();
        if record.is_diagnosed {
            let attempt = self.attempt(record.latest_number());
            let event = Event::Slow {
                attempt,
                running: Duration::ZERO,
                last_line: None,
            };
            events.push((end, event));
        }
        let reason = record.not_stored.clone();
        let not_stored = reason.map(|reason| Event::NotStored { task, reason });
        events.extend(not_stored.map(|event| (end, event)));
        let verdict = record.verdict.clone();
        let finished = verdict.map(|verdict| Event::TaskFinished { task, verdict });
        events.extend(finished.map(|event| (end, event)));
    }

    fn tell_attempt(&self, attempt: &AttemptRecord, events: &mut Vec<(Time, Event)>) {
        let id = self.attempt(attempt.number);
        let is_first = self.record.attempts[0].number == attempt.number;
        let queued = self.record.queued.filter(|_| is_first);
        // An attempt may have been taken for started until the system refused its program.
        let was_refused = queued.is_some() && attempt.end.as_ref().is_some_and(is_refused);
        let start = attempt.started.or(attempt
            .end
            .as_ref()
            .filter(|_| was_refused)
            .map(|end| end.at));
        let started = start.map(|at| {
            let event = Event::AttemptStarted {
                attempt: id,
                slot: attempt.slot,
                queued: attempt.queued,
            };
            (at, event)
        });
        events.extend(started);
        let finished = attempt.end.as_ref().map(|end| {
            let event = Event::AttemptFinished {
                attempt: id,
                verdict: end.verdict.clone(),
                report: Box::new(end.report.clone()),
            };
            (end.at, event)
        });
        events.extend(finished);
    }

    /// Returns when the word on the task was said: at the end of its last attempt, for a kept result at once, and for
    /// what never ran when nothing did any more.
    fn end(&self) -> Time {
        let last = self.record.attempts.last();
        let ended = last.and_then(|it| it.end.as_ref()).map(|end| end.at);
        ended.unwrap_or(match self.record.verdict {
            Some(Verdict::Cached) => Time::BEGIN,
            _ => self.latest,
        })
    }

    fn attempt(&self, number: u32) -> AttemptId {
        AttemptId {
            task: self.task,
            number: number.max(1),
        }
    }
}

fn is_refused(end: &AttemptEnd) -> bool {
    matches!(end.report.exit, Exit::NotStarted(_))
}
