//! A value together with where it came from.

use std::ffi::OsStr;

/// A value and its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// What holds.
    pub value: T,
    /// Who said so.
    pub origin: Origin,
}

/// Where a value came from. Lines are the configuration file's, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// Nobody said anything, and the variable `CI` is set.
    Ci,
    /// `[run]`.
    Run {
        /// Line of the value.
        line: usize,
    },
    /// The chosen profile.
    Profile {
        /// The profile's name.
        name: String,
        /// Line of the value.
        line: usize,
    },
    /// The suite itself.
    Suite {
        /// Line of the value.
        line: usize,
    },
    /// An environment variable, by name.
    Variable(String),
    /// A flag, by name with its dashes.
    Flag(String),
}

/// Whether this process runs in continuous integration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ci {
    /// It does: time is dearer than politeness.
    Yes,
    /// It does not.
    #[default]
    No,
}

impl<T> Setting<T> {
    /// Returns a value that nobody chose.
    #[must_use]
    pub const fn default_value(value: T) -> Self {
        let origin = Origin::Default;
        Self { value, origin }
    }

    /// Returns the setting with its value changed by `change`, its origin kept.
    #[must_use]
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Setting<U> {
        Setting {
            value: change(self.value),
            origin: self.origin,
        }
    }
}

impl Origin {
    /// Returns the origin for people, such as `regatta.toml:12 [run]`; `file` is the file's name.
    #[must_use]
    pub fn describe(&self, file: &str) -> String {
        match self {
            Self::Default => "default".to_owned(),
            Self::Ci => "default when CI is set".to_owned(),
            Self::Run { line } => format!("{file}:{line} [run]"),
            Self::Profile { name, line } => format!("{file}:{line} [profile.{name}]"),
            Self::Suite { line } => format!("{file}:{line}"),
            Self::Variable(name) | Self::Flag(name) => name.clone(),
        }
    }
}

impl Ci {
    /// Returns what the variable `CI` says: set, and neither empty nor `0` nor `false`, is yes.
    #[must_use]
    pub fn from_variable(value: Option<&OsStr>) -> Self {
        match value {
            Some(value) if !value.is_empty() && value != "0" && value != "false" => Self::Yes,
            _ => Self::No,
        }
    }
}
