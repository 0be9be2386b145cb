//! Drives a scheduler over scripted attempts in virtual time.
//!
//! Nothing is started and nothing waits: a run of hours takes microseconds, and the same script always
//! gives the same trace. Tests, and whoever wants to know how a plan will go, use it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::event::{Event, StopSignal};
use crate::id::AttemptId;
use crate::plan::Plan;
use crate::schedule::{Effect, Input, Occasion, Policy, Scheduler};
use crate::time::Time;
use crate::verdict::{AttemptReport, Exit};

/// What one attempt does.
#[derive(Debug, Clone)]
pub struct Performance {
    /// How long it runs when nobody stops it.
    pub duration: Duration,
    /// How it ends when nobody stops it. `NotStarted` ends it at once.
    pub exit: Exit,
    /// How often it prints, `None` for never.
    pub prints_every: Option<Duration>,
    /// What it does when it is told to end.
    pub when_stopped: WhenStopped,
    /// How long it takes to find out whether an earlier result holds, and whether one does. That of a task's first
    /// attempt counts.
    pub probe: (Duration, Hit),
    /// How long its examination takes when it runs into a limit; `None` for one without an end.
    pub examined_in: Option<Duration>,
    /// Whether its end, if nobody stops it, is that the system kills it for memory.
    pub out_of_memory: bool,
}

/// Whether an earlier result holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    /// One does.
    Yes,
    /// None does.
    No,
}

/// What an attempt does when it gets a polite signal. SIGKILL ends every attempt at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenStopped {
    /// It ends after this long.
    EndsAfter(Duration),
    /// It goes on as if nothing had happened.
    Ignores,
}

impl Performance {
    /// Returns an attempt that runs for `duration`, exits with `code` and ends at once when it is told to.
    #[must_use]
    pub fn exits(duration: Duration, code: i32) -> Self {
        Self {
            duration,
            exit: Exit::Code(code),
            prints_every: None,
            when_stopped: WhenStopped::EndsAfter(Duration::ZERO),
            probe: (Duration::ZERO, Hit::No),
            examined_in: Some(Duration::ZERO),
            out_of_memory: false,
        }
    }

    /// Returns an attempt that the system kills for memory after `duration`.
    #[must_use]
    pub fn killed_for_memory(duration: Duration) -> Self {
        Self {
            exit: Exit::Signal(9),
            out_of_memory: true,
            ..Self::exits(duration, 0)
        }
    }
}

/// Everything that went in and came out of a simulated run, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trace {
    /// What the scheduler was told.
    pub inputs: Vec<(Time, Input)>,
    /// What it answered.
    pub effects: Vec<(Time, Effect)>,
    /// When the last input came.
    pub end: Time,
}

impl Trace {
    /// Returns what was told to the world.
    pub fn events(&self) -> impl Iterator<Item = (Time, &Event)> {
        self.effects.iter().filter_map(|(at, effect)| match effect {
            Effect::Emit(event) => Some((*at, event)),
            Effect::Probe(_)
            | Effect::Store(_)
            | Effect::Spawn { .. }
            | Effect::Examine { .. }
            | Effect::Signal { .. } => None,
        })
    }
}

/// Runs `plan` to its end, with the given interrupts, each attempt doing what `perform` says.
pub fn simulate(
    plan: &Arc<Plan>,
    policy: Policy,
    interrupts: &[(Time, StopSignal)],
    perform: impl FnMut(AttemptId) -> Performance,
) -> Trace {
    let interrupts = interrupts.iter();
    let interrupts = interrupts.map(|&(at, signal)| (at, Input::Interrupt(signal)));
    simulate_amid(plan, policy, interrupts.collect(), perform)
}

