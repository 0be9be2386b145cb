//! What was measured of an attempt, and the word that is said about it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::cases::CaseList;
use crate::id::TaskId;
use crate::terms::{Expect, Leftovers, Terms};
use crate::time::seconds;

/// How an attempt's command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// It exited by itself with this code.
    Code(i32),
    /// It was ended by this signal.
    Signal(i32),
    /// It could not be started, for this reason.
    NotStarted(String),
    /// Its end was lost through a fault of the runner's own, for this reason.
    Lost(String),
}

/// What was measured of one attempt. The scheduler reads `exit` and `leftovers`, and carries the rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptReport {
    /// How the command ended.
    pub exit: Exit,
    /// What it used; `None` when it never started.
    pub usage: Option<Usage>,
    /// Processes that were alive when the command had exited.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leftovers: Vec<Leftover>,
    /// Processes that were alive then, and may stem from another suite that ran at that time. No verdict counts them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suspects: Vec<Leftover>,
    /// Leftovers that should have been ended and could not be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub survivors: Vec<Leftover>,
    /// What became of its output.
    pub log: LogReport,
    /// The last lines of its output, for people; empty for a clean exit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excerpt: Vec<String>,
    /// What it made of the shard that it was given.
    #[serde(default, skip_serializing_if = "Sharding::is_whole")]
    pub sharding: Sharding,
    /// Where its output first speaks of an error, as far as words can tell; `None` for a clean exit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_error: Option<Box<FirstError>>,
    /// The test cases it told of, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cases: Option<Box<CaseList>>,
    /// What it used so far, looked at now and then; in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<Sample>,
    /// Whether the system killed it, or one of its processes whose end it told as its own, because memory had run out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub out_of_memory: bool,
}

impl AttemptReport {
    /// Returns the report of an attempt of which only the exit is known.
    #[must_use]
    pub fn bare(exit: Exit) -> Self {
        Self {
            exit,
            usage: None,
            leftovers: Vec::new(),
            suspects: Vec::new(),
            survivors: Vec::new(),
            log: LogReport::default(),
            excerpt: Vec::new(),
            sharding: Sharding::Whole,
            first_error: None,
            cases: None,
            samples: Vec::new(),
            out_of_memory: false,
        }
    }
}

/// The first line of an attempt's output that speaks of an error, with what stands around it.
///
/// It is a guess for people, and no verdict is made of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FirstError {
    /// The line as it was printed, shortened where it is long.
    pub text: String,
    /// Its number in the log, from 1.
    pub line: u64,
    /// The lines around it that stand before the excerpt; empty where the excerpt has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// The number of the first of `lines` in the log, from 1; 0 where there are none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub first_line: u64,
    /// How many lines stand between these and the excerpt; `None` where the log was too long to count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<u64>,
}

/// What an attempt made of the shard that it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sharding {
    /// It was to run the whole suite.
    #[default]
    Whole,
    /// It said that it knows of its shard, or its command names it.
    Taken,
    /// It did not: it ran the whole suite, as every other shard did.
    Ignored,
}

impl Sharding {
    /// Returns whether there is nothing to say.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands a reference to skip_serializing_if"
    )]
    fn is_whole(&self) -> bool {
        *self == Self::Whole
    }
}

/// CPU time, memory and more of an attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// User and system time of the command, the children it waited for, and those it abandoned that ended before it.
    #[serde(with = "seconds")]
    pub cpu: Duration,
    /// Peak memory in bytes, as `method` measures it.
    pub max_rss_bytes: u64,
    /// Where the memory comes from.
    pub method: UsageMethod,
    /// The part of `cpu` in user mode; zero in old journals.
    #[serde(default, with = "seconds")]
    pub user: Duration,
    /// The part of `cpu` in the kernel; zero in old journals.
    #[serde(default, with = "seconds")]
    pub system: Duration,
    /// Where the CPU time comes from.
    #[serde(default)]
    pub cpu_method: UsageMethod,
    /// The most processes that were seen at one moment; `None` for an attempt that was too short to be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<u32>,
    /// What went from and to storage, by `wait4(2)`; `None` where the kernel does not count it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<Storage>,
}

/// What an attempt read from storage and wrote to it; what the page cache had is not among it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storage {
    /// Bytes read.
    pub read_bytes: u64,
    /// Bytes written.
    pub written_bytes: u64,
}

/// What an attempt used up to one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// The moment, since the attempt's start.
    #[serde(with = "seconds")]
    pub at: Duration,
    /// CPU time of all its processes up to then.
    #[serde(with = "seconds")]
    pub cpu: Duration,
    /// Bytes of memory that all its processes together held then.
    pub memory_bytes: u64,
}

