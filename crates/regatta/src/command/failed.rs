//! `--failed`: what is outstanding runs, and nobody takes the rest for done.

use std::collections::{BTreeMap, BTreeSet};

use super::affected::find_affected;
use super::output::{list_names, warn};
use super::setup;
use crate::cli::{CommandFailure, RunArgs};
use crate::config::Config;
use crate::history::History;
use crate::outstanding::{LastWord, find_outstanding, last_words};
use crate::select::Selection;

/// The suites of a run, and what it leaves behind.
pub(super) struct Chosen {
    pub(super) selection: Selection,
    /// Suites that are outstanding and that other filters keep out, by name, in the order of the file.
    pub(super) left_out: Vec<String>,
    /// Why there is nothing to do, where there is not although nobody made a mistake.
    pub(super) done: Option<&'static str>,
}

/// Returns the suites that the arguments ask for.
pub(super) fn choose(config: &Config, args: &RunArgs) -> Result<Chosen, CommandFailure> {
    let outstanding = args.failed.then(|| outstanding(config));
    let affected = find_affected(config, args)?;
    let bounds = [&outstanding, &affected, &args.only].into_iter().flatten();
    let only = bounds
        .cloned()
        .reduce(|names, others| names.intersection(&others).cloned().collect());
    let selection = setup::select_among(config, &args.filters, only)?;
    let nothing = if outstanding.as_ref().is_some_and(BTreeSet::is_empty) {
        Some("Nothing is outstanding: every suite has passed since it last failed")
    } else if affected.as_ref().is_some_and(BTreeSet::is_empty) {
        Some("Nothing is affected: no input of any suite has changed")
    } else {
        None
    };
    let done = nothing.filter(|_| !config.suites.is_empty());
    let Some(outstanding) = outstanding.filter(|_| done.is_none()) else {
        return Ok(Chosen {
            selection,
            left_out: Vec::new(),
            done,
        });
    };
    let suites = config.suites.iter().enumerate();
    let left_out = suites.filter(|(index, suite)| {
        outstanding.contains(&suite.name) && selection.suites.binary_search(index).is_err()
    });
    let left_out: Vec<String> = left_out.map(|(_, suite)| suite.name.clone()).collect();
    if selection.suites.is_empty() && !left_out.is_empty() {
        return Err(CommandFailure::Incomplete(format!(
            "the filters keep out all that is outstanding: {}; `--failed` alone runs it",
            list_names(&left_out)
        )));
    }
    Ok(Chosen {
        selection,
        left_out,
        done,
    })
}

fn outstanding(config: &Config) -> BTreeSet<String> {
    let names: Vec<&str> = config.suites.iter().map(|it| it.name.as_str()).collect();
    let words = ask_history(config, &names).unwrap_or_else(|| {
        last_words(&setup::log_dir(config)).unwrap_or_else(|error| {
            warn(&format!(
                "failed to {error}; every suite counts as outstanding"
            ));
            BTreeMap::default()
        })
    });
    find_outstanding(names.into_iter(), &words)
}

/// Returns the word of the newest run that included each suite, or nothing where there is no history to ask.
fn ask_history(config: &Config, names: &[&str]) -> Option<BTreeMap<String, LastWord>> {
    let found = History::of(&config.root).open().and_then(|store| {
        let words = store.map(|store| store.latest_words(names));
        words.transpose()
    });
    let words = found.unwrap_or_else(|error| {
        warn(&format!(
            "failed to {error}; what is outstanding is taken from the last run alone"
        ));
        None
    })?;
    let known = names.iter().zip(words);
    let known = known.filter_map(|(name, word)| Some(((*name).to_owned(), word?.status.into())));
    Some(known.collect())
}
