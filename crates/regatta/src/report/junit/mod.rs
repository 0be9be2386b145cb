//! The report as JUnit XML, in the dialect of Jenkins and Surefire: what most servers for continuous integration read.

mod build;
mod cases;
mod document;
mod names;
mod write;

use super::source::Source;

/// Returns the report of a run as JUnit XML.
///
/// *Shape*: one `<testsuite>` a suite in plan order, and one more with an `<error>` for a run that is not done or did not
/// go well although no suite says so: no reader takes it for a pass.
///
/// *Source*: the `junit-10` schema of Jenkins's xUnit plugin, and what Surefire writes about tests that ran again.
#[must_use]
pub fn render_junit(source: &Source<'_>) -> String {
    let record = source.record.by_suite();
    write::write(&build::build(&Source {
        record: &record,
        ..*source
    }))
}
