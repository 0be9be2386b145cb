//! Properties of the scheduler over random plans, durations, failures and interrupts, in virtual time.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::catch_unwind;
use std::sync::Arc;
use std::time::Duration;

use common::{keep_going, millis};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use regatta_core::event::{CancelReason, Event, StopCause, StopSignal};
use regatta_core::id::{AttemptId, Id, IdMap, PoolId, SuiteId, TaskId};
use regatta_core::plan::{Claim, Plan, Pool, Suite, TaskSpec};
use regatta_core::schedule::{Circumstances, Effect, Input, Occasion, Policy, Pressure, Scheduler};
use regatta_core::sim::{Hit, Performance, Trace, WhenStopped, simulate, simulate_amid};
use regatta_core::terms::{Backoff, FailFast, FlakyVerdict, Repeat, Retries, Reuse, Terms, Until};
use regatta_core::time::Time;
use regatta_core::verdict::{Exit, Outcome, Status, Verdict};

/// A random run: everything that decides its trace.
#[derive(Debug, Clone)]
struct Case {
    plan: Arc<Plan>,
    policy: Policy,
    interrupts: Vec<(Time, StopSignal)>,
    /// When it becomes hard to get memory, and easy again.
    pressures: Vec<(Time, Pressure)>,
    performances: Vec<Performance>,
}

impl Case {
    fn run(&self) -> Trace {
        let interrupts = self.interrupts.iter();
        let interrupts = interrupts.map(|&(at, signal)| (at, Input::Interrupt(signal)));
        let pressures = self.pressures.iter();
        let pressures = pressures.map(|&(at, pressure)| (at, Input::Pressure(pressure)));
        let around = interrupts.chain(pressures).collect();
        simulate_amid(&self.plan, self.policy, around, |attempt| {
            self.perform(attempt)
        })
    }

    /// Who asks for several rounds wants to see everything run.
    fn may_reuse(&self, task: TaskId) -> bool {
        self.plan.tasks[task].terms.reuse == Reuse::Possible && self.policy.repeat.is_once()
    }

    /// Later attempts of a task do what other tasks do first, so that a retry may pass.
    fn perform(&self, attempt: AttemptId) -> Performance {
        let at = attempt.task.index() + attempt.number as usize - 1;
        self.performances[at % self.performances.len()].clone()
    }
}

fn terms() -> impl Strategy<Value = Terms> {
    let limit = || prop::option::weighted(0.3, (1_u64..3000).prop_map(millis));
    let retries = (0_u32..3, 0_u64..500, any::<bool>(), any::<bool>());
    let examination = prop::option::of((0_u64..400).prop_map(millis));
    (
        limit(),
        limit(),
        limit(),
        0_u64..400,
        retries,
        (any::<bool>(), any::<bool>()),
        examination,
    )
        .prop_map(
            |(
                timeout,
                idle_timeout,
                slow_after,
                grace,
                (count, delay, doubles, jitter),
                (strict, is_probed),
                examination,
            )| {
                Terms {
                    timeout,
                    idle_timeout,
                    slow_after,
                    grace_period: millis(grace),
                    retries: Retries {
                        count,
                        delay: millis(delay),
                        backoff: if doubles {
                            Backoff::Exponential
                        } else {
                            Backoff::Fixed
                        },
                        max_delay: None,
                        jitter,
                    },
                    flaky: if strict {
                        FlakyVerdict::Fail
                    } else {
                        FlakyVerdict::Pass
                    },
                    skip_exit_code: Some(77),
                    examination,
                    reuse: if is_probed {
                        Reuse::Possible
                    } else {
                        Reuse::Never
                    },
                    ..Terms::default()
                }
            },
        )
}

fn performance() -> impl Strategy<Value = Performance> {
    let exit = prop_oneof![
        6 => Just(Exit::Code(0)),
        3 => Just(Exit::Code(1)),
        1 => Just(Exit::Code(77)),
        1 => Just(Exit::Signal(11)),
        1 => Just(Exit::NotStarted("no such program".into())),
    ];
    let stop = prop_oneof![
        Just(WhenStopped::Ignores),
        (0_u64..300).prop_map(|ms| WhenStopped::EndsAfter(millis(ms))),
    ];
    let prints = prop::option::of((50_u64..900).prop_map(millis));
    let examined = prop::option::of((0_u64..500).prop_map(millis));
    let hit = prop_oneof![1 => Just(Hit::Yes), 2 => Just(Hit::No)];
    let probe = ((0_u64..300).prop_map(millis), hit);
    let killed = prop::bool::weighted(0.1);
    (exit, 0_u64..2500, prints, stop, probe, examined, killed).prop_map(
        |(exit, ms, prints_every, when_stopped, probe, examined_in, is_killed)| {
            let out_of_memory = is_killed && !matches!(exit, Exit::NotStarted(_));
            Performance {
                duration: millis(ms),
                exit: if out_of_memory { Exit::Signal(9) } else { exit },
                prints_every,
                when_stopped,
                probe,
                examined_in,
                out_of_memory,
            }
        },
    )
}

