//! The record of a run by its suites: the shards of each suite folded into one task.
//!
//! Reports tell of suites, and ask for a record in this form. A run without shards has it already.

use std::borrow::Cow;

use regatta_core::event::{CancelReason, RunHeader};
use regatta_core::id::{Id, IdMap, SuiteId, TaskId};
use regatta_core::shard::Shard;
use regatta_core::time::Time;
use regatta_core::verdict::{Reason, Verdict};

use super::record::{Probe, Record, TaskRecord};
use super::rounds::{LeftOut, Tally, Words};

impl Record {
    /// Returns the record of the same run with one task a suite, in plan order. Those of suites in shards have the
    /// records of their shards in [`TaskRecord::shards`].
    #[must_use]
    pub fn by_suite(&self) -> Cow<'_, Self> {
        if self.shards.iter().all(Option::is_none) {
            return Cow::Borrowed(self);
        }
        let (suites, places) = number_suites(&self.header);
        let mut shards: Vec<Vec<TaskRecord>> = suites.iter().map(|_| Vec::new()).collect();
        for (task, place) in self.tasks.iter().zip(&places) {
            shards[place.index()].push(relocated(task, &places));
        }
        let tasks = shards.into_iter().map(combine).collect();
        let header = RunHeader {
            tasks: suites,
            ..self.header.clone()
        };
        let place = |task: TaskId| places.get(task.index()).copied().unwrap_or(task);
        let cancelled = self.cancelled.map(|reason| match reason {
            CancelReason::FailFast(task) => CancelReason::FailFast(place(task)),
            CancelReason::MaxFail(task) => CancelReason::MaxFail(place(task)),
            CancelReason::Interrupt(signal) => CancelReason::Interrupt(signal),
        });
        Cow::Owned(Self {
            repository: self.repository.clone(),
            tasks,
            cancelled,
            finished: self.finished,
            latest: self.latest,
            rounds: self.rounds,
            ..Self::new(header)
        })
    }

    /// Returns which part of its suite a task is, `None` for all of it.
    #[must_use]
    pub fn shard(&self, task: TaskId) -> Option<Shard> {
        self.shards.get(task.index()).copied().flatten()
    }

    /// Returns the tasks of the suite of a task, in the order of its shards.
    #[must_use]
    pub fn siblings(&self, task: TaskId) -> Vec<TaskId> {
        let Some(suite) = self.header.tasks.get(task.index()) else {
            return Vec::new();
        };
        let tasks = self.header.tasks.iter().enumerate();
        let own = tasks.filter(|(_, it)| *it == suite);
        own.map(|(index, _)| TaskId::from_index(index)).collect()
    }

    /// Returns the record of the whole suite of a task. The tasks it names are those of this record.
    #[must_use]
    pub fn whole(&self, task: TaskId) -> TaskRecord {
        let own = self.siblings(task).into_iter();
        combine(own.map(|it| self.tasks[it.index()].clone()).collect())
    }

    /// Returns what tells people which task this is: the suite's name, and its shard where there are several.
    #[must_use]
    pub fn label(&self, task: TaskId) -> Cow<'_, str> {
        let name = self.suite(task).name.as_str();
        match self.shard(task) {
            None => Cow::Borrowed(name),
            Some(shard) => Cow::Owned(format!("{name} {shard}")),
        }
    }
}

impl TaskRecord {
    /// Returns the records of all shards, or the record itself where there are none. What an attempt measured or told
    /// is found in the latest attempt of each.
    #[must_use]
    pub fn parts(&self) -> &[Self] {
        if self.shards.is_empty() {
            std::slice::from_ref(self)
        } else {
            &self.shards
        }
    }
}

/// Returns the suites that have tasks, in the order of those, and the place of each task's suite among them.
fn number_suites(header: &RunHeader) -> (Vec<SuiteId>, Vec<TaskId>) {
    let mut place_of: IdMap<SuiteId, Option<TaskId>> = header.suites.iter().map(|_| None).collect();
    let mut suites = Vec::new();
    let places = header.tasks.iter().map(|&suite| {
        *place_of[suite].get_or_insert_with(|| {
            suites.push(suite);
            TaskId::from_index(suites.len() - 1)
        })
    });
    let places = places.collect();
    (suites, places)
}

/// Returns a task that names the tasks it waits for by their new places.
pub(super) fn relocated(task: &TaskRecord, places: &[TaskId]) -> TaskRecord {
    let place = |verdict: &mut Verdict| {
        if let Verdict::Skipped(Reason::Blocked(by)) = verdict {
            *by = places.get(by.index()).copied().unwrap_or(*by);
        }
    };
    let mut task = task.clone();
    task.verdict.iter_mut().for_each(place);
    task.words.worst.iter_mut().for_each(place);
    task
}

