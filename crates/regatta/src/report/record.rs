//! The record of a run: its events folded into one value that every report reads.
//!
//! It is the same whether the events come from a run that goes on or from a journal of long ago.

use std::path::Path;
use std::time::Duration;

use regatta_core::event::{CancelReason, Event, Repository, RunHeader, Summary};
use regatta_core::id::{AttemptId, Id, TaskId};
use regatta_core::past::Past;
use regatta_core::plan::Suite;
use regatta_core::time::Time;
use regatta_core::verdict::{AttemptReport, Exit, Failure, Outcome, Reason, Status, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rounds::{LeftOut, Tally, Words, make_way};

/// Above this an exit code stands for the signal that ended the run.
const LAST_OWN_EXIT_CODE: u8 = 128;

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It goes on; what has not finished reads as interrupted.
    Running,
    /// It ended by itself.
    Finished,
    /// A signal ended it, or it ended without a word.
    Interrupted,
}

/// Everything that is known of a run.
#[derive(Debug, Clone)]
pub struct Record {
    /// What was known when it started.
    pub header: RunHeader,
    /// The state of the repository, once it is known.
    pub repository: Option<Repository>,
    /// One entry a task, in plan order.
    pub tasks: Vec<TaskRecord>,
    /// Why the run was cut short, if it was: the first reason.
    pub cancelled: Option<CancelReason>,
    /// How it ended, `None` while it goes on and after a crash.
    pub finished: Option<Finish>,
    /// The time of the latest event.
    pub latest: Time,
    /// Rounds that are over; 0 in a run of one round.
    pub rounds: u32,
}

/// What is known of one task.
#[derive(Debug, Clone, Default)]
pub struct TaskRecord {
    /// Its executions, in order; of those that another followed, the first failures alone.
    pub attempts: Vec<AttemptRecord>,
    /// How many of all its executions ended how.
    pub tally: Tally,
    /// What is known of executions that are not listed.
    pub left_out: LeftOut,
    /// Its words in rounds; none in a run of one round.
    pub words: Words,
    /// How long the first attempt waited for room.
    pub queued: Option<Duration>,
    /// Whether an earlier result held, where that was asked.
    pub probe: Option<Probe>,
    /// Why a clean pass was not kept for later.
    pub not_stored: Option<String>,
    /// The final word, once there is one.
    pub verdict: Option<Verdict>,
    /// Whether it has a diagnosis log, as every suite has that was slow or ran into a limit.
    pub is_diagnosed: bool,
}

/// Whether an earlier result holds.
#[derive(Debug, Clone)]
pub struct Probe {
    /// The digest of all that decides the result; `None` where that cannot be known.
    pub key: Option<String>,
    /// Whether an earlier result was used.
    pub hit: bool,
    /// Why not, or when it was made.
    pub reason: String,
    /// How long the attempt took whose result was used.
    pub saved: Duration,
    /// Bytes that are missing in the log that was brought back.
    pub elided_bytes: u64,
}

/// What is known of one execution.
#[derive(Debug, Clone)]
pub struct AttemptRecord {
    /// Counts from 1.
    pub number: u32,
    /// When its command started; `None` if it never did.
    pub started: Option<Time>,
    /// How it ended, once it has.
    pub end: Option<AttemptEnd>,
}

/// How an execution ended.
#[derive(Debug, Clone)]
pub struct AttemptEnd {
    /// When.
    pub at: Time,
    /// The word on this attempt alone.
    pub verdict: Verdict,
    /// What was measured.
    pub report: AttemptReport,
}

/// How a run ended.
#[derive(Debug, Clone, Copy)]
pub struct Finish {
    /// When.
    pub at: Time,
    /// The counts.
    pub summary: Summary,
    /// The exit code, 128 plus its number for a signal.
    pub exit_code: u8,
}