fn policy() -> impl Strategy<Value = Policy> {
    let fail_fast = prop_oneof![
        3 => Just(FailFast::Off),
        1 => Just(FailFast::Soon),
        1 => Just(FailFast::Now),
    ];
    let max_fail = prop::option::weighted(0.2, 1_u32..4);
    let repeat = prop_oneof![
        3 => Just(Repeat::once()),
        1 => (2_u32..5).prop_map(|most| (most, Until::Done)).prop_map(repeat),
        1 => (1_u32..5).prop_map(|most| (most, Until::Failure)).prop_map(repeat),
    ];
    (fail_fast, max_fail, repeat, any::<u64>()).prop_map(|(fail_fast, max_fail, repeat, seed)| {
        Policy {
            fail_fast,
            max_fail,
            repeat,
            seed,
        }
    })
}

fn repeat((most, until): (u32, Until)) -> Repeat {
    Repeat {
        rounds: Some(most),
        until,
    }
}

/// Returns the word on a task in a round, the final one where there is one round only.
fn word(case: &Case, event: &Event) -> Option<(TaskId, Verdict)> {
    match event {
        Event::TaskFinished { task, verdict } if case.policy.repeat.is_once() => {
            Some((*task, verdict.clone()))
        }
        Event::TaskRoundFinished { task, verdict, .. } => Some((*task, verdict.clone())),
        _ => None,
    }
}

/// A task before it has a place: edges as fractions of the tasks before it, pools as positions.
type Draft = (Vec<u16>, u64, Vec<usize>, Terms);

fn graph() -> impl Strategy<Value = Arc<Plan>> {
    let draft = (
        prop::collection::vec(any::<u16>(), 0..3),
        1_u64..4,
        prop::collection::vec(1_usize..4, 0..3),
        terms(),
    );
    let drafts = prop::collection::vec(draft, 1..25);
    let capacities = (1_u64..5, prop::collection::vec(1_u64..3, 3));
    (drafts, capacities).prop_map(|(drafts, (slots, groups))| build(drafts, slots, &groups))
}

fn build(drafts: Vec<Draft>, slots: u64, groups: &[u64]) -> Arc<Plan> {
    let pools = std::iter::once(slots).chain(groups.iter().copied());
    let pools = pools
        .map(|capacity| Pool {
            name: String::new(),
            capacity,
        })
        .collect();
    let suites = drafts.iter().map(|_| Suite::default()).collect();
    let specs = drafts.into_iter().enumerate();
    let specs = specs.map(|(index, (edges, cpus, mut groups, terms))| {
        groups.sort_unstable();
        groups.dedup();
        let mut claims = vec![Claim {
            pool: PoolId(0),
            amount: cpus,
        }];
        claims.extend(groups.into_iter().map(|group| Claim {
            pool: PoolId::from_index(group),
            amount: 1,
        }));
        let before = |edge: u16| TaskId::from_index(edge as usize * index / 65536);
        TaskSpec {
            suite: SuiteId::from_index(index),
            dependencies: if index == 0 {
                Vec::new()
            } else {
                edges.into_iter().map(before).collect()
            },
            claims,
            terms,
        }
    });
    let specs = specs.collect();
    Arc::new(Plan::new(suites, specs, pools).expect("edges only point backwards"))
}

