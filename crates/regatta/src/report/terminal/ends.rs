//! The lines that tell how a suite ended, and what people need to see of it at once.

use std::fmt::Display;
use std::time::Duration;

use regatta_core::cases::CaseList;
use regatta_core::id::{Id, TaskId};
use regatta_core::plan::Suite;
use regatta_core::terms::{FailFast, Repeat, Until};
use regatta_core::verdict::{Failure, Reason, Verdict};

use crate::report::record::{AttemptEnd, AttemptRecord, Record, describe_failure};

use super::case_lines::{describe_counts, write_trouble};
use super::lines::{Lines, NAMES};
use super::look::{Tone, seconds};
use super::options::Counter;
use super::page::Page;
use super::past::describe;

/// How much of a failed suite's output is shown.
const EXCERPT_LINES: usize = 10;

/// The word on a suite or on a shard of one.
pub(super) struct Word<'w> {
    /// The word itself.
    pub(super) verdict: &'w Verdict,
    /// What is said of it, for people.
    pub(super) what: String,
    /// The test cases it told of.
    pub(super) cases: Option<&'w CaseList>,
}

impl Lines<'_> {
    /// Writes how a task ended.
    pub(super) fn write_end(&self, page: &mut Page, task: TaskId, verdict: &Verdict) {
        if self.record.shard(task).is_some() {
            return self.write_shard_end(page, task, verdict);
        }
        let Some(attempts) = self.record.tasks.get(task.index()).map(|it| &it.attempts) else {
            return;
        };
        let in_rounds = self.record.header.repeat.is_some();
        let is_cut_short = matches!(
            verdict,
            Verdict::Skipped(Reason::Cancelled | Reason::Interrupted)
        );
        let last = attempts.last().filter(|last| {
            // What never started in this round has an attempt of the one before.
            let ended_so = last.end.as_ref().is_some_and(|end| end.verdict == *verdict);
            !in_rounds || !is_cut_short || ended_so
        });
        let Some(what) = self.describe_end(task, verdict, last) else {
            return;
        };
        let cases = self.cases(task, verdict, last);
        let word = Word {
            verdict,
            what,
            cases,
        };
        self.write_word(page, task, word);
        let failed = matches!(verdict, Verdict::Failed(_));
        if let Some(last) = last {
            if failed {
                // Once is enough where it fails round after round.
                let is_first = self.record.tasks[task.index()].words.failed <= 1;
                let past = self.record.past(task).filter(|_| is_first);
                if let Some(past) = past.filter(|_| !is_lost(verdict)) {
                    write_detail(page, describe(past));
                }
                self.write_output(page, task, last);
            }
            if let Some(end) = &last.end {
                write_remarks(page, end, verdict);
            }
        }
        if let Some(cases) = cases {
            write_trouble(page, cases);
        }
    }

    /// Writes the line with the word on the suite of a task.
    pub(super) fn write_word(&self, page: &mut Page, task: TaskId, word: Word<'_>) {
        let Word {
            verdict,
            mut what,
            cases,
        } = word;
        let failed = matches!(verdict, Verdict::Failed(_));
        let suite = self.find_suite(task);
        let quarantine = suite.and_then(|suite| suite.quarantine.as_ref());
        let is_quarantined = failed && suite.is_some_and(Suite::is_quarantined);
        if let Some(quarantine) = quarantine.filter(|_| is_quarantined) {
            what = format!("{what}, quarantined until {}", quarantine.expires);
        }
        if let Some(counts) = cases.and_then(describe_counts) {
            what = format!("{what}, {counts}");
        }
        let symbols = page.look.symbols;
        let has_failed_cases = cases.is_some_and(|it| it.counts.failed > 0);
        let symbol = match verdict {
            Verdict::Passed | Verdict::Cached if has_failed_cases => {
                page.paint(Tone::Caution, symbols.passed)
            }
            Verdict::Passed | Verdict::Cached => page.paint(Tone::Good, symbols.passed),
            Verdict::Flaky => page.paint(Tone::Caution, symbols.passed),
            Verdict::Failed(_) if is_quarantined => page.paint(Tone::Caution, symbols.failed),
            Verdict::Failed(_) => page.paint(Tone::Bad, symbols.failed),
            Verdict::Skipped(_) => page.paint(Tone::Caution, symbols.skipped),
        };
        let name = self.name(task);
        let what = page.look.clean(&what);
        let count = self.count();
        page.line(format_args!("  {count}{symbol} {name} {what}"));
    }

    /// Returns the test cases of the attempt that was the last, or of the one whose result is used.
    fn cases<'s>(
        &'s self,
        task: TaskId,
        verdict: &Verdict,
        last: Option<&'s AttemptRecord>,
    ) -> Option<&'s CaseList> {
        if *verdict == Verdict::Cached {
            return self.record.tasks[task.index()].own_cases();
        }
        last?.end.as_ref()?.report.cases.as_deref()
    }

    /// Returns how many tasks are done of how many, where that stands before each end.
    pub(super) fn count(&self) -> String {
        match self.counter {
            Counter::Shown => format!("[{}/{}] ", self.done, self.progress.total),
            Counter::Hidden => String::new(),
        }
    }

    /// Returns the words for a verdict; `None` for a task that never started because nothing did any more, which the
    /// summary says once for all of them.
    pub(super) fn describe_end(
        &self,
        task: TaskId,
        verdict: &Verdict,
        last: Option<&AttemptRecord>,
    ) -> Option<String> {
        let count = last.map_or(0, |it| it.number);
        let took = last.map(|attempt| seconds(running_time(attempt)));
        Some(match verdict {
            Verdict::Passed => format!("passed in {}", took?),
            Verdict::Cached => {
                let probe = self.record.tasks[task.index()].probe.as_ref();
                let saved = probe.map_or(Duration::ZERO, |probe| probe.saved);
                format!("cached ({} saved)", seconds(saved))
            }
            Verdict::Flaky => format!("passed in {} (flaky: attempt {count})", took?),
            Verdict::Failed(failure) => {
                let why = describe_failure(failure, count);
                if count > 1 && *failure != Failure::Flaky {
                    format!("failed ({why}) at attempt {count}")
                } else {
                    format!("failed ({why})")
                }
            }
            Verdict::Skipped(Reason::Blocked(by)) => {
                format!("blocked: {} did not pass", self.name(*by))
            }
            Verdict::Skipped(Reason::Cancelled) => format!("cancelled after {}", took?),
            Verdict::Skipped(Reason::Interrupted) => format!("interrupted after {}", took?),
            Verdict::Skipped(Reason::Condition(code)) => match last.and_then(last_words) {
                Some(words) => format!("skipped (exit code {code}): {words}"),
                None => format!("skipped (exit code {code})"),
            },
            // The summary says which shards are missing.
            Verdict::Skipped(Reason::NotSeen) => return None,
        })
    }

    /// Returns whether the logs of this round will have moved by the time that somebody reads its lines.
    fn another_round_follows(&self) -> bool {
        let header = &self.record.header;
        let is_expected = |repeat: Repeat| {
            let more = repeat.rounds.is_none_or(|most| self.progress.round < most);
            more && repeat.until == Until::Done && header.fail_fast == FailFast::Off
        };
        header.repeat.is_some_and(is_expected) && self.record.cancelled.is_none()
    }

    /// Writes where an attempt's output is and how it ended.
    pub(super) fn write_output(&self, page: &mut Page, task: TaskId, attempt: &AttemptRecord) {
        let log = self.record.log_file(task, attempt);
        let log = match log {
            Some(_) if self.another_round_follows() => {
                Some(self.record.later_log_file(task, attempt))
            }
            log => log,
        };
        if let Some(log) = log {
            write_detail(page, format_args!("Log: {}", page.path(&log)));
        }
        write_diagnosis(page, self.record, task);
        let Some(report) = attempt.end.as_ref().map(|end| &end.report) else {
            return;
        };
        let excerpt = &report.excerpt;
        if excerpt.is_empty() && attempt.was_started() && report.log.bytes == 0 {
            write_detail(page, "It printed nothing");
        }
        let error = report.first_error.as_deref();
        if let Some(error) = error.filter(|it| !it.lines.is_empty()) {
            let at = error.line.checked_sub(error.first_line);
            let at = at.and_then(|at| usize::try_from(at).ok());
            write_excerpt(page, &error.lines, at);
            if error.gap != Some(0) {
                write_gap(page, error.gap);
            }
        }
        let tail = &excerpt[excerpt.len().saturating_sub(EXCERPT_LINES)..];
        let is_above = error.is_none_or(|it| !it.lines.is_empty());
        let text = error.filter(|_| !is_above).map(|it| &it.text);
        let at = text.and_then(|text| tail.iter().position(|it| it == text));
        write_excerpt(page, tail, at);
    }
}

