//! A run as it is kept and exported: every figure in units that survive a round trip. Made from the record of a run.

use std::time::Duration;

use regatta_core::id::{Id, TaskId};
use regatta_core::verdict::{Exit, Outcome, Status, UsageMethod, Verdict};
use serde::{Deserialize, Serialize};

use super::case::{self, CaseRow};
use super::word::Word;
use crate::report::record::{AttemptRecord, Record, RunState, TaskRecord};

/// As many digits of a suite's digest are kept: enough to tell definitions of one project apart.
const KEPT_DIGITS: usize = 16;

/// As many passes of earlier rounds are kept of a suite that also failed: enough to weigh the failures that are kept.
const KEPT_PASSES: usize = 1_000;

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRow {
    /// Unique among runs.
    pub run_id: String,
    /// Wall clock at its start, microseconds since 1970 UTC.
    pub started_us: i64,
    /// How long it took, in microseconds.
    pub duration_us: u64,
    /// Whether it came to its end.
    pub state: RunState,
    /// Its exit code; `None` for a run without an end.
    pub exit_code: Option<u8>,
    /// The commit that was checked out.
    pub commit: Option<String>,
    /// The branch.
    pub branch: Option<String>,
    /// Whether files differed from the commit; `None` where that was not known.
    pub dirty: Option<bool>,
    /// The machine's name.
    pub host: String,
    /// Operating system and architecture.
    pub os: String,
    /// CPUs the run could use.
    pub cpus: u32,
    /// Slots.
    pub max_parallel: u32,
    /// The profile in force.
    pub profile: Option<String>,
    /// The filters, as on a command line.
    pub selection: Option<String>,
    /// The version of the program.
    pub version: String,
    /// Its suites, by name.
    pub suites: Vec<SuiteRow>,
}

/// A suite in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuiteRow {
    /// Its name.
    pub name: String,
    /// The first digits of its definition's digest; empty where that is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub definition: String,
    /// What was said of it in the end.
    #[serde(flatten)]
    pub word: Word,
    /// The key of its result in a cache, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_key: Option<String>,
    /// Its test cases, as far as they are kept: those that failed now or in a run before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<CaseRow>,
    /// Its attempts, in order; empty if it never ran.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<AttemptRow>,
}

/// What else was measured of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// How memory was measured.
    pub method: UsageMethod,
    /// CPU time in user mode, in microseconds.
    pub user_us: u64,
    /// The most processes at one moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<u32>,
    /// Bytes read from storage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_bytes: Option<u64>,
    /// Bytes written to storage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_bytes: Option<u64>,
}

/// An attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptRow {
    /// The word on it alone.
    pub outcome: Outcome,
    /// How long it ran, in microseconds; `None` if it never started, or was only counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_us: Option<u64>,
    /// CPU time, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_us: Option<u64>,
    /// Peak memory in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_rss_bytes: Option<u64>,
    /// How that was measured, and the figures beside it; `None` in what older versions have written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figures: Option<Figures>,
    /// Its exit code, where it exited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
}

impl RunRow {
    /// Returns what is kept of a run, whatever became of it, and beyond that all test cases: which of them are kept
    /// hangs on what is known of them.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let record = &*record.by_suite();
        let header = &record.header;
        let repository = record.repository.as_ref();
        let end = record.finished.map_or(record.latest, |finish| finish.at);
        let tasks = record.tasks.iter().enumerate();
        let mut suites: Vec<SuiteRow> = tasks
            .map(|(index, task)| {
                let suite = record.suite(TaskId::from_index(index));
                let digits = suite.digest.get(..KEPT_DIGITS).unwrap_or_default();
                SuiteRow::of(&suite.name, digits, task)
            })
            .collect();
        suites.sort_by(|a, b| a.name.cmp(&b.name));
        // Two suites of one name are not known to happen; the first stands for both.
        suites.dedup_by(|a, b| a.name == b.name);
        Self {
            run_id: header.run_id.clone(),
            started_us: header.wall_us,
            duration_us: micros(end.since(regatta_core::time::Time::BEGIN)),
            state: record.past_state(),
            exit_code: record.finished.map(|finish| finish.exit_code),
            commit: repository.map(|it| it.commit.clone()),
            branch: repository.and_then(|it| it.branch.clone()),
            dirty: repository.map(|it| it.dirty),
            host: header.host.name.clone(),
            os: header.host.os.clone(),
            cpus: header.host.cpus,
            max_parallel: header.max_parallel,
            profile: header.profile.clone(),
            selection: header.selection.clone(),
            version: header.version.clone(),
            suites,
        }
    }

    /// Returns how many suites passed.
    #[must_use]
    pub fn passed(&self) -> u32 {
        self.count(Status::Passed)
    }

    /// Returns how many suites failed.
    #[must_use]
    pub fn failed(&self) -> u32 {
        self.count(Status::Failed)
    }

    fn count(&self, status: Status) -> u32 {
        let suites = self.suites.iter();
        let count = suites.filter(|it| it.word.status == status).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}

impl SuiteRow {
    fn of(name: &str, definition: &str, task: &TaskRecord) -> Self {
        Self {
            name: name.to_owned(),
            definition: definition.to_owned(),
            word: Word::of(&task.verdict_or_interrupted()),
            cache_key: task.probe.as_ref().and_then(|it| it.key.clone()),
            cases: case::rows_of(task),
            attempts: if task.shards.is_empty() {
                attempts(task)
            } else {
                join_shards(&task.shards)
            },
        }
    }

