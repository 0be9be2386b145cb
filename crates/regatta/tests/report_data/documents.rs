//! The documents beside the JSON report, from the same recorded journals, and a journal that tells of test cases.

use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use regatta::report::find::PastRun;
use regatta::report::format::{FORMATS, Format};
use regatta::report::markdown::render_markdown_within;
use regatta::report::record::{Record, RunState};
use regatta::report::source::Source;
use regatta::report::tail::Tail;
use regatta_core::cases::{Case, CaseCounts, CaseList, CaseOutcome};
use regatta_core::event::Event;
use regatta_core::plan::Suite;
use regatta_core::verdict::{AttemptReport, Failure, Sample as UsageSample, Verdict};

use crate::golden::{assert_golden, assert_report_of, golden_folder, mixed};
use crate::sample::{Sample, attempt, exited, suite};
use crate::strategy::run;

/// The formats that no other test here looks at, with the endings of their golden files.
fn documents() -> impl Iterator<Item = (&'static Format, &'static str)> {
    FORMATS.iter().filter_map(|format| {
        let ending = match format.name {
            "junit" => "junit.xml",
            "markdown" => "md",
            "trace" => "trace.json",
            _ => return None,
        };
        Some((format, ending))
    })
}

/// Asserts every document of a recorded run.
pub(crate) fn assert_documents_of(journal: &Path, run: &PastRun) {
    for (format, ending) in documents() {
        let document = (format.render)(&Source {
            record: &run.record,
            state: run.state,
            events: &run.events,
            find_tail: &|name| Some(tail(name)),
        });
        assert_golden(&journal.with_extension(ending), &document);
    }
}

/// Asserts every document of a run of which nothing is known yet.
pub(crate) fn assert_stubs_of(name: &str, record: &Record) {
    let source = Source::without_logs(record, RunState::Running);
    for (format, ending) in documents() {
        let path = golden_folder().join(format!("{name}.{ending}"));
        assert_golden(&path, &(format.render)(&source));
    }
}

/// Returns the end of a log that was never written.
pub(crate) fn tail(name: &str) -> Tail {
    Tail {
        text: format!("{name} begins\n::error::]]> <b> ``` |\n{name} ends\n"),
        left_out: 1_000,
    }
}

fn case(class: &str, name: &str, outcome: CaseOutcome) -> Case {
    Case {
        class: class.into(),
        name: name.into(),
        outcome,
        duration: Some(Duration::from_millis(250)),
        message: None,
        file: None,
        line: None,
    }
}

fn red(class: &str, name: &str, message: &str, line: u32) -> Case {
    Case {
        message: Some(message.into()),
        file: Some("tests/test_store.py".into()),
        line: Some(line),
        ..case(class, name, CaseOutcome::Failed)
    }
}

fn with_cases(end: (AttemptReport, Verdict), cases: Vec<Case>) -> (AttemptReport, Verdict) {
    let (mut report, verdict) = end;
    let mut counts = CaseCounts::default();
    for case in &cases {
        counts.count(case.outcome);
    }
    report.cases = Some(Box::new(CaseList {
        format: "junit".into(),
        counts,
        cases,
        left_out: 0,
        trouble: None,
    }));
    (report, verdict)
}

