//! Whether a suite is flaky, broken or neither, and the evidence for it. Pure.
//!
//! A suite is flaky if it passed and failed although nothing had changed: in one run, by attempts that passed and failed,
//! or in several, by both verdicts of one definition at one commit without changed files, or of one cache key. Everything
//! else that fails may be right to fail.

use std::collections::BTreeMap;
use std::time::Duration;

use regatta_core::past::FlakyRate;

use super::entry::Entry;

/// A suite that fails as often in a row is broken, however flaky it was, where its rate makes this row less likely than
/// one in a thousand.
const SHORTEST_BROKEN: i32 = 3;
const UNLIKELY: f64 = 0.001;

/// What is to be thought of a suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It passes, or nothing is known against it.
    Steady,
    /// It passes and fails although nothing changes.
    Flaky,
    /// It fails, and has since some run.
    Broken,
}

/// What the runs of a suite say of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// What is to be thought of it.
    pub standing: Standing,
    /// How many runs it passed or failed in.
    pub runs: u32,
    /// How many of them it failed in.
    pub failures: u32,
    /// How many of the latest it failed in, without a pass between them.
    pub failing: u32,
    /// When the first of those started, microseconds since 1970 UTC.
    pub failing_since_us: Option<i64>,
    /// How often it failed although nothing had changed; `None` if that was never seen.
    pub rate: Option<FlakyRate>,
    /// How often the verdict changed although nothing else had.
    pub flips: u32,
    /// When the latest run started in which it failed although nothing had changed.
    pub last_flake_us: Option<i64>,
    /// How long the attempts took that failed before a pass.
    pub wasted: Duration,
}

/// What runs share between which nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    /// The definition and the commit, without changed files.
    Commit(u32, u64),
    /// The key of all that decides the result, whatever else differs.
    Key(u64),
}

/// Weighs the runs of a suite. Those that say nothing of it are passed over.
///
/// *Shape*: `entries` have the newest last.
#[must_use]
pub fn weigh(entries: &[Entry]) -> Evidence {
    let counted: Vec<&Entry> = entries.iter().filter(|it| it.counts()).collect();
    let failing = counted.iter().rev();
    let failing = failing.take_while(|it| it.word.has_failed()).count();
    let streak = &counted[counted.len() - failing..];
    // A run in which some rounds passed is no part of what fails steadily.
    let steady = streak.iter().rev().take_while(|it| !has_both(it)).count();
    let (before, steady) = counted.split_at(counted.len() - steady);
    let is_broken = is_broken(before, steady);
    // What fails steadily is no chance: it says nothing of how often chance strikes.
    let judged = if is_broken { before } else { &counted };
    let groups = groups(judged);
    let flakes = judged.iter().filter(|it| is_flake(it, &groups));
    let rate = rate(judged, &groups);
    Evidence {
        standing: match (is_broken, rate) {
            (true, _) => Standing::Broken,
            (false, Some(_)) => Standing::Flaky,
            (false, None) => Standing::Steady,
        },
        runs: count(counted.len()),
        failures: count(counted.iter().filter(|it| it.word.has_failed()).count()),
        failing: count(failing),
        failing_since_us: streak.first().map(|it| it.facts.started_us),
        rate,
        flips: flips(judged),
        last_flake_us: flakes.map(|it| it.facts.started_us).max(),
        wasted: counted.iter().map(|it| it.wasted).sum(),
    }
}

fn is_broken(before: &[&Entry], streak: &[&Entry]) -> bool {
    if streak.is_empty() {
        return false;
    }
    let groups = groups(before);
    let is_known = rate(before, &groups).is_some();
    // A failure at the very commit that passed before may be chance, or the end of it.
    let at_same = |it: &&Entry| groups_of(it).any(|it| groups.contains_key(&it));
    if !is_known && !streak.iter().any(at_same) {
        return true;
    }
    let (failures, attempts) = tally(before, &groups);
    // The law of succession: what was never seen is not impossible.
    let chance = f64::from(failures + 1) / f64::from(attempts + 2);
    let length = i32::try_from(streak.len()).unwrap_or(i32::MAX);
    length >= SHORTEST_BROKEN && chance.powi(length) < UNLIKELY
}

