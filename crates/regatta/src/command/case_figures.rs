//! What the history tells of test cases: which failed, how often, and which of them are flaky.

use std::collections::BTreeMap;

use serde::Serialize;

use super::figures::{count, minute, rfc3339};
use crate::history::{Entry, Evidence, Facts, Standing, SuiteRow, weigh, wilson};

/// How many cases a list names.
const MOST_NAMED: usize = 10;

/// What runs said of the cases of suites that failed at least once.
#[derive(Default)]
pub(super) struct CaseEntries {
    /// By suite and name.
    cases: BTreeMap<(String, String), Told>,
}

#[derive(Default)]
struct Told {
    /// The newest last.
    entries: Vec<Entry>,
    /// Where it stood or failed, the last time that was told.
    place: Option<String>,
}

/// What is to be thought of a case.
pub(super) struct CaseFigures {
    suite: String,
    name: String,
    place: Option<String>,
    evidence: Evidence,
    last_failure_us: i64,
}

impl CaseEntries {
    /// Takes what a run said of the cases of a suite; the oldest run comes first.
    pub(super) fn add(&mut self, suite: &SuiteRow, facts: Facts) {
        for case in &suite.cases {
            let key = (suite.name.clone(), case.name.clone());
            let told = self.cases.entry(key).or_default();
            told.entries.push(case.entry(suite, facts));
            told.place = case.place.clone().or(told.place.take());
        }
    }

    /// Returns the figures of each case, the one that failed in most runs first.
    pub(super) fn figures(self) -> Vec<CaseFigures> {
        let cases = self.cases.into_iter();
        let figures = cases.filter_map(|((suite, name), told)| {
            let failed = told.entries.iter().filter(|it| it.failed_attempts > 0);
            Some(CaseFigures {
                suite,
                name,
                place: told.place,
                evidence: weigh(&told.entries),
                last_failure_us: failed.map(|it| it.facts.started_us).max()?,
            })
        });
        let mut figures: Vec<CaseFigures> = figures.collect();
        // A stable sort: by name where they failed equally often.
        figures.sort_by_key(|it| std::cmp::Reverse(it.evidence.failures));
        figures
    }
}

impl CaseFigures {
    pub(super) fn is_flaky(&self) -> bool {
        self.evidence.standing == Standing::Flaky
    }

    fn title(&self) -> String {
        let title = match &self.place {
            Some(place) => format!("{} ({place})", self.name),
            None => self.name.clone(),
        };
        // Names come from files that anybody may have written.
        title.chars().filter(|it| !it.is_control()).collect()
    }

    fn to_json(&self) -> CaseJson<'_> {
        let rate = self.evidence.rate.filter(|_| self.is_flaky());
        CaseJson {
            suite: &self.suite,
            name: &self.name,
            place: self.place.as_deref(),
            runs: self.evidence.runs,
            failures: self.evidence.failures,
            failing: self.evidence.failing,
            last_failure: rfc3339(self.last_failure_us),
            flaky: rate.map(|rate| FlakyJson {
                failures: rate.failures,
                attempts: rate.attempts,
                rate: f64::from(rate.failures) / f64::from(rate.attempts.max(1)),
            }),
        }
    }
}

/// Returns lines about flaky cases; none where there are none.
pub(super) fn flaky_lines(cases: &[CaseFigures]) -> Vec<String> {
    let mut lines = Vec::new();
    for case in cases.iter().take(MOST_NAMED) {
        let Some(rate) = case.evidence.rate else {
            continue;
        };
        let interval = wilson(rate);
        let percent = |share: f64| format!("{:.0}%", share * 100.0);
        let share = f64::from(rate.failures) / f64::from(rate.attempts.max(1));
        lines.push(format!("  {}: {}", case.suite, case.title()));
        lines.push(format!(
            "    {} of {} since its first failure failed without a change: {}, most likely {} to {}",
            rate.failures,
            count(rate.attempts as usize, "attempt"),
            percent(share),
            percent(interval.low),
            percent(interval.high)
        ));
    }
    with_title("Flaky cases:", lines, cases.len())
}

/// Returns lines about the cases of one suite that failed; none where none did.
pub(super) fn failed_lines(cases: &[CaseFigures]) -> Vec<String> {
    let mut lines = Vec::new();
    for case in cases.iter().take(MOST_NAMED) {
        let flaky = if case.is_flaky() { ", flaky" } else { "" };
        lines.push(format!("  {}", case.title()));
        lines.push(format!(
            "    failed in {} of {}, the last time in that of {}{flaky}",
            case.evidence.failures.max(1),
            count(case.evidence.runs.max(1) as usize, "run"),
            minute(case.last_failure_us)
        ));
    }
    with_title("Cases that failed:", lines, cases.len())
}

fn with_title(title: &str, mut lines: Vec<String>, total: usize) -> Vec<String> {
    if lines.is_empty() {
        return lines;
    }
    lines.insert(0, format!("\n{title}"));
    if let Some(more @ 1..) = total.checked_sub(MOST_NAMED) {
        lines.push(format!("  and {more} more"));
    }
    lines
}

/// Returns the same for programs.
pub(super) fn to_json<'c>(cases: impl IntoIterator<Item = &'c CaseFigures>) -> Vec<CaseJson<'c>> {
    cases.into_iter().map(CaseFigures::to_json).collect()
}

/// A test case.
#[derive(Serialize)]
pub(super) struct CaseJson<'c> {
    suite: &'c str,
    name: &'c str,
    place: Option<&'c str>,
    /// Runs since its first failure that told of it.
    runs: u32,
    failures: u32,
    failing: u32,
    last_failure: Option<String>,
    flaky: Option<FlakyJson>,
}

#[derive(Serialize)]
struct FlakyJson {
    failures: u32,
    attempts: u32,
    rate: f64,
}
