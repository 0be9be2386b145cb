//! Why a command did not start. Each message fits after "failed to".

use std::io;
use std::path::PathBuf;

/// The reason a command did not start. Nothing of it is left running.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// The working directory is missing, is not a directory, or may not be entered.
    #[error("enter directory `{}`: {source}", path.display())]
    Directory {
        /// The directory as the command names it.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The program was not found, is a directory, or may not be executed: the kinds `NotFound`,
    /// `IsADirectory` and `PermissionDenied` of the source tell these apart.
    #[error("execute `{}`: {source}", program.display())]
    Program {
        /// The program as the command names it.
        program: PathBuf,
        /// What the system said, or where the search ended.
        source: io::Error,
    },
    /// The log file could not be created.
    #[error("create log file `{}`: {source}", path.display())]
    Log {
        /// The log file as the command names it.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system is short of processes, memory or descriptors. Fewer commands at a time, or a
    /// higher limit, help.
    #[error("{what}: {source}")]
    Resources {
        /// What was tried, such as "create a pipe".
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
}
