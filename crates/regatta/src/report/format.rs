//! The formats in which a run can be reported: their names, and who writes each.

use super::html::{LogTails, Surroundings, render_page};
use super::json::render_report;
use super::junit::render_junit;
use super::markdown::render_markdown;
use super::source::Source;
use super::trace::render_trace;

/// A way to report a run as one document.
#[derive(Debug)]
pub struct Format {
    /// What a user calls it.
    pub name: &'static str,
    /// What it is for, in the words of a help text.
    pub description: &'static str,
    /// What it reads.
    pub reads: Reads,
    /// Makes the document. A run that has only just begun has one as well, which nobody may take for a pass.
    pub render: fn(&Source<'_>) -> String,
}

/// What a format reads of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// The record and the logs.
    Record,
    /// Every single event as well, which a long run does not keep in memory.
    Events,
    /// What a page has around it: where it lies, and the ends of all logs.
    Surroundings,
}

/// All formats, in the order of their names.
#[rustfmt::skip]
pub const FORMATS: &[Format] = &[
    Format { name: "html", description: "One page for people, with a timeline", reads: Reads::Surroundings, render: |it| render_page(it.record, &Surroundings { tails: &LogTails::new(), logs: None }) },
    Format { name: "json", description: "The JSON report", reads: Reads::Record, render: |it| render_report(it.record, it.state) },
    Format { name: "junit", description: "JUnit XML, as Jenkins and GitLab read it", reads: Reads::Record, render: render_junit },
    Format { name: "markdown", description: "Markdown for a pull request", reads: Reads::Record, render: render_markdown },
    Format { name: "trace", description: "A timeline that Perfetto and Chrome open", reads: Reads::Events, render: render_trace },
];

impl Format {
    /// Returns whether it is a page that is written with its surroundings.
    #[must_use]
    pub fn is_page(&self) -> bool {
        self.reads == Reads::Surroundings
    }
}

/// Returns the format of a name.
#[must_use]
pub fn find_format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
