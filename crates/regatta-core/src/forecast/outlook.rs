//! When a run that goes on will end, as a range.
//!
//! What is left is played several times, each time with other durations, drawn around what is expected. The draws are
//! the same in every run, so the same situation gives the same range.

use std::time::Duration;

use super::course::order_of;
use crate::id::TaskId;
use crate::plan::{Basis, Expectation, Plan};
use crate::rank::Chance;
use crate::rehearsal::{Network, Order, Stage, Standing, nanos};

/// How many tasks one look ahead plays at most, roughly: a millisecond's worth.
const STEPS: usize = 12_000;

/// How many plays a look ahead has. With two, their ends are the range; the more tasks, the less they differ.
const FEWEST_PLAYS: usize = 2;
const MOST_PLAYS: usize = 30;

/// No duration is surer than this share of itself.
const LEAST_SPREAD: u64 = 30;

/// How far a whole run is from the expected ones in half of all cases, in parts of a thousand: a machine that is busy
/// delays all suites alike.
const COMMON_SPREAD: f64 = 0.03;

/// The standard deviation over the median of distances, of the normal distribution.
const DEVIATION: f64 = 1.4826;

/// How it is with a task now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// It has not run, or will run again.
    Ahead,
    /// It runs, for this long already.
    Running(Duration),
    /// It has its final word.
    Over,
}

/// From now until the end of a run: in four of five cases within this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// One run in ten takes less.
    pub early: Duration,
    /// One run in ten takes more.
    pub late: Duration,
}

/// Looks ahead in a run.
#[derive(Debug)]
pub struct Outlook {
    expected: Vec<Expectation>,
    network: Network,
    order: Order,
    stage: Stage,
    standings: Vec<Standing>,
}

impl Outlook {
    /// Prepares to look ahead in runs of a plan.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        Self {
            expected: plan.tasks.values().map(|task| task.expected).collect(),
            network: Network::new(plan),
            order: order_of(plan),
            stage: Stage::default(),
            standings: Vec::new(),
        }
    }

    /// Returns what is expected of a task.
    #[must_use]
    pub fn expected(&self, task: TaskId) -> Option<Expectation> {
        self.expected.get(task.0 as usize).copied()
    }

    /// Returns how long the run will still take, `None` where that would be a guess: more than half of what is left was
    /// never seen to pass.
    ///
    /// *Shape*: `stands` is indexed by `TaskId`.
    pub fn find_range(&mut self, stands: &[Stand]) -> Option<Range> {
        if stands.len() != self.expected.len() || self.is_guesswork(stands) {
            return None;
        }
        let left = stands.iter().filter(|stand| **stand != Stand::Over).count();
        let plays = (STEPS / (left + stands.len() / 4).max(1)).clamp(FEWEST_PLAYS, MOST_PLAYS);
        let mut ends: Vec<u64> = (0..plays).map(|play| self.play(stands, play)).collect();
        ends.sort_unstable();
        let tenth = plays / 10;
        Some(Range {
            early: Duration::from_nanos(ends[tenth]),
            late: Duration::from_nanos(ends[plays - 1 - tenth]),
        })
    }

    fn is_guesswork(&self, stands: &[Stand]) -> bool {
        let (mut seen, mut guessed) = (0, 0);
        for (expected, stand) in self.expected.iter().zip(stands) {
            match (stand, expected.basis) {
                (Stand::Over, _) => {}
                (_, Basis::Seen) => seen += nanos(expected.duration),
                (_, Basis::Guessed) => guessed += nanos(expected.duration),
            }
        }
        guessed > seen || guessed + seen == 0
    }

    fn play(&mut self, stands: &[Stand], play: usize) -> u64 {
        let mut chance = Chance::new(play as u64);
        let pace = 1.0 + COMMON_SPREAD * DEVIATION * draw_normal(&mut chance);
        self.standings.clear();
        for (task, stand) in stands.iter().enumerate() {
            // A task that is over draws as well, so that the others do not jump when it ends.
            let drawn = draw_duration(&self.expected[task], pace, &mut chance);
            let wait = chance.fraction();
            self.network.durations[task] = drawn;
            self.standings.push(match *stand {
                Stand::Ahead => Standing::Ahead,
                Stand::Over => Standing::Over,
                Stand::Running(elapsed) => {
                    Standing::Runs(find_rest(&self.expected[task], nanos(elapsed), drawn, wait))
                }
            });
        }
        self.stage
            .play_rest(&self.network, &self.order, &self.standings)
    }
}

/// Returns how much longer a task runs of which `drawn` is the whole duration. One that should have ended goes on for a
/// part of the time that it is late: the later it is, the less is its usual time to be believed.
fn find_rest(expected: &Expectation, elapsed: u64, drawn: u64, wait: f64) -> u64 {
    if drawn > elapsed {
        return drawn - elapsed;
    }
    let late = elapsed.saturating_sub(nanos(expected.duration));
    scale(late.max(least_spread(expected)), wait)
}

