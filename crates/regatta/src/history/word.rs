//! The word that a run said of a suite, and the small number it is stored as.

use regatta_core::verdict::{Outcome, Status, UsageMethod, Verdict};
use serde::{Deserialize, Serialize};

/// Files hold places in this list, so it only ever grows at its end.
const OUTCOMES: [Outcome; 18] = [
    Outcome::Passed,
    Outcome::Flaky,
    Outcome::ExitCode,
    Outcome::Signal,
    Outcome::Timeout,
    Outcome::IdleTimeout,
    Outcome::SpawnError,
    Outcome::Leftovers,
    Outcome::UnexpectedPass,
    Outcome::Infrastructure,
    Outcome::Blocked,
    Outcome::Cancelled,
    Outcome::Interrupted,
    Outcome::Condition,
    Outcome::Cached,
    Outcome::OutOfMemory,
    Outcome::NotSharded,
    Outcome::NotSeen,
];
const STATUSES: [Status; 3] = [Status::Passed, Status::Failed, Status::Skipped];

/// What a run said of a suite in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// Whether it counts as passed, failed or neither.
    pub status: Status,
    /// The finer truth. A pass that needed a retry is `Flaky` whatever it counts as.
    pub outcome: Outcome,
}

impl Word {
    /// Returns the word that a verdict is.
    #[must_use]
    pub fn of(verdict: &Verdict) -> Self {
        Self {
            status: verdict.status(),
            outcome: verdict.outcome(),
        }
    }

    /// Returns whether an attempt of it passed.
    #[must_use]
    pub fn has_passed(self) -> bool {
        matches!(self.outcome, Outcome::Passed | Outcome::Flaky)
    }

    /// Returns whether it says that the suite itself failed. What the runner lost says nothing of the suite.
    #[must_use]
    pub fn has_failed(self) -> bool {
        self.status == Status::Failed
            && !matches!(self.outcome, Outcome::Infrastructure | Outcome::Flaky)
    }

    /// Returns the number it is stored as.
    pub(super) fn code(self) -> u8 {
        let status = STATUSES.iter().position(|it| *it == self.status);
        let code = usize::from(outcome_code(self.outcome)) * STATUSES.len();
        u8::try_from(code + status.unwrap_or_default()).expect("the lists are short")
    }

    /// Returns the word that a number stands for; `None` for one that a newer program has written.
    pub(super) fn from_code(code: u8) -> Option<Self> {
        let code = usize::from(code);
        Some(Self {
            status: STATUSES[code % STATUSES.len()],
            outcome: *OUTCOMES.get(code / STATUSES.len())?,
        })
    }
}

pub(super) fn outcome_code(outcome: Outcome) -> u8 {
    let place = OUTCOMES.iter().position(|it| *it == outcome);
    u8::try_from(place.expect("the list holds every outcome")).expect("the list is short")
}

/// Files hold places in this list as well.
const METHODS: [UsageMethod; 3] = [
    UsageMethod::Wait4,
    UsageMethod::Sampled,
    UsageMethod::Cgroup,
];

pub(super) fn method_code(method: UsageMethod) -> u8 {
    let place = METHODS.iter().position(|it| *it == method);
    u8::try_from(place.expect("the list holds every method")).expect("the list is short")
}

pub(super) fn method_from_code(code: u8) -> Option<UsageMethod> {
    METHODS.get(usize::from(code)).copied()
}

pub(super) fn outcome_from_code(code: u8) -> Option<Outcome> {
    OUTCOMES.get(usize::from(code)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_again_by_its_number() {
        for outcome in OUTCOMES {
            for status in STATUSES {
                let word = Word { status, outcome };
                assert_eq!(Word::from_code(word.code()), Some(word));
            }
            assert_eq!(outcome_from_code(outcome_code(outcome)), Some(outcome));
        }
        assert_eq!(Word::from_code(255), None);
        for method in METHODS {
            assert_eq!(method_from_code(method_code(method)), Some(method));
        }
    }

    #[test]
    fn what_the_runner_lost_and_what_passed_at_last_is_no_failure_of_the_suite() {
        let word = |status, outcome| Word { status, outcome };
        assert!(word(Status::Failed, Outcome::Timeout).has_failed());
        assert!(!word(Status::Failed, Outcome::Infrastructure).has_failed());
        assert!(!word(Status::Failed, Outcome::Flaky).has_failed());
        assert!(word(Status::Failed, Outcome::Flaky).has_passed());
        assert!(!word(Status::Skipped, Outcome::Blocked).has_failed());
    }
}
