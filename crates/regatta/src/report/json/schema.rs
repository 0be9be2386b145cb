//! The JSON Schema of the report, made from the types that are written.

use schemars::generate::SchemaSettings;

use super::model::Report;
use super::render_pretty;

/// Returns the JSON Schema (draft 2020-12) of the report, as text that ends with a newline.
#[must_use]
pub fn render_schema() -> String {
    let schema = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<Report<'_>>();
    render_pretty(&schema)
}
