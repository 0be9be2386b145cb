//! The rounds of a run: which one goes on, what each task's words were so far, and whether another follows.
//!
//! It starts nothing and knows no dependencies; a run that goes through its suites once has one round.

use crate::event::Summary;
use crate::id::{IdMap, TaskId};
use crate::terms::{Repeat, Until};
use crate::verdict::Verdict;

#[derive(Debug)]
pub(super) struct Rounds {
    repeat: Repeat,
    /// The round that goes on, from 1.
    number: u32,
    /// The words of this round.
    summary: Summary,
    tasks: IdMap<TaskId, Course>,
}

/// What is known of one task over the rounds.
#[derive(Debug, Default)]
struct Course {
    /// The worst word so far; of two equally bad ones the first.
    worst: Option<Verdict>,
    /// The latest attempt's number; numbers go on over rounds.
    latest: u32,
    /// What `latest` was when this round began.
    before: u32,
    /// Whether an attempt of this round was killed for memory and followed by one alone.
    was_killed: bool,
}

impl Rounds {
    pub(super) fn new(repeat: Repeat, tasks: usize) -> Self {
        Self {
            repeat,
            number: 1,
            summary: Summary::default(),
            tasks: (0..tasks).map(|_| Course::default()).collect(),
        }
    }

    /// Returns whether there may be more than one.
    pub(super) fn are_several(&self) -> bool {
        !self.repeat.is_once()
    }

    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Returns the counts of this round.
    pub(super) fn summary(&self) -> Summary {
        self.summary
    }

    /// Returns the number of a task's first attempt in this round.
    pub(super) fn first_attempt(&self, task: TaskId) -> u32 {
        self.tasks[task].before + 1
    }

    /// Returns how many attempts of this round there were up to `number`, itself included; the one that was killed for
    /// memory says nothing of its suite and does not count.
    pub(super) fn position(&self, task: TaskId, number: u32) -> u32 {
        let course = &self.tasks[task];
        number.saturating_sub(course.before + u32::from(course.was_killed))
    }

    /// Takes it that an attempt was killed for memory, and returns whether it was the first of this round.
    pub(super) fn note_killed(&mut self, task: TaskId) -> bool {
        let course = &mut self.tasks[task];
        !std::mem::replace(&mut course.was_killed, true)
    }

    /// Takes it that an attempt is over.
    pub(super) fn note_attempt(&mut self, task: TaskId, number: u32) {
        self.tasks[task].latest = number;
    }

    /// Takes the word on a task in this round.
    pub(super) fn note_word(&mut self, task: TaskId, verdict: &Verdict) {
        self.summary.count(verdict);
        let worst = &mut self.tasks[task].worst;
        if worst.as_ref().is_none_or(|it| verdict.is_worse_than(it)) {
            *worst = Some(verdict.clone());
        }
    }

    /// Returns whether every task has its word in this round.
    pub(super) fn is_over(&self) -> bool {
        self.summary.total as usize == self.tasks.len()
    }

    /// Returns whether the rounds end with this one, unless something else ends them.
    pub(super) fn is_last(&self) -> bool {
        let failed = self.repeat.until == Until::Failure && self.summary.failed > 0;
        failed || self.repeat.rounds.is_some_and(|most| self.number >= most)
    }

    /// Goes on with the next round.
    pub(super) fn advance(&mut self) {
        self.number += 1;
        self.summary = Summary::default();
        for task in self.tasks.ids() {
            let course = &mut self.tasks[task];
            course.before = course.latest;
            course.was_killed = false;
        }
    }

    /// Returns the worst word on each task, and leaves none behind.
    pub(super) fn take_words(&mut self) -> Vec<(TaskId, Verdict)> {
        let tasks = self.tasks.ids();
        tasks
            .filter_map(|task| Some((task, self.tasks[task].worst.take()?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{Failure, Reason};

    #[test]
    fn the_worst_word_stays_and_of_two_the_first() {
        let task = TaskId(0);
        let failed = |code| Verdict::Failed(Failure::ExitCode(code));
        let cancelled = Verdict::Skipped(Reason::Cancelled);
        for (words, expected) in [
            (vec![Verdict::Passed, Verdict::Passed], Verdict::Passed),
            (vec![Verdict::Passed, Verdict::Flaky], Verdict::Flaky),
            (vec![Verdict::Flaky, cancelled.clone()], cancelled.clone()),
            (vec![failed(1), cancelled, failed(2)], failed(1)),
            (vec![Verdict::Passed, failed(2), failed(1)], failed(2)),
        ] {
            let mut rounds = Rounds::new(Repeat::once(), 1);
            for word in &words {
                rounds.note_word(task, word);
            }
            assert_eq!(rounds.take_words(), [(task, expected)], "{words:?}");
        }
    }
}