    /// Returns how long it took if it passed at the first attempt that the system did not kill for memory.
    #[must_use]
    pub fn clean(&self) -> Option<Duration> {
        let was_killed = |it: &&AttemptRow| it.outcome == Outcome::OutOfMemory;
        let mut attempts = self.attempts.iter().skip_while(was_killed);
        match (self.word.outcome, attempts.next(), attempts.next()) {
            (Outcome::Passed, Some(attempt), None) => attempt.duration(),
            _ => None,
        }
    }

    /// Returns how many of its attempts passed or failed.
    #[must_use]
    pub fn telling_attempts(&self) -> usize {
        let telling = |it: &&AttemptRow| it.has_passed() || it.has_failed();
        self.attempts.iter().filter(telling).count()
    }

    /// Returns how long all of its attempts took; `None` if none ran.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        let known = self.attempts.iter().filter_map(AttemptRow::duration);
        let ran = known.clone().next().is_some();
        ran.then(|| known.sum())
    }

    /// Returns the CPU time of all of its attempts; `None` if it was measured of none.
    #[must_use]
    pub fn cpu(&self) -> Option<Duration> {
        let known = self.attempts.iter().filter_map(|it| it.cpu_us);
        let sum = known.fold(None, |sum: Option<u64>, it| Some(sum.unwrap_or(0) + it));
        sum.map(Duration::from_micros)
    }

    /// Returns the largest peak of its attempts.
    #[must_use]
    pub fn max_rss_bytes(&self) -> Option<u64> {
        self.attempts.iter().filter_map(|it| it.max_rss_bytes).max()
    }
}

/// Returns the attempts that a record lists, after the passes that it only counts.
///
/// Without those, what failed in one round and passed in others would read as if it had failed in all. Where nothing
/// failed, the attempt that is listed says it all.
fn attempts(task: &TaskRecord) -> Vec<AttemptRow> {
    let listed: Vec<AttemptRow> = task.attempts.iter().map(AttemptRow::of).collect();
    if task.tally.failed == 0 {
        return listed;
    }
    let passed = listed.iter().filter(|it| it.has_passed()).count();
    let counted = usize::try_from(task.tally.passed).unwrap_or(usize::MAX);
    let left_out = counted.saturating_sub(passed).min(KEPT_PASSES);
    let mut attempts = vec![AttemptRow::PASS_WITHOUT_FIGURES; left_out];
    attempts.extend(listed);
    attempts
}

/// Returns the attempts of a suite in shards: the first of all shards together, the second of those that had one, and
/// so on. Each took the work of all its shards, which is the same however many there are and however few ran at a time,
/// and ended as the worst of them.
fn join_shards(shards: &[TaskRecord]) -> Vec<AttemptRow> {
    let rows: Vec<Vec<AttemptRow>> = shards.iter().map(attempts).collect();
    let most = rows.iter().map(Vec::len).max().unwrap_or_default();
    let joined = (0..most).map(|place| {
        let together = rows.iter().filter_map(|it| it.get(place));
        let first = together.clone().find(|it| !it.has_passed());
        let telling = first.or(together.clone().next());
        let telling = telling.unwrap_or(&AttemptRow::PASS_WITHOUT_FIGURES);
        AttemptRow {
            duration_us: sum(together.clone().map(|it| it.duration_us)),
            cpu_us: sum(together.clone().map(|it| it.cpu_us)),
            max_rss_bytes: together.filter_map(|it| it.max_rss_bytes).max(),
            ..telling.clone()
        }
    });
    joined.collect()
}

/// Returns what is known of a sum, `None` where nothing is.
fn sum(figures: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    figures.flatten().reduce(u64::saturating_add)
}

impl AttemptRow {
    /// A pass of which nothing else is known.
    const PASS_WITHOUT_FIGURES: Self = Self {
        outcome: Outcome::Passed,
        duration_us: None,
        cpu_us: None,
        max_rss_bytes: None,
        figures: None,
        exit_code: None,
        signal: None,
    };

    fn of(attempt: &AttemptRecord) -> Self {
        let end = attempt.end.as_ref();
        let usage = end.and_then(|it| it.report.usage);
        let (exit_code, signal) = match end.map(|it| &it.report.exit) {
            Some(Exit::Code(code)) => (Some(*code), None),
            Some(Exit::Signal(signal)) => (None, Some(*signal)),
            _ => (None, None),
        };
        Self {
            // One without an end was under way when its run was lost.
            outcome: end.map_or(Outcome::Interrupted, |it| Verdict::outcome(&it.verdict)),
            duration_us: attempt.duration().map(micros),
            cpu_us: usage.map(|it| micros(it.cpu)),
            max_rss_bytes: usage.map(|it| it.max_rss_bytes),
            figures: usage.map(|it| Figures {
                method: it.method,
                user_us: micros(it.user),
                processes: it.processes,
                read_bytes: it.storage.map(|it| it.read_bytes),
                written_bytes: it.storage.map(|it| it.written_bytes),
            }),
            exit_code,
            signal,
        }
    }

    /// Returns how long it ran.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        self.duration_us.map(Duration::from_micros)
    }

    /// Returns whether the suite passed in it.
    #[must_use]
    pub fn has_passed(&self) -> bool {
        matches!(self.outcome, Outcome::Passed | Outcome::Flaky)
    }

    /// Returns whether the suite itself failed in it. That the system killed it for memory says nothing of it.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        !matches!(
            self.outcome,
            Outcome::Passed
                | Outcome::Flaky
                | Outcome::Infrastructure
                | Outcome::Blocked
                | Outcome::Cancelled
                | Outcome::Interrupted
                | Outcome::Condition
                | Outcome::OutOfMemory
                | Outcome::NotSeen
        )
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
