//! The chain of suites that a run waited for.

use regatta::report::critical_path::find_critical_path;
use regatta_core::id::Id;
use regatta_core::verdict::{Exit, Failure, Reason, Verdict};

use crate::sample::{Sample, attempt, bare, exited, suite};

/// Returns the names on the critical path of a run so far.
fn path(sample: &Sample) -> Vec<&str> {
    let tasks = find_critical_path(&sample.record());
    let suites = &sample.header.suites;
    tasks
        .into_iter()
        .map(|task| suites[task.index()].name.as_str())
        .collect()
}

fn pass(sample: Sample, task: u32, to_ms: u64) -> Sample {
    sample.only((to_ms - 1, to_ms), task, exited(0, Verdict::Passed))
}

#[test]
fn it_goes_back_from_the_last_end_through_the_last_dependencies() {
    let suites = vec![
        suite("slow", &[]),
        suite("quick", &[]),
        suite("middle", &["quick", "slow"]),
        suite("beside", &[]),
        suite("last", &["quick", "middle"]),
    ];
    let ends = [(0, 50), (1, 10), (2, 60), (3, 65), (4, 70)];
    let sample = ends
        .into_iter()
        .fold(Sample::new(suites), |sample, (task, to)| {
            pass(sample, task, to)
        });
    assert_eq!(path(&sample), ["slow", "middle", "last"]);
}

#[test]
fn of_two_that_ended_together_it_names_the_first_in_the_plan() {
    let sample = Sample::new(vec![suite("first", &[]), suite("second", &[])]);
    assert_eq!(path(&pass(pass(sample, 1, 10), 0, 10)), ["first"]);
}

#[test]
fn what_never_ran_is_not_on_it() {
    let suites = vec![
        suite("broken", &[]),
        suite("blocked", &["broken"]),
        suite("running", &[]),
    ];
    let sample = Sample::new(suites);
    assert!(path(&sample).is_empty());
    let failure = Verdict::Failed(Failure::SpawnError("no".into()));
    let sample = sample
        .end(
            5,
            attempt(0, 1),
            bare(Exit::NotStarted("no".into()), failure.clone()),
        )
        .word(5, 0, failure)
        .word(5, 1, Verdict::Skipped(Reason::Blocked(attempt(0, 1).task)))
        .start(6, 2, 1);
    assert!(path(&sample).is_empty());
}

#[test]
fn dependencies_in_a_circle_do_not_trap_it() {
    let sample = Sample::new(vec![suite("hen", &["egg"]), suite("egg", &["hen"])]);
    assert_eq!(path(&pass(pass(sample, 0, 10), 1, 10)), ["egg", "hen"]);
}
