//! The arrows of the timeline: from the end of a suite to the beginning of one that had to wait for it.

use std::collections::BTreeMap;
use std::time::Duration;

use regatta_core::id::Id;
use serde_json::{Value, json};

use super::lanes::{Attempt, lane};
use super::{PROCESS, microseconds};
use crate::report::record::Record;

/// Returns two events for each arrow. Both ends lie inside an attempt, as the format wants it.
pub(super) fn flows(record: &Record, attempts: &[Attempt<'_>]) -> Vec<Value> {
    // The attempts of each suite, in the order they started.
    let mut of_suite: BTreeMap<&str, Vec<&Attempt<'_>>> = BTreeMap::new();
    for attempt in attempts {
        of_suite
            .entry(&record.suite(attempt.id.task).name)
            .or_default()
            .push(attempt);
    }
    let mut events = Vec::new();
    // Nobody waits for a dependency twice in a round.
    for attempt in attempts.iter().filter(|it| !it.is_retry) {
        for dependency in
            &record.header.suites[record.header.tasks[attempt.id.task.index()].index()].depends_on
        {
            let Some(ran) = of_suite.get(dependency.as_str()) else {
                continue;
            };
            // One attempt of a suite ends before the next begins.
            let earlier = ran.partition_point(|it| it.ended <= attempt.started && it.end.is_some());
            let Some(last) = ran[..earlier].last() else {
                continue;
            };
            let id = events.len() / 2 + 1;
            let ran = last.ended - last.started;
            let inside = last.started.0 + ran.saturating_sub(Duration::from_micros(1));
            let end = |kind: &str, attempt: &Attempt<'_>, at: Duration| {
                json!({
                    "ph": kind, "id": id, "name": "depends_on", "cat": "dependency", "bp": "e",
                    "pid": PROCESS, "tid": lane(attempt.slot), "ts": microseconds(at),
                })
            };
            events.push(end("s", last, inside));
            events.push(end("f", attempt, attempt.started.0));
        }
    }
    events
}
