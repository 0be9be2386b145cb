//! The lines after the last suite: the counts, what went wrong and why, and the word on the run.

use std::collections::BTreeMap;

use regatta_core::cases::CaseCounts;
use regatta_core::event::{CancelReason, Summary};
use regatta_core::id::{Id, TaskId};
use regatta_core::verdict::{Failure, Outcome, Status, Verdict};

use crate::report::causes::{find_blocked, find_causes, find_error};
use crate::report::record::{AttemptRecord, Record, describe_failure};
use crate::report::rounds::Tally;
use crate::shell::quote;

use super::bounds::write_bounds;
use super::case_lines::{contradiction, count_all, describe_counts, write_failed_cases};
use super::closing::describe_run;
use super::ends::{last_words, write_detail, write_diagnosis};
use super::header::write_heading;
use super::heaviest::write_heaviest;
use super::look::{Look, Tone, seconds};
use super::options::Mode;
use super::page::Page;
use super::past::describe_failure_in_history;
use super::progress::is_cut_short;
use super::quarantine::describe_quarantine;
use super::row::Row;

/// How many names a line may list.
const NAMES: usize = 10;

/// Writes the summary of a run, which may have ended in the middle.
pub(super) fn write_footer(page: &mut Page, tasks: &Record, mode: Mode, json_report: Option<&str>) {
    let record = &*tasks.by_suite();
    let footer = Footer {
        record,
        summary: record.summary(),
        blocked: find_blocked(record),
    };
    if mode == Mode::Compact {
        footer.write_counts_in_a_line(page);
    } else {
        page.blank();
        write_heading(page, page.look.symbols.summary, "Test Summary");
        footer.write_counts(page);
        footer.write_times(page);
        write_bounds(page, tasks);
        write_heaviest(page, record);
        page.blank();
    }
    footer.write_failed(page);
    footer.write_quarantined(page);
    footer.write_expired(page);
    footer.write_cut_short(page);
    footer.write_flaky(page);
    footer.write_contradictions(page);
    footer.write_skipped(page);
    footer.write_not_seen(page);
    footer.write_rerun(page);
    footer.write_outstanding(page);
    if let Some(path) = json_report {
        let path = page.path(path);
        page.line(format_args!(
            "{}JSON report: {path}",
            page.look.symbols.report
        ));
        page.blank();
    }
    footer.write_verdict(page);
}

/// Writes the failures of a run that goes on.
pub(super) fn write_failures_so_far(page: &mut Page, tasks: &Record) {
    let record = &*tasks.by_suite();
    let footer = Footer {
        record,
        summary: record.summary(),
        blocked: find_blocked(record),
    };
    footer.write_failed(page);
    footer.write_quarantined(page);
}

struct Footer<'a> {
    record: &'a Record,
    summary: Summary,
    /// Blocked tasks by their root cause.
    blocked: BTreeMap<TaskId, Vec<TaskId>>,
}

