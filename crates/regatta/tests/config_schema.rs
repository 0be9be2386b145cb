//! The JSON Schema says what the loader says.

use std::collections::BTreeSet;
use std::fs;

use jsonschema::Validator;
use regatta::config::{self, Overrides};
use serde_json::{Value, json};

const EVERY_KEY: &str = include_str!("config_examples/every_key.toml");
const TOUR: &str = include_str!("config_examples/tour.toml");

fn validator() -> Validator {
    jsonschema::validator_for(&config::schema()).expect("the schema is a schema")
}

fn to_json(text: &str) -> Value {
    let value: toml::Value = toml::from_str(text).expect("the example is TOML");
    serde_json::to_value(value).expect("the example has a JSON twin")
}

fn is_accepted(text: &str) -> bool {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("regatta.toml");
    fs::write(&file, text).expect("a temporary file can be written");
    config::load(&file)
        .and_then(|document| config::resolve(&document, &Overrides::default()))
        .is_ok()
}

#[test]
fn examples_satisfy_schema_and_loader() {
    for example in [EVERY_KEY, TOUR, ""] {
        let errors: Vec<String> = validator()
            .iter_errors(&to_json(example))
            .map(|error| error.to_string())
            .collect();
        assert_eq!(errors, Vec::<String>::new());
        assert!(is_accepted(example), "{example}");
    }
}

/// One setting of a suite a line: what the loader refuses, the schema refuses, and the reverse.
#[test]
fn schema_and_loader_judge_alike() {
    let good = [
        "timeout = 300",
        "timeout = 0.5",
        "timeout = \"1m 30s\"",
        "timeout = \"none\"",
        "slow_after = \"none\"",
        "idle_timeout = \"500ms\"",
        "grace_period = 0",
        "grace_period = \"0s\"",
        "retries = 2",
        "retries = { count = 2, delay = \"1s\", backoff = \"exponential\", max_delay = 60, jitter = true }",
        "max_log = \"64MiB\"",
        "max_log = 1000",
        "parallel_group = \"db\"",
        "parallel_group = [\"db\", \"net\"]",
        "command = [\"go\", \"test\", \"\"]",
        "env = { PATH = \"/bin\" }",
        "skip_exit_code = 77",
        "cpus = 4",
        "shards = 4",
        "description = \"\"",
        "on_timeout = \"kill -QUIT $REGATTA_PID\"",
        "on_timeout = [\"gcore\", \"-a\"]",
        "cases = \"auto\"",
        "cases = \"off\"",
        "cases = { format = \"go-json\" }",
        "cases = { format = \"junit\", path = \"target/**/TEST-*.xml\" }",
        "inputs = [\"src\"]",
        "inputs = [\"src/**\", \"!src/x..y\", \"..z\"]",
        "inputs = [\".\"]\noutputs = []\nenv_inputs = [\"A\"]\npass_env = []\ntools = [\"go version\"]\ncache = \"off\"",
    ];
    let bad = [
        "timout = 5",
        "timeout = 0",
        "timeout = -1",
        "timeout = \"0s\"",
        "timeout = \"5 parsecs\"",
        "timeout = \"5\"",
        "timeout = true",
        "timeout = 1e300",
        "grace_period = -1",
        "grace_period = \"none\"",
        "retries = -1",
        "retries = 1.5",
        "retries = \"2\"",
        "retries = { delay = 1 }",
        "retries = { count = 1, dely = 1 }",
        "flaky = \"maybe\"",
        "expect = true",
        "leftovers = \"keep\"",
        "max_log = 0",
        "max_log = \"64\"",
        "max_log = \"0MiB\"",
        "parallel_group = \"\"",
        "parallel_group = [3]",
        "command = \"\"",
        "command = \"  \"",
        "command = []",
        "command = [\"\"]",
        "command = \"a\\u0000\"",
        "env = { \"A=B\" = \"x\" }",
        "env = { PORT = 1 }",
        "skip_exit_code = 0",
        "skip_exit_code = 256",
        "cpus = 0",
        "dir = \"\"",
        "tags = \"x\"",
        "on_timeout = \"\"",
        "on_timeout = []",
        "on_timeout = \"none\\u0000\"",
        "on_timeout = 10",
        "cases = true",
        "cases = \"junit\"",
        "cases = {}",
        "cases = { path = \"a.xml\" }",
        "cases = { format = \"xml\" }",
        "cases = { format = \"tap\", path = \"\" }",
        "cases = { format = \"tap\", path = \"/tmp/a.tap\" }",
        "cases = { format = \"tap\", path = \"../a.tap\" }",
        "cases = { format = \"tap\", path = \"!a.tap\" }",
        "cases = { format = \"tap\", paths = [] }",
        "inputs = []",
        "inputs = \"src\"",
        "inputs = [\"!src\"]",
        "inputs = [\"\"]",
        "inputs = [\"/etc/passwd\"]",
        "inputs = [\"src/../..\"]",
        "inputs = [\"src\"]\noutputs = [\"../x\"]",
        "inputs = [\"src\"]\noutputs = [\"/x\"]",
        "inputs = [\"src\"]\nenv_inputs = [\"A=B\"]",
        "inputs = [\"src\"]\npass_env = \"A\"",
        "inputs = [\"src\"]\ncache = \"write\"",
        "shards = 0",
        "shards = 1001",
        "shards = \"2\"",
        "shard = 2",
    ];
    let judged = good.map(|line| (line, true)).into_iter();
    for (line, expected) in judged.chain(bad.map(|line| (line, false))) {
        let command = if line.starts_with("command") {
            ""
        } else {
            "command = \"true\"\n"
        };
        let text = format!("[suites.a]\n{command}{line}\n");
        assert_eq!(is_accepted(&text), expected, "loader: {line}");
        assert_eq!(
            validator().is_valid(&to_json(&text)),
            expected,
            "schema: {line}"
        );
    }
}

