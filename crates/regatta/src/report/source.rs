//! Everything that a report may be made from. A report asks nobody else, reads no file and knows no clock.

use regatta_core::event::Event;
use regatta_core::time::Time;

use super::record::{Record, RunState};
use super::tail::Tail;

/// What a report is made from.
pub struct Source<'a> {
    /// The events of the run, folded.
    pub record: &'a Record,
    /// How far the run came.
    pub state: RunState,
    /// The events after the header, in order; empty for a format that does not read them.
    pub events: &'a [(Time, Event)],
    /// Returns the end of the log of this name in the log directory; `None` where it is not there any more.
    pub find_tail: &'a dyn Fn(&str) -> Option<Tail>,
}

impl<'a> Source<'a> {
    /// Returns what is known of a run whose logs are out of reach.
    #[must_use]
    pub fn without_logs(record: &'a Record, state: RunState) -> Self {
        Self {
            record,
            state,
            events: &[],
            find_tail: &|_| None,
        }
    }
}
