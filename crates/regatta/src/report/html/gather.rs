//! From a record to the data of a page. It reads no clock and no file: the same record and logs, the same data.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use regatta_core::id::{Id, TaskId};

use super::logs::LogTails;
use super::model::{Category, Data, Group, Run, SuiteData, Tail, WhatIf};
use super::page::Surroundings;
use super::remarks::{describe_floor, find_facts, find_warnings};
use super::slack::find_slack;
use super::waits::Waits;
use super::words::seconds;
use super::{escape, graph};
use crate::report::causes::find_blocked;
use crate::report::critical_path::find_critical_path;
use crate::report::floor::find_floor;
use crate::report::record::Record;
use crate::report::replay::pools;
use crate::report::what_if::{Change, Estimate, estimate};

/// For how many days an entry of the quarantine is proposed.
const QUARANTINE_DAYS: i64 = 14;

/// What is found out once and needed for every suite.
pub(super) struct Gathering<'r> {
    pub(super) record: &'r Record,
    pub(super) tails_read: &'r LogTails,
    /// The place of each suite.
    pub(super) by_name: BTreeMap<&'r str, usize>,
    /// What stands behind each blocked suite.
    pub(super) roots: BTreeMap<TaskId, TaskId>,
    pub(super) slack: Vec<Option<Duration>>,
    pub(super) waits: Waits<'r>,
    /// The logs of the page so far.
    pub(super) tails: Vec<Tail>,
}

/// Returns all that the script of a page is told of a record by suites. `tasks_of_run` is that of the same run by tasks, which
/// can be played again.
pub(super) fn gather<'r>(
    record: &'r Record,
    tasks_of_run: &Record,
    surroundings: &'r Surroundings<'_>,
) -> Data<'r> {
    let header = &record.header;
    let tasks = || (0..record.tasks.len()).map(TaskId::from_index);
    let blocked = find_blocked(record);
    let mut gathering = Gathering {
        record,
        tails_read: surroundings.tails,
        by_name: tasks()
            .map(|task| (record.suite(task).name.as_str(), task.index()))
            .collect(),
        roots: (blocked.iter())
            .flat_map(|(root, tasks)| tasks.iter().map(|task| (*task, *root)))
            .collect(),
        slack: find_slack(record),
        waits: Waits::new(record),
        tails: Vec::new(),
    };
    let suites: Vec<SuiteData<'_>> = tasks().map(|task| gathering.suite(task)).collect();
    let path: Vec<usize> = (find_critical_path(record).into_iter())
        .map(TaskId::index)
        .collect();
    let day = day(record);
    let floor = find_floor(tasks_of_run).filter(|it| !it.time.is_zero());
    let floor = floor.filter(|_| record.cancelled.is_none() && header.repeat.is_none());
    Data {
        run: Run {
            project: &header.project,
            wall: seconds(record.finished.map_or(record.latest, |it| it.at).0),
            slots: header.max_parallel,
            rerun: &header.rerun_prefix,
            logs: surroundings.logs.map(escape::link),
            has_past: !header.past.is_empty(),
            day: day.to_string(),
            quarantine_until: day
                .saturating_add(Span::new().days(QUARANTINE_DAYS))
                .to_string(),
            floor: floor.map(|it| (seconds(it.time), describe_floor(record, &it.cause))),
        },
        categories: (header.categories.iter())
            .map(|it| Category {
                name: &it.name,
                title: &it.title,
                icon: &it.icon,
            })
            .collect(),
        groups: (pools(record).0.into_iter().skip(1))
            .map(|it| Group {
                name: it.name,
                capacity: it.capacity,
            })
            .collect(),
        suites,
        graph: graph::draw(record, &gathering.by_name, &path),
        path,
        what_if: estimates(tasks_of_run),
        tails: gathering.tails,
        facts: find_facts(record),
        warnings: find_warnings(record),
    }
}

/// Returns the day of the run where it ran.
fn day(record: &Record) -> Date {
    let header = &record.header;
    let local = header.timestamp.get(..10).and_then(|it| it.parse().ok());
    local.unwrap_or_else(|| {
        let start = Timestamp::from_microsecond(header.wall_us).unwrap_or_default();
        start.to_zoned(jiff::tz::TimeZone::UTC).date()
    })
}

fn estimates(record: &Record) -> Vec<WhatIf> {
    // Rounds and cut runs tell of no plan that could have gone otherwise.
    if record.header.repeat.is_some() || record.cancelled.is_some() {
        return Vec::new();
    }
    let estimates = estimate(record).into_iter();
    estimates
        .map(|Estimate { change, time }| WhatIf {
            words: describe_change(record, &change),
            time: seconds(time),
            suite: match change {
                Change::Split(task) => Some(record.header.tasks[task.index()].index()),
                _ => None,
            },
        })
        .collect()
}

fn describe_change(record: &Record, change: &Change) -> String {
    let slots = record.header.max_parallel.max(1);
    match change {
        Change::Nothing => "As it was".into(),
        Change::EverySlot => "A slot for every suite".into(),
        Change::Slots(count) => {
            let difference = count.abs_diff(slots);
            let direction = if *count > slots { "more" } else { "fewer" };
            let noun = if difference == 1 { "slot" } else { "slots" };
            format!("{difference} {direction} {noun} ({count})")
        }
        Change::WithoutGroup(name) => format!("Without group {name}"),
        Change::Split(task) => format!("{} split in two", record.suite(*task).name),
    }
}
