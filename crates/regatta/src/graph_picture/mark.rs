//! What a picture says of a suite: a word, a shape and the name of its colours. Never a colour alone.

use regatta_core::verdict::Outcome;

/// What is known of a suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// It failed.
    Failed,
    /// A dependency did not pass.
    Blocked,
    /// It passed, but not at once.
    Flaky,
    /// It passed.
    Passed,
    /// An earlier pass holds.
    Cached,
    /// Nothing was found out: cancelled, interrupted, or by its own word.
    Skipped,
    /// The run did not have it.
    NotRun,
    /// No run is shown.
    Declared,
}

impl Mark {
    /// Returns what an outcome is shown as.
    #[must_use]
    pub fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Passed => Self::Passed,
            Outcome::Cached => Self::Cached,
            Outcome::Flaky => Self::Flaky,
            Outcome::Blocked => Self::Blocked,
            Outcome::Cancelled | Outcome::Interrupted | Outcome::Condition => Self::Skipped,
            _ => Self::Failed,
        }
    }

    /// Returns it as a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Blocked => "blocked",
            Self::Flaky => "flaky",
            Self::Passed => "passed",
            Self::Cached => "cached",
            Self::Skipped => "skipped",
            Self::NotRun => "not run",
            Self::Declared => "declared",
        }
    }

    /// Returns the class that has its colours.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::NotRun => "notrun",
            other => other.word(),
        }
    }

    /// Returns its shape as the `d` of a path in a square of ten.
    pub(super) fn shape(self) -> Option<&'static str> {
        Some(match self {
            Self::Failed => "M2 2L8 8M8 2L2 8",
            Self::Blocked => "M5 1A4 4 0 1 1 4.99 1M2.2 2.2L7.8 7.8",
            Self::Flaky => "M.5 6.5C1.8 2 3.6 2 5 5S8.2 8 9.5 3.5",
            Self::Passed => "M1 5.5L4 8.5L9 1.5",
            Self::Cached => "M1 3.2H9M1 6.8H9",
            Self::Skipped => "M1.5 5H8.5",
            Self::NotRun => "M5 2A3 3 0 1 1 4.99 2",
            Self::Declared => return None,
        })
    }
}
