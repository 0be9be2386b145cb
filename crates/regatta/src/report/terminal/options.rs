//! How the text is to be written. Whoever knows the command line and the environment decides it.

use super::ability::TabProgress;
use super::link::Links;
use super::symbols::Symbols;
use crate::report::ci::Guard;

/// Everything that is decided about the text before the run starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How much is told while the run goes on.
    pub mode: Mode,
    /// Whether escape sequences colour the text.
    pub colour: Colour,
    /// Which characters may be used.
    pub symbols: Symbols,
    /// Whether the suites' output is shown as it comes.
    pub verbose: Verbose,
    /// Whether lines that tell an end count them.
    pub counter: Counter,
    /// The size of the terminal; only [`Mode::Live`] reads it.
    pub size: Size,
    /// Where the logs are for whoever reads the text; `None` for the log directory as the run names it.
    pub log_dir: Option<String>,
    /// Where the JSON report is, as the summary shows it; `None` where there is none.
    pub json_report: Option<String>,
    /// Where a click on a path leads; `None` where none leads anywhere.
    pub links: Option<Links>,
    /// Whether the tab of the terminal shows how far the run is; only [`Mode::Live`] reads it.
    pub tab_progress: TabProgress,
    /// What keeps the text from being obeyed by whoever reads it.
    pub guard: Guard,
}

/// How much is told while the run goes on. The summary is always written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Lines, and below them a region that shows what runs. Only for a terminal.
    Live,
    /// Lines.
    Lines,
    /// The failures as they come, a few of them with the end of their logs, and a short summary: for programs that read
    /// along and pay for each word.
    Compact,
    /// Nothing until the summary.
    Silent,
}

/// Whether text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// No escape sequence.
    Plain,
    /// ANSI colours.
    Styled,
}

/// Whether the suites' output is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbose {
    /// Only the last lines of a suite that failed.
    Off,
    /// Each line as it comes, after its suite's name.
    On,
}

/// Whether a line that tells an end carries `[12/40]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// It does not: something else counts.
    Hidden,
    /// It does.
    Shown,
}

/// The size of a terminal, in character cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Cells in a row.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}

impl Default for Options {
    /// Returns the options of a plain file: lines, counted, without colour.
    fn default() -> Self {
        Self {
            mode: Mode::Lines,
            colour: Colour::Plain,
            symbols: Symbols::Unicode,
            verbose: Verbose::Off,
            counter: Counter::Shown,
            size: Size {
                columns: 80,
                rows: 24,
            },
            log_dir: None,
            json_report: None,
            links: None,
            tab_progress: TabProgress::Hidden,
            guard: Guard::None,
        }
    }
}