/// Writes lines of a suite's output; the one at `error` stands out.
fn write_excerpt(page: &mut Page, lines: &[String], error: Option<usize>) {
    let symbols = page.look.symbols;
    for (at, line) in lines.iter().enumerate() {
        let line = page.look.clean(line).into_owned();
        if error == Some(at) {
            let line = format!("{} {line}", symbols.error_gutter);
            let line = page.paint(Tone::Bad, line.trim_end()).to_string();
            page.line(format_args!("    {line}"));
        } else {
            let line = format!("{} {line}", symbols.gutter);
            write_detail(page, line.trim_end());
        }
    }
}

fn write_gap(page: &mut Page, lines: Option<u64>) {
    let symbol = page.look.symbols.gap;
    match lines {
        Some(1) => write_detail(page, format_args!("{symbol} 1 line")),
        Some(count) => write_detail(page, format_args!("{symbol} {count} lines")),
        None => write_detail(page, symbol),
    }
}

/// Writes a line that belongs to the one above it.
pub(super) fn write_detail(page: &mut Page, content: impl Display) {
    let content = page.paint(Tone::Detail, content).to_string();
    page.line(format_args!("    {content}"));
}

/// Writes where it stands what the processes of a task did, if that was put on record.
pub(super) fn write_diagnosis(page: &mut Page, record: &Record, task: TaskId) {
    if let Some(diagnosis) = record.diagnosis_file(task) {
        let diagnosis = page.path(&diagnosis);
        write_detail(page, format_args!("Diagnosis: {diagnosis}"));
    }
}

