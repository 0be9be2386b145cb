//! The record of a run: its events folded into one value that every report reads.
//!
//! It is the same whether the events come from a run that goes on or from a journal of long ago.

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use regatta_core::cases::CaseList;
use regatta_core::event::{CancelReason, Event, Repository, RunHeader, Summary};
use regatta_core::id::{AttemptId, Id, TaskId};
use regatta_core::past::{Past, Usual};
use regatta_core::plan::{Suite, find_shards};
use regatta_core::shard::Shard;
use regatta_core::time::Time;
use regatta_core::verdict::{AttemptReport, Exit, Failure, Outcome, Reason, Status, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rounds::{LeftOut, Tally, Words, make_way};
use crate::log_dir::file_stem;

/// Above this an exit code stands for the signal that ended the run.
const LAST_OWN_EXIT_CODE: u8 = 128;

/// How many shards are named one by one.
const NAMED_SHARDS: usize = 5;

/// What is wrong with a command that does not know of its shard.
const NOT_SHARDED: &str = "ran everything: it neither touched TEST_SHARD_STATUS_FILE nor has {shard_index} or {shard_number} in its command";

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
    /// Which part of its suite each task is, `None` for all of it.
    pub shards: Vec<Option<Shard>>,
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
    /// What it was put together from, in order; empty where it is one task. Then `attempts` has those of all shards, by
    /// their ends.
    pub shards: Vec<Self>,
}

/// Whether an earlier result holds.
#[derive(Debug, Clone)]
pub struct Probe {
    /// When that was known.
    pub at: Time,
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
    /// The test cases of the attempt whose result was used, where it told of some.
    pub cases: Option<Box<CaseList>>,
}

