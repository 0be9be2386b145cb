//! What the runs before this one say about a suite.
//!
//! Facts only, copied into the header of a run so that its journal gives the same reports for ever. How they are found
//! in a history, and what a report makes of them, is not known here.

use std::fmt::Write;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::seconds;

/// What was known of a suite when its run started. A suite that was never run has the default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Past {
    /// How long a pass usually takes; `None` for a suite that has not passed yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<Usual>,
    /// How many runs ended with a pass or a failure of it. Runs that say nothing about it do not count.
    pub runs: u32,
    /// How many of the latest of those failed without a pass between them; 0 after a pass.
    pub failing: u32,
    /// How often it failed although nothing had changed; `None` where that was never seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flaky: Option<FlakyRate>,
    /// How much memory it takes in all but one of twenty runs, in bytes; `None` where that was never measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// How often its verdict changed although nothing had.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub flips: u32,
    /// What its latest runs came to.
    #[serde(default, skip_serializing_if = "Trail::is_empty")]
    pub trail: Trail,
}

/// What the latest runs of a suite came to, the newest last.
///
/// Kept as text, since every header holds one for each suite and only a picture ever looks into it: a letter a run, and the
/// milliseconds of a clean pass behind it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Trail(String);

/// One run of a trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// What it said of the suite.
    pub glance: Glance,
    /// How long a pass at the first attempt took; `None` for any other end.
    pub took: Option<Duration>,
}

/// The word of a run on a suite, as far as a picture tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glance {
    /// It passed at the first attempt.
    Passed,
    /// It passed after a failed attempt.
    Retried,
    /// An earlier result held.
    Cached,
    /// It failed.
    Failed,
    /// Nothing was said of it.
    Silent,
}

/// The letters of a trail. Files hold them, so none ever changes its meaning.
const LETTERS: [(char, Glance); 5] = [
    ('p', Glance::Passed),
    ('r', Glance::Retried),
    ('c', Glance::Cached),
    ('f', Glance::Failed),
    ('s', Glance::Silent),
];

impl Trail {
    /// How many runs a trail tells of at most, by convention of those who fill it.
    pub const LENGTH: usize = 20;

    /// Returns whether it tells of no run.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a run that is newer than the others.
    pub fn push(&mut self, mark: Mark) {
        let letter = LETTERS.iter().find(|(_, glance)| *glance == mark.glance);
        self.0.extend(letter.map(|(letter, _)| letter));
        if let Some(took) = mark.took {
            // Writing to a text cannot fail.
            let _ = write!(self.0, "{}", took.as_millis());
        }
    }

    /// Returns the runs. What is not understood is passed over.
    pub fn marks(&self) -> impl Iterator<Item = Mark> {
        let starts = self.0.match_indices(|it: char| !it.is_ascii_digit());
        starts.filter_map(|(at, letter)| {
            let (_, glance) = LETTERS.iter().find(|(it, _)| letter.starts_with(*it))?;
            let rest = &self.0[at + letter.len()..];
            let end = rest.find(|it: char| !it.is_ascii_digit());
            let millis = rest[..end.unwrap_or(rest.len())].parse().ok();
            Some(Mark {
                glance: *glance,
                took: millis.map(Duration::from_millis),
            })
        })
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands a reference to skip_serializing_if"
)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A usual duration and how far single ones are from it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Usual {
    /// The median of recent passes at the first attempt.
    #[serde(with = "seconds")]
    pub duration: Duration,
    /// The median of their distances from it.
    #[serde(with = "seconds")]
    pub spread: Duration,
}

/// How often a flaky suite fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlakyRate {
    /// Attempts that failed.
    pub failures: u32,
    /// Attempts that passed or failed, at least 1.
    pub attempts: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trail_reads_as_it_was_written() {
        let marks = [
            (Glance::Passed, Some(1234)),
            (Glance::Failed, None),
            (Glance::Passed, Some(0)),
            (Glance::Retried, None),
            (Glance::Cached, None),
            (Glance::Silent, None),
        ];
        let marks = marks.map(|(glance, millis)| Mark {
            glance,
            took: millis.map(Duration::from_millis),
        });
        let mut trail = Trail::default();
        for mark in marks {
            trail.push(mark);
        }
        let text = serde_json::to_string(&trail).unwrap();
        assert_eq!(text, r#""p1234fp0rcs""#);
        let read: Trail = serde_json::from_str(&text).unwrap();
        assert!(read.marks().eq(marks));
    }

    #[test]
    fn what_somebody_else_wrote_into_a_trail_is_passed_over() {
        let trail = Trail("9p12üf p99999999999999999999999".into());
        let glances: Vec<Glance> = trail.marks().map(|it| it.glance).collect();
        assert_eq!(glances, [Glance::Passed, Glance::Failed, Glance::Passed]);
    }
}
