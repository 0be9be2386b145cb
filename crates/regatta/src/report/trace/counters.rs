//! The counters of the timeline: how many suites ran at each moment, and what they used together.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::lanes::Attempt;
use super::{PROCESS, microseconds};

/// A quantity over time: by how much it changes at which moment.
type Changes = BTreeMap<Duration, i64>;

/// Returns the events of all counters.
///
/// *Units*: CPUs in thousandths, so that a sum of many leaves no remainder; memory in bytes.
pub(super) fn counters(attempts: &[Attempt<'_>]) -> Vec<Value> {
    let (mut running, mut cpu, mut memory) = (Changes::new(), Changes::new(), Changes::new());
    for attempt in attempts {
        let (from, to) = (attempt.started.0, attempt.ended.0);
        add(&mut running, (from, to), 1);
        add_usage(attempt, &mut cpu, &mut memory);
    }
    let mut events = counter("running", "suites", &running, |count| json!(count));
    events.extend(counter("cpu", "cpus", &cpu, |thousandths| {
        json!(to_units(thousandths))
    }));
    events.extend(counter("memory", "bytes", &memory, |bytes| json!(bytes)));
    events
}

/// Adds what an attempt used: between two samples evenly, and after the last one as the whole says.
fn add_usage(attempt: &Attempt<'_>, cpu: &mut Changes, memory: &mut Changes) {
    let Some((_, report)) = attempt.end else {
        return;
    };
    let ran = attempt.ended - attempt.started;
    let mut before = (Duration::ZERO, Duration::ZERO);
    let samples = report.samples.iter().filter(|it| it.at <= ran);
    let points = samples.map(|it| (it.at, it.cpu));
    for (at, used) in points.chain(report.usage.map(|it| (ran, it.cpu))) {
        let span = (attempt.started.0 + before.0, attempt.started.0 + at);
        add(
            cpu,
            span,
            share(used.saturating_sub(before.1), at.saturating_sub(before.0)),
        );
        before = (at, used.max(before.1));
    }
    for (index, sample) in report.samples.iter().enumerate() {
        let next = report
            .samples
            .get(index + 1)
            .map_or(ran, |it| it.at.min(ran));
        let span = (attempt.started.0 + sample.at, attempt.started.0 + next);
        add(
            memory,
            span,
            i64::try_from(sample.memory_bytes).unwrap_or(i64::MAX),
        );
    }
}

/// Returns how many thousandths of a CPU are busy when so much CPU time passes in so much time.
fn share(used: Duration, passed: Duration) -> i64 {
    let thousandths = used.as_micros().saturating_mul(1_000);
    i64::try_from(thousandths / passed.as_micros().max(1)).unwrap_or(i64::MAX)
}

fn add(changes: &mut Changes, (from, to): (Duration, Duration), amount: i64) {
    if from < to && amount != 0 {
        *changes.entry(from).or_default() += amount;
        *changes.entry(to).or_default() -= amount;
    }
}

fn counter(name: &str, unit: &str, changes: &Changes, show: impl Fn(i64) -> Value) -> Vec<Value> {
    let mut level = 0_i64;
    let mut shown = None;
    let events = changes.iter().filter_map(|(at, change)| {
        level = level.saturating_add(*change);
        // What ends and begins at one moment changes nothing.
        (shown != Some(level)).then(|| {
            shown = Some(level);
            json!({
                "ph": "C", "name": name, "pid": PROCESS, "ts": microseconds(*at), "args": {unit: show(level)},
            })
        })
    });
    events.collect()
}

#[expect(clippy::cast_precision_loss, reason = "no machine has 2^43 CPUs")]
fn to_units(thousandths: i64) -> f64 {
    thousandths as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_counter_is_told_when_it_changes_and_ends_at_nothing() {
        let mut changes = Changes::new();
        add(&mut changes, (at(0), at(2)), 5);
        add(&mut changes, (at(2), at(4)), 5);
        add(&mut changes, (at(1), at(3)), 1);
        add(&mut changes, (at(3), at(3)), 9);
        let events = counter("n", "unit", &changes, |it| json!(it));
        let told: Vec<_> = events
            .iter()
            .map(|it| (it["ts"].clone(), it["args"]["unit"].clone()))
            .collect();
        let expected = [(0, 5), (1_000_000, 6), (3_000_000, 5), (4_000_000, 0)];
        assert_eq!(told, expected.map(|(at, level)| (json!(at), json!(level))));
    }

    #[test]
    fn half_a_cpu_is_five_hundred_thousandths() {
        assert_eq!(share(Duration::from_millis(500), at(1)), 500);
        assert_eq!(share(at(3), at(1)), 3_000);
        assert_eq!(share(at(1), Duration::ZERO), 1_000_000_000);
    }
}
