//! The documents that a run leaves beside its JSON report, and what stands in their place while it goes on.

use insta::assert_snapshot;
use rustix::process::{Signal, kill_process};
use serde_json::Value;

use crate::reliability::runner;
use crate::support::{Place, normalise, wait_until};

const ALL: &str = "junit=junit.xml,markdown=report.md,trace=trace.json";

const SUITES: &str = "[suites.good]\ncommand = 'true'\n\
     [suites.bad]\ncommand = 'echo broken; exit 3'\n\
     [suites.flaky]\ncommand = 'case $REGATTA_ATTEMPT in */1) echo once; exit 1;; esac'\nretries = 1\n\
     [suites.late]\ncommand = 'true'\ndepends_on = ['bad']\n\
     [suites.gone]\ncommand = ['./nothing']\n";

/// Returns how often each of some words stands in a file.
fn counts(place: &Place, file: &str, words: &[&str]) -> Vec<usize> {
    let text = place.read(file);
    words
        .iter()
        .map(|word| text.matches(word).count())
        .collect()
}

#[test]
fn a_run_writes_every_document_and_tells_the_same_again_later() {
    let place = Place::new(SUITES);
    place
        .regatta(&["--progress", "none", "--report", ALL])
        .run();
    let words = [
        "<testcase ",
        "<failure ",
        "<error ",
        "<skipped ",
        "<flakyFailure ",
        "once\n</system-out>",
        "broken\n",
    ];
    assert_eq!(counts(&place, "junit.xml", &words), [5, 1, 1, 1, 1, 1, 1]);
    assert_eq!(
        counts(
            &place,
            "report.md",
            &["## ❌ 2 of 5 suites failed\n", "broken", "| `late` |"]
        ),
        [1, 2, 2]
    );
    let trace: Value = serde_json::from_str(&place.read("trace.json")).expect("JSON");
    let events = trace["traceEvents"].as_array().expect("events");
    assert_eq!(events.iter().filter(|it| it["ph"] == "X").count(), 4);
    for (format, file) in [
        ("junit", "junit.xml"),
        ("markdown", "report.md"),
        ("trace", "trace.json"),
    ] {
        let printed = place.regatta(&["report", "--format", format]).run();
        let (_, printed) = printed.split_once("--- stdout ---\n").expect("a document");
        let written = normalise(&place.anonymise(&place.read(file)));
        let program = assert_cmd::cargo::cargo_bin!("regatta");
        let written = written.replace(&*program.to_string_lossy(), "regatta");
        assert_eq!(printed, written, "{format}");
    }
}

#[test]
fn while_a_run_goes_on_no_document_of_it_can_be_taken_for_a_pass() {
    let place = Place::new("[suites.wait]\ncommand = 'while [ ! -e go ]; do sleep 0.01; done'\n");
    for file in ["junit.xml", "report.md", "trace.json"] {
        place.write(file, "of yesterday");
    }
    let run = place
        .regatta(&["--progress", "none", "--report", ALL])
        .start();
    wait_until("the suite runs", || place.has("test-logs/wait.log"));
    assert_eq!(
        counts(&place, "junit.xml", &["<testcase ", "<error ", "yesterday"]),
        [1, 1, 0]
    );
    assert_eq!(
        counts(
            &place,
            "report.md",
            &["The run has not finished", "yesterday"]
        ),
        [1, 0]
    );
    assert_eq!(
        counts(
            &place,
            "trace.json",
            &["\"state\":\"running\"", "yesterday"]
        ),
        [1, 0]
    );
    place.write("go", "");
    run.finish();
    assert_eq!(
        counts(&place, "junit.xml", &["<testcase ", "<error "]),
        [1, 0]
    );
}

#[test]
fn a_killed_runner_leaves_documents_that_say_so() {
    let place = Place::new(
        "[suites.done]\ncommand = 'true'\n[suites.wait]\ncommand = 'sleep 600'\ndepends_on = ['done']\n",
    );
    let run = place
        .regatta(&["--progress", "none", "--report", ALL])
        .start();
    wait_until("both have started", || {
        let journal = place
            .has("test-logs/events.jsonl")
            .then(|| place.read("test-logs/events.jsonl"));
        journal.is_some_and(|it| it.matches("\"attempt_started\"").count() == 2)
    });
    let runner = runner(run.pid()).expect("a child of the same program");
    kill_process(runner, Signal::KILL).expect("it lives");
    run.finish();
    assert_eq!(
        counts(
            &place,
            "junit.xml",
            &["<testcase ", "<error message=\"lost by the runner"]
        ),
        [2, 1]
    );
    assert_eq!(counts(&place, "report.md", &["failed (lost)"]), [1]);
    assert_eq!(counts(&place, "trace.json", &["\"infrastructure\""]), [1]);
}

#[test]
fn a_report_that_cannot_be_written_stops_the_run_before_it_starts_or_makes_its_exit_code_3() {
    let place = Place::new("[suites.a]\ncommand = 'touch ran; rm -r out'\n");
    let run = place.regatta(&["--progress", "none", "--report", "junit=nowhere/junit.xml"]);
    assert_snapshot!(run.run(), @"
    exit 3
    --- stderr ---
    error: cannot write the report `nowhere/junit.xml`: No such file or directory (os error 2)
    ");
    assert!(!place.has("ran"));
    place.write("out/keep", "");
    let run = place.regatta(&["--progress", "none", "--report", "trace=out/trace.json"]);
    let told = run.run();
    assert!(told.starts_with("exit 3\n"), "{told}");
    assert!(
        told.contains("error: cannot write the report `out/trace.json`: No such file"),
        "{told}"
    );
}

#[test]
fn two_reports_for_one_file_are_refused() {
    let place = Place::new(SUITES);
    let run = place.regatta(&["--report", "junit=a,markdown=./a"]);
    assert_snapshot!(run.run(), @"
    exit 2
    --- stderr ---
    error: two reports, junit and markdown, have the same path `./a`; give each its own
    ");
    for name in ["test-report.json", "events.jsonl"] {
        let told = place
            .regatta(&["--report", &format!("trace=test-logs/{name}")])
            .run();
        let expected = format!(
            "exit 2\n--- stderr ---\nerror: the path `test-logs/{name}` of the report trace is that of"
        );
        assert!(told.starts_with(&expected), "{told}");
    }
    assert!(!place.has("a") && !place.has("test-logs"));
}
