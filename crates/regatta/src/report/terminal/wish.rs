//! What its user wishes for while a run goes on, told on the spot: a look at how it stands, the failures so far, that starts
//! wait, more slots or fewer. Which key means what is decided elsewhere.

use regatta_core::time::Time;

use super::footer::write_failures_so_far;
use super::look::{Tone, clock};
use super::page::Page;
use super::run::Run;

/// Whether the user lets suites start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Starts {
    /// They start when there is room.
    #[default]
    GoOn,
    /// None starts; what runs goes on.
    Wait,
}

/// Whether the keys are named below what runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyHints {
    /// Nobody can press any.
    #[default]
    Hidden,
    /// The user can.
    Shown,
}

/// The keys, as the region names them.
pub(super) const HINTS: &str = "t status, f failures, p pause, + - slots, q stop";

/// Writes how a run stands: the counts, and what runs.
pub(super) fn write_status(page: &mut Page, run: &Run, at: Time) {
    let progress = &run.progress;
    let done = progress.done;
    let mut words = format!(
        "{} of {} done after {}: {} passed, {} failed, {} skipped; {} running, {} waiting",
        done.total,
        progress.total,
        clock(at.0),
        done.passed,
        done.failed,
        done.skipped,
        progress.running.len(),
        progress.waiting(),
    );
    if progress.starts == Starts::Wait {
        words += "; nothing starts until p is pressed";
    }
    write_note(page, &words);
}

/// Writes the failures so far by their causes.
pub(super) fn write_failures(page: &mut Page, run: &Run) {
    if run.progress.done.failed == 0 {
        write_note(page, "nothing has failed so far");
    } else {
        write_failures_so_far(page, &run.record);
    }
}

/// Writes whether suites start.
pub(super) fn write_starts(page: &mut Page, starts: Starts) {
    write_note(
        page,
        match starts {
            Starts::GoOn => "suites start again",
            Starts::Wait => "paused: what runs goes on, nothing starts until p is pressed again",
        },
    );
}

/// Writes how many slots there are by now.
pub(super) fn write_slots(page: &mut Page, slots: u32, running: usize) {
    let more = running.saturating_sub(usize::try_from(slots).unwrap_or(usize::MAX));
    let slots = match slots {
        1 => "1 slot".to_owned(),
        count => format!("{count} slots"),
    };
    if more > 0 {
        write_note(
            page,
            &format!("{slots} from now on; {more} more suites still run"),
        );
    } else {
        write_note(page, &format!("{slots} from now on"));
    }
}

fn write_note(page: &mut Page, words: &str) {
    let symbol = page.paint(Tone::Detail, page.look.symbols.bullet);
    page.line(format_args!("  {symbol} {words}"));
}
