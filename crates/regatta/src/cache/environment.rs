//! Which variables of this process a suite with declared inputs may see, and which of them decide its result.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// Variables that every suite needs to work at all.
const BASE: [&str; 8] = [
    "PATH", "HOME", "USER", "SHELL", "LANG", "TERM", "TMPDIR", "CI",
];

/// Those of them that programs read when they decide what to do.
const DECIDING: [&str; 3] = ["PATH", "LANG", "CI"];

/// How the variables begin that say what a language means.
const LOCALE_PREFIX: &str = "LC_";

/// Returns whether every suite with declared inputs sees a variable.
#[must_use]
pub fn is_base(name: &OsStr) -> bool {
    BASE.iter().any(|it| name == *it) || is_locale(name)
}

fn is_locale(name: &OsStr) -> bool {
    name.as_encoded_bytes()
        .starts_with(LOCALE_PREFIX.as_bytes())
}

/// The variables of this process that suites may see.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    variables: BTreeMap<OsString, OsString>,
}

impl Surroundings {
    /// Reads the environment of this process, but for `own_variables`, which no suite inherits.
    #[must_use]
    pub fn of_process(own_variables: &[String]) -> Self {
        let variables = std::env::vars_os();
        let variables =
            variables.filter(|(name, _)| !own_variables.iter().any(|it| name == it.as_str()));
        Self {
            variables: variables.collect(),
        }
    }

    /// Returns the value of a variable.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&OsStr> {
        self.variables
            .get(OsStr::new(name))
            .map(OsString::as_os_str)
    }

    /// Returns the variables of the base that decide results, with their values, in the order of their names.
    pub(super) fn deciding(&self) -> BTreeMap<OsString, Option<&OsStr>> {
        let fixed = DECIDING.iter().map(|&name| (name.into(), self.value(name)));
        let locale = self.variables.iter().filter(|(name, _)| is_locale(name));
        let locale = locale.map(|(name, value)| (name.clone(), Some(value.as_os_str())));
        fixed.chain(locale).collect()
    }

    /// Returns everything that a suite sees which may see `more` beside the base.
    pub(super) fn visible(&self, more: &[String]) -> Vec<(&OsStr, &OsStr)> {
        let variables = self.variables.iter();
        variables
            .filter(|(name, _)| is_base(name) || more.iter().any(|it| *name == it.as_str()))
            .map(|(name, value)| (name.as_os_str(), value.as_os_str()))
            .collect()
    }
}
