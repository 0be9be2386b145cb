//! Slots shared with the jobs of suites, proved with the real make, cargo and ninja.
//!
//! Debian's make may be older than FIFOs, and its ninja than jobservers; `make install-tools` brings newer ones.

mod forms;
mod guest;
mod sharing;
mod stopped;

use std::path::{Path, PathBuf};

use crate::support::Place;

/// A job: it tells when it begins and ends, and takes its time.
const JOB: &str = "echo + >>\"$JOBS\"\nsleep \"${1-0.1}\"\necho - >>\"$JOBS\"\n";

/// A job that only ends when as many are there at the same time as its first word says.
const MEETING: &str = "\
touch \"$MEETING.$2\"
n=0
until [ \"$(ls \"$MEETING\".* | wc -l)\" -ge \"$1\" ]; do
    n=$((n + 1))
    [ \"$n\" -lt 3000 ] || exit 1
    sleep 0.01
done
";

/// Returns the folder of the newer tools.
#[track_caller]
fn new_tools() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-tools/bin");
    assert!(
        root.join("make").exists() && root.join("ninja").exists(),
        "there is no new make and ninja; run `make install-tools`"
    );
    root.canonicalize().expect("it exists")
}

/// Returns a `PATH` with the newer tools first.
fn new_path() -> String {
    format!("{}:{}", new_tools().display(), old_path())
}

/// Returns the `PATH` of the tests.
fn old_path() -> String {
    std::env::var("PATH").expect("a PATH")
}

/// Returns a folder with this configuration, and with the jobs of its suites.
fn place(configuration: &str) -> Place {
    let place = Place::new(configuration);
    place.write("job", JOB);
    place.write("meeting", MEETING);
    place
}

/// Returns the text of a makefile with so many independent jobs.
fn makefile(jobs: u32, job: &str) -> String {
    let names: Vec<String> = (0..jobs).map(|n| format!("job{n}")).collect();
    let names = names.join(" ");
    format!("all: {names}\n{names}:\n\t@{job}\n.PHONY: all {names}\n")
}

/// Returns how many jobs there were, and how many at the same time at the most.
#[track_caller]
fn jobs(place: &Place) -> (usize, i32) {
    let text = place.read("jobs");
    let (mut now, mut most) = (0, 0);
    for line in text.lines() {
        now += if line == "+" { 1 } else { -1 };
        most = most.max(now);
    }
    assert_eq!(now, 0, "{text}");
    (text.lines().count() / 2, most)
}