/// What is known of one execution.
#[derive(Debug, Clone)]
pub struct AttemptRecord {
    /// Counts from 1.
    pub number: u32,
    /// Which part of its suite it executed, `None` for all of it.
    pub shard: Option<Shard>,
    /// The slot its task was given when it first started.
    pub slot: u32,
    /// How long it could have run but had no room.
    pub queued: Duration,
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
        let shards = find_shards(header.tasks.iter().copied(), header.suites.len());
        Self {
            shards,
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
                cases,
            } => {
                if let Some(record) = self.tasks.get_mut(task.index()) {
                    record.probe = Some(Probe {
                        at,
                        key: key.clone(),
                        hit: *hit,
                        reason: reason.clone(),
                        saved: *saved,
                        elided_bytes: *elided_bytes,
                        cases: cases.clone(),
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
                attempt,
                slot,
                queued,
            } => self.start(at, *attempt, (*slot, *queued)),
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

    fn start(&mut self, at: Time, attempt: AttemptId, (slot, queued): (u32, Duration)) {
        let shard = self.shard(attempt.task);
        if let Some(record) = self.tasks.get_mut(attempt.task.index()) {
            record.queued.get_or_insert(queued);
            make_way(&mut record.attempts, &mut record.left_out);
            record.attempts.push(AttemptRecord {
                number: attempt.number,
                shard,
                slot,
                queued,
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
        let shard = self.shard(attempt.task);
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
                    shard,
                    slot: 0,
                    queued: Duration::ZERO,
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

    /// Returns how long a task usually takes, a shard its part of the suite's time; `None` where nothing is known.
    #[must_use]
    pub fn usual(&self, task: TaskId) -> Option<Usual> {
        let usual = self.past(task)?.usual?;
        let parts = self.shard(task).map_or(1, |shard| shard.count);
        Some(Usual {
            duration: usual.duration / parts,
            spread: usual.spread / parts,
        })
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
            Verdict::Failed(_) if !record.shards.is_empty() => describe_failed_shards(record),
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
            Verdict::Skipped(Reason::NotSeen) => match self.missing_part(task) {
                Some((number, count)) => format!("Shard {number} of {count} is missing"),
                None => "Its shard is missing".into(),
            },
        })
    }

    /// Returns the number of the part that the suite of a task belongs to, and how many parts there are, in a run that
    /// was put together from several.
    #[must_use]
    pub fn missing_part(&self, task: TaskId) -> Option<(u32, u32)> {
        let merged = self.header.merged.as_deref()?;
        let suite = self.header.tasks.get(task.index())?;
        Some((*merged.suites.get(suite.index())?, merged.count))
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
            let mut latest_first = self.tasks[task.index()].attempts.iter().rev();
            let last = latest_first.find(|it| it.shard == attempt.shard);
            let is_last = last.is_none_or(|it| it.number == attempt.number);
            if is_last {
                self.name_of(task, attempt.shard, ".log")
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
            return Some(self.file_of(task, self.first_shard(task), ".log"));
        }
        let telling = known.telling_attempt().into_iter();
        let mut attempts = telling.chain(known.attempts.iter().rev());
        attempts.find_map(|attempt| self.log_file(task, attempt))
    }

    /// Returns where the last log of one shard is of a task that was put together from several, by the shard's number;
    /// `None` if it has none.
    #[must_use]
    pub fn shard_log_file(&self, task: TaskId, number: u32) -> Option<String> {
        let known = &self.tasks[task.index()];
        let place = number.checked_sub(1)? as usize;
        let shard = known.shards.get(place)?;
        if shard.outcome() == Outcome::Cached {
            return Some(self.file_of(task, known.shard_at(place), ".log"));
        }
        let telling = shard.telling_attempt().into_iter();
        let mut attempts = telling.chain(shard.attempts.iter().rev());
        attempts.find_map(|attempt| self.log_file(task, attempt))
    }

    /// Returns where it stands what the processes of a task did when it was slow or ran into a limit, from the log
    /// directory as given; `None` if it never was or did.
    #[must_use]
    pub fn diagnosis_file(&self, task: TaskId) -> Option<String> {
        let known = &self.tasks[task.index()];
        let place = known.shards.iter().position(|it| it.is_diagnosed);
        let shard = match place {
            Some(place) => known.shard_at(place),
            None => self.shard(task),
        };
        let is_diagnosed = known.is_diagnosed;
        is_diagnosed.then(|| self.file_of(task, shard, ".diagnosis.log"))
    }

    /// Returns the first shard of a task that was put together from several, else the shard that it is.
    fn first_shard(&self, task: TaskId) -> Option<Shard> {
        let known = &self.tasks[task.index()];
        if known.shards.is_empty() {
            self.shard(task)
        } else {
            known.shard_at(0)
        }
    }

    fn file_of(&self, task: TaskId, shard: Option<Shard>, ending: &str) -> String {
        self.path_of(&self.name_of(task, shard, ending))
    }

    /// Returns the name that the log of an attempt has in the log directory once another attempt has started.
    #[must_use]
    pub fn later_log_name(&self, task: TaskId, attempt: &AttemptRecord) -> String {
        let ending = format!(".attempt-{}.log", attempt.number);
        self.name_of(task, attempt.shard, &ending)
    }

    fn name_of(&self, task: TaskId, shard: Option<Shard>, ending: &str) -> String {
        format!("{}{ending}", file_stem(&self.suite(task).name, shard))
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

    /// Returns the number of its latest attempt, 0 if there is none; over several shards the largest.
    #[must_use]
    pub fn latest_number(&self) -> u32 {
        let latest = self.parts().iter().filter_map(|it| it.attempts.last());
        latest.map(|it| it.number).max().unwrap_or_default()
    }

    /// Returns which shard the record at a place among [`Self::shards`] is of.
    #[must_use]
    pub fn shard_at(&self, place: usize) -> Option<Shard> {
        let index = u32::try_from(place).ok()?;
        let count = u32::try_from(self.shards.len()).ok()?;
        Some(Shard { index, count })
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

    /// Returns the test cases that tell why the verdict is what it is, where there are some: those of the attempt that
    /// shows it best, or of the one whose result was used. Those of shards are put together.
    #[must_use]
    pub fn cases(&self) -> Option<Cow<'_, CaseList>> {
        let mut told = self.parts().iter().filter_map(Self::own_cases);
        let first = Cow::Borrowed(told.next()?);
        Some(told.fold(first, |all, part| Cow::Owned(all.into_owned().joined(part))))
    }

    /// Returns the test cases of a task that has no shards, as [`Self::cases`] does.
    #[must_use]
    pub fn own_cases(&self) -> Option<&CaseList> {
        if self.outcome() == Outcome::Cached {
            return self.probe.as_ref()?.cases.as_deref();
        }
        self.telling_attempt()?
            .end
            .as_ref()?
            .report
            .cases
            .as_deref()
    }

    /// Lists failures alone of all test cases.
    pub fn keep_failed_cases(&mut self, most: usize) {
        let ends = self.attempts.iter_mut().filter_map(|it| it.end.as_mut());
        let probe = self.probe.iter_mut().filter_map(|it| it.cases.as_mut());
        for cases in ends.filter_map(|it| it.report.cases.as_mut()).chain(probe) {
            cases.keep_failures(most);
        }
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
        if !self.shards.is_empty() {
            return self.shards.iter().filter_map(Self::started).min();
        }
        let kept = || self.attempts.iter().find_map(|it| it.started);
        // What is not kept came first, or between failures; the earliest is meant.
        [self.left_out.started, kept()].into_iter().flatten().min()
    }

    /// Returns when its last attempt ended, `None` if none ever started or one still runs.
    #[must_use]
    pub fn ended(&self) -> Option<Time> {
        self.started()?;
        let begun = || self.shards.iter().filter(|it| it.started().is_some());
        if begun().next().is_some() {
            // None of them as long as one still runs.
            let ends: Option<Vec<Time>> = begun().map(Self::ended).collect();
            return ends?.into_iter().max();
        }
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

/// Returns what is wrong with the shards of a suite that failed, those with the same trouble together.
pub(super) fn describe_failed_shards(record: &TaskRecord) -> String {
    let mut troubles: Vec<(String, Vec<u32>)> = Vec::new();
    for (number, shard) in (1..).zip(&record.shards) {
        let Verdict::Failed(failure) = shard.verdict_or_interrupted() else {
            continue;
        };
        let trouble = describe_failure(&failure, shard.latest_number());
        match troubles.iter_mut().find(|(it, _)| *it == trouble) {
            Some((_, numbers)) => numbers.push(number),
            None => troubles.push((trouble, vec![number])),
        }
    }
    let count = record.shards.len();
    let described = troubles.iter().map(|(trouble, numbers)| {
        let shown = numbers.iter().take(NAMED_SHARDS).map(u32::to_string);
        let shown = shown.collect::<Vec<_>>().join(", ");
        match numbers.len() {
            1 => format!("shard {shown} of {count}: {trouble}"),
            all if all == count => format!("each of {count} shards: {trouble}"),
            many if many > NAMED_SHARDS => format!("{many} of {count} shards: {trouble}"),
            _ => format!("shards {shown} of {count}: {trouble}"),
        }
    });
    described.collect::<Vec<_>>().join("; ")
}

/// Returns a failure in words for people; `attempt` is the number of the latest attempt.
pub(in crate::report) fn describe_failure(failure: &Failure, attempt: u32) -> String {
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
        Failure::NotSharded => NOT_SHARDED.into(),
        Failure::Infrastructure(reason) => format!("lost by the runner: {reason}"),
        Failure::OutOfMemory => "out of memory: killed by the system".into(),
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
