//! The JUnit report, read by a strict independent reader and held against the schema that Jenkins checks.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use quick_junit::{FlakyOrRerun, NonSuccessKind, Report, TestCaseStatus};
use regatta::report::junit::render_junit;
use regatta::report::record::{Record, RunState};
use regatta::report::source::Source;
use regatta_core::verdict::Status;

use crate::documents::{tail, told};
use crate::golden::{golden_folder, interrupted, known, mixed, passed};
use crate::sample::Sample;
use crate::strategy::run;

/// Returns the committed JUnit reports.
pub(crate) fn committed() -> Vec<PathBuf> {
    let entries = fs::read_dir(golden_folder()).expect("golden files");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut found: Vec<PathBuf> = paths
        .filter(|path| path.to_string_lossy().ends_with(".junit.xml"))
        .collect();
    found.sort();
    assert!(found.len() >= 6, "only {found:?}");
    found
}

fn render(sample: &Sample) -> String {
    let record = sample.record();
    render_at(&record, record.past_state())
}

fn render_at(record: &Record, state: RunState) -> String {
    render_junit(&Source {
        find_tail: &|name| Some(tail(name)),
        ..Source::without_logs(record, state)
    })
}

/// Returns what an independent reader makes of a document.
fn read(document: &str) -> Report {
    Report::deserialize_from_str(document).unwrap_or_else(|error| panic!("{error}\n{document}"))
}

/// Asserts what every reader relies on: the counts are those of the cases, and no two cases share their names.
fn check(report: &Report) {
    let mut names = BTreeSet::new();
    let (mut tests, mut failures, mut errors) = (0, 0, 0);
    for suite in &report.test_suites {
        let mut skipped = 0;
        let (mut failed, mut broken) = (0, 0);
        for case in &suite.test_cases {
            match &case.status {
                TestCaseStatus::Success { .. } => {}
                TestCaseStatus::Skipped { .. } => skipped += 1,
                TestCaseStatus::NonSuccess { kind, .. } => match kind {
                    NonSuccessKind::Failure => failed += 1,
                    NonSuccessKind::Error => broken += 1,
                },
            }
            let class = case.classname.as_ref().expect("a class").as_str();
            assert!(!class.is_empty());
            assert!(
                names.insert((class.to_owned(), case.name.as_str().to_owned())),
                "{names:?}"
            );
        }
        assert_eq!(suite.tests, suite.test_cases.len());
        assert_eq!(
            (suite.failures, suite.errors, suite.skipped),
            (failed, broken, skipped)
        );
        tests += suite.tests;
        failures += failed;
        errors += broken;
    }
    assert_eq!(
        (report.tests, report.failures, report.errors),
        (tests, failures, errors)
    );
}

/// Returns a line for each case: what it is, and how its tries ended.
fn outline(report: &Report) -> Vec<String> {
    let word = |kind: NonSuccessKind| match kind {
        NonSuccessKind::Failure => "failure",
        NonSuccessKind::Error => "error",
    };
    let cases = report
        .test_suites
        .iter()
        .flat_map(|suite| &suite.test_cases);
    let line = |case: &quick_junit::TestCase| {
        let class = case.classname.as_ref().expect("a class").as_str();
        let status = match &case.status {
            TestCaseStatus::Success { flaky_runs } => {
                format!("passed, {} before", flaky_runs.len())
            }
            TestCaseStatus::Skipped { message, .. } => {
                format!("skipped: {}", message.as_ref().map_or("", |it| it.as_str()))
            }
            TestCaseStatus::NonSuccess {
                kind, ty, reruns, ..
            } => {
                assert_eq!(reruns.kind, FlakyOrRerun::Rerun);
                let kind = word(*kind);
                let ty = ty.as_ref().expect("a type").as_str();
                format!("{kind} {ty}, {} before", reruns.runs.len())
            }
        };
        format!("{class} {}: {status}", case.name.as_str())
    };
    cases.map(line).collect()
}

