//! The part of a page that stands without its script: the head, what failed, and a table of all results.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use regatta_core::event::{Repository, Summary};
use regatta_core::id::{Id, TaskId};
use regatta_core::verdict::{Status, Verdict};

use super::escape::Text;
use super::kind::Kind;
use super::logs::{ShownTail, file_name};
use super::page::Surroundings;
use super::suite::describe_end;
use super::words::{duration, percent};
use crate::report::causes::find_blocked;
use crate::report::record::{AttemptRecord, Record};
use crate::report::terminal::{Tone, describe_failure_in_history, describe_run};

/// How much of a failed suite's output stands here.
const EXCERPT_LINES: usize = 12;

/// How many failures have theirs: the data has the others.
const EXCERPTS: usize = 50;

/// How many digits of a commit are shown.
const COMMIT_DIGITS: usize = 10;

/// Returns the title of the page, which also names the tab.
pub(super) fn title(record: &Record) -> String {
    let (tone, words) = describe_run(record, record.summary());
    format!("{} {}: {words}", mark(tone).0, record.header.project)
}

/// Returns the mark of a verdict, and its class.
fn mark(tone: Tone) -> (&'static str, &'static str) {
    match tone {
        Tone::Good => ("✓", "passed"),
        Tone::Bad => ("✗", "failed"),
        _ => ("!", "flaky"),
    }
}

/// Writes the head of the page: the verdict, what it cost, where it ran, how to repeat it.
pub(super) fn write_header(page: &mut String, record: &Record) {
    let header = &record.header;
    let (tone, words) = describe_run(record, record.summary());
    let (mark, class) = mark(tone);
    let _ = write!(
        page,
        "<header class=\"top\">\n<p class=\"project\"><bdi>{}</bdi> \
         <time datetime=\"{}\">{}</time></p>\n\
         <h1 class=\"verdict {class}\"><span class=\"mark\" aria-hidden=\"true\">{mark}</span> {}</h1>\n",
        Text(&header.project),
        Text(&header.timestamp),
        Text(&shown_time(&header.timestamp)),
        Text(&words),
    );
    write_counts(page, record);
    write_figures(page, record);
    write_origin(page, record);
    page.push_str("</header>\n");
}

/// Returns day and time of day as they were there.
fn shown_time(timestamp: &str) -> String {
    match (timestamp.get(..10), timestamp.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time}"),
        _ => timestamp.to_owned(),
    }
}

fn write_counts(page: &mut String, record: &Record) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for index in 0..record.tasks.len() {
        let kind = Kind::of(record, TaskId::from_index(index));
        *counts.entry(kind.class()).or_default() += 1;
    }
    let kinds = [
        Kind::Failed,
        Kind::Forgiven,
        Kind::Flaky,
        Kind::Passed,
        Kind::Cached,
        Kind::Blocked,
        Kind::Skipped,
    ];
    page.push_str("<ul class=\"counts\" aria-label=\"Counts\">");
    for kind in kinds {
        if let Some(count) = counts.get(kind.class()) {
            let _ = write!(
                page,
                "<li class=\"{}\"><span class=\"mark\" aria-hidden=\"true\">{}</span> <b>{count}</b> {}</li>",
                kind.class(),
                kind.mark(),
                kind.word()
            );
        }
    }
    let Summary { total, .. } = record.summary();
    let noun = if total == 1 { "suite" } else { "suites" };
    let _ = writeln!(page, "<li class=\"total\"><b>{total}</b> {noun}</li></ul>");
}

