//! The published stream: everything that is told about a run, in order.
//!
//! Every report is a fold over these events. Names and shapes here are a format that files hold, so a
//! change of meaning raises [`FORMAT`].

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::cases::CaseList;
use crate::id::{AttemptId, SuiteId, TaskId};
use crate::past::Past;
use crate::plan::Suite;
use crate::terms::{FailFast, Repeat};
use crate::time::seconds;
use crate::verdict::{AttemptReport, Verdict};

/// The newest version of the stream's format, which tells of rounds.
pub const FORMAT: u32 = 2;

/// The version of a run that goes through its suites once: programs that know no rounds can read it.
pub const FORMAT_OF_ONE_ROUND: u32 = 1;

/// Something that is told about a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The first event: what will run, where and under which settings.
    RunStarted(Box<RunHeader>),
    /// The state of the repository became known.
    RepositoryRead(Repository),
    /// It was found out whether an earlier result of a task holds for it.
    Probed {
        /// Which task.
        task: TaskId,
        /// The digest of all that decides its result, in hexadecimal digits; `None` where that cannot be known.
        key: Option<String>,
        /// Whether an earlier result holds and is used.
        hit: bool,
        /// Why not, for people: the first thing that changed, say. Where one is used, when it was made.
        reason: String,
        /// How long the attempt took whose result is used; zero where none is.
        #[serde(default, with = "seconds")]
        saved: Duration,
        /// Bytes that the log of that attempt does not have.
        #[serde(default, skip_serializing_if = "crate::verdict::is_zero")]
        elided_bytes: u64,
        /// The test cases that attempt told of, where it did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cases: Option<Box<CaseList>>,
    },
    /// A clean pass is not kept for later, for this reason.
    NotStored {
        /// Which task.
        task: TaskId,
        /// Why, for people.
        reason: String,
    },
    /// An attempt's command runs.
    AttemptStarted {
        /// Which attempt.
        #[serde(flatten)]
        attempt: AttemptId,
        /// The smallest number that no other unfinished task held when this one first started.
        slot: u32,
        /// How long the attempt could have run but had no room.
        #[serde(with = "seconds")]
        queued: Duration,
    },
    /// An attempt runs for longer than its suite usually should.
    Slow {
        /// Which attempt.
        #[serde(flatten)]
        attempt: AttemptId,
        /// For how long it has run.
        #[serde(with = "seconds")]
        running: Duration,
        /// The last line it printed, where it printed any.
        last_line: Option<String>,
    },
    /// An attempt was told to end.
    Stopping {
        /// Which attempt.
        #[serde(flatten)]
        attempt: AttemptId,
        /// Why.
        cause: StopCause,
        /// How.
        signal: StopSignal,
    },
    /// An attempt is over.
    AttemptFinished {
        /// Which attempt.
        #[serde(flatten)]
        attempt: AttemptId,
        /// The word on this attempt alone.
        verdict: Verdict,
        /// What was measured of it.
        report: Box<AttemptReport>,
    },
    /// Another attempt will follow.
    RetryScheduled {
        /// The attempt that will follow.
        #[serde(flatten)]
        attempt: AttemptId,
        /// How long from now.
        #[serde(with = "seconds")]
        delay: Duration,
    },
    /// A task has its word in a round of a run that may have several. Its final word comes after the last round.
    TaskRoundFinished {
        /// Which task.
        task: TaskId,
        /// Which round, from 1.
        round: u32,
        /// The word on this round alone.
        verdict: Verdict,
    },
    /// Every task has its word in a round. The next one begins, or the final words follow.
    RoundFinished {
        /// Which round, from 1.
        round: u32,
        /// How many tasks ended how in it.
        summary: Summary,
    },
    /// A task has its final word. Over several rounds that is the worst of its words: a failure, else a skip, else a
    /// flaky pass, else a pass; of two equally bad ones the first.
    TaskFinished {
        /// Which task.
        task: TaskId,
        /// The word.
        verdict: Verdict,
    },
    /// From here on nothing starts any more.
    RunCancelled {
        /// Why.
        reason: CancelReason,
    },
    /// The last event.
    RunFinished {
        /// How many tasks ended how.
        summary: Summary,
        /// The exit code of the run; a run that dies by a signal has 128 plus its number.
        exit_code: u8,
    },
}

