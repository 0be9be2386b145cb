//! How much shorter a run could have been: its plan, rebuilt from its record, with the times that suites really took.

use std::time::Duration;

use regatta_core::forecast::{Floor, Limit};

use super::record::Record;
use super::replay::{Replay, SLOTS};

/// The shortest time in which the same suites could have run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFloor {
    /// How long.
    pub time: Duration,
    /// Why not less.
    pub cause: FloorCause,
}

/// What a run cannot be shorter than.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FloorCause {
    /// Suites that wait for each other.
    Path,
    /// All the work there is, over the slots.
    Work,
    /// The work of the suites of this group.
    Group(String),
    /// What the suites took of the memory that they shared.
    Memory,
}

/// Returns the floor of a run under the times that its suites took, retries included; `None` where the record is no
/// sound plan.
#[must_use]
pub fn find_floor(record: &Record) -> Option<RunFloor> {
    let plan = Replay::of(record).plan()?;
    let floor = Floor::new(&plan);
    let cause = match floor.limit() {
        Limit::Path => FloorCause::Path,
        Limit::Pool(SLOTS) => FloorCause::Work,
        Limit::Pool(pool) if plan.memory == Some(pool) => FloorCause::Memory,
        Limit::Pool(pool) => FloorCause::Group(plan.pools[pool].name.clone()),
    };
    Some(RunFloor {
        time: floor.least(),
        cause,
    })
}