fn write_figures(page: &mut String, record: &Record) {
    let wall = record.finished.map_or(record.latest, |it| it.at).0;
    let work = record.work();
    let slots = f64::from(record.header.max_parallel.max(1));
    let mut figures = vec![("Wall time", duration(wall))];
    let ends = record.tasks.iter().flat_map(|it| &it.attempts);
    let usages = ends.filter_map(|it| it.end.as_ref()?.report.usage);
    let mut usages = usages.map(|it| it.cpu).peekable();
    if usages.peek().is_some() {
        figures.push(("CPU time", duration(usages.sum())));
    }
    if !wall.is_zero() && !work.is_zero() {
        let speed_up = work.as_secs_f64() / wall.as_secs_f64();
        figures.push(("Speed-up", format!("{:.1} ×", speed_up.max(1.0))));
        figures.push(("Parallel efficiency", percent(speed_up / slots)));
    }
    let probes = record.tasks.iter().filter_map(|it| it.probe.as_ref());
    let saved: Duration = probes.filter(|it| it.hit).map(|it| it.saved).sum();
    if !saved.is_zero() {
        figures.push(("Saved by the cache", duration(saved)));
    }
    page.push_str("<dl class=\"figures\">");
    for (name, value) in figures {
        let _ = write!(page, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    }
    page.push_str("</dl>\n");
}

fn write_origin(page: &mut String, record: &Record) {
    let header = &record.header;
    let mut parts = Vec::new();
    if let Some(git) = &record.repository {
        parts.push(describe_commit(git));
    }
    let slots = match header.max_parallel {
        1 => "1 slot".to_owned(),
        count => format!("{count} slots"),
    };
    parts.push(format!(
        "<bdi>{}</bdi>, {}, {slots}",
        Text(&header.host.name),
        Text(&header.host.os)
    ));
    if let Some(profile) = &header.profile {
        parts.push(format!("profile <bdi>{}</bdi>", Text(profile)));
    }
    let command = match &header.selection {
        Some(selection) => format!("{} {selection}", header.rerun_prefix),
        None => header.rerun_prefix.clone(),
    };
    let _ = writeln!(
        page,
        "<div class=\"where\"><p class=\"origin\">{}</p>\n<p class=\"again\"><span>Run it again</span> <code>{}</code></p></div>",
        parts.join(" <span aria-hidden=\"true\">·</span> "),
        Text(&command)
    );
}

fn describe_commit(git: &Repository) -> String {
    let commit = git.commit.get(..COMMIT_DIGITS).unwrap_or(&git.commit);
    let branch = match &git.branch {
        Some(branch) => format!(" on <bdi>{}</bdi>", Text(branch)),
        None => String::new(),
    };
    let dirty = if git.dirty { " with changed files" } else { "" };
    format!("<code>{}</code>{branch}{dirty}", Text(commit))
}

/// Writes what failed, the causes with what they blocked.
pub(super) fn write_failures(page: &mut String, record: &Record, surroundings: &Surroundings<'_>) {
    let tasks = (0..record.tasks.len()).map(TaskId::from_index);
    let failed: Vec<TaskId> = tasks
        .filter(|&task| record.tasks[task.index()].status() == Status::Failed)
        .collect();
    if failed.is_empty() {
        return;
    }
    let blocked = find_blocked(record);
    page.push_str("<section aria-label=\"Failures\"><h2>Failures</h2>\n");
    for (place, &task) in failed.iter().enumerate() {
        let suite = record.suite(task);
        let kind = Kind::of(record, task);
        let _ = write!(
            page,
            "<article><h3><span class=\"mark {}\" aria-hidden=\"true\">{}</span> <bdi>{}</bdi></h3><p>{}",
            kind.class(),
            kind.mark(),
            Text(&suite.name),
            Text(&describe_end(record, task)),
        );
        if let Some(news) = describe_failure_in_history(record, task) {
            let _ = write!(page, ". {}", Text(&news));
        }
        page.push_str("</p>");
        if let Some(blocked) = blocked.get(&task) {
            let names = blocked.iter().map(|&it| record.suite(it).name.as_str());
            let names: Vec<&str> = names.collect();
            let _ = write!(
                page,
                "<p>Blocked: <bdi>{}</bdi></p>",
                Text(&names.join(", "))
            );
        }
        if place < EXCERPTS {
            write_excerpt(page, record, (task, surroundings));
        }
        page.push_str("</article>\n");
    }
    page.push_str("</section>\n");
}

fn write_excerpt(page: &mut String, record: &Record, (task, from): (TaskId, &Surroundings<'_>)) {
    let Some(attempt) = record.tasks[task.index()].telling_attempt() else {
        return;
    };
    let shown = match (from.tails.get(&(task, attempt.number)), &attempt.end) {
        (Some(tail), _) => ShownTail::new(tail),
        (None, Some(end)) => ShownTail::of_excerpt(&end.report.excerpt, end.report.log.bytes),
        (None, None) => return,
    };
    let shown = shown.with_first_error();
    let latest = shown.lines.len().saturating_sub(EXCERPT_LINES);
    let start = shown
        .first_error
        .map_or(latest, |it| it.saturating_sub(2).min(latest));
    let lines = &shown.lines[start..];
    if !lines.is_empty() {
        page.push_str("<pre dir=\"auto\">");
        for line in lines.iter().take(EXCERPT_LINES) {
            for span in &line.0 {
                let classes = span.style.classes();
                let text = Text(&span.text);
                let _ = if classes.is_empty() {
                    write!(page, "{text}")
                } else {
                    write!(page, "<span class=\"{classes}\">{text}</span>")
                };
            }
            page.push('\n');
        }
        page.push_str("</pre>");
    }
    if let Some(log) = record.log_file(task, attempt) {
        let log = file_name(&log);
        if let Some(logs) = from.logs {
            let link = super::escape::link(&format!("{logs}{log}"));
            let _ = write!(page, "<p><a href=\"{link}\">Whole log</a></p>");
        }
    }
}

/// Writes a row for each suite.
pub(super) fn write_results(page: &mut String, record: &Record) {
    page.push_str(
        "<section aria-label=\"Results\"><h2>Results</h2>\n<table><thead><tr><th scope=\"col\">Result</th>\
         <th scope=\"col\">Suite</th><th scope=\"col\">Category</th><th scope=\"col\">Time</th>\
         <th scope=\"col\">In words</th></tr></thead><tbody>\n",
    );
    for index in 0..record.tasks.len() {
        let task = TaskId::from_index(index);
        let kind = Kind::of(record, task);
        let suite = record.suite(task);
        let known = &record.tasks[index];
        let ran = known.attempts.iter().filter_map(AttemptRecord::duration);
        let ran = known.started().map(|_| duration(ran.sum()));
        // For a pass the time beside it says all.
        let words = match known.verdict_or_interrupted() {
            Verdict::Passed => String::new(),
            _ => describe_end(record, task),
        };
        let _ = writeln!(
            page,
            "<tr><td class=\"{}\">{} {}</td><th scope=\"row\"><bdi>{}</bdi></th><td>{}</td><td>{}</td><td>{}</td></tr>",
            kind.class(),
            kind.mark(),
            kind.word(),
            Text(&suite.name),
            Text(&suite.category),
            ran.unwrap_or_default(),
            Text(&words),
        );
    }
    page.push_str("</tbody></table></section>\n");
}
