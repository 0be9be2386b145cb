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

#[cfg(test)]
mod tests {
    use regatta_core::verdict::{Outcome, Status};

    use super::super::row::AttemptRow;
    use super::*;
    use crate::report::record::RunState;

    const PASSED: (Status, Outcome) = (Status::Passed, Outcome::Passed);
    const FAILED: (Status, Outcome) = (Status::Failed, Outcome::ExitCode);
    const BLOCKED: (Status, Outcome) = (Status::Skipped, Outcome::Blocked);

    fn run(suites: &[(&str, (Status, Outcome), u64)]) -> RunRow {
        let suite = |&(name, (status, outcome), ms): &(&str, (Status, Outcome), u64)| SuiteRow {
            name: name.to_owned(),
            definition: String::new(),
            word: Word { status, outcome },
            cache_key: None,
            cases: Vec::new(),
            attempts: vec![AttemptRow {
                outcome,
                duration_us: Some(ms * 1000),
                cpu_us: None,
                max_rss_bytes: Some(ms << 20),
                figures: None,
                exit_code: None,
                signal: None,
            }],
        };
        RunRow {
            run_id: String::new(),
            started_us: 0,
            duration_us: 0,
            state: RunState::Finished,
            exit_code: None,
            commit: None,
            branch: None,
            dirty: None,
            host: String::new(),
            os: String::new(),
            cpus: 1,
            max_parallel: 1,
            profile: None,
            selection: None,
            version: String::new(),
            suites: suites.iter().map(suite).collect(),
        }
    }

    #[test]
    fn verdicts_that_changed_are_sorted_by_what_they_mean() {
        let before = run(&[
            ("breaks", PASSED, 1),
            ("heals", FAILED, 1),
            ("stays", FAILED, 1),
            ("hides", FAILED, 1),
            ("gone", PASSED, 1),
        ]);
        let after = run(&[
            ("breaks", FAILED, 1),
            ("heals", PASSED, 1),
            ("stays", FAILED, 1),
            // Nobody knows whether it would pass.
            ("hides", BLOCKED, 1),
            ("new", FAILED, 1),
        ]);
        let found = compare(&before, &after, &Side::default());
        let names = |list: &[(String, Word, Word)]| -> Vec<String> {
            list.iter().map(|(name, ..)| name.clone()).collect()
        };
        assert_eq!(names(&found.newly_failing), ["breaks"]);
        assert_eq!(names(&found.fixed), ["heals"]);
        assert_eq!(names(&found.still_failing), ["stays"]);
        assert_eq!(
            (found.added, found.removed),
            (vec!["new".into()], vec!["gone".into()])
        );
        assert_eq!(found.common, 4);
    }

    #[test]
    fn only_what_is_beyond_the_noise_of_a_suite_is_told() {
        let mut known = Side::default();
        for ms in [1000, 1010, 990, 1000, 1000] {
            known.learn(&run(&[("calm", PASSED, ms)]));
        }
        for ms in [1000, 1900, 400, 1400, 700] {
            known.learn(&run(&[("wild", PASSED, ms)]));
        }
        let suites = |ms| {
            run(&[
                ("calm", PASSED, ms),
                ("wild", PASSED, ms),
                ("new", PASSED, ms),
            ])
        };
        let found = compare(&suites(1000), &suites(1200), &known);
        let names: Vec<&str> = found.slower.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["calm"]);
        let bigger: Vec<(&str, usize)> = found
            .bigger
            .iter()
            .map(|it| (&*it.name, it.samples))
            .collect();
        assert_eq!(bigger, [("calm", 5)]);
        let found = compare(&suites(1300), &suites(1000), &known);
        let names: Vec<&str> = found.faster.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["calm"]);
        // What failed took its time for another reason.
        let failed = run(&[("calm", FAILED, 9000)]);
        assert_eq!(compare(&suites(1000), &failed, &known).slower, []);
    }
}
