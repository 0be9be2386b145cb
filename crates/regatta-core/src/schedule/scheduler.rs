//! The state machine of a run.
//!
//! It is told what happened and when, and answers with what to do and what to tell. It has no clock and no
//! queue of its own to wait on: the same inputs give the same effects, byte for byte.

use std::collections::{BTreeSet, VecDeque};
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use crate::event::{CancelReason, Event, StopCause, StopSignal, Summary};
use crate::id::{AttemptId, IdMap, PoolId, SuiteId, TaskId};
use crate::plan::Plan;
use crate::schedule::examine::{Circumstances, Occasion};
use crate::schedule::retry::pause_before;
use crate::schedule::room::{Pressure, Room};
use crate::schedule::rounds::Rounds;
use crate::schedule::slot::Slots;
use crate::schedule::state::{Due, Running, Slowness, State, Stop, StopStage, verdict_of_stop};
use crate::terms::{FailFast, FlakyVerdict, Repeat, Reuse};
use crate::time::Time;
use crate::verdict::{AttemptReport, Exit, Failure, Reason, Status, Verdict, judge};

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The run begins. The first input, once.
    Begin,
    /// It is known now whether an earlier result of a task holds for it.
    Probed {
        /// The task.
        task: TaskId,
        /// Whether one does: a pass, of which all is in place that the task would have left.
        hit: bool,
    },
    /// The command of an attempt runs.
    Started(AttemptId),
    /// An attempt printed something.
    Printed(AttemptId),
    /// The examination of an attempt that ran into a limit is over.
    Examined(AttemptId),
    /// The command of an attempt has exited, and `Finished` follows once it is read what it left. Without this one,
    /// `Finished` says both.
    Exited(AttemptId),
    /// An attempt is over, whether it ran or could not be started.
    Finished(AttemptId, Box<AttemptReport>),
    /// So much of a pool is in the hands of others than tasks from now on, instead of what they had before. They may take
    /// what is spare, and give back whatever they want.
    Withheld {
        /// The pool.
        pool: PoolId,
        /// What they have of it.
        amount: u64,
    },
    /// The time that `next_wakeup` named has come.
    Wakeup,
    /// The user wants the run to end: politely the first time, by force from the second on.
    Interrupt(StopSignal),
    /// It has become harder, or easier, to get memory.
    Pressure(Pressure),
    /// The user wants nothing to start for a while; what runs goes on.
    Hold,
    /// The user wants starts to go on.
    Resume,
    /// The user wants this many slots, at least as many as the suite needs that takes most. What runs goes on, also
    /// where that is more by now; nothing starts before there is room.
    Slots(u32),
}

/// What to do about it.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Find out whether an earlier result holds for this task; answer with `Probed`.
    Probe(TaskId),
    /// Keep the result of this task, whose only attempt was a clean pass.
    Store(TaskId),
    /// Start the command of this attempt; answer with `Started` or `Finished`.
    Spawn {
        /// The attempt.
        attempt: AttemptId,
        /// Its slot number.
        slot: u32,
    },
    /// Put on record what this attempt does right now. Where it ran into a limit and its terms have an examination,
    /// let that begin, and answer with `Examined` when it is over.
    Examine {
        /// The attempt.
        attempt: AttemptId,
        /// Why, and how it is with the attempt.
        circumstances: Circumstances,
    },
    /// Send this to the process tree of this attempt, whose examination, if it goes on, is over with that.
    Signal {
        /// The attempt.
        attempt: AttemptId,
        /// What to send.
        signal: StopSignal,
    },
    /// Tell this.
    Emit(Event),
}

/// What holds for the whole run.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// What the first failure does to the rest.
    pub fail_fast: FailFast,
    /// After this many failures nothing starts any more; at least 1.
    pub max_fail: Option<u32>,
    /// How often the suites run.
    pub repeat: Repeat,
    /// Decides the jitter of pauses.
    pub seed: u64,
}

