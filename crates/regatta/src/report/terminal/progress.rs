//! What runs right now and how much is done. It keeps nothing of what is over but the counts.

use regatta_core::event::{Event, RunHeader, Summary};
use regatta_core::id::{AttemptId, Id, IdMap, SuiteId, TaskId};
use regatta_core::time::Time;
use regatta_core::verdict::{Outcome, Verdict};

use super::prospect::End;
use super::wish::{KeyHints, Starts};
use crate::report::suites::worst;

/// A run as it stands. Each event costs as much as there are attempts running, however many suites there are.
#[derive(Debug)]
pub(super) struct Progress {
    /// Suites of the plan.
    pub(super) total: usize,
    /// Those that have a verdict in this round, by verdict.
    pub(super) done: Summary,
    /// The suite of each task.
    tasks: Vec<SuiteId>,
    /// How many tasks have a verdict in this round.
    over: usize,
    /// How it is with each suite.
    suites: IdMap<SuiteId, Standing>,
    /// The counts of the round that was over last.
    pub(super) last_round: Summary,
    /// What runs, the oldest first.
    pub(super) running: Vec<Running>,
    /// The round that goes on, from 1.
    pub(super) round: u32,
    /// When the run will end, as far as it can be foreseen.
    pub(super) end: Option<End>,
    /// Whether the user lets suites start.
    pub(super) starts: Starts,
    /// How many slots there are, where the user has changed that.
    pub(super) slots: Option<u32>,
    /// Whether the user can press keys.
    pub(super) hints: KeyHints,
}

/// How it is with a suite in this round.
#[derive(Debug, Clone, Default)]
struct Standing {
    /// How many tasks it is.
    tasks: u32,
    /// How many of them have no verdict yet.
    left: u32,
    /// How many of them have started, in any round.
    started: u32,
    /// The worst word on one of them.
    word: Option<Verdict>,
}

/// An attempt that runs.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) attempt: AttemptId,
    pub(super) started: Time,
    pub(super) state: State,
}

/// How an attempt is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Usual,
    /// It runs for longer than it usually should.
    Slow,
    /// It was told to end.
    Ending,
}

impl Progress {
    pub(super) fn new(header: &RunHeader) -> Self {
        let none = header.suites.iter().map(|_| Standing::default());
        let mut suites: IdMap<SuiteId, Standing> = none.collect();
        for suite in &header.tasks {
            suites[*suite].tasks += 1;
            suites[*suite].left += 1;
        }
        Self {
            total: suites.values().filter(|it| it.tasks > 0).count(),
            done: Summary::default(),
            tasks: header.tasks.clone(),
            over: 0,
            suites,
            last_round: Summary::default(),
            running: Vec::new(),
            round: 1,
            end: None,
            starts: Starts::GoOn,
            slots: None,
            hints: KeyHints::Hidden,
        }
    }

    /// Takes what an event changes.
    pub(super) fn apply(&mut self, at: Time, event: &Event) {
        match event {
            Event::AttemptStarted { attempt, .. } => {
                if attempt.number == 1
                    && let Some(suite) = self.tasks.get(attempt.task.index())
                {
                    self.suites[*suite].started += 1;
                }
                self.running.push(Running {
                    attempt: *attempt,
                    started: at,
                    state: State::Usual,
                });
            }
            Event::Slow { attempt, .. } => self.set_state(*attempt, State::Slow),
            Event::Stopping { attempt, .. } => self.set_state(*attempt, State::Ending),
            Event::AttemptFinished { attempt, .. } => {
                self.running.retain(|running| running.attempt != *attempt);
            }
            Event::TaskRoundFinished { task, verdict, .. }
            | Event::TaskFinished { task, verdict } => self.note_word(*task, verdict),
            Event::RoundFinished { round, .. } => {
                self.round = round.saturating_add(1);
                self.last_round = std::mem::take(&mut self.done);
                self.over = 0;
                for suite in self.suites.values_mut() {
                    suite.left = suite.tasks;
                    suite.word = None;
                }
            }
            Event::RunStarted(_)
            | Event::Probed { .. }
            | Event::NotStored { .. }
            | Event::RepositoryRead(_)
            | Event::RetryScheduled { .. }
            | Event::RunCancelled { .. }
            | Event::RunFinished { .. } => {}
        }
    }

    /// Returns how many tasks wait for something: a dependency, room or a retry.
    pub(super) fn waiting(&self) -> usize {
        let begun = self.over + self.running.len();
        self.tasks.len().saturating_sub(begun)
    }

    /// Returns the word on the suite of a task once all of its tasks have theirs.
    pub(super) fn word(&self, task: TaskId) -> Option<&Verdict> {
        let suite = &self.suites[*self.tasks.get(task.index())?];
        suite.word.as_ref().filter(|_| suite.left == 0)
    }

    /// Returns whether no other task of the suite of a task has started.
    pub(super) fn is_first_start(&self, task: TaskId) -> bool {
        let suite = self.tasks.get(task.index());
        suite.is_some_and(|suite| self.suites[*suite].started <= 1)
    }

    fn note_word(&mut self, task: TaskId, verdict: &Verdict) {
        let Some(suite) = self.tasks.get(task.index()) else {
            return;
        };
        self.over += 1;
        let suite = &mut self.suites[*suite];
        let words = suite.word.take().into_iter().chain([verdict.clone()]);
        let word = worst(words);
        suite.left = suite.left.saturating_sub(1);
        if let Some(word) = word.as_ref().filter(|_| suite.left == 0) {
            self.done.count(word);
        }
        suite.word = word;
    }

    fn set_state(&mut self, attempt: AttemptId, state: State) {
        let found = self.running.iter_mut().find(|it| it.attempt == attempt);
        if let Some(running) = found {
            running.state = state;
        }
    }
}

/// Returns whether a verdict says that the run ended before the task did.
pub(super) fn is_cut_short(verdict: &Verdict) -> bool {
    matches!(verdict.outcome(), Outcome::Cancelled | Outcome::Interrupted)
}
