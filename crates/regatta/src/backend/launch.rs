//! What it takes to start a suite, in the operating system's terms.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CStr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use regatta_core::shard::Shard;
use regatta_core::terms::Leftovers;

use crate::cases::Wanted;
use crate::log_dir::file_stem;

/// How the attempts of one task are started. Nothing in it changes from attempt to attempt.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The suite's name.
    pub name: String,
    /// Which part of the suite it is, `None` for all of it.
    pub part: Option<Part>,
    /// Program and arguments; never empty.
    pub argv: Vec<Arc<CStr>>,
    /// Program and arguments of what looks at an attempt that ran into a limit; never empty.
    pub on_timeout: Option<Vec<Arc<CStr>>>,
    /// Working directory, absolute.
    pub dir: PathBuf,
    /// Variables the suite declares for itself.
    pub env: BTreeMap<String, String>,
    /// What it inherits of this process's variables.
    pub visible: Visible,
    /// The limit that the suite is told about.
    pub timeout: Option<Duration>,
    /// The most that its log may take.
    pub max_log_bytes: u64,
    /// How many slots it takes, at least 1; not clamped.
    pub cpus: u32,
    /// Where its test cases are looked for.
    pub cases: Wanted,
    /// What happens to processes that outlive its command.
    pub leftovers: Leftovers,
    /// How many threads it is told to use, if it is told.
    pub threads: Option<u32>,
}

impl Launch {
    /// Returns what the names of its files begin with.
    #[must_use]
    pub fn stem(&self) -> Cow<'_, str> {
        file_stem(&self.name, self.part.map(|it| it.shard))
    }
}

/// A part of a suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Which one.
    pub shard: Shard,
    /// How its command learns of that.
    pub told: Told,
}

/// How a command learns which part of its suite it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It has the number among its words.
    ByWords,
    /// It reads variables, and says that it has done so by touching a file.
    ByVariables,
}

/// Which of this process's variables a suite inherits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visible {
    /// All of them.
    All,
    /// Those without which hardly anything works, and these.
    BaseAnd(BTreeSet<String>),
}
