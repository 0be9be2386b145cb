//! The text for people, line by line.

#![expect(clippy::unwrap_used, reason = "a fixture that fails fails its test")]

mod terminal_support;

use std::path::Path;
use std::time::Duration;

use insta::assert_snapshot;
use regatta::report::terminal::{
    Colour, Counter, Links, Memory, Mode, Options, Symbols, TabProgress, Terminal, Verbose,
    render_list,
};
use regatta_core::event::{CancelReason, StopSignal};
use regatta_core::past::{FlakyRate, Past};
use regatta_core::port::Subscriber;
use regatta_core::terms::FailFast;
use regatta_core::verdict::{AttemptReport, Exit, Failure, Leftover, Reason, Verdict};
use terminal_support::{Script, at, categories, printed, suite};

const PRISM: [(&str, &str, &str, u64); 15] = [
    ("unit", "proxy-unit", "Rust proxy unit tests", 45_200),
    ("unit", "core-unit", "Core SDK unit tests", 12_300),
    ("unit", "memstore-unit", "MemStore unit tests", 8_700),
    ("unit", "redis-unit", "Redis unit tests", 15_100),
    ("unit", "nats-unit", "NATS unit tests", 13_400),
    ("lint", "lint-rust", "Rust linting", 38_900),
    ("lint", "lint-go-memstore", "Go linting (memstore)", 5_200),
    ("lint", "lint-go-redis", "Go linting (redis)", 6_100),
    ("lint", "lint-go-nats", "Go linting (nats)", 5_800),
    ("lint", "lint-go-core", "Go linting (core)", 4_900),
    (
        "acceptance",
        "acceptance-interfaces",
        "Interface-based acceptance tests",
        245_700,
    ),
    (
        "acceptance",
        "acceptance-redis",
        "Redis acceptance tests",
        198_300,
    ),
    (
        "acceptance",
        "acceptance-nats",
        "NATS acceptance tests",
        187_900,
    ),
    (
        "integration",
        "integration-go",
        "Go integration tests",
        89_400,
    ),
    (
        "integration",
        "integration-rust",
        "Rust proxy integration tests",
        76_200,
    ),
];

fn prism() -> Script {
    let suites = PRISM.map(|(category, name, description, _)| suite(category, name, description));
    let mut script = Script::new(suites.to_vec());
    for (_, name, _, _) in PRISM {
        script.start(0, name);
    }
    for (_, name, _, ms) in PRISM {
        script.pass(ms, name);
    }
    script.finish(245_700, 0);
    script
}

fn counterless() -> Options {
    Options {
        counter: Counter::Hidden,
        json_report: Some("test-logs/test-report.json".into()),
        ..Options::default()
    }
}

