//! Runs of parts put together, and records told again.

use proptest::collection::vec;
use proptest::prelude::*;
use regatta::report::journal::{parse_journal, render_journal, retell};
use regatta::report::json::render_report;
use regatta::report::merge::{Gaps, MergeError, Source, Title, merge};
use regatta::report::record::{Record, RunState};
use regatta_core::event::{CancelReason, Event, PartHeader};
use regatta_core::id::{Id, SuiteId, TaskId};
use regatta_core::plan::Suite;
use regatta_core::verdict::{Failure, Outcome, Reason, Verdict};

use crate::golden::{interrupted, mixed, passed};
use crate::sample::{Sample, attempt, exited, suite};
use crate::schema::assert_valid;

/// Folds what is told of a record.
fn fold(record: &Record) -> Record {
    let mut again = Record::new(record.header.clone());
    for (at, event) in retell(record) {
        again.apply(at, &event);
    }
    again
}

#[test]
fn a_record_told_again_is_the_same_record() {
    let samples = [passed(), mixed(), interrupted(), sharded()];
    for (name, sample) in ["passed", "mixed", "interrupted", "sharded"]
        .into_iter()
        .zip(samples)
    {
        let record = sample.record();
        assert_eq!(
            format!("{:?}", fold(&record)),
            format!("{record:?}"),
            "{name}"
        );
        let read = parse_journal(render_journal(&record).as_bytes()).unwrap();
        assert_eq!(read.torn, None);
        let report = |record: &Record| render_report(record, record.past_state());
        assert_eq!(report(&read.record()), report(&record), "{name}");
    }
}

/// A selection: the part of each suite, how many shards it has, and whether it fails.
type Row = (u32, u32, bool);

fn selection() -> impl Strategy<Value = (u32, Vec<Row>)> {
    (1_u32..6).prop_flat_map(|count| {
        let row = (1..=count, 1_u32..4, any::<bool>());
        (Just(count), vec(row, 0..12))
    })
}

fn declared(rows: &[Row]) -> Vec<Suite> {
    let suites = rows.iter().enumerate().map(|(place, row)| Suite {
        shards: Some(row.1).filter(|it| *it > 1),
        digest: format!("{place:064x}"),
        ..suite(&format!("s{place}"), &[])
    });
    suites.collect()
}

/// Returns the run of one part: the first shard of a suite that fails does, and blocks the second suite of the part.
fn run_of_part(number: u32, count: u32, rows: &[Row]) -> Source {
    let suites = declared(rows);
    let is_own = |place: usize| rows[place].0 == number;
    let places = || 0..rows.len();
    let own: Vec<Suite> = places()
        .filter(|&it| is_own(it))
        .map(|it| suites[it].clone())
        .collect();
    let own_rows: Vec<Row> = places()
        .filter(|&it| is_own(it))
        .map(|it| rows[it])
        .collect();
    let mut sample = Sample::new(own);
    sample.header.run_id = format!("run-{number}");
    sample.header.wall_us += i64::from(number) * 1_000_000;
    sample.header.tasks.clear();
    for (place, row) in own_rows.iter().enumerate() {
        let tasks = (0..row.1).map(|_| SuiteId::from_index(place));
        sample.header.tasks.extend(tasks);
    }
    sample.header.part = Some(Box::new(PartHeader {
        number,
        count,
        plan: "plan".into(),
        parts: rows.iter().map(|it| it.0).collect(),
        others: places()
            .filter(|&it| !is_own(it))
            .map(|it| suites[it].clone())
            .collect(),
    }));
    let tasks = sample.header.tasks.clone();
    for (task, suite) in (0..).zip(&tasks) {
        let fails = own_rows[suite.index()].2;
        sample = if fails && task > 0 {
            sample.word(
                40,
                task,
                Verdict::Skipped(Reason::Blocked(TaskId(task - 1))),
            )
        } else {
            let verdict = if fails {
                Verdict::Failed(Failure::ExitCode(1))
            } else {
                Verdict::Passed
            };
            sample.only(
                (10, 20 + u64::from(task)),
                task,
                exited(i32::from(fails), verdict),
            )
        };
    }
    Source {
        name: format!("{number}.json"),
        record: sample.finish(100, 0).record(),
    }
}

