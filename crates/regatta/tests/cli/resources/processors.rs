//! The processors: how many slots they make and why, and what suites are told of them.

use std::process::Command;

use super::place;
use crate::support::Place;

/// Runs `regatta` by a shell that knows it as `regatta`, and returns what it printed.
fn shell(place: &Place, line: &str) -> String {
    let program = assert_cmd::cargo::cargo_bin!("regatta");
    let line = format!("alias regatta='{}'\n{line}", program.display());
    let mut command = Command::new("sh");
    command.args(["-c", &line]).current_dir(place.root());
    command.env("TMPDIR", place.temporary());
    let output = command.output().expect("a shell");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn the_slots_and_their_reason_are_told() {
    let place = place("[suites.a]\ncommand = 'true'\n");
    let program = assert_cmd::cargo::cargo_bin!("regatta").display();
    let pinned = format!("taskset -c 0 {program} --progress lines");
    let output = shell(&place, &pinned);
    let line = output.lines().find(|it| it.contains("Max parallel"));
    let line = line.unwrap_or_else(|| panic!("{output}"));
    let online = std::thread::available_parallelism()
        .expect("processors")
        .get();
    if online == 1 {
        assert!(line.starts_with("  • Max parallel: 1 ("), "{line}");
    } else {
        assert!(
            line.starts_with("  • Max parallel: 1 (CPU affinity, 1 of "),
            "{line}"
        );
    }
    let plan = shell(&place, &format!("taskset -c 0 {program} -n"));
    assert!(plan.starts_with("Plan: 1 suite, 1 at a time ("), "{plan}");
    // Who names the number needs no reason.
    let output = shell(&place, &format!("{program} -j 7 --progress lines"));
    assert!(output.contains("  • Max parallel: 7\n"), "{output}");
}

/// A suite that writes down what it is told of threads.
const TELLS: &str = "echo $RAYON_NUM_THREADS/$GOMAXPROCS/$OMP_NUM_THREADS/$PYTEST_XDIST_AUTO_NUM_WORKERS/$CARGO_BUILD_JOBS";

#[test]
fn suites_are_told_how_many_threads_their_cpus_allow() {
    let place = Place::new(&format!(
        "[run]\nthread_hints = true\n\
         [suites.plain]\ncommand = '{TELLS} > plain'\n\
         [suites.wide]\ncommand = '{TELLS} > wide'\ncpus = 3\n\
         [suites.widest]\ncommand = '{TELLS} > widest'\ncpus = 30\n\
         [suites.own]\ncommand = '{TELLS} > own'\ncpus = 2\nenv = {{ GOMAXPROCS = '9' }}\n"
    ));
    let regatta = place.regatta(&["-j", "4", "--progress", "none"]);
    regatta.variable("OMP_NUM_THREADS", "5").run();
    assert_eq!(place.read("plain"), "1/1/5/1/1\n");
    assert_eq!(place.read("wide"), "3/3/5/3/3\n");
    // No suite gets more slots than there are.
    assert_eq!(place.read("widest"), "4/4/5/4/4\n");
    assert_eq!(place.read("own"), "2/9/5/2/2\n");
}

#[test]
fn without_a_word_suites_are_told_nothing() {
    let place = Place::new(&format!(
        "[suites.plain]\ncommand = '{TELLS} > plain'\ncpus = 2\n"
    ));
    place.regatta(&["-j", "4", "--progress", "none"]).run();
    assert_eq!(place.read("plain"), "////\n");
}
