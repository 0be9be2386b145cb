//! The JUnit report, read by programs that people read such reports with.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::junit::committed;

/// Where `scripts/install-consumers` puts them.
fn consumers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/consumers")
}

/// Returns what a program printed about the committed reports, which is JSON.
fn ask(program: &Path, script: &str) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/report_data")
        .join(script);
    let mut command = Command::new(program);
    command
        .arg(script)
        .args(committed())
        .current_dir(consumers());
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}; run `make install-tools`", program.display()));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "run `make install-tools` if something is missing\n{error}"
    );
    serde_json::from_slice(&output.stdout).expect("the script prints JSON")
}

/// Returns how many cases the `testsuites` element of each report claims: all, failures, errors.
fn claimed() -> Vec<[u64; 3]> {
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(path).expect("a golden file");
        let line = text.lines().nth(1).expect("a root").to_owned();
        ["tests", "failures", "errors"].map(|name| {
            let (_, rest) = line.split_once(&format!(" {name}=\"")).expect("a count");
            rest.split('"')
                .next()
                .expect("an end")
                .parse()
                .expect("a number")
        })
    };
    committed().into_iter().map(read).collect()
}

#[test]
fn junitparser_counts_what_the_report_claims() {
    let told = ask(&consumers().join("python/bin/python3"), "read_junit.py");
    let expected: Vec<Value> = claimed()
        .into_iter()
        .map(|[tests, failures, errors]| json!({"tests": tests, "failures": failures, "errors": errors, "without_class": 0}))
        .collect();
    assert_eq!(told, Value::from(expected));
}

#[test]
fn xunit_viewer_shows_every_case_once() {
    let told = ask(Path::new("node"), "read_junit.mjs");
    let told = told.as_array().expect("a list");
    assert_eq!(told.len(), claimed().len());
    for (told, [tests, failures, errors]) in told.iter().zip(claimed()) {
        assert_eq!(told["tests"], tests);
        assert_eq!(told["failure"].as_u64().unwrap_or_default(), failures);
        assert_eq!(told["error"].as_u64().unwrap_or_default(), errors);
    }
}