fn title() -> Title {
    Title {
        run_id: "merged".into(),
        version: "0".into(),
        log_dir: "logs".into(),
    }
}

proptest! {
    #[test]
    fn what_was_seen_stays_as_it_was_and_the_rest_is_named(
        (count, rows) in selection(),
        is_missing in vec(any::<bool>(), 5),
        is_reversed in any::<bool>(),
    ) {
        let seen: Vec<u32> = (1..=count).filter(|it| !is_missing[*it as usize - 1]).collect();
        prop_assume!(!seen.is_empty());
        let parts: Vec<Source> = seen.iter().map(|it| run_of_part(*it, count, &rows)).collect();
        let mut sources: Vec<Source> = seen.iter().map(|it| run_of_part(*it, count, &rows)).collect();
        if is_reversed {
            sources.reverse();
        }
        let merged = merge(sources, title()).unwrap();
        let suites: Vec<&str> = merged.header.suites.iter().map(|it| it.name.as_str()).collect();
        let all: Vec<String> = (0..rows.len()).map(|it| format!("s{it}")).collect();
        prop_assert_eq!(suites, all.clone());
        let header = merged.header.merged.as_deref().unwrap();
        let missing: Vec<u32> = (1..=count).filter(|it| !seen.contains(it)).collect();
        prop_assert_eq!(header.missing(), missing.clone());
        prop_assert_eq!(Gaps(header).exist(), !missing.is_empty());

        let whole = merged.by_suite();
        for (place, row) in rows.iter().enumerate() {
            let task = TaskId::from_index(place);
            let known = &whole.tasks[place];
            prop_assert_eq!(known.parts().len(), row.1 as usize);
            if missing.contains(&row.0) {
                prop_assert_eq!(known.outcome(), Outcome::NotSeen);
                let message = format!("Shard {} of {count} is missing", row.0);
                prop_assert_eq!(whole.error_message(task), Some(message));
            } else {
                let part = parts.iter().find(|it| it.name == format!("{}.json", row.0)).unwrap();
                let own = part.record.by_suite();
                let own_place = own.header.suites.iter().position(|it| it.name == all[place]).unwrap();
                let own_task = TaskId::from_index(own_place);
                prop_assert_eq!(known.outcome(), own.tasks[own_place].outcome());
                // It names the suite that blocked it by its new place.
                prop_assert_eq!(whole.error_message(task), own.error_message(own_task));
                let took = |it: &Record, task: TaskId| {
                    let known = &it.tasks[task.index()];
                    known.started().zip(known.ended()).map(|(from, to)| to - from)
                };
                prop_assert_eq!(took(&whole, task), took(&own, own_task));
            }
        }
        assert_valid(&render_report(&merged, RunState::Finished));
    }
}

