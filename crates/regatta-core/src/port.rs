//! The traits behind which the rest of the program plugs into a run.

use crate::event::Event;
use crate::time::Time;

/// Someone who is told what happens: a terminal, a file, a report.
///
/// A subscriber that fails says so through its own channel; it never changes a verdict.
pub trait Subscriber {
    /// Takes the next event, which happened at `at`.
    fn handle_event(&mut self, at: Time, event: &Event);
}
