//! Whether a suite has become slower or faster. Pure.

use std::time::Duration;

use super::estimate::micros;
use super::statistics::{median, noise, spread};

/// The latest passes that are held against those before them, and how many of those there must be.
const LATEST: usize = 5;
const FEWEST_BEFORE: usize = 5;
const MOST_BEFORE: usize = 20;

/// Less than this is never called a change, in microseconds.
const FLOOR_US: u64 = 50_000;

/// Where the duration of a suite is going.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// There are not enough passes yet.
    Unknown,
    /// It is what it was, but for noise.
    Steady,
    /// It was this, and is more now.
    Slower {
        /// The median of earlier passes.
        from: Duration,
        /// The median of the latest.
        to: Duration,
    },
    /// It was this, and is less now.
    Faster {
        /// The median of earlier passes.
        from: Duration,
        /// The median of the latest.
        to: Duration,
    },
}

/// Holds the latest passes against those before them.
///
/// *Shape*: durations of passes at the first attempt, the newest last.
#[must_use]
pub fn trend(passes: &[Duration]) -> Trend {
    let passes: Vec<u64> = passes.iter().copied().map(micros).collect();
    let Some(split) = passes.len().checked_sub(LATEST) else {
        return Trend::Unknown;
    };
    let (before, latest) = passes.split_at(split);
    let before = &before[before.len().saturating_sub(MOST_BEFORE)..];
    let (Some(old), Some(new), true) = (
        median(before),
        median(latest),
        before.len() >= FEWEST_BEFORE,
    ) else {
        return Trend::Unknown;
    };
    // A median of five is less noisy than a single run; a third of its noise is about right.
    let noise = noise(old, spread(before, old) / 3, FLOOR_US);
    let (from, to) = (Duration::from_micros(old), Duration::from_micros(new));
    if new > old.saturating_add(noise) {
        Trend::Slower { from, to }
    } else if old > new.saturating_add(noise) {
        Trend::Faster { from, to }
    } else {
        Trend::Steady
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_from_noise() {
        let passes = |list: &[u64]| -> Vec<Duration> {
            list.iter().map(|it| Duration::from_millis(*it)).collect()
        };
        let (from, to) = (Duration::from_secs(1), Duration::from_millis(1500));
        let table: [(&[u64], Trend); 6] = [
            (&[1000; 9], Trend::Unknown),
            (&[1000; 10], Trend::Steady),
            (
                &[1000, 1010, 990, 1000, 1000, 1020, 9000, 1000, 990, 1010],
                Trend::Steady,
            ),
            (
                &[1000, 1000, 1000, 1010, 990, 1500, 1500, 1500, 1490, 1600],
                Trend::Slower { from, to },
            ),
            (
                &[1500, 1500, 1500, 1510, 1490, 1000, 1000, 1000, 990, 1100],
                Trend::Faster { from: to, to: from },
            ),
            (&[10, 10, 10, 10, 10, 50, 50, 50, 50, 50], Trend::Steady),
        ];
        for (list, expected) in table {
            assert_eq!(trend(&passes(list)), expected, "{list:?}");
        }
    }
}