/// Folds the shards of a suite into one; a suite that has only one task is that task.
fn combine(mut shards: Vec<TaskRecord>) -> TaskRecord {
    if shards.len() == 1 {
        return shards.remove(0);
    }
    let mut attempts: Vec<_> = shards.iter().flat_map(|it| it.attempts.clone()).collect();
    // What still runs is the latest.
    attempts.sort_by_key(|it| it.end.as_ref().map_or((1, Time::BEGIN), |end| (0, end.at)));
    let tallies = shards.iter().map(|it| it.tally);
    TaskRecord {
        attempts,
        tally: tallies.fold(Tally::default(), |sum, it| Tally {
            passed: sum.passed + it.passed,
            failed: sum.failed + it.failed,
        }),
        left_out: LeftOut {
            started: shards.iter().filter_map(|it| it.left_out.started).min(),
            work: shards.iter().map(|it| it.left_out.work).sum(),
        },
        words: Words {
            rounds: most(&shards, |it| it.words.rounds),
            failed: most(&shards, |it| it.words.failed),
            worst: worst(shards.iter().filter_map(|it| it.words.worst.clone())),
        },
        queued: shards.iter().filter_map(|it| it.queued).min(),
        probe: combine_probes(&shards),
        not_stored: shards.iter().find_map(|it| it.not_stored.clone()),
        verdict: combine_verdicts(&shards),
        is_diagnosed: shards.iter().any(|it| it.is_diagnosed),
        shards,
    }
}

fn most(shards: &[TaskRecord], count: impl Fn(&TaskRecord) -> u32) -> u32 {
    shards.iter().map(count).max().unwrap_or_default()
}

/// Returns the word on a suite: a failure as soon as there is one, anything else when all shards have theirs.
fn combine_verdicts(shards: &[TaskRecord]) -> Option<Verdict> {
    let words = shards.iter().filter_map(|it| it.verdict.clone());
    let count = words.clone().count();
    let word = worst(words)?;
    let is_decided = count == shards.len() || matches!(word, Verdict::Failed(_));
    is_decided.then_some(word)
}

/// Returns the worst of some words; of equally bad ones the first. All of them are cached or none is.
pub(in crate::report) fn worst(words: impl Iterator<Item = Verdict>) -> Option<Verdict> {
    words.reduce(|worst, word| match (&worst, &word) {
        (Verdict::Cached, Verdict::Passed) => word,
        _ if word.is_worse_than(&worst) => word,
        _ => worst,
    })
}

/// An earlier result of a suite held if one of each shard did.
fn combine_probes(shards: &[TaskRecord]) -> Option<Probe> {
    let probes: Vec<&Probe> = shards.iter().filter_map(|it| it.probe.as_ref()).collect();
    let miss = probes.iter().find(|it| !it.hit);
    let telling = miss.or(probes.first())?;
    Some(Probe {
        at: telling.at,
        // Each shard has its own.
        key: None,
        hit: miss.is_none() && probes.len() == shards.len(),
        reason: telling.reason.clone(),
        saved: probes.iter().map(|it| it.saved).sum(),
        // Where they are asked for, those of the shards are put together.
        cases: None,
        elided_bytes: (probes.iter()).fold(0, |sum, it| sum.saturating_add(it.elided_bytes)),
    })
}

#[cfg(test)]
mod tests {
    use regatta_core::verdict::Failure;

    use super::*;

    #[test]
    fn a_suite_is_cached_only_if_all_of_it_is() {
        let worst = |words: &[Verdict]| worst(words.iter().cloned());
        let failed = |code| Verdict::Failed(Failure::ExitCode(code));
        let (passed, cached) = (Verdict::Passed, Verdict::Cached);
        for (words, expected) in [
            (vec![cached.clone(), cached.clone()], cached.clone()),
            (vec![cached.clone(), passed.clone()], passed.clone()),
            (vec![passed.clone(), cached.clone()], passed.clone()),
            (vec![cached.clone(), Verdict::Flaky], Verdict::Flaky),
            (vec![passed, failed(2), failed(1), cached], failed(2)),
        ] {
            assert_eq!(worst(&words), Some(expected), "{words:?}");
        }
    }

    #[test]
    fn a_suite_has_its_word_when_all_shards_have_theirs_or_one_failed() {
        let shard = |verdict| TaskRecord {
            verdict,
            ..TaskRecord::default()
        };
        let failed = Some(Verdict::Failed(Failure::ExitCode(1)));
        let word = |words: [Option<Verdict>; 2]| combine(words.map(shard).to_vec()).verdict;
        assert_eq!(word([Some(Verdict::Passed), None]), None);
        assert_eq!(word([None, failed.clone()]), failed);
        let passed = Some(Verdict::Passed);
        assert_eq!(word([passed.clone(), passed.clone()]), passed);
    }
}
