//! The HTML page of recorded runs: what stands in it, how large it is, and that it is the same every time.

use std::time::Duration;

use regatta::report::html::{LogTail, LogTails, Surroundings, render_page, wanted_logs};
use regatta::report::record::Record;
use regatta_core::cases::{Case, CaseCounts, CaseList, CaseOutcome};
use regatta_core::id::TaskId;
use regatta_core::verdict::Verdict;
use serde_json::Value;

use crate::golden::{crashed, interrupted, known, mixed, passed};
use crate::sample::{Sample, exited, suite};

fn page(record: &Record, tails: &LogTails) -> String {
    let surroundings = Surroundings {
        tails,
        logs: Some("../logs/"),
    };
    render_page(record, &surroundings)
}

/// Returns the data for the script.
fn data(page: &str) -> Value {
    let (_, rest) = page.split_once("id=\"data\">").expect("there is data");
    let (data, _) = rest.split_once("</script>").expect("it has an end");
    serde_json::from_str(data).expect("it is JSON")
}

fn without_logs(record: &Record) -> Value {
    data(&page(record, &LogTails::new()))
}

#[test]
fn the_same_journal_gives_the_same_page() {
    let samples = [passed(), mixed(), known(), interrupted(), crashed().0];
    for sample in samples {
        let record = sample.record();
        let first = page(&record, &LogTails::new());
        assert_eq!(first, page(&sample.record(), &LogTails::new()));
        let suites = data(&first)["suites"].as_array().map(Vec::len);
        assert_eq!(suites, Some(record.tasks.len()));
    }
}

#[test]
fn every_outcome_has_its_kind_and_its_words() {
    let data = without_logs(&mixed().record());
    let suites = data["suites"].as_array().expect("suites").iter();
    let told = suites.map(|it| format!("{}: {} ({})\n", it["name"], it["words"], it["kind"]));
    let told: String = told.collect::<String>().replace('"', "");
    insta::assert_snapshot!(told, @r#"
    exit-unit: exit code 1 (failed)
    signal-unit: killed by signal 11 (SIGSEGV) (failed)
    timeout-unit: Timeout after 300s (failed)
    idle-unit: No output for 0.3s (failed)
    spawn-unit: no such file `./missing` (failed)
    leftovers-unit: left 2 processes behind (failed)
    unexpected-unit: passed, but was expected to fail (failed)
    lost-unit: lost by the runner: its keeper died (failed)
    flaky-unit: passed at attempt 2, after exit code 1 (flaky)
    unstable-unit: passed only at attempt 2, and flaky = \fail\ (failed)
    condition-unit: Skipped by its own exit code 77 (skipped)
    steady-unit: passed in 0.20 s (passed)
    blocked-integration: Dependency exit-unit did not pass (blocked)
    stopped-acceptance: Cancelled while running, after a failure elsewhere (skipped)
    waiting-acceptance: Cancelled before it started, after a failure elsewhere (skipped)
    "#);
}

#[test]
fn blocked_suites_name_their_root_and_the_path_its_members() {
    let data = without_logs(&mixed().record());
    assert_eq!(data["suites"][12]["root"], 0);
    assert_eq!(data["suites"][12]["after"], serde_json::json!([11, 0]));
    let data = without_logs(&passed().record());
    assert_eq!(data["path"], serde_json::json!([0, 3]));
    // Its other dependency ended long before the one that it waited for.
    assert_eq!(data["suites"][1]["slack"], 36.501);
    assert_eq!(data["suites"][3]["slack"], 0.0);
}

#[test]
fn tails_belong_to_their_attempts_and_excerpts_stand_in_for_them() {
    let record = mixed().record();
    let key = (TaskId(0), 1);
    let wanted = wanted_logs(&record);
    assert_eq!(
        (wanted[0].key, wanted[0].file.as_str()),
        (key, "exit-unit.log")
    );
    let tail = LogTail {
        bytes: b"\x1b[31mbad\x1b[0m\n".to_vec(),
        bytes_before: 0,
    };
    let shown = data(&page(&record, &LogTails::from([(key, tail)])));
    let place = shown["suites"][0]["attempts"][0]["tail"]
        .as_u64()
        .expect("a place");
    let place = usize::try_from(place).expect("a small number");
    assert_eq!(
        shown["tails"][place]["lines"],
        serde_json::json!([["c1", "bad"]])
    );
    let shown = without_logs(&record);
    let lines = &shown["tails"][0]["lines"];
    assert!(
        lines[0]
            .as_str()
            .is_some_and(|it| it.starts_with("latin-1")),
        "{lines}"
    );
}

#[test]
fn two_hundred_suites_with_five_thousand_cases_fit_into_a_mebibyte() {
    let names: Vec<String> = (0..200)
        .map(|it| format!("package-{it}-integration"))
        .collect();
    let suites = names.iter().map(|it| suite(it, &[])).collect();
    let mut sample = Sample::new(suites);
    for task in 0..200 {
        let (mut report, verdict) = exited(0, Verdict::Passed);
        report.cases = Some(Box::new(cases()));
        let from = u64::from(task) * 100;
        sample = sample.only((from, from + 4_321), task, (report, verdict));
    }
    let page = page(&sample.finish(60_000, 0).record(), &LogTails::new());
    assert!(page.len() < 1 << 20, "{}", page.len());
    let listed = data(&page)["suites"][7]["cases"]["list"]
        .as_array()
        .map(Vec::len);
    assert_eq!(listed, Some(25));
}

fn cases() -> CaseList {
    let mut counts = CaseCounts::default();
    let cases = (0..25).map(|number| {
        counts.count(CaseOutcome::Passed);
        Case {
            class: "tests.integration.storage.test_write_ahead_log".into(),
            name: format!("test_records_survive_a_crash_in_the_middle_of_a_batch[{number}]"),
            outcome: CaseOutcome::Passed,
            duration: Some(Duration::from_micros(123_456)),
            message: None,
            file: None,
            line: None,
        }
    });
    let cases = cases.collect();
    CaseList {
        format: "junit".into(),
        counts,
        cases,
        ..CaseList::default()
    }
}
