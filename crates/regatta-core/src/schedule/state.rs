//! The state of one task, and the moment at which it wants to be looked at again.

use std::time::Duration;

use crate::event::StopCause;
use crate::plan::Task;
use crate::terms::Terms;
use crate::time::Time;
use crate::verdict::Verdict;

#[derive(Debug)]
pub(super) enum State {
    /// This many dependencies have not passed yet.
    Waiting { missing: usize },
    /// Whether an earlier result holds for it is being found out.
    Probing,
    /// It could run, but has no room yet.
    Queued { attempt: u32, since: Time },
    /// It has room; whether its command runs is not known yet.
    Starting {
        attempt: u32,
        queued: Duration,
        /// Why it is to end as soon as it has started.
        stop: Option<StopCause>,
    },
    /// Its command runs.
    Running(Running),
    /// Its command has exited, and what it left is being read. Nothing can be late any more, and nothing be stopped.
    Exited {
        attempt: u32,
        /// Why it had been told to end, if it had.
        stop: Option<StopCause>,
    },
    /// It failed and will be tried again; meanwhile its room is free.
    Backoff { next: u32, until: Time },
    /// The final word is said.
    Done,
}

#[derive(Debug)]
pub(super) struct Running {
    pub(super) attempt: u32,
    pub(super) started: Time,
    pub(super) last_output: Time,
    pub(super) slowness: Slowness,
    pub(super) stop: Option<Stop>,
}

/// Whether it was said that an attempt is slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slowness {
    Untold,
    Told,
}

/// An attempt that is to end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    pub(super) cause: StopCause,
    pub(super) stage: StopStage,
}

/// How far the end of an attempt has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StopStage {
    /// A command of its suite looks at it; it is asked to end when that is done, and no later than then.
    Examined { until: Time },
    /// It was asked to end, and is ended by force then.
    Asked { until: Time },
    /// It was ended by force.
    Forced,
}

/// What a running attempt is due for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Ask(StopCause),
    Force(StopCause),
    Timeout,
    IdleTimeout,
    Slow,
}

impl State {
    /// Returns the state of a task before anything has run.
    pub(super) fn initial(task: &Task) -> Self {
        Self::Waiting {
            missing: task.dependencies.len(),
        }
    }

    /// Returns when the task next wants to be looked at, if nothing else happens.
    pub(super) fn alarm(&self, terms: &Terms) -> Option<Time> {
        match self {
            Self::Running(running) => running.next_due(terms).map(|(at, _)| at),
            Self::Backoff { until, .. } => Some(*until),
            Self::Waiting { .. }
            | Self::Probing
            | Self::Queued { .. }
            | Self::Starting { .. }
            | Self::Exited { .. }
            | Self::Done => None,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }
}

impl Running {
    pub(super) fn new(attempt: u32, started: Time) -> Self {
        Self {
            attempt,
            started,
            last_output: started,
            slowness: Slowness::Untold,
            stop: None,
        }
    }

    /// Returns the earliest thing the attempt is due for, and when.
    pub(super) fn next_due(&self, terms: &Terms) -> Option<(Time, Due)> {
        if let Some(stop) = &self.stop {
            return match stop.stage {
                StopStage::Examined { until } => Some((until, Due::Ask(stop.cause))),
                StopStage::Asked { until } => Some((until, Due::Force(stop.cause))),
                StopStage::Forced => None,
            };
        }
        let timeout = terms
            .timeout
            .map(|limit| (self.started + limit, Due::Timeout));
        let idle = terms
            .idle_timeout
            .map(|limit| (self.last_output + limit, Due::IdleTimeout));
        let slow = terms
            .slow_after
            .filter(|_| self.slowness == Slowness::Untold)
            .map(|after| (self.started + after, Due::Slow));
        // Of two at the same moment the first counts: the limit rather than the remark.
        [timeout, idle, slow]
            .into_iter()
            .flatten()
            .min_by_key(|(at, _)| *at)
    }
}

/// Returns the word on an attempt that ended after it was told to.
pub(super) fn verdict_of_stop(cause: StopCause, terms: &Terms) -> Verdict {
    use crate::verdict::{Failure, Reason};
    match cause {
        StopCause::Timeout => Verdict::Failed(Failure::Timeout(terms.timeout.unwrap_or_default())),
        StopCause::IdleTimeout => {
            Verdict::Failed(Failure::IdleTimeout(terms.idle_timeout.unwrap_or_default()))
        }
        StopCause::Cancelled => Verdict::Skipped(Reason::Cancelled),
        StopCause::Interrupted => Verdict::Skipped(Reason::Interrupted),
    }
}
