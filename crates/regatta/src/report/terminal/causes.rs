//! Which suites stand behind the blocked ones.

use std::collections::BTreeMap;

use regatta_core::id::{Id, TaskId};
use regatta_core::verdict::{Reason, Verdict};

use crate::report::record::Record;

/// Returns the blocked tasks by what blocked them in the first place, through any number of blocked ones between.
///
/// *Shape*: tasks in plan order; what blocks nothing has no entry.
pub(in crate::report) fn find_blocked(record: &Record) -> BTreeMap<TaskId, Vec<TaskId>> {
    let mut blocked = BTreeMap::<_, Vec<_>>::new();
    let mut roots = vec![None; record.tasks.len()];
    for index in 0..record.tasks.len() {
        let task = TaskId::from_index(index);
        let root = find_root(record, &mut roots, task);
        if root != task {
            blocked.entry(root).or_default().push(task);
        }
    }
    blocked
}

/// Follows a chain to its end. `roots` remembers the ends of chains, so that long ones are walked once.
fn find_root(record: &Record, roots: &mut [Option<TaskId>], task: TaskId) -> TaskId {
    let mut chain = Vec::new();
    let mut end = task;
    let root = loop {
        if let Some(root) = roots[end.index()] {
            break root;
        }
        match blocker(record, end) {
            // A journal that somebody wrote by hand may go round in a circle.
            Some(next) if next.index() < roots.len() && chain.len() < roots.len() => {
                chain.push(end);
                end = next;
            }
            _ => break end,
        }
    };
    for link in chain {
        roots[link.index()] = Some(root);
    }
    root
}

fn blocker(record: &Record, task: TaskId) -> Option<TaskId> {
    match record.tasks[task.index()].verdict {
        Some(Verdict::Skipped(Reason::Blocked(by))) => Some(by),
        _ => None,
    }
}
