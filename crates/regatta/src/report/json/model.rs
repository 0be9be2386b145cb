//! The shape of the JSON report: its keys, their order, their meaning.
//!
//! The comments here are the descriptions in the JSON Schema, written for people who read a report. Where
//! the values come from is not known here.

use regatta_core::verdict::{Outcome, Status, UsageMethod};
use schemars::JsonSchema;
use serde::Serialize;

use crate::report::record::RunState;

/// The version of the report's format. It rises when a key goes or changes its meaning, not when one comes.
pub(super) const VERSION: u32 = 1;

/// What became of one run of test suites.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Regatta test report")]
pub(super) struct Report<'a> {
    /// Wall clock at the start of the run, with its offset from UTC.
    #[schemars(regex(pattern = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"))]
    pub(super) timestamp: &'a str,
    /// Seconds from the start of the run to its end, or to the last thing known of it.
    #[schemars(range(min = 0.0))]
    pub(super) duration: f64,
    /// The selected suites and those they depend on, in plan order.
    pub(super) suites: Vec<SuiteEntry<'a>>,
    /// How many suites have which status.
    pub(super) summary: SummaryEntry,
    /// The version of this format. Keys may be added without a new version.
    #[schemars(range(min = 1))]
    pub(super) version: u32,
    /// Unique among runs; sorts by start.
    pub(super) run_id: &'a str,
    /// How far the run came.
    pub(super) state: RunState,
    /// The exit code of the run, 128 plus its number for a signal; null while it goes on and after a crash.
    pub(super) exit_code: Option<u8>,
    /// The state of the repository at the start; null outside a repository, and in a large one where no suite had to run.
    pub(super) git: Option<GitEntry<'a>>,
    /// Where it ran.
    pub(super) host: HostEntry<'a>,
    /// How many slots there were.
    #[schemars(range(min = 1))]
    pub(super) max_parallel: u32,
    /// The part that this run is of a selection which `--shard` divides; null for all of one.
    pub(super) shard: Option<ShardRun<'a>>,
    /// The reports that this one was put together from; null for a run that happened as it is told.
    pub(super) merged: Option<MergedRun<'a>>,
    /// The suite that ended last, before it the one of its dependencies that ended last, and so on; first to last.
    pub(super) critical_path: Vec<&'a str>,
}

/// A part of a selection, run by one of several machines.
#[derive(Serialize, JsonSchema)]
pub(super) struct ShardRun<'a> {
    /// Which part, from 1.
    #[schemars(range(min = 1))]
    pub(super) number: u32,
    /// How many parts there are.
    #[schemars(range(min = 1))]
    pub(super) count: u32,
    /// A digest of the selection and of how it is divided: reports whose digests are equal are parts of one plan.
    pub(super) plan: &'a str,
    /// How many suites all parts have together.
    pub(super) suites: usize,
    /// The journal of the run, as text: what `regatta merge` reads.
    pub(super) journal: String,
}

/// What a report was put together from.
#[derive(Serialize, JsonSchema)]
pub(super) struct MergedRun<'a> {
    /// How many parts there are.
    #[schemars(range(min = 1))]
    pub(super) count: u32,
    /// Those that were seen, by number.
    pub(super) shards: Vec<MergedShard<'a>>,
    /// The numbers of those that were not; the outcome of their suites is `not_seen`.
    pub(super) missing: Vec<u32>,
}

/// One of the parts.
#[derive(Serialize, JsonSchema)]
pub(super) struct MergedShard<'a> {
    /// Which part, from 1.
    #[schemars(range(min = 1))]
    pub(super) number: u32,
    /// The id of its run.
    pub(super) run_id: &'a str,
    /// The machine it ran on.
    pub(super) host: &'a str,
    /// How many suites it had.
    pub(super) suites: u32,
    /// Seconds from its start to its end, or to the last thing known of it.
    #[schemars(range(min = 0.0))]
    pub(super) duration: f64,
    /// Its exit code, 128 plus its number for a signal; null if it came to no end.
    pub(super) exit_code: Option<u8>,
}

/// How many suites have which status; the last three add up to the first.
#[derive(Serialize, JsonSchema)]
pub(super) struct SummaryEntry {
    /// All suites.
    pub(super) total: u32,
    /// Passed, flaky ones included.
    pub(super) passed: u32,
    /// Failed.
    pub(super) failed: u32,
    /// Neither.
    pub(super) skipped: u32,
}

