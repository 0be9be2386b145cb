//! The page as a whole: what stands without a script, the data, and the script that makes views of it.

use super::escape::{Text, write_json};
use super::gather::gather;
use super::logs::LogTails;
use super::shell::{SCRIPT, write_head};
use super::still::{title, write_failures, write_header, write_results};
use crate::report::record::Record;

/// About what a suite takes of a page, so that it seldom has to move while it grows.
const BYTES_PER_SUITE: usize = 2048;

/// What a page has beside the record.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'s> {
    /// The ends of logs that could be read.
    pub tails: &'s LogTails,
    /// What leads from the page to the folder of the logs: empty for its own folder, else with a slash at its end;
    /// `None` where the logs cannot be reached.
    pub logs: Option<&'s str>,
}

/// Returns the page of a run.
///
/// The same record and surroundings give the same text.
#[must_use]
pub fn render_page(tasks: &Record, surroundings: &Surroundings<'_>) -> String {
    let record = &*tasks.by_suite();
    let data = gather(record, tasks, surroundings);
    let mut page = String::with_capacity(160 * 1024 + record.tasks.len() * BYTES_PER_SUITE);
    write_head(&mut page, &Text(&title(record)).to_string());
    page.push_str("<body>\n");
    write_header(&mut page, record);
    page.push_str("<main id=\"still\" class=\"still\">\n");
    write_failures(&mut page, record, surroundings);
    write_results(&mut page, record);
    page.push_str("</main>\n<script type=\"application/json\" id=\"data\">");
    write_json(&mut page, &data);
    page.push_str("</script>\n<script>");
    page.push_str(SCRIPT);
    page.push_str("</script>\n</body>\n</html>\n");
    page
}

/// Returns the page that stands there while a run goes on, so that nobody takes that of an earlier run for it. It stays
/// where the run is killed.
#[must_use]
pub fn render_stub(record: &Record) -> String {
    let header = &record.header;
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>… {project}: no result yet</title>\n</head>\n\
         <body>\n<main>\n<h1>No result yet</h1>\n\
         <p>The run of <bdi>{project}</bdi> that started at {time} has not ended, or was killed. \
         Load this page again after its end; <code>regatta report</code> tells how far it came.</p>\n\
         </main>\n</body>\n</html>\n",
        project = Text(&header.project),
        time = Text(&header.timestamp),
    )
}
