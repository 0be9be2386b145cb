//! How long a suite usually takes, from runs that are like the one to come. Pure.

use std::time::Duration;

use regatta_core::past::Usual;

use super::entry::Entry;
use super::statistics::{median, spread};

/// How many passes an estimate is made from: the newest.
const SAMPLES: usize = 20;

/// With fewer passes that are like the coming run in everything, less likeness has to do.
const ENOUGH: usize = 3;

/// What the run to come is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Like {
    /// The suite's definition.
    pub definition: Option<u32>,
    /// The machine, as in [`super::Facts`].
    pub machine: u64,
    /// The profile, as in [`super::Facts`].
    pub profile: u64,
}

/// Returns how long a pass at the first attempt usually takes; `None` if there was none.
///
/// Runs of the same definition on the same machine under the same profile are asked first, then those that differ in
/// the definition, then in the machine, then any. The median of the newest of them does not care for outliers, and has
/// followed a change after some ten runs.
///
/// *Shape*: `entries` have the newest last.
#[must_use]
pub fn usual(entries: &[Entry], like: Like) -> Option<Usual> {
    let place = |it: &Entry| it.facts.machine == like.machine && it.facts.profile == like.profile;
    let same = |it: &Entry| it.definition.is_some() && it.definition == like.definition;
    let profile = |it: &Entry| it.facts.profile == like.profile;
    let newest = |fits: &dyn Fn(&Entry) -> bool| -> Vec<u64> {
        let fitting = entries.iter().rev().filter(|it| fits(it));
        let passes = fitting.filter_map(|it| it.clean).take(SAMPLES);
        passes.map(micros).collect()
    };
    let both = |it: &Entry| place(it) && same(it);
    let likenesses: [&dyn Fn(&Entry) -> bool; 3] = [&both, &place, &profile];
    // One after the other: a run may ask for ten thousand suites.
    let mut samples = likenesses.into_iter().map(newest);
    let samples = samples.find(|it| it.len() >= ENOUGH);
    let samples = samples.unwrap_or_else(|| newest(&|_| true));
    let middle = median(&samples)?;
    Some(Usual {
        duration: Duration::from_micros(middle),
        spread: Duration::from_micros(spread(&samples, middle)),
    })
}

/// Returns how much memory a suite takes in all but one of twenty runs, in bytes; `None` where that was never measured.
///
/// Of fewer than twenty that is the most: who has too little is killed, and who has more than it needs only waits. Runs of
/// another definition are asked where there is none of this one.
#[must_use]
pub fn usual_memory(entries: &[Entry], definition: Option<u32>) -> Option<u64> {
    let is_same = |it: &&Entry| it.definition.is_some() && it.definition == definition;
    let measured = |it: &Entry| it.memory_bytes;
    let mut peaks: Vec<u64> = entries
        .iter()
        .filter(is_same)
        .filter_map(measured)
        .collect();
    if peaks.is_empty() {
        peaks = entries.iter().filter_map(measured).collect();
    }
    peaks.sort_unstable();
    let rank = (peaks.len() * 95).div_ceil(100);
    peaks.get(rank.checked_sub(1)?).copied()
}

/// Returns whole microseconds, as figures are kept.
pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use regatta_core::verdict::{Outcome, Status};

    use super::super::entry::Facts;
    use super::super::word::Word;
    use super::*;

    const HERE: Like = Like {
        definition: Some(1),
        machine: 2,
        profile: 3,
    };

    /// Returns a pass that took so many seconds under these conditions.
    fn pass(seconds: u64, like: Like) -> Entry {
        Entry {
            word: Word {
                status: Status::Passed,
                outcome: Outcome::Passed,
            },
            attempts: 1,
            failed_attempts: 0,
            clean: Some(Duration::from_secs(seconds)),
            wasted: Duration::ZERO,
            definition: like.definition,
            key: None,
            cpu: None,
            memory_bytes: None,
            facts: Facts {
                machine: like.machine,
                profile: like.profile,
                ..Facts::default()
            },
        }
    }

    fn seconds(entries: &[Entry]) -> Option<(u64, u64)> {
        let usual = usual(entries, HERE)?;
        Some((usual.duration.as_secs(), usual.spread.as_secs()))
    }

    #[test]
    fn an_outlier_and_a_failure_change_nothing() {
        assert_eq!(seconds(&[]), None);
        let mut entries: Vec<Entry> = [10, 12, 11, 500].map(|it| pass(it, HERE)).into();
        entries.push(pass(11, HERE));
        entries.push(Entry {
            clean: None,
            ..pass(1, HERE)
        });
        assert_eq!(seconds(&entries), Some((11, 1)));
    }

    #[test]
    fn a_change_is_followed_after_half_of_the_window() {
        let mut entries: Vec<Entry> = (0..30).map(|_| pass(10, HERE)).collect();
        entries.extend((0..11).map(|_| pass(20, HERE)));
        assert_eq!(seconds(&entries), Some((20, 0)));
    }

    #[test]
    fn what_is_most_like_the_run_to_come_is_asked_first() {
        let elsewhere = Like { machine: 9, ..HERE };
        let changed = Like {
            definition: Some(9),
            ..HERE
        };
        let other = Like {
            profile: 9,
            ..elsewhere
        };
        let mut entries: Vec<Entry> = (0..3).map(|_| pass(40, other)).collect();
        assert_eq!(seconds(&entries[..1]), Some((40, 0)));
        entries.extend((0..3).map(|_| pass(30, elsewhere)));
        assert_eq!(seconds(&entries), Some((30, 0)));
        entries.extend((0..3).map(|_| pass(20, changed)));
        assert_eq!(seconds(&entries), Some((20, 0)));
        entries.extend((0..3).map(|_| pass(10, HERE)));
        entries.extend((0..9).map(|_| pass(40, other)));
        assert_eq!(seconds(&entries), Some((10, 0)));
    }
}