#[test]
fn a_run_that_passes_reads_like_the_documented_one() {
    assert_snapshot!(prism().render(counterless()), @"
    🚀 Prism Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 15
      • Max parallel: 8
      • Fail-fast: disabled
      • Log directory: test-logs

      UNIT: 5 suite(s)
      LINT: 5 suite(s)
      ACCEPTANCE: 3 suite(s)
      INTEGRATION: 2 suite(s)

    🧪 proxy-unit - Rust proxy unit tests
    🧪 core-unit - Core SDK unit tests
    🧪 memstore-unit - MemStore unit tests
    🧪 redis-unit - Redis unit tests
    🧪 nats-unit - NATS unit tests
    🔍 lint-rust - Rust linting
    🔍 lint-go-memstore - Go linting (memstore)
    🔍 lint-go-redis - Go linting (redis)
    🔍 lint-go-nats - Go linting (nats)
    🔍 lint-go-core - Go linting (core)
    🔬 acceptance-interfaces - Interface-based acceptance tests
    🔬 acceptance-redis - Redis acceptance tests
    🔬 acceptance-nats - NATS acceptance tests
    🔗 integration-go - Go integration tests
    🔗 integration-rust - Rust proxy integration tests
      ✓ proxy-unit passed in 45.2s
      ✓ core-unit passed in 12.3s
      ✓ memstore-unit passed in 8.7s
      ✓ redis-unit passed in 15.1s
      ✓ nats-unit passed in 13.4s
      ✓ lint-rust passed in 38.9s
      ✓ lint-go-memstore passed in 5.2s
      ✓ lint-go-redis passed in 6.1s
      ✓ lint-go-nats passed in 5.8s
      ✓ lint-go-core passed in 4.9s
      ✓ acceptance-interfaces passed in 245.7s
      ✓ acceptance-redis passed in 198.3s
      ✓ acceptance-nats passed in 187.9s
      ✓ integration-go passed in 89.4s
      ✓ integration-rust passed in 76.2s

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  15/15
      ✗ Failed:  0/15

      ⏱️  Total time: 245.7s
      ⚡ Speedup: 3.9x (707.4s saved)
      • Critical path: acceptance-interfaces (245.7s)
      • Floor: 245.7s by the longest path; this run reached it

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed!
    ");
}

#[test]
fn lines_that_go_to_a_file_are_counted() {
    let text = prism().render(Options::default());
    assert!(
        text.contains("\n  [1/15] ✓ proxy-unit passed in 45.2s\n"),
        "{text}"
    );
    assert!(
        text.contains("\n  [15/15] ✓ integration-rust passed in 76.2s\n"),
        "{text}"
    );
}

#[test]
fn only_the_summary_is_written_when_nothing_else_is_wanted() {
    let text = prism().render(Options {
        mode: Mode::Silent,
        ..counterless()
    });
    assert!(text.starts_with("\n📋 Test Summary\n"), "{text}");
    assert!(text.ends_with("\n✅ All tests passed!\n"), "{text}");
}

fn troubled() -> Script {
    let names = [
        ("unit", "api", "The API: naïve"),
        ("unit", "database", ""),
        ("unit", "flaky", "Passes sometimes"),
        ("lint", "node-lint", "Needs node"),
        ("lint", "after-node", "Needs node-lint"),
        ("acceptance", "web", "Needs api"),
        ("acceptance", "web-deep", "Needs web"),
        ("acceptance", "hangs", "Hangs"),
        ("integration", "running", "Runs when the run stops"),
        ("integration", "late", "Never comes to run"),
    ];
    let suites = names.map(|(category, name, description)| suite(category, name, description));
    let mut script = Script::new(suites.to_vec());
    script.header.fail_fast = FailFast::Now;
    script.header.rerun_prefix = "regatta --config 'my suites.toml'".into();
    for name in ["api", "database", "flaky", "node-lint", "hangs"] {
        script.start(0, name);
    }
    let words = ["", "node is not installed", " "];
    let skipped = Verdict::Skipped(Reason::Condition(77));
    script.end(100, "node-lint", skipped, printed(Exit::Code(77), &words));
    script.block(100, "after-node", "node-lint");
    script.retry(1_000, "flaky", 3, Duration::from_millis(500));
    script.start(1_500, "flaky");
    script.end(
        2_700,
        "flaky",
        Verdict::Flaky,
        AttemptReport::bare(Exit::Code(0)),
    );
    script.slow(3_000, "hangs", Some("waiting for\tport 80\u{1b}[31m\r"));
    let lines: Vec<_> = (1..=12).map(|number| format!("line {number}")).collect();
    let mut lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    lines.push("\u{1b}[2J::error::\u{1b}]0;owned\u{7}assertion \u{1b}[1mfailed\u{1b}[0m\r");
    script.fail(4_000, "api", 1, &lines);
    script.block(4_000, "web", "api");
    script.block(4_000, "web-deep", "web");
    let mut left = AttemptReport::bare(Exit::Code(0));
    left.leftovers.push(Leftover {
        pid: 7,
        name: "postgres".into(),
    });
    script.end(5_000, "database", Verdict::Passed, left);
    script.start(5_000, "running");
    let timeout = Verdict::Failed(Failure::Timeout(Duration::from_secs(5)));
    script.end(
        5_100,
        "hangs",
        timeout,
        printed(Exit::Signal(9), &["last words"]),
    );
    let hangs = script.task("hangs");
    script.cancel(5_100, CancelReason::FailFast(hangs));
    script.stop(5_100, "running");
    script.decide(5_100, "late", Verdict::Skipped(Reason::Cancelled));
    let cancelled = Verdict::Skipped(Reason::Cancelled);
    script.end(
        5_200,
        "running",
        cancelled,
        AttemptReport::bare(Exit::Signal(15)),
    );
    script.finish(5_200, 1);
    script
}

#[test]
fn everything_that_can_go_wrong_says_so() {
    assert_snapshot!(troubled().render(counterless()), @"
    🚀 Prism Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 10
      • Max parallel: 8
      • Fail-fast: enabled
      • Log directory: test-logs

      UNIT: 3 suite(s)
      LINT: 2 suite(s)
      ACCEPTANCE: 3 suite(s)
      INTEGRATION: 2 suite(s)

    🧪 api - The API: naïve
    🧪 database
    🧪 flaky - Passes sometimes
    🔍 node-lint - Needs node
    🔬 hangs - Hangs
      ⊘ node-lint skipped (exit code 77): node is not installed
      ⊘ after-node blocked: node-lint did not pass
      ↻ flaky failed (exit code 3), attempt 2 follows in 0.5s
      ✓ flaky passed in 1.2s (flaky: attempt 2)
      ! hangs is slow: 60.0s so far; last printed: waiting for     port 80
      ✗ api failed (exit code 1)
        Log: test-logs/api.log
        │ line 4
        │ line 5
        │ line 6
        │ line 7
        │ line 8
        │ line 9
        │ line 10
        │ line 11
        │ line 12
        │ ::error::assertion failed
      ⊘ web blocked: api did not pass
      ⊘ web-deep blocked: web did not pass
      ✓ database passed in 5.0s
        It left 1 process behind: postgres
    🔗 running - Runs when the run stops
      ✗ hangs failed (Timeout after 5s)
        Log: test-logs/hangs.log
        Diagnosis: test-logs/hangs.diagnosis.log
        │ last words
      ⊘ fail-fast: hangs failed, ending what runs
      ⊘ running cancelled after 0.2s

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  2/10
      ✗ Failed:  2/10
      ⊘ Skipped: 6/10

      ⏱️  Total time: 5.2s
      ⚡ Speedup: 3.2x (11.4s saved)

    Failed Tests:
      • api: exit code 1
        Log: test-logs/api.log
        Blocked: web, web-deep
      • hangs: Timeout after 5s
        Log: test-logs/hangs.log
        Diagnosis: test-logs/hangs.diagnosis.log

    Cancelled Tests, after hangs failed:
      • running: ended while it ran
        Log: test-logs/running.log
      • 1 never started: late

    Flaky Tests:
      • flaky: passed at attempt 2, after exit code 3
        Log: test-logs/flaky.attempt-1.log

    Skipped Tests:
      • node-lint: node is not installed
        Blocked: after-node

    Run the failures again:
      regatta --config 'my suites.toml' --suites api,hangs

    📄 JSON report: test-logs/test-report.json

    ❌ 2 of 10 suites failed
    ");
}

#[test]
fn without_unicode_every_character_is_ascii_and_nothing_is_lost() {
    let text = troubled().render(Options {
        symbols: Symbols::Ascii,
        ..counterless()
    });
    assert!(text.is_ascii());
    assert_snapshot!(text, @"
    Prism Parallel Test Runner
    ===================================================

    Test Configuration:
      * Total suites: 10
      * Max parallel: 8
      * Fail-fast: enabled
      * Log directory: test-logs

      UNIT: 3 suite(s)
      LINT: 2 suite(s)
      ACCEPTANCE: 3 suite(s)
      INTEGRATION: 2 suite(s)

    > api - The API: na?ve
    > database
    > flaky - Passes sometimes
    > node-lint - Needs node
    > hangs - Hangs
      - node-lint skipped (exit code 77): node is not installed
      - after-node blocked: node-lint did not pass
      ~ flaky failed (exit code 3), attempt 2 follows in 0.5s
      + flaky passed in 1.2s (flaky: attempt 2)
      ! hangs is slow: 60.0s so far; last printed: waiting for     port 80
      x api failed (exit code 1)
        Log: test-logs/api.log
        | line 4
        | line 5
        | line 6
        | line 7
        | line 8
        | line 9
        | line 10
        | line 11
        | line 12
        | ::error::assertion failed
      - web blocked: api did not pass
      - web-deep blocked: web did not pass
      + database passed in 5.0s
        It left 1 process behind: postgres
    > running - Runs when the run stops
      x hangs failed (Timeout after 5s)
        Log: test-logs/hangs.log
        Diagnosis: test-logs/hangs.diagnosis.log
        | last words
      - fail-fast: hangs failed, ending what runs
      - running cancelled after 0.2s

    Test Summary
    ===================================================

      + Passed:  2/10
      x Failed:  2/10
      - Skipped: 6/10

      Total time: 5.2s
      Speedup: 3.2x (11.4s saved)

    Failed Tests:
      * api: exit code 1
        Log: test-logs/api.log
        Blocked: web, web-deep
      * hangs: Timeout after 5s
        Log: test-logs/hangs.log
        Diagnosis: test-logs/hangs.diagnosis.log

    Cancelled Tests, after hangs failed:
      * running: ended while it ran
        Log: test-logs/running.log
      * 1 never started: late

    Flaky Tests:
      * flaky: passed at attempt 2, after exit code 3
        Log: test-logs/flaky.attempt-1.log

    Skipped Tests:
      * node-lint: node is not installed
        Blocked: after-node

    Run the failures again:
      regatta --config 'my suites.toml' --suites api,hangs

    JSON report: test-logs/test-report.json

    2 of 10 suites failed
    ");
}

#[test]
fn colour_adds_escape_sequences_and_nothing_else() {
    let plain = troubled().render(counterless());
    let styled = troubled().render(Options {
        colour: Colour::Styled,
        ..counterless()
    });
    assert_ne!(styled, plain);
    assert_eq!(anstream::adapter::strip_str(&styled).to_string(), plain);
    assert!(
        styled.contains("\u{1b}[31m✗\u{1b}[0m hangs failed"),
        "{styled}"
    );
    assert!(
        styled.contains("\n\u{1b}[31mFailed Tests:\u{1b}[0m\n"),
        "{styled}"
    );
}

#[test]
fn a_failure_is_new_or_goes_on_or_is_flaky() {
    let names = ["fresh", "new", "broken", "flaky", "lost", "fine"];
    let mut script = Script::new(names.map(|name| suite("unit", name, "")).to_vec());
    let past = |runs, failing| Past {
        runs,
        failing,
        ..Past::default()
    };
    let rate = FlakyRate {
        failures: 3,
        attempts: 40,
    };
    let flaky = Past {
        flaky: Some(rate),
        ..past(38, 0)
    };
    script.header.past = vec![
        past(0, 0),
        past(12, 0),
        past(12, 3),
        flaky,
        past(12, 3),
        past(12, 3),
    ];
    for name in names {
        script.start(0, name);
    }
    for name in ["fresh", "new", "broken", "flaky"] {
        script.fail(1_000, name, 1, &["no"]);
    }
    let lost = Verdict::Failed(Failure::Infrastructure("no room".into()));
    script.end(
        1_000,
        "lost",
        lost,
        printed(Exit::Lost("no room".into()), &[]),
    );
    script.pass(1_000, "fine");
    script.finish(1_000, 1);
    assert_snapshot!(script.render(counterless()), @"
    🚀 Prism Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 6
      • Max parallel: 8
      • Fail-fast: disabled
      • Log directory: test-logs

      UNIT: 6 suite(s)

    🧪 fresh
    🧪 new
    🧪 broken
    🧪 flaky
    🧪 lost
    🧪 fine
      ✗ fresh failed (exit code 1)
        New: it has not run before
        Log: test-logs/fresh.log
        │ no
      ✗ new failed (exit code 1)
        New: it passed in the last of 12 runs before
        Log: test-logs/new.log
        │ no
      ✗ broken failed (exit code 1)
        Failing for 4 runs now
        Log: test-logs/broken.log
        │ no
      ✗ flaky failed (exit code 1)
        Known flaky: 3 of 40 attempts failed (7.5 %)
        Log: test-logs/flaky.log
        │ no
      ✗ lost failed (lost by the runner: no room)
        Log: test-logs/lost.log
        It printed nothing
      ✓ fine passed in 1.0s

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/6
      ✗ Failed:  5/6

      ⏱️  Total time: 1.0s
      ⚡ Speedup: 6.0x (5.0s saved)

    Failed Tests:
      • fresh: exit code 1
        New: it has not run before
        Log: test-logs/fresh.log
      • new: exit code 1
        New: it passed in the last of 12 runs before
        Log: test-logs/new.log
      • broken: exit code 1
        Failing for 4 runs now
        Log: test-logs/broken.log
      • flaky: exit code 1
        Known flaky: 3 of 40 attempts failed (7.5 %)
        Log: test-logs/flaky.log
      • lost: lost by the runner: no room
        Log: test-logs/lost.log

    Run the failures again:
      regatta --suites fresh,new,broken,flaky,lost

    📄 JSON report: test-logs/test-report.json

    ❌ 5 of 6 suites failed
    ");
}

#[test]
fn a_failure_without_output_says_so() {
    let mut script = Script::new(vec![suite("unit", "api", "")]);
    script.start(0, "api");
    script.fail(1_000, "api", 2, &[]);
    script.finish(1_000, 1);
    let text = script.render(counterless());
    assert!(
        text.contains("    Log: test-logs/api.log\n    It printed nothing\n\n"),
        "{text}"
    );
}

#[test]
fn many_suites_that_were_stopped_share_a_line() {
    let names: Vec<_> = (1..=12).map(|number| format!("suite-{number}")).collect();
    let suites = names.iter().map(|name| suite("unit", name, ""));
    let mut script = Script::new(suites.collect());
    for name in &names {
        script.start(0, name);
    }
    script.cancel(1_000, CancelReason::Interrupt(StopSignal::Interrupt));
    for name in &names {
        let interrupted = Verdict::Skipped(Reason::Interrupted);
        let report = AttemptReport::bare(Exit::Signal(2));
        script.end(1_000, name, interrupted, report);
    }
    script.finish(1_000, 130);
    let text = script.render(counterless());
    let (_, end) = text.split_once("Interrupted Tests:\n").unwrap();
    assert_snapshot!(end, @"
      • 12 ended while they ran: suite-1, suite-2, suite-3, suite-4, suite-5, suite-6, suite-7, suite-8, suite-9, suite-10 and 2 more

    📄 JSON report: test-logs/test-report.json

    ❌ Interrupted by SIGINT: 12 of 12 suites did not finish
    ");
}

#[test]
fn an_interrupted_run_says_what_it_did_not_come_to() {
    let suites = ["done", "stopped", "never-a", "never-b"];
    let mut script = Script::new(suites.map(|name| suite("unit", name, "")).to_vec());
    script.start(0, "done");
    script.start(0, "stopped");
    script.pass(1_000, "done");
    script.cancel(2_000, CancelReason::Interrupt(StopSignal::Interrupt));
    let interrupted = || Verdict::Skipped(Reason::Interrupted);
    script.decide(2_000, "never-a", interrupted());
    script.decide(2_000, "never-b", interrupted());
    script.end(
        2_100,
        "stopped",
        interrupted(),
        AttemptReport::bare(Exit::Signal(2)),
    );
    script.finish(2_100, 130);
    assert_snapshot!(script.render(Options::default()), @"
    🚀 Prism Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 4
      • Max parallel: 8
      • Fail-fast: disabled
      • Log directory: test-logs

      UNIT: 4 suite(s)

    🧪 done
    🧪 stopped
      [1/4] ✓ done passed in 1.0s
      ⊘ SIGINT: ending what runs; a second one kills it
      [4/4] ⊘ stopped interrupted after 2.1s

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/4
      ✗ Failed:  0/4
      ⊘ Skipped: 3/4

      ⏱️  Total time: 2.1s
      ⚡ Speedup: 1.5x (1.0s saved)

    Interrupted Tests:
      • stopped: ended while it ran
        Log: test-logs/stopped.log
      • 2 never started: never-a, never-b

    ❌ Interrupted by SIGINT: 3 of 4 suites did not finish
    ");
}

#[test]
fn the_last_line_is_honest() {
    let names = ["a", "b"];
    let script = || {
        let mut script = Script::new(names.map(|name| suite("unit", name, "")).to_vec());
        script.start(0, "a");
        script.start(0, "b");
        script
    };
    let condition = || Verdict::Skipped(Reason::Condition(77));
    let skip = || AttemptReport::bare(Exit::Code(77));
    let mut only_skipped = script();
    only_skipped.end(1, "a", condition(), skip());
    only_skipped.end(1, "b", condition(), skip());
    only_skipped.finish(1, 0);
    let mut one_skipped = script();
    one_skipped.pass(1, "a");
    one_skipped.end(1, "b", condition(), skip());
    one_skipped.finish(1, 0);
    let mut infrastructure = script();
    infrastructure.pass(1, "a");
    infrastructure.pass(1, "b");
    infrastructure.finish(1, 3);
    let mut crashed = script();
    crashed.pass(1, "a");
    let mut failed = script();
    failed.pass(1, "a");
    failed.fail(1, "b", 1, &[]);
    failed.finish(1, 1);
    let mut empty = Script::new(Vec::new());
    empty.finish(0, 0);
    let runs = [
        only_skipped,
        one_skipped,
        infrastructure,
        crashed,
        failed,
        empty,
    ];
    let lines = runs.map(|run| {
        let text = run.render(Options::default());
        text.lines().last().unwrap().to_owned()
    });
    assert_snapshot!(lines.join("\n"), @"
    ⚠️  No test ran: 2 of 2 suites were skipped
    ✅ All tests passed! (1 of 2 skipped)
    ❌ No suite failed, but a log, a report or the journal could not be written
    ❌ The run ended early: 1 of 2 suites have no result
    ❌ 1 of 2 suites failed
    ⚠️  There was nothing to run
    ");
}

#[test]
fn suites_that_a_broken_journal_lets_block_each_other_end_all_the_same() {
    let names = ["a", "b", "c"];
    let mut script = Script::new(names.map(|name| suite("unit", name, "")).to_vec());
    script.block(1, "a", "b");
    script.block(1, "b", "a");
    script.block(1, "c", "c");
    let text = script.render(Options::default());
    assert!(text.contains("⊘ Skipped: 3/3"), "{text}");
}

#[test]
fn a_run_too_short_to_measure_has_no_absurd_speedup() {
    let mut script = Script::new(vec![suite("unit", "a", "")]);
    script.start(0, "a");
    script.pass(0, "a");
    script.finish(0, 0);
    let text = script.render(Options::default());
    assert!(text.contains("Speedup: 1.0x (0.0s saved)"), "{text}");
}

#[test]
fn output_is_shown_in_whole_lines_of_one_suite_each() {
    let names = ["api", "long-name"];
    let mut script = Script::new(names.map(|name| suite("unit", name, "")).to_vec());
    let options = Options {
        verbose: Verbose::On,
        ..Options::default()
    };
    let mut terminal = Terminal::new(options, Memory::default());
    terminal.handle_event(at(0), &script.started());
    script.start(0, "api");
    script.start(0, "long-name");
    let (api, long) = (script.attempt("api"), script.attempt("long-name"));
    script.pass(10, "api");
    script.pass(20, "long-name");
    let (starts, ends) = script.events.split_at(2);
    for (time, event) in starts {
        terminal.handle_event(*time, event);
    }
    terminal.handle_output(at(1), api, b"one\ntw");
    terminal.handle_output(at(2), long, b"first\xff\n\nsec");
    terminal.handle_output(
        at(3),
        api,
        "o ü\ncol\tumn\n\u{1b}[31mred\r\nno end".as_bytes(),
    );
    terminal.handle_output(at(4), long, b"ond\n 10%\r 50%");
    terminal.handle_output(at(5), long, b"\r100%\r\n");
    for (time, event) in ends {
        terminal.handle_event(*time, event);
    }
    let text = String::from_utf8(terminal.sink().bytes.clone()).unwrap();
    let (_, body) = text.split_once("suite(s)\n\n").unwrap();
    assert_snapshot!(body, @"
    🧪 api
    🧪 long-name
    api       | one
    long-name | first�
    long-name | 
    api       | two ü
    api       | col     umn
    api       | red
    long-name | second
    long-name | 100%
    api       | no end
      [1/2] ✓ api passed in 0.0s
      [2/2] ✓ long-name passed in 0.0s
    ");
}

#[test]
fn every_thirty_seconds_a_line_says_what_still_runs() {
    let names: Vec<_> = (1..=10).map(|number| format!("suite-{number}")).collect();
    let suites = names.iter().map(|name| suite("unit", name, "")).collect();
    let mut script = Script::new(suites);
    let mut terminal = Terminal::new(Options::default(), Memory::default());
    terminal.handle_event(at(0), &script.started());
    assert_eq!(terminal.next_tick(), Some(at(30_000)));
    for (index, name) in names.iter().enumerate() {
        script.start(1_000 * index as u64, name);
    }
    for (time, event) in &script.events {
        terminal.handle_event(*time, event);
    }
    let before = terminal.sink().bytes.len();
    terminal.tick(at(29_999));
    assert_eq!(terminal.sink().bytes.len(), before);
    terminal.tick(at(90_500));
    let text = String::from_utf8(terminal.sink().bytes[before..].to_vec()).unwrap();
    assert_snapshot!(text, @"  … still running after 1m 30s: suite-1 (1m 30s), suite-2 (1m 29s), suite-3 (1m 28s), suite-4 (1m 27s), suite-5 (1m 26s), suite-6 (1m 25s), suite-7 (1m 24s), suite-8 (1m 23s) and 2 more");
    assert_eq!(terminal.next_tick(), Some(at(120_000)));
}

#[test]
fn the_list_shows_suites_by_category_with_their_dependencies() {
    let mut suites = vec![
        suite("integration", "integration-go", "Go integration tests"),
        suite("unit", "memstore-unit", "MemStore unit tests"),
        suite("unit", "bare", ""),
    ];
    suites[0].depends_on = vec!["memstore-unit".into(), "bare".into()];
    assert_snapshot!(render_list(&categories(), &suites, Symbols::Unicode), @"
    Available Test Suites:

    UNIT:
      • memstore-unit: MemStore unit tests
      • bare

    INTEGRATION:
      • integration-go: Go integration tests
        Depends on: memstore-unit, bare
    ");
}

#[test]
fn suites_that_one_failure_blocks_are_told_in_one_line() {
    let names = ["db", "a", "b", "c", "d", "other"];
    let mut script = Script::new(names.map(|it| suite("unit", it, "")).to_vec());
    script.start(0, "db");
    script.start(0, "other");
    script.fail(1000, "db", 1, &["no disk"]);
    for (name, by) in [("a", "db"), ("b", "a"), ("c", "db"), ("d", "c")] {
        script.block(1000, name, by);
    }
    script.pass(2000, "other");
    script.finish(2000, 1);
    let text = script.render(Options::default());
    let lines: Vec<&str> = text.lines().filter(|it| it.contains("] ")).collect();
    assert_snapshot!(lines.join("\n"), @"
    [1/6] ✗ db failed (exit code 1)
    [5/6] ⊘ 4 suites blocked: db did not pass (a, b, c, d)
    [6/6] ✓ other passed in 2.0s
    ");
    assert!(text.contains("    Blocked: a, b, c, d\n"), "{text}");
}

#[test]
fn failures_that_say_the_same_are_told_once() {
    let names = ["api", "cart", "users", "odd", "e2e"];
    let mut script = Script::new(names.map(|it| suite("unit", it, "")).to_vec());
    for name in &names[..4] {
        script.start(0, name);
    }
    for (name, port) in [("api", 4101), ("cart", 4102), ("users", 4103)] {
        let text = format!("Error: {name} found nobody at 127.0.0.1:{port}");
        script.fail_early(1000, name, &text);
    }
    script.fail_early(1000, "odd", "Error: no such table");
    script.block(1000, "e2e", "cart");
    script.finish(1000, 1);
    let text = script.render(Options::default());
    let (while_it_ran, summary) = text.split_once("Failed Tests:").unwrap();
    let first = while_it_ran.split("cart failed").next().unwrap();
    let first = first.split_once("api failed").unwrap().1;
    assert_snapshot!(first, @"
    (exit code 1)
       Log: test-logs/api.log
       │ before
       ┃ Error: api found nobody at 127.0.0.1:4101
       │ after
       ⋮ 40 lines
       │ the
       │ end
     [2/5] ✗
    ");
    assert_snapshot!(summary, @"
      • 3 suites fail alike: exit code 1
        │ Error: api found nobody at 127.0.0.1:4101
        api, cart, users
        Log: test-logs/api.log
        Blocked: e2e
      • odd: exit code 1
        │ Error: no such table
        Log: test-logs/odd.log

    Run the failures again:
      regatta --suites api,cart,users,odd

    ❌ 4 of 5 suites failed
    ");
}

#[test]
fn for_programs_there_are_failures_and_a_short_summary() {
    let names: Vec<String> = (0..9).map(|it| format!("s{it}")).collect();
    let suites = names.iter().map(|it| suite("unit", it, "")).collect();
    let mut script = Script::new(suites);
    for name in &names {
        script.start(0, name);
    }
    for name in &names[..7] {
        script.fail(1000, name, 3, &["one", "two"]);
    }
    script.pass(1500, "s7");
    script.block(1500, "s8", "s0");
    script.finish(2000, 1);
    let text = script.render(Options {
        mode: Mode::Compact,
        json_report: Some("test-logs/test-report.json".into()),
        ..Options::default()
    });
    assert_eq!(text.matches("│ two").count(), 5, "{text}");
    let summary = text.split("│ two\n").last().unwrap();
    assert_snapshot!(summary, @"
    9 suites in 2.0s: 1 passed, 7 failed, 1 skipped
    Failed Tests:
      • s0: exit code 3
        Log: test-logs/s0.log
        Blocked: s8
      • s1: exit code 3
        Log: test-logs/s1.log
      • s2: exit code 3
        Log: test-logs/s2.log
      • s3: exit code 3
        Log: test-logs/s3.log
      • s4: exit code 3
        Log: test-logs/s4.log
      • s5: exit code 3
        Log: test-logs/s5.log
      • s6: exit code 3
        Log: test-logs/s6.log

    Run the failures again:
      regatta --suites s0,s1,s2,s3,s4,s5,s6

    📄 JSON report: test-logs/test-report.json

    ❌ 7 of 9 suites failed
    ");
}

#[test]
fn a_log_is_a_link_where_the_terminal_opens_links() {
    let mut script = Script::new(vec![suite("unit", "a", "")]);
    script.start(0, "a");
    script.fail(1000, "a", 3, &[]);
    script.finish(2000, 1);
    let links = Links::new("test-logs", Path::new("/prism/test-logs"), "host");
    let text = script.render(Options {
        links: Some(links),
        ..Options::default()
    });
    let link =
        "\u{1b}]8;;file://host/prism/test-logs/a.log\u{1b}\\test-logs/a.log\u{1b}]8;;\u{1b}\\\n";
    assert_eq!(text.matches(link).count(), 2, "{text}");
}

#[test]
fn the_tab_shows_how_far_the_run_is_and_nothing_afterwards() {
    let mut script = Script::new(vec![suite("unit", "a", ""), suite("unit", "b", "")]);
    script.start(0, "a");
    script.start(0, "b");
    script.pass(1000, "a");
    script.fail(2000, "b", 1, &[]);
    script.finish(3000, 1);
    let text = |tab_progress| {
        script.render(Options {
            mode: Mode::Live,
            tab_progress,
            ..Options::default()
        })
    };
    let shown: Vec<String> = text(TabProgress::Shown)
        .split("\u{1b}]9;4;")
        .skip(1)
        .map(|it| it.split('\u{1b}').next().unwrap().to_owned())
        .collect();
    assert_eq!(shown, ["1;0", "1;50", "2;100", "0;0"]);
    assert!(!text(TabProgress::Hidden).contains("]9;"));
}