/// The state of the git repository.
#[derive(Serialize, JsonSchema)]
pub(super) struct GitEntry<'a> {
    /// The commit that was checked out.
    pub(super) commit: &'a str,
    /// The branch; null when none was checked out.
    pub(super) branch: Option<&'a str>,
    /// Whether files differed from the commit.
    pub(super) dirty: bool,
}

/// The machine of the run.
#[derive(Serialize, JsonSchema)]
pub(super) struct HostEntry<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// Operating system and architecture.
    pub(super) os: &'a str,
    /// CPUs that the run could use.
    pub(super) cpus: u32,
}

/// What became of one suite.
#[derive(Serialize, JsonSchema)]
pub(super) struct SuiteEntry<'a> {
    /// Unique in a report.
    #[schemars(length(min = 1))]
    pub(super) name: &'a str,
    /// One line for people; may be empty.
    pub(super) description: &'a str,
    /// The category it is shown under.
    pub(super) category: &'a str,
    /// The verdict in one of three words.
    pub(super) status: StatusName,
    /// When its first attempt started, in Unix seconds; null if it never started.
    pub(super) start_time: Option<f64>,
    /// When its last attempt ended, in Unix seconds; null if it never started or was still running.
    pub(super) end_time: Option<f64>,
    /// Seconds from `start_time` to `end_time`, pauses between attempts included; null where one of them is.
    #[schemars(range(min = 0.0))]
    pub(super) duration: Option<f64>,
    /// The exit code of its last attempt that ended as the suite did; null for a signal, a time-out and what never started.
    pub(super) return_code: Option<i32>,
    /// What is wrong, in words for people; null for a pass.
    pub(super) error_message: Option<String>,
    /// The log of that attempt, beginning with the log directory as it was given; null if it never started.
    pub(super) log_file: Option<String>,
    /// The verdict in full.
    pub(super) outcome: OutcomeName,
    /// Its executions, in order; of a suite in shards those of all shards, by their ends. Of those that another followed,
    /// the first hundred failures alone.
    pub(super) attempts: Vec<AttemptEntry>,
    /// Its parts, in order, where it ran in several; empty for a suite that is not divided.
    pub(super) shards: Vec<ShardEntry>,
    /// The suites that had to pass first, as declared.
    pub(super) depends_on: &'a [String],
    /// The groups of which one member runs at a time, as declared; empty for none.
    pub(super) parallel_group: &'a [String],
    /// Seconds for which its first attempt could have run but had no room; null if there was none.
    #[schemars(range(min = 0.0))]
    pub(super) queue_duration: Option<f64>,
    /// What its last attempt used, over all shards where there are several: the sum of their CPU time, and the largest
    /// memory. Null when that was not measured.
    pub(super) usage: Option<UsageEntry>,
    /// Processes that outlived the command of any of its attempts.
    pub(super) leftovers: Vec<LeftoverEntry<'a>>,
    /// Whether the middle of its last attempt's output is missing from the log.
    pub(super) log_truncated: bool,
    /// Whether an earlier result was looked for and used; null for a suite that always runs.
    pub(super) cache: Option<CacheEntry<'a>>,
    /// How many test cases it told of by itself, in the attempt that `return_code` is of; null where it told of none.
    pub(super) cases: Option<CasesEntry>,
    /// Free labels, as declared.
    pub(super) tags: &'a [String],
    /// Who answers for it.
    pub(super) owner: Option<&'a str>,
    /// Whether it is in quarantine: a failure of it leaves the exit code of the run as it is.
    pub(super) quarantined: bool,
    /// Its entry in `quarantine.toml`, expired or not; null for none.
    pub(super) quarantine: Option<QuarantineEntry<'a>>,
    /// What the runs before this one said about it when this one started; null where there was no history.
    pub(super) history: Option<HistoryEntry>,
    /// How it went over the rounds of a run with `--repeat` or `--until-fail`; null in any other.
    pub(super) rounds: Option<RoundsEntry>,
}

