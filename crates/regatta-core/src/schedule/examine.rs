//! What the scheduler tells those who look at an attempt that hangs, or may hang.

use std::time::Duration;

use crate::event::StopCause;
use crate::id::{AttemptId, TaskId};
use crate::schedule::Effect;
use crate::schedule::state::Running;
use crate::time::Time;

/// Why an attempt is looked at, and how it is with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    /// Why.
    pub occasion: Occasion,
    /// For how long it has run.
    pub running: Duration,
    /// How long ago it last printed something; since its start if it never did.
    pub silent: Duration,
}

/// Why an attempt is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// It runs for longer than its suite usually should.
    Slow,
    /// It ran into a limit, and will be told to end for this cause.
    Limit(StopCause),
}

impl Running {
    /// Returns what has it looked at.
    pub(super) fn examine(&self, task: TaskId, occasion: Occasion, now: Time) -> Effect {
        Effect::Examine {
            attempt: AttemptId {
                task,
                number: self.attempt,
            },
            circumstances: Circumstances {
                occasion,
                running: now - self.started,
                silent: now - self.last_output,
            },
        }
    }
}
