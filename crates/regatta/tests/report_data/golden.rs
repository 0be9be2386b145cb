//! Recorded journals and the reports they give, in every format. `REGATTA_UPDATE=1` writes both anew.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use regatta::report::find::find_run;
use regatta::report::journal::parse_journal;
use regatta::report::json::render_report;
use regatta::report::record::RunState;
use regatta_core::event::{CancelReason, Event, FORMAT, StopCause, StopSignal, Summary};
use regatta_core::id::TaskId;
use regatta_core::past::{FlakyRate, Past};
use regatta_core::plan::{Quarantine, SelectedAs, Suite};
use regatta_core::terms::{Repeat, Until};
use regatta_core::verdict::{AttemptReport, Exit, Failure, Leftover, Reason, Verdict};

use crate::documents::{assert_documents_of, assert_stubs_of};
use crate::sample::{Sample, attempt, bare, exited, suite};
use crate::schema::assert_valid;

/// A run in which everything passes, with every key of a suite filled somewhere.
pub(crate) fn passed() -> Sample {
    let suites = vec![
        Suite {
            tags: vec!["rust".into(), "quick".into()],
            owner: Some("team-proxy".into()),
            ..suite("proxy-unit", &[])
        },
        Suite {
            origin: SelectedAs::Dependency,
            ..suite("memstore-unit", &[])
        },
        Suite {
            parallel_group: vec!["containers".into(), "ports".into()],
            description: String::new(),
            ..suite("redis-acceptance", &[])
        },
        suite("go-integration", &["memstore-unit", "proxy-unit"]),
    ];
    Sample::new(suites)
        .repository(3)
        .only((0, 45_200), 0, exited(0, Verdict::Passed))
        .only((0, 8_700), 1, exited(0, Verdict::Passed))
        .only((1_000, 99_300), 2, exited(0, Verdict::Passed))
        .only((45_201, 134_601), 3, exited(0, Verdict::Passed))
        .finish(134_605, 0)
}

/// A run in which nearly every outcome happens, cut short by the last failure.
pub(crate) fn mixed() -> Sample {
    let names = [
        "exit-unit",
        "signal-unit",
        "timeout-unit",
        "idle-unit",
        "spawn-unit",
        "leftovers-unit",
        "unexpected-unit",
        "lost-unit",
        "flaky-unit",
        "unstable-unit",
        "condition-unit",
        "steady-unit",
    ];
    let mut suites: Vec<Suite> = names.iter().map(|name| suite(name, &[])).collect();
    suites.push(suite("blocked-integration", &["steady-unit", "exit-unit"]));
    suites.push(suite("stopped-acceptance", &[]));
    suites.push(suite("waiting-acceptance", &["steady-unit"]));
    let limit = Duration::from_millis(300);
    let failures = [
        (Exit::Signal(11), Failure::Signal(11)),
        (Exit::Signal(15), Failure::Timeout(limit * 1_000)),
        (Exit::Code(143), Failure::IdleTimeout(limit)),
    ];
    let mut sample = Sample::new(suites).only((0, 900), 0, hostile());
    for (task, (exit, failure)) in (1..).zip(failures) {
        sample = sample.only((5, 1_000), task, bare(exit, Verdict::Failed(failure)));
    }
    let reason = "no such file `./missing`";
    let not_started = Verdict::Failed(Failure::SpawnError(reason.into()));
    let unexpected = Verdict::Failed(Failure::UnexpectedPass);
    let lost = Verdict::Failed(Failure::Infrastructure("its keeper died".into()));
    let (mut left, left_verdict) = exited(0, Verdict::Failed(Failure::Leftovers(2)));
    left.leftovers = [(4_711, "redis-server"), (4_712, "a \u{1b}[31m name")]
        .map(|(pid, name)| Leftover {
            pid,
            name: name.into(),
        })
        .into();
    sample
        .end(
            1_001,
            attempt(4, 1),
            bare(Exit::NotStarted(reason.into()), not_started.clone()),
        )
        .word(1_001, 4, not_started)
        .only((1_002, 1_500), 5, (left, left_verdict))
        .only((1_002, 1_600), 6, exited(0, unexpected))
        .only(
            (1_002, 1_700),
            7,
            bare(Exit::Lost("its keeper died".into()), lost),
        )
        .twice(8, Verdict::Flaky)
        .twice(9, Verdict::Failed(Failure::Flaky))
        .only(
            (2_000, 2_100),
            10,
            exited(77, Verdict::Skipped(Reason::Condition(77))),
        )
        .only((2_000, 2_200), 11, exited(0, Verdict::Passed))
        .word(2_200, 12, Verdict::Skipped(Reason::Blocked(TaskId(0))))
        .start(2_300, 13, 1)
        .event(
            2_400,
            Event::RunCancelled {
                reason: CancelReason::MaxFail(TaskId(9)),
            },
        )
        .stop(2_400, 13, StopCause::Cancelled)
        .end(
            2_410,
            attempt(13, 1),
            bare(Exit::Signal(15), Verdict::Skipped(Reason::Cancelled)),
        )
        .word(2_410, 13, Verdict::Skipped(Reason::Cancelled))
        .word(2_410, 14, Verdict::Skipped(Reason::Cancelled))
        .finish(2_500, 1)
}