fn case() -> impl Strategy<Value = Case> {
    let interrupts = prop::collection::vec((0_u64..6000).prop_map(|ms| Time(millis(ms))), 0..3);
    let interrupts = prop_oneof![2 => Just(Vec::new()), 1 => interrupts];
    let performances = prop::collection::vec(performance(), 1..12);
    let high = prop_oneof![Just(Pressure::High), Just(Pressure::Normal)];
    let pressure = ((0_u64..6000).prop_map(|ms| Time(millis(ms))), high);
    let pressures = prop::collection::vec(pressure, 0..4);
    let pressures = prop_oneof![2 => Just(Vec::new()), 1 => pressures];
    (graph(), policy(), interrupts, pressures, performances).prop_map(
        |(plan, policy, mut interrupts, mut pressures, performances)| {
            interrupts.sort_unstable();
            pressures.sort_by_key(|(at, _)| *at);
            let signal = |at| (at, StopSignal::Interrupt);
            Case {
                plan,
                policy,
                interrupts: interrupts.into_iter().map(signal).collect(),
                pressures,
                performances,
            }
        },
    )
}

/// What has been taken from each pool, followed along a trace.
struct Books<'a> {
    plan: &'a Plan,
    taken: IdMap<PoolId, u64>,
    holders: BTreeMap<AttemptId, Time>,
}

impl<'a> Books<'a> {
    fn new(plan: &'a Plan) -> Self {
        Self {
            plan,
            taken: plan.pools.ids().map(|_| 0).collect(),
            holders: BTreeMap::new(),
        }
    }

    fn take(&mut self, attempt: AttemptId, at: Time) {
        for claim in &self.plan.tasks[attempt.task].claims {
            self.taken[claim.pool] += claim.amount;
            let capacity = self.plan.pools[claim.pool].capacity;
            assert!(
                self.taken[claim.pool] <= capacity,
                "pool {:?} is over its capacity of {capacity} at {at}",
                claim.pool
            );
        }
        assert!(
            self.holders.insert(attempt, at).is_none(),
            "{attempt} started twice"
        );
    }

    fn give_back(&mut self, attempt: AttemptId) {
        self.holders
            .remove(&attempt)
            .expect("only what was started ends");
        for claim in &self.plan.tasks[attempt.task].claims {
            self.taken[claim.pool] -= claim.amount;
        }
    }

    fn has_room_for(&self, task: TaskId) -> bool {
        self.plan.tasks[task].claims.iter().all(|claim| {
            self.taken[claim.pool] + claim.amount <= self.plan.pools[claim.pool].capacity
        })
    }
}

fn no_pool_is_ever_over_its_capacity(case: &Case) {
    let mut books = Books::new(&case.plan);
    for (at, effect) in &case.run().effects {
        match effect {
            Effect::Spawn { attempt, .. } => books.take(*attempt, *at),
            Effect::Emit(Event::AttemptFinished { attempt, .. }) => books.give_back(*attempt),
            _ => {}
        }
    }
    assert!(books.holders.is_empty());
}

fn nothing_starts_before_all_its_dependencies_passed(case: &Case) {
    let mut passed = BTreeMap::new();
    for (_, effect) in &case.run().effects {
        match effect {
            Effect::Spawn { attempt, .. } => {
                let mut needed = case.plan.tasks[attempt.task].dependencies.iter();
                assert!(needed.all(|it| passed.get(it) == Some(&true)));
            }
            Effect::Emit(Event::RoundFinished { .. }) => passed.clear(),
            Effect::Emit(event) => {
                let word = word(case, event);
                passed.extend(word.map(|(task, it)| (task, it.status() == Status::Passed)));
            }
            _ => {}
        }
    }
}

fn every_task_gets_exactly_one_final_word_and_the_counts_add_up(case: &Case) {
    let trace = case.run();
    let mut words = BTreeMap::new();
    let mut attempts = BTreeMap::new();
    for (_, event) in trace.events() {
        match event {
            Event::TaskFinished { task, verdict } => {
                assert!(words.insert(*task, verdict.clone()).is_none());
            }
            Event::AttemptFinished { attempt, .. } => {
                assert!(!words.contains_key(&attempt.task));
                *attempts.entry(attempt.task).or_insert(0) += 1;
            }
            _ => {}
        }
    }
    assert_eq!(words.len(), case.plan.tasks.len());
    for (task, count) in attempts {
        let rounds = case.policy.repeat.rounds.expect("a test has an end");
        // One more in a round where it was killed for memory.
        assert!(count <= rounds * (2 + case.plan.tasks[task].terms.retries.count));
    }
    let mut scheduler = Scheduler::new(Arc::clone(&case.plan), case.policy);
    for (at, input) in trace.inputs {
        scheduler.handle(at, input, &mut Vec::new());
    }
    let summary = scheduler.summary().expect("every run ends");
    assert_eq!(summary.total as usize, case.plan.tasks.len());
    assert_eq!(
        summary.total,
        summary.passed + summary.failed + summary.skipped
    );
    let failed = words
        .values()
        .filter(|it| it.status() == Status::Failed)
        .count();
    assert_eq!(summary.failed as usize, failed);
}