/// Returns whether attempts of one run passed and failed, whatever was said of it in the end: the worst round decides
/// that.
fn has_both(entry: &Entry) -> bool {
    entry.failed_attempts > 0 && entry.attempts > entry.failed_attempts
}

/// Returns the groups a run belongs to: none, one or both.
fn groups_of(entry: &Entry) -> impl Iterator<Item = Group> + use<> {
    let commit = entry.definition.zip(entry.facts.commit);
    let commit = commit.map(|(definition, commit)| Group::Commit(definition, commit));
    commit.into_iter().chain(entry.key.map(Group::Key))
}

/// Returns for each group whether there was a pass and whether there was a failure.
fn groups(entries: &[&Entry]) -> BTreeMap<Group, (bool, bool)> {
    let mut groups = BTreeMap::new();
    for entry in entries {
        for group in groups_of(entry) {
            let (passed, failed) = groups.entry(group).or_insert((false, false));
            *passed |= entry.word.has_passed() || has_both(entry);
            *failed |= entry.failed_attempts > 0 || entry.word.has_failed();
        }
    }
    groups
}

/// Returns whether it failed in this run although nothing had changed.
fn is_flake(entry: &Entry, groups: &BTreeMap<Group, (bool, bool)>) -> bool {
    let is_mixed = || groups_of(entry).any(|it| groups.get(&it) == Some(&(true, true)));
    if entry.word.has_passed() {
        entry.failed_attempts > 0
    } else {
        has_both(entry) || is_mixed()
    }
}

/// Returns the attempts that failed although nothing had changed, and those beside all that passed. A failure that may
/// have had a reason is neither.
fn tally(entries: &[&Entry], groups: &BTreeMap<Group, (bool, bool)>) -> (u32, u32) {
    let telling = entries
        .iter()
        .filter(|it| it.word.has_passed() || is_flake(it, groups));
    telling.fold((0, 0), |(failures, attempts), it| {
        let failed = it.failed_attempts.max(u32::from(it.word.has_failed()));
        (failures + failed, attempts + it.attempts.max(failed).max(1))
    })
}

fn rate(entries: &[&Entry], groups: &BTreeMap<Group, (bool, bool)>) -> Option<FlakyRate> {
    let (failures, attempts) = tally(entries, groups);
    (failures > 0).then_some(FlakyRate { failures, attempts })
}