/// The state machine of a run.
#[derive(Debug)]
pub struct Scheduler {
    plan: Arc<Plan>,
    policy: Policy,
    now: Time,
    states: IdMap<TaskId, State>,
    room: Room,
    slots: Slots,
    /// The slot number of each task between its first start and its final word.
    slot_of: IdMap<TaskId, Option<u32>>,
    /// When tasks want to be looked at again; mirrors `alarm_of`.
    alarms: BTreeSet<(Time, TaskId)>,
    alarm_of: IdMap<TaskId, Option<Time>>,
    halt: Halt,
    hold: Hold,
    /// The slots that the user wants by now.
    slot_count: u64,
    rounds: Rounds,
    /// Suites that failed, in all rounds; those in quarantine left out.
    failures: u32,
    /// The round in which each suite was last counted among them. The shards of a suite are one.
    failed_in: IdMap<SuiteId, u32>,
    /// The final words.
    summary: Summary,
}

/// Whether, and how, the run was cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Halt {
    No,
    /// By failures.
    Failures,
    /// By the user.
    Interrupt,
}

/// Whether the user lets suites start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    No,
    Held,
}

/// The pool of the slots is the first of a plan.
const SLOTS: PoolId = PoolId(0);

impl Scheduler {
    /// Returns a scheduler before its `Begin`.
    #[must_use]
    pub fn new(plan: Arc<Plan>, policy: Policy) -> Self {
        let tasks = &plan.tasks;
        Self {
            policy,
            now: Time::BEGIN,
            states: tasks.values().map(State::initial).collect(),
            room: Room::new(&plan),
            slots: Slots::default(),
            slot_of: tasks.ids().map(|_| None).collect(),
            alarms: BTreeSet::new(),
            alarm_of: tasks.ids().map(|_| None).collect(),
            halt: Halt::No,
            hold: Hold::No,
            slot_count: plan.pools.get(SLOTS).map_or(0, |pool| pool.capacity),
            rounds: Rounds::new(policy.repeat, tasks.len()),
            failures: 0,
            failed_in: plan.suites.ids().map(|_| 0).collect(),
            summary: Summary::default(),
            plan,
        }
    }

    /// Takes a fact and appends what follows from it. Never fails; a fact about an attempt that is not
    /// under way is passed over. Time never runs backwards: an earlier `now` counts as the latest one.
    pub fn handle(&mut self, now: Time, input: Input, effects: &mut Vec<Effect>) {
        self.now = self.now.max(now);
        match input {
            Input::Begin => self.begin_round(effects),
            Input::Probed { task, hit } => self.handle_probed(task, hit, effects),
            Input::Started(attempt) => self.handle_started(attempt, effects),
            Input::Printed(attempt) => self.handle_printed(attempt),
            Input::Examined(attempt) => self.handle_examined(attempt, effects),
            Input::Exited(attempt) => self.handle_exited(attempt),
            Input::Finished(attempt, report) => self.handle_finished(attempt, report, effects),
            Input::Withheld { pool, amount } => self.room.withhold(pool, amount),
            Input::Wakeup => self.handle_wakeup(effects),
            Input::Interrupt(signal) => self.handle_interrupt(signal, effects),
            Input::Pressure(pressure) => self.room.set_pressure(pressure),
            Input::Hold => self.hold = Hold::Held,
            Input::Resume => self.hold = Hold::No,
            Input::Slots(count) => self.handle_slots(count),
        }
        self.conclude_round(effects);
        self.start_what_has_room(effects);
    }

    /// Returns the earliest time at which the scheduler wants a `Wakeup`.
    #[must_use]
    pub fn next_wakeup(&self) -> Option<Time> {
        self.alarms.first().map(|(at, _)| *at)
    }

    /// Returns how much of a pool neither tasks have nor those it is withheld for.
    #[must_use]
    pub fn spare(&self, pool: PoolId) -> u64 {
        self.room.spare(pool)
    }