#[test]
fn every_outcome_reads_as_what_it_is() {
    let report = read(&render(&mixed()));
    check(&report);
    insta::assert_snapshot!(outline(&report).join("\n"), @"
    exit-unit exit-unit: failure exit_code, 0 before
    signal-unit signal-unit: failure signal, 0 before
    timeout-unit timeout-unit: failure timeout, 0 before
    idle-unit idle-unit: failure idle_timeout, 0 before
    spawn-unit spawn-unit: error spawn_error, 0 before
    leftovers-unit leftovers-unit: failure leftovers, 0 before
    unexpected-unit unexpected-unit: failure unexpected_pass, 0 before
    lost-unit lost-unit: error infrastructure, 0 before
    flaky-unit flaky-unit: passed, 1 before
    unstable-unit unstable-unit: failure flaky, 1 before
    condition-unit condition-unit: skipped: Skipped by its own exit code 77
    steady-unit steady-unit: passed, 0 before
    blocked-integration blocked-integration: skipped: Dependency exit-unit did not pass
    stopped-acceptance stopped-acceptance: skipped: Cancelled while running, after a failure elsewhere
    waiting-acceptance waiting-acceptance: skipped: Cancelled before it started, after a failure elsewhere
    ");
}

#[test]
fn cases_of_suites_are_told_with_their_tries() {
    let report = read(&render(&told()));
    check(&report);
    insta::assert_snapshot!(outline(&report).join("\n"), @"
    flaky-unit.store opens: passed, 0 before
    flaky-unit.store writes: passed, 1 before
    red-unit twin: passed, 0 before
    red-unit twin (2): failure failure, 1 before
    red-unit.gpu draws: skipped: needs a GPU
    red-unit breaks: error error, 1 before
    crash-unit last words: passed, 0 before
    crash-unit crash-unit: failure exit_code, 0 before
    mild-unit mild: failure failure, 0 before
    inverted-unit known: skipped: Failed, as was expected of the suite: no
    after-integration after-integration: passed, 0 before
    ");
    let failed = report.test_suites[1].test_cases[1].status.clone();
    let TestCaseStatus::NonSuccess {
        message,
        description,
        ..
    } = failed
    else {
        panic!("{failed:?}");
    };
    assert_eq!(message.expect("a message").as_str(), "<&> \"quoted\" ]]>");
    let text = description.expect("a text");
    assert_eq!(text.as_str(), "tests/test_store.py:7\n<&> \"quoted\" ]]>");
}

#[test]
fn a_run_that_has_only_just_begun_is_one_error() {
    let mut sample = passed();
    sample.events.clear();
    let report = read(&render_at(&sample.record(), RunState::Running));
    check(&report);
    assert_eq!(outline(&report), ["regatta run: error running, 0 before"]);
}

#[test]
fn a_run_that_is_not_green_has_something_red() {
    for (sample, name) in [(interrupted(), "interrupted"), (known(), "known")] {
        let report = read(&render(&sample));
        check(&report);
        assert!(report.failures + report.errors > 0, "{name}");
    }
    // The journal could not be written, say.
    let mut incomplete = passed();
    incomplete.events.pop();
    let report = read(&render(&incomplete.finish(200_000, 3)));
    assert_eq!((report.failures, report.errors), (0, 1));
    assert_eq!(
        outline(&report).last().expect("a case"),
        "regatta run: error incomplete, 0 before"
    );
    assert_eq!(read(&render(&passed())).errors, 0);
}

#[test]
fn nothing_in_the_document_is_forbidden_in_xml() {
    let document = render(&told()) + &render(&mixed());
    let is_allowed = |it: char| {
        it == '\n' || it == '\t' || (!it.is_control() && u32::from(it) & 0xfffe != 0xfffe)
    };
    assert!(document.chars().all(is_allowed));
    assert!(!document.contains('\u{1b}') && !document.contains("[31m"));
}

/// `xmllint` checks the schema in `junit.xsd`, which allows what Jenkins's plugin allows and nothing more.
#[test]
fn every_report_keeps_the_schema_that_jenkins_checks() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report_data/junit.xsd");
    let mut command = Command::new("xmllint");
    command
        .args(["--noout", "--nonet", "--schema"])
        .arg(schema)
        .args(committed());
    let output = command.output().expect("xmllint: run `make install-tools`");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The schema is worth something: it refuses what Jenkins refuses.
#[test]
fn the_schema_refuses_what_jenkins_refuses() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report_data/junit.xsd");
    let place = tempfile::tempdir().expect("a folder");
    let good = r#"<testsuites name="n"><testsuite name="s" tests="1" failures="0" errors="0" time="0.1"><testcase name="c" classname="s"/></testsuite></testsuites>"#;
    for (from, to) in [
        (r#" classname="s""#, r#" classname="s" file="x""#),
        (r#"time="0.1""#, r#"time="0.1234""#),
        (r#" tests="1""#, ""),
        (r#"classname="s"/>"#, r#"classname="s"><skip/></testcase>"#),
        (
            r#"classname="s"/>"#,
            r#"classname="s"><flakyFailure/></testcase>"#,
        ),
        ("", ""),
    ] {
        let path = place.path().join("junit.xml");
        fs::write(&path, good.replacen(from, to, 1)).expect("a file");
        let mut command = Command::new("xmllint");
        command
            .args(["--noout", "--nonet", "--schema"])
            .arg(&schema)
            .arg(&path);
        let output = command.output().expect("xmllint: run `make install-tools`");
        assert_eq!(output.status.success(), from.is_empty(), "{from} -> {to}");
    }
}

proptest! {
    #[test]
    fn every_run_gives_a_document_that_adds_up(sample in run(40)) {
        let record = sample.record();
        let report = read(&render_at(&record, record.past_state()));
        check(&report);
        let suites = record.by_suite();
        let failed = suites.tasks.iter().filter(|suite| suite.status() == Status::Failed).count();
        prop_assert!(report.failures + report.errors >= failed);
        let is_green = report.failures + report.errors == 0;
        prop_assert!(!is_green || record.finished.is_some_and(|it| it.exit_code == 0));
    }
}
