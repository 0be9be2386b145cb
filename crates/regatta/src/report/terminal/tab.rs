//! How far the run is, as the tab or the task bar of some terminals shows it.
//!
//! *Source*: OSC 9;4, as the documentation of `ConEmu` describes it.

use std::fmt::Write as _;

use super::progress::Progress;
use super::wish::Starts;

/// What the tab shows by now.
#[derive(Debug, Default)]
pub(super) struct Tab {
    /// The state and the percentage; `None` for nothing.
    shown: Option<(u8, usize)>,
}

impl Tab {
    /// Writes what changed.
    pub(super) fn show(&mut self, progress: &Progress, out: &mut String) {
        let state = match (progress.starts, progress.done.failed) {
            (Starts::Wait, _) => 4,
            (Starts::GoOn, 0) => 1,
            (Starts::GoOn, _) => 2,
        };
        let done = progress.done.total as usize;
        let percent = (done * 100).checked_div(progress.total).unwrap_or(0);
        if self.shown != Some((state, percent)) {
            self.shown = Some((state, percent));
            write!(out, "\u{1b}]9;4;{state};{percent}\u{1b}\\").expect("a String takes all");
        }
    }

    /// Writes what takes it away, if anything is shown.
    pub(super) fn clear(&mut self, out: &mut String) {
        if self.shown.take().is_some() {
            out.push_str("\u{1b}]9;4;0;0\u{1b}\\");
        }
    }
}