/// Where resource figures come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageMethod {
    /// `wait4(2)`: the memory is that of the largest single process.
    #[default]
    Wait4,
    /// Looks at its processes: the memory is what all of them held together, what they share counted once.
    Sampled,
    /// A control group of its own: the memory is all that was charged to it.
    Cgroup,
}

/// A process that was alive when its suite's command had exited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leftover {
    /// Its process id at that time.
    pub pid: i32,
    /// Its name as the kernel knows it.
    pub name: String,
}

/// What became of an attempt's output.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogReport {
    /// Bytes printed.
    pub bytes: u64,
    /// Bytes left out of the log's middle.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub elided_bytes: u64,
    /// Why the log could not be written, if it could not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands a reference to skip_serializing_if"
)]
pub(crate) fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands a reference to skip_serializing_if"
)]
fn is_false(word: &bool) -> bool {
    !*word
}

/// The word on an attempt, and in the end on a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It passed at the first attempt, one that the system killed for memory not counted.
    Passed,
    /// It did not run: an earlier pass holds, since nothing that decides it has changed.
    Cached,
    /// It passed, but only after a failed attempt.
    Flaky,
    /// It failed.
    Failed(Failure),
    /// Nothing is said about it.
    Skipped(Reason),
}

/// Why a task failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// It exited with this code.
    ExitCode(i32),
    /// It was ended by this signal, which the runner did not send.
    Signal(i32),
    /// It ran for longer than this limit.
    Timeout(#[serde(with = "seconds")] Duration),
    /// It printed nothing for this long.
    IdleTimeout(#[serde(with = "seconds")] Duration),
    /// It could not be started, for this reason.
    SpawnError(String),
    /// This many processes outlived its command.
    Leftovers(usize),
    /// It passed although it was expected to fail.
    UnexpectedPass,
    /// It passed after a failed attempt, and is declared to fail then.
    Flaky,
    /// It passed, but was one of several shards and ran all of its suite.
    NotSharded,
    /// The runner lost it, for this reason.
    Infrastructure(String),
    /// The system killed it because memory had run out.
    OutOfMemory,
}

/// Why nothing is said about a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// This dependency did not pass.
    Blocked(TaskId),
    /// The run was cut short by failures.
    Cancelled,
    /// The run was interrupted by its user.
    Interrupted,
    /// It said by this exit code that it does not apply here.
    Condition(i32),
    /// It belongs to a machine whose report is missing.
    NotSeen,
}

/// The three-valued summary of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Passed.
    Passed,
    /// Failed.
    Failed,
    /// Neither.
    Skipped,
}

/// The finer truth behind a status, by its published name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the verdict of the same name")]
pub enum Outcome {
    Passed,
    Cached,
    Flaky,
    ExitCode,
    Signal,
    Timeout,
    IdleTimeout,
    SpawnError,
    Leftovers,
    UnexpectedPass,
    Infrastructure,
    Blocked,
    Cancelled,
    Interrupted,
    Condition,
    OutOfMemory,
    NotSharded,
    NotSeen,
}

impl Verdict {
    /// Returns the three-valued summary.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Self::Passed | Self::Cached | Self::Flaky => Status::Passed,
            Self::Failed(_) => Status::Failed,
            Self::Skipped(_) => Status::Skipped,
        }
    }

    /// Returns whether this is worse news than `other`: a failure, then a skip, then a flaky pass.
    #[must_use]
    pub fn is_worse_than(&self, other: &Self) -> bool {
        self.badness() > other.badness()
    }

    fn badness(&self) -> u8 {
        match self {
            Self::Failed(_) => 3,
            Self::Skipped(_) => 2,
            Self::Flaky => 1,
            Self::Passed | Self::Cached => 0,
        }
    }

    /// Returns the published name of the verdict.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Passed => Outcome::Passed,
            Self::Cached => Outcome::Cached,
            Self::Flaky | Self::Failed(Failure::Flaky) => Outcome::Flaky,
            Self::Failed(Failure::ExitCode(_)) => Outcome::ExitCode,
            Self::Failed(Failure::Signal(_)) => Outcome::Signal,
            Self::Failed(Failure::Timeout(_)) => Outcome::Timeout,
            Self::Failed(Failure::IdleTimeout(_)) => Outcome::IdleTimeout,
            Self::Failed(Failure::SpawnError(_)) => Outcome::SpawnError,
            Self::Failed(Failure::Leftovers(_)) => Outcome::Leftovers,
            Self::Failed(Failure::UnexpectedPass) => Outcome::UnexpectedPass,
            Self::Failed(Failure::NotSharded) => Outcome::NotSharded,
            Self::Failed(Failure::Infrastructure(_)) => Outcome::Infrastructure,
            Self::Failed(Failure::OutOfMemory) => Outcome::OutOfMemory,
            Self::Skipped(Reason::Blocked(_)) => Outcome::Blocked,
            Self::Skipped(Reason::Cancelled) => Outcome::Cancelled,
            Self::Skipped(Reason::Interrupted) => Outcome::Interrupted,
            Self::Skipped(Reason::Condition(_)) => Outcome::Condition,
            Self::Skipped(Reason::NotSeen) => Outcome::NotSeen,
        }
    }
}