fn every_round_has_one_word_a_task_and_the_worst_is_final(case: &Case) {
    let trace = case.run();
    let mut round = 1;
    let mut words: BTreeMap<TaskId, Vec<Verdict>> = BTreeMap::new();
    let mut told = 0;
    let mut is_failed = false;
    for (_, event) in trace.events() {
        match event {
            Event::TaskRoundFinished {
                task,
                round: number,
                verdict,
            } => {
                assert_eq!(*number, round);
                let words = words.entry(*task).or_default();
                words.push(verdict.clone());
                assert_eq!(words.len(), round as usize, "{task:?} has another word");
            }
            Event::RoundFinished {
                round: number,
                summary,
            } => {
                assert_eq!(*number, round);
                assert_eq!(summary.total as usize, case.plan.tasks.len());
                assert!(!is_failed || case.policy.repeat.until == Until::Done);
                is_failed = summary.failed > 0;
                round += 1;
            }
            Event::TaskFinished { task, verdict } if !case.policy.repeat.is_once() => {
                told += 1;
                let words = &words[task];
                assert_eq!(words.len(), round as usize - 1);
                let rank = |it: &Verdict| match it {
                    Verdict::Failed(_) => 3,
                    Verdict::Skipped(_) => 2,
                    Verdict::Flaky => 1,
                    Verdict::Passed | Verdict::Cached => 0,
                };
                let worst = words.iter().map(rank).max();
                let first = words.iter().find(|it| Some(rank(it)) == worst);
                assert_eq!(Some(verdict), first);
            }
            _ => {}
        }
    }
    if !case.policy.repeat.is_once() {
        assert_eq!(told, case.plan.tasks.len());
        assert!(
            case.policy
                .repeat
                .rounds
                .is_some_and(|most| round - 1 <= most)
        );
    }
}

fn an_attempt_runs_no_longer_than_its_time_out_examination_and_grace(case: &Case) {
    let mut started = BTreeMap::new();
    for (at, event) in case.run().events() {
        match event {
            Event::AttemptStarted { attempt, .. } => {
                started.insert(*attempt, at);
            }
            Event::AttemptFinished { attempt, .. } => {
                let terms = &case.plan.tasks[attempt.task].terms;
                let (Some(start), Some(timeout)) = (started.get(attempt), terms.timeout) else {
                    continue;
                };
                let examination = terms.examination.unwrap_or_default();
                assert!(at - *start <= timeout + examination + terms.grace_period);
            }
            _ => {}
        }
    }
}

fn whoever_ran_into_a_limit_is_examined_once_and_before_the_first_signal(case: &Case) {
    let mut examined = BTreeMap::new();
    let mut told = BTreeSet::new();
    for (now, effect) in &case.run().effects {
        match effect {
            Effect::Examine {
                attempt,
                circumstances:
                    Circumstances {
                        occasion: Occasion::Limit(limit),
                        running,
                        silent,
                    },
            } => {
                assert!(!told.contains(attempt), "{attempt} was told before");
                assert!(silent <= running, "{attempt} is silent for too long");
                let earlier = examined.insert(*attempt, (*limit, *now));
                assert!(earlier.is_none(), "{attempt} is examined twice");
            }
            Effect::Emit(Event::Stopping { attempt, cause, .. }) => {
                let limits = [StopCause::Timeout, StopCause::IdleTimeout];
                let Some((limit, since)) = examined.get(attempt) else {
                    assert!(!limits.contains(cause), "{attempt} was not examined");
                    continue;
                };
                assert_eq!(limit, cause);
                let patience = case.plan.tasks[attempt.task].terms.examination;
                if told.insert(*attempt) {
                    assert!(*now - *since <= patience.unwrap_or_default());
                }
            }
            Effect::Emit(Event::AttemptFinished {
                attempt, verdict, ..
            }) => {
                let expected = match examined.get(attempt) {
                    Some((StopCause::Timeout, _)) => Outcome::Timeout,
                    Some(_) => Outcome::IdleTimeout,
                    None => continue,
                };
                assert_eq!(verdict.outcome(), expected);
            }
            _ => {}
        }
    }
}

