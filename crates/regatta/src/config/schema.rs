//! The JSON Schema of `regatta.toml`, for editors.

use serde_json::{Value as Json, json};

use super::check_suites::LONGEST_NAME_BYTES;
use super::declaration::Root;
use super::field::Field as _;
use super::layers::DEFAULT_FAST_EXCLUDES;

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
    let properties = &mut schema["properties"];
    annotate(&mut properties["run"], &run_defaults());
    annotate(
        &mut properties["groups"]["additionalProperties"],
        &json!({ "capacity": 1 }),
    );
    annotate(
        &mut properties["suites"]["additionalProperties"],
        &suite_defaults(),
    );
    schema
}

/// Adds to the keys of a table what holds where they are absent.
fn annotate(table: &mut Json, defaults: &Json) {
    let defaults = defaults.as_object().into_iter().flatten();
    for (key, default) in defaults {
        table["properties"][key]["default"] = default.clone();
    }
}

/// What a run does where nobody says anything, outside CI. A profile has no defaults of its own, nor has a suite for what
/// `[run]` says.
fn run_defaults() -> Json {
    json!({
        "max_parallel": "auto",
        "fail_fast": false,
        "log_dir": "test-logs",
        "fast_excludes": DEFAULT_FAST_EXCLUDES,
        "timeout": "5m",
        "grace_period": "10s",
        "slow_after": "1m",
        "idle_timeout": "none",
        "retries": 0,
        "flaky": "pass",
        "leftovers": "kill",
        "max_log": "64MiB",
    })
}

fn suite_defaults() -> Json {
    json!({
        "category": "test",
        "dir": ".",
        "cpus": 1,
        "expect": "pass",
        "cache": "on",
    })
}