/// Returns the last line of an attempt's output that says something, without the blanks around it.
pub(super) fn last_words(attempt: &AttemptRecord) -> Option<&str> {
    let excerpt = &attempt.end.as_ref()?.report.excerpt;
    excerpt
        .iter()
        .map(|line| line.trim())
        .rfind(|line| !line.is_empty())
}

pub(super) fn write_remarks(page: &mut Page, end: &AttemptEnd, verdict: &Verdict) {
    let leftovers = &end.report.leftovers;
    if !leftovers.is_empty() && !matches!(verdict, Verdict::Failed(Failure::Leftovers(_))) {
        let names: Vec<_> = leftovers.iter().take(NAMES).map(|it| &*it.name).collect();
        let names = names.join(", ");
        let count = leftovers.len();
        let processes = if count == 1 { "process" } else { "processes" };
        let names = page.look.clean(&names);
        write_detail(
            page,
            format_args!("It left {count} {processes} behind: {names}"),
        );
    }
    if let Some(error) = &end.report.log.error {
        let error = page.look.clean(error);
        write_detail(page, format_args!("Its log is not complete: {error}"));
    }
}

fn is_lost(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Failed(Failure::Infrastructure(_)))
}

fn running_time(attempt: &AttemptRecord) -> Duration {
    attempt.duration().unwrap_or_default()
}
