//! What suites use, and what there is for them: memory, processors. Most of it on a machine made of files, so that it is
//! the same everywhere; what a real cgroup adds is shown where one can be made.

mod figures;
mod group;
mod memory;
mod processors;
mod shortage;

use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::support::Place;

/// Returns a folder with this configuration, in which `./evil` allocates memory on demand.
fn place(configuration: &str) -> Place {
    let place = Place::new(configuration);
    let program = assert_cmd::cargo::cargo_bin!("regatta").with_file_name("examples/evil");
    assert!(
        program.exists(),
        "`cargo build --examples` makes {}",
        program.display()
    );
    symlink(program, place.path("evil")).expect("a link");
    place
}

/// Runs `regatta` on a machine made of the files in `machine`, and returns all that it said.
#[track_caller]
fn run(place: &Place, words: &[&str]) -> String {
    let words = [&["--progress", "none"], words].concat();
    let machine = place.path("machine");
    let regatta = place.regatta(&words);
    let regatta = regatta.variable("REGATTA_MACHINE", &machine.to_string_lossy());
    regatta.run()
}

/// Makes the machine one with so many MiB of memory.
fn give_memory(place: &Place, mebibytes: u64) {
    let text = format!("MemAvailable:   {} kB\n", mebibytes << 10);
    place.write("machine/proc/meminfo", &text);
}

/// Returns what the report says of a suite.
#[track_caller]
fn suite(place: &Place, name: &str) -> Value {
    let report = place.report();
    let mut suites = report["suites"].as_array().expect("suites").iter();
    let suite = suites.find(|it| it["name"] == name);
    suite.unwrap_or_else(|| panic!("no suite {name}")).clone()
}

/// Returns the outcomes of a suite's attempts, with blanks between them.
#[track_caller]
fn attempts(place: &Place, name: &str) -> String {
    let suite = suite(place, name);
    let attempts = suite["attempts"].as_array().expect("attempts").iter();
    let words: Vec<_> = attempts.filter_map(|it| it["outcome"].as_str()).collect();
    words.join(" ")
}

/// Returns when each attempt of the run started and ended, in seconds.
#[track_caller]
fn spans(place: &Place) -> Vec<(f64, f64)> {
    let report = place.report();
    let suites = report["suites"].as_array().expect("suites").iter();
    let attempts = suites.flat_map(|it| it["attempts"].as_array().expect("attempts").clone());
    let time = |attempt: &Value, key: &str| attempt[key].as_f64().expect("a time");
    let spans = attempts.map(|it| (time(&it, "start_time"), time(&it, "end_time")));
    spans.collect()
}

/// Returns the most attempts that ran at one moment.
#[track_caller]
fn most_at_once(place: &Place) -> usize {
    let spans = spans(place);
    let counts = spans.iter().map(|(at, _)| {
        let running = spans.iter().filter(|(start, end)| start <= at && at < end);
        running.count()
    });
    counts.max().unwrap_or(0)
}
