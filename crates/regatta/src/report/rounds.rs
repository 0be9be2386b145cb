//! What a record keeps of a task that runs over and over: counts of all, and few attempts in full.
//!
//! A suite may run thousands of times in one run. Which logs stay on disk follows the same rule.

use std::time::Duration;

use regatta_core::time::Time;
use regatta_core::verdict::{Status, Verdict};

use super::record::AttemptRecord;

/// How many failed attempts of a suite are kept, and their logs: the first ones. The latest attempt is kept whatever
/// became of it.
pub const KEPT_FAILURES: usize = 100;

/// How many failed test cases are kept of an attempt that another one follows.
const KEPT_FAILED_CASES: usize = 100;

/// A task's words, round by round.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// In how many rounds it has a word.
    pub rounds: u32,
    /// In how many it failed.
    pub failed: u32,
    /// The worst word; of two equally bad ones the first.
    pub worst: Option<Verdict>,
}

/// How many attempts ended how, those included that are not kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Attempts that passed.
    pub passed: u32,
    /// Attempts that failed.
    pub failed: u32,
}

/// Attempts that are not kept, together.
#[derive(Debug, Clone, Copy, Default)]
pub struct LeftOut {
    /// When the first of them started.
    pub started: Option<Time>,
    /// How long they ran.
    pub work: Duration,
}

impl Words {
    /// Takes the word of one more round.
    pub fn count(&mut self, verdict: &Verdict) {
        self.rounds += 1;
        self.failed += u32::from(verdict.status() == Status::Failed);
        if self
            .worst
            .as_ref()
            .is_none_or(|it| verdict.is_worse_than(it))
        {
            self.worst = Some(verdict.clone());
        }
    }
}

impl Tally {
    /// Takes the word on one more attempt.
    pub fn count(&mut self, verdict: &Verdict) {
        match verdict.status() {
            Status::Passed => self.passed += 1,
            Status::Failed => self.failed += 1,
            Status::Skipped => {}
        }
    }
}

/// Takes out of `attempts` what need not be kept once another follows.
pub(super) fn make_way(attempts: &mut Vec<AttemptRecord>, left_out: &mut LeftOut) {
    let count = attempts.len();
    let Some(last) = attempts.last_mut() else {
        return;
    };
    let Some(end) = &mut last.end else { return };
    if end.verdict.status() == Status::Failed && count <= KEPT_FAILURES {
        if let Some(cases) = &mut end.report.cases {
            cases.keep_failures(KEPT_FAILED_CASES);
        }
        return;
    }
    left_out.started = left_out.started.or(last.started);
    left_out.work += last.duration().unwrap_or_default();
    attempts.pop();
}

#[cfg(test)]
mod tests {
    use regatta_core::verdict::{AttemptReport, Exit, Failure};

    use super::*;
    use crate::report::record::AttemptEnd;

    fn attempt(number: u32, verdict: Verdict) -> AttemptRecord {
        let at = |seconds| Time(Duration::from_secs(seconds));
        AttemptRecord {
            number,
            shard: None,
            slot: 0,
            queued: Duration::ZERO,
            started: Some(at(u64::from(number))),
            end: Some(AttemptEnd {
                at: at(u64::from(number) + 1),
                verdict,
                report: AttemptReport::bare(Exit::Code(0)),
            }),
        }
    }

    #[test]
    fn passes_go_and_the_first_failures_stay() {
        let mut attempts = Vec::new();
        let mut left_out = LeftOut::default();
        for number in 1..=1_000 {
            make_way(&mut attempts, &mut left_out);
            let verdict = if number % 2 == 0 {
                Verdict::Failed(Failure::ExitCode(1))
            } else {
                Verdict::Passed
            };
            attempts.push(attempt(number, verdict));
        }
        let numbers: Vec<u32> = attempts.iter().map(|it| it.number).collect();
        let mut expected: Vec<u32> = (1..=100).map(|it| it * 2).collect();
        expected.push(1_000);
        assert_eq!(numbers, expected);
        assert_eq!(left_out.started, Some(Time(Duration::from_secs(1))));
        assert_eq!(left_out.work, Duration::from_secs(1_000 - 101));
    }
}
