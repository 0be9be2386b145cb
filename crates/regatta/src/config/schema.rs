//! The JSON Schema of `regatta.toml`, for editors.

use serde_json::{Value as Json, json};

use super::check_suites::LONGEST_NAME_BYTES;
use super::declaration::Root;
use super::field::Field as _;

/// Returns the JSON Schema of a configuration file.
///
/// *Source*: JSON Schema, draft 2020-12. What one value cannot tell (dependencies, cycles, names
/// that differ only in case) is beyond it.
#[must_use]
pub fn schema() -> Json {
    let mut schema = Root::schema();
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("regatta.toml");
    schema["properties"]["suites"]["propertyNames"] = json!({
        "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$",
        "maxLength": LONGEST_NAME_BYTES,
        "not": { "pattern": r"^[Tt][Ee][Ss][Tt]-[Rr][Ee][Pp][Oo][Rr][Tt]$|\.(attempt|shard)-[0-9]+$|\.diagnosis$" },
    });
    schema
}