/// Three rounds of suites of which something was known before: one fails now and then, one is in quarantine, and an entry
/// of the quarantine has expired.
pub(crate) fn known() -> Sample {
    let entry = |expired| {
        Some(Box::new(Quarantine {
            reason: "flips under load".into(),
            owner: "team-storage".into(),
            issue: "https://issues.example/7".into(),
            expires: "2023-10-12".into(),
            expired,
            place: "quarantine.toml:3".into(),
        }))
    };
    let suites = vec![
        suite("unsteady-unit", &[]),
        Suite {
            quarantine: entry(false),
            ..suite("shaky-unit", &[])
        },
        Suite {
            quarantine: entry(true),
            ..suite("mended-unit", &[])
        },
    ];
    let mut sample = Sample::new(suites);
    sample.header.format = FORMAT;
    sample.header.repeat = Some(Repeat {
        rounds: Some(3),
        until: Until::Done,
    });
    let rate = FlakyRate {
        failures: 3,
        attempts: 40,
    };
    sample.header.past = vec![
        Past {
            runs: 12,
            ..Past::default()
        },
        Past {
            runs: 40,
            failing: 1,
            flaky: Some(rate),
            ..Past::default()
        },
        Past::default(),
    ];
    let failed = || Verdict::Failed(Failure::ExitCode(3));
    for round in 1..=3 {
        let begin = u64::from(round) * 1_000;
        for task in 0..3 {
            let fails = task == 1 || (task == 0 && round == 2);
            let (code, verdict) = if fails {
                (3, failed())
            } else {
                (0, Verdict::Passed)
            };
            sample = sample
                .start(begin, task, round)
                .end(
                    begin + 500,
                    attempt(task, round),
                    exited(code, verdict.clone()),
                )
                .event(
                    begin + 500,
                    Event::TaskRoundFinished {
                        task: TaskId(task),
                        round,
                        verdict,
                    },
                );
        }
        let summary = Summary {
            total: 3,
            passed: if round == 2 { 1 } else { 2 },
            failed: if round == 2 { 2 } else { 1 },
            skipped: 0,
        };
        sample = sample.event(begin + 600, Event::RoundFinished { round, summary });
    }
    sample
        .word(3_600, 0, failed())
        .word(3_600, 1, failed())
        .word(3_600, 2, Verdict::Passed)
        .finish(3_700, 1)
}

/// A run that its user interrupted.
pub(crate) fn interrupted() -> Sample {
    let suites = ["done-unit", "running-unit", "waiting-unit"];
    let word = Verdict::Skipped(Reason::Interrupted);
    Sample::new(suites.map(|name| suite(name, &[])).into())
        .only((0, 400), 0, exited(0, Verdict::Passed))
        .start(10, 1, 1)
        .event(
            1_000,
            Event::RunCancelled {
                reason: CancelReason::Interrupt(StopSignal::Interrupt),
            },
        )
        .stop(1_000, 1, StopCause::Interrupted)
        .end(1_050, attempt(1, 1), bare(Exit::Code(130), word.clone()))
        .word(1_050, 1, word.clone())
        .word(1_050, 2, word)
        .finish(1_060, 130)
}

/// A run whose runner was killed while it wrote that a suite had passed.
pub(crate) fn crashed() -> (Sample, Vec<u8>) {
    let suites = [
        "done-unit",
        "failed-unit",
        "retried-unit",
        "running-unit",
        "waiting-unit",
    ];
    let failure = Verdict::Failed(Failure::ExitCode(2));
    let sample = Sample::new(suites.map(|name| suite(name, &[])).into())
        .repository(1)
        .only((2, 400), 0, exited(0, Verdict::Passed))
        .only((2, 500), 1, exited(2, failure.clone()))
        .start(3, 2, 1)
        .end(600, attempt(2, 1), exited(2, failure))
        .event(
            600,
            Event::RetryScheduled {
                attempt: attempt(2, 2),
                delay: Duration::from_secs(5),
            },
        )
        .start(610, 3, 1)
        .end(900, attempt(3, 1), exited(0, Verdict::Passed));
    let mut bytes = sample.render();
    bytes.truncate(bytes.len() - 40);
    (sample, bytes)
}

