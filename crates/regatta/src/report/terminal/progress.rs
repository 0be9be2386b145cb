//! What runs right now and how much is done. It keeps nothing of what is over but the counts.

use regatta_core::event::{Event, Summary};
use regatta_core::id::AttemptId;
use regatta_core::time::Time;
use regatta_core::verdict::{Outcome, Verdict};

use super::prospect::End;
use super::wish::{KeyHints, Starts};

/// A run as it stands. Each event costs as much as there are attempts running, however many suites there are.
#[derive(Debug)]
pub(super) struct Progress {
    /// Tasks of the plan.
    pub(super) total: usize,
    /// Those that have a verdict in this round, by verdict.
    pub(super) done: Summary,
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
    pub(super) fn new(total: usize) -> Self {
        Self {
            total,
            done: Summary::default(),
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
            Event::AttemptStarted { attempt, .. } => self.running.push(Running {
                attempt: *attempt,
                started: at,
                state: State::Usual,
            }),
            Event::Slow { attempt, .. } => self.set_state(*attempt, State::Slow),
            Event::Stopping { attempt, .. } => self.set_state(*attempt, State::Ending),
            Event::AttemptFinished { attempt, .. } => {
                self.running.retain(|running| running.attempt != *attempt);
            }
            Event::TaskRoundFinished { verdict, .. } | Event::TaskFinished { verdict, .. } => {
                self.done.count(verdict);
            }
            Event::RoundFinished { round, .. } => {
                self.round = round.saturating_add(1);
                self.done = Summary::default();
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
        let begun = self.done.total as usize + self.running.len();
        self.total.saturating_sub(begun)
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
