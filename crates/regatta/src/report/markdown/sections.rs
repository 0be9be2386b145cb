//! What the Markdown says about a run, in the order in which it matters.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use regatta_core::cases::CaseOutcome;
use regatta_core::id::{Id, TaskId};
use regatta_core::verdict::{Outcome, Status, Verdict};

use super::foreign::{block, cell, code, html};
use super::page::Page;
use crate::report::causes::find_blocked;
use crate::report::plain::{one_line, shorten};
use crate::report::record::{AttemptRecord, Record, RunState};
use crate::report::source::Source;
use crate::report::terminal::{Tone, describe_failure_in_history, describe_run, seconds};
use crate::shell::quote;

/// How many rows a table of things to look at has.
const ROWS: usize = 100;

/// How many names a cell lists.
const NAMES: usize = 5;

/// How many failed cases are named of one suite.
const CASES: usize = 20;

/// How much of the end of a failed suite's log is shown.
const LOG_LINES: usize = 40;

/// How long a message may be in a table.
const MESSAGE: usize = 200;

pub(super) fn write(page: &mut Page, source: &Source<'_>) {
    let record = source.record;
    let sections = Sections {
        source,
        record,
        blocked: find_blocked(record),
    };
    page.section(&sections.title());
    page.section(&sections.facts());
    let forgiven = |task: &TaskId| record.is_forgiven(*task);
    let (quarantined, failed): (Vec<_>, Vec<_>) = sections
        .find(|it| it.status() == Status::Failed)
        .into_iter()
        .partition(forgiven);
    page.section(&sections.table("Failed", &failed));
    page.section(&sections.rerun(&failed));
    for &task in &failed {
        page.section(&sections.details(task));
    }
    page.section(&sections.table("Failed in quarantine", &quarantined));
    page.section(&sections.table("Flaky", &sections.find(|it| *it == Verdict::Flaky)));
    let unfinished =
        sections.find(|it| matches!(it.outcome(), Outcome::Interrupted | Outcome::Cancelled));
    page.section(&sections.table("Not finished", &unfinished));
    let skipped = sections.find(|it| matches!(it.outcome(), Outcome::Condition));
    page.section(&sections.table("Skipped", &skipped));
    page.section(&sections.all());
}

struct Sections<'a> {
    source: &'a Source<'a>,
    record: &'a Record,
    /// Blocked tasks by their root cause.
    blocked: BTreeMap<TaskId, Vec<TaskId>>,
}

