//! What Regatta promises, case by case, shown by suites that misbehave: see `examples/evil.rs`.

mod daemons;
mod groups;
mod history;
mod invariants;
mod kills;
mod logs;
mod neighbours;
mod processes;
mod reports;
mod scale;
mod terminal;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, geteuid};
use serde_json::Value;

use self::invariants::Ended;
pub(crate) use self::kills::runner;
use crate::support::Place;

/// Within which something counts as having happened at once, on a machine that is busy with other tests. Whatever it
/// is compared with takes a minute or more.
const PROMPTLY: f64 = 10.0;

/// Returns a folder with this configuration, in which `./evil` is the program that misbehaves and `pids` is where it
/// notes itself.
fn place(configuration: &str) -> Place {
    let place = Place::new(configuration);
    symlink(evil(), place.path("evil")).expect("a link");
    fs::create_dir(place.path("pids")).expect("a folder");
    place
}

/// Returns where the program is that misbehaves.
fn evil() -> PathBuf {
    let program = regatta().with_file_name("examples/evil");
    assert!(
        program.exists(),
        "`cargo build --examples` makes {}",
        program.display()
    );
    program
}

fn regatta() -> &'static Path {
    assert_cmd::cargo::cargo_bin!("regatta")
}

/// Runs `regatta` to its end, with nothing shown but the summary, and checks what is always true then.
#[track_caller]
fn run(place: &Place, words: &[&str]) -> String {
    let words = [&["--progress", "none"], words].concat();
    let transcript = place.regatta(&words).run_unchecked();
    invariants::check(place, Ended::InOrder);
    transcript
}

/// Returns what the report says of a suite.
#[track_caller]
fn suite(place: &Place, name: &str) -> Value {
    let report = place.report();
    let mut suites = report["suites"].as_array().expect("suites").iter();
    let suite = suites.find(|it| it["name"] == name);
    suite.unwrap_or_else(|| panic!("no suite {name}")).clone()
}

/// Returns the outcomes of all suites, with blanks between them.
#[track_caller]
fn outcomes(place: &Place) -> String {
    let report = place.report();
    let suites = report["suites"].as_array().expect("suites").iter();
    let words: Vec<_> = suites.filter_map(|it| it["outcome"].as_str()).collect();
    words.join(" ")
}

/// Returns how long a suite took, in seconds.
#[track_caller]
fn duration(place: &Place, name: &str) -> f64 {
    suite(place, name)["duration"].as_f64().expect("a number")
}

/// Returns how often something stands in the journal, which may be growing.
fn count_in_journal(place: &Place, text: &str) -> usize {
    let journal = fs::read_to_string(place.path("test-logs/events.jsonl"));
    journal.unwrap_or_default().matches(text).count()
}

/// Returns a command for one of two copies in the place, `regatta` and `evil-copy`, run by somebody whom limits and
/// modes bind: not by root.
fn as_plain_user(place: &Place, program: &str) -> Command {
    for (from, to) in [(regatta(), "regatta"), (&evil(), "evil-copy")] {
        if !place.has(to) {
            fs::copy(from, place.path(to)).expect("a copy");
        }
    }
    let mut command = Command::new(place.path(program));
    command.env_clear().current_dir(place.root());
    command.env("PATH", std::env::var_os("PATH").expect("a PATH"));
    command.env("TMPDIR", place.temporary());
    if geteuid().is_root() {
        let above = place.root().parent().expect("a folder of its own");
        for path in [above, place.root(), &place.temporary()] {
            fs::set_permissions(path, Permissions::from_mode(0o777)).expect("our folder");
        }
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// The user and the group without privileges.
const NOBODY: u32 = 65_534;

/// Returns a process and those of its children that run this program, too.
fn family(pid: Pid, program: &Path) -> Vec<i32> {
    let pid = pid.as_raw_pid();
    let program = program.canonicalize().expect("it exists");
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let children = children.unwrap_or_default();
    let is_same =
        |pid: &i32| fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|it| it == program);
    let children = children.split_whitespace().filter_map(|it| it.parse().ok());
    [pid].into_iter().chain(children.filter(is_same)).collect()
}
