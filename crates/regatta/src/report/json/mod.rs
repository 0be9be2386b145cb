//! The report as one JSON document: what programs read after a run.

mod model;
mod render;
mod schema;

use serde::Serialize;

pub use render::render_report;
pub use schema::render_schema;

/// The name of the report in its log directory.
pub const REPORT_NAME: &str = "test-report.json";

/// Returns plain data as JSON that ends with a newline.
///
/// # Panics
/// The data has a map whose keys are no texts.
pub fn render_pretty(value: &impl Serialize) -> String {
    let mut text =
        serde_json::to_string_pretty(value).expect("lists, strings and numbers always are JSON");
    text.push('\n');
    text
}
