//! What standard output and standard error carry.

use std::fs::File;

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{Place, shell};

const TWO: &str = "[suites.a]\ncommand = 'echo out; echo err >&2; echo last'\n\
     [suites.b]\ncommand = 'exit 1'\ndepends_on = ['a']\n";

/// Returns the parts of a transcript: its standard output, and the rest.
fn split(transcript: &str) -> (&str, String) {
    let (status, rest) = transcript
        .split_once("\n--- stdout ---\n")
        .expect("an output");
    let (stdout, stderr) = rest.split_once("\n--- stderr ---\n").unwrap_or((rest, ""));
    (stdout, format!("{status}\n{stderr}"))
}

#[test]
fn l1_both_streams_share_a_log_in_their_order() {
    let place = Place::new(TWO);
    assert_snapshot!(place.regatta(&["-j", "1"]).run(), @"
    exit 1
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 2
      • Max parallel: 1
      • Fail-fast: disabled
      • Log directory: test-logs

      TEST: 2 suite(s)

    📦 a
      [1/2] ✓ a passed in [TIME]
    📦 b
      [2/2] ✗ b failed (exit code 1)
        Log: test-logs/b.log
        It printed nothing

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/2
      ✗ Failed:  1/2

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • b: exit code 1
        Log: test-logs/b.log

    Run the failures again:
      regatta --suites b

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 2 suites failed
    ");
    assert_eq!(place.read("test-logs/a.log"), "out\nerr\nlast\n");
}

#[test]
fn verbose_shows_every_line_after_its_suite() {
    let place = Place::new(
        "[suites.a]\ncommand = 'echo one; echo two; printf half'\n\
         [suites.longer-name]\ncommand = 'echo three; exit 1'\n",
    );
    assert_snapshot!(place.regatta(&["-j", "1", "--verbose"]).run(), @"
    exit 1
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 2
      • Max parallel: 1
      • Fail-fast: disabled
      • Log directory: test-logs

      TEST: 2 suite(s)

    📦 a
    a           | one
    a           | two
    a           | half
      [1/2] ✓ a passed in [TIME]
    📦 longer-name
    longer-name | three
      [2/2] ✗ longer-name failed (exit code 1)
        Log: test-logs/longer-name.log
        │ three

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/2
      ✗ Failed:  1/2

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • longer-name: exit code 1
        Log: test-logs/longer-name.log

    Run the failures again:
      regatta --suites longer-name

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 2 suites failed
    ");
    assert_snapshot!(place.regatta(&["-j", "1", "-v", "--suites", "a"]).run(), @"
    exit 0
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 1
      • Max parallel: 1
      • Fail-fast: disabled
      • Log directory: test-logs

      TEST: 1 suite(s)

    📦 a
    a | one
    a | two
    a | half
      [1/1] ✓ a passed in [TIME]

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
fn l5_half_lines_of_many_suites_are_not_mixed() {
    let suite = |name: &str| {
        format!(
            "[suites.{name}]\ncommand = 'for i in 1 2 3 4 5; do printf {name}; sleep 0.01; echo {name}; done'\n"
        )
    };
    let place = Place::new(&["a", "b", "c", "d", "e", "f", "g", "h"].map(suite).concat());
    let output = place.regatta(&["-j", "8", "--verbose"]).run();
    for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let line = |it: &&str| it.ends_with(&format!("{name}{name}")) && it.contains(name);
        assert_eq!(output.lines().filter(line).count(), 5, "{name} in {output}");
    }
}

#[test]
fn json_is_the_report_and_people_read_stderr() {
    let place = Place::new(TWO);
    let output = place.regatta(&["-j", "1", "--format", "json"]).run();
    let (stdout, rest) = split(&output);
    assert_snapshot!(rest, @"
    exit 1
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 2
      • Max parallel: 1
      • Fail-fast: disabled
      • Log directory: test-logs

      TEST: 2 suite(s)

    📦 a
      [1/2] ✓ a passed in [TIME]
    📦 b
      [2/2] ✗ b failed (exit code 1)
        Log: test-logs/b.log
        It printed nothing

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/2
      ✗ Failed:  1/2

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • b: exit code 1
        Log: test-logs/b.log

    Run the failures again:
      regatta --suites b

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 2 suites failed
    ");
    let printed: Value = serde_json::from_str(stdout).unwrap();
    let written = normalised_report(&place);
    assert_eq!(printed, written);
}

fn normalised_report(place: &Place) -> Value {
    let text = crate::support::normalise(&place.read("test-logs/test-report.json"));
    serde_json::from_str(&text).expect("a report")
}

#[test]
fn jsonl_is_the_journal_as_it_is_written() {
    let place = Place::new(TWO);
    let command = "regatta -j 1 --format jsonl > printed.jsonl; echo $?";
    assert_snapshot!(shell(&place, command), @"
    exit 0
    --- stdout ---
    1

    --- stderr ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 2
      • Max parallel: 1
      • Fail-fast: disabled
      • Log directory: test-logs

      TEST: 2 suite(s)

    📦 a
      [1/2] ✓ a passed in [TIME]
    📦 b
      [2/2] ✗ b failed (exit code 1)
        Log: test-logs/b.log
        It printed nothing

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/2
      ✗ Failed:  1/2

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • b: exit code 1
        Log: test-logs/b.log

    Run the failures again:
      regatta --suites b

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 2 suites failed
    ");
    assert_eq!(
        place.read("printed.jsonl"),
        place.read("test-logs/events.jsonl")
    );
}

/// Returns each line with what it printed.
fn try_lines(place: &Place, lines: &[&str]) -> String {
    let answers = lines
        .iter()
        .map(|line| format!("$ {line}\n{}\n", shell(place, line)));
    answers.collect()
}

#[test]
fn l8_a_reader_that_has_seen_enough() {
    let place = Place::new(TWO);
    let lines = [
        "regatta -j 1 | head -1; echo ${PIPESTATUS[0]}",
        "regatta -j 1 --format jsonl 2>&- | head -c 1; echo \" ${PIPESTATUS[0]}\"",
        "regatta -j 1 --format json 2>&- | head -c 1; echo \" ${PIPESTATUS[0]}\"",
        "regatta list | true; echo ${PIPESTATUS[0]}",
        "regatta log a | true; echo ${PIPESTATUS[0]}",
    ];
    assert_snapshot!(try_lines(&place, &lines), @r#"
    $ regatta -j 1 | head -1; echo ${PIPESTATUS[0]}
    exit 0
    --- stdout ---
    🚀 Project Parallel Test Runner
    1

    $ regatta -j 1 --format jsonl 2>&- | head -c 1; echo " ${PIPESTATUS[0]}"
    exit 0
    --- stdout ---
    { 1

    $ regatta -j 1 --format json 2>&- | head -c 1; echo " ${PIPESTATUS[0]}"
    exit 0
    --- stdout ---
    { 1

    $ regatta list | true; echo ${PIPESTATUS[0]}
    exit 0
    --- stdout ---
    0

    $ regatta log a | true; echo ${PIPESTATUS[0]}
    exit 0
    --- stdout ---
    0
    "#);
    assert_eq!(place.report()["state"], "finished");
}

#[test]
fn l8_no_reader_at_all() {
    let place = Place::new(TWO);
    let lines = [
        "regatta -j 1 >&-; echo $?",
        "regatta -j 1 --format json >&-  2>&-; echo $?",
        "regatta -j 1 --format jsonl >&- 2>&-; echo $?",
        "regatta -j 1 2>&- | tail -1",
        "regatta list >&-; echo $?",
    ];
    assert_snapshot!(try_lines(&place, &lines), @"
    $ regatta -j 1 >&-; echo $?
    exit 0
    --- stdout ---
    1

    $ regatta -j 1 --format json >&-  2>&-; echo $?
    exit 0
    --- stdout ---
    1

    $ regatta -j 1 --format jsonl >&- 2>&-; echo $?
    exit 0
    --- stdout ---
    1

    $ regatta -j 1 2>&- | tail -1
    exit 0
    --- stdout ---
    ❌ 1 of 2 suites failed

    $ regatta list >&-; echo $?
    exit 0
    --- stdout ---
    0
    ");
    assert_eq!(place.report()["state"], "finished");
}

#[test]
fn a_full_disk_behind_the_output_is_said_and_changes_no_verdict() {
    let place = Place::new(TWO);
    let lines = [
        "regatta -j 1 > /dev/full; echo $?",
        "regatta -j 1 --progress none --format json > /dev/full 2> errors; echo $?; cat errors",
        "regatta -j 1 --progress none --format jsonl > /dev/full 2> errors; echo $?; cat errors",
        "regatta --suites a --format json > /dev/full 2> errors; echo $?; tail -1 errors",
        "regatta --suites a --format jsonl > /dev/full 2> errors; echo $?; tail -1 errors",
        "regatta list > /dev/full; echo $?",
    ];
    assert_snapshot!(try_lines(&place, &lines), @"
    $ regatta -j 1 > /dev/full; echo $?
    exit 0
    --- stdout ---
    1

    --- stderr ---
    warning: the text for people could not be written: No space left on device (os error 28)

    $ regatta -j 1 --progress none --format json > /dev/full 2> errors; echo $?; cat errors
    exit 0
    --- stdout ---
    1

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/2
      ✗ Failed:  1/2

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • b: exit code 1
        Failing for 2 runs now
        Log: test-logs/b.log

    Run the failures again:
      regatta --suites b

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 2 suites failed
    error: cannot write to standard output: No space left on device (os error 28)

    $ regatta -j 1 --progress none --format jsonl > /dev/full 2> errors; echo $?; cat errors
    exit 0
    --- stdout ---
    1

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/2
      ✗ Failed:  1/2

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • b: exit code 1
        Failing for 3 runs now
        Log: test-logs/b.log

    Run the failures again:
      regatta --suites b

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 2 suites failed
    error: cannot write to standard output: No space left on device (os error 28)

    $ regatta --suites a --format json > /dev/full 2> errors; echo $?; tail -1 errors
    exit 0
    --- stdout ---
    3
    error: cannot write to standard output: No space left on device (os error 28)

    $ regatta --suites a --format jsonl > /dev/full 2> errors; echo $?; tail -1 errors
    exit 0
    --- stdout ---
    3
    error: cannot write to standard output: No space left on device (os error 28)

    $ regatta list > /dev/full; echo $?
    exit 0
    --- stdout ---
    3

    --- stderr ---
    error: cannot write to standard output: No space left on device (os error 28)
    ");
    assert_eq!(place.report()["state"], "finished");
}

#[test]
fn l8_a_stalled_reader_holds_no_suite_up() {
    let place = Place::new(
        "[suites.loud]\ncommand = 'seq 200000'\n[suites.short]\ncommand = 'exec sleep 600'\ntimeout = 1\n",
    );
    let (read, write) = std::io::pipe().unwrap();
    let running = place
        .regatta(&["-j", "2", "--verbose"])
        .start_into(File::from(std::os::fd::OwnedFd::from(write)));
    let output = running.finish();
    drop(read);
    // How many lines there was room for is up to the kernel.
    let (before, rest) = output.split_once("so the last ").unwrap();
    let (count, after) = rest.split_once(" lines").unwrap();
    assert!((1..200_000).contains(&count.parse::<u32>().unwrap()));
    let output = format!("{before}so the last [COUNT] lines{after}");
    assert_snapshot!(output, @"
    exit 1
    --- stderr ---
    warning: the text for people could not be written: its reader takes nothing more, so the last [COUNT] lines are missing
    ");
    assert_snapshot!(place.outcomes(), @"
    loud: passed, passed [passed] code 0 log test-logs/loud.log: -
    short: failed, timeout [timeout] code null log test-logs/short.log: Timeout after 1s
    ");
    assert!(place.read("test-logs/loud.log").ends_with("\n200000\n"));
}

#[test]
fn l8_a_stalled_program_holds_no_suite_up() {
    let many = |number| format!("[suites.s{number}]\ncommand = 'true'\n");
    let mut configuration: String = (0..400).map(many).collect();
    configuration.push_str(
        "[suites.short]\ncommand = 'exec sleep 600'\ntimeout = 1\ndepends_on = ['s399']\n",
    );
    let place = Place::new(&configuration);
    let (read, write) = std::io::pipe().unwrap();
    let words = ["-j", "2", "--format", "jsonl", "--progress", "none"];
    let output = place
        .regatta(&words)
        .start_into(File::from(std::os::fd::OwnedFd::from(write)));
    assert_snapshot!(output.finish(), @"
    exit 1
    --- stderr ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  400/401
      ✗ Failed:  1/401

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • short: Timeout after 1s
        Log: test-logs/short.log
        Diagnosis: test-logs/short.diagnosis.log

    Run the failures again:
      regatta --suites short

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 401 suites failed
    error: cannot write to standard output: timed out
    ");
    drop(read);
    assert_eq!(place.report()["suites"][400]["outcome"], "timeout");
}

#[test]
fn symbols_are_plain_where_the_locale_is() {
    let place = Place::new(TWO);
    assert_snapshot!(place.regatta(&["-j", "1"]).variable("LANG", "C").run(), @"
    exit 1
    --- stdout ---
    Project Parallel Test Runner
    ===================================================

    Test Configuration:
      * Total suites: 2
      * Max parallel: 1
      * Fail-fast: disabled
      * Log directory: test-logs

      TEST: 2 suite(s)

    > a
      [1/2] + a passed in [TIME]
    > b
      [2/2] x b failed (exit code 1)
        Log: test-logs/b.log
        It printed nothing

    Test Summary
    ===================================================

      + Passed:  1/2
      x Failed:  1/2

      Total time: [TIME]
      Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      * b: exit code 1
        Log: test-logs/b.log

    Run the failures again:
      regatta --suites b

    JSON report: test-logs/test-report.json

    1 of 2 suites failed
    ");
}

#[test]
fn colour_is_there_when_asked_for_and_gone_without_it() {
    let place = Place::new("[suites.a]\ncommand = 'true'\n");
    let coloured = place.regatta(&["--color", "always"]).run();
    assert!(coloured.contains("\u{1b}["), "{coloured}");
    let cases: [(&[(&str, &str)], bool); 5] = [
        (&[], false),
        (&[("FORCE_COLOR", "1")], true),
        (&[("CLICOLOR_FORCE", "0")], false),
        (&[("FORCE_COLOR", "1"), ("NO_COLOR", "1")], false),
        (&[("NO_COLOR", "1"), ("REGATTA_COLOR", "always")], true),
    ];
    for (variables, expected) in cases {
        let run = variables
            .iter()
            .fold(place.regatta(&[]), |run, (name, value)| {
                run.variable(name, value)
            });
        assert_eq!(run.run().contains('\u{1b}'), expected, "{variables:?}");
    }
}