    /// Returns how much of a pool would have to be spare for another task to start, if one waits for that. It may lack
    /// pools that come later among its claims as well.
    #[must_use]
    pub fn wanted(&self, pool: PoolId) -> Option<u64> {
        self.room.wanted(pool)
    }

    /// Returns whether something could run and waits for room.
    #[must_use]
    pub fn is_anybody_waiting(&self) -> bool {
        self.room.is_awaited()
    }

    /// Returns the counts once every task has its final word.
    #[must_use]
    pub fn summary(&self) -> Option<Summary> {
        (self.summary.total as usize == self.plan.tasks.len()).then_some(self.summary)
    }

    /// Returns whether the user wants nothing to start.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.hold == Hold::Held
    }

    /// Returns how many slots there are by now.
    #[must_use]
    pub fn slots(&self) -> u32 {
        u32::try_from(self.slot_count).unwrap_or(u32::MAX)
    }

    /// Returns how many slots the suite takes that takes most: with fewer it would wait for ever.
    #[must_use]
    pub fn fewest_slots(&self) -> u32 {
        let claims = self.plan.tasks.values().flat_map(|task| &task.claims);
        let amounts = claims.filter(|it| it.pool == SLOTS).map(|it| it.amount);
        u32::try_from(amounts.max().unwrap_or(1)).unwrap_or(u32::MAX)
    }

    fn handle_slots(&mut self, count: u32) {
        if self.plan.pools.get(SLOTS).is_none() {
            return;
        }
        let count = u64::from(count.max(self.fewest_slots()));
        self.room.resize(SLOTS, self.slot_count, count);
        self.slot_count = count;
    }

    fn begin_round(&mut self, effects: &mut Vec<Effect>) {
        for task in self.plan.tasks.ids() {
            if self.plan.tasks[task].dependencies.is_empty() {
                self.make_ready(task, effects);
            }
        }
    }

    /// Goes on with the next round where one is over, or says the final words after the last.
    fn conclude_round(&mut self, effects: &mut Vec<Effect>) {
        // A run of one round says its words as they come.
        if !self.rounds.are_several() || !self.rounds.is_over() || self.summary().is_some() {
            return;
        }
        effects.push(Effect::Emit(Event::RoundFinished {
            round: self.rounds.number(),
            summary: self.rounds.summary(),
        }));
        if self.halt != Halt::No || self.rounds.is_last() {
            for (task, verdict) in self.rounds.take_words() {
                self.tell(task, verdict, effects);
            }
            return;
        }
        self.rounds.advance();
        for task in self.plan.tasks.ids() {
            self.states[task] = State::initial(&self.plan.tasks[task]);
        }
        self.begin_round(effects);
    }

    /// Takes a task whose dependencies have passed to where it waits next: for an earlier result, or for room.
    fn make_ready(&mut self, task: TaskId, effects: &mut Vec<Effect>) {
        if self.may_reuse(task) {
            self.set(task, State::Probing);
            effects.push(Effect::Probe(task));
        } else {
            self.enqueue(task, self.rounds.first_attempt(task));
        }
    }

    /// Returns whether an earlier result may stand for a task. Who asks for several rounds wants to see it run.
    fn may_reuse(&self, task: TaskId) -> bool {
        self.plan.tasks[task].terms.reuse == Reuse::Possible && !self.rounds.are_several()
    }

    fn handle_probed(&mut self, task: TaskId, hit: bool, effects: &mut Vec<Effect>) {
        if !matches!(self.states[task], State::Probing) {
            return;
        }
        if hit {
            self.finish(task, Verdict::Cached, effects);
        } else {
            self.enqueue(task, 1);
        }
    }

    fn handle_started(&mut self, id: AttemptId, effects: &mut Vec<Effect>) {
        let State::Starting {
            attempt,
            queued,
            stop,
        } = self.states[id.task]
        else {
            return;
        };
        if attempt != id.number {
            return;
        }
        effects.push(Effect::Emit(Event::AttemptStarted {
            attempt: id,
            slot: self.slot_of[id.task].unwrap_or_default(),
            queued,
        }));
        self.set(id.task, State::Running(Running::new(attempt, self.now)));
        if let Some(cause) = stop {
            self.stop(id.task, cause, StopSignal::Terminate, effects);
        }
    }

    fn handle_printed(&mut self, id: AttemptId) {
        // The alarm may ring too early now; it is set anew when it does, which is cheaper than
        // moving it at every line.
        if let State::Running(running) = &mut self.states[id.task]
            && running.attempt == id.number
        {
            running.last_output = self.now;
        }
    }

    fn handle_examined(&mut self, id: AttemptId, effects: &mut Vec<Effect>) {
        if let State::Running(running) = &self.states[id.task]
            && running.attempt == id.number
            && let Some(Stop { cause, stage }) = running.stop
            && matches!(stage, StopStage::Examined { .. })
        {
            self.stop(id.task, cause, StopSignal::Terminate, effects);
        }
    }

    fn handle_exited(&mut self, id: AttemptId) {
        if let State::Running(running) = &self.states[id.task]
            && running.attempt == id.number
        {
            let stop = running.stop.map(|stop| stop.cause);
            let attempt = id.number;
            self.set(id.task, State::Exited { attempt, stop });
        }
    }

    fn handle_finished(
        &mut self,
        id: AttemptId,
        report: Box<AttemptReport>,
        effects: &mut Vec<Effect>,
    ) {
        let cause = match &self.states[id.task] {
            State::Starting { attempt, .. } if *attempt == id.number => None,
            State::Running(running) if running.attempt == id.number => {
                running.stop.as_ref().map(|stop| stop.cause)
            }
            State::Exited { attempt, stop } if *attempt == id.number => *stop,
            _ => return,
        };
        self.room.release(id.task);
        self.rounds.note_attempt(id.task, id.number);
        let lost = matches!(report.exit, Exit::Lost(_));
        let terms = &self.plan.tasks[id.task].terms;
        let is_clean = cause.is_none() && id.number == 1 && is_clean(&report);
        let verdict = match cause {
            // After a signal of the runner's own the exit says nothing about the suite.
            Some(cause) if !lost => verdict_of_stop(cause, terms),
            _ => judge(terms, &report),
        };
        effects.push(Effect::Emit(Event::AttemptFinished {
            attempt: id,
            verdict: verdict.clone(),
            report,
        }));
        if self.is_to_run_alone(id.task, &verdict) {
            self.schedule_alone(id, effects);
        } else if verdict.status() == Status::Failed && self.may_retry(id, &verdict) {
            self.schedule_retry(id, effects);
        } else {
            let verdict = self.final_verdict(id, verdict);
            if is_clean && verdict == Verdict::Passed && self.may_reuse(id.task) {
                // Before those that depend on it are probed: their results hang on what it left.
                effects.push(Effect::Store(id.task));
            }
            self.finish(id.task, verdict, effects);
        }
    }

    /// Returns whether a task was killed for memory that may be enough for it if nobody else takes any. One that was
    /// killed although it was alone will be killed again.
    fn is_to_run_alone(&mut self, task: TaskId, verdict: &Verdict) -> bool {
        self.halt == Halt::No
            && *verdict == Verdict::Failed(Failure::OutOfMemory)
            && self.rounds.note_killed(task)
    }

    /// Lets a task run again when nobody else does; beyond its retries.
    fn schedule_alone(&mut self, id: AttemptId, effects: &mut Vec<Effect>) {
        let next = AttemptId {
            number: id.number + 1,
            ..id
        };
        effects.push(Effect::Emit(Event::RetryScheduled {
            attempt: next,
            delay: Duration::ZERO,
        }));
        let since = self.now;
        let attempt = next.number;
        self.set(id.task, State::Queued { attempt, since });
        self.room.enqueue_alone(id.task);
    }

    fn may_retry(&self, id: AttemptId, verdict: &Verdict) -> bool {
        self.halt == Halt::No
            && self.rounds.position(id.task, id.number)
                <= self.plan.tasks[id.task].terms.retries.count
            && !matches!(
                verdict,
                // None would go any better another time.
                Verdict::Failed(
                    Failure::Infrastructure(_) | Failure::OutOfMemory | Failure::NotSharded
                )
            )
    }

    fn schedule_retry(&mut self, id: AttemptId, effects: &mut Vec<Effect>) {
        let next = AttemptId {
            number: id.number + 1,
            ..id
        };
        let retries = &self.plan.tasks[id.task].terms.retries;
        // Pauses grow within a round.
        let place = AttemptId {
            number: self.rounds.position(id.task, next.number),
            ..next
        };
        let delay = pause_before(place, retries, self.policy.seed);
        effects.push(Effect::Emit(Event::RetryScheduled {
            attempt: next,
            delay,
        }));
        if delay.is_zero() {
            self.enqueue(id.task, next.number);
        } else {
            let until = self.now + delay;
            self.set(
                id.task,
                State::Backoff {
                    next: next.number,
                    until,
                },
            );
        }
    }

    fn final_verdict(&self, id: AttemptId, verdict: Verdict) -> Verdict {
        let is_retry = self.rounds.position(id.task, id.number) > 1;
        match (verdict, self.plan.tasks[id.task].terms.flaky) {
            (Verdict::Passed, FlakyVerdict::Pass) if is_retry => Verdict::Flaky,
            (Verdict::Passed, FlakyVerdict::Fail) if is_retry => Verdict::Failed(Failure::Flaky),
            (verdict, _) => verdict,
        }
    }

    /// Says the word on a task, and on all that can no longer run because of it.
    fn finish(&mut self, task: TaskId, verdict: Verdict, effects: &mut Vec<Effect>) {
        let failed = verdict.status() == Status::Failed && !self.is_quarantined(task);
        let mut words = VecDeque::from([(task, verdict)]);
        while let Some((task, verdict)) = words.pop_front() {
            if self.states[task].is_done() {
                continue;
            }
            let passed = verdict.status() == Status::Passed;
            self.close(task, verdict, effects);
            let plan = Arc::clone(&self.plan);
            for &dependent in &plan.tasks[task].dependents {
                if passed {
                    self.dependency_passed(dependent, effects);
                } else {
                    words.push_back((dependent, Verdict::Skipped(Reason::Blocked(task))));
                }
            }
        }
        if failed && self.counts_first(task) {
            self.failures += 1;
            if self.halt == Halt::No {
                self.cut_short_after_failure(task, effects);
            }
        }
    }

    /// Returns whether no other task of the same suite has failed in this round.
    fn counts_first(&mut self, task: TaskId) -> bool {
        let round = self.rounds.number();
        let suite = self.plan.tasks[task].suite;
        mem::replace(&mut self.failed_in[suite], round) != round
    }

    fn is_quarantined(&self, task: TaskId) -> bool {
        let suite = self.plan.tasks[task].suite;
        self.plan.suites[suite].is_quarantined()
    }

    fn close(&mut self, task: TaskId, verdict: Verdict, effects: &mut Vec<Effect>) {
        if let Some(slot) = self.slot_of[task].take() {
            self.slots.give_back(slot);
        }
        self.set(task, State::Done);
        if !self.rounds.are_several() {
            return self.tell(task, verdict, effects);
        }
        self.rounds.note_word(task, &verdict);
        effects.push(Effect::Emit(Event::TaskRoundFinished {
            task,
            round: self.rounds.number(),
            verdict,
        }));
    }

    /// Says the final word on a task.
    fn tell(&mut self, task: TaskId, verdict: Verdict, effects: &mut Vec<Effect>) {
        self.summary.count(&verdict);
        effects.push(Effect::Emit(Event::TaskFinished { task, verdict }));
    }

    fn dependency_passed(&mut self, task: TaskId, effects: &mut Vec<Effect>) {
        if let State::Waiting { missing } = &mut self.states[task] {
            *missing -= 1;
            if *missing == 0 {
                self.make_ready(task, effects);
            }
        }
    }

    fn cut_short_after_failure(&mut self, task: TaskId, effects: &mut Vec<Effect>) {
        let enough = self
            .policy
            .max_fail
            .is_some_and(|limit| self.failures >= limit);
        match self.policy.fail_fast {
            FailFast::Now => {
                self.halt(CancelReason::FailFast(task), effects);
                self.stop_all(StopCause::Cancelled, StopSignal::Terminate, effects);
            }
            FailFast::Soon => self.halt(CancelReason::FailFast(task), effects),
            FailFast::Off if enough => self.halt(CancelReason::MaxFail(task), effects),
            FailFast::Off => {}
        }
    }

    fn handle_interrupt(&mut self, signal: StopSignal, effects: &mut Vec<Effect>) {
        if self.halt == Halt::Interrupt {
            self.stop_all(StopCause::Interrupted, StopSignal::Kill, effects);
        } else {
            self.halt(CancelReason::Interrupt(signal), effects);
            self.stop_all(StopCause::Interrupted, signal, effects);
        }
    }

    /// Gives up on everything that does not run yet.
    fn halt(&mut self, reason: CancelReason, effects: &mut Vec<Effect>) {
        let (halt, word) = match reason {
            CancelReason::Interrupt(_) => (Halt::Interrupt, Reason::Interrupted),
            CancelReason::FailFast(_) | CancelReason::MaxFail(_) => {
                (Halt::Failures, Reason::Cancelled)
            }
        };
        self.halt = halt;
        effects.push(Effect::Emit(Event::RunCancelled { reason }));
        self.room.clear();
        for task in self.plan.tasks.ids() {
            match self.states[task] {
                State::Waiting { .. }
                | State::Probing
                | State::Queued { .. }
                | State::Backoff { .. } => {
                    self.close(task, Verdict::Skipped(word.clone()), effects);
                }
                State::Starting { .. } | State::Running(_) | State::Exited { .. } | State::Done => {
                }
            }
        }
    }

    fn stop_all(&mut self, cause: StopCause, signal: StopSignal, effects: &mut Vec<Effect>) {
        for task in self.plan.tasks.ids() {
            match &mut self.states[task] {
                State::Starting { stop, .. } => {
                    stop.get_or_insert(cause);
                }
                State::Running(_) => self.stop(task, cause, signal, effects),
                _ => {}
            }
        }
    }

    /// Ends an attempt that ran into a limit, once it has been looked at.
    fn stop_examined(&mut self, task: TaskId, cause: StopCause, effects: &mut Vec<Effect>) {
        let State::Running(running) = &mut self.states[task] else {
            return;
        };
        effects.push(running.examine(task, Occasion::Limit(cause), self.now));
        match self.plan.tasks[task].terms.examination {
            None => self.stop(task, cause, StopSignal::Terminate, effects),
            Some(patience) => {
                let until = self.now + patience;
                let stage = StopStage::Examined { until };
                running.stop = Some(Stop { cause, stage });
                self.reset_alarm(task);
            }
        }
    }

    /// Tells a running attempt to end. One that was told politely before is only ever told more firmly,
    /// and the first cause stands.
    fn stop(
        &mut self,
        task: TaskId,
        cause: StopCause,
        signal: StopSignal,
        effects: &mut Vec<Effect>,
    ) {
        let grace = self.plan.tasks[task].terms.grace_period;
        let State::Running(running) = &mut self.states[task] else {
            return;
        };
        let force = signal == StopSignal::Kill;
        let cause = match running.stop {
            Some(stop) => match stop.stage {
                StopStage::Forced => return,
                StopStage::Asked { .. } if !force => return,
                StopStage::Asked { .. } | StopStage::Examined { .. } => stop.cause,
            },
            None => cause,
        };
        let stage = if force {
            StopStage::Forced
        } else {
            StopStage::Asked {
                until: self.now + grace,
            }
        };
        running.stop = Some(Stop { cause, stage });
        let attempt = AttemptId {
            task,
            number: running.attempt,
        };
        effects.push(Effect::Emit(Event::Stopping {
            attempt,
            cause,
            signal,
        }));
        effects.push(Effect::Signal { attempt, signal });
        self.reset_alarm(task);
    }

    fn handle_wakeup(&mut self, effects: &mut Vec<Effect>) {
        while let Some(&(at, task)) = self.alarms.first() {
            if at > self.now {
                break;
            }
            match &self.states[task] {
                State::Backoff { next, .. } => {
                    let next = *next;
                    self.enqueue(task, next);
                }
                State::Running(running) => {
                    let due = running.next_due(&self.plan.tasks[task].terms);
                    match due {
                        Some((at, due)) if at <= self.now => self.act_on(task, due, effects),
                        _ => self.reset_alarm(task),
                    }
                }
                _ => self.reset_alarm(task),
            }
        }
    }

    fn act_on(&mut self, task: TaskId, due: Due, effects: &mut Vec<Effect>) {
        match due {
            Due::Timeout => self.stop_examined(task, StopCause::Timeout, effects),
            Due::IdleTimeout => self.stop_examined(task, StopCause::IdleTimeout, effects),
            Due::Ask(cause) => self.stop(task, cause, StopSignal::Terminate, effects),
            Due::Force(cause) => self.stop(task, cause, StopSignal::Kill, effects),
            Due::Slow => self.tell_slow(task, effects),
        }
    }

    fn tell_slow(&mut self, task: TaskId, effects: &mut Vec<Effect>) {
        if let State::Running(running) = &mut self.states[task] {
            running.slowness = Slowness::Told;
            effects.push(Effect::Emit(Event::Slow {
                attempt: AttemptId {
                    task,
                    number: running.attempt,
                },
                running: self.now - running.started,
                last_line: None,
            }));
            effects.push(running.examine(task, Occasion::Slow, self.now));
        }
        self.reset_alarm(task);
    }

    fn start_what_has_room(&mut self, effects: &mut Vec<Effect>) {
        while self.hold == Hold::No
            && let Some(task) = self.room.admit()
        {
            let State::Queued { attempt, since } = self.states[task] else {
                unreachable!("only queued tasks wait for room");
            };
            let slot = *self.slot_of[task].get_or_insert_with(|| self.slots.take());
            self.set(
                task,
                State::Starting {
                    attempt,
                    queued: self.now - since,
                    stop: None,
                },
            );
            effects.push(Effect::Spawn {
                attempt: AttemptId {
                    task,
                    number: attempt,
                },
                slot,
            });
        }
    }

    fn enqueue(&mut self, task: TaskId, attempt: u32) {
        let since = self.now;
        self.set(task, State::Queued { attempt, since });
        self.room.enqueue(task);
    }

    fn set(&mut self, task: TaskId, state: State) {
        self.states[task] = state;
        self.reset_alarm(task);
    }

    fn reset_alarm(&mut self, task: TaskId) {
        let alarm = self.states[task].alarm(&self.plan.tasks[task].terms);
        let old = mem::replace(&mut self.alarm_of[task], alarm);
        if old != alarm {
            if let Some(at) = old {
                self.alarms.remove(&(at, task));
            }
            if let Some(at) = alarm {
                self.alarms.insert((at, task));
            }
        }
    }
}

/// Returns whether an attempt left nothing but a pass: whatever is doubtful is not worth keeping.
fn is_clean(report: &AttemptReport) -> bool {
    report.exit == Exit::Code(0)
        && report.leftovers.is_empty()
        && report.suspects.is_empty()
        && report.survivors.is_empty()
        && report.log.error.is_none()
}
