//! The proof that a play agrees with the scheduler: the same starts, to the nanosecond, for random plans and orders.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::{Bounds, Network, Order, Stage, Standing, find_tails, number};
use crate::id::{Id, IdMap, PoolId, SuiteId, TaskId};
use crate::plan::{Basis, Claim, Plan, Pool, Suite, TaskSpec};
use crate::rank::{Effort, rank};
use crate::schedule::{Effect, Policy};
use crate::sim::{Performance, simulate};
use crate::terms::{FailFast, Repeat, Terms};
use crate::time::Time;

/// A task before it has a place: edges as fractions of those before it, slots, groups, a duration, a rank and memory.
type Draft = (Vec<u16>, u64, Vec<usize>, u64, u32, u64);

fn plans() -> impl Strategy<Value = Plan> {
    let draft = (
        prop::collection::vec(any::<u16>(), 0..3),
        1_u64..4,
        prop::collection::vec(1_usize..4, 0..3),
        // Few different durations, so that many tasks end at the same moment; some take none.
        0_u64..6,
        0_u32..20,
        // Many take none; some more than there is.
        prop_oneof![Just(0_u64), 1_u64..8],
    );
    let drafts = prop::collection::vec(draft, 1..30);
    let capacities = (1_u64..5, prop::collection::vec(1_u64..3, 3), 3_u64..9);
    (drafts, capacities).prop_map(|(drafts, (slots, mut pools, memory))| {
        pools.push(memory);
        build(drafts, slots, &pools)
    })
}

fn build(drafts: Vec<Draft>, slots: u64, groups: &[u64]) -> Plan {
    let pools = std::iter::once(&slots).chain(groups).map(|&capacity| Pool {
        name: String::new(),
        capacity,
    });
    let claim = |pool: usize, amount: u64| Claim {
        pool: PoolId::from_index(pool),
        amount,
    };
    let mut specs = Vec::new();
    let mut extras = Vec::new();
    let memory_pool = groups.len();
    for (index, draft) in drafts.into_iter().enumerate() {
        let (edges, cpus, mut groups, duration, place, memory) = draft;
        groups.sort_unstable();
        groups.dedup();
        let edges = edges.into_iter().filter(|_| index > 0);
        specs.push(TaskSpec {
            suite: SuiteId::from_index(index),
            dependencies: edges
                .map(|edge| TaskId::from_index(edge as usize * index / 65536))
                .collect(),
            claims: groups
                .into_iter()
                .map(|group| claim(group, 1))
                .chain((memory > 0).then(|| claim(memory_pool, memory)))
                .chain([claim(0, cpus)])
                .collect(),
            terms: Terms::default(),
        });
        extras.push((Duration::from_secs(duration), place));
    }
    let suites = specs.iter().map(|_| Suite::default()).collect();
    let mut plan = Plan::new(suites, specs, pools.collect()).unwrap();
    for (index, (duration, place)) in extras.into_iter().enumerate() {
        let task = &mut plan.tasks[TaskId::from_index(index)];
        task.expected.duration = duration;
        task.expected.basis = Basis::Seen;
        task.place = place;
    }
    plan
}

/// Returns when each task starts and when the run ends, by the scheduler itself.
fn schedule(plan: &Plan) -> (Vec<u64>, u64) {
    let plan = Arc::new(plan.clone());
    let policy = Policy {
        fail_fast: FailFast::Off,
        max_fail: None,
        repeat: Repeat::once(),
        seed: 0,
    };
    let trace = simulate(&plan, policy, &[], |attempt| {
        Performance::exits(plan.tasks[attempt.task].expected.duration, 0)
    });
    let mut starts: IdMap<TaskId, u64> = plan.tasks.ids().map(|_| u64::MAX).collect();
    for (at, effect) in &trace.effects {
        if let Effect::Spawn { attempt, .. } = effect {
            starts[attempt.task] = nanos(*at);
        }
    }
    (starts.values().copied().collect(), nanos(trace.end))
}