impl Record {
    /// Starts the record of the run that `header` opens.
    #[must_use]
    pub fn new(header: RunHeader) -> Self {
        let tasks = vec![TaskRecord::default(); header.tasks.len()];
        Self {
            header,
            repository: None,
            tasks,
            cancelled: None,
            finished: None,
            latest: Time::BEGIN,
            rounds: 0,
        }
    }

    /// Adds what an event tells. A task that the header does not know is passed over.
    pub fn apply(&mut self, at: Time, event: &Event) {
        self.latest = self.latest.max(at);
        match event {
            Event::RunStarted(_) | Event::Stopping { .. } | Event::RetryScheduled { .. } => {}
            Event::Slow { attempt, .. } => self.diagnose(attempt.task),
            Event::Probed {
                task,
                key,
                hit,
                reason,
                saved,
                elided_bytes,
            } => {
                if let Some(record) = self.tasks.get_mut(task.index()) {
                    record.probe = Some(Probe {
                        key: key.clone(),
                        hit: *hit,
                        reason: reason.clone(),
                        saved: *saved,
                        elided_bytes: *elided_bytes,
                    });
                }
            }
            Event::NotStored { task, reason } => {
                if let Some(record) = self.tasks.get_mut(task.index()) {
                    record.not_stored = Some(reason.clone());
                }
            }
            Event::RepositoryRead(repository) => self.repository = Some(repository.clone()),
            Event::AttemptStarted {
                attempt, queued, ..
            } => self.start(at, *attempt, *queued),
            Event::AttemptFinished {
                attempt,
                verdict,
                report,
            } => self.end(at, *attempt, verdict, report),
            Event::TaskRoundFinished { task, verdict, .. } => {
                if let Some(record) = self.tasks.get_mut(task.index()) {
                    record.words.count(verdict);
                }
            }
            Event::RoundFinished { .. } => self.rounds += 1,
            Event::TaskFinished { task, verdict } => {
                if let Some(record) = self.tasks.get_mut(task.index()) {
                    record.verdict = Some(verdict.clone());
                }
            }
            Event::RunCancelled { reason } => {
                self.cancelled.get_or_insert(*reason);
            }
            Event::RunFinished { summary, exit_code } => {
                self.finished = Some(Finish {
                    at,
                    summary: *summary,
                    exit_code: *exit_code,
                });
            }
        }
    }

    fn start(&mut self, at: Time, attempt: AttemptId, queued: Duration) {
        if let Some(record) = self.tasks.get_mut(attempt.task.index()) {
            record.queued.get_or_insert(queued);
            make_way(&mut record.attempts, &mut record.left_out);
            record.attempts.push(AttemptRecord {
                number: attempt.number,
                started: Some(at),
                end: None,
            });
        }
    }

    fn diagnose(&mut self, task: TaskId) {
        if let Some(record) = self.tasks.get_mut(task.index()) {
            record.is_diagnosed = true;
        }
    }

    fn end(&mut self, at: Time, attempt: AttemptId, verdict: &Verdict, report: &AttemptReport) {
        let Some(record) = self.tasks.get_mut(attempt.task.index()) else {
            return;
        };
        record.is_diagnosed |= matches!(
            verdict,
            Verdict::Failed(Failure::Timeout(_) | Failure::IdleTimeout(_))
        );
        record.tally.count(verdict);
        let end = AttemptEnd {
            at,
            verdict: verdict.clone(),
            report: report.clone(),
        };
        match record.attempts.last_mut() {
            Some(last) if last.number == attempt.number => {
                // It was taken for started until the system refused its program.
                if matches!(end.report.exit, Exit::NotStarted(_)) {
                    last.started = None;
                }
                last.end = Some(end);
            }
            // An attempt that could not be started ends without a beginning.
            _ => {
                make_way(&mut record.attempts, &mut record.left_out);
                record.attempts.push(AttemptRecord {
                    number: attempt.number,
                    started: None,
                    end: Some(end),
                });
            }
        }
    }

