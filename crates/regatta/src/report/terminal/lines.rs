//! The lines that tell a run while it goes on, except those of suites that end.

use std::borrow::Cow;
use std::time::Duration;

use regatta_core::event::{CancelReason, Event, StopSignal};
use regatta_core::id::{AttemptId, Id, TaskId};
use regatta_core::plan::Suite;
use regatta_core::terms::FailFast;
use regatta_core::time::Time;
use regatta_core::verdict::{Outcome, Verdict};

use crate::report::record::{AttemptEnd, Record, describe_failure};

use super::ends::write_detail;
use super::look::{Tone, clock, seconds};
use super::options::Counter;
use super::page::Page;
use super::progress::Progress;

/// How many names a line may list.
pub(super) const NAMES: usize = 8;

/// The lines of a run, over what is known of it.
pub(super) struct Lines<'a> {
    pub(super) record: &'a Record,
    pub(super) progress: &'a Progress,
    pub(super) counter: Counter,
    /// How many tasks had a verdict at the end that is told.
    pub(super) done: u32,
}

impl Lines<'_> {
    /// Writes what an event says to people, if anything. The event is already part of the record.
    pub(super) fn write_event(&self, page: &mut Page, event: &Event) {
        match event {
            Event::AttemptStarted { attempt, .. } if attempt.number == 1 => {
                if self.progress.is_first_start(attempt.task)
                    && let Some(suite) = self.find_suite(attempt.task)
                {
                    self.write_start(page, suite);
                    self.write_miss(page, attempt.task);
                }
            }
            Event::Slow {
                attempt,
                running,
                last_line,
            } => self.write_slow(page, *attempt, *running, last_line.as_deref()),
            Event::RetryScheduled { attempt, delay } => self.write_retry(page, *attempt, *delay),
            Event::TaskRoundFinished {
                task,
                round,
                verdict,
            } => {
                // A pass is told once; of thousands nobody would read every line.
                let word = self.progress.word(*task).unwrap_or(verdict);
                if *round == 1 || *word != Verdict::Passed {
                    self.write_end(page, *task, verdict);
                }
            }
            Event::RoundFinished { round, .. } => self.write_round(page, *round),
            // After several rounds the summary tells it.
            Event::TaskFinished { task, verdict } if self.record.rounds == 0 => {
                self.write_end(page, *task, verdict);
            }
            Event::RunCancelled { reason } => self.write_cancel(page, *reason),
            Event::NotStored { task, reason } => self.write_not_stored(page, *task, reason),
            Event::RunStarted(_)
            | Event::Probed { .. }
            | Event::RepositoryRead(_)
            | Event::AttemptStarted { .. }
            | Event::Stopping { .. }
            | Event::AttemptFinished { .. }
            | Event::TaskFinished { .. }
            | Event::RunFinished { .. } => {}
        }
    }

    /// Writes which attempts run, the oldest first. Nothing when none does.
    pub(super) fn write_still_running(&self, page: &mut Page, at: Time) {
        let running = &self.progress.running;
        if running.is_empty() {
            return;
        }
        let names = running.iter().take(NAMES).map(|it| {
            format!(
                "{} ({})",
                self.label(it.attempt.task),
                clock(at - it.started)
            )
        });
        let mut names = names.collect::<Vec<_>>().join(", ");
        if let Some(more @ 1..) = running.len().checked_sub(NAMES) {
            names = format!("{names} and {more} more");
        }
        let symbol = page.look.symbols.waiting;
        let elapsed = clock(at.0);
        page.line(format_args!(
            "  {symbol} still running after {elapsed}: {names}"
        ));
    }

    fn write_start(&self, page: &mut Page, suite: &Suite) {
        let categories = &self.record.header.categories;
        let category = categories.iter().find(|it| it.name == suite.category);
        let icon = match category.map_or("", |category| category.icon.as_str()) {
            "" => String::new(),
            icon => match page.look.clean(icon) {
                shown if shown == icon => format!("{icon} "),
                // An icon that cannot be shown as it is says nothing any more.
                _ => "> ".into(),
            },
        };
        let name = &suite.name;
        let shards = match suite.shards {
            Some(count) => format!(" ({count} shards)"),
            None => String::new(),
        };
        if suite.description.is_empty() {
            page.line(format_args!("{icon}{name}{shards}"));
        } else {
            let description = page.look.clean(&suite.description);
            page.line(format_args!("{icon}{name} - {description}{shards}"));
        }
    }

    /// Writes why a suite runs although it has an earlier result.
    fn write_miss(&self, page: &mut Page, task: TaskId) {
        let probe = self.record.tasks.get(task.index());
        let reason = probe.and_then(|it| it.probe.as_ref()).map(|it| &*it.reason);
        if let Some(reason) = reason.filter(|it| !it.is_empty()) {
            let reason = page.look.clean(reason).into_owned();
            write_detail(page, format_args!("cache: {reason}"));
        }
    }

    fn write_not_stored(&self, page: &mut Page, task: TaskId, reason: &str) {
        let symbol = page.paint(Tone::Caution, page.look.symbols.attention);
        let reason = page.look.clean(reason);
        page.line(format_args!(
            "  {symbol} {} is not cached: {reason}",
            self.name(task)
        ));
    }

    fn write_slow(
        &self,
        page: &mut Page,
        attempt: AttemptId,
        running: Duration,
        last_line: Option<&str>,
    ) {
        let name = self.label(attempt.task);
        let symbol = page.paint(Tone::Caution, page.look.symbols.attention);
        let last_line = match last_line.map(|line| page.look.clean(line)) {
            Some(line) if !line.trim().is_empty() => format!("last printed: {}", line.trim()),
            _ => "it has printed nothing yet".into(),
        };
        page.line(format_args!(
            "  {symbol} {name} is slow: {} so far; {last_line}",
            seconds(running)
        ));
    }

    fn write_retry(&self, page: &mut Page, next: AttemptId, delay: Duration) {
        let Some(known) = self.record.tasks.get(next.task.index()) else {
            return;
        };
        let attempts = &known.attempts;
        let failure = match attempts.last().and_then(|attempt| attempt.end.as_ref()) {
            Some(AttemptEnd {
                verdict: Verdict::Failed(failure),
                ..
            }) => describe_failure(failure, next.number - 1),
            _ => "no result".into(),
        };
        let ended = attempts.last().and_then(|attempt| attempt.end.as_ref());
        let was_killed = ended.is_some_and(|end| end.verdict.outcome() == Outcome::OutOfMemory);
        let when = if was_killed {
            "follows, alone".into()
        } else if delay.is_zero() {
            "follows".into()
        } else {
            format!("follows in {}", seconds(delay))
        };
        let symbol = page.paint(Tone::Caution, page.look.symbols.retry);
        page.line(format_args!(
            "  {symbol} {} failed ({}), attempt {} {when}",
            self.label(next.task),
            page.look.clean(&failure),
            next.number,
        ));
    }

    fn write_round(&self, page: &mut Page, round: u32) {
        // The event counts tasks, and people count suites.
        let summary = self.progress.last_round;
        let of = describe_round(self.record, round);
        let last = self.record.header.repeat.and_then(|it| it.rounds);
        if !is_landmark(round) && last != Some(round) && summary.passed == summary.total {
            return;
        }
        let mut counts = format!("{} passed", summary.passed);
        for (count, word) in [(summary.failed, "failed"), (summary.skipped, "skipped")] {
            if count > 0 {
                counts = format!("{counts}, {count} {word}");
            }
        }
        let symbol = page.paint(Tone::Detail, page.look.symbols.retry);
        page.line(format_args!("  {symbol} {of}: {counts}"));
    }

    fn write_cancel(&self, page: &mut Page, reason: CancelReason) {
        let rest = match self.record.header.fail_fast {
            FailFast::Now => "ending what runs",
            FailFast::Off | FailFast::Soon => "what runs may finish, nothing else starts",
        };
        let what = match reason {
            CancelReason::FailFast(task) => {
                format!("fail-fast: {} failed, {rest}", self.name(task))
            }
            CancelReason::MaxFail(task) => {
                let name = self.name(task);
                format!(
                    "too many failures, {name} was the last: what runs may finish, nothing else starts"
                )
            }
            CancelReason::Interrupt(StopSignal::Interrupt) => {
                "SIGINT: ending what runs; a second one kills it".into()
            }
            CancelReason::Interrupt(signal) => {
                format!("{}: ending what runs", name_of(signal))
            }
        };
        let symbol = page.paint(Tone::Caution, page.look.symbols.skipped);
        page.line(format_args!("  {symbol} {what}"));
    }

    /// Returns the name of a task's suite.
    pub(super) fn name(&self, task: TaskId) -> &str {
        self.find_suite(task).map_or("a suite", |suite| &suite.name)
    }

    /// Returns the name of a task's suite, and its shard where there are several.
    pub(super) fn label(&self, task: TaskId) -> Cow<'_, str> {
        match self.find_suite(task) {
            Some(_) => self.record.label(task),
            None => Cow::Borrowed("a suite"),
        }
    }

    /// A journal may name a task that its header does not know.
    pub(super) fn find_suite(&self, task: TaskId) -> Option<&Suite> {
        let header = &self.record.header;
        let suite = header.tasks.get(task.index())?;
        header.suites.get(suite.index())
    }
}

/// Returns which round it is, and of how many where that is known.
pub(super) fn describe_round(record: &Record, round: u32) -> String {
    match record.header.repeat.and_then(|it| it.rounds) {
        Some(rounds) => format!("round {round}/{rounds}"),
        None => format!("round {round}"),
    }
}

/// Returns whether a round is told though nothing happened in it: 1 to 10, then every tenth, every hundredth and so on.
fn is_landmark(round: u32) -> bool {
    let digits = round.checked_ilog10().unwrap_or_default();
    round.is_multiple_of(10_u32.pow(digits))
}

fn name_of(signal: StopSignal) -> &'static str {
    match signal {
        StopSignal::Interrupt => "SIGINT",
        StopSignal::Terminate => "SIGTERM",
        StopSignal::Hangup => "SIGHUP",
        StopSignal::Kill => "SIGKILL",
    }
}
