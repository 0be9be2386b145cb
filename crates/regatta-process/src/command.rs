//! What to run, as plain data. Checks nothing: a wrong value shows as a `SpawnError`.

use std::ffi::CStr;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

/// A command together with everything its process starts with.
#[derive(Clone, Debug)]
pub struct Command {
    /// The program, then its arguments. A program without `/` is looked up in the `PATH` of `env`,
    /// in which relative entries count from `dir`.
    pub argv: Vec<Arc<CStr>>,
    /// The complete environment, each entry `NAME=value`; nothing is inherited. Most entries are the same for all
    /// commands, so they are shared.
    pub env: Vec<Arc<CStr>>,
    /// The working directory.
    pub dir: PathBuf,
    /// The file that receives stdout and stderr. It is emptied first; a symbolic link is refused.
    pub log: PathBuf,
    /// The most bytes the log file may take, whatever the command prints.
    pub max_log_bytes: u64,
    /// Whether the output is also handed to the caller.
    pub follow: Follow,
    /// What becomes of processes that outlive the command.
    pub leftovers: LeftoverPolicy,
    /// Descriptors that the command has under the numbers they have here, all above 2.
    pub descriptors: Vec<Arc<OwnedFd>>,
}

/// Whether the caller sees a command's output while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// The output goes to the log only.
    Quiet,
    /// Every piece of the output is delivered as well.
    Chunks,
}

/// What becomes of the processes a command leaves behind. They are listed in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftoverPolicy {
    /// They are ended before the exit is told.
    End,
    /// They live on until the supervisor is dropped. Their output is no longer read.
    Allow,
}
