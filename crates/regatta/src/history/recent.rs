//! The latest runs of one suite in a few hundred bytes, so that a run learns all it wants to know of a suite with one
//! read, however many runs there have been since.

use std::time::Duration;

use super::entry::{Entry, definition};
use super::row::SuiteRow;
use super::word::Word;

/// How many runs of a suite are remembered here.
pub(super) const REMEMBERED: usize = 32;

/// The first byte; another one means that nothing here can be read.
const FORMAT: u8 = 2;
const ENTRY_BYTES: usize = 19;
/// What versions before this one wrote: the same without memory.
const FORMAT_WITHOUT_MEMORY: u8 = 1;
const ENTRY_BYTES_WITHOUT_MEMORY: usize = 15;
/// Durations are kept in tenths of a millisecond: the largest is nearly five days.
const TICKS_PER_SECOND: u32 = 10_000;
const NO_TICKS: u32 = u32::MAX;

/// The latest runs of a suite, the newest last.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Recent {
    pub(super) runs: Vec<Remembered>,
}

/// What is remembered of one run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Remembered {
    /// The row of the run, which may have been dropped since.
    pub(super) run: u32,
    pub(super) word: Word,
    attempts: u8,
    failed_attempts: u8,
    clean: Option<Duration>,
    /// 0 where it is not known.
    definition: u32,
    /// In KiB, rounded up; 0 where it is not known.
    memory: u32,
}

impl Remembered {
    pub(super) fn of(run: u32, suite: &SuiteRow) -> Self {
        let small = |count: usize| u8::try_from(count).unwrap_or(u8::MAX);
        let failed = suite.attempts.iter().filter(|it| it.has_failed());
        Self {
            run,
            word: suite.word,
            attempts: small(suite.telling_attempts()),
            failed_attempts: small(failed.count()),
            clean: suite.clean(),
            definition: definition(&suite.definition).unwrap_or_default(),
            memory: suite.max_rss_bytes().map_or(0, kibibytes),
        }
    }

    /// Returns the same with what is known of its run.
    pub(super) fn entry(&self, facts: super::Facts) -> Entry {
        Entry {
            word: self.word,
            attempts: self.attempts.into(),
            failed_attempts: self.failed_attempts.into(),
            clean: self.clean,
            wasted: Duration::ZERO,
            definition: Some(self.definition).filter(|it| *it != 0),
            key: None,
            cpu: None,
            memory_bytes: Some(u64::from(self.memory) * 1024).filter(|it| *it > 0),
            facts,
        }
    }

    fn says_something(&self) -> bool {
        self.word.has_passed() || self.word.has_failed()
    }
}

impl Recent {
    /// Adds a run. One that said nothing of the suite is forgotten with the next, so that a row of blocked runs does
    /// not push out what is known.
    pub(super) fn push(&mut self, run: Remembered) {
        if self.runs.last().is_some_and(|it| !it.says_something()) {
            self.runs.pop();
        }
        if self.runs.len() >= REMEMBERED {
            self.runs.remove(0);
        }
        self.runs.push(run);
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1 + self.runs.len() * ENTRY_BYTES);
        bytes.push(FORMAT);
        for run in &self.runs {
            bytes.extend(run.run.to_le_bytes());
            bytes.extend(run.definition.to_le_bytes());
            bytes.extend([run.word.code(), run.attempts, run.failed_attempts]);
            bytes.extend(run.clean.map_or(NO_TICKS, ticks).to_le_bytes());
            bytes.extend(run.memory.to_le_bytes());
        }
        bytes
    }

    /// Returns what the bytes tell; nothing where they are not understood.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let (entry_bytes, bytes) = match bytes.split_first() {
            Some((&FORMAT, bytes)) => (ENTRY_BYTES, bytes),
            Some((&FORMAT_WITHOUT_MEMORY, bytes)) => (ENTRY_BYTES_WITHOUT_MEMORY, bytes),
            _ => return Self::default(),
        };
        let number = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("four bytes"));
        let runs = bytes.chunks_exact(entry_bytes).filter_map(|bytes| {
            let clean = number(&bytes[11..15]);
            Some(Remembered {
                run: number(&bytes[..4]),
                definition: number(&bytes[4..8]),
                word: Word::from_code(bytes[8])?,
                attempts: bytes[9],
                failed_attempts: bytes[10],
                clean: (clean != NO_TICKS).then(|| Duration::from_micros(u64::from(clean) * 100)),
                memory: bytes.get(15..19).map_or(0, number),
            })
        });
        Self {
            runs: runs.collect(),
        }
    }
}

fn ticks(duration: Duration) -> u32 {
    let ticks = duration.as_micros() * u128::from(TICKS_PER_SECOND) / 1_000_000;
    u32::try_from(ticks).unwrap_or(NO_TICKS - 1)
}

fn kibibytes(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use regatta_core::verdict::{Outcome, Status};

    use super::*;

    fn remembered(run: u32, status: Status, outcome: Outcome) -> Remembered {
        Remembered {
            run,
            word: Word { status, outcome },
            attempts: 1,
            failed_attempts: 0,
            clean: (outcome == Outcome::Passed).then(|| Duration::from_micros(1_234_500)),
            definition: 0xfeed_beef,
            memory: 400 << 10,
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut recent = Recent::default();
        assert_eq!(Recent::from_bytes(&recent.to_bytes()), recent);
        recent.push(remembered(70_000, Status::Passed, Outcome::Passed));
        recent.push(remembered(70_001, Status::Failed, Outcome::Signal));
        assert_eq!(Recent::from_bytes(&recent.to_bytes()), recent);
        assert_eq!(Recent::from_bytes(b""), Recent::default());
        assert_eq!(Recent::from_bytes(b"\x03 newer"), Recent::default());
    }

    #[test]
    fn what_an_older_version_wrote_is_read_without_memory() {
        let mut recent = Recent::default();
        recent.push(remembered(7, Status::Passed, Outcome::Passed));
        recent.push(remembered(8, Status::Failed, Outcome::Signal));
        let mut bytes = vec![FORMAT_WITHOUT_MEMORY];
        for entry in recent.to_bytes()[1..].chunks(ENTRY_BYTES) {
            bytes.extend(&entry[..ENTRY_BYTES_WITHOUT_MEMORY]);
        }
        for run in &mut recent.runs {
            run.memory = 0;
        }
        assert_eq!(Recent::from_bytes(&bytes), recent);
    }

    #[test]
    fn only_the_newest_are_kept_and_silence_pushes_none_of_them_out() {
        let mut recent = Recent::default();
        for run in 0..100 {
            recent.push(remembered(run, Status::Passed, Outcome::Passed));
        }
        for run in 100..200 {
            recent.push(remembered(run, Status::Skipped, Outcome::Blocked));
        }
        let runs: Vec<u32> = recent.runs.iter().map(|it| it.run).collect();
        let mut expected: Vec<u32> = (69..100).collect();
        expected.push(199);
        assert_eq!(runs, expected);
        assert_eq!(runs.len(), REMEMBERED);
    }
}