#[test]
fn schema_and_loader_judge_suite_names_alike() {
    let hundred = "x".repeat(100);
    let longer = "x".repeat(101);
    let cases = [
        ("redis-unit", true),
        ("0.a_B", true),
        (hundred.as_str(), true),
        (longer.as_str(), false),
        ("../x", false),
        (".x", false),
        ("🧪", false),
        ("two\nlines", false),
        ("test-report", false),
        ("TEST-report", false),
        ("a.attempt-1", false),
        ("a.shard-2", false),
        ("a.diagnosis", false),
        ("", false),
    ];
    for (name, expected) in cases {
        let name = json!(name);
        let text = format!("[suites.{name}]\ncommand = \"true\"\n");
        assert_eq!(is_accepted(&text), expected, "loader: {name}");
        assert_eq!(
            validator().is_valid(&to_json(&text)),
            expected,
            "schema: {name}"
        );
    }
}

#[test]
fn every_known_key_has_a_description_and_stands_in_the_example() {
    let schema = config::schema();
    let example = to_json(EVERY_KEY);
    let tables = [
        (&schema, &example),
        (&schema["properties"]["run"], &example["run"]),
        (
            &schema["properties"]["profile"]["additionalProperties"],
            &example["profile"]["ci"],
        ),
        (
            &schema["properties"]["categories"]["additionalProperties"],
            &example["categories"]["unit"],
        ),
        (
            &schema["properties"]["groups"]["additionalProperties"],
            &example["groups"]["db"],
        ),
        (
            &schema["properties"]["suites"]["additionalProperties"],
            &example["suites"]["api"],
        ),
        (
            &schema["properties"]["suites"]["additionalProperties"]["properties"]["retries"]["anyOf"]
                [1],
            &example["suites"]["api"]["retries"],
        ),
        (
            &schema["properties"]["suites"]["additionalProperties"]["properties"]["cases"]["anyOf"]
                [1],
            &example["suites"]["api"]["cases"],
        ),
    ];
    for (schema, example) in tables {
        let properties = schema["properties"]
            .as_object()
            .expect("a table has properties");
        let keys: BTreeSet<&String> = properties.keys().collect();
        let used: BTreeSet<&String> = example.as_object().expect("a table").keys().collect();
        assert_eq!(keys, used);
        assert_eq!(schema["additionalProperties"], json!(false));
        for (key, property) in properties {
            assert!(property["description"].is_string(), "{key}");
        }
    }
}

/// Returns what a configuration comes to, a fact a line, without where its values stand.
fn resolved(text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("regatta.toml");
    fs::write(&file, text).expect("a temporary file can be written");
    let document = config::load(&file).expect("the file is right");
    let config = config::resolve(&document, &Overrides::default()).expect("the file is right");
    let seen = format!("{:#?}", (config.run, config.groups, config.suites));
    let is_place = |line: &str| {
        let line = line.trim_start();
        line.starts_with("origin: ") || line.starts_with("line: ")
    };
    let mut lines: Vec<String> = seen.lines().map(str::to_owned).collect();
    lines.retain(|line| !is_place(line));
    // An origin that is a place leaves the end of its block behind.
    lines.retain(|line| line.trim() != "},");
    lines
}

#[test]
fn the_defaults_that_the_schema_tells_are_what_holds_without_them() {
    let schema = config::schema();
    let spelled = |table: &Value| -> String {
        let properties = table["properties"].as_object().expect("a table");
        let defaults = properties.iter().filter_map(|(key, property)| {
            let default = property.get("default")?;
            // It says what a suite does that has inputs.
            (key != "cache").then(|| format!("{key} = {default}\n"))
        });
        defaults.collect()
    };
    let properties = &schema["properties"];
    let run = spelled(&properties["run"]);
    let suite = spelled(&properties["suites"]["additionalProperties"]);
    let group = spelled(&properties["groups"]["additionalProperties"]);
    assert!(run.contains("timeout = \"5m\"") && suite.contains("cpus = 1") && !group.is_empty());
    let bare = "[suites.a]\ncommand = \"true\"\nparallel_group = \"g\"\n";
    let told = resolved(&format!("[run]\n{run}\n[groups.g]\n{group}\n{bare}{suite}"));
    let untold = resolved(bare);
    let differs = told
        .iter()
        .zip(&untold)
        .find(|(told, untold)| told != untold);
    assert_eq!(differs, None);
    assert_eq!(told.len(), untold.len());
}