fn nanos(time: Time) -> u64 {
    super::nanos(time.0)
}

fn order(plan: &Plan) -> Order {
    let place = |task: usize| plan.tasks[TaskId::from_index(task)].place;
    Order::by(plan.tasks.len(), |task| Reverse(place(task)))
}

fn play(plan: &Plan) -> (Vec<u64>, u64) {
    let network = Network::new(plan);
    let mut stage = Stage::default();
    let tails = find_tails(&network);
    let end = stage.play(&network, &order(plan), &tails, u64::MAX >> 1);
    (stage.starts, end.unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_play_starts_every_task_when_the_scheduler_does(plan in plans()) {
        prop_assert_eq!(play(&plan), schedule(&plan));
    }

    #[test]
    fn a_play_that_is_cut_short_would_have_ended_too_late(plan in plans(), limit in 0_u64..60) {
        let network = Network::new(&plan);
        let tails = find_tails(&network);
        let limit = limit * 1_000_000_000;
        let (_, end) = play(&plan);
        let found = Stage::default().play(&network, &order(&plan), &tails, limit);
        prop_assert_eq!(found, (end <= limit).then_some(end));
    }

    #[test]
    fn the_rest_of_a_run_ends_when_the_whole_does(mut plan in plans(), share in 0_u64..100) {
        for (index, task) in plan.tasks.values_mut().enumerate() {
            // Sums of different tasks are different, so no two end at the same moment, where their order would count.
            task.expected.duration += Duration::from_nanos(1 << index);
        }
        let network = Network::new(&plan);
        let (starts, end) = play(&plan);
        let now = end / 100 * share;
        let standings: Vec<Standing> = (starts.iter().zip(&network.durations))
            .map(|(&start, &duration)| match start + duration {
                _ if start > now => Standing::Ahead,
                end if end <= now => Standing::Over,
                end => Standing::Runs(end - now),
            })
            .collect();
        let rest = Stage::default().play_rest(&network, &order(&plan), &standings);
        prop_assert_eq!(now + rest, end);
    }

    #[test]
    fn a_search_never_makes_an_order_worse_nor_beats_the_floor(mut plan in plans()) {
        rank(&mut plan, Effort::NONE);
        let (_, before) = play(&plan);
        rank(&mut plan, Effort(5_000));
        let (_, end) = play(&plan);
        let network = Network::new(&plan);
        prop_assert!(end >= Bounds::new(&network, &find_tails(&network)).floor());
        prop_assert!(end <= before, "{} > {}", end, before);
    }

    #[test]
    fn a_rank_gives_each_task_a_place_of_its_own_and_the_same_one_again(mut plan in plans()) {
        rank(&mut plan, Effort(5_000));
        let places = |plan: &Plan| -> Vec<u32> { plan.tasks.values().map(|it| it.place).collect() };
        let found = places(&plan);
        rank(&mut plan, Effort(5_000));
        prop_assert_eq!(&found, &places(&plan));
        let distinct: BTreeSet<u32> = found.iter().copied().collect();
        prop_assert!(distinct.into_iter().eq(0..number(found.len())));
    }

    /// Graham: Bounds on Multiprocessing Timing Anomalies, 1969.
    #[test]
    fn no_order_is_beyond_what_list_scheduling_promises(mut plan in plans()) {
        for task in plan.tasks.values_mut() {
            task.claims = vec![Claim { pool: PoolId(0), amount: 1 }];
        }
        let network = Network::new(&plan);
        let path = Bounds::new(&network, &find_tails(&network)).path;
        let work: u64 = network.durations.iter().sum();
        let slots = network.capacities[0];
        for effort in [Effort::NONE, Effort(2_000)] {
            rank(&mut plan, effort);
            let (_, end) = play(&plan);
            prop_assert!(end * slots <= work + (slots - 1) * path);
        }
    }
}
