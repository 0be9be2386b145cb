//! Two runs held against each other: what changed, and what is only noise. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::estimate::micros;
use super::row::{RunRow, SuiteRow};
use super::statistics::{median, noise, spread};
use super::word::Word;

/// Differences below these are never told: a tenth of a second, a mebibyte.
const FLOOR_US: u64 = 100_000;
const FLOOR_BYTES: u64 = 1024 * 1024;

/// With fewer runs before, nobody knows the noise, and a quarter more is told.
const ENOUGH: usize = 5;

/// A run, and what is known of the usual noise of its suites.
#[derive(Debug, Clone, Default)]
pub struct Side {
    /// Durations of clean passes in microseconds, by suite.
    pub durations: BTreeMap<String, Vec<u64>>,
    /// Peaks of memory of clean passes in bytes, by suite.
    pub memory: BTreeMap<String, Vec<u64>>,
}

/// A figure that is another one now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The suite.
    pub name: String,
    /// In the first run, in microseconds or bytes.
    pub before: u64,
    /// In the second.
    pub after: u64,
    /// What differences are usual.
    pub noise: u64,
    /// From how many runs that is known, 0 where it is guessed.
    pub samples: usize,
}

/// What is different in the second of two runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparison {
    /// Suites that failed in the second run only, with both words.
    pub newly_failing: Vec<(String, Word, Word)>,
    /// Suites that failed in the first run and passed in the second, with both words.
    pub fixed: Vec<(String, Word, Word)>,
    /// Suites that failed in both, with both words.
    pub still_failing: Vec<(String, Word, Word)>,
    /// Suites that took longer, the most first.
    pub slower: Vec<Change>,
    /// Suites that took less time, the most first.
    pub faster: Vec<Change>,
    /// Suites that used more memory, the most first.
    pub bigger: Vec<Change>,
    /// Suites that used less memory, the most first.
    pub smaller: Vec<Change>,
    /// Suites of the second run only.
    pub added: Vec<String>,
    /// Suites of the first run only.
    pub removed: Vec<String>,
    /// How many suites are in both.
    pub common: usize,
}

impl Side {
    /// Adds the figures of a run.
    pub fn learn(&mut self, run: &RunRow) {
        for suite in &run.suites {
            let Some(duration) = suite.clean() else {
                continue;
            };
            let durations = self.durations.entry(suite.name.clone()).or_default();
            durations.push(micros(duration));
            if let Some(bytes) = suite.max_rss_bytes() {
                self.memory
                    .entry(suite.name.clone())
                    .or_default()
                    .push(bytes);
            }
        }
    }
}

/// Returns what is different in `after`; `known` tells the noise.
#[must_use]
pub fn compare(before: &RunRow, after: &RunRow, known: &Side) -> Comparison {
    let by_name = |run: &RunRow| -> BTreeMap<String, SuiteRow> {
        let suites = run.suites.iter();
        suites.map(|it| (it.name.clone(), it.clone())).collect()
    };
    let (old, new) = (by_name(before), by_name(after));
    let names =
        |map: &BTreeMap<String, SuiteRow>| -> BTreeSet<String> { map.keys().cloned().collect() };
    let (old_names, new_names) = (names(&old), names(&new));
    let mut comparison = Comparison {
        added: new_names.difference(&old_names).cloned().collect(),
        removed: old_names.difference(&new_names).cloned().collect(),
        ..Comparison::default()
    };
    for name in old_names.intersection(&new_names) {
        comparison.common += 1;
        let (old, new) = (&old[name], &new[name]);
        let words = || (name.clone(), old.word, new.word);
        match (failed(old), failed(new)) {
            (false, true) => comparison.newly_failing.push(words()),
            (true, true) => comparison.still_failing.push(words()),
            (true, false) if new.word.has_passed() => comparison.fixed.push(words()),
            _ => {}
        }
        let durations = (old.clean().map(micros), new.clean().map(micros));
        let is_clean = durations.0.is_some() && durations.1.is_some();
        let change = change(name, durations, known.durations.get(name), FLOOR_US);
        sort_in(change, &mut comparison.slower, &mut comparison.faster);
        if is_clean {
            let bytes = (old.max_rss_bytes(), new.max_rss_bytes());
            let change = self::change(name, bytes, known.memory.get(name), FLOOR_BYTES);
            sort_in(change, &mut comparison.bigger, &mut comparison.smaller);
        }
    }
    for list in [
        &mut comparison.slower,
        &mut comparison.faster,
        &mut comparison.bigger,
        &mut comparison.smaller,
    ] {
        list.sort_by_key(|it| std::cmp::Reverse(it.before.abs_diff(it.after)));
    }
    comparison
}

fn failed(suite: &SuiteRow) -> bool {
    suite.word.status == regatta_core::verdict::Status::Failed
}

/// Returns how a figure changed, if that is more than noise.
fn change(
    name: &str,
    (before, after): (Option<u64>, Option<u64>),
    samples: Option<&Vec<u64>>,
    floor: u64,
) -> Option<Change> {
    let (before, after) = (before?, after?);
    let samples = samples.filter(|it| it.len() >= ENOUGH);
    let noise = match samples.and_then(|it| Some((it, median(it)?))) {
        Some((samples, usual)) => noise(usual, spread(samples, usual), floor),
        None => (before / 4).max(floor),
    };
    (before.abs_diff(after) > noise).then(|| Change {
        name: name.to_owned(),
        before,
        after,
        noise,
        samples: samples.map_or(0, Vec::len),
    })
}

fn sort_in(change: Option<Change>, more: &mut Vec<Change>, less: &mut Vec<Change>) {
    if let Some(change) = change {
        if change.after > change.before {
            more.push(change);
        } else {
            less.push(change);
        }
    }
}
