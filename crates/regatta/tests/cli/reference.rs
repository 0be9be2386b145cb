//! The command lines of the runner that this one replaces, on a project of the same shape.

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{Invocation, Place, copy_example, shell};

/// Runs the suites without their pauses.
fn quickly<'p>(place: &'p Place, words: &[&str]) -> Invocation<'p> {
    place.regatta(words).variable("PRISM_PACE", "0")
}

const UNIT: &str = "proxy-unit core-unit memstore-unit redis-unit nats-unit";
const LINT: &str = "lint-rust lint-go-memstore lint-go-redis lint-go-nats lint-go-core";
const ACCEPTANCE: &str = "acceptance-interfaces acceptance-redis acceptance-nats";

#[test]
fn the_list() {
    let place = copy_example("prism");
    assert_snapshot!(place.regatta(&["--list"]).run(), @"
    exit 0
    --- stdout ---
    Available Test Suites:

    UNIT:
      • proxy-unit: Rust proxy unit tests
      • core-unit: Core SDK unit tests
      • memstore-unit: MemStore unit tests
      • redis-unit: Redis unit tests
      • nats-unit: NATS unit tests

    LINT:
      • lint-rust: Rust linting
      • lint-go-memstore: Go linting (memstore)
      • lint-go-redis: Go linting (redis)
      • lint-go-nats: Go linting (nats)
      • lint-go-core: Go linting (core)

    ACCEPTANCE:
      • acceptance-interfaces: Interface-based acceptance tests
      • acceptance-redis: Redis acceptance tests
      • acceptance-nats: NATS acceptance tests

    INTEGRATION:
      • integration-go: Go integration tests
        Depends on: memstore-unit
      • integration-rust: Rust proxy integration tests
        Depends on: memstore-unit
    ");
    assert_eq!(
        place.regatta(&["list"]).run(),
        place.regatta(&["--list"]).run()
    );
    assert!(!place.has("test-logs"));
}

#[test]
fn a_whole_run() {
    let place = copy_example("prism");
    assert_snapshot!(quickly(&place, &["-j", "1"]).run(), @"
    exit 0
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 15
      • Max parallel: 1
      • Fail-fast: disabled
      • Log directory: test-logs

      UNIT: 5 suite(s)
      LINT: 5 suite(s)
      ACCEPTANCE: 3 suite(s)
      INTEGRATION: 2 suite(s)

    🔬 acceptance-interfaces - Interface-based acceptance tests
      [1/15] ✓ acceptance-interfaces passed in [TIME]
    🧪 memstore-unit - MemStore unit tests
      [2/15] ✓ memstore-unit passed in [TIME]
    🔬 acceptance-redis - Redis acceptance tests
      [3/15] ✓ acceptance-redis passed in [TIME]
    🧪 proxy-unit - Rust proxy unit tests
      [4/15] ✓ proxy-unit passed in [TIME]
    🧪 core-unit - Core SDK unit tests
      [5/15] ✓ core-unit passed in [TIME]
    🧪 redis-unit - Redis unit tests
      [6/15] ✓ redis-unit passed in [TIME]
    🧪 nats-unit - NATS unit tests
      [7/15] ✓ nats-unit passed in [TIME]
    🔍 lint-rust - Rust linting
      [8/15] ✓ lint-rust passed in [TIME]
    🔍 lint-go-memstore - Go linting (memstore)
      [9/15] ✓ lint-go-memstore passed in [TIME]
    🔍 lint-go-redis - Go linting (redis)
      [10/15] ✓ lint-go-redis passed in [TIME]
    🔍 lint-go-nats - Go linting (nats)
      [11/15] ✓ lint-go-nats passed in [TIME]
    🔍 lint-go-core - Go linting (core)
      [12/15] ✓ lint-go-core passed in [TIME]
    🔬 acceptance-nats - NATS acceptance tests
      [13/15] ✓ acceptance-nats passed in [TIME]
    🔗 integration-go - Go integration tests
      [14/15] ✓ integration-go passed in [TIME]
    🔗 integration-rust - Rust proxy integration tests
      [15/15] ✓ integration-rust passed in [TIME]

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  15/15
      ✗ Failed:  0/15

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed!
    ");
    assert_snapshot!(place.names("test-logs").join("\n"), @"
    .gitignore
    .lock
    acceptance-interfaces.log
    acceptance-nats.log
    acceptance-redis.log
    core-unit.log
    events.jsonl
    integration-go.log
    integration-rust.log
    lint-go-core.log
    lint-go-memstore.log
    lint-go-nats.log
    lint-go-redis.log
    lint-rust.log
    memstore-unit.log
    nats-unit.log
    proxy-unit.log
    redis-unit.log
    report.html
    test-report.json
    ");
}

#[test]
fn some_categories() {
    let place = copy_example("prism");
    for (categories, expected) in [
        ("unit", UNIT.to_owned()),
        ("unit,lint", format!("{UNIT} {LINT}")),
        ("acceptance", ACCEPTANCE.to_owned()),
        (
            "integration",
            "memstore-unit integration-go integration-rust".to_owned(),
        ),
    ] {
        let output = quickly(&place, &["--categories", categories]).run();
        assert!(output.starts_with("exit 0\n"), "{output}");
        assert_eq!(place.suites(), expected);
    }
}

#[test]
fn some_suites() {
    let place = copy_example("prism");
    for (suites, expected) in [
        ("memstore-unit,redis-unit", "memstore-unit redis-unit"),
        ("lint-rust,lint-go-core", "lint-rust lint-go-core"),
        ("lint-*", LINT),
        ("integration-go", "memstore-unit integration-go"),
    ] {
        let output = quickly(&place, &["--suites", suites]).run();
        assert!(output.starts_with("exit 0\n"), "{output}");
        assert_eq!(place.suites(), expected);
    }
}

#[test]
fn some_slots() {
    let place = copy_example("prism");
    for slots in [1, 2, 4, 16] {
        let output = quickly(&place, &["--max-parallel", &slots.to_string()]).run();
        assert!(output.starts_with("exit 0\n"), "{output}");
        assert!(
            output.contains(&format!("  • Max parallel: {slots}\n")),
            "{output}"
        );
        assert_eq!(place.report()["max_parallel"], slots);
    }
}

#[test]
fn without_the_slow_ones() {
    let place = copy_example("prism");
    assert_snapshot!(quickly(&place, &["--fast", "--progress", "none"]).run(), @"
    exit 0
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  12/12
      ✗ Failed:  0/12

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed!
    ");
    assert_eq!(
        place.suites(),
        format!("{UNIT} {LINT} integration-go integration-rust")
    );
}

#[test]
fn every_line_as_it_comes() {
    let place = copy_example("prism");
    let words = ["--suites", "lint-rust", "--verbose"];
    assert_snapshot!(quickly(&place, &words).run(), @"
    exit 0
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 1
      • Max parallel: 2
      • Fail-fast: disabled
      • Log directory: test-logs

      LINT: 1 suite(s)

    🔍 lint-rust - Rust linting
    lint-rust | ok - no line ends in a blank
    lint-rust | ok - no tab is used
    lint-rust | ok - no line is over 100 columns
    lint-rust | ok - nothing is left to do later
    lint-rust | ok - proxy/proxy.awk opens with its purpose
    lint-rust | ok - proxy/test.sh opens with its purpose
    lint-rust | ok - proxy/test.sh parses
      [1/1] ✓ lint-rust passed in [TIME]

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/1
      ✗ Failed:  0/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed!
    ");
}

#[test]
fn logs_elsewhere() {
    let place = copy_example("prism");
    let folder = place.path("elsewhere/prism-test-logs");
    let folder = folder.to_str().unwrap();
    let words = ["--suites", "core-unit", "--log-dir", folder];
    assert_snapshot!(quickly(&place, &words).run(), @"
    exit 0
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 1
      • Max parallel: 2
      • Fail-fast: disabled
      • Log directory: [PLACE]/elsewhere/prism-test-logs

      UNIT: 1 suite(s)

    🧪 core-unit - Core SDK unit tests
      [1/1] ✓ core-unit passed in [TIME]

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/1
      ✗ Failed:  0/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: [PLACE]/elsewhere/prism-test-logs/test-report.json

    ✅ All tests passed!
    ");
    assert_eq!(
        place.names("elsewhere/prism-test-logs"),
        [
            ".gitignore",
            ".lock",
            "core-unit.log",
            "events.jsonl",
            "report.html",
            "test-report.json"
        ]
    );
    assert!(!place.has("test-logs"));
}

/// Breaks the redis driver.
fn break_redis(place: &Place) {
    let driver = place.read("drivers/redis/redis.awk");
    let broken = driver.replace("$-1", "$-2");
    assert_ne!(driver, broken);
    place.write("drivers/redis/redis.awk", &broken);
}

/// Returns the command that a transcript offers for running the failures again.
fn offered(transcript: &str) -> &str {
    let (_, after) = transcript
        .split_once("Run the failures again:\n")
        .expect("an offer");
    after.lines().next().expect("a command").trim()
}

#[test]
fn failures_and_how_to_run_them_again() {
    let place = copy_example("prism");
    break_redis(&place);
    let output = quickly(
        &place,
        &[
            "--suites",
            "acceptance-*,lint-*,redis-unit",
            "--progress",
            "none",
        ],
    )
    .run();
    assert_snapshot!(output, @"
    exit 1
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  7/9
      ✗ Failed:  2/9

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • redis-unit: exit code 1
        │ not ok 1 - a missing key is the null bulk string
        Log: test-logs/redis-unit.log
      • acceptance-redis: exit code 1
        │ not ok 6 - a deletion survives
        Log: test-logs/acceptance-redis.log

    Run the failures again:
      regatta --suites redis-unit,acceptance-redis

    📄 JSON report: test-logs/test-report.json

    ❌ 2 of 9 suites failed
    ");
    let line = format!("PRISM_PACE=0 {}", offered(&output));
    let again = shell(&place, &line);
    assert!(again.starts_with("exit 1\n"), "{again}");
    assert_eq!(place.suites(), "redis-unit acceptance-redis");
    assert_eq!(offered(&again), offered(&output));

    let original = copy_example("prism").read("drivers/redis/redis.awk");
    place.write("drivers/redis/redis.awk", &original);
    let again = shell(&place, &line);
    assert!(again.starts_with("exit 0\n"), "{again}");
}

#[test]
fn the_way_to_run_failures_again_leads_to_the_same_configuration() {
    let place = Place::empty();
    let configuration = "[profile.\"my profile\"]\nretries = 1\n\
         [suites.bad]\ncommand = 'exit 1'\n[suites.good]\ncommand = 'true'\n";
    place.write("it's here/my tests.toml", configuration);
    let words = [
        "-C",
        "it's here",
        "--config",
        "my tests.toml",
        "--profile",
        "my profile",
        "--log-dir",
        "the logs",
        "--progress",
        "none",
    ];
    let output = place.regatta(&words).run();
    assert_snapshot!(output, @r"
    exit 1
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/2
      ✗ Failed:  1/2

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • bad: exit code 1
        Log: it's here/the logs/bad.log

    Run the failures again:
      regatta -C 'it'\''s here' --config 'my tests.toml' --profile 'my profile' --log-dir 'the logs' --suites bad

    📄 JSON report: it's here/the logs/test-report.json

    ❌ 1 of 2 suites failed
    ");
    let again = shell(&place, &format!("{} --progress none", offered(&output)));
    let again_report: Value =
        serde_json::from_str(&place.read("it's here/the logs/test-report.json")).unwrap();
    assert_snapshot!(again, @r"
    exit 1
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/1
      ✗ Failed:  1/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • bad: exit code 1
        Failing for 2 runs now
        Log: it's here/the logs/bad.log

    Run the failures again:
      regatta -C 'it'\''s here' --config 'my tests.toml' --profile 'my profile' --log-dir 'the logs' --suites bad

    📄 JSON report: it's here/the logs/test-report.json

    ❌ 1 of 1 suites failed
    ");
    assert_eq!(again_report["suites"].as_array().unwrap().len(), 1);
    assert_eq!(
        again_report["suites"][0]["attempts"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn fail_fast_stops_at_the_first_failure() {
    let place = copy_example("prism");
    break_redis(&place);
    let output = quickly(&place, &["-j", "1", "--fail-fast", "--progress", "none"]).run();
    assert_snapshot!(output, @"
    exit 1
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  2/15
      ✗ Failed:  1/15
      ⊘ Skipped: 12/15

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • acceptance-redis: exit code 1
        │ not ok 6 - a deletion survives
        Log: test-logs/acceptance-redis.log

    Cancelled Tests, after acceptance-redis failed:
      • 12 never started: proxy-unit, core-unit, redis-unit, nats-unit, lint-rust, lint-go-memstore, lint-go-redis, lint-go-nats, lint-go-core, acceptance-nats and 2 more

    Run the failures again:
      regatta --suites acceptance-redis

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 15 suites failed
    ");
}

/// Returns the values that a line prints.
fn query(place: &Place, line: &str) -> Vec<Value> {
    let answer = shell(place, line);
    let printed = answer.strip_prefix("exit 0\n--- stdout ---\n");
    let printed = printed.unwrap_or_else(|| panic!("{line}: {answer}"));
    let values = serde_json::Deserializer::from_str(printed).into_iter();
    values.collect::<Result<_, _>>().expect("JSON")
}

#[test]
fn queries_on_the_report() {
    let place = copy_example("prism");
    break_redis(&place);
    quickly(&place, &["-j", "4"]).run();
    let summary = query(&place, "jq '.summary' test-logs/test-report.json");
    assert_eq!(
        summary,
        [serde_json::json!({"total": 15, "passed": 13, "failed": 2, "skipped": 0})]
    );
    let failed = query(
        &place,
        r#"jq '.suites[] | select(.status == "failed") | {name, error_message, log_file}' test-logs/test-report.json"#,
    );
    let expected = ["redis-unit", "acceptance-redis"].map(|name| {
        serde_json::json!({
            "name": name,
            "error_message": "exit code 1",
            "log_file": format!("test-logs/{name}.log"),
        })
    });
    assert_eq!(failed, expected);
    for (end, count) in [("", 15), (" | .[0:5]", 5)] {
        let line = format!(
            "jq '.suites[] | {{name, duration}} | select(.duration != null)' test-logs/test-report.json \
             | jq -s 'sort_by(.duration) | reverse{end}'"
        );
        let [Value::Array(slowest)] = &query(&place, &line)[..] else {
            panic!("one list");
        };
        assert_eq!(slowest.len(), count);
        let durations: Vec<f64> = slowest
            .iter()
            .filter_map(|it| it["duration"].as_f64())
            .collect();
        assert!(durations.is_sorted_by(|a, b| a >= b) && durations.len() == count);
    }
}