impl Sections<'_> {
    fn title(&self) -> String {
        if self.source.state == RunState::Running {
            return "## ⏳ The run has not finished".to_owned();
        }
        let (tone, words) = describe_run(self.record, self.record.summary());
        let symbol = match tone {
            Tone::Good => "✅",
            Tone::Bad => "❌",
            _ => "⚠️",
        };
        format!("## {symbol} {words}")
    }

    /// Returns the figures of the run, and what it was a run of.
    fn facts(&self) -> String {
        let Self { record, .. } = self;
        let summary = record.summary();
        let mut counts = format!("{} passed", summary.passed);
        let cached = self.find(|it| *it == Verdict::Cached).len();
        if cached > 0 {
            let _ = write!(counts, " ({cached} cached)");
        }
        for (count, word) in [(summary.failed, "failed"), (summary.skipped, "skipped")] {
            if count > 0 {
                let _ = write!(counts, ", {count} {word}");
            }
        }
        let wall = record.finished.map_or(record.latest, |it| it.at).0;
        let slots = match record.header.max_parallel {
            1 => "1 slot".to_owned(),
            count => format!("{count} slots"),
        };
        let mut facts = vec![
            code(&record.header.project),
            counts,
            format!("{} on {slots}", seconds(wall)),
        ];
        let work = record.work();
        if work > wall && !wall.is_zero() {
            facts.push(format!(
                "{:.1}x faster than one after another",
                work.as_secs_f64() / wall.as_secs_f64()
            ));
        }
        if let Some(repository) = &record.repository {
            let commit = repository.commit.get(..10).unwrap_or(&repository.commit);
            let branch = repository
                .branch
                .as_deref()
                .map(|it| format!(" on {}", code(it)));
            let dirty = if repository.dirty {
                ", with changes"
            } else {
                ""
            };
            facts.push(format!(
                "commit {}{}{dirty}",
                code(commit),
                branch.unwrap_or_default()
            ));
        }
        facts.join(" · ")
    }

    /// Returns the suites that need a look, with the reason.
    fn table(&self, title: &str, tasks: &[TaskId]) -> String {
        if tasks.is_empty() {
            return String::new();
        }
        let mut text =
            format!("### {title}\n\n| suite | why | time | blocked by it |\n|---|---|---:|---|\n");
        for &task in tasks.iter().take(ROWS) {
            let blocked = self
                .blocked
                .get(&task)
                .map_or(String::new(), |tasks| self.names(tasks));
            let _ = writeln!(
                text,
                "| {} | {} | {} | {blocked} |",
                cell(&self.record.suite(task).name),
                cell(&self.message(task)),
                self.time(task),
            );
        }
        if let Some(more @ 1..) = tasks.len().checked_sub(ROWS) {
            let _ = writeln!(text, "\nand {more} more.");
        }
        text
    }

    fn rerun(&self, failed: &[TaskId]) -> String {
        if failed.is_empty() || self.source.state == RunState::Running {
            return String::new();
        }
        let names: Vec<&str> = failed
            .iter()
            .map(|&task| self.record.suite(task).name.as_str())
            .collect();
        let prefix = &self.record.header.rerun_prefix;
        let command = if names.len() > ROWS {
            format!("{prefix} --failed")
        } else {
            format!("{prefix} --suites {}", quote(&names.join(",")))
        };
        format!("To run these again:\n\n{}", block(&command))
    }

    /// Returns what a failed suite said.
    fn details(&self, task: TaskId) -> String {
        let suite = self.record.suite(task);
        let known = &self.record.tasks[task.index()];
        let mut text = format!(
            "<details><summary><code>{}</code>: {}</summary>\n\n",
            html(&suite.name),
            html(&self.message(task)),
        );
        if let Some(words) = describe_failure_in_history(self.record, task) {
            let _ = writeln!(text, "{words}.\n");
        }
        let _ = writeln!(text, "Command: {}\n", code(&suite.command_line));
        let telling = known.telling_attempt();
        text.push_str(&known.cases().map_or(String::new(), |list| cases(&list)));
        let log = telling.and_then(|it| self.record.log_name(task, it));
        let tail = log
            .and_then(|it| (self.source.find_tail)(&it))
            .map(|it| it.text);
        let excerpt = || {
            let end = telling.and_then(|it| it.end.as_ref());
            end.map(|it| it.report.excerpt.join("\n"))
                .unwrap_or_default()
        };
        let lines = last_lines(&tail.unwrap_or_else(excerpt));
        if lines.trim().is_empty() {
            let ran = telling.is_some_and(AttemptRecord::was_started);
            text.push_str(if ran {
                "It printed nothing.\n"
            } else {
                "It never ran.\n"
            });
        } else {
            text.push_str(&block(&lines));
        }
        text.push_str("\n</details>\n");
        text
    }

    /// Returns every suite, folded away.
    fn all(&self) -> String {
        let total = self.record.tasks.len();
        let mut text = format!(
            "<details><summary>All {total} suites</summary>\n\n| suite | category | outcome | time | attempts |\n|---|---|---|---:|---:|\n"
        );
        for index in 0..total {
            let task = TaskId::from_index(index);
            let suite = self.record.suite(task);
            let known = &self.record.tasks[index];
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} |",
                cell(&suite.name),
                cell(&suite.category),
                word(&known.verdict_or_interrupted()),
                self.time(task),
                known.latest_number(),
            );
        }
        text.push_str("\n</details>\n");
        text
    }

    fn time(&self, task: TaskId) -> String {
        let known = &self.record.tasks[task.index()];
        let span = known.started().zip(known.ended());
        span.map_or(String::new(), |(from, to)| seconds(to - from))
    }

    fn message(&self, task: TaskId) -> String {
        let known = &self.record.tasks[task.index()];
        let message = match (
            known.verdict_or_interrupted(),
            self.record.error_message(task),
        ) {
            (Verdict::Flaky, _) => format!("passed at attempt {}", known.latest_number()),
            (_, message) => message.unwrap_or_default(),
        };
        let message = shorten(&one_line(&message), MESSAGE);
        match known.words.failed {
            0 => message,
            failed => format!("{message}, in {failed} of {} rounds", known.words.rounds),
        }
    }

    fn names(&self, tasks: &[TaskId]) -> String {
        let names = tasks
            .iter()
            .take(NAMES)
            .map(|&it| cell(&self.record.suite(it).name));
        let names = names.collect::<Vec<_>>().join(", ");
        match tasks.len().saturating_sub(NAMES) {
            0 => names,
            more => format!("{names} and {more} more"),
        }
    }

    fn find(&self, kind: impl Fn(&Verdict) -> bool) -> Vec<TaskId> {
        let tasks = (0..self.record.tasks.len()).map(TaskId::from_index);
        tasks
            .filter(|task| kind(&self.record.tasks[task.index()].verdict_or_interrupted()))
            .collect()
    }
}

