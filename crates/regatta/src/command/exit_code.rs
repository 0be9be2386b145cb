//! The exit code of a run, from its record and from what went wrong beside the suites.

use regatta_core::event::StopSignal;
use regatta_core::id::{Id, TaskId};
use regatta_core::verdict::{Failure, Verdict};

use crate::report::record::Record;

/// Returns the first of these that applies: the signal, a failed suite, something of the runner's own, something known
/// to be undone.
pub(super) fn exit_code(record: &Record, interrupt: Option<StopSignal>, troubles: &[String]) -> u8 {
    let mut failed = record.has_expired_quarantine();
    let mut lost = !troubles.is_empty();
    for (index, task) in record.tasks.iter().enumerate() {
        match &task.verdict {
            // What the runner lost is no failure of the suite, in quarantine or not.
            Some(Verdict::Failed(Failure::Infrastructure(_))) => lost = true,
            Some(Verdict::Failed(_)) => {
                failed |= !record.suite(TaskId::from_index(index)).is_quarantined();
            }
            _ => {}
        }
    }
    match interrupt {
        Some(StopSignal::Interrupt) => 128 + 2,
        Some(StopSignal::Hangup) => 128 + 1,
        Some(StopSignal::Terminate | StopSignal::Kill) => 128 + 15,
        None if failed => 1,
        None if lost => 3,
        None if !record.header.outstanding.is_empty() => 5,
        None => 0,
    }
}
