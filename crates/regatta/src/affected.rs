//! Which suites a change touches, and by what. Where changes come from, git or a folder that is watched, is not known
//! here.
//!
//! In doubt a suite is touched: one too many costs time, one too few tells a lie.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::config::{Config, Reuse, Suite};
use crate::pattern::{Pattern, Sense};
use crate::repository::{Change, Extent};

/// What touches a suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// This input changed, or may have.
    Input(PathBuf),
    /// It declares no inputs, so that nobody can tell.
    NoInputs,
    /// This suite, which it depends on, is touched.
    Dependency(String),
    /// The file that declares all suites changed.
    Configuration(PathBuf),
    /// This input is not watched by git, so that nobody can tell.
    Unwatched(String),
    /// What changed is not known, for this reason.
    Unknown(String),
}

impl fmt::Display for Cause {
    /// Writes what fits after the suite's name and a colon.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(path) | Self::Configuration(path) => {
                write!(f, "{} changed", path.display())
            }
            Self::NoInputs => f.write_str("it declares no inputs"),
            Self::Dependency(name) => write!(f, "it depends on {name}"),
            Self::Unwatched(pattern) => write!(f, "git does not watch its input {pattern}"),
            Self::Unknown(why) => f.write_str(why),
        }
    }
}

/// Returns what touches each suite, `None` for those that no change does.
///
/// *Shape*: indexed like `config.suites`. `changes` are relative to the configuration's folder. Suites without inputs
/// are touched by any change when `undeclared` says so, and always otherwise.
#[must_use]
pub fn find_touched(
    config: &Config,
    changes: &[Change],
    undeclared: Undeclared,
) -> Vec<Option<Cause>> {
    let configuration = changes.iter().find(|it| is_configuration(config, it));
    let mut causes: Vec<Option<Cause>> = config
        .suites
        .iter()
        .map(|suite| match (configuration, &suite.reuse) {
            (Some(change), _) => Some(Cause::Configuration(change.path.clone())),
            (None, Some(reuse)) => find_input(reuse, changes),
            (None, None) => {
                let is_touched = undeclared == Undeclared::Always || !changes.is_empty();
                is_touched.then_some(Cause::NoInputs)
            }
        })
        .collect();
    follow_dependencies(&config.suites, &mut causes);
    causes
}

/// Returns that every suite is touched, since nobody knows what changed.
#[must_use]
pub fn all_touched(config: &Config, why: &str) -> Vec<Option<Cause>> {
    let cause = Cause::Unknown(why.to_owned());
    vec![Some(cause); config.suites.len()]
}

/// When a suite without inputs is touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undeclared {
    /// Always: what it reads may lie anywhere, also outside the project.
    Always,
    /// With any change in the project: somebody asked about that change.
    ByAnyChange,
}

/// Returns the paths that patterns name before their first wildcard, each once.
pub fn named_paths(config: &Config) -> BTreeSet<&str> {
    let reuses = config
        .suites
        .iter()
        .filter_map(|suite| suite.reuse.as_ref());
    let patterns = reuses.flat_map(|reuse| reuse.inputs.iter().map(|input| &input.pattern));
    let named = patterns.filter(|it| it.sense() == Sense::Include && !it.base().is_empty());
    named.map(Pattern::base).collect()
}

/// Returns whether some suite may read what lies at a path, from the configuration's folder, or below it.
#[must_use]
pub fn may_be_read(config: &Config, path: &Path) -> bool {
    let bytes = path.as_os_str().as_bytes();
    let mut reuses = config
        .suites
        .iter()
        .filter_map(|suite| suite.reuse.as_ref());
    reuses.any(|reuse| {
        let mut patterns = reuse.inputs.iter().map(|input| &input.pattern);
        let is_excluded = patterns.clone().any(|pattern| {
            pattern.sense() == Sense::Exclude && pattern.matches_path_or_folder(bytes)
        });
        let may_read = |pattern: &Pattern| {
            pattern.sense() == Sense::Include && (pattern.matches(bytes) || reaches(pattern, path))
        };
        !is_excluded && patterns.any(may_read)
    })
}