/// Returns the failed cases of a suite, as a list.
fn cases(list: &regatta_core::cases::CaseList) -> String {
    let is_red = |outcome| matches!(outcome, CaseOutcome::Failed | CaseOutcome::Error);
    let failed: Vec<_> = list.cases.iter().filter(|it| is_red(it.outcome)).collect();
    if failed.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "{} of {} cases failed:\n\n",
        list.counts.failed, list.counts.total
    );
    for case in failed.iter().take(CASES) {
        let name = match case.class.as_str() {
            "" => case.name.clone(),
            class => format!("{class} {}", case.name),
        };
        let place = match (&case.file, case.line) {
            (Some(file), Some(line)) => format!(" ({})", code(&format!("{file}:{line}"))),
            (Some(file), None) => format!(" ({})", code(file)),
            (None, _) => String::new(),
        };
        let message = case
            .message
            .as_deref()
            .map(|it| shorten(&one_line(it), MESSAGE));
        let message = message
            .filter(|it| !it.is_empty())
            .map(|it| format!(": {}", code(&it)));
        let _ = writeln!(
            text,
            "- {}{place}{}",
            code(&name),
            message.unwrap_or_default()
        );
    }
    if let Some(more @ 1..) = failed.len().checked_sub(CASES) {
        let _ = writeln!(text, "- and {more} more");
    }
    text.push('\n');
    text
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict.outcome() {
        Outcome::Passed => "passed",
        Outcome::Cached => "passed (cached)",
        Outcome::Flaky if verdict.status() == Status::Passed => "passed (flaky)",
        Outcome::Flaky => "failed (flaky)",
        Outcome::ExitCode => "failed (exit code)",
        Outcome::Signal => "failed (signal)",
        Outcome::Timeout => "failed (time-out)",
        Outcome::IdleTimeout => "failed (silence)",
        Outcome::OutOfMemory => "failed (out of memory)",
        Outcome::NotSharded => "failed (not sharded)",
        Outcome::SpawnError => "failed (not started)",
        Outcome::Leftovers => "failed (leftovers)",
        Outcome::UnexpectedPass => "failed (unexpected pass)",
        Outcome::Infrastructure => "failed (lost)",
        Outcome::Blocked => "blocked",
        Outcome::Cancelled => "cancelled",
        Outcome::Interrupted => "interrupted",
        Outcome::Condition => "skipped",
        Outcome::NotSeen => "not seen",
    }
}
