//! Why a command did not do its work, and the exit code that says so.

use std::fmt;

use crate::diagnostic::Diagnostics;

/// A command that ended early. Suites that failed are no failure of the command.
#[derive(Debug)]
pub enum CommandFailure {
    /// The words of the command line cannot be followed.
    Usage(String),
    /// The configuration, or what was asked of it, is wrong in these places.
    Configuration(Box<Diagnostics>),
    /// The machine did not play along: something could not be read, written or watched.
    Infrastructure(String),
    /// There is nothing to run.
    NothingSelected(String),
    /// Another run is in the way, and the user does not want to wait for it.
    Busy(String),
    /// What was asked for would leave something undone that should be known.
    Incomplete(String),
}

impl CommandFailure {
    /// Returns the exit code that users know for it.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Configuration(_) => 2,
            Self::Infrastructure(_) => 3,
            Self::NothingSelected(_) => 4,
            Self::Busy(_) | Self::Incomplete(_) => 5,
        }
    }
}

impl From<Diagnostics> for CommandFailure {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::Configuration(Box::new(diagnostics))
    }
}

impl fmt::Display for CommandFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message)
            | Self::Infrastructure(message)
            | Self::NothingSelected(message)
            | Self::Busy(message)
            | Self::Incomplete(message) => writeln!(f, "error: {message}"),
            Self::Configuration(diagnostics) => diagnostics.fmt(f),
        }
    }
}
