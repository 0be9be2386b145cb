//! The one loop: it owns the clock, hands facts to the scheduler and carries out what it decides.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use regatta_core::event::{Event, Repository, StopSignal, Summary};
use regatta_core::id::{AttemptId, Id, TaskId};
use regatta_core::schedule::{Effect, Input, Occasion, Scheduler};
use regatta_core::time::Time;
use regatta_core::verdict::{AttemptReport, Status};
use regatta_process::Keyboard;

use crate::audience::Audience;
use crate::backend::{Examination, Local, Occurrence};
use crate::cache::{Answer, Attempted, Probed, Service};
use crate::clock::Clock;
use crate::jobserver::{PoolState, Standing, Withheld};
use crate::log_dir::file_stem;
use crate::memory::Strain;
use crate::report::record::TaskRecord;
use crate::report::terminal::{KeyHints, Starts};
use crate::screen;
use crate::wish::{Wish, wish_of};

/// How long a run that is over waits for git's answer.
const REPOSITORY_PATIENCE: Duration = Duration::from_secs(2);

/// How many events wait to be told before nothing else is done.
const MOST_UNTOLD: usize = 1_000;

/// Asks for the state of the repository, and returns where it will come from, if there is one.
pub type AskRepository = Box<dyn FnOnce() -> Option<Receiver<Option<Repository>>>>;

/// A run that goes on.
pub struct Drive<'r> {
    /// Decides.
    pub scheduler: Scheduler,
    /// Acts.
    pub backend: &'r mut Local,
    /// Is told.
    pub audience: &'r mut Audience,
    /// Where the state of the repository will come from, if there is one.
    pub repository: Option<Receiver<Option<Repository>>>,
    /// Asks for that state, where it is only worth the effort if a suite runs.
    pub ask_repository: Option<AskRepository>,
    /// Who knows whether earlier results hold, if anybody is asked.
    pub cache: Option<Service>,
    /// Where the logs of reused results are, if their output is to be shown.
    pub replay: Option<PathBuf>,
    /// What time it is.
    pub clock: Clock,
    /// Whether memory is short.
    pub strain: Strain,
    /// How many slots the user may wish for, at most.
    pub most_slots: u32,
}

/// How a run went.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The counts.
    pub summary: Summary,
    /// The first signal by which the user ended the run.
    pub interrupt: Option<StopSignal>,
    /// When it was over.
    pub end: Time,
    /// Tasks that ran although an earlier result holds, and what that is.
    pub audits: Vec<(TaskId, Probed)>,
    /// What went wrong with kept results, each fit for a warning.
    pub cache_warnings: Vec<String>,
    /// For how long memory was short, so that suites waited.
    pub short_of_memory: Duration,
    /// What became of the run for lack of memory, each fit for a warning; filled in by who knows more.
    pub memory_warnings: Vec<String>,
}