fn draw_duration(expected: &Expectation, pace: f64, chance: &mut Chance) -> u64 {
    let duration = nanos(expected.duration);
    let off = DEVIATION * draw_normal(chance);
    let spread = scale(least_spread(expected), off.abs());
    let drawn = if off < 0.0 {
        // Nothing ends in no time.
        duration.saturating_sub(spread).max(duration / 5)
    } else {
        duration + spread
    };
    scale(drawn, pace)
}

fn least_spread(expected: &Expectation) -> u64 {
    nanos(expected.spread).max(nanos(expected.duration) / LEAST_SPREAD)
}

/// Returns a number that is about normally distributed: the sum of four even ones, which is never extreme.
fn draw_normal(chance: &mut Chance) -> f64 {
    let sum: f64 = (0..4).map(|_| chance.fraction()).sum();
    (sum - 2.0) * 3.0_f64.sqrt()
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "drawn durations are no exact numbers"
)]
fn scale(duration: u64, factor: f64) -> u64 {
    (duration as f64 * factor) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Id, PoolId, SuiteId};
    use crate::plan::{Claim, Pool, Suite, TaskSpec};
    use crate::terms::Terms;

    /// Returns the outlook over suites that run one after another, each so many seconds.
    fn outlook(seconds: &[u64], basis: Basis) -> Outlook {
        let specs = (0..seconds.len()).map(|index| TaskSpec {
            suite: SuiteId::from_index(index),
            dependencies: Vec::new(),
            claims: vec![Claim {
                pool: PoolId(0),
                amount: 1,
            }],
            terms: Terms::default(),
        });
        let pool = Pool {
            name: "slots".into(),
            capacity: 1,
        };
        let suites = seconds.iter().map(|_| Suite::default()).collect();
        let mut plan = Plan::new(suites, specs.collect(), vec![pool]).unwrap();
        for (task, &seconds) in plan.tasks.values_mut().zip(seconds) {
            task.expected = Expectation {
                duration: Duration::from_secs(seconds),
                spread: Duration::from_secs(seconds) / 20,
                basis,
            };
        }
        Outlook::new(&plan)
    }

    fn range(seconds: &[u64], stands: &[Stand]) -> (f64, f64) {
        let range = outlook(seconds, Basis::Seen).find_range(stands).unwrap();
        (range.early.as_secs_f64(), range.late.as_secs_f64())
    }

    fn running(seconds: u64) -> Stand {
        Stand::Running(Duration::from_secs(seconds))
    }

    #[test]
    fn the_range_lies_around_what_is_expected_of_the_rest() {
        let (early, late) = range(&[10, 20, 30], &[Stand::Ahead; 3]);
        assert!(50.0 < early && early < 60.0, "{early}");
        assert!(60.0 < late && late < 70.0, "{late}");
        let (early, late) = range(&[10, 20, 30], &[Stand::Over, running(10), Stand::Ahead]);
        assert!(33.0 < early && early < 40.0, "{early}");
        assert!(40.0 < late && late < 47.0, "{late}");
    }

    #[test]
    fn the_later_a_suite_is_the_longer_it_is_given() {
        let late = |elapsed| range(&[10], &[running(elapsed)]);
        let ends: Vec<f64> = [12, 20, 40, 100].map(|elapsed| late(elapsed).1).into();
        assert!(ends.is_sorted() && ends[0] > 0.1, "{ends:?}");
        // No more than it is late already.
        assert!(ends[3] <= 90.0, "{ends:?}");
        assert!(late(100).0 > 5.0);
    }

    #[test]
    fn a_run_that_is_over_takes_no_longer() {
        let found = outlook(&[10, 20], Basis::Seen).find_range(&[Stand::Over; 2]);
        assert_eq!(found, None);
    }

    #[test]
    fn guesses_make_no_range() {
        let found = outlook(&[10, 20], Basis::Guessed).find_range(&[Stand::Ahead; 2]);
        assert_eq!(found, None);
        let strange = outlook(&[10], Basis::Seen).find_range(&[Stand::Ahead; 2]);
        assert_eq!(strange, None, "another run's stands");
    }

    #[test]
    fn the_same_situation_gives_the_same_range() {
        let stands = [running(3), Stand::Ahead, Stand::Ahead];
        let mut outlook = outlook(&[10, 20, 30], Basis::Seen);
        let first = outlook.find_range(&stands);
        outlook.find_range(&[Stand::Ahead; 3]);
        assert_eq!(outlook.find_range(&stands), first);
    }
}
