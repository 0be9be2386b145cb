//! The committed JSON Schema: made from the types, true of every report, false of broken ones.

use std::path::Path;
use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::prelude::*;
use regatta::report::json::{render_report, render_schema};
use regatta::report::record::RunState;
use serde_json::{Value, json};

use crate::golden::{assert_golden, known, mixed, passed};
use crate::sample::Sample;
use crate::strategy::run;

const SCHEMA: &str = include_str!("../../schemas/test-report.schema.json");

/// Asserts that a report is what the schema promises, and that its counts add up.
pub(crate) fn assert_valid(report: &str) {
    let report: Value = serde_json::from_str(report).expect("a report is JSON");
    if let Err(error) = VALIDATOR.validate(&report) {
        panic!("{error} at {}", error.instance_path());
    }
    let summary = &report["summary"];
    let count = |key: &str| summary[key].as_u64().expect("a count");
    let sum = count("passed") + count("failed") + count("skipped");
    assert_eq!(sum, count("total"));
    assert_eq!(
        report["suites"].as_array().map(Vec::len),
        usize::try_from(sum).ok()
    );
}

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let schema = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    jsonschema::draft202012::new(&schema).expect("the schema is a schema")
});

#[test]
fn the_committed_schema_is_that_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/test-report.schema.json");
    assert_golden(&path, &render_schema());
}

#[test]
fn the_schema_knows_every_outcome() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let outcomes = [
        "passed",
        "cached",
        "flaky",
        "exit_code",
        "signal",
        "timeout",
        "idle_timeout",
        "out_of_memory",
        "spawn_error",
        "leftovers",
        "unexpected_pass",
        "infrastructure",
        "not_sharded",
        "blocked",
        "cancelled",
        "interrupted",
        "condition",
        "not_seen",
    ];
    assert_eq!(schema["$defs"]["OutcomeName"]["enum"], json!(outcomes));
}

#[test]
fn a_report_without_one_of_its_keys_is_refused() {
    let whole = |sample: Sample| -> Value {
        let record = sample.record();
        let report = render_report(&record, record.past_state());
        serde_json::from_str(&report).unwrap()
    };
    let places = [
        "",
        "/summary",
        "/git",
        "/host",
        "/suites/0",
        "/suites/0/attempts/0",
        "/suites/0/usage",
    ];
    let places = places.map(|place| (whole(passed()), place));
    let of_known = [
        "/suites/1/quarantine",
        "/suites/1/rounds",
        "/suites/1/history",
        "/suites/1/history/flaky",
    ];
    let of_known = of_known.map(|place| (whole(known()), place));
    for (whole, place) in places.into_iter().chain(of_known) {
        assert!(VALIDATOR.is_valid(&whole));
        let keys = whole
            .pointer(place)
            .and_then(Value::as_object)
            .unwrap()
            .keys();
        for key in keys {
            let mut broken = whole.clone();
            let part = broken.pointer_mut(place).and_then(Value::as_object_mut);
            part.unwrap().remove(key);
            assert!(!VALIDATOR.is_valid(&broken), "{place}/{key}");
        }
    }
}

#[test]
fn a_report_with_a_wrong_value_is_refused() {
    let record = mixed().record();
    let report = render_report(&record, record.past_state());
    let whole: Value = serde_json::from_str(&report).unwrap();
    assert!(VALIDATOR.is_valid(&whole));
    let changes = [
        ("/timestamp", json!("2023-10-12T17:03:45.500000")),
        ("/duration", json!(-1.0)),
        ("/duration", json!(null)),
        ("/version", json!("1")),
        ("/state", json!("done")),
        ("/exit_code", json!(256)),
        ("/critical_path", json!("exit-unit")),
        ("/summary/passed", json!(-1)),
        ("/suites/0/status", json!("exit_code")),
        ("/suites/0/outcome", json!("failed")),
        ("/suites/0/name", json!("")),
        ("/suites/0/start_time", json!("17:03")),
        ("/suites/0/parallel_group", json!("containers")),
        ("/suites/0/usage/method", json!("guessed")),
        ("/suites/0/attempts/0/number", json!(0)),
    ];
    for (place, value) in changes {
        let mut broken = whole.clone();
        *broken.pointer_mut(place).unwrap() = value;
        assert!(!VALIDATOR.is_valid(&broken), "{place}");
    }
}

proptest! {
    #[test]
    fn any_journal_gives_a_valid_report(sample in run(20)) {
        let record = sample.record();
        assert_valid(&render_report(&record, record.past_state()));
        assert_valid(&render_report(&record, RunState::Running));
    }
}