    /// Returns how far a run came that does not go on any more.
    #[must_use]
    pub fn past_state(&self) -> RunState {
        match self.finished {
            Some(finish) if finish.exit_code <= LAST_OWN_EXIT_CODE => RunState::Finished,
            _ => RunState::Interrupted,
        }
    }

    /// Returns whether an attempt of a suite goes on.
    #[must_use]
    pub fn is_running(&self, suite: &str) -> bool {
        let suites = self
            .header
            .tasks
            .iter()
            .map(|it| &self.header.suites[it.index()]);
        suites.zip(&self.tasks).any(|(it, task)| {
            let last = task.attempts.last();
            it.name == suite && last.is_some_and(|it| it.end.is_none())
        })
    }

    /// Returns what history knew of the suite of a task; `None` where there is no history.
    #[must_use]
    pub fn past(&self, task: TaskId) -> Option<&Past> {
        self.header
            .past
            .get(self.header.tasks[task.index()].index())
    }

    /// Returns the suite of a task.
    #[must_use]
    pub fn suite(&self, task: TaskId) -> &Suite {
        &self.header.suites[self.header.tasks[task.index()].index()]
    }

    /// Returns whether an entry of the quarantine has expired, which fails the run whatever its suite does.
    #[must_use]
    pub fn has_expired_quarantine(&self) -> bool {
        let mut suites = self.header.suites.iter();
        suites.any(|suite| suite.expired_quarantine().is_some())
    }

    /// Returns how many failures of suites in quarantine leave the run as it is. What the runner lost is not among them.
    #[must_use]
    pub fn quarantined_failures(&self) -> u32 {
        let tasks = (0..self.tasks.len()).map(TaskId::from_index);
        let forgiven = tasks.filter(|&task| self.is_forgiven(task)).count();
        u32::try_from(forgiven).unwrap_or(u32::MAX)
    }

    /// Returns whether a task failed without failing the run.
    #[must_use]
    pub fn is_forgiven(&self, task: TaskId) -> bool {
        let verdict = self.tasks[task.index()].verdict_or_interrupted();
        let is_lost = matches!(verdict, Verdict::Failed(Failure::Infrastructure(_)));
        verdict.status() == Status::Failed && !is_lost && self.suite(task).is_quarantined()
    }