/// A run of suites that told of their cases: one passes at its second attempt, one fails twice, one fails without a red
/// case, one passes in spite of one, and one is red because it was expected to be.
pub(crate) fn told() -> Sample {
    let failed = || Verdict::Failed(Failure::ExitCode(1));
    let names = [
        "flaky-unit",
        "red-unit",
        "crash-unit",
        "mild-unit",
        "inverted-unit",
    ];
    let mut suites: Vec<Suite> = names.iter().map(|name| suite(name, &[])).collect();
    suites.push(suite("after-integration", &["flaky-unit", "mild-unit"]));
    let first = vec![
        case("store", "opens", CaseOutcome::Passed),
        red("store", "writes", "assert 1 == 2\n  where 1 = f()", 12),
    ];
    let second = vec![
        case("store", "opens", CaseOutcome::Passed),
        case("store", "writes", CaseOutcome::Passed),
    ];
    let twins = || {
        vec![
            case("", "twin", CaseOutcome::Passed),
            red("", "twin", "\u{1b}[31m<&> \"quoted\" ]]> \0\u{1b}[0m", 7),
            Case {
                message: Some("needs a GPU".into()),
                ..case("gpu", "draws", CaseOutcome::Skipped)
            },
            case("", "breaks", CaseOutcome::Error),
        ]
    };
    let (mut crash, crash_verdict) = with_cases(
        exited(139, failed()),
        vec![case("", "last words", CaseOutcome::Passed)],
    );
    crash.samples = [(100, 50, 10), (200, 150, 30), (300, 160, 20)]
        .map(|(at, cpu, mebibytes)| UsageSample {
            at: Duration::from_millis(at),
            cpu: Duration::from_millis(cpu),
            memory_bytes: mebibytes << 20,
        })
        .into();
    if let Some(list) = &mut crash.cases {
        list.left_out = 40;
    }
    Sample::new(suites)
        .start(0, 0, 1)
        .end(400, attempt(0, 1), with_cases(exited(1, failed()), first))
        .event(
            400,
            Event::RetryScheduled {
                attempt: attempt(0, 2),
                delay: Duration::ZERO,
            },
        )
        .start(410, 0, 2)
        .end(
            900,
            attempt(0, 2),
            with_cases(exited(0, Verdict::Passed), second),
        )
        .word(900, 0, Verdict::Flaky)
        .start(0, 1, 1)
        .end(500, attempt(1, 1), with_cases(exited(1, failed()), twins()))
        .start(510, 1, 2)
        .end(950, attempt(1, 2), with_cases(exited(1, failed()), twins()))
        .word(950, 1, failed())
        .only((0, 700), 2, (crash, crash_verdict))
        .only(
            (0, 100),
            3,
            with_cases(exited(0, Verdict::Passed), vec![red("", "mild", "no", 3)]),
        )
        .only(
            (0, 100),
            4,
            with_cases(exited(3, Verdict::Passed), vec![red("", "known", "no", 4)]),
        )
        .only((900, 1_200), 5, exited(0, Verdict::Passed))
        .finish(1_250, 1)
}

#[test]
fn a_run_of_suites_that_told_of_their_cases() {
    assert_report_of("told", told().render());
}

#[test]
fn markdown_keeps_to_its_limit_and_keeps_the_verdict() {
    let record = mixed().record();
    let source = Source {
        find_tail: &|name| Some(tail(name)),
        ..Source::without_logs(&record, record.past_state())
    };
    let whole = render_markdown_within(&source, usize::MAX);
    let title = whole.lines().next().expect("a title");
    for limit in (300..whole.len()).step_by(97) {
        let text = render_markdown_within(&source, limit);
        assert!(text.len() <= limit, "{} of {limit}", text.len());
        assert!(text.starts_with(title), "{text}");
        assert!(text.contains("left out here"), "{text}");
        assert_eq!(
            text.matches("<details>").count(),
            text.matches("</details>").count()
        );
        let fences = text.lines().filter(|line| line.starts_with("```")).count();
        assert_eq!(fences % 2, 0, "{text}");
    }
    assert!(!whole.contains("left out here"));
}

proptest! {
    #[test]
    fn every_run_has_every_document(sample in run(40)) {
        let record = sample.record();
        for state in [RunState::Running, record.past_state()] {
            for format in FORMATS {
                let document = (format.render)(&Source {
                    record: &record,
                    state,
                    events: &sample.events,
                    find_tail: &|name| Some(tail(name)),
                });
                prop_assert!(document.ends_with('\n'), "{}", format.name);
            }
        }
    }
}
