//! Words that a shell can complete because the configuration knows them.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use clap_complete::CompletionCandidate;

use crate::config::{self, Config, Overrides, Suite};

/// Returns the suites whose name continues `typed`, with their descriptions.
pub(super) fn complete_suite(typed: &OsStr) -> Vec<CompletionCandidate> {
    complete(typed, |suite| {
        vec![(suite.name.clone(), suite.description.clone())]
    })
}

/// Returns the categories that continue `typed`.
pub(super) fn complete_category(typed: &OsStr) -> Vec<CompletionCandidate> {
    complete(typed, |suite| vec![(suite.category.clone(), String::new())])
}

/// Returns the tags that continue `typed`.
pub(super) fn complete_tag(typed: &OsStr) -> Vec<CompletionCandidate> {
    complete(typed, |suite| {
        let tags = suite.tags.iter();
        tags.map(|tag| (tag.clone(), String::new())).collect()
    })
}

/// Completes the last of the comma-separated words. Without a configuration there is nothing to offer.
fn complete(
    typed: &OsStr,
    words: impl Fn(&Suite) -> Vec<(String, String)>,
) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    let (before, last) = match typed.rsplit_once(',') {
        Some((before, last)) => (format!("{before},"), last),
        None => (String::new(), typed.as_ref()),
    };
    let Some(config) = nearest_config() else {
        return Vec::new();
    };
    let known: BTreeSet<_> = config.suites.iter().flat_map(words).collect();
    let fitting = known.into_iter().filter(|(word, _)| word.starts_with(last));
    let candidates = fitting.map(|(word, help)| {
        let help = (!help.is_empty()).then(|| help.into());
        CompletionCandidate::new(format!("{before}{word}")).help(help)
    });
    candidates.collect()
}

/// The words before the one that is completed, such as `-C DIR`, are not known here.
fn nearest_config() -> Option<Config> {
    let file = config::discover(&std::env::current_dir().ok()?)?;
    config::resolve(&config::load(&file).ok()?, &Overrides::default()).ok()
}
