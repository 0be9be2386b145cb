//! The terms under which a suite runs: what its declaration asks of the scheduler.
//!
//! Plain values, already checked by whoever read them; nothing here knows of files or of TOML.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How often, and after which pauses, a failed attempt is followed by another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retries {
    /// Attempts after the first; 0 for none.
    pub count: u32,
    /// Pause before the first retry.
    pub delay: Duration,
    /// How the pause grows from one retry to the next.
    pub backoff: Backoff,
    /// Upper bound of a pause, `None` for none.
    pub max_delay: Option<Duration>,
    /// Whether each pause is drawn from its upper half, so that retries of many suites spread out.
    pub jitter: bool,
}

impl Retries {
    /// Returns the terms of a suite that gets one attempt only.
    #[must_use]
    pub const fn none() -> Self {
        Self::immediate(0)
    }

    /// Returns `count` retries that follow at once.
    #[must_use]
    pub const fn immediate(count: u32) -> Self {
        Self {
            count,
            delay: Duration::ZERO,
            backoff: Backoff::Fixed,
            max_delay: None,
            jitter: false,
        }
    }
}

/// How the pause before a retry grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backoff {
    /// Every pause is `delay`.
    Fixed,
    /// Each pause is twice the one before it.
    Exponential,
}

/// The verdict of a pass that needed a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlakyVerdict {
    /// It counts as passed.
    Pass,
    /// It counts as failed.
    Fail,
}

/// What a suite's exit is expected to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// Exit code 0 passes.
    Pass,
    /// A non-zero exit code passes; exit code 0 is an unexpected pass, which fails.
    Fail,
}

/// What happens to processes that are alive when the suite's command has exited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leftovers {
    /// They are ended; the verdict stands.
    Kill,
    /// They are ended and the suite fails.
    Fail,
    /// They are left alone.
    Allow,
}

/// Whether an earlier result may stand for a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reuse {
    /// It always runs.
    Never,
    /// Before it runs, somebody is asked whether an earlier pass holds.
    Possible,
}

/// What the first failure of a run does to the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailFast {
    /// Nothing: everything runs.
    Off,
    /// What runs may finish, nothing starts any more.
    Soon,
    /// What runs is ended too.
    Now,
}

/// How often a run goes through its suites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeat {
    /// How many rounds there are at most, at least 1; `None` for no limit.
    pub rounds: Option<u32>,
    /// What ends it earlier.
    pub until: Until,
}

/// What ends a run of several rounds before the last of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// Nothing.
    Done,
    /// The round in which a suite failed is the last one.
    Failure,
}

impl Repeat {
    /// Returns the terms of a run that goes through its suites once.
    #[must_use]
    pub const fn once() -> Self {
        Self {
            rounds: Some(1),
            until: Until::Done,
        }
    }

    /// Returns whether there is never a second round.
    #[must_use]
    pub fn is_once(self) -> bool {
        self.rounds == Some(1)
    }
}

/// Everything a suite's declaration asks of the scheduler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Longest running time of one attempt, `None` for no limit.
    pub timeout: Option<Duration>,
    /// Time between the polite signal and the end by force.
    pub grace_period: Duration,
    /// Running time after which the suite is said to be slow.
    pub slow_after: Option<Duration>,
    /// Longest time without output, `None` for no limit.
    pub idle_timeout: Option<Duration>,
    /// Attempts after the first.
    pub retries: Retries,
    /// The verdict of a pass that needed a retry.
    pub flaky: FlakyVerdict,
    /// What the exit is expected to say.
    pub expect: Expect,
    /// The exit code that means "skipped", between 1 and 255.
    pub skip_exit_code: Option<i32>,
    /// What to do with processes that outlive the command.
    pub leftovers: Leftovers,
    /// How long a command of the suite's own may look at an attempt that ran into a limit before the attempt is told
    /// to end; `None` where there is no such command.
    pub examination: Option<Duration>,
    /// Whether an earlier result may stand for a new one.
    pub reuse: Reuse,
}

impl Default for Terms {
    /// Returns the terms of a suite that asks for nothing: one attempt, no limits, ten seconds of grace.
    fn default() -> Self {
        Self {
            timeout: None,
            grace_period: Duration::from_secs(10),
            slow_after: None,
            idle_timeout: None,
            retries: Retries::none(),
            flaky: FlakyVerdict::Pass,
            expect: Expect::Pass,
            skip_exit_code: None,
            leftovers: Leftovers::Kill,
            examination: None,
            reuse: Reuse::Never,
        }
    }
}
