//! The timeline, held against what its format asks of it.

use std::collections::BTreeMap;

use regatta::report::source::Source;
use regatta::report::trace::render_trace;
use serde_json::Value;

use crate::documents::{tail, told};
use crate::golden::{crashed, known, mixed, passed};
use crate::sample::Sample;

fn events_of(sample: &Sample) -> Vec<Value> {
    let record = sample.record();
    let trace = render_trace(&Source {
        record: &record,
        state: record.past_state(),
        events: &sample.events,
        find_tail: &|name| Some(tail(name)),
    });
    let trace: Value = serde_json::from_str(&trace).expect("JSON");
    assert_eq!(trace["displayTimeUnit"], "ms");
    trace["traceEvents"].as_array().expect("events").clone()
}

fn number(event: &Value, key: &str) -> u64 {
    event[key]
        .as_u64()
        .unwrap_or_else(|| panic!("{key} of {event}"))
}

fn of_kind<'e>(events: &'e [Value], kind: &'e str) -> impl Iterator<Item = &'e Value> {
    events.iter().filter(move |it| it["ph"] == kind)
}

/// Returns the spans of each lane: begin, end, name.
fn lanes(events: &[Value]) -> BTreeMap<u64, Vec<(u64, u64, String)>> {
    let mut lanes: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for event in of_kind(events, "X") {
        let (from, name) = (number(event, "ts"), event["name"].as_str().expect("a name"));
        let span = (from, from + number(event, "dur"), name.to_owned());
        lanes.entry(number(event, "tid")).or_default().push(span);
    }
    for lane in lanes.values_mut() {
        lane.sort();
    }
    lanes
}

#[test]
fn the_attempts_of_a_lane_follow_on_each_other() {
    for sample in [passed(), known(), told()] {
        let events = events_of(&sample);
        for (lane, spans) in lanes(&events) {
            assert!(
                spans.windows(2).all(|it| it[0].1 <= it[1].0),
                "lane {lane}: {spans:?}"
            );
            let named =
                of_kind(&events, "M").any(|it| it["name"] == "thread_name" && it["tid"] == lane);
            assert!(named, "lane {lane}");
        }
    }
}

#[test]
fn both_ends_of_an_arrow_lie_inside_the_attempts_it_connects() {
    let events = events_of(&told());
    let lanes = lanes(&events);
    let suite_at = |event: &Value| {
        let at = number(event, "ts");
        let spans = &lanes[&number(event, "tid")];
        let inside = spans.iter().rfind(|(from, to, _)| *from <= at && at < *to);
        inside
            .map(|(_, _, name)| name.as_str())
            .expect("an attempt")
    };
    let starts: BTreeMap<u64, &Value> = of_kind(&events, "s")
        .map(|it| (number(it, "id"), it))
        .collect();
    let arrows: Vec<_> = of_kind(&events, "f")
        .map(|end| {
            assert_eq!(end["bp"], "e");
            let start = starts[&number(end, "id")];
            assert!(number(start, "ts") <= number(end, "ts"));
            (suite_at(start), suite_at(end))
        })
        .collect();
    assert_eq!(
        arrows,
        [
            ("flaky-unit", "after-integration"),
            ("mild-unit", "after-integration")
        ]
    );
    assert_eq!(starts.len(), arrows.len());
}

#[test]
fn the_counters_rise_and_come_to_nothing() {
    for sample in [passed(), mixed(), told(), crashed().0] {
        let events = events_of(&sample);
        for (name, unit) in [("running", "suites"), ("cpu", "cpus"), ("memory", "bytes")] {
            let levels: Vec<f64> = of_kind(&events, "C")
                .filter(|it| it["name"] == name)
                .map(|it| it["args"][unit].as_f64().expect("a level"))
                .collect();
            assert!(levels.iter().all(|it| *it >= 0.0), "{name}: {levels:?}");
            assert!(
                levels.last().is_none_or(|it| it.abs() < 1e-9),
                "{name}: {levels:?}"
            );
        }
        let times: Vec<u64> = of_kind(&events, "C")
            .filter(|it| it["name"] == "running")
            .map(|it| number(it, "ts"))
            .collect();
        assert!(times.is_sorted() && !times.is_empty());
    }
}

#[test]
fn memory_is_that_of_the_samples() {
    let events = events_of(&told());
    let memory: Vec<_> = of_kind(&events, "C")
        .filter(|it| it["name"] == "memory")
        .map(|it| {
            (
                number(it, "ts"),
                it["args"]["bytes"].as_u64().expect("bytes") >> 20,
            )
        })
        .collect();
    assert_eq!(
        memory,
        [(100_000, 10), (200_000, 30), (300_000, 20), (700_000, 0)]
    );
}

#[test]
fn what_was_still_running_at_a_crash_reaches_to_the_last_that_is_known() {
    let sample = crashed().0;
    let events = events_of(&sample);
    let latest = u64::try_from(sample.record().latest.0.as_micros()).expect("a short run");
    assert!(of_kind(&events, "X").all(|it| number(it, "ts") + number(it, "dur") <= latest));
}
