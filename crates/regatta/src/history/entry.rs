//! What one run said of one suite, as far as the figures need it. Plain values; where they are kept is not known here.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use super::row::{RunRow, SuiteRow};
use super::word::Word;

/// From this many suites with a verdict on, a run in which nearly all failed says nothing about any of them.
const FEWEST_FOR_WIDESPREAD: u32 = 5;

/// What one run said of one suite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// The word.
    pub word: Word,
    /// How many attempts of it passed or failed; what was cut short is not among them.
    pub attempts: u32,
    /// How many of them failed.
    pub failed_attempts: u32,
    /// How long a pass at the first attempt took; `None` for any other end.
    pub clean: Option<Duration>,
    /// How long failed attempts took that a pass came after; zero where that was not kept.
    pub wasted: Duration,
    /// Which definition ran; `None` where that was not kept.
    pub definition: Option<u32>,
    /// The key of all that decides its result; `None` where there was none, or it was not kept.
    pub key: Option<u64>,
    /// CPU time of all its attempts; `None` where that was not kept.
    pub cpu: Option<Duration>,
    /// The most memory that an attempt held, in bytes; `None` where that was not measured.
    pub memory_bytes: Option<u64>,
    /// What is true of the whole run.
    pub facts: Facts,
}

/// What is true of a whole run. The names behind the numbers do not matter here, only which are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// When it started, microseconds since 1970 UTC.
    pub started_us: i64,
    /// Its machine: name and CPUs. 0 for one that is forgotten.
    pub machine: u64,
    /// Its profile, 0 for none.
    pub profile: u64,
    /// Its commit, `None` where files differed from it or there was none.
    pub commit: Option<u64>,
    /// Whether so many suites failed that no failure says anything of its suite.
    pub is_widespread: bool,
}

impl Facts {
    /// Returns what is true of a run of which a row is kept.
    #[must_use]
    pub fn of(run: &RunRow) -> Self {
        let clean = run.dirty == Some(false);
        Self {
            started_us: run.started_us,
            machine: machine(&run.host, run.cpus),
            profile: profile(run.profile.as_deref()),
            commit: run.commit.as_ref().filter(|_| clean).map(number),
            is_widespread: is_widespread(run.passed(), run.failed()),
        }
    }
}

impl Entry {
    /// Returns what a run said of one of its suites.
    #[must_use]
    pub fn of(suite: &SuiteRow, facts: Facts) -> Self {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let failed = suite.attempts.iter().filter(|it| it.has_failed());
        let wasted = if suite.word.has_passed() {
            failed.clone().filter_map(|it| it.duration_us).sum()
        } else {
            0
        };
        Self {
            word: suite.word,
            attempts: count(suite.telling_attempts()),
            failed_attempts: count(failed.count()),
            clean: suite.clean(),
            wasted: Duration::from_micros(wasted),
            definition: definition(&suite.definition),
            key: suite.cache_key.as_ref().map(number),
            cpu: suite.cpu(),
            memory_bytes: suite.max_rss_bytes(),
            facts,
        }
    }

    /// Returns whether it says that its suite passed or failed.
    #[must_use]
    pub fn counts(&self) -> bool {
        !self.facts.is_widespread && (self.word.has_passed() || self.word.has_failed())
    }
}

/// Returns a number for a machine.
pub(super) fn machine(host: &str, cpus: u32) -> u64 {
    number((host, cpus)).max(1)
}

/// Returns a number for a profile.
pub(super) fn profile(name: Option<&str>) -> u64 {
    name.map_or(0, |name| number(name).max(1))
}

/// Returns a number for a definition of which at least the first digits of its digest are known.
pub(super) fn definition(digest: &str) -> Option<u32> {
    // 0 stands for none where it is kept.
    u32::from_str_radix(digest.get(..8)?, 16)
        .ok()
        .filter(|it| *it != 0)
}

/// Returns whether nearly all of a run failed, as when a server is down or a disk is full.
pub(super) fn is_widespread(passed: u32, failed: u32) -> bool {
    let decided = passed + failed;
    decided >= FEWEST_FOR_WIDESPREAD && u64::from(failed) * 5 > u64::from(decided) * 4
}

/// Never stored, so it may differ from one program to the next.
pub(super) fn number(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
