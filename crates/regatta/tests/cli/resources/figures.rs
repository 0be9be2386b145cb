//! The figures of suites: in the report, the journal, the history, the summary.

use serde_json::Value;

use super::{place, suite};

/// A suite of two processes that hold memory for long enough to be seen, and one that is over at once.
const LARGE_AND_SMALL: &str = "
[suites.large]
command = './evil alloc 150 sleep 2 & ./evil alloc 150 sleep 2 & wait'
[suites.small]
command = 'true'
";

#[test]
fn a_report_tells_what_each_suite_used_and_how_that_was_measured() {
    let place = place(LARGE_AND_SMALL);
    place.regatta(&["--progress", "none"]).run();
    let usage = &suite(&place, "large")["usage"];
    assert_eq!(usage["method"], "sampled", "{usage}");
    let bytes = usage["max_rss_bytes"].as_u64().expect("a number");
    assert!((300 << 20..400 << 20).contains(&bytes), "{usage}");
    assert_eq!(usage["processes"], 3, "{usage}");
    assert_eq!(usage["processes_method"], "sampled");
    assert_eq!(usage["cpu_method"], "wait4");
    let seconds = |key: &str| usage[key].as_f64().expect("a number");
    let sum = seconds("user_seconds") + seconds("system_seconds");
    assert!((seconds("cpu_seconds") - sum).abs() < 0.001, "{usage}");
    assert!(sum > 0.01, "{usage}");

    let usage = &suite(&place, "small")["usage"];
    assert_eq!(usage["cpu_method"], "wait4");
    if usage["method"] == "wait4" {
        assert_eq!(usage["processes"], Value::Null, "{usage}");
    }
}

#[test]
fn the_journal_has_the_course_of_a_suite_that_took_a_while() {
    let place = place(LARGE_AND_SMALL);
    place.regatta(&["--progress", "none"]).run();
    let journal = place.read("test-logs/events.jsonl");
    let ends = journal.lines().filter_map(|line| {
        let event: Value = serde_json::from_str(line).expect("JSON");
        (event["event"] == "attempt_finished").then(|| event["report"].clone())
    });
    let courses: Vec<Value> = ends.map(|report| report["samples"].clone()).collect();
    let course = courses.iter().find_map(Value::as_array).expect("a course");
    assert!((2..=64).contains(&course.len()), "{course:?}");
    let number = |sample: &Value, key: &str| sample[key].as_f64().expect("a number");
    assert!(course.is_sorted_by_key(|it| number(it, "at")));
    let peak = course.iter().map(|it| number(it, "memory_bytes"));
    let peak = peak.fold(0.0, f64::max);
    assert!(peak > 300e6, "{course:?}");
}

#[test]
fn the_history_keeps_the_figures_and_names_the_heaviest() {
    let place = place(LARGE_AND_SMALL);
    place.regatta(&["--progress", "none"]).run();
    let history = place.regatta(&["history"]).run();
    let (_, heaviest) = history.split_once("\nHeaviest\n").expect("a list");
    let line = heaviest.lines().next().expect("a suite");
    assert!(line.starts_with("  large  30"), "{line}");
    assert!(
        line.contains(" MiB, ") && line.ends_with(" of CPU time"),
        "{line}"
    );
    let one = place.regatta(&["history", "large"]).run();
    assert!(one.contains("It takes 30"), "{one}");
    place
        .regatta(&["history", "export", "out.json"])
        .run_unchecked();
    let json = place
        .regatta(&["history", "large", "--format", "json"])
        .run();
    let (_, json) = json.split_once("--- stdout ---\n").expect("an answer");
    // The transcript has `[RUN]` for the run's id, which is in quotes.
    let json: Value = serde_json::from_str(json.trim_end()).expect("JSON");
    let usage = &json["runs"][0]["usage"];
    assert_eq!(usage["method"], "sampled", "{json}");
    assert_eq!(usage["processes"], 3, "{json}");
}

#[test]
fn the_summary_names_what_is_heavy_and_nothing_else() {
    let place = place(LARGE_AND_SMALL);
    let output = place.regatta(&["--progress", "none"]).run();
    let lines = output.lines().filter(|it| it.contains("Most memory"));
    let lines: Vec<&str> = lines.collect();
    let [line] = lines[..] else {
        panic!("{output}");
    };
    assert!(line.starts_with("  • Most memory: large 30"), "{line}");
    assert!(!line.contains("small"), "{line}");
    let output = place
        .regatta(&["--progress", "none", "--suites", "small"])
        .run();
    assert!(!output.contains("Most memory"), "{output}");
}
