//! The report as Markdown, as pull requests and step summaries show it.

mod foreign;
mod page;
mod sections;

use super::source::Source;

/// Returns the report of a run as Markdown.
#[must_use]
pub fn render_markdown(source: &Source<'_>) -> String {
    render_markdown_within(source, usize::MAX)
}

/// Returns the report of a run as Markdown of at most so many bytes. What is told first is kept first, whole sections at a
/// time, and what is left out is counted.
#[must_use]
pub fn render_markdown_within(source: &Source<'_>, limit: usize) -> String {
    let record = source.record.by_suite();
    let source = Source {
        record: &record,
        ..*source
    };
    let mut page = page::Page::new(limit);
    sections::write(&mut page, &source);
    page.finish()
}
