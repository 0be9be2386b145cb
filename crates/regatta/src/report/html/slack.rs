//! How much later each suite could have ended without the run ending later, as far as suites wait for each other.
//!
//! Slots and groups are left aside: who waits for those is held up by whoever happens to run.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use regatta_core::id::{Id, TaskId};

use crate::report::record::Record;

/// Returns the slack of each task; `None` for one that did not run.
pub(super) fn find_slack(record: &Record) -> Vec<Option<Duration>> {
    let ids = || (0..record.tasks.len()).map(TaskId::from_index);
    let by_name: BTreeMap<&str, TaskId> = ids()
        .map(|task| (record.suite(task).name.as_str(), task))
        .collect();
    let span = |task: TaskId| {
        let known = &record.tasks[task.index()];
        Some((known.started()?.0, known.ended()?.0))
    };
    let last = ids().filter_map(|it| Some(span(it)?.1)).max();
    let last = last.unwrap_or_default();
    // Who waits for a suite ends after it, so the latest ends come first.
    let mut ended: Vec<(Duration, Duration, TaskId)> = ids()
        .filter_map(|task| span(task).map(|(from, to)| (to, from, task)))
        .collect();
    ended.sort_unstable_by_key(|it| Reverse(*it));
    let mut latest_end = vec![last; record.tasks.len()];
    let mut slack = vec![None; record.tasks.len()];
    for (to, from, task) in ended {
        let latest = latest_end[task.index()];
        slack[task.index()] = Some(latest.saturating_sub(to));
        let latest_start = latest.saturating_sub(to.saturating_sub(from));
        for name in &record.suite(task).depends_on {
            if let Some(dependency) = by_name.get(name.as_str()) {
                let before = &mut latest_end[dependency.index()];
                *before = (*before).min(latest_start);
            }
        }
    }
    slack
}