    /// Returns the counts of what has a verdict; unfinished tasks count as skipped.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for task in &self.tasks {
            summary.count(&task.verdict_or_interrupted());
        }
        summary
    }

    /// Returns the running time of all attempts together: what one after another would have taken.
    #[must_use]
    pub fn work(&self) -> Duration {
        let attempts = self.tasks.iter().flat_map(|task| &task.attempts);
        let kept: Duration = attempts.filter_map(AttemptRecord::duration).sum();
        let left_out: Duration = self.tasks.iter().map(|task| task.left_out.work).sum();
        kept + left_out
    }

    /// Returns what is wrong with a task in words for people, `None` for a clean pass.
    #[must_use]
    pub fn error_message(&self, task: TaskId) -> Option<String> {
        let record = &self.tasks[task.index()];
        let started = self.was_under_way(task);
        Some(match record.verdict_or_interrupted() {
            Verdict::Passed | Verdict::Cached | Verdict::Flaky => return None,
            Verdict::Failed(failure) => describe_failure(&failure, record.latest_number()),
            Verdict::Skipped(Reason::Blocked(by)) => {
                format!("Dependency {} did not pass", self.suite(by).name)
            }
            Verdict::Skipped(Reason::Cancelled) if started => {
                "Cancelled while running, after a failure elsewhere".into()
            }
            Verdict::Skipped(Reason::Cancelled) => {
                "Cancelled before it started, after a failure elsewhere".into()
            }
            Verdict::Skipped(Reason::Interrupted) if started => "Interrupted".into(),
            Verdict::Skipped(Reason::Interrupted) => "Interrupted before it started".into(),
            Verdict::Skipped(Reason::Condition(code)) => {
                format!("Skipped by its own exit code {code}")
            }
        })
    }

    /// Returns whether a task that was cut short had an attempt by then, in the round that was cut short.
    #[must_use]
    pub fn was_under_way(&self, task: TaskId) -> bool {
        let known = &self.tasks[task.index()];
        let Some(last) = known.attempts.last() else {
            return false;
        };
        // Over several rounds it may stem from the one before.
        let word = known.verdict_or_interrupted();
        let is_of_this_round = || last.end.as_ref().is_none_or(|end| end.verdict == word);
        self.header.repeat.is_none() || is_of_this_round()
    }

    /// Returns where the log of an attempt will be once another attempt has started.
    #[must_use]
    pub fn later_log_file(&self, task: TaskId, attempt: &AttemptRecord) -> String {
        self.path_of(&self.later_log_name(task, attempt))
    }

    /// Returns where the log of an attempt is, from the log directory as given; `None` if it never started.
    #[must_use]
    pub fn log_file(&self, task: TaskId, attempt: &AttemptRecord) -> Option<String> {
        let name = self.log_name(task, attempt)?;
        Some(self.path_of(&name))
    }

    /// Returns the name that the log of an attempt has in the log directory; `None` if it never started.
    #[must_use]
    pub fn log_name(&self, task: TaskId, attempt: &AttemptRecord) -> Option<String> {
        attempt.was_started().then(|| {
            let last = self.tasks[task.index()].attempts.last();
            let is_last = last.is_none_or(|it| it.number == attempt.number);
            if is_last {
                self.name_of(task, ".log")
            } else {
                self.later_log_name(task, attempt)
            }
        })
    }

    /// Returns where the last log of a task is, from the log directory as given; `None` if it has none.
    #[must_use]
    pub fn last_log_file(&self, task: TaskId) -> Option<String> {
        let known = &self.tasks[task.index()];
        if known.outcome() == Outcome::Cached {
            return Some(self.file_of(task, ".log"));
        }
        let telling = known.telling_attempt().into_iter();
        let mut attempts = telling.chain(known.attempts.iter().rev());
        attempts.find_map(|attempt| self.log_file(task, attempt))
    }

    /// Returns where it stands what the processes of a task did when it was slow or ran into a limit, from the log
    /// directory as given; `None` if it never was or did.
    #[must_use]
    pub fn diagnosis_file(&self, task: TaskId) -> Option<String> {
        let is_diagnosed = self.tasks[task.index()].is_diagnosed;
        is_diagnosed.then(|| self.file_of(task, ".diagnosis.log"))
    }

    fn file_of(&self, task: TaskId, ending: &str) -> String {
        self.path_of(&self.name_of(task, ending))
    }

    /// Returns the name that the log of an attempt has in the log directory once another attempt has started.
    #[must_use]
    pub fn later_log_name(&self, task: TaskId, attempt: &AttemptRecord) -> String {
        self.name_of(task, &format!(".attempt-{}.log", attempt.number))
    }

    fn name_of(&self, task: TaskId, ending: &str) -> String {
        format!("{}{ending}", self.suite(task).name)
    }

    fn path_of(&self, name: &str) -> String {
        let path = Path::new(&self.header.log_dir).join(name);
        path.to_string_lossy().into_owned()
    }
}

impl TaskRecord {
    /// Returns the verdict; without one, that of a run that ended in the middle, perhaps after a failure in a round
    /// before.
    #[must_use]
    pub fn verdict_or_interrupted(&self) -> Verdict {
        let failure = || {
            let worst = self.words.worst.clone();
            worst.filter(|it| it.status() == Status::Failed)
        };
        let verdict = self.verdict.clone().or_else(failure);
        verdict.unwrap_or(Verdict::Skipped(Reason::Interrupted))
    }