/// Returns the verdict on an attempt that the runner did not stop.
#[must_use]
pub fn judge(terms: &Terms, report: &AttemptReport) -> Verdict {
    if report.out_of_memory {
        // Whatever the suite is expected to do, this is not it.
        return Verdict::Failed(Failure::OutOfMemory);
    }
    let code = match &report.exit {
        Exit::Code(code) => *code,
        Exit::Signal(signal) => return Verdict::Failed(Failure::Signal(*signal)),
        Exit::NotStarted(reason) => return Verdict::Failed(Failure::SpawnError(reason.clone())),
        Exit::Lost(reason) => return Verdict::Failed(Failure::Infrastructure(reason.clone())),
    };
    if terms.skip_exit_code == Some(code) {
        return Verdict::Skipped(Reason::Condition(code));
    }
    match (terms.expect, code) {
        (Expect::Pass, 0) | (Expect::Fail, 1.. | ..0) => {
            if terms.leftovers == Leftovers::Fail && !report.leftovers.is_empty() {
                Verdict::Failed(Failure::Leftovers(report.leftovers.len()))
            } else if report.sharding == Sharding::Ignored {
                Verdict::Failed(Failure::NotSharded)
            } else {
                Verdict::Passed
            }
        }
        (Expect::Pass, code) => Verdict::Failed(Failure::ExitCode(code)),
        (Expect::Fail, 0) => Verdict::Failed(Failure::UnexpectedPass),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_is_judged_by_the_terms() {
        let plain = Terms::default();
        let skips = Terms {
            skip_exit_code: Some(77),
            ..Terms::default()
        };
        let fails = Terms {
            expect: Expect::Fail,
            ..Terms::default()
        };
        let table = [
            (&plain, Exit::Code(0), Outcome::Passed),
            (&plain, Exit::Code(1), Outcome::ExitCode),
            (&plain, Exit::Code(77), Outcome::ExitCode),
            (&plain, Exit::Signal(11), Outcome::Signal),
            (&plain, Exit::NotStarted("no".into()), Outcome::SpawnError),
            (&plain, Exit::Lost("no".into()), Outcome::Infrastructure),
            (&skips, Exit::Code(77), Outcome::Condition),
            (&skips, Exit::Code(0), Outcome::Passed),
            (&fails, Exit::Code(0), Outcome::UnexpectedPass),
            (&fails, Exit::Code(3), Outcome::Passed),
            (&fails, Exit::Signal(6), Outcome::Signal),
            (&fails, Exit::NotStarted("no".into()), Outcome::SpawnError),
        ];
        for (terms, exit, expected) in table {
            let verdict = judge(terms, &AttemptReport::bare(exit.clone()));
            assert_eq!(verdict.outcome(), expected, "{exit:?} under {terms:?}");
        }
    }

    #[test]
    fn who_was_killed_for_memory_did_not_fail_as_expected() {
        let fails = Terms {
            expect: Expect::Fail,
            skip_exit_code: Some(137),
            ..Terms::default()
        };
        for exit in [Exit::Signal(9), Exit::Code(137)] {
            let mut report = AttemptReport::bare(exit);
            report.out_of_memory = true;
            assert_eq!(judge(&fails, &report).outcome(), Outcome::OutOfMemory);
        }
    }

    #[test]
    fn leftovers_fail_only_a_pass_and_only_when_asked() {
        let strict = Terms {
            leftovers: Leftovers::Fail,
            ..Terms::default()
        };
        let mut report = AttemptReport::bare(Exit::Code(0));
        report.leftovers.push(Leftover {
            pid: 7,
            name: "server".into(),
        });
        assert_eq!(judge(&strict, &report).outcome(), Outcome::Leftovers);
        assert_eq!(judge(&Terms::default(), &report).outcome(), Outcome::Passed);
        report.exit = Exit::Code(2);
        assert_eq!(judge(&strict, &report).outcome(), Outcome::ExitCode);
    }

    #[test]
    fn a_shard_that_ran_everything_fails_only_where_it_would_have_passed() {
        for (code, sharding, expected) in [
            (0, Sharding::Whole, Outcome::Passed),
            (0, Sharding::Taken, Outcome::Passed),
            (0, Sharding::Ignored, Outcome::NotSharded),
            (3, Sharding::Ignored, Outcome::ExitCode),
        ] {
            let report = AttemptReport {
                sharding,
                ..AttemptReport::bare(Exit::Code(code))
            };
            assert_eq!(judge(&Terms::default(), &report).outcome(), expected);
        }
    }
}