/// Runs `plan` to its end, each attempt doing what `perform` says, while `around` happens: what no attempt does. Who holds
/// the run has to let it go on, or it never ends; the trace stops there.
pub fn simulate_amid(
    plan: &Arc<Plan>,
    policy: Policy,
    around: Vec<(Time, Input)>,
    mut perform: impl FnMut(AttemptId) -> Performance,
) -> Trace {
    let mut stage = Stage::default();
    for (at, input) in around {
        stage.expect(at, input);
    }
    let mut scheduler = Scheduler::new(Arc::clone(plan), policy);
    let mut trace = Trace::default();
    let mut effects = Vec::new();
    let mut next = Some((Time::BEGIN, Input::Begin));
    while let Some((now, input)) = next {
        trace.inputs.push((now, input.clone()));
        trace.end = now;
        scheduler.handle(now, input, &mut effects);
        for effect in effects.drain(..) {
            match &effect {
                Effect::Probe(task) => {
                    let first = AttemptId {
                        task: *task,
                        number: 1,
                    };
                    let (delay, hit) = perform(first).probe;
                    let hit = hit == Hit::Yes;
                    stage.expect(now + delay, Input::Probed { task: *task, hit });
                }
                Effect::Spawn { attempt, .. } => stage.spawn(now, *attempt, perform(*attempt)),
                Effect::Examine {
                    attempt,
                    circumstances,
                } => stage.examine(now, *attempt, circumstances.occasion),
                Effect::Signal { attempt, signal } => stage.signal(now, *attempt, *signal),
                Effect::Store(_) | Effect::Emit(_) => {}
            }
            trace.effects.push((now, effect));
        }
        next = if scheduler.summary().is_some() {
            None
        } else {
            stage.next(now, scheduler.next_wakeup())
        };
    }
    trace
}

/// What is going to happen, unless the scheduler intervenes.
#[derive(Default)]
struct Stage {
    /// By time, then by when it was decided.
    expected: BTreeMap<(Time, u64), Input>,
    decided: u64,
    performances: BTreeMap<AttemptId, (Performance, (Time, u64))>,
}

impl Stage {
    fn expect(&mut self, at: Time, input: Input) -> (Time, u64) {
        let key = (at, self.decided);
        self.decided += 1;
        self.expected.insert(key, input);
        key
    }

    fn finish_at(&mut self, at: Time, attempt: AttemptId, report: AttemptReport) -> (Time, u64) {
        self.expect(at, Input::Finished(attempt, Box::new(report)))
    }

    fn spawn(&mut self, now: Time, attempt: AttemptId, performance: Performance) {
        if matches!(performance.exit, Exit::NotStarted(_)) {
            self.finish_at(now, attempt, AttemptReport::bare(performance.exit));
            return;
        }
        self.expect(now, Input::Started(attempt));
        let end = now + performance.duration;
        if let Some(every) = performance.prints_every {
            let mut at = now + every;
            while at < end {
                self.expect(at, Input::Printed(attempt));
                at = at + every;
            }
        }
        let mut report = AttemptReport::bare(performance.exit.clone());
        report.out_of_memory = performance.out_of_memory;
        let key = self.finish_at(end, attempt, report);
        self.performances.insert(attempt, (performance, key));
    }

    fn examine(&mut self, now: Time, attempt: AttemptId, occasion: Occasion) {
        let performance = self.performances.get(&attempt).map(|(it, _)| it);
        if let Some(time) = performance.and_then(|it| it.examined_in)
            && occasion != Occasion::Slow
        {
            self.expect(now + time, Input::Examined(attempt));
        }
    }

    fn signal(&mut self, now: Time, attempt: AttemptId, signal: StopSignal) {
        let Some((performance, key)) = self.performances.get(&attempt).cloned() else {
            return;
        };
        let (end, number) = match (signal, performance.when_stopped) {
            (StopSignal::Kill, _) => (now, 9),
            (_, WhenStopped::EndsAfter(delay)) => (now + delay, 15),
            (_, WhenStopped::Ignores) => return,
        };
        // It may be over before the signal takes effect.
        if key.0 > end && self.expected.remove(&key).is_some() {
            let report = AttemptReport::bare(Exit::Signal(number));
            let key = self.finish_at(end, attempt, report);
            self.performances.insert(attempt, (performance, key));
        }
    }

    fn next(&mut self, now: Time, wakeup: Option<Time>) -> Option<(Time, Input)> {
        let first = self.expected.first_key_value().map(|((at, _), _)| *at);
        match (first, wakeup) {
            // What happens at the moment of an alarm happens before it is heard.
            (Some(at), wakeup) if wakeup.is_none_or(|it| at <= it) => {
                let (_, input) = self.expected.pop_first()?;
                Some((at, input))
            }
            (_, Some(at)) => Some((at.max(now), Input::Wakeup)),
            _ => None,
        }
    }
}
