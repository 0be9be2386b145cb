//! What it takes to start a suite, in the operating system's terms.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CStr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use regatta_core::terms::Leftovers;

use crate::cases::Wanted;

/// How the attempts of one task are started. Nothing in it changes from attempt to attempt.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The suite's name, which is also the stem of its files.
    pub name: String,
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
    /// Where its test cases are looked for.
    pub cases: Wanted,
    /// What happens to processes that outlive its command.
    pub leftovers: Leftovers,
}

/// Which of this process's variables a suite inherits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visible {
    /// All of them.
    All,
    /// Those without which hardly anything works, and these.
    BaseAnd(BTreeSet<String>),
}