impl Footer<'_> {
    fn write_counts(&self, page: &mut Page) {
        let symbols = page.look.symbols;
        let Summary {
            total,
            passed,
            failed,
            skipped,
        } = self.summary;
        let symbol = page.paint(Tone::Good, symbols.passed);
        page.line(format_args!("  {symbol} Passed:  {passed}/{total}"));
        let cached = self.find(|verdict| *verdict == Verdict::Cached).len();
        if cached > 0 {
            write_detail(
                page,
                format_args!("{cached} of these cached: nothing that decides them has changed"),
            );
        }
        let symbol = page.paint(Tone::Bad, symbols.failed);
        let quarantined = match self.record.quarantined_failures() {
            0 => String::new(),
            count => format!(" ({count} quarantined)"),
        };
        page.line(format_args!(
            "  {symbol} Failed:  {failed}/{total}{quarantined}"
        ));
        if skipped > 0 {
            let symbol = page.paint(Tone::Caution, symbols.skipped);
            page.line(format_args!("  {symbol} Skipped: {skipped}/{total}"));
        }
        if let Some(cases) = count_all(self.record) {
            let CaseCounts {
                passed,
                failed,
                skipped,
                ..
            } = cases;
            page.line(format_args!(
                "  {} Cases:   {passed} passed, {failed} failed, {skipped} skipped",
                symbols.bullet
            ));
        }
        page.blank();
    }

    fn write_counts_in_a_line(&self, page: &mut Page) {
        let Summary {
            total,
            passed,
            failed,
            skipped,
        } = self.summary;
        let wall = self
            .record
            .finished
            .map_or(self.record.latest, |it| it.at)
            .0;
        let time = seconds(wall);
        page.line(format_args!(
            "{total} suites in {time}: {passed} passed, {failed} failed, {skipped} skipped"
        ));
    }

    fn write_times(&self, page: &mut Page) {
        let symbols = page.look.symbols;
        let finished = self.record.finished;
        let wall = finished.map_or(self.record.latest, |finish| finish.at).0;
        let work = self.record.work();
        let saved = seconds(work.saturating_sub(wall));
        // One after another, the same suites would have cost the same between them: a run never makes them slower.
        let speedup = if work > wall && !wall.is_zero() {
            work.as_secs_f64() / wall.as_secs_f64()
        } else {
            1.0
        };
        page.line(format_args!(
            "  {}Total time: {}",
            symbols.time,
            seconds(wall)
        ));
        page.line(format_args!(
            "  {}Speedup: {speedup:.1}x ({saved} saved)",
            symbols.speed
        ));
    }

    fn write_failed(&self, page: &mut Page) {
        let failed = self.find_failed();
        if failed.is_empty() {
            return;
        }
        write_title(page, Tone::Bad, "Failed Tests:");
        for cause in find_causes(self.record, &failed) {
            match cause.tasks[..] {
                [task] => self.write_failure(page, task),
                _ => self.write_alike(page, &cause.tasks),
            }
        }
        page.blank();
    }

    /// Writes failures that say the same once, with the log of the first.
    fn write_alike(&self, page: &mut Page, tasks: &[TaskId]) {
        let bullet = page.look.symbols.bullet;
        let first = tasks[0];
        let what = page.look.clean(&self.message(first)).into_owned();
        let count = tasks.len();
        page.line(format_args!("  {bullet} {count} suites fail alike: {what}"));
        self.write_error(page, first);
        write_detail(page, self.names(tasks));
        // The same words about the past of all of them are worth saying; others belong to one suite.
        let past = describe_failure_in_history(self.record, first);
        let is_shared = |it: &&TaskId| describe_failure_in_history(self.record, **it) == past;
        if let Some(words) = past.as_ref()
            && tasks.iter().filter(is_shared).count() == count
        {
            write_detail(page, words);
        }
        self.write_log(
            page,
            first,
            self.record.tasks[first.index()].telling_attempt(),
        );
        let blocked = tasks.iter().filter_map(|it| self.blocked.get(it));
        let blocked: Vec<TaskId> = blocked.flatten().copied().collect();
        self.write_names_of_blocked(page, &blocked);
    }

    /// Writes what the output of a task said first of an error.
    fn write_error(&self, page: &mut Page, task: TaskId) {
        if let Some(text) = find_error(self.record, task) {
            let gutter = page.look.symbols.gutter;
            let text = page.look.clean(text).into_owned();
            write_detail(
                page,
                format_args!("{gutter} {}", shorten(text.trim(), page.look)),
            );
        }
    }

    fn write_failure(&self, page: &mut Page, task: TaskId) {
        let known = &self.record.tasks[task.index()];
        let mut what = self.message(task);
        let words = &known.words;
        if words.rounds > 0 {
            what = format!("{what}, in {} of {} rounds", words.failed, words.rounds);
        }
        let cases = known.cases();
        if let Some(counts) = cases.as_deref().and_then(describe_counts) {
            what = format!("{what}, {counts}");
        }
        self.write_item(page, task, &what);
        self.write_error(page, task);
        if let Some(words) = describe_failure_in_history(self.record, task) {
            write_detail(page, words);
        }
        if let Some(cases) = cases.as_deref() {
            write_failed_cases(page, cases);
        }
        let quarantine = self.record.suite(task).quarantine.as_ref();
        if let Some(it) = quarantine.filter(|it| !it.expired) {
            let text = describe_quarantine(it);
            write_detail(page, page.look.clean(&text).into_owned());
        }
        if known.shards.is_empty() {
            self.write_log(page, task, known.telling_attempt());
        } else {
            self.write_shard_logs(page, task);
        }
        self.write_blocked(page, task);
    }

    /// Writes where the logs of the shards are that failed.
    fn write_shard_logs(&self, page: &mut Page, task: TaskId) {
        let shards = (1..).zip(&self.record.tasks[task.index()].shards);
        let failed = shards.filter(|(_, shard)| shard.status() == Status::Failed);
        for (number, _) in failed.take(NAMES) {
            if let Some(log) = self.record.shard_log_file(task, number) {
                let log = page.look.clean(&log).into_owned();
                write_detail(page, format_args!("Log: {log}"));
            }
        }
        write_diagnosis(page, self.record, task);
    }

    /// Writes the failures that leave the run as it is.
    fn write_quarantined(&self, page: &mut Page) {
        let mut failed = self.find(|verdict| verdict.status() == Status::Failed);
        failed.retain(|&task| self.record.is_forgiven(task));
        if failed.is_empty() {
            return;
        }
        write_title(page, Tone::Caution, "Quarantined Tests:");
        for task in failed {
            self.write_failure(page, task);
        }
        page.blank();
    }

    /// Writes the entries that fail the run, and what to do about them.
    fn write_expired(&self, page: &mut Page) {
        let suites = self.record.header.suites.iter();
        let expired = suites.filter_map(|suite| Some((suite, suite.expired_quarantine()?)));
        let expired: Vec<_> = expired.collect();
        if expired.is_empty() {
            return;
        }
        write_title(page, Tone::Bad, "Expired Quarantine:");
        let bullet = page.look.symbols.bullet;
        for (suite, entry) in expired {
            let place = page.look.clean(&entry.place).into_owned();
            page.line(format_args!(
                "  {bullet} {}: held until {} ({place})",
                suite.name, entry.expires
            ));
            write_detail(page, "Set `expires` to a later day, or remove the entry");
        }
        page.blank();
    }

    /// Returns the tasks whose failures fail the run.
    fn find_failed(&self) -> Vec<TaskId> {
        let mut failed = self.find(|verdict| verdict.status() == Status::Failed);
        failed.retain(|&task| !self.record.is_forgiven(task));
        failed
    }

    /// Writes what the end of the run met while it ran, and what never came to run.
    fn write_cut_short(&self, page: &mut Page) {
        let cut_short = self.find(is_cut_short);
        if cut_short.is_empty() {
            return;
        }
        let bullet = page.look.symbols.bullet;
        let interrupted = cut_short
            .iter()
            .any(|&task| self.record.tasks[task.index()].outcome() == Outcome::Interrupted);
        let title = if interrupted {
            "Interrupted"
        } else {
            "Cancelled"
        };
        match self.record.cancelled {
            Some(CancelReason::FailFast(task) | CancelReason::MaxFail(task))
                if task.index() < self.record.header.tasks.len() =>
            {
                let name = self.name(task);
                let title = format!("{title} Tests, after {name} failed:");
                write_title(page, Tone::Caution, &title);
            }
            _ => write_title(page, Tone::Caution, &format!("{title} Tests:")),
        }
        let (started, never): (Vec<_>, Vec<_>) = cut_short
            .into_iter()
            .partition(|&task| self.has_begun(task));
        if started.len() > NAMES {
            let names = self.names(&started);
            page.line(format_args!(
                "  {bullet} {} ended while they ran: {names}",
                started.len()
            ));
        } else {
            for task in started {
                self.write_item(page, task, "ended while it ran");
                self.write_log(page, task, self.record.tasks[task.index()].attempts.last());
                self.write_blocked(page, task);
            }
        }
        if !never.is_empty() {
            let names = self.names(&never);
            let what = match self.record.header.repeat {
                None => "never started",
                Some(_) => "did not start in the last round",
            };
            page.line(format_args!("  {bullet} {} {what}: {names}", never.len()));
        }
        page.blank();
    }

    /// Returns whether a task that was cut short has run by then.
    fn has_begun(&self, task: TaskId) -> bool {
        let known = &self.record.tasks[task.index()];
        known.started().is_some() && self.record.was_under_way(task)
    }

    fn write_flaky(&self, page: &mut Page) {
        let flaky = self.find(|verdict| *verdict == Verdict::Flaky);
        if flaky.is_empty() {
            return;
        }
        write_title(page, Tone::Caution, "Flaky Tests:");
        for task in flaky {
            let known = &self.record.tasks[task.index()];
            let (attempts, number) = (&known.attempts, known.latest_number());
            let failed = attempts.iter().rfind(|it| find_failure(it).is_some());
            let before = failed
                .and_then(find_failure)
                .map_or_else(String::new, |it| {
                    format!(", after {}", describe_failure(it, number))
                });
            let what = if known.words.rounds > 0 {
                let Tally { passed, failed } = known.tally;
                let all = passed + failed;
                format!("passed in every round, though {failed} of {all} attempts failed")
            } else {
                format!("passed at attempt {number}{before}")
            };
            self.write_item(page, task, &what);
            let cases = failed.and_then(|it| it.end.as_ref()?.report.cases.as_deref());
            if let Some(cases) = cases {
                write_failed_cases(page, cases);
            }
            self.write_log(page, task, failed);
        }
        page.blank();
    }

    /// Writes which suites passed although some of their cases failed: the exit code decides, and one of both is wrong.
    fn write_contradictions(&self, page: &mut Page) {
        let tasks = self.record.tasks.iter().enumerate();
        let told: Vec<_> = tasks
            .filter_map(|(index, task)| Some((TaskId::from_index(index), contradiction(task)?)))
            .collect();
        if told.is_empty() {
            return;
        }
        write_title(page, Tone::Caution, "Passed With Failed Cases:");
        for (task, cases) in told {
            let counts = describe_counts(&cases).unwrap_or_default();
            self.write_item(page, task, &format!("exit code 0, but {counts}"));
            write_failed_cases(page, &cases);
        }
        page.blank();
    }

    fn write_skipped(&self, page: &mut Page) {
        let skipped = self.find(|verdict| verdict.outcome() == Outcome::Condition);
        if skipped.is_empty() {
            return;
        }
        write_title(page, Tone::Caution, "Skipped Tests:");
        for task in skipped {
            let last = self.record.tasks[task.index()].attempts.last();
            let what = match last.and_then(last_words) {
                Some(words) => words.to_owned(),
                None => self.message(task),
            };
            self.write_item(page, task, &what);
            self.write_blocked(page, task);
        }
        page.blank();
    }

    /// Writes which suites nobody knows of, by the shards that are missing.
    fn write_not_seen(&self, page: &mut Page) {
        let mut by_shard: BTreeMap<Option<(u32, u32)>, Vec<TaskId>> = BTreeMap::new();
        for task in self.find(|verdict| verdict.outcome() == Outcome::NotSeen) {
            let shard = self.record.missing_part(task);
            by_shard.entry(shard).or_default().push(task);
        }
        if by_shard.is_empty() {
            return;
        }
        write_title(page, Tone::Caution, "Not Seen Tests:");
        let bullet = page.look.symbols.bullet;
        for (shard, tasks) in by_shard {
            let names = self.names(&tasks);
            match shard {
                Some((number, count)) => page.line(format_args!(
                    "  {bullet} shard {number} of {count} is missing: {names}"
                )),
                None => page.line(format_args!("  {bullet} {names}")),
            }
        }
        page.blank();
    }

    fn write_rerun(&self, page: &mut Page) {
        let failed = self.find_failed();
        if failed.is_empty() {
            return;
        }
        let names: Vec<_> = failed.iter().map(|&task| self.name(task)).collect();
        write_title(page, Tone::Heading, "Run the failures again:");
        // Not cleaned: a command that differs from what was meant is worse than an odd one.
        let prefix = &self.record.header.rerun_prefix;
        if names.len() > NAMES {
            page.line(format_args!("  {prefix} --failed"));
        } else {
            let names = quote(&names.join(","));
            page.line(format_args!("  {prefix} --suites {names}"));
        }
        page.blank();
    }

    /// Writes what `--failed` would have run without other filters.
    fn write_outstanding(&self, page: &mut Page) {
        let names = &self.record.header.outstanding;
        if names.is_empty() {
            return;
        }
        let shown = names[..names.len().min(NAMES)].join(", ");
        let shown = match names.len().saturating_sub(NAMES) {
            0 => shown,
            more => format!("{shown} and {more} more"),
        };
        write_title(page, Tone::Caution, "Still Outstanding:");
        let bullet = page.look.symbols.bullet;
        let shown = page.look.clean(&shown).into_owned();
        page.line(format_args!("  {bullet} {shown}"));
        page.blank();
        write_title(page, Tone::Heading, "Run all that is outstanding:");
        page.line(format_args!(
            "  {} --failed",
            self.record.header.rerun_prefix
        ));
        page.blank();
    }

    fn write_verdict(&self, page: &mut Page) {
        let symbols = page.look.symbols;
        let (tone, words) = describe_run(self.record, self.summary);
        let symbol = match tone {
            Tone::Good => symbols.good,
            Tone::Bad => symbols.bad,
            _ => symbols.caution,
        };
        let words = page.paint(tone, words);
        page.line(format_args!("{symbol}{words}"));
    }

    fn write_item(&self, page: &mut Page, task: TaskId, what: &str) {
        let bullet = page.look.symbols.bullet;
        let what = page.look.clean(what).into_owned();
        page.line(format_args!("  {bullet} {}: {what}", self.name(task)));
    }

    fn write_log(&self, page: &mut Page, task: TaskId, attempt: Option<&AttemptRecord>) {
        if let Some(log) = attempt.and_then(|attempt| self.record.log_file(task, attempt)) {
            let log = page.path(&log);
            write_detail(page, format_args!("Log: {log}"));
        }
        write_diagnosis(page, self.record, task);
    }

    fn write_blocked(&self, page: &mut Page, task: TaskId) {
        if let Some(blocked) = self.blocked.get(&task) {
            self.write_names_of_blocked(page, blocked);
        }
    }

    fn write_names_of_blocked(&self, page: &mut Page, blocked: &[TaskId]) {
        match blocked.len() {
            0 => {}
            count if count > NAMES => {
                let names = self.names(blocked);
                write_detail(page, format_args!("Blocked: {count} suites: {names}"));
            }
            _ => write_detail(page, format_args!("Blocked: {}", self.names(blocked))),
        }
    }

    /// Returns the tasks whose verdict is of a kind, in plan order.
    fn find(&self, kind: impl Fn(&Verdict) -> bool) -> Vec<TaskId> {
        let tasks = self.record.tasks.iter().enumerate();
        tasks
            .filter(|(_, task)| kind(&task.verdict_or_interrupted()))
            .map(|(index, _)| TaskId::from_index(index))
            .collect()
    }

    fn names(&self, tasks: &[TaskId]) -> String {
        let shown: Vec<_> = tasks.iter().take(NAMES).map(|&it| self.name(it)).collect();
        match tasks.len() - shown.len() {
            0 => shown.join(", "),
            more => format!("{} and {more} more", shown.join(", ")),
        }
    }

    fn name(&self, task: TaskId) -> &str {
        &self.record.suite(task).name
    }

    fn message(&self, task: TaskId) -> String {
        self.record.error_message(task).unwrap_or_default()
    }
}

/// Cuts a message that would take more than two rows of a usual terminal.
fn shorten(text: &str, look: Look) -> String {
    const MOST: usize = 150;
    let mut row = Row::new(look, MOST);
    row.push(Tone::Plain, text);
    row.text().to_owned()
}

fn write_title(page: &mut Page, tone: Tone, title: &str) {
    let title = page.paint(tone, title);
    page.line(format_args!("{title}"));
}

fn find_failure(attempt: &AttemptRecord) -> Option<&Failure> {
    match &attempt.end.as_ref()?.verdict {
        Verdict::Failed(failure) => Some(failure),
        _ => None,
    }
}