/// What a terminal must never see raw and JSON must never hold raw.
fn hostile() -> (AttemptReport, Verdict) {
    let (mut report, verdict) = exited(1, Verdict::Failed(Failure::ExitCode(1)));
    let lossy = String::from_utf8_lossy(b"latin-1: \xe9\xff").into_owned();
    report.excerpt = vec![
        lossy,
        "NUL \0, ESC \u{1b}[31m, DEL \u{7f}, ]]>, \u{2028}, \"quoted\\".into(),
    ];
    report.log.bytes = 200_000_000;
    report.log.elided_bytes = 132_891_136;
    report.leftovers.push(Leftover {
        pid: 99,
        name: "NUL\0".into(),
    });
    (report, verdict)
}

impl Sample {
    /// Adds a failed attempt, a pass, and the word on both.
    fn twice(self, task: u32, word: Verdict) -> Self {
        let failed = exited(1, Verdict::Failed(Failure::ExitCode(1)));
        self.start(1_100, task, 1)
            .end(1_200, attempt(task, 1), failed)
            .start(1_700, task, 2)
            .end(1_950, attempt(task, 2), exited(0, Verdict::Passed))
            .word(1_950, task, word)
    }

    fn stop(self, at_ms: u64, task: u32, cause: StopCause) -> Self {
        self.event(
            at_ms,
            Event::Stopping {
                attempt: attempt(task, 1),
                cause,
                signal: StopSignal::Terminate,
            },
        )
    }
}

pub(crate) fn golden_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report_data/golden")
}

/// Asserts that a committed file has this content, or gives it this content when asked to.
pub(crate) fn assert_golden(path: &Path, content: &str) {
    if env::var_os("REGATTA_UPDATE").is_some() {
        fs::write(path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == content,
        "{} differs; run with REGATTA_UPDATE=1 and look at the change. It should be:\n{content}",
        path.display()
    );
}

/// Asserts the committed journal, and the committed report that it gives by itself.
pub(crate) fn assert_report_of(name: &str, journal: Vec<u8>) {
    let path = golden_folder().join(format!("{name}.jsonl"));
    assert_golden(
        &path,
        &String::from_utf8(journal).expect("a journal is UTF-8"),
    );
    let run = find_run(Some(path.as_os_str()), Path::new("nowhere")).expect("it is found");
    let report = render_report(&run.record, run.state);
    assert_valid(&report);
    assert_golden(&path.with_extension("json"), &report);
    assert_documents_of(&path, &run);
}

#[test]
fn a_run_in_which_everything_passes() {
    assert_report_of("passed", passed().render());
}

#[test]
fn a_run_with_every_outcome() {
    assert_report_of("mixed", mixed().render());
}

#[test]
fn a_run_in_rounds_of_suites_with_a_past() {
    assert_report_of("known", known().render());
}

#[test]
fn a_run_that_was_interrupted() {
    assert_report_of("interrupted", interrupted().render());
}

#[test]
fn a_run_that_crashed() {
    assert_report_of("crashed", crashed().1);
}

#[test]
fn a_run_that_has_only_just_begun() {
    let mut sample = passed();
    sample.events.clear();
    let stub = render_report(&sample.record(), RunState::Running);
    assert_valid(&stub);
    assert_golden(&golden_folder().join("begun.json"), &stub);
    assert_stubs_of("begun", &sample.record());
}

#[test]
fn a_crash_at_any_event_turns_nothing_green() {
    let bytes = mixed().render();
    let lines: Vec<&[u8]> = bytes.split_inclusive(|&it| it == b'\n').collect();
    let end = mixed().record();
    for count in 1..lines.len() {
        let journal = parse_journal(lines[..count].concat().as_slice()).unwrap();
        let record = journal.record();
        assert_eq!(record.past_state(), RunState::Interrupted);
        assert_valid(&render_report(&record, record.past_state()));
        for (task, last) in record.tasks.iter().zip(&end.tasks) {
            let word = task.verdict_or_interrupted();
            assert!(task.verdict.is_none() || task.verdict == last.verdict);
            assert!(task.verdict.is_some() || word == Verdict::Skipped(Reason::Interrupted));
        }
    }
}
