//! What the runs before this one say about a suite.
//!
//! Facts only, copied into the header of a run so that its journal gives the same reports for ever. How they are found
//! in a history, and what a report makes of them, is not known here.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::seconds;

/// What was known of a suite when its run started. A suite that was never run has the default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
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
