//! Reused results, from outside: what makes a suite run again, what is never kept, and what a damaged store does.

mod damage;
mod keeping;
mod links;
mod misses;
mod outputs;
mod words;

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::Place;

/// Runs `regatta` with only the summary shown and returns the outcomes of all suites, with blanks between them.
#[track_caller]
fn run(place: &Place, words: &[&str]) -> String {
    run_with(place, words, &[])
}

/// As [`run`], with these variables.
#[track_caller]
fn run_with(place: &Place, words: &[&str], variables: &[(&str, &str)]) -> String {
    let words = [&["--progress", "none"], words].concat();
    let mut invocation = place.regatta(&words);
    for (name, value) in variables {
        invocation = invocation.variable(name, value);
    }
    invocation.run();
    outcomes(place)
}

#[track_caller]
fn outcomes(place: &Place) -> String {
    let report = place.report();
    let suites = report["suites"].as_array().expect("suites").iter();
    let words: Vec<_> = suites.filter_map(|it| it["outcome"].as_str()).collect();
    words.join(" ")
}

/// Returns what the report says of the cache of the first suite.
#[track_caller]
fn reason(place: &Place) -> String {
    let reason = &place.report()["suites"][0]["cache"]["reason"];
    reason.as_str().expect("a reason").to_owned()
}

/// Returns how often a suite ran that adds a line to `ran` each time.
fn runs(place: &Place) -> usize {
    let ran = fs::read_to_string(place.path("ran"));
    ran.unwrap_or_default().lines().count()
}

/// Returns every file below a folder of the store.
fn kept(place: &Place, part: &str) -> Vec<PathBuf> {
    let drawers = fs::read_dir(place.path(".regatta/cache").join(part)).expect("the store");
    let files = drawers.flat_map(|it| fs::read_dir(it.expect("a drawer").path()).expect("files"));
    let mut files: Vec<PathBuf> = files.map(|it| it.expect("a file").path()).collect();
    files.sort();
    files
}

/// Returns the first event of a kind that the journal has.
fn event(place: &Place, kind: &str) -> Option<Value> {
    let journal = place.read("test-logs/events.jsonl");
    let mut events = journal
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    events.find(|it| it["event"] == kind)
}