/// What is known when a run starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunHeader {
    /// The version of the stream's format.
    pub format: u32,
    /// Unique among runs; sorts by start.
    pub run_id: String,
    /// The version of the program.
    pub version: String,
    /// Wall clock at the start, RFC 3339 with offset.
    pub timestamp: String,
    /// Wall clock at the start, microseconds since 1970 UTC. Every later wall time is this plus monotonic time.
    pub wall_us: i64,
    /// Monotonic clock at the start, microseconds since an arbitrary moment of this boot.
    pub monotonic_us: u64,
    /// Where it runs.
    pub host: Host,
    /// The project's name for people: the name of its folder.
    pub project: String,
    /// The folder of the configuration, absolute.
    pub root: String,
    /// The log directory as the user wrote it.
    pub log_dir: String,
    /// How many slots there are.
    pub max_parallel: u32,
    /// What a failure does to the rest.
    pub fail_fast: FailFast,
    /// The profile in force.
    pub profile: Option<String>,
    /// How often the suites run; `None` for once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
    /// The filters that chose the suites, as on a command line; `None` where nothing was left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<String>,
    /// The words that lead to this configuration again: the program and its `--config`, `-C`, `--profile` flags.
    pub rerun_prefix: String,
    /// In display order.
    pub categories: Vec<CategoryHeader>,
    /// In plan order; indexed by `SuiteId`.
    pub suites: Vec<Suite>,
    /// The suite of each task; indexed by `TaskId`.
    pub tasks: Vec<SuiteId>,
    /// What was known of each suite; indexed by `SuiteId`, or empty where there is no history.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub past: Vec<Past>,
    /// Suites that have not passed since they last failed and that other filters kept out of this run, by name; only
    /// where a run of all such suites was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outstanding: Vec<String>,
    /// The groups that suites take part in and of which more than one suite may run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupHeader>,
    /// What the machine gives to the run, and why; `None` in old journals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// The part that this run is of a selection which several machines divide; `None` for all of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Box<PartHeader>>,
    /// The runs that this one was put together from; `None` for a run that happened as it is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<Box<MergeHeader>>,
}

/// What the machine gives to a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resources {
    /// Why there are as many slots as there are, for people; `None` where the user said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots_reason: Option<String>,
    /// Bytes of memory that suites share; `None` where that is not known, or what they take cannot come near it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
}

/// The part of a selection that one machine runs, and all there is to know of the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartHeader {
    /// Which part, from 1.
    pub number: u32,
    /// How many parts there are, at least 1.
    pub count: u32,
    /// A digest of the selection and of how it is divided, in hexadecimal digits. Runs whose digests are equal are parts
    /// of one plan.
    pub plan: String,
    /// The number of the part of each selected suite, in plan order.
    pub parts: Vec<u32>,
    /// The suites of other parts, in plan order.
    pub others: Vec<Suite>,
}

/// What a run was put together from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeHeader {
    /// How many parts there are.
    pub count: u32,
    /// Those that were seen, by number.
    pub parts: Vec<MergedPart>,
    /// The number of the part of each suite, in plan order.
    pub suites: Vec<u32>,
}

/// One of the runs that a run was put together from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedPart {
    /// Which part, from 1.
    pub number: u32,
    /// The id of its run.
    pub run_id: String,
    /// The machine it ran on.
    pub host: String,
    /// How many suites it had.
    pub suites: u32,
    /// How long it took.
    #[serde(with = "seconds")]
    pub duration: Duration,
    /// Its exit code; `None` for one that has no end.
    pub exit_code: Option<u8>,
}

impl MergeHeader {
    /// Returns the numbers of the parts that were not seen, ascending.
    #[must_use]
    pub fn missing(&self) -> Vec<u32> {
        let is_seen = |number: &u32| self.parts.iter().any(|part| part.number == *number);
        (1..=self.count).filter(|it| !is_seen(it)).collect()
    }

    /// Returns the parts that came to no end of their own, ascending.
    #[must_use]
    pub fn cut_short(&self) -> Vec<u32> {
        let has_ended = |part: &&MergedPart| part.exit_code.is_some_and(|code| code <= 128);
        let parts = self.parts.iter().filter(|part| !has_ended(part));
        parts.map(|part| part.number).collect()
    }
}

/// A group of suites.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupHeader {
    /// The name suites use.
    pub name: String,
    /// How many of them may run at the same time.
    pub capacity: u32,
}

/// A category as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryHeader {
    /// The name suites use.
    pub name: String,
    /// The name people see.
    pub title: String,
    /// A symbol before each of its suites; may be empty.
    pub icon: String,
}

/// The machine of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// Operating system and architecture.
    pub os: String,
    /// CPUs that the run may use.
    pub cpus: u32,
}

/// The state of the project's git repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    /// The commit that is checked out.
    pub commit: String,
    /// The branch, `None` when detached.
    pub branch: Option<String>,
    /// Whether files differ from the commit, untracked ones included.
    pub dirty: bool,
}

/// Why an attempt is told to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopCause {
    /// It ran too long.
    Timeout,
    /// It was silent too long.
    IdleTimeout,
    /// Failures cut the run short.
    Cancelled,
    /// The user interrupted the run.
    Interrupted,
}

/// How an attempt is told to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopSignal {
    /// SIGINT, as received from the user.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP, as received from the user's terminal.
    Hangup,
    /// SIGKILL.
    Kill,
}

/// Why nothing starts any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// This task failed in a run that stops at the first failure.
    FailFast(TaskId),
    /// This task's failure was the last one the run was allowed.
    MaxFail(TaskId),
    /// The user sent this signal.
    Interrupt(StopSignal),
}

/// How many tasks ended how; `passed`, `failed` and `skipped` add up to `total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// All tasks of the plan.
    pub total: u32,
    /// Those that passed, flaky ones included.
    pub passed: u32,
    /// Those that failed.
    pub failed: u32,
    /// Those of which nothing is said.
    pub skipped: u32,
}

impl Summary {
    /// Counts one more verdict.
    pub fn count(&mut self, verdict: &Verdict) {
        use crate::verdict::Status;
        self.total += 1;
        match verdict.status() {
            Status::Passed => self.passed += 1,
            Status::Failed => self.failed += 1,
            Status::Skipped => self.skipped += 1,
        }
    }
}