/// Why failures of a suite are known.
#[derive(Serialize, JsonSchema)]
pub(super) struct QuarantineEntry<'a> {
    /// Why they do not count.
    pub(super) reason: &'a str,
    /// Who answers for the end of that.
    pub(super) owner: &'a str,
    /// Where that is worked on.
    pub(super) issue: &'a str,
    /// The last day on which the entry holds.
    pub(super) expires: &'a str,
    /// Whether that day was over when the run started; then the run fails, and so does a failure of the suite.
    pub(super) expired: bool,
}

/// What runs before said about a suite.
#[derive(Serialize, JsonSchema)]
pub(super) struct HistoryEntry {
    /// Runs that ended with a pass or a failure of it.
    pub(super) runs: u32,
    /// How many of the latest of those failed without a pass between them; 0 after a pass.
    pub(super) failing: u32,
    /// How often it failed although nothing had changed; null where that was never seen.
    pub(super) flaky: Option<FlakyEntry>,
}

/// How often a flaky suite fails.
#[derive(Serialize, JsonSchema)]
pub(super) struct FlakyEntry {
    /// Attempts that failed.
    pub(super) failures: u32,
    /// Attempts that passed or failed.
    pub(super) attempts: u32,
}

/// A suite over the rounds of a run.
#[derive(Serialize, JsonSchema)]
pub(super) struct RoundsEntry {
    /// Rounds in which it has a word.
    pub(super) total: u32,
    /// Those in which it failed.
    pub(super) failed: u32,
    /// All its attempts that passed, those included that `attempts` does not list.
    pub(super) passed_attempts: u32,
    /// All its attempts that failed, those included that `attempts` does not list.
    pub(super) failed_attempts: u32,
}

/// Whether an earlier result was used.
#[derive(Serialize, JsonSchema)]
pub(super) struct CacheEntry<'a> {
    /// The SHA-256 digest of all that decides the result, in hexadecimal digits; null where that could not be known.
    pub(super) key: Option<&'a str>,
    /// Whether an earlier result was used.
    pub(super) hit: bool,
    /// Why none was used, or when the one that was used was made; in words for people.
    pub(super) reason: &'a str,
}

/// How many test cases ended how; the last three add up to the first. The exit code of their suite decides its status.
#[derive(Serialize, JsonSchema)]
pub(super) struct CasesEntry {
    /// All cases.
    pub(super) total: u64,
    /// Passed.
    pub(super) passed: u64,
    /// Failed or broken.
    pub(super) failed: u64,
    /// Skipped.
    pub(super) skipped: u64,
}

/// One part of a suite.
#[derive(Serialize, JsonSchema)]
pub(super) struct ShardEntry {
    /// Counts from 1.
    #[schemars(range(min = 1))]
    pub(super) number: u32,
    /// The verdict in one of three words.
    pub(super) status: StatusName,
    /// The verdict in full.
    pub(super) outcome: OutcomeName,
    /// When its first attempt started, in Unix seconds; null if it never started.
    pub(super) start_time: Option<f64>,
    /// When its last attempt ended, in Unix seconds; null if it never started or was still running.
    pub(super) end_time: Option<f64>,
    /// Seconds from `start_time` to `end_time`; null where one of them is.
    #[schemars(range(min = 0.0))]
    pub(super) duration: Option<f64>,
    /// The exit code of its last attempt that ended as the shard did; null for a signal, a time-out and what never started.
    pub(super) return_code: Option<i32>,
    /// The log of that attempt; null if it never started.
    pub(super) log_file: Option<String>,
}

/// One execution of a suite.
#[derive(Serialize, JsonSchema)]
pub(super) struct AttemptEntry {
    /// Counts from 1, in each shard.
    #[schemars(range(min = 1))]
    pub(super) number: u32,
    /// The number of the shard that it executed, from 1; null for a suite that is not divided.
    #[schemars(range(min = 1))]
    pub(super) shard: Option<u32>,
    /// When its command started, in Unix seconds; null if it could not be started.
    pub(super) start_time: Option<f64>,
    /// When it ended, in Unix seconds; null if it could not be started or was still running.
    pub(super) end_time: Option<f64>,
    /// The verdict on this attempt alone.
    pub(super) outcome: OutcomeName,
    /// Its exit code; null for a signal, a time-out and what never started.
    pub(super) return_code: Option<i32>,
    /// Its log; null if it could not be started.
    pub(super) log_file: Option<String>,
}

