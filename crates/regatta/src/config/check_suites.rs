//! Checks of suite names, which become file names, and of the categories that settings name.

use std::collections::{BTreeMap, BTreeSet};

use super::declaration::Root;
use super::layers::DEFAULT_FAST_EXCLUDES;
use super::resolve::DEFAULT_CATEGORY;
use crate::diagnostic::{Diagnostic, Source, find_similar, quote};

/// The longest suite name; leaves room for what logs add to it.
pub(super) const LONGEST_NAME_BYTES: usize = 100;

/// Names that belong to Regatta's own files in the log directory, in lower case.
const RESERVED_NAMES: [&str; 1] = ["test-report"];

/// Checks that every suite's name can be its log's name, and nobody else's.
pub(super) fn check_names(root: &Root, source: &Source) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut seen = BTreeMap::new();
    for suite in root.suites.entries() {
        let name = suite.name.as_str();
        // An empty name has been reported when it was read.
        if let Some((fault, help)) = find_fault(name).filter(|_| !name.is_empty()) {
            let message = format!("suite name {} {fault}", quote(name));
            problems.push(Diagnostic::at(suite.span.clone(), message).help(help));
        }
        if let Some(other) = seen.insert(name.to_lowercase(), suite) {
            let (name, twin) = (quote(name), quote(&other.name));
            let message = format!("suite names {name} and {twin} differ only in case");
            let line = source.line(other.span.start);
            let help = format!(
                "rename one; {twin} is defined at {}:{line}, and some file systems take both for one file",
                source.name()
            );
            problems.push(Diagnostic::at(suite.span.clone(), message).help(help));
        }
    }
    problems
}

/// Checks that the categories which `--fast` leaves out exist.
pub(super) fn check_fast_excludes(root: &Root) -> Vec<Diagnostic> {
    let declared = root
        .categories
        .entries()
        .iter()
        .map(|entry| entry.name.as_str());
    let used = root.suites.entries().iter().map(|suite| {
        let category = suite.table.category.0.as_ref();
        category.map_or(DEFAULT_CATEGORY, |category| category.value.as_str())
    });
    // Writing the default down is no mistake in a file without such suites.
    let known: BTreeSet<&str> = declared.chain(used).chain(DEFAULT_FAST_EXCLUDES).collect();

    let run = root.run.0.iter().map(|run| &run.value);
    let profiles = root.profile.entries().iter().map(|profile| &profile.table);
    let names = run
        .chain(profiles)
        .flat_map(|table| table.fast_excludes.located_names());
    let unknown = names.filter(|name| !known.contains(name.value.as_str()));
    unknown
        .map(|name| {
            let message = format!(
                "`fast_excludes` names {}, but no suite has that category",
                quote(&name.value)
            );
            let help = match find_similar(&name.value, known.iter().copied()) {
                Some(similar) => format!("did you mean {}?", quote(similar)),
                None => "correct or remove it".to_owned(),
            };
            Diagnostic::at(name.span.clone(), message).help(help)
        })
        .collect()
}

/// Returns what is wrong with a name, to follow the name, and what to do.
fn find_fault(name: &str) -> Option<(&'static str, &'static str)> {
    let lowercased = name.to_ascii_lowercase();
    let is_allowed =
        |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    if !name.chars().all(is_allowed) {
        return Some((
            "cannot be a file name",
            "use letters, digits, `.`, `_` and `-`; each suite's log is `<log_dir>/<name>.log`",
        ));
    }
    if !name.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return Some((
            "does not start with a letter or digit",
            "put a letter or digit first",
        ));
    }
    if name.len() > LONGEST_NAME_BYTES {
        return Some(("is too long", "use at most 100 bytes"));
    }
    if RESERVED_NAMES.contains(&lowercased.as_str()) {
        return Some(("is taken by the run's own report", "choose another name"));
    }
    if has_log_suffix(&lowercased) {
        return Some((
            "ends like the name of a log that Regatta writes",
            "avoid names that end in `.attempt-N`, `.shard-N` or `.diagnosis`",
        ));
    }
    None
}

/// Returns whether a suite of this name could overwrite the log of another suite's attempt.
fn has_log_suffix(name: &str) -> bool {
    let Some((_, suffix)) = name.rsplit_once('.') else {
        return false;
    };
    let number = suffix
        .strip_prefix("attempt-")
        .or_else(|| suffix.strip_prefix("shard-"));
    suffix == "diagnosis"
        || number.is_some_and(|number| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_file_names() {
        let hundred = "x".repeat(100);
        for name in [
            "a",
            "0",
            "redis-unit",
            "A.b_c-9",
            "a.attempt-",
            "a.shard-x",
            "attempt-1",
            &hundred,
        ] {
            assert_eq!(find_fault(name), None, "{name}");
        }
        let too_long = "x".repeat(101);
        let refused = [
            "../x",
            "a/b",
            "a b",
            "a\nb",
            "🧪",
            "é",
            ".hidden",
            "-x",
            "_x",
            "test-report",
            "Test-Report",
            "a.attempt-1",
            "a.Shard-12",
            "a.diagnosis",
            &too_long,
        ];
        for name in refused {
            assert!(find_fault(name).is_some(), "{name}");
        }
    }
}
