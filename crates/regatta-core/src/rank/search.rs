//! The search for a better order: plays the run again and again with orders that differ a little, and keeps what ends
//! earlier.
//!
//! How far it goes is a number of played steps, not a time, so that the same plan gets the same order on every machine.
//! What each part gains is measured in `docs/design/ranking.md`.

use super::chance::Chance;
use super::rules::{by_loaded_path, by_path};
use crate::rehearsal::{Bounds, Network, Order, Stage, find_tails};

/// The seed of every search. Any number would do.
const SEED: u64 = 7;

/// An order this near to what no order can beat is good enough: one part in so many.
const NEAR_ENOUGH: u64 = 1000;

/// So many moves without an earlier end, and the search begins again elsewhere.
const PATIENCE: u32 = 300;

/// How far a fresh beginning departs from the longest path at most.
const NOISE: f64 = 0.3;

/// A search for the order that ends a run earliest.
pub(super) struct Search<'n> {
    forward: &'n Network,
    backward: Network,
    /// The longest path from the start of each task to the end, and from the beginning to its end.
    tails: Vec<u64>,
    heads: Vec<u64>,
    stage: Stage,
    chance: Chance,
    /// An end that is good enough.
    goal: u64,
    effort: u64,
    best: Order,
    best_end: u64,
}

impl<'n> Search<'n> {
    /// Begins with the order of the longest path and its end; `effort` bounds the played steps.
    pub(super) fn new(network: &'n Network, effort: u64) -> Self {
        let backward = network.reversed();
        let tails = find_tails(network);
        let heads = find_tails(&backward);
        let floor = Bounds::new(network, &tails).floor();
        Self {
            forward: network,
            backward,
            best: by_loaded_path(network, &tails),
            best_end: u64::MAX,
            tails,
            heads,
            stage: Stage::default(),
            chance: Chance::new(SEED),
            goal: floor + floor / NEAR_ENOUGH,
            effort,
        }
    }

    /// Returns the best order that is found.
    pub(super) fn run(mut self) -> Order {
        let rules = [self.best.clone(), by_path(self.forward, &self.tails)];
        for order in &rules {
            self.evaluate(order, u64::MAX);
        }
        for order in rules {
            self.settle(order);
        }
        while !self.is_over() {
            let best = self.best.clone();
            self.improve(best);
            let fresh = self.begin_afresh();
            self.improve(fresh);
        }
        self.best
    }

    fn is_over(&self) -> bool {
        self.best_end <= self.goal || self.stage.played >= self.effort
    }

    /// Plays an order and returns its end, or nothing where that is after `limit`.
    fn evaluate(&mut self, order: &Order, limit: u64) -> Option<u64> {
        let end = self.stage.play(self.forward, order, &self.tails, limit)?;
        if end < self.best_end {
            self.best_end = end;
            self.best = order.clone();
        }
        Some(end)
    }

    /// Plays an order to its end, then the run backwards from there, then forwards again in the order that came of it,
    /// as long as that ends earlier.
    ///
    /// *Source*: forward-backward improvement (Li and Willis: An iterative scheduling technique for resource-constrained
    /// project scheduling, 1992), with this scheduler's rules both ways.
    fn settle(&mut self, mut order: Order) -> (Order, u64) {
        let mut earliest = u64::MAX;
        while !self.is_over() {
            let Some(end) = self.evaluate(&order, earliest.saturating_sub(1)) else {
                break;
            };
            earliest = end;
            let last_ended = self.by_end();
            self.stage
                .play(&self.backward, &last_ended, &self.heads, u64::MAX);
            order = self.by_end();
        }
        (order, earliest)
    }

    /// Returns the order in which tasks ended in the latest play, the last one first.
    fn by_end(&self) -> Order {
        let Self { stage, forward, .. } = self;
        Order::by(forward.len(), |task| {
            stage.starts[task] + forward.durations[task]
        })
    }

    /// Moves single tasks up and down the order, and keeps each move that does not end later.
    fn improve(&mut self, order: Order) {
        let (mut order, mut end) = self.settle(order);
        let mut in_vain = 0;
        while in_vain < PATIENCE && !self.is_over() {
            in_vain += 1;
            let (from, to) = (self.draw_place(), self.draw_place());
            let moves = [Order::shift, Order::swap];
            let step = moves[self.chance.below(moves.len())];
            step(&mut order, from, to);
            match self.evaluate(&order, end) {
                Some(earlier) if earlier < end => {
                    end = earlier;
                    in_vain = 0;
                }
                Some(_) => {}
                None => step(&mut order, to, from),
            }
        }
    }

    /// Returns the order of the longest path with each path stretched by chance.
    fn begin_afresh(&mut self) -> Order {
        let noise = NOISE * self.chance.fraction();
        let stretched: Vec<u64> = (self.tails.iter())
            .map(|&tail| stretch(tail, noise * self.chance.fraction()))
            .collect();
        Order::by(stretched.len(), |task| stretched[task])
    }

    fn draw_place(&mut self) -> usize {
        self.chance.below(self.forward.len())
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a path is stretched by chance anyway"
)]
fn stretch(path: u64, by: f64) -> u64 {
    (path as f64 * (1.0 + by)) as u64
}
