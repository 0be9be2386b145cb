//! The word on a run: one sentence that never claims more than is known.

use regatta_core::event::Summary;

use crate::report::record::{Record, TaskRecord, signal_name};

use super::look::Tone;
use super::progress::is_cut_short;

/// The exit code of a run that failed.
const FAILURE: u8 = 1;

/// The exit code of a run whose log, journal or report could not be written.
const INFRASTRUCTURE: u8 = 3;

/// The exit code of a run that is knowingly incomplete.
const INCOMPLETE: u8 = 5;

/// Returns what is to be said of a run in the end, and whether it is good news.
pub(in crate::report) fn describe_run(record: &Record, summary: Summary) -> (Tone, String) {
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
        let words = describe_interruption(signal, unfinished, summary);
        let rounds = match record.rounds {
            0 => String::new(),
            1 => " (after 1 whole round)".to_owned(),
            count => format!(" (after {count} whole rounds)"),
        };
        return (Tone::Bad, words + &rounds);
    }
    let quarantined = record.quarantined_failures();
    let remarks = describe_remarks(record, quarantined);
    match (failed - quarantined, finish.exit_code) {
        (0, FAILURE) => {
            let words = match describe_counts(record, quarantined).join(", ") {
                counts if counts.is_empty() => String::new(),
                counts => format!(" ({counts})"),
            };
            let expired = describe_expired(record).unwrap_or_else(|| "exit code 1".into());
            return (Tone::Bad, format!("No suite failed, but {expired}{words}"));
        }
        (0, _) => {}
        (counting, _) if remarks.is_empty() => {
            return (Tone::Bad, format!("{counting} of {total} suites failed"));
        }
        (counting, _) => {
            let words = format!("{counting} of {total} suites failed ({remarks})");
            return (Tone::Bad, words);
        }
    }
    match (finish.exit_code, passed, skipped) {
        (0, 0, _) if quarantined > 0 => (Tone::Caution, format!("No test passed: {remarks}")),
        (0, 0, 0) => (Tone::Caution, "There was nothing to run".into()),
        (0, 0, _) => (
            Tone::Caution,
            format!("No test ran: {skipped} of {total} suites were skipped"),
        ),
        (0, _, 0) if remarks.is_empty() => (Tone::Good, "All tests passed!".into()),
        (0, _, 0) => (Tone::Good, format!("All tests passed! ({remarks})")),
        (0, _, _) => {
            let remarks = match remarks.as_str() {
                "" => String::new(),
                remarks => format!("{remarks}, "),
            };
            let words = format!("All tests passed! ({remarks}{skipped} of {total} skipped)");
            (Tone::Good, words)
        }
        (INCOMPLETE, _, _) if !record.header.outstanding.is_empty() => {
            let words = match record.header.outstanding.len() {
                1 => "1 outstanding suite was not selected".to_owned(),
                count => format!("{count} outstanding suites were not selected"),
            };
            (Tone::Caution, format!("No suite failed, but {words}"))
        }
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

/// Returns what rounds and the quarantine add to the counts; empty where they add nothing.
fn describe_remarks(record: &Record, quarantined: u32) -> String {
    let mut remarks = describe_counts(record, quarantined);
    remarks.extend(describe_expired(record));
    remarks.join(", ")
}

fn describe_counts(record: &Record, quarantined: u32) -> Vec<String> {
    let mut remarks = Vec::new();
    if record.rounds > 1 {
        remarks.push(format!("{} rounds", record.rounds));
    }
    match quarantined {
        0 => {}
        1 => remarks.push("1 quarantined failure".to_owned()),
        count => remarks.push(format!("{count} quarantined failures")),
    }
    remarks
}

/// Returns that entries of the quarantine have expired, if some have.
fn describe_expired(record: &Record) -> Option<String> {
    let suites = record.header.suites.iter();
    match suites
        .filter(|it| it.expired_quarantine().is_some())
        .count()
    {
        0 => None,
        1 => Some("1 entry of the quarantine has expired".to_owned()),
        count => Some(format!("{count} entries of the quarantine have expired")),
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