impl Drive<'_> {
    /// Runs the plan to its end, and returns nothing if nobody waits for that any more.
    ///
    /// # Errors
    /// The system refuses to wait for processes; what runs is ended then.
    pub fn run(mut self) -> io::Result<Option<Outcome>> {
        let mut interrupt = None;
        let mut inputs: VecDeque<(Time, Input)> = self.balance().into();
        inputs.push_back((self.now(), Input::Begin));
        let mut effects = Vec::new();
        let mut untold = Vec::new();
        let mut asked = Vec::new();
        let mut audits = Vec::new();
        loop {
            // Attempts that cannot be started end as they begin, and others may follow without end.
            while untold.len() < MOST_UNTOLD
                && let Some((now, input)) = self.next_input(&mut inputs)
            {
                self.scheduler.handle(now, input, &mut effects);
                for effect in effects.drain(..) {
                    match effect {
                        Effect::Emit(mut event) => {
                            // Before the effect that may start the attempt after it.
                            if let Event::AttemptFinished {
                                attempt, verdict, ..
                            } = &event
                            {
                                self.backend.note_verdict(*attempt, verdict);
                            }
                            self.illustrate(&mut event);
                            untold.push((now, event));
                        }
                        Effect::Probe(task) => asked.push(task),
                        Effect::Store(task) => self.keep(task, latest_report(task, &untold)),
                        // What starts has started when it was asked to: it may be far by the time this goes on.
                        effect => {
                            let before = self.now();
                            let input = self.act(&effect);
                            let has_started = matches!(input, Some(Input::Started(_)));
                            let at = if has_started { before } else { self.now() };
                            inputs.extend(input.map(|input| (at, input)));
                        }
                    }
                }
                if inputs.is_empty() && !asked.is_empty() {
                    let answers = self.ask(std::mem::take(&mut asked));
                    let at = self.now();
                    inputs.extend(answers.into_iter().map(|input| (at, input)));
                }
            }
            // Telling can wait until all that can start is on its way; the times are those of the facts.
            for (at, event) in untold.drain(..) {
                self.audience.publish(at, &event);
            }
            if let Some(summary) = self.scheduler.summary()
                && (interrupt.is_some() || self.cache.as_ref().is_none_or(Service::is_idle))
            {
                self.await_repository();
                let cache_warnings = match self.cache.take() {
                    Some(cache) if interrupt.is_none() => cache.finish(),
                    _ => Vec::new(),
                };
                return Ok(Some(Outcome {
                    summary,
                    interrupt,
                    end: self.now(),
                    audits,
                    cache_warnings,
                    short_of_memory: self.strain.short_for(self.now()),
                    memory_warnings: Vec::new(),
                }));
            }
            let patience = if inputs.is_empty() {
                self.patience()
            } else {
                Some(Duration::ZERO)
            };
            let occurrences = self.backend.wait(patience)?;
            let now = self.now();
            // Before what ended meanwhile, whose room others would take.
            inputs.extend(self.note_strain(now).map(|input| (now, input)));
            for occurrence in occurrences {
                let occurrence = as_signal(occurrence);
                match occurrence {
                    Occurrence::Signal(signal) => {
                        interrupt.get_or_insert(signal);
                    }
                    Occurrence::Abandoned => return Ok(None),
                    _ => {}
                }
                let is_woken = matches!(occurrence, Occurrence::Woken);
                inputs.extend(self.note(now, occurrence).map(|input| (now, input)));
                if is_woken {
                    let answers = self.note_answers(now, &mut audits);
                    inputs.extend(answers.into_iter().map(|input| (now, input)));
                }
            }
            if self.clock.is_paused() {
                continue;
            }
            inputs.extend(self.note_time(now).map(|input| (now, input)));
        }
    }

    /// Lets the terminal know how late it is, and returns what the scheduler has to know of that.
    fn note_time(&mut self, now: Time) -> Option<Input> {
        let terminal = &mut self.audience.terminal;
        if terminal.next_tick().is_some_and(|at| at <= now) {
            terminal.tick(now);
        }
        let is_due = self.scheduler.next_wakeup().is_some_and(|at| at <= now);
        is_due.then_some(Input::Wakeup)
    }

    fn now(&self) -> Time {
        self.clock.now()
    }

    /// Returns how long nothing needs to be done if nothing happens.
    fn patience(&self) -> Option<Duration> {
        if self.clock.is_paused() {
            return None;
        }
        let wakeup = self.scheduler.next_wakeup();
        let tick = self.audience.terminal.next_tick();
        let balance = self.backend.next_balance();
        let next = [wakeup, tick, balance, self.next_strain()];
        let next = next.into_iter().flatten().min()?;
        Some(next - self.now())
    }

    /// Returns what the scheduler is to be told next: that slots went to others comes when nothing else is to be told.
    fn next_input(&mut self, inputs: &mut VecDeque<(Time, Input)>) -> Option<(Time, Input)> {
        if inputs.is_empty() {
            inputs.extend(self.balance());
        }
        inputs.pop_front()
    }

    /// Moves slots between suites and the jobs they start, and returns what the scheduler has to know of that.
    fn balance(&mut self) -> Vec<(Time, Input)> {
        let Some(pools) = self.backend.shared_pools() else {
            return Vec::new();
        };
        let state = |pool| PoolState {
            spare: self.scheduler.spare(pool),
            wanted: self.scheduler.wanted(pool),
        };
        let standing = Standing {
            slots: state(pools.slots),
            tokens: pools.tokens.map(state),
        };
        let now = self.now();
        let withheld = self.backend.balance(now, standing).into_iter();
        let inputs = withheld.map(|Withheld { pool, amount }| Input::Withheld { pool, amount });
        inputs.map(|input| (now, input)).collect()
    }

    /// Looks whether memory is short, if it is time to, and returns what the scheduler has to know of it.
    fn note_strain(&mut self, now: Time) -> Option<Input> {
        let is_due = self.next_strain().is_some_and(|at| at <= now);
        let pressure = is_due.then(|| self.strain.look(now)).flatten();
        pressure.map(Input::Pressure)
    }

    /// Returns when to look whether memory is short: never while nobody waits to start.
    fn next_strain(&self) -> Option<Time> {
        let is_awaited = self.scheduler.is_anybody_waiting();
        is_awaited.then(|| self.strain.next())
    }

    /// Does what the scheduler wants and returns the fact that follows at once, if one does.
    fn act(&mut self, effect: &Effect) -> Option<Input> {
        match *effect {
            Effect::Spawn { attempt, slot } => {
                let started = self.backend.spawn(attempt, slot);
                if let Some(ask) = self.ask_repository.take() {
                    self.repository = ask();
                }
                Some(match started {
                    Ok(()) => Input::Started(attempt),
                    Err(exit) => Input::Finished(attempt, Box::new(AttemptReport::bare(exit))),
                })
            }
            Effect::Examine {
                attempt,
                ref circumstances,
            } => {
                let examination = self.backend.examine(attempt, circumstances);
                // Nobody waits for a look at what is merely slow.
                let is_answer =
                    circumstances.occasion != Occasion::Slow && examination == Examination::Over;
                is_answer.then_some(Input::Examined(attempt))
            }
            Effect::Signal { attempt, signal } => {
                self.backend.signal(attempt, signal);
                None
            }
            Effect::Probe(_) | Effect::Store(_) | Effect::Emit(_) => None,
        }
    }

    /// Asks whether earlier results hold, and returns the answers if they are known at once.
    fn ask(&mut self, tasks: Vec<TaskId>) -> Vec<Input> {
        if let Some(cache) = &mut self.cache {
            cache.probe(tasks);
            return Vec::new();
        }
        let misses = tasks.into_iter();
        let misses = misses.map(|task| Input::Probed { task, hit: false });
        misses.collect()
    }

    /// Wants the result of a task kept, whose only attempt has just ended. Its end is not told yet.
    fn keep(&mut self, task: TaskId, report: Option<&AttemptReport>) {
        let Some(cache) = &mut self.cache else { return };
        let record = self.audience.record.tasks.get(task.index());
        let started = record.and_then(TaskRecord::started);
        let now = self.clock.now();
        cache.keep(
            task,
            Attempted {
                duration: started.map_or(Duration::ZERO, |started| now - started),
                elided_bytes: report.map_or(0, |it| it.log.elided_bytes),
                cases: report.and_then(|it| it.cases.clone()),
            },
        );
    }

    /// Passes on what is known of earlier results by now.
    fn note_answers(&mut self, now: Time, audits: &mut Vec<(TaskId, Probed)>) -> Vec<Input> {
        let answers = self
            .cache
            .as_mut()
            .map(Service::answers)
            .unwrap_or_default();
        let mut inputs = Vec::new();
        for answer in answers {
            match answer {
                Answer::Probed(probed) => {
                    let (task, hit) = (probed.task, probed.hit);
                    self.audience.publish(
                        now,
                        &Event::Probed {
                            task,
                            key: probed.key.map(|it| it.to_string()),
                            hit,
                            reason: probed.reason.clone(),
                            saved: probed.saved,
                            elided_bytes: probed.elided_bytes,
                            cases: probed.cases.clone(),
                        },
                    );
                    if hit {
                        self.replay(now, task);
                    }
                    if probed.is_audit {
                        audits.push((task, probed));
                    }
                    inputs.push(Input::Probed { task, hit });
                }
                Answer::Kept(task, Some(reason)) => {
                    self.audience
                        .publish(now, &Event::NotStored { task, reason });
                }
                Answer::Kept(_, None) => {}
            }
        }
        inputs
    }

    /// Shows what a suite printed whose result is reused, to those who want to see output as it comes.
    fn replay(&mut self, now: Time, task: TaskId) {
        let Some(log_dir) = &self.replay else { return };
        let record = &self.audience.record;
        let stem = file_stem(&record.suite(task).name, record.shard(task));
        let name = format!("{stem}.log");
        // A log that is gone already has nothing to show.
        if let Ok(bytes) = fs::read(log_dir.join(name)) {
            let attempt = AttemptId { task, number: 1 };
            self.audience.publish_output(now, attempt, &bytes);
        }
    }

    /// Adds to an event what a reader wants to see and the scheduler does not know.
    fn illustrate(&mut self, event: &mut Event) {
        match event {
            Event::Slow {
                attempt, last_line, ..
            } => *last_line = self.backend.last_line(*attempt),
            Event::AttemptFinished {
                attempt,
                verdict,
                report,
            } if verdict.status() != Status::Passed && report.usage.is_some() => {
                report.excerpt = self.backend.excerpt(*attempt);
                let first_error = self.backend.first_error(*attempt, &report.excerpt);
                report.first_error = first_error.map(Box::new);
            }
            _ => {}
        }
    }

    /// Passes on what happened and returns what the scheduler has to know of it.
    fn note(&mut self, now: Time, occurrence: Occurrence) -> Option<Input> {
        match occurrence {
            Occurrence::Printed(attempt) => Some(Input::Printed(attempt)),
            Occurrence::Output(attempt, bytes) => Some(self.note_output(now, attempt, &bytes)),
            Occurrence::Examined(attempt) => Some(Input::Examined(attempt)),
            Occurrence::Exited(attempt) => Some(Input::Exited(attempt)),
            Occurrence::Finished(attempt, report) => Some(Input::Finished(attempt, report)),
            Occurrence::Signal(signal) => Some(Input::Interrupt(signal)),
            Occurrence::Key(key) => self.grant(now, wish_of(key)?),
            Occurrence::Keyboard(keyboard) => self.note_keyboard(now, keyboard),
            Occurrence::Resized => {
                self.note_size();
                None
            }
            Occurrence::Woken => {
                self.note_repository(now);
                None
            }
            Occurrence::Suspended => {
                self.audience.terminal.step_aside();
                self.clock.pause();
                self.backend.pause();
                None
            }
            Occurrence::Resumed => {
                self.backend.resume();
                self.clock.resume();
                self.note_size();
                None
            }
            Occurrence::Abandoned => None,
        }
    }

    /// Does what the user wishes, and returns what the scheduler has to know of it.
    fn grant(&mut self, now: Time, wish: Wish) -> Option<Input> {
        let terminal = &mut self.audience.terminal;
        let slots = self.scheduler.slots();
        let wanted = match wish {
            Wish::Status => {
                terminal.tell_status(now);
                return None;
            }
            Wish::Failures => {
                terminal.tell_failures(now);
                return None;
            }
            Wish::Pause if self.scheduler.is_held() => {
                terminal.tell_starts(now, Starts::GoOn);
                return Some(Input::Resume);
            }
            Wish::Pause => {
                terminal.tell_starts(now, Starts::Wait);
                return Some(Input::Hold);
            }
            Wish::MoreSlots => slots.saturating_add(1).min(self.most_slots),
            Wish::FewerSlots => slots.saturating_sub(1),
            // It came as a signal.
            Wish::Stop => return None,
        };
        let wanted = wanted.max(self.scheduler.fewest_slots());
        terminal.tell_slots(now, wanted);
        Some(Input::Slots(wanted))
    }

    /// Without keys nobody could let a held run go on.
    fn note_keyboard(&mut self, now: Time, keyboard: Keyboard) -> Option<Input> {
        let terminal = &mut self.audience.terminal;
        match keyboard {
            Keyboard::Here => {
                terminal.show_keys(KeyHints::Shown);
                None
            }
            Keyboard::Gone => {
                terminal.show_keys(KeyHints::Hidden);
                if !self.scheduler.is_held() {
                    return None;
                }
                terminal.tell_starts(now, Starts::GoOn);
                Some(Input::Resume)
            }
        }
    }

    fn note_output(&mut self, now: Time, attempt: AttemptId, bytes: &[u8]) -> Input {
        self.audience.publish_output(now, attempt, bytes);
        Input::Printed(attempt)
    }

    fn note_size(&mut self) {
        if let Some(size) = screen::size() {
            let terminal = &mut self.audience.terminal;
            terminal.handle_resize(size.columns, size.rows);
        }
    }

    fn note_repository(&mut self, now: Time) {
        let answer = self.repository.as_ref().map(Receiver::try_recv);
        if let Some(Ok(state)) = answer {
            self.publish_repository(now, state);
        }
    }

    fn await_repository(&mut self) {
        if let Some(receiver) = &self.repository
            && let Ok(state) = receiver.recv_timeout(REPOSITORY_PATIENCE)
        {
            self.publish_repository(self.now(), state);
        }
    }

    fn publish_repository(&mut self, now: Time, state: Option<Repository>) {
        self.repository = None;
        if let Some(state) = state {
            self.audience.publish(now, &Event::RepositoryRead(state));
        }
    }
}

/// The key that stops a run does what Ctrl-C does, however often.
fn as_signal(occurrence: Occurrence) -> Occurrence {
    match occurrence {
        Occurrence::Key(key) if wish_of(key) == Some(Wish::Stop) => {
            Occurrence::Signal(StopSignal::Interrupt)
        }
        other => other,
    }
}

/// Returns the report of a task's only attempt, which has just ended.
fn latest_report(task: TaskId, untold: &[(Time, Event)]) -> Option<&AttemptReport> {
    let mut reports = untold.iter().rev().filter_map(|(_, event)| match event {
        Event::AttemptFinished {
            attempt, report, ..
        } if attempt.task == task => Some(&**report),
        _ => None,
    });
    reports.next()
}