/// CPU time, memory and more of an attempt, each with how it was taken.
#[derive(Serialize, JsonSchema)]
pub(super) struct UsageEntry {
    /// User and system time together, of all its processes that ended before it did.
    #[schemars(range(min = 0.0))]
    pub(super) cpu_seconds: f64,
    /// Peak of memory, as `method` measures it.
    pub(super) max_rss_bytes: u64,
    /// How the memory was measured.
    pub(super) method: MethodName,
    /// Time in user mode; null in runs of older versions.
    #[schemars(range(min = 0.0))]
    pub(super) user_seconds: Option<f64>,
    /// Time in the kernel; null in runs of older versions.
    #[schemars(range(min = 0.0))]
    pub(super) system_seconds: Option<f64>,
    /// How the times were measured.
    pub(super) cpu_method: MethodName,
    /// The most processes that were seen at one moment; null for an attempt of less than a tenth of a second or so.
    pub(super) processes: Option<u32>,
    /// How processes were counted; null where they were not.
    pub(super) processes_method: Option<MethodName>,
    /// Bytes read from storage, without what was cached; null where the kernel does not count them.
    pub(super) read_bytes: Option<u64>,
    /// Bytes written towards storage; null where the kernel does not count them.
    pub(super) written_bytes: Option<u64>,
    /// How bytes were counted; null where they were not.
    pub(super) storage_method: Option<MethodName>,
}

/// A process that was alive when its suite's command had exited.
#[derive(Serialize, JsonSchema)]
pub(super) struct LeftoverEntry<'a> {
    /// Its process id at that time.
    pub(super) pid: i32,
    /// Its name as the kernel knows it.
    pub(super) name: &'a str,
}

/// A verdict in one word.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum StatusName {
    Passed,
    Failed,
    Skipped,
}

/// A verdict in full. `flaky` is a pass after a failed attempt; its status is `failed` where that is asked for.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum OutcomeName {
    Passed,
    Cached,
    Flaky,
    ExitCode,
    Signal,
    Timeout,
    IdleTimeout,
    OutOfMemory,
    SpawnError,
    Leftovers,
    UnexpectedPass,
    Infrastructure,
    NotSharded,
    Blocked,
    Cancelled,
    Interrupted,
    Condition,
    NotSeen,
}

/// How a figure was measured: by a control group, by looking at the processes now and then, or by what the kernel says
/// when one ends. Memory is that of the largest process for `wait4`, and that of all together for the others, what they
/// share counted once.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum MethodName {
    Cgroup,
    Sampled,
    Wait4,
}

impl From<UsageMethod> for MethodName {
    fn from(method: UsageMethod) -> Self {
        match method {
            UsageMethod::Cgroup => Self::Cgroup,
            UsageMethod::Sampled => Self::Sampled,
            UsageMethod::Wait4 => Self::Wait4,
        }
    }
}

impl From<Status> for StatusName {
    fn from(status: Status) -> Self {
        match status {
            Status::Passed => Self::Passed,
            Status::Failed => Self::Failed,
            Status::Skipped => Self::Skipped,
        }
    }
}

impl From<Outcome> for OutcomeName {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Passed => Self::Passed,
            Outcome::Cached => Self::Cached,
            Outcome::Flaky => Self::Flaky,
            Outcome::ExitCode => Self::ExitCode,
            Outcome::Signal => Self::Signal,
            Outcome::Timeout => Self::Timeout,
            Outcome::IdleTimeout => Self::IdleTimeout,
            Outcome::SpawnError => Self::SpawnError,
            Outcome::Leftovers => Self::Leftovers,
            Outcome::UnexpectedPass => Self::UnexpectedPass,
            Outcome::Infrastructure => Self::Infrastructure,
            Outcome::OutOfMemory => Self::OutOfMemory,
            Outcome::Blocked => Self::Blocked,
            Outcome::Cancelled => Self::Cancelled,
            Outcome::Interrupted => Self::Interrupted,
            Outcome::Condition => Self::Condition,
            Outcome::NotSharded => Self::NotSharded,
            Outcome::NotSeen => Self::NotSeen,
        }
    }
}
