//! The few kinds of ends that a page tells apart by colour and shape.

use regatta_core::id::{Id, TaskId};
use regatta_core::verdict::{Outcome, Status};
use serde::Serialize;

use crate::report::record::Record;

/// How a suite ended, as far as it decides how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Passed,
    Cached,
    Flaky,
    Failed,
    /// It failed, and that does not count.
    Forgiven,
    Blocked,
    /// It was cut short, never started, or did not apply.
    Skipped,
}

impl Kind {
    /// Returns the kind of a task.
    pub(super) fn of(record: &Record, task: TaskId) -> Self {
        let known = &record.tasks[task.index()];
        match (known.status(), known.outcome()) {
            (Status::Passed, Outcome::Cached) => Self::Cached,
            (Status::Passed, Outcome::Flaky) => Self::Flaky,
            (Status::Passed, _) => Self::Passed,
            (Status::Failed, _) if record.is_forgiven(task) => Self::Forgiven,
            (Status::Failed, _) => Self::Failed,
            (Status::Skipped, Outcome::Blocked) => Self::Blocked,
            (Status::Skipped, _) => Self::Skipped,
        }
    }

    /// Returns the kind of one attempt, of which only the verdict is known.
    pub(super) fn of_status(status: Status) -> Self {
        match status {
            Status::Passed => Self::Passed,
            Status::Failed => Self::Failed,
            Status::Skipped => Self::Skipped,
        }
    }

    /// Returns the name in style sheets.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Cached => "cached",
            Self::Flaky => "flaky",
            Self::Failed => "failed",
            Self::Forgiven => "forgiven",
            Self::Blocked => "blocked",
            Self::Skipped => "skipped",
        }
    }

    /// Returns the word for people.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Forgiven => "quarantined",
            other => other.class(),
        }
    }

    /// Returns the mark before the word. All differ in shape, since colours alone tell nothing.
    pub(super) fn mark(self) -> &'static str {
        match self {
            Self::Passed => "✓",
            Self::Cached => "≡",
            Self::Flaky => "≈",
            Self::Failed => "✗",
            Self::Forgiven => "⚑",
            Self::Blocked => "⊘",
            Self::Skipped => "–",
        }
    }
}
