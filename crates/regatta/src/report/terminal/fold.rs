//! Suites that one failure blocks end in the same moment, and are told in one line where they are many.

use std::collections::BTreeSet;

use regatta_core::event::Event;
use regatta_core::id::{Id, TaskId};
use regatta_core::verdict::{Reason, Verdict};

use super::lines::{Lines, NAMES};
use super::look::Tone;
use super::page::Page;
use crate::report::causes::find_blocked;

/// Fewer blocked suites than these are told one by one.
const FEWEST: usize = 4;

/// Blocked tasks that no line has told of yet.
#[derive(Debug, Default)]
pub(super) struct Fold {
    /// *Shape*: in the order of their ends, each with the count of those that are done.
    blocked: Vec<(TaskId, u32)>,
}

impl Fold {
    /// Takes an event that tells of a blocked task; `false` for any other.
    pub(super) fn take(&mut self, event: &Event, done: u32) -> bool {
        let Event::TaskFinished {
            task,
            verdict: Verdict::Skipped(Reason::Blocked(_)),
        } = event
        else {
            return false;
        };
        self.blocked.push((*task, done));
        true
    }

    pub(super) fn is_empty(&self) -> bool {
        self.blocked.is_empty()
    }

    /// Writes a line for each task, or one for all that the same failure blocks.
    pub(super) fn write(self, page: &mut Page, mut lines: Lines<'_>) {
        if self.blocked.len() < FEWEST {
            for (task, done) in self.blocked {
                lines.done = done;
                let known = lines.record.tasks.get(task.index());
                if let Some(verdict) = known.and_then(|it| it.verdict.clone()) {
                    lines.write_end(page, task, &verdict);
                }
            }
            return;
        }
        if let Some((_, done)) = self.blocked.last() {
            lines.done = *done;
        }
        let untold: BTreeSet<TaskId> = self.blocked.iter().map(|it| it.0).collect();
        for (root, all) in find_blocked(lines.record) {
            let is_new = |it: &&TaskId| untold.contains(*it);
            let new: Vec<TaskId> = all.iter().filter(is_new).copied().collect();
            match new[..] {
                [] => {}
                [task] => {
                    let verdict = Verdict::Skipped(Reason::Blocked(root));
                    lines.write_end(page, task, &verdict);
                }
                _ => write_together(page, &lines, root, &new),
            }
        }
    }
}

fn write_together(page: &mut Page, lines: &Lines<'_>, root: TaskId, blocked: &[TaskId]) {
    let names: Vec<&str> = blocked
        .iter()
        .take(NAMES)
        .map(|&it| lines.name(it))
        .collect();
    let mut names = names.join(", ");
    if let Some(more @ 1..) = blocked.len().checked_sub(NAMES) {
        names = format!("{names} and {more} more");
    }
    let symbol = page.paint(Tone::Caution, page.look.symbols.skipped);
    let (count, cause) = (blocked.len(), lines.name(root));
    let done = lines.count();
    page.line(format_args!(
        "  {done}{symbol} {count} suites blocked: {cause} did not pass ({names})"
    ));
}
