//! The examples of this repository, copied elsewhere as a reader would.

use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use crate::support::{Invocation, Place, copy_example};

/// The stand-ins of the example are paced to be watched, not to be waited for.
const WATCHABLE: Duration = Duration::from_mins(1);

#[test]
fn prism_passes_in_under_a_minute() {
    let place = copy_example("prism");
    let start = Instant::now();
    let output = place.regatta(&["-j", "8"]).run();
    assert!(output.starts_with("exit 0\n"), "{output}");
    assert!(start.elapsed() < WATCHABLE, "{:?}", start.elapsed());
    assert_eq!(place.report()["summary"]["passed"], 15);
    for name in place.suites().split(' ') {
        let log = place.read(&format!("test-logs/{name}.log"));
        assert!(
            log.lines().count() > 2,
            "{name} prints several lines: {log}"
        );
    }
}

/// Runs the example in several languages with what the toolchains of this machine need.
fn polyglot<'p>(place: &'p Place, words: &[&str]) -> Invocation<'p> {
    let run = place.regatta(words);
    ["HOME", "CARGO_HOME", "RUSTUP_HOME"]
        .iter()
        .fold(run, |run, name| match std::env::var(name) {
            Ok(value) => run.variable(name, &value),
            Err(_) => run,
        })
}

#[test]
fn polyglot_passes_in_every_language() {
    let place = copy_example("polyglot");
    let output = polyglot(&place, &[]).variable("CI", "true").run();
    assert!(output.starts_with("exit 0\n"), "{output}");
    assert_eq!(
        place.report()["summary"]["passed"],
        place.report()["summary"]["total"]
    );
    assert!(place.report()["suites"].as_array().unwrap().len() >= 15);
}

/// Returns a PATH on which everything of this machine's can be found but one program.
fn path_without(place: &Place, program: &str) -> String {
    let folder = place.path("bin");
    std::fs::create_dir(&folder).expect("a new folder");
    let path = std::env::var("PATH").expect("a PATH");
    for entry in path
        .split(':')
        .filter_map(|it| std::fs::read_dir(it).ok())
        .flatten()
    {
        let entry = entry.expect("an entry");
        if entry.file_name() != program {
            // What stands earlier on the PATH wins.
            let _ = symlink(entry.path(), folder.join(entry.file_name()));
        }
    }
    folder.to_string_lossy().into_owned()
}

#[test]
fn polyglot_skips_a_language_that_is_missing_and_fails_in_ci() {
    let place = copy_example("polyglot");
    let path = path_without(&place, "node");
    let words = [
        "--suites",
        "node-unit,lint-node,service,ledger-posting",
        "-j",
        "1",
    ];
    let output = polyglot(&place, &words).variable("PATH", &path).run();
    insta::assert_snapshot!(output, @"
    exit 0
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 5
      • Max parallel: 1
      • Fail-fast: disabled
      • Log directory: test-logs

      UNIT: 3 suite(s)
      LINT: 1 suite(s)
      INTEGRATION: 1 suite(s)

    🧪 python-unit - Python library (unittest)
      [1/5] ✓ python-unit passed in [TIME]
    🧪 node-unit - JavaScript library (node --test)
      [2/5] ⊘ node-unit skipped (exit code 77): skipped: node is not installed
      [3/5] ⊘ service blocked: node-unit did not pass
    🧪 ledger-posting - Ledger: postings balance
      [4/5] ✓ ledger-posting passed in [TIME]
    🔍 lint-node - JavaScript parses
      [5/5] ⊘ lint-node skipped (exit code 77): skipped: node is not installed

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  2/5
      ✗ Failed:  0/5
      ⊘ Skipped: 3/5

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Skipped Tests:
      • node-unit: skipped: node is not installed
        Blocked: service
      • lint-node: skipped: node is not installed

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed! (3 of 5 skipped)
    ");
    insta::assert_snapshot!(place.outcomes(), @"
    python-unit: passed, passed [passed] code 0 log test-logs/python-unit.log: -
    node-unit: skipped, condition [condition] code 77 log test-logs/node-unit.log: Skipped by its own exit code 77
    ledger-posting: passed, passed [passed] code 0 log test-logs/ledger-posting.log: -
    lint-node: skipped, condition [condition] code 77 log test-logs/lint-node.log: Skipped by its own exit code 77
    service: skipped, blocked [] code null log -: Dependency node-unit did not pass
    ");
    let output = polyglot(&place, &words)
        .variable("PATH", &path)
        .variable("CI", "true")
        .run();
    assert!(output.starts_with("exit 1\n"), "{output}");
    assert_eq!(
        place.read("test-logs/node-unit.log"),
        "failed: node is not installed, and here every language is required\n"
    );
}

/// Returns how many tests each shard of a suite of the example ran, by what a log says of a pass.
fn passes(place: &Place, suite: &str, mark: &str) -> Vec<usize> {
    let shards = 1..=3;
    let logs = shards.map(|it| place.read(&format!("test-logs/{suite}.shard-{it}.log")));
    logs.map(|log| log.lines().filter(|it| it.contains(mark)).count())
        .collect()
}

#[test]
fn shards_divide_the_tests_of_every_framework_that_is_there() {
    let place = copy_example("shards");
    let output = polyglot(&place, &["-j", "2"]).run();
    assert!(output.starts_with("exit 0\n"), "{output}");
    let report = place.report();
    let suites = report["suites"].as_array().unwrap();
    let outcome = |name: &str| {
        let found = suites.iter().find(|it| it["name"] == name);
        found.unwrap()["outcome"].as_str().unwrap().to_owned()
    };
    assert_eq!(outcome("c"), "passed");
    for (suite, mark) in [
        ("c", "ok "),
        ("gtest", "[       OK ]"),
        ("pytest", "PASSED"),
        ("nextest", "PASS ["),
    ] {
        match outcome(suite).as_str() {
            "passed" => assert_eq!(passes(&place, suite, mark), [4, 4, 4], "{suite}"),
            // Its framework is not installed here.
            other => assert_eq!(other, "blocked", "{suite}"),
        }
    }
}
