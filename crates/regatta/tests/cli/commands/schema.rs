//! `schema`: what an editor checks a configuration against.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::Place;

fn printed_schema() -> Value {
    let output = Place::empty().regatta(&["schema"]).run();
    let schema = output.strip_prefix("exit 0\n--- stdout ---\n");
    serde_json::from_str(schema.expect("a schema")).expect("JSON")
}

#[track_caller]
fn complaints(configuration: &str) -> Vec<String> {
    let value: toml::Value = toml::from_str(configuration).expect("TOML");
    let value = serde_json::to_value(value).expect("what JSON can say");
    let validator = jsonschema::validator_for(&printed_schema()).expect("a schema");
    validator
        .iter_errors(&value)
        .map(|it| it.to_string())
        .collect()
}

#[test]
fn it_accepts_every_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in [
        "../../examples/prism/regatta.toml",
        "../../examples/polyglot/regatta.toml",
        "tests/config_examples/tour.toml",
        "tests/config_examples/every_key.toml",
    ] {
        let text = fs::read_to_string(root.join(file)).unwrap();
        assert_eq!(complaints(&text), Vec::<String>::new(), "{file}");
    }
}

#[test]
fn it_refuses_what_regatta_refuses() {
    for configuration in [
        "[suites.a]\ncomand = 'true'\n",
        "[suites.a]\ncommand = 'true'\nretries = -1\n",
        "[suites.a]\ncommand = 3\n",
        "[suites.\"a/b\"]\ncommand = 'true'\n",
        "[run]\nfail_fast = 'perhaps'\n",
    ] {
        assert_ne!(
            complaints(configuration),
            Vec::<String>::new(),
            "{configuration}"
        );
        let output = Place::new(configuration).regatta(&["check"]).run();
        assert!(output.starts_with("exit 2\n"), "{output}");
    }
}
