//! The chain of suites that decided how long a run took.
//!
//! It looks at dependencies only: a suite that waited for a slot or for its group was not held up by one
//! other suite.

use std::collections::HashMap;

use regatta_core::id::{Id, TaskId};
use regatta_core::time::Time;

use super::record::Record;

/// Returns the task that ended last, before it the one of its dependencies that ended last, and so on.
///
/// *Shape*: in the order they ran; empty when nothing has ended. Of two that ended together, the first in
/// the plan.
#[must_use]
pub fn find_critical_path(record: &Record) -> Vec<TaskId> {
    let ids = || (0..record.tasks.len()).map(TaskId::from_index);
    let by_name: HashMap<&str, TaskId> = ids()
        .map(|task| (record.suite(task).name.as_str(), task))
        .collect();
    let mut path = Vec::new();
    let mut last = find_last(record, ids());
    while let Some(task) = last {
        path.push(task);
        // A journal can claim a cycle of dependencies; no path is longer than the plan.
        if path.len() == record.tasks.len() {
            break;
        }
        let dependencies = record.suite(task).depends_on.iter();
        last = find_last(
            record,
            dependencies.filter_map(|name| by_name.get(name.as_str()).copied()),
        );
    }
    path.reverse();
    path
}

fn find_last(record: &Record, tasks: impl Iterator<Item = TaskId>) -> Option<TaskId> {
    let ended = |task: TaskId| -> Option<(Time, TaskId)> {
        Some((record.tasks[task.index()].ended()?, task))
    };
    let later = |a: (Time, TaskId), b: (Time, TaskId)| if b.0 > a.0 { b } else { a };
    tasks.filter_map(ended).reduce(later).map(|(_, task)| task)
}
