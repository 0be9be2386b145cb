//! What is asked about kept results, and what is answered.

use std::path::PathBuf;
use std::time::Duration;

use regatta_core::cases::CaseList;
use regatta_core::id::TaskId;
use regatta_core::manifest::{Change, Digest, Manifest};

use super::environment::Surroundings;

/// What a run wants of kept results.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The configuration's folder.
    pub root: PathBuf,
    /// Where logs are brought back to, absolute.
    pub log_dir: PathBuf,
    /// The variables of this process.
    pub surroundings: Surroundings,
    /// Whether kept results are used.
    pub may_use: bool,
    /// Whether new results are kept.
    pub may_keep: bool,
    /// How many of a hundred hits run all the same.
    pub audit_percent: f64,
    /// The run's id; decides which.
    pub run_id: String,
}

/// The answer about one task.
#[derive(Debug, Clone)]
pub struct Probed {
    /// Which task.
    pub task: TaskId,
    /// The digest of all that decides its result, if that could be known.
    pub key: Option<Digest>,
    /// Whether a kept result holds, and all of it is in place.
    pub hit: bool,
    /// Why not, for people, empty where nothing was ever kept; or when it was made.
    pub reason: String,
    /// How long the attempt took whose result holds.
    pub saved: Duration,
    /// Bytes that are missing in the log that was brought back.
    pub elided_bytes: u64,
    /// The test cases of the attempt whose result holds, where it told of some.
    pub cases: Option<Box<CaseList>>,
    /// Whether a kept result holds, and the suite runs all the same so that it shows whether it should.
    pub is_audit: bool,
}

/// What is measured of an attempt whose result is to be kept.
#[derive(Debug, Clone)]
pub struct Attempted {
    /// How long it took.
    pub duration: Duration,
    /// Bytes that its log does not have.
    pub elided_bytes: u64,
    /// The test cases that it told of.
    pub cases: Option<Box<CaseList>>,
}

/// What decides a task's result now, and what is kept for it.
#[derive(Debug)]
pub struct Explanation {
    /// Everything that decides it.
    pub manifest: Manifest,
    /// Its key.
    pub key: Digest,
    /// What a run would do with it.
    pub probed: Probed,
    /// What has changed since the newest kept result of the suite.
    pub changes: Vec<Change>,
}

/// A pattern that matches no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unmatched {
    /// Whose it is.
    pub task: TaskId,
    /// Its place among the suite's includes.
    pub include: usize,
}

impl Probed {
    /// Returns that no result holds.
    #[must_use]
    pub fn miss(task: TaskId, key: Option<Digest>, reason: String) -> Self {
        Self {
            task,
            key,
            hit: false,
            reason,
            saved: Duration::ZERO,
            elided_bytes: 0,
            cases: None,
            is_audit: false,
        }
    }
}
