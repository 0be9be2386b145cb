//! A JUnit document as plain data: elements and their meaning, without the angle brackets.

use std::time::Duration;

/// The whole document.
pub(super) struct Document {
    /// The project.
    pub(super) name: String,
    /// How long the run took.
    pub(super) time: Duration,
    pub(super) suites: Vec<SuiteElement>,
}

/// A `<testsuite>`.
pub(super) struct SuiteElement {
    pub(super) name: String,
    /// When it began, RFC 3339.
    pub(super) timestamp: Option<String>,
    /// The machine.
    pub(super) host: String,
    pub(super) time: Duration,
    /// Names and values.
    pub(super) properties: Vec<(&'static str, String)>,
    pub(super) cases: Vec<CaseElement>,
    /// What was printed that belongs to no single case.
    pub(super) output: Option<String>,
}

/// A `<testcase>`. Its class and name together are unique in the document.
pub(super) struct CaseElement {
    pub(super) class: String,
    pub(super) name: String,
    pub(super) time: Option<Duration>,
    pub(super) result: CaseResult,
    /// Earlier tries that did not pass, in order.
    pub(super) reruns: Vec<Finding>,
    /// What it printed.
    pub(super) output: Option<String>,
}

/// How a case ended.
pub(super) enum CaseResult {
    Passed,
    /// With this message.
    Skipped(String),
    Broken(Finding),
}

/// What went wrong.
#[derive(Clone)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    /// A word for programs.
    pub(super) kind: &'static str,
    /// One line.
    pub(super) message: String,
    /// The details.
    pub(super) text: String,
    /// What was printed, where that is told with the finding.
    pub(super) output: Option<String>,
}

/// Whether something was checked and did not hold, or nothing could be checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Severity {
    Failure,
    Error,
}

/// How many cases there are of each kind.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) tests: usize,
    pub(super) failures: usize,
    pub(super) errors: usize,
    pub(super) skipped: usize,
}

impl SuiteElement {
    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for case in &self.cases {
            counts.tests += 1;
            match &case.result {
                CaseResult::Passed => {}
                CaseResult::Skipped(_) => counts.skipped += 1,
                CaseResult::Broken(finding) => match finding.severity {
                    Severity::Failure => counts.failures += 1,
                    Severity::Error => counts.errors += 1,
                },
            }
        }
        counts
    }
}

impl Document {
    pub(super) fn counts(&self) -> Counts {
        let suites = self.suites.iter().map(SuiteElement::counts);
        suites.fold(Counts::default(), |sum, it| Counts {
            tests: sum.tests + it.tests,
            failures: sum.failures + it.failures,
            errors: sum.errors + it.errors,
            skipped: sum.skipped + it.skipped,
        })
    }
}