#[test]
fn parts_of_different_plans_are_told_apart_and_why() {
    let rows = [(1, 1, false), (2, 1, false)];
    let merged = |second: Source| merge(vec![run_of_part(1, 2, &rows), second], title());
    let why = |change: &dyn Fn(&mut Record, &mut PartHeader)| {
        let mut second = run_of_part(2, 2, &rows);
        let mut part = *second.record.header.part.take().unwrap();
        part.plan = "other".into();
        change(&mut second.record, &mut part);
        second.record.header.part = Some(Box::new(part));
        match merged(second) {
            Err(MergeError::OtherPlan { why, .. }) => why,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        why(&|_, part| part.count = 3),
        "one is of 2 shards, the other of 3"
    );
    assert_eq!(
        why(&|record, _| record.header.suites[0].name = "x".into()),
        "suite s1 was selected in one of them alone"
    );
    assert_eq!(
        why(&|record, _| record.header.suites[0].digest = "x".into()),
        "suite s1 is declared in another way"
    );
    let mut second = run_of_part(2, 2, &rows);
    second.record.header.suites.clear();
    assert_eq!(
        merged(second).unwrap_err(),
        MergeError::OtherSuites {
            name: "2.json".into(),
            number: 2
        }
    );
    assert_eq!(merge(Vec::new(), title()).unwrap_err(), MergeError::Nothing);
}

#[test]
fn a_shard_that_was_cut_short_leaves_the_whole_incomplete() {
    let rows = [(1, 1, false), (2, 1, false)];
    let mut second = run_of_part(2, 2, &rows);
    second.record.finished = None;
    second.record.tasks[0].verdict = None;
    let merged = merge(vec![run_of_part(1, 2, &rows), second], title()).unwrap();
    let header = merged.header.merged.as_deref().unwrap();
    assert_eq!(Gaps(header).to_string(), "shard 2 of 2 was cut short");
    assert_eq!(merged.tasks[1].outcome(), Outcome::Interrupted);
}

/// One suite in three shards, of which the second failed twice, with a suite that waits for it.
fn sharded() -> Sample {
    let mut sample = Sample::new(vec![
        Suite {
            shards: Some(3),
            ..suite("tests", &[])
        },
        suite("after", &["tests"]),
    ]);
    sample.header.tasks = [0, 0, 0, 1].map(SuiteId).to_vec();
    let failed = |code| exited(code, Verdict::Failed(Failure::ExitCode(code)));
    sample
        .only((10, 50), 0, exited(0, Verdict::Passed))
        .start(10, 1, 1)
        .end(20, attempt(1, 1), failed(1))
        .start(20, 1, 2)
        .end(30, attempt(1, 2), failed(2))
        .word(30, 1, Verdict::Failed(Failure::ExitCode(2)))
        .word(30, 3, Verdict::Skipped(Reason::Blocked(TaskId(1))))
        .event(
            31,
            Event::RunCancelled {
                reason: CancelReason::MaxFail(TaskId(1)),
            },
        )
        .only((40, 90), 2, exited(0, Verdict::Passed))
        .finish(100, 1)
}

#[test]
fn the_shards_of_a_suite_are_one_suite_in_reports() {
    let record = sharded().record();
    let whole = record.by_suite();
    assert_eq!(whole.tasks.len(), 2);
    assert_eq!(whole.cancelled, Some(CancelReason::MaxFail(TaskId(0))));
    let tests = &whole.tasks[0];
    assert_eq!(tests.outcome(), Outcome::ExitCode);
    assert_eq!(tests.attempts.len(), 4);
    assert_eq!(tests.started().map(|it| it.0.as_millis()), Some(10));
    assert_eq!(tests.ended().map(|it| it.0.as_millis()), Some(90));
    let message = |task| whole.error_message(TaskId(task)).unwrap();
    assert_eq!(message(0), "shard 2 of 3: exit code 2");
    assert_eq!(message(1), "Dependency tests did not pass");
    let files: Vec<Option<String>> = tests
        .attempts
        .iter()
        .map(|it| whole.log_file(TaskId(0), it))
        .collect();
    let names: Vec<&str> = files.iter().map(|it| it.as_deref().unwrap()).collect();
    assert_eq!(
        names,
        [
            "test-logs/tests.shard-2.attempt-1.log",
            "test-logs/tests.shard-2.log",
            "test-logs/tests.shard-1.log",
            "test-logs/tests.shard-3.log",
        ]
    );
    assert_eq!(
        whole.last_log_file(TaskId(0)).as_deref(),
        Some("test-logs/tests.shard-2.log")
    );
}

#[test]
fn the_history_has_the_work_of_all_shards_attempt_by_attempt() {
    let row = regatta::history::RunRow::of(&sharded().record());
    let tests = row.suites.iter().find(|it| it.name == "tests").unwrap();
    let attempts = tests.attempts.iter();
    let attempts: Vec<_> = attempts.map(|it| (it.outcome, it.duration_us)).collect();
    assert_eq!(
        attempts,
        [
            (Outcome::ExitCode, Some(100_000)),
            (Outcome::ExitCode, Some(10_000)),
        ]
    );
    assert_eq!(row.suites.len(), 2);
}