fn nothing_starts_once_the_run_is_cut_short(case: &Case) {
    let mut cut = false;
    for (_, effect) in &case.run().effects {
        match effect {
            Effect::Spawn { .. } => assert!(!cut),
            Effect::Emit(Event::RunCancelled { .. }) => cut = true,
            _ => {}
        }
    }
}

fn replaying_the_inputs_gives_the_identical_effects(case: &Case) {
    let trace = case.run();
    let mut scheduler = Scheduler::new(Arc::clone(&case.plan), case.policy);
    let mut effects = Vec::new();
    for (at, input) in &trace.inputs {
        let mut new = Vec::new();
        scheduler.handle(*at, input.clone(), &mut new);
        effects.extend(new.into_iter().map(|effect| (*at, effect)));
    }
    assert_eq!(effects, trace.effects);
}

fn count_dependencies(plan: &Plan) -> IdMap<TaskId, usize> {
    let tasks = plan.tasks.values();
    tasks.map(|task| task.dependencies.len()).collect()
}

fn find_roots(missing: &IdMap<TaskId, usize>) -> Vec<TaskId> {
    missing.ids().filter(|&it| missing[it] == 0).collect()
}

fn no_task_that_could_start_is_left_waiting(case: &Case) {
    // The room is counted anew after each input, from what was started and what ended.
    let trace = case.run();
    let mut scheduler = Scheduler::new(Arc::clone(&case.plan), case.policy);
    let mut books = Books::new(&case.plan);
    // Whoever is probed could not start before the answer.
    let is_probed = |task: TaskId| case.may_reuse(task);
    let mut missing = count_dependencies(&case.plan);
    let mut queued = find_roots(&missing);
    queued.retain(|&it| !is_probed(it));
    let mut backing_off: BTreeMap<TaskId, Time> = BTreeMap::new();
    let mut done = BTreeSet::new();
    let mut pressure = Pressure::Normal;
    let mut guests = Guests::default();
    for (at, input) in &trace.inputs {
        if let Input::Pressure(now) = input {
            pressure = *now;
        }
        if matches!(input, Input::Wakeup) {
            let over: Vec<_> = backing_off
                .iter()
                .filter(|(_, until)| **until <= *at)
                .map(|(task, _)| *task)
                .collect();
            for task in over {
                backing_off.remove(&task);
                queued.push(task);
            }
        }
        if let Input::Probed { task, hit: false } = input
            && !done.contains(task)
        {
            queued.push(*task);
        }
        let mut effects = Vec::new();
        scheduler.handle(*at, input.clone(), &mut effects);
        for effect in &effects {
            guests.note(effect);
            match effect {
                Effect::Spawn { attempt, .. } => {
                    queued.retain(|it| *it != attempt.task);
                    books.take(*attempt, *at);
                }
                Effect::Emit(Event::AttemptFinished { attempt, .. }) => books.give_back(*attempt),
                Effect::Emit(Event::RetryScheduled { attempt, .. })
                    if guests.waiting.contains(attempt) => {}
                Effect::Emit(Event::RetryScheduled { attempt, delay }) if delay.is_zero() => {
                    queued.push(attempt.task);
                }
                Effect::Emit(Event::RetryScheduled { attempt, delay }) => {
                    backing_off.insert(attempt.task, *at + *delay);
                }
                Effect::Emit(Event::RoundFinished { .. }) => {
                    missing = count_dependencies(&case.plan);
                    queued = find_roots(&missing);
                    done.clear();
                }
                // The final words after several rounds: nothing starts any more.
                Effect::Emit(Event::TaskFinished { .. }) if !case.policy.repeat.is_once() => {
                    queued.clear();
                }
                Effect::Emit(event) => {
                    let Some((task, verdict)) = word(case, event) else {
                        continue;
                    };
                    let task = &task;
                    queued.retain(|it| it != task);
                    backing_off.remove(task);
                    done.insert(*task);
                    if verdict.status() == Status::Passed {
                        for &dependent in &case.plan.tasks[*task].dependents {
                            missing[dependent] -= 1;
                            let is_ready = missing[dependent] == 0 && !is_probed(dependent);
                            if is_ready && !done.contains(&dependent) {
                                queued.push(dependent);
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        let is_open =
            guests.alone.is_none() && (pressure == Pressure::Normal || books.holders.is_empty());
        for &task in &queued {
            assert!(
                !is_open || !books.has_room_for(task),
                "{task:?} waits at {at} although it has room"
            );
        }
        let is_anybody = !books.holders.is_empty() || guests.waiting.is_empty();
        assert!(is_anybody, "nobody runs alone at {at}, nor anybody else");
    }
}

/// Those who were killed for memory and are to run alone.
#[derive(Default)]
struct Guests {
    killed: Option<AttemptId>,
    waiting: BTreeSet<AttemptId>,
    alone: Option<AttemptId>,
    had_theirs: BTreeSet<TaskId>,
}

impl Guests {
    fn note(&mut self, effect: &Effect) {
        match effect {
            Effect::Emit(Event::AttemptFinished {
                attempt, verdict, ..
            }) => {
                let is_killed = verdict.outcome() == Outcome::OutOfMemory;
                self.killed = Some(*attempt).filter(|_| is_killed);
                self.alone = self.alone.filter(|it| it != attempt);
            }
            Effect::Emit(Event::RetryScheduled { attempt, .. }) => {
                let before = AttemptId {
                    number: attempt.number - 1,
                    ..*attempt
                };
                if self.killed == Some(before) {
                    let is_first = self.had_theirs.insert(attempt.task);
                    assert!(is_first, "{attempt} is killed and run again once too often");
                    self.waiting.insert(*attempt);
                }
            }
            Effect::Emit(Event::TaskFinished { task, .. }) => {
                self.waiting.retain(|it| it.task != *task);
            }
            Effect::Emit(Event::TaskRoundFinished { task, .. }) => {
                self.waiting.retain(|it| it.task != *task);
                self.had_theirs.remove(task);
            }
            Effect::Spawn { attempt, .. } if self.waiting.remove(attempt) => {
                self.alone = Some(*attempt);
            }
            _ => {}
        }
    }
}

fn who_was_killed_for_memory_runs_again_once_and_alone(case: &Case) {
    let mut guests = Guests::default();
    let mut running = BTreeSet::new();
    let mut halted = false;
    for (at, effect) in &case.run().effects {
        let was_killed = guests.killed;
        guests.note(effect);
        match effect {
            Effect::Spawn { attempt, .. } => {
                running.insert(*attempt);
                if guests.alone.is_some() {
                    assert_eq!(running.len(), 1, "{attempt} has company at {at}");
                }
            }
            Effect::Emit(Event::AttemptFinished { attempt, .. }) => {
                running.remove(attempt);
            }
            Effect::Emit(Event::RunCancelled { .. }) => halted = true,
            Effect::Emit(event) => {
                let Some((task, verdict)) = word(case, event) else {
                    continue;
                };
                if was_killed.is_some_and(|it| it.task == task) && !halted {
                    // It was alone already, or was after an earlier attempt.
                    assert_eq!(verdict.outcome(), Outcome::OutOfMemory);
                }
            }
            _ => {}
        }
    }
}

fn while_memory_is_short_nobody_starts_beside_another(case: &Case) {
    let trace = case.run();
    let mut scheduler = Scheduler::new(Arc::clone(&case.plan), case.policy);
    let mut pressure = Pressure::Normal;
    let mut running = BTreeSet::new();
    for (at, input) in trace.inputs {
        if let Input::Pressure(now) = input {
            pressure = now;
        }
        let mut effects = Vec::new();
        scheduler.handle(at, input, &mut effects);
        for effect in &effects {
            match effect {
                Effect::Spawn { attempt, .. } => {
                    let is_alone = running.is_empty();
                    assert!(is_alone || pressure == Pressure::Normal, "{attempt}");
                    running.insert(*attempt);
                }
                Effect::Emit(Event::AttemptFinished { attempt, .. }) => {
                    running.remove(attempt);
                }
                _ => {}
            }
        }
    }
}

fn what_the_user_interrupts_is_never_called_a_failure(case: &Case) {
    let mut interrupted = false;
    for (_, event) in case.run().events() {
        match event {
            Event::RunCancelled {
                reason: CancelReason::Interrupt(_),
            } => interrupted = true,
            Event::AttemptFinished {
                verdict: Verdict::Failed(failure),
                report,
                ..
            } if interrupted => {
                // Only what ended by itself, or ran into a limit before, may still fail.
                let by_itself = matches!(
                    report.exit,
                    Exit::Code(_) | Exit::Signal(_) | Exit::NotStarted(_)
                );
                assert!(by_itself, "{failure:?}");
            }
            _ => {}
        }
    }
}

fn a_task_is_probed_once_before_it_runs_and_a_hit_never_runs(case: &Case) {
    let trace = case.run();
    let hits: BTreeSet<TaskId> = trace
        .inputs
        .iter()
        .filter_map(|(_, input)| match input {
            Input::Probed { task, hit: true } => Some(*task),
            _ => None,
        })
        .collect();
    let mut probed = BTreeSet::new();
    let mut passed = BTreeSet::new();
    for (_, effect) in &trace.effects {
        match effect {
            Effect::Probe(task) => {
                assert!(case.may_reuse(*task));
                let needed = &case.plan.tasks[*task].dependencies;
                assert!(needed.iter().all(|it| passed.contains(it)));
                assert!(probed.insert(*task), "{task:?} is probed twice");
            }
            Effect::Spawn { attempt, .. } => {
                let is_probed = case.may_reuse(attempt.task);
                assert_eq!(probed.contains(&attempt.task), is_probed);
                assert!(!hits.contains(&attempt.task));
            }
            Effect::Emit(Event::TaskFinished { task, verdict }) => {
                let is_cached = *verdict == Verdict::Cached;
                assert!(!is_cached || hits.contains(task));
                if verdict.status() == Status::Passed {
                    passed.insert(*task);
                }
            }
            _ => {}
        }
    }
}

fn only_a_clean_first_pass_is_stored_and_before_anybody_builds_on_it(case: &Case) {
    let mut last = BTreeMap::new();
    let mut stored = BTreeSet::new();
    for (_, effect) in &case.run().effects {
        match effect {
            Effect::Emit(Event::AttemptFinished {
                attempt,
                verdict,
                report,
            }) => {
                last.insert(
                    attempt.task,
                    (*attempt, verdict.clone(), report.exit.clone()),
                );
            }
            Effect::Store(task) => {
                let (attempt, verdict, exit) = &last[task];
                assert_eq!(
                    (attempt.number, verdict, exit),
                    (1, &Verdict::Passed, &Exit::Code(0))
                );
                assert!(case.may_reuse(*task));
                assert!(stored.insert(*task), "{task:?} is stored twice");
            }
            Effect::Emit(Event::TaskFinished {
                task,
                verdict: Verdict::Passed,
            }) => {
                // A pass alone, after the system had killed the first attempt, is no clean one.
                let is_first = last[task].0.number == 1;
                let is_probed = case.may_reuse(*task);
                assert_eq!(stored.contains(task), is_probed && is_first);
            }
            _ => {}
        }
    }
}

/// What holds in every run.
const PROPERTIES: [fn(&Case); 14] = [
    no_pool_is_ever_over_its_capacity,
    nothing_starts_before_all_its_dependencies_passed,
    every_task_gets_exactly_one_final_word_and_the_counts_add_up,
    every_round_has_one_word_a_task_and_the_worst_is_final,
    an_attempt_runs_no_longer_than_its_time_out_examination_and_grace,
    whoever_ran_into_a_limit_is_examined_once_and_before_the_first_signal,
    nothing_starts_once_the_run_is_cut_short,
    replaying_the_inputs_gives_the_identical_effects,
    no_task_that_could_start_is_left_waiting,
    what_the_user_interrupts_is_never_called_a_failure,
    a_task_is_probed_once_before_it_runs_and_a_hit_never_runs,
    only_a_clean_first_pass_is_stored_and_before_anybody_builds_on_it,
    who_was_killed_for_memory_runs_again_once_and_alone,
    while_memory_is_short_nobody_starts_beside_another,
];

/// Checks every property of the run that a seed stands for.
fn wishes() -> impl Strategy<Value = Vec<(Time, Input)>> {
    let wish = prop_oneof![
        Just(Input::Hold),
        Just(Input::Resume),
        (0_u32..9).prop_map(Input::Slots),
        Just(Input::Interrupt(StopSignal::Interrupt)),
    ];
    let wishes = prop::collection::vec(((0_u64..6000).prop_map(|ms| Time(millis(ms))), wish), 0..8);
    wishes.prop_map(|mut wishes| {
        wishes.sort_by_key(|(at, _)| *at);
        wishes.push((Time(millis(6000)), Input::Resume));
        wishes
    })
}

/// Plays a case with wishes and follows what the user wants by then.
fn check_wishes(case: &Case, wishes: &[(Time, Input)]) {
    const SLOTS: PoolId = PoolId(0);
    let trace = simulate_amid(&case.plan, case.policy, wishes.to_vec(), |it| {
        case.perform(it)
    });
    let mut scheduler = Scheduler::new(Arc::clone(&case.plan), case.policy);
    let claims = case.plan.tasks.values().flat_map(|task| &task.claims);
    let amounts = claims.filter(|it| it.pool == SLOTS).map(|it| it.amount);
    let fewest = amounts.max().unwrap_or(1);
    let mut capacity: IdMap<PoolId, u64> = case.plan.pools.values().map(|it| it.capacity).collect();
    let mut taken: IdMap<PoolId, u64> = case.plan.pools.ids().map(|_| 0).collect();
    let mut is_held = false;
    for (at, input) in &trace.inputs {
        match input {
            Input::Hold => is_held = true,
            Input::Resume => is_held = false,
            Input::Slots(count) => capacity[SLOTS] = u64::from(*count).max(fewest),
            _ => {}
        }
        let mut effects = Vec::new();
        scheduler.handle(*at, input.clone(), &mut effects);
        assert_eq!(scheduler.is_held(), is_held);
        assert_eq!(u64::from(scheduler.slots()), capacity[SLOTS]);
        for effect in &effects {
            match effect {
                Effect::Spawn { attempt, .. } => {
                    assert!(!is_held, "{attempt} started at {at} while held");
                    for claim in &case.plan.tasks[attempt.task].claims {
                        taken[claim.pool] += claim.amount;
                        assert!(
                            taken[claim.pool] <= capacity[claim.pool],
                            "{attempt} at {at}"
                        );
                    }
                }
                Effect::Emit(Event::AttemptFinished { attempt, .. }) => {
                    for claim in &case.plan.tasks[attempt.task].claims {
                        taken[claim.pool] -= claim.amount;
                    }
                }
                _ => {}
            }
        }
    }
    assert!(scheduler.summary().is_some(), "every task has its word");
}

fn check(seed: u64) {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
    let case = case().new_tree(&mut runner).expect("every seed is a run");
    let case = case.current();
    for property in PROPERTIES {
        property(&case);
    }
}

#[test]
fn ten_thousand_seeds_hold_every_property() {
    for seed in 0..10_000 {
        let outcome = catch_unwind(|| check(seed));
        assert!(outcome.is_ok(), "seed {seed} breaks a property");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    // Other runs each time, and a smaller one where one breaks.
    #[test]
    fn random_runs_hold_every_property(case in case()) {
        for property in PROPERTIES {
            property(&case);
        }
    }

    #[test]
    fn what_the_user_wishes_for_meanwhile_holds((case, wishes) in (case(), wishes())) {
        check_wishes(&case, &wishes);
    }

    #[test]
    fn with_unit_pools_the_makespan_is_within_grahams_bound(plan in graph(), lengths in prop::collection::vec(1_u64..2000, 1..12)) {
        // Graham 1966: list scheduling on m machines takes at most total/m + (1 - 1/m) * critical path.
        let slots = plan.pools[PoolId(0)].capacity;
        let tasks: Vec<TaskSpec> = plan.tasks.values().map(|task| TaskSpec {
            suite: task.suite,
            dependencies: task.dependencies.clone(),
            claims: vec![Claim { pool: PoolId(0), amount: 1 }],
            terms: Terms::default(),
        }).collect();
        let pools = vec![Pool { name: String::new(), capacity: slots }];
        let suites = plan.suites.values().cloned().collect();
        let plan = Arc::new(Plan::new(suites, tasks, pools).expect("it was a plan before"));
        let length = |task: TaskId| millis(lengths[task.index() % lengths.len()]);
        let trace = simulate(&plan, keep_going(), &[], |attempt| Performance::exits(length(attempt.task), 0));

        let mut chains: IdMap<TaskId, Duration> = plan.tasks.ids().map(length).collect();
        for task in plan.tasks.ids() {
            let longest = plan.tasks[task].dependencies.iter().map(|&it| chains[it]).max();
            chains[task] += longest.unwrap_or_default();
        }
        let total: Duration = plan.tasks.ids().map(length).sum();
        let critical = chains.values().max().copied().unwrap_or_default();
        let slots = u32::try_from(slots).expect("few slots");
        let bound = total / slots + (critical * (slots - 1)) / slots;
        prop_assert!(trace.end.0 <= bound + Duration::from_nanos(10), "{:?} > {:?}", trace.end.0, bound);
    }
}
