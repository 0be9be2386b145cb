//! How a run will go if every task takes as long as expected.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::id::{Id, TaskId};
use crate::plan::Plan;
use crate::rehearsal::{Network, Order, Stage};

/// A run as it is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// What runs when and where. *Shape*: one entry a task, by start, then by lane.
    pub steps: Vec<Step>,
    /// How many lanes are needed.
    pub lanes: u32,
    /// When the last task ends.
    pub end: Duration,
}

/// One task of a course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Which task.
    pub task: TaskId,
    /// When it starts, from the beginning of the run.
    pub start: Duration,
    /// When it ends.
    pub end: Duration,
    /// The smallest number from 0 that no other task has meanwhile.
    pub lane: u32,
}

impl Course {
    /// Plays a plan: all pass at the first attempt.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let network = Network::new(plan);
        let mut stage = Stage::default();
        let order = order_of(plan);
        let end = stage
            .play(&network, &order, &vec![0; network.len()], u64::MAX)
            .unwrap_or_default();
        let mut tasks: Vec<usize> = (0..network.len()).collect();
        tasks.sort_by_key(|&task| (stage.starts[task], order.places[task]));
        let mut lanes = Lanes::default();
        let mut steps: Vec<Step> = tasks
            .into_iter()
            .map(|task| {
                let start = stage.starts[task];
                let end = start + network.durations[task];
                Step {
                    task: TaskId::from_index(task),
                    start: Duration::from_nanos(start),
                    end: Duration::from_nanos(end),
                    lane: lanes.take(start, end),
                }
            })
            .collect();
        steps.sort_by_key(|step| (step.start, step.lane));
        Self {
            steps,
            lanes: lanes.count,
            end: Duration::from_nanos(end),
        }
    }
}

/// Returns the order in which a plan's tasks start that could start at the same time.
pub(super) fn order_of(plan: &Plan) -> Order {
    let place = |task: usize| plan.tasks[TaskId::from_index(task)].place;
    Order::by(plan.tasks.len(), |task| std::cmp::Reverse(place(task)))
}

/// Which lanes are free when.
#[derive(Default)]
struct Lanes {
    free: BTreeSet<u32>,
    taken: BTreeSet<(u64, u32)>,
    count: u32,
}

impl Lanes {
    /// Takes a lane; starts come in the order of time.
    fn take(&mut self, start: u64, end: u64) -> u32 {
        while let Some(&(until, lane)) = self.taken.first() {
            if until > start {
                break;
            }
            self.taken.pop_first();
            self.free.insert(lane);
        }
        let lane = self.free.pop_first().unwrap_or_else(|| {
            self.count += 1;
            self.count - 1
        });
        self.taken.insert((end, lane));
        lane
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_taken_again_when_its_task_has_ended() {
        let mut lanes = Lanes::default();
        let taken = [(0, 5), (0, 2), (1, 9), (2, 4), (5, 6), (9, 9)].map(|(a, b)| lanes.take(a, b));
        assert_eq!(taken, [0, 1, 2, 1, 0, 0]);
        assert_eq!(lanes.count, 3);
    }
}