    /// Returns the number of its latest attempt, 0 if there is none.
    #[must_use]
    pub fn latest_number(&self) -> u32 {
        self.attempts.last().map_or(0, |it| it.number)
    }

    /// Returns the attempt that shows best why the verdict is what it is: the latest that ended so, else the last.
    #[must_use]
    pub fn telling_attempt(&self) -> Option<&AttemptRecord> {
        let verdict = self.verdict_or_interrupted();
        let ended_so =
            |it: &&AttemptRecord| it.end.as_ref().is_some_and(|end| end.verdict == verdict);
        let mut latest_first = self.attempts.iter().rev();
        latest_first.find(ended_so).or(self.attempts.last())
    }

    /// Returns the status, as [`Self::verdict_or_interrupted`] has it.
    #[must_use]
    pub fn status(&self) -> Status {
        self.verdict_or_interrupted().status()
    }

    /// Returns the outcome, as [`Self::verdict_or_interrupted`] has it.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.verdict_or_interrupted().outcome()
    }

    /// Returns when its first attempt started, `None` if none ever did.
    #[must_use]
    pub fn started(&self) -> Option<Time> {
        let kept = || self.attempts.iter().find_map(|it| it.started);
        // What is not kept came first, or between failures; the earliest is meant.
        [self.left_out.started, kept()].into_iter().flatten().min()
    }

    /// Returns when its last attempt ended, `None` if none ever started or one still runs.
    #[must_use]
    pub fn ended(&self) -> Option<Time> {
        self.started()?;
        Some(self.attempts.last()?.end.as_ref()?.at)
    }

    /// Returns the exit code of the attempt that decided, `None` for a signal, a time-out and what never started.
    #[must_use]
    pub fn return_code(&self) -> Option<i32> {
        self.telling_attempt()?.return_code()
    }
}

impl AttemptRecord {
    /// Returns whether its command ever ran.
    #[must_use]
    pub fn was_started(&self) -> bool {
        self.started.is_some()
    }

    /// Returns how long its command ran, `None` if it never did or still does.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        Some(self.end.as_ref()?.at - self.started?)
    }

    /// Returns its exit code, `None` for a signal, a stop by the runner and what never started.
    #[must_use]
    pub fn return_code(&self) -> Option<i32> {
        let end = self.end.as_ref()?;
        let stopped = matches!(
            end.verdict.outcome(),
            Outcome::Timeout | Outcome::IdleTimeout | Outcome::Cancelled | Outcome::Interrupted
        );
        match end.report.exit {
            Exit::Code(code) if !stopped => Some(code),
            _ => None,
        }
    }
}

/// Returns a failure in words for people; `attempt` is the number of the latest attempt.
pub(super) fn describe_failure(failure: &Failure, attempt: u32) -> String {
    match failure {
        Failure::ExitCode(code) => format!("exit code {code}"),
        Failure::Signal(signal) => match signal_name(*signal) {
            Some(name) => format!("killed by signal {signal} ({name})"),
            None => format!("killed by signal {signal}"),
        },
        Failure::Timeout(limit) => format!("Timeout after {}s", limit.as_secs_f64()),
        Failure::IdleTimeout(limit) => {
            format!("No output for {}s", limit.as_secs_f64())
        }
        Failure::SpawnError(reason) => reason.clone(),
        Failure::Leftovers(1) => "left 1 process behind".into(),
        Failure::Leftovers(count) => format!("left {count} processes behind"),
        Failure::UnexpectedPass => "passed, but was expected to fail".into(),
        Failure::Flaky => format!("passed only at attempt {attempt}, and flaky = \"fail\""),
        Failure::Infrastructure(reason) => format!("lost by the runner: {reason}"),
    }
}

/// Returns the usual name of a signal number of Linux.
#[must_use]
pub fn signal_name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        10 => "SIGUSR1",
        11 => "SIGSEGV",
        12 => "SIGUSR2",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        _ => return None,
    })
}