/// Returns how often the verdict changed: within a run, and from one to the next with nothing changed between.
fn flips(entries: &[&Entry]) -> u32 {
    let inside = entries
        .iter()
        .filter(|it| has_both(it) || (it.word.has_passed() && it.failed_attempts > 0));
    let mut latest: BTreeMap<Group, bool> = BTreeMap::new();
    let between = entries.iter().filter(|it| {
        let passed = it.word.has_passed();
        let changes = groups_of(it).filter(|group| {
            let before = latest.insert(*group, passed);
            before.is_some_and(|before| before != passed)
        });
        // Each group is told of the verdict; in how many of them it changed does not matter.
        changes.count() > 0
    });
    count(inside.count() + between.count())
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use regatta_core::verdict::{Outcome, Status};

    use super::super::entry::Facts;
    use super::super::word::Word;
    use super::*;

    /// Reads runs from letters: `p` passed, `f` failed, `r` passed at the second attempt, `b` blocked, `i` lost,
    /// `w` failed with nearly everything else; a digit is the commit from there on, `*` changed files.
    fn entries(script: &str) -> Vec<Entry> {
        let mut commit = Some(0);
        let mut entries = Vec::new();
        for letter in script.chars() {
            let (status, outcome, attempts, failed_attempts) = match letter {
                'p' => (Status::Passed, Outcome::Passed, 1, 0),
                'r' => (Status::Passed, Outcome::Flaky, 2, 1),
                'm' => (Status::Failed, Outcome::ExitCode, 6, 2),
                'f' | 'w' => (Status::Failed, Outcome::ExitCode, 1, 1),
                'b' => (Status::Skipped, Outcome::Blocked, 0, 0),
                'i' => (Status::Failed, Outcome::Infrastructure, 1, 0),
                '*' => {
                    commit = None;
                    continue;
                }
                digit => {
                    commit = digit.to_digit(10).map(u64::from);
                    continue;
                }
            };
            entries.push(Entry {
                word: Word { status, outcome },
                attempts,
                failed_attempts,
                clean: None,
                wasted: Duration::from_secs(u64::from(letter == 'r') * 3),
                definition: Some(7),
                key: None,
                cpu: None,
                memory_bytes: None,
                facts: Facts {
                    started_us: i64::try_from(entries.len()).unwrap(),
                    commit,
                    is_widespread: letter == 'w',
                    ..Facts::default()
                },
            });
        }
        entries
    }

    #[test]
    fn flaky_broken_and_steady_are_told_apart() {
        use Standing::{Broken, Flaky, Steady};
        type Expected = (&'static str, Standing, u32, Option<(u32, u32)>);
        let table: [Expected; 21] = [
            ("", Steady, 0, None),
            ("pppp", Steady, 0, None),
            // Each commit had its own verdict.
            ("1p2f3p", Steady, 0, None),
            ("1p2ff", Broken, 2, None),
            // Nobody knows what had changed.
            ("*pfp", Steady, 0, None),
            ("*pf", Broken, 1, None),
            // Both verdicts at one commit.
            ("1pfp", Flaky, 0, Some((1, 3))),
            ("1pppf", Flaky, 1, Some((1, 4))),
            ("1f2pp1p", Flaky, 0, Some((1, 4))),
            // One run is enough, whatever the files.
            ("*ppr", Flaky, 0, Some((1, 4))),
            // One run of several rounds too.
            ("*m", Flaky, 1, Some((2, 6))),
            ("*mm", Flaky, 2, Some((4, 12))),
            ("1p2mf", Flaky, 2, Some((3, 8))),
            ("1m2ffffffffff", Broken, 11, Some((2, 6))),
            // Then it broke for good, at the same commit or another.
            ("1pppppppppffff", Broken, 4, None),
            ("1rpppprpppp2ffffff", Broken, 6, Some((2, 12))),
            ("1rpppprpppp2f", Flaky, 1, Some((2, 12))),
            // What says nothing.
            ("1pbbb", Steady, 0, None),
            ("1piii", Steady, 0, None),
            ("1pwwwww", Steady, 0, None),
            ("1pfbwi", Flaky, 1, Some((1, 2))),
        ];
        for (script, standing, failing, rate) in table {
            let evidence = weigh(&entries(script));
            let found = evidence.rate.map(|it| (it.failures, it.attempts));
            assert_eq!(
                (evidence.standing, evidence.failing, found),
                (standing, failing, rate),
                "{script}: {evidence:?}"
            );
        }
    }

    #[test]
    fn a_suite_that_fails_one_time_in_four_is_not_called_broken_soon() {
        let script = "1pppfppfpppfppfff";
        assert_eq!(weigh(&entries(script)).standing, Standing::Flaky);
    }

    #[test]
    fn flips_flakes_and_waste_are_counted() {
        let evidence = weigh(&entries("1pfprp2p"));
        assert_eq!(evidence.flips, 3);
        assert_eq!(evidence.last_flake_us, Some(3));
        assert_eq!(evidence.wasted, Duration::from_secs(3));
        assert_eq!((evidence.runs, evidence.failures), (6, 1));
    }

    #[test]
    fn both_verdicts_of_one_key_are_evidence_whatever_the_files() {
        let mut runs = entries("*pfp");
        for run in &mut runs {
            run.key = Some(5);
        }
        let evidence = weigh(&runs);
        assert_eq!((evidence.standing, evidence.flips), (Standing::Flaky, 2));
        runs[1].key = Some(6);
        assert_eq!(weigh(&runs).standing, Standing::Steady);
    }

    #[test]
    fn a_verdict_changes_once_though_commit_and_key_are_the_same() {
        let mut runs = entries("1pfp");
        for run in &mut runs {
            run.key = Some(5);
        }
        assert_eq!(weigh(&runs).flips, 2);
    }

    #[test]
    fn another_definition_is_another_suite() {
        let mut runs = entries("1pf");
        runs[1].definition = Some(8);
        assert_eq!(weigh(&runs).standing, Standing::Broken);
        runs[1].definition = None;
        assert_eq!(weigh(&runs).rate, None);
    }
}
