//! Gives each task of a plan its place in the order in which tasks start.

use std::time::Duration;

use super::rules::by_loaded_path;
use super::search::Search;
use crate::id::{Id, TaskId};
use crate::plan::{Basis, Plan};
use crate::rehearsal::{Bounds, Network, find_tails, nanos, number};

/// How long one played step takes at most, roughly: planning may take a thousandth of the run that it plans.
const STEP: Duration = Duration::from_nanos(50);
const SHARE: u64 = 1000;

/// How far a search for a good order may go: so many played steps, mostly starts of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort(pub u64);

impl Effort {
    /// No search: the order of the longest remaining path.
    pub const NONE: Self = Self(0);
    /// What a run can afford: about 10 ms.
    pub const USUAL: Self = Self(300_000);
}

/// Orders the tasks of a plan so that it will end early: longest remaining path first, with the load of groups counted,
/// then improved by a search. Where every duration is a guess there is nothing to improve.
///
/// The same plan and effort give the same order.
pub fn rank(plan: &mut Plan, effort: Effort) {
    let network = Network::new(plan);
    let tails = find_tails(&network);
    let is_seen = plan
        .tasks
        .values()
        .any(|task| task.expected.basis == Basis::Seen);
    let floor = Bounds::new(&network, &tails).floor();
    let affordable = floor / (nanos(STEP) * SHARE);
    let effort = effort.0.min(affordable);
    let order = if is_seen && effort > 0 {
        Search::new(&network, effort).run()
    } else {
        by_loaded_path(&network, &tails)
    };
    for (place, &task) in order.tasks.iter().enumerate() {
        plan.tasks[TaskId::from_index(task as usize)].place = number(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{PoolId, SuiteId};
    use crate::plan::{Claim, Pool, Suite, TaskSpec};
    use crate::terms::Terms;

    /// What is known of the tasks of a table.
    #[derive(Clone, Copy)]
    enum Known {
        Nothing,
        Durations,
    }

    /// Returns the names in the order in which tasks start; a task is a name, what it waits for, whether it is in the
    /// one group, and its seconds.
    fn order(known: Known, slots: u64, tasks: &[(&str, &str, &str, u64)]) -> String {
        let find = |name: char| {
            let index = tasks.iter().position(|task| task.0.starts_with(name));
            TaskId::from_index(index.unwrap())
        };
        let claim = |pool: u32| Claim {
            pool: PoolId(pool),
            amount: 1,
        };
        let specs = tasks.iter().enumerate();
        let specs = specs.map(|(index, (_, after, group, _))| TaskSpec {
            suite: SuiteId::from_index(index),
            dependencies: after.chars().map(find).collect(),
            claims: group.chars().map(|_| claim(1)).chain([claim(0)]).collect(),
            terms: Terms::default(),
        });
        let pools = [slots, 1].map(|capacity| Pool {
            name: String::new(),
            capacity,
        });
        let suites = tasks.iter().map(|_| Suite::default()).collect();
        let mut plan = Plan::new(suites, specs.collect(), pools.into()).unwrap();
        if matches!(known, Known::Durations) {
            for (task, row) in plan.tasks.values_mut().zip(tasks) {
                task.expected.duration = Duration::from_secs(row.3);
                task.expected.basis = Basis::Seen;
            }
        }
        rank(&mut plan, Effort::USUAL);
        let mut names: Vec<_> = plan.tasks.values().zip(tasks).collect();
        names.sort_by_key(|(task, _)| task.place);
        names.into_iter().map(|(_, row)| row.0).collect()
    }

    #[test]
    fn without_durations_or_edges_the_order_of_the_file_stays() {
        let tasks = [("a", "", "", 1), ("b", "", "", 9), ("c", "", "", 5)];
        assert_eq!(order(Known::Nothing, 2, &tasks), "abc");
    }

    #[test]
    fn without_durations_the_longest_chain_of_links_comes_first() {
        let tasks = [
            ("a", "", "", 1),
            ("b", "", "", 1),
            ("c", "", "", 1),
            ("d", "c", "", 1),
            ("e", "d", "", 1),
        ];
        assert_eq!(order(Known::Nothing, 2, &tasks), "cdabe");
    }

    #[test]
    fn the_members_of_a_busy_group_come_before_what_is_free() {
        let tasks = [
            ("a", "", "", 1),
            ("b", "", "", 1),
            ("c", "", "g", 1),
            ("d", "", "g", 1),
            ("e", "", "g", 1),
        ];
        assert_eq!(order(Known::Nothing, 2, &tasks), "cdabe");
    }

    #[test]
    fn who_leads_to_a_busy_group_comes_before_what_is_free() {
        let tasks = [
            ("a", "", "", 2),
            ("b", "", "", 1),
            ("c", "b", "g", 1),
            ("d", "b", "g", 1),
        ];
        assert!(order(Known::Nothing, 1, &tasks).starts_with('b'));
    }

    #[test]
    fn of_single_suites_the_longest_comes_first() {
        let tasks = [
            ("a", "", "", 1),
            ("b", "", "", 2),
            ("c", "", "", 9),
            ("d", "", "", 5),
        ];
        assert_eq!(order(Known::Durations, 2, &tasks), "cdba");
    }

    #[test]
    fn a_search_finds_what_longest_first_does_not() {
        // Longest first puts 3, 3, 2, 2, 2 on two slots in 7; 3+3 and 2+2+2 take 6.
        let tasks = [
            ("a", "", "", 3),
            ("b", "", "", 3),
            ("c", "", "", 2),
            ("d", "", "", 2),
            ("e", "", "", 2),
        ];
        let found = order(Known::Durations, 2, &tasks);
        // One of the threes first, and a two beside it.
        let [first, second, ..] = found.as_bytes() else {
            panic!("{found}");
        };
        let is_three = |it: &u8| b"ab".contains(it);
        assert_ne!(is_three(first), is_three(second), "{found}");
    }

    #[test]
    fn a_plan_without_tasks_has_an_order_as_well() {
        assert_eq!(order(Known::Durations, 2, &[]), "");
    }
}
