//! The word on a run: one sentence that never claims more than is known.

use regatta_core::event::Summary;

use crate::report::record::{Record, TaskRecord, signal_name};

use super::look::Tone;
use super::progress::is_cut_short;

/// The exit code of a run whose log, journal or report could not be written.
const INFRASTRUCTURE: u8 = 3;

/// Returns what is to be said of a run in the end, and whether it is good news.
pub(super) fn describe_run(record: &Record, summary: Summary) -> (Tone, String) {
    let Summary {
        total,
        passed,
        failed,
        skipped,
    } = summary;
    let is_unfinished = |task: &&TaskRecord| is_cut_short(&task.verdict_or_interrupted());
    let unfinished = record.tasks.iter().filter(is_unfinished).count();
    let Some(finish) = record.finished else {
        let words = format!("The run ended early: {unfinished} of {total} suites have no result");
        return (Tone::Bad, words);
    };
    if let Some(signal @ 1..) = finish.exit_code.checked_sub(128) {
        return (
            Tone::Bad,
            describe_interruption(signal, unfinished, summary),
        );
    }
    if failed > 0 {
        return (Tone::Bad, format!("{failed} of {total} suites failed"));
    }
    match (finish.exit_code, passed, skipped) {
        (0, 0, 0) => (Tone::Caution, "There was nothing to run".into()),
        (0, 0, _) => (
            Tone::Caution,
            format!("No test ran: {skipped} of {total} suites were skipped"),
        ),
        (0, _, 0) => (Tone::Good, "All tests passed!".into()),
        (0, _, _) => (
            Tone::Good,
            format!("All tests passed! ({skipped} of {total} skipped)"),
        ),
        (INFRASTRUCTURE, _, _) => (
            Tone::Bad,
            "No suite failed, but a log, a report or the journal could not be written".into(),
        ),
        (code, _, _) => (
            Tone::Bad,
            format!("No suite failed, but the run is not complete (exit code {code})"),
        ),
    }
}

fn describe_interruption(signal: u8, unfinished: usize, summary: Summary) -> String {
    let signal = i32::from(signal);
    let by = match signal_name(signal) {
        Some(name) => name.to_owned(),
        None => format!("signal {signal}"),
    };
    let failed = match summary.failed {
        0 => String::new(),
        failed => format!(", {failed} failed"),
    };
    let total = summary.total;
    format!("Interrupted by {by}: {unfinished} of {total} suites did not finish{failed}")
}
