//! `regatta schema`: the JSON Schema of regatta.toml.

use super::output::print;
use crate::cli::CommandFailure;
use crate::config;

pub(super) fn schema() -> Result<u8, CommandFailure> {
    let schema = config::schema();
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is always JSON");
    text.push('\n');
    print(&text)?;
    Ok(0)
}
