//! Pools of which others than tasks have a part: what is theirs, nobody starts on, and what they give back is used at once.

mod common;

use std::sync::Arc;

use common::{keep_going, plan};
use proptest::prelude::*;
use regatta_core::id::{AttemptId, PoolId};
use regatta_core::plan::Plan;
use regatta_core::schedule::{Effect, Input, Scheduler};
use regatta_core::terms::Terms;
use regatta_core::time::Time;
use regatta_core::verdict::{AttemptReport, Exit};

const SLOTS: PoolId = PoolId(0);

/// A run in which every attempt starts at once, and ends when a test says so.
struct Stage {
    plan: Arc<Plan>,
    scheduler: Scheduler,
    running: Vec<AttemptId>,
    withheld: u64,
}

impl Stage {
    fn new(slots: u64, text: &str) -> Self {
        let plan = plan(slots, text, &Terms::default());
        Self {
            scheduler: Scheduler::new(Arc::clone(&plan), keep_going()),
            plan,
            running: Vec::new(),
            withheld: 0,
        }
    }

    fn tell(&mut self, input: Input) {
        let mut effects = Vec::new();
        self.scheduler.handle(Time::BEGIN, input, &mut effects);
        for effect in effects {
            if let Effect::Spawn { attempt, .. } = effect {
                self.running.push(attempt);
                self.tell(Input::Started(attempt));
            }
        }
    }

    fn withhold(&mut self, amount: u64) {
        self.withheld = amount;
        let pool = SLOTS;
        self.tell(Input::Withheld { pool, amount });
    }

    fn finish(&mut self, index: usize) {
        let attempt = self.running.remove(index);
        let report = AttemptReport::bare(Exit::Code(0));
        self.tell(Input::Finished(attempt, Box::new(report)));
    }

    fn names(&self) -> String {
        let running = self.running.iter();
        let names: Vec<_> = running.map(|it| self.plan.name(it.task)).collect();
        names.join(" ")
    }

    fn taken(&self) -> u64 {
        let running = self.running.iter();
        let claims = running.flat_map(|it| &self.plan.tasks[it.task].claims);
        let slots = claims.filter(|it| it.pool == SLOTS);
        slots.map(|it| it.amount).sum()
    }
}

#[test]
fn nobody_starts_on_what_others_have() {
    let mut stage = Stage::new(3, "a b c");
    stage.withhold(2);
    stage.tell(Input::Begin);
    assert_eq!(stage.names(), "a");
    assert_eq!(stage.scheduler.spare(SLOTS), 0);
    assert_eq!(stage.scheduler.wanted(SLOTS), Some(1));
    stage.withhold(1);
    assert_eq!(stage.names(), "a b");
    stage.finish(0);
    assert_eq!(stage.names(), "b c");
    assert_eq!(stage.scheduler.wanted(SLOTS), None);
    stage.finish(0);
    assert_eq!(stage.scheduler.spare(SLOTS), 1);
    stage.finish(0);
    assert!(stage.scheduler.summary().is_some());
}

#[test]
fn a_task_that_lacks_something_else_awaits_no_slots() {
    // The claims of these plans have the slots first: a task of a group waits for slots only while these are short.
    let mut stage = Stage::new(2, "a@x b@x");
    stage.tell(Input::Begin);
    assert_eq!(stage.names(), "a");
    assert_eq!(stage.scheduler.wanted(SLOTS), None);
    assert_eq!(stage.scheduler.spare(SLOTS), 1);
    stage.withhold(1);
    assert_eq!(stage.scheduler.wanted(SLOTS), None);
    stage.finish(0);
    assert_eq!(stage.names(), "b");
}

#[test]
fn a_task_of_several_slots_waits_until_there_are_enough() {
    let mut stage = Stage::new(4, "a wide*3<a");
    stage.tell(Input::Begin);
    stage.withhold(3);
    stage.finish(0);
    assert_eq!(stage.names(), "");
    assert_eq!(stage.scheduler.spare(SLOTS), 1);
    assert_eq!(stage.scheduler.wanted(SLOTS), Some(3));
    stage.withhold(2);
    assert_eq!(stage.names(), "");
    stage.withhold(1);
    assert_eq!(stage.names(), "wide");
}

proptest! {
    /// Others take no more than is spare, in any order with starts and ends: nothing is ever used twice, and nothing that
    /// fits is left waiting.
    #[test]
    fn what_is_withheld_and_what_runs_share_the_slots(
        slots in 1_u64..6,
        cpus in prop::collection::vec(1_u64..5, 1..12),
        steps in prop::collection::vec((any::<bool>(), any::<u16>()), 0..60),
    ) {
        let words = cpus.iter().enumerate().map(|(n, cpus)| format!("t{n}*{cpus} "));
        let mut stage = Stage::new(slots, &words.collect::<String>());
        stage.tell(Input::Begin);
        for (ends, which) in steps {
            let which = usize::from(which);
            if ends && !stage.running.is_empty() {
                stage.finish(which % stage.running.len());
            } else {
                let most = stage.withheld + stage.scheduler.spare(SLOTS);
                stage.withhold(which as u64 % (most + 1));
            }
            let used = stage.taken() + stage.withheld;
            prop_assert!(used <= slots, "{used} of {slots}");
            prop_assert_eq!(stage.scheduler.spare(SLOTS), slots - used);
        }
        stage.withhold(0);
        while !stage.running.is_empty() {
            stage.finish(0);
        }
        prop_assert!(stage.scheduler.summary().is_some(), "somebody was forgotten");
    }
}
