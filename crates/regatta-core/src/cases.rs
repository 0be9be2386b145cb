//! The test cases that a suite told of by itself, as plain data.
//!
//! No verdict is made of them: the exit code of the suite stays its word. In which format they were told, and how that
//! is read, is not known here.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::seconds;

/// A format in which cases are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseFormat {
    /// `JUnit` XML, of any dialect.
    Junit,
    /// The Test Anything Protocol, versions 12 to 14.
    Tap,
    /// The lines of `go test -json`.
    GoJson,
    /// The text of Rust's test harness, as `cargo test` shows it.
    Libtest,
}

impl CaseFormat {
    /// Returns its name, as configurations and reports have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Junit => "junit",
            Self::Tap => "tap",
            Self::GoJson => "go-json",
            Self::Libtest => "libtest",
        }
    }
}

/// All that an attempt told of its cases.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CaseList {
    /// The name of the format they were told in, see [`CaseFormat::name`].
    pub format: String,
    /// How many there are of each kind, those included that are not listed.
    pub counts: CaseCounts,
    /// The cases, in the order they were told. Where there are too many, those that failed are kept before others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<Case>,
    /// How many are counted and not listed.
    #[serde(default, skip_serializing_if = "crate::verdict::is_zero")]
    pub left_out: u64,
    /// What could not be read of it, for people; `None` where all was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

impl CaseList {
    /// Returns those that failed, in order.
    pub fn failed(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(|it| it.outcome.has_failed())
    }

    /// Returns these cases with those of another part of the suite behind them.
    #[must_use]
    pub fn joined(mut self, other: &Self) -> Self {
        self.counts.total = self.counts.total.saturating_add(other.counts.total);
        self.counts.passed = self.counts.passed.saturating_add(other.counts.passed);
        self.counts.failed = self.counts.failed.saturating_add(other.counts.failed);
        self.counts.skipped = self.counts.skipped.saturating_add(other.counts.skipped);
        self.cases.extend_from_slice(&other.cases);
        self.left_out = self.left_out.saturating_add(other.left_out);
        self.trouble = self.trouble.or_else(|| other.trouble.clone());
        self
    }

    /// Lists failures alone, at most so many; all are still counted.
    pub fn keep_failures(&mut self, most: usize) {
        let before = self.cases.len();
        self.cases.retain(|it| it.outcome.has_failed());
        self.cases.truncate(most);
        self.cases.shrink_to_fit();
        self.left_out += (before - self.cases.len()) as u64;
    }
}

/// How many cases ended how; `passed`, `failed` and `skipped` add up to `total`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseCounts {
    /// All of them.
    pub total: u64,
    /// Those that passed.
    pub passed: u64,
    /// Those that failed or broke.
    pub failed: u64,
    /// Those that did not run.
    pub skipped: u64,
}

impl CaseCounts {
    /// Counts one more case.
    pub fn count(&mut self, outcome: CaseOutcome) {
        self.count_many(outcome, 1);
    }

    /// Counts so many more cases.
    pub fn count_many(&mut self, outcome: CaseOutcome, number: u64) {
        self.total += number;
        match outcome {
            CaseOutcome::Passed => self.passed += number,
            CaseOutcome::Failed | CaseOutcome::Error => self.failed += number,
            CaseOutcome::Skipped => self.skipped += number,
        }
    }
}

/// One test case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// What it belongs to: a class, a module, a package; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub class: String,
    /// Its own name.
    pub name: String,
    /// How it ended.
    pub outcome: CaseOutcome,
    /// How long it took, where that was told.
    #[serde(
        default,
        with = "seconds::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub duration: Option<Duration>,
    /// What was said of a failure, or why it was skipped; shortened where it is long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The file it stands in, as it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line in that file, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseOutcome {
    /// It passed.
    Passed,
    /// What it checks does not hold.
    Failed,
    /// It broke before it could say.
    Error,
    /// It did not run.
    Skipped,
}

impl CaseOutcome {
    /// Returns whether it is a failure, of either kind.
    #[must_use]
    pub fn has_failed(self) -> bool {
        matches!(self, Self::Failed | Self::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_add_up() {
        let mut counts = CaseCounts::default();
        for outcome in [
            CaseOutcome::Passed,
            CaseOutcome::Failed,
            CaseOutcome::Error,
            CaseOutcome::Skipped,
        ] {
            counts.count(outcome);
        }
        assert_eq!(
            (counts.total, counts.passed, counts.failed, counts.skipped),
            (4, 1, 2, 1)
        );
    }

    #[test]
    fn a_case_of_which_little_is_known_is_written_in_few_words_and_reads_back() {
        let case = Case {
            class: String::new(),
            name: "adds".into(),
            outcome: CaseOutcome::Passed,
            duration: Some(Duration::from_millis(1500)),
            message: None,
            file: None,
            line: None,
        };
        let text = serde_json::to_string(&case).unwrap();
        assert_eq!(text, r#"{"name":"adds","outcome":"passed","duration":1.5}"#);
        assert_eq!(serde_json::from_str::<Case>(&text).unwrap(), case);
    }
}
