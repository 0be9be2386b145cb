//! The few failures that a server shows beside the code: ranked, since it shows no more than a few.

use std::borrow::Cow;

use regatta_core::cases::{Case, CaseOutcome};
use regatta_core::id::{Id, TaskId};
use regatta_core::verdict::{Status, Verdict};

use crate::report::causes::find_blocked;
use crate::report::plain::{one_line, plain, shorten};
use crate::report::record::Record;
use crate::report::terminal::describe_failure_in_history;

/// How many of each severity GitHub shows of one step.
pub(super) const MOST: usize = 10;

/// How many of the last lines of output a message has.
const LINES: usize = 5;

/// How long a title or a line may be.
const LENGTH: usize = 300;

/// A remark about a place in the code, or about the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Annotation {
    /// From the top of the checkout.
    pub(super) file: Option<String>,
    pub(super) line: Option<u32>,
    pub(super) title: String,
    /// May have several lines.
    pub(super) message: String,
}

/// What is to be annotated.
pub(super) struct Annotations {
    /// At most [`MOST`], the most important first.
    pub(super) errors: Vec<Annotation>,
    /// The same of what leaves the run as it is.
    pub(super) warnings: Vec<Annotation>,
    /// Errors beyond those.
    pub(super) left_out: usize,
}

/// Returns what is to be annotated of a run that is over. `checkout` is the folder from which a server counts paths.
pub(super) fn find_annotations(tasks_of_run: &Record, checkout: Option<&str>) -> Annotations {
    let record = &*tasks_of_run.by_suite();
    let blocked = find_blocked(record);
    let tasks = || (0..record.tasks.len()).map(TaskId::from_index);
    let status = |task: &TaskId| record.tasks[task.index()].status();
    let (forgiven, mut failed): (Vec<TaskId>, Vec<TaskId>) = tasks()
        .filter(|it| status(it) == Status::Failed)
        .partition(|&it| record.is_forgiven(it));
    // What keeps most others from running comes first, then the plan decides.
    failed.sort_by_key(|task| std::cmp::Reverse(blocked.get(task).map_or(0, Vec::len)));
    let teller = Teller { record, checkout };
    // Every suite has its first word before one has a second.
    let words: Vec<Vec<Annotation>> = failed.iter().map(|&task| teller.tell(task)).collect();
    let total: usize = words.iter().map(Vec::len).sum();
    let most = words.iter().map(Vec::len).max().unwrap_or_default();
    let in_turns = (0..most).flat_map(|turn| words.iter().filter_map(move |it| it.get(turn)));
    let errors: Vec<Annotation> = in_turns.take(MOST).cloned().collect();
    let is_flaky = |task: &TaskId| record.tasks[task.index()].verdict == Some(Verdict::Flaky);
    let mild = forgiven.into_iter().chain(tasks().filter(is_flaky));
    Annotations {
        left_out: total - errors.len(),
        errors,
        warnings: mild
            .filter_map(|task| teller.tell(task).into_iter().next())
            .take(MOST)
            .collect(),
    }
}

struct Teller<'a> {
    record: &'a Record,
    checkout: Option<&'a str>,
}

impl Teller<'_> {
    /// Returns what is said of a suite: a remark on each red case, or one on the whole.
    fn tell(&self, task: TaskId) -> Vec<Annotation> {
        let known = &self.record.tasks[task.index()];
        let name = one_line(&self.record.suite(task).name);
        let failed = known.attempts.iter().rfind(|it| {
            let verdict = it.end.as_ref().map(|end| &end.verdict);
            matches!(verdict, Some(Verdict::Failed(_)))
        });
        let end = failed.and_then(|it| it.end.as_ref());
        let what = match known.verdict {
            Some(Verdict::Flaky) => format!("passed only at attempt {}", known.latest_number()),
            _ => one_line(&self.record.error_message(task).unwrap_or_default()),
        };
        // A pass that needed another attempt tells of that in the attempt before.
        let of_failure = || end.and_then(|it| it.report.cases.as_deref().map(Cow::Borrowed));
        let cases = match known.verdict {
            Some(Verdict::Flaky) => of_failure(),
            _ => known.cases().or_else(of_failure),
        };
        let is_red = |it: &&Case| matches!(it.outcome, CaseOutcome::Failed | CaseOutcome::Error);
        let red: Vec<&Case> = cases
            .iter()
            .flat_map(|it| &it.cases)
            .filter(is_red)
            .collect();
        if !red.is_empty() {
            return red
                .into_iter()
                .map(|case| self.tell_case(task, &name, case))
                .collect();
        }
        let mut lines: Vec<String> = Vec::new();
        lines.extend(describe_failure_in_history(self.record, task));
        let excerpt = end.map_or(&[][..], |it| &it.report.excerpt);
        let last = &excerpt[excerpt.len().saturating_sub(LINES)..];
        lines.extend(
            last.iter()
                .map(|line| shorten(plain(line).trim_end(), LENGTH)),
        );
        if lines.is_empty() {
            lines.push(what.clone());
        }
        vec![Annotation {
            file: None,
            line: None,
            title: shorten(&format!("{name}: {what}"), LENGTH),
            message: lines.join("\n"),
        }]
    }

    fn tell_case(&self, task: TaskId, suite: &str, case: &Case) -> Annotation {
        let name = one_line(&format!("{} {}", case.class, case.name));
        let message = plain(case.message.as_deref().unwrap_or_default());
        let lines: Vec<String> = message
            .lines()
            .take(LINES)
            .map(|it| shorten(it, LENGTH))
            .collect();
        let message = lines.join("\n");
        let file = case
            .file
            .as_deref()
            .and_then(|file| self.find_path(task, file));
        Annotation {
            line: case.line.filter(|_| file.is_some()),
            file,
            title: shorten(&format!("{suite}: {name}"), LENGTH),
            message: if message.trim().is_empty() {
                "failed".into()
            } else {
                message
            },
        }
    }

    /// Returns where a file is, from the top of the checkout; `None` for one that is not in it.
    fn find_path(&self, task: TaskId, file: &str) -> Option<String> {
        let file = one_line(file);
        let root = self.record.header.root.trim_end_matches('/');
        let checkout = self.checkout.unwrap_or(root).trim_end_matches('/');
        let folder = match self.record.suite(task).dir.as_str() {
            "" => root.to_owned(),
            dir if dir.starts_with('/') => dir.to_owned(),
            dir => format!("{root}/{dir}"),
        };
        let path = if file.starts_with('/') {
            file
        } else {
            format!("{folder}/{file}")
        };
        let inside = path.strip_prefix(checkout)?.strip_prefix('/')?;
        resolve(inside)
    }
}

/// Returns a path without `.` and `..`; `None` where it leads out.
fn resolve(path: &str) -> Option<String> {
    let mut names = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()?),
            name => names.push(name),
        }
    }
    Some(names.join("/"))
}
