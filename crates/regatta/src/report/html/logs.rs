//! Which logs a page wants to show, and how much of each. Reading them is up to the caller.

use std::collections::BTreeMap;
use std::path::Path;

use regatta_core::id::{Id, TaskId};
use regatta_core::verdict::{Outcome, Status};

use super::ansi::{Line, read_lines};
use super::first_error::find_first_error;
use crate::report::record::{AttemptRecord, Record};

/// How much of one log's end is shown: whichever is reached first.
pub const TAIL_BYTES: u64 = 64 * 1024;
const TAIL_LINES: usize = 200;

/// How much of all logs together is shown.
pub const ALL_TAILS_BYTES: u64 = 5 * 1024 * 1024;

/// How many attempts of one suite are shown with their logs: the first of them and the last one.
const ATTEMPTS: usize = 8;

/// A log, by its task and attempt; 0 is the log of a result that was kept.
pub type LogKey = (TaskId, u32);

/// The ends of logs as far as they could be read.
pub type LogTails = BTreeMap<LogKey, LogTail>;

/// A log that a page would show the end of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedLog {
    /// Whose log it is.
    pub key: LogKey,
    /// The name of its file in the log directory.
    pub file: String,
}

/// The end of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogTail {
    /// The last bytes, at most [`TAIL_BYTES`].
    pub bytes: Vec<u8>,
    /// How many bytes the file has before them.
    pub bytes_before: u64,
}

/// A tail as it is shown.
pub(super) struct ShownTail {
    pub(super) lines: Vec<Line>,
    /// The place of the first line that tells of an error.
    pub(super) first_error: Option<usize>,
    /// Bytes of the file that are not shown.
    pub(super) cut_bytes: u64,
}

/// Returns the logs of a run in the order in which they matter: what failed, what needed a retry, the rest. Only
/// [`ALL_TAILS_BYTES`] of them will be shown.
#[must_use]
pub fn wanted_logs(record: &Record) -> Vec<WantedLog> {
    let tasks = || (0..record.tasks.len()).map(TaskId::from_index);
    let telling = tasks().filter(|&task| record.tasks[task.index()].status() == Status::Failed);
    let telling = telling.filter_map(|task| {
        let attempt = record.tasks[task.index()].telling_attempt()?;
        of_attempt(record, task, attempt)
    });
    let mut wanted: Vec<WantedLog> = telling.collect();
    let first = wanted.clone();
    let mut seen = first.iter().map(|it| it.key).peekable();
    let mut rest = Vec::new();
    for task in tasks() {
        let known = &record.tasks[task.index()];
        if known.outcome() == Outcome::Cached {
            rest.extend(of_kept(record, task));
        }
        let is_telling = seen.next_if(|key| key.0 == task);
        let has_trouble = known.status() == Status::Failed || known.attempts.len() > 1;
        let attempts = shown_attempts(&known.attempts);
        let logs = attempts.filter_map(|attempt| of_attempt(record, task, attempt));
        let logs = logs.filter(|it| is_telling != Some(it.key));
        if has_trouble {
            wanted.extend(logs);
        } else {
            rest.extend(logs);
        }
    }
    wanted.extend(rest);
    wanted
}

/// Returns those attempts of a suite that a page tells of.
pub(super) fn shown_attempts(attempts: &[AttemptRecord]) -> impl Iterator<Item = &AttemptRecord> {
    let last = attempts.len().saturating_sub(1);
    let shown = attempts.iter().enumerate();
    let shown = shown.filter(move |(place, _)| *place + 1 < ATTEMPTS || *place == last);
    shown.map(|(_, attempt)| attempt)
}

fn of_attempt(record: &Record, task: TaskId, attempt: &AttemptRecord) -> Option<WantedLog> {
    // What printed nothing need not be looked at, and of a suite that still ran nobody knows.
    let printed = attempt
        .end
        .as_ref()
        .is_none_or(|end| end.report.log.bytes > 0);
    let path = record.log_file(task, attempt).filter(|_| printed)?;
    Some(WantedLog {
        key: (task, attempt.number),
        file: file_name(&path),
    })
}

fn of_kept(record: &Record, task: TaskId) -> Option<WantedLog> {
    Some(WantedLog {
        key: (task, 0),
        file: file_name(&record.last_log_file(task)?),
    })
}

/// Returns the last part of a path.
pub(super) fn file_name(path: &str) -> String {
    let name = Path::new(path).file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

impl ShownTail {
    /// Makes lines of a tail. The first one is left out where it is not whole.
    pub(super) fn new(tail: &LogTail) -> Self {
        let mut start = 0;
        if tail.bytes_before > 0 {
            let newline = tail.bytes.iter().position(|&byte| byte == b'\n');
            start = newline.map_or(0, |it| it + 1);
        }
        let ends = tail
            .bytes
            .iter()
            .rposition(|byte| !byte.is_ascii_whitespace());
        let shown = &tail.bytes[..ends.map_or(0, |it| it + 1).max(start)];
        let mut newlines = shown.iter().enumerate().rev();
        let mut surplus = newlines.by_ref().filter(|(_, byte)| **byte == b'\n');
        if let Some((newline, _)) = surplus.nth(TAIL_LINES - 1) {
            start = start.max(newline + 1);
        }
        Self {
            first_error: None,
            lines: read_lines(&shown[start..]),
            cut_bytes: tail.bytes_before + start as u64,
        }
    }
}

impl ShownTail {
    /// Looks for the first error, which is only worth its time where something failed.
    pub(super) fn with_first_error(mut self) -> Self {
        self.first_error = find_first_error(&self.lines);
        self
    }

    /// Makes lines of what the journal has of a log of so many bytes.
    pub(super) fn of_excerpt(excerpt: &[String], log_bytes: u64) -> Self {
        let text = excerpt.join("\n");
        Self {
            first_error: None,
            lines: read_lines(text.as_bytes()),
            cut_bytes: log_bytes.saturating_sub(text.len() as u64 + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_has_whole_lines_and_not_too_many() {
        let tail = |text: &str, bytes_before| {
            let shown = ShownTail::new(&LogTail {
                bytes: text.as_bytes().to_vec(),
                bytes_before,
            });
            let lines = shown.lines.iter();
            let lines: Vec<String> = lines.map(Line::text).collect();
            (lines.join("|"), shown.cut_bytes)
        };
        assert_eq!(tail("", 0), (String::new(), 0));
        assert_eq!(tail("one\ntwo\n", 0), ("one|two".into(), 0));
        assert_eq!(tail("ne\ntwo\n\n", 5), ("two".into(), 8));
        assert_eq!(tail("endless", 5), ("endless".into(), 5));
        let numbers = |last: u32| -> String {
            let lines: Vec<String> = (1..=last).map(|it| it.to_string()).collect();
            lines.join("\n") + "\n"
        };
        let many = numbers(500);
        let (shown, cut) = tail(&many, 0);
        assert!(
            shown.starts_with("301|302|") && shown.ends_with("|500"),
            "{shown}"
        );
        let before = numbers(300);
        assert_eq!(cut, before.len() as u64);
    }
}