/// Adds the suites that git cannot tell about: a pattern names a path that it ignores.
pub fn add_unwatched(config: &Config, causes: &mut [Option<Cause>], ignored: &BTreeSet<String>) {
    for (suite, cause) in config.suites.iter().zip(causes.iter_mut()) {
        if let (Some(reuse), None) = (&suite.reuse, &cause) {
            let named = reuse.inputs.iter().map(|input| &input.pattern);
            let mut named =
                named.filter(|it| it.sense() == Sense::Include && !it.base().is_empty());
            let unwatched = named.find(|pattern| ignored.contains(pattern.base()));
            *cause = unwatched.map(|pattern| Cause::Unwatched(pattern.text().to_owned()));
        }
    }
    follow_dependencies(&config.suites, causes);
}

fn is_configuration(config: &Config, change: &Change) -> bool {
    let is = |path: &Path| match change.extent {
        Extent::File => path == change.path,
        Extent::Folder => path.starts_with(&change.path),
    };
    config.file.strip_prefix(&config.root).is_ok_and(is)
}

fn find_input(reuse: &Reuse, changes: &[Change]) -> Option<Cause> {
    let is_input = |change: &&Change| {
        let path = change.path.as_os_str().as_bytes();
        let patterns = reuse.inputs.iter().map(|input| &input.pattern);
        let includes = patterns.clone().filter(|it| it.sense() == Sense::Include);
        let excludes = patterns.filter(|it| it.sense() == Sense::Exclude);
        match change.extent {
            Extent::File => {
                includes.clone().any(|it| it.matches(path))
                    && !excludes.clone().any(|it| it.matches_path_or_folder(path))
            }
            // What is in there is not known, so a pattern that can reach it may have matched.
            Extent::Folder => includes.clone().any(|it| reaches(it, &change.path)),
        }
    };
    let input = changes.iter().find(is_input)?;
    Some(Cause::Input(input.path.clone()))
}

/// Returns whether a pattern may match something in a folder.
fn reaches(pattern: &Pattern, folder: &Path) -> bool {
    let base = Path::new(pattern.base());
    base.starts_with(folder) || folder.starts_with(base)
}

/// A suite is touched with what it depends on, through any number of suites between.
fn follow_dependencies(suites: &[Suite], causes: &mut [Option<Cause>]) {
    let places = suites.iter().enumerate();
    let places: BTreeMap<&str, usize> = places.map(|(place, it)| (&*it.name, place)).collect();
    let mut dependents = vec![Vec::new(); suites.len()];
    for (place, suite) in suites.iter().enumerate() {
        for name in &suite.depends_on {
            if let Some(&dependency) = places.get(name.as_str()) {
                dependents[dependency].push(place);
            }
        }
    }
    let is_touched = |place: &usize| causes[*place].is_some();
    let mut touched: Vec<usize> = (0..suites.len()).filter(is_touched).collect();
    while let Some(place) = touched.pop() {
        for &dependent in &dependents[place] {
            if causes[dependent].is_none() {
                causes[dependent] = Some(Cause::Dependency(suites[place].name.clone()));
                touched.push(dependent);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_can_reach_into_a_folder_is_touched_by_it() {
        for (pattern, folder, expected) in [
            ("src/**/*.rs", "src/vendor", true),
            ("src/vendor/a.rs", "src/vendor", true),
            ("**/*.rs", "anything", true),
            ("src/*.rs", "lib", false),
            ("src", "srcs", false),
            // The project itself lies in what changed.
            ("src/*.rs", "", true),
        ] {
            let parsed = Pattern::parse(pattern).unwrap();
            let is_touched = reaches(&parsed, Path::new(folder));
            assert_eq!(is_touched, expected, "{pattern} and {folder}");
        }
    }
}
