//! The queries that people run on a report, by the program they run them with.

use std::fs;
use std::process::Command;

use regatta::report::json::render_report;
use serde_json::{Value, json};

use crate::golden::mixed;

/// Runs a shell line in a folder that has a report and its journal in `test-logs`, and returns the values
/// it prints.
fn query(line: &str) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a folder");
    let sample = mixed();
    let record = sample.record();
    let logs = folder.path().join("test-logs");
    fs::create_dir(&logs).expect("a folder in it");
    let report = render_report(&record, record.past_state());
    fs::write(logs.join("test-report.json"), report).expect("a report");
    fs::write(logs.join("events.jsonl"), sample.render()).expect("a journal");
    let output = Command::new("sh")
        .args(["-c", line])
        .current_dir(&folder)
        .output()
        .expect("a shell");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && complaint.is_empty(),
        "{complaint}"
    );
    serde_json::Deserializer::from_slice(&output.stdout)
        .into_iter()
        .collect::<Result<_, _>>()
        .expect("jq prints JSON")
}

#[test]
fn the_summary() {
    let expected = json!({"total": 15, "passed": 2, "failed": 9, "skipped": 4});
    assert_eq!(
        query("jq '.summary' test-logs/test-report.json"),
        [expected]
    );
}

#[test]
fn the_failed_suites() {
    let line = r#"jq '.suites[] | select(.status == "failed") | {name, error_message, log_file}' test-logs/test-report.json"#;
    let failed = [
        ("exit-unit", "exit code 1"),
        ("signal-unit", "killed by signal 11 (SIGSEGV)"),
        ("timeout-unit", "Timeout after 300s"),
        ("idle-unit", "No output for 0.3s"),
        ("spawn-unit", "no such file `./missing`"),
        ("leftovers-unit", "left 2 processes behind"),
        ("unexpected-unit", "passed, but was expected to fail"),
        ("lost-unit", "lost by the runner: its keeper died"),
        (
            "unstable-unit",
            "passed only at attempt 2, and flaky = \"fail\"",
        ),
    ];
    let expected = failed.map(|(name, error_message)| {
        let log_file = (name != "spawn-unit").then(|| format!("test-logs/{name}.log"));
        json!({"name": name, "error_message": error_message, "log_file": log_file})
    });
    assert_eq!(query(line), expected);
}

/// Returns the suites that have a duration, the longest first; of two alike the later one in the plan first.
fn longest_first() -> Vec<Value> {
    let durations = [
        ("idle-unit", 0.995),
        ("timeout-unit", 0.995),
        ("signal-unit", 0.995),
        ("exit-unit", 0.9),
        ("unstable-unit", 0.85),
        ("flaky-unit", 0.85),
        ("lost-unit", 0.698),
        ("unexpected-unit", 0.598),
        ("leftovers-unit", 0.498),
        ("steady-unit", 0.2),
        ("stopped-acceptance", 0.11),
        ("condition-unit", 0.1),
    ];
    durations
        .map(|(name, duration)| json!({"name": name, "duration": duration}))
        .into()
}

#[test]
fn the_durations() {
    let line = "jq '.suites[] | {name, duration} | select(.duration != null)' test-logs/test-report.json | jq -s 'sort_by(.duration) | reverse'";
    assert_eq!(query(line), [Value::from(longest_first())]);
}

#[test]
fn the_five_slowest() {
    let line = "jq '.suites[] | {name, duration} | select(.duration != null)' test-logs/test-report.json | jq -s 'sort_by(.duration) | reverse | .[0:5]'";
    assert_eq!(query(line), [Value::from(&longest_first()[..5])]);
}

#[test]
fn the_journal_is_read_by_suite_whatever_the_suites_printed() {
    let line = r#"jq 'select(.suite == "exit-unit" and .event == "attempt_finished") | .report.excerpt' test-logs/events.jsonl"#;
    let excerpt = [
        "latin-1: \u{fffd}\u{fffd}",
        "NUL \0, ESC \u{1b}[31m, DEL \u{7f}, ]]>, \u{2028}, \"quoted\\",
    ];
    assert_eq!(query(line), [json!(excerpt)]);
}
