//! Test cases that suites tell of: where they are found, what is shown of them, and what is none of this run.

use insta::assert_snapshot;
use serde_json::Value;

use super::QUIET;
use crate::support::Place;

/// A document with a case that passes and one that fails.
const RED: &str = "<testsuite><testcase classname='shop' name='adds'/>\
    <testcase classname='shop' name='price'><failure message='3 is not 2'>shop.py:14: AssertionError</failure></testcase></testsuite>";

/// A document with one case that passes.
const GREEN: &str = "<testsuite><testcase classname='shop' name='adds'/></testsuite>";

/// Returns the counts of a suite as the report has them.
#[track_caller]
fn counts(place: &Place, suite: &str) -> String {
    let report = place.report();
    let suites = report["suites"].as_array().expect("suites");
    let suite = suites.iter().find(|it| it["name"] == suite);
    let cases = &suite.expect("it was in the run")["cases"];
    if cases.is_null() {
        return "none".into();
    }
    let number = |key: &str| cases[key].as_u64().expect("a number");
    format!(
        "{} = {} + {} + {}",
        number("total"),
        number("passed"),
        number("failed"),
        number("skipped")
    )
}

/// Returns what the journal holds of the cases of each attempt, in order.
fn lists(place: &Place) -> Vec<Value> {
    let journal = place.read("test-logs/events.jsonl");
    let events = journal
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let ends = events.filter(|it| it["event"] == "attempt_finished");
    ends.map(|it| it["report"]["cases"].clone()).collect()
}

#[test]
fn failed_cases_are_named_with_file_and_line() {
    let place = Place::new("[suites.shop]\ncommand = 'cp red.xml $XML_OUTPUT_FILE; exit 1'\n");
    place.write("red.xml", RED);
    assert_snapshot!(place.regatta(&[]).run(), @"
    exit 1
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 1
      • Max parallel: 2
      • Fail-fast: disabled
      • Log directory: test-logs

      TEST: 1 suite(s)

    📦 shop
      [1/1] ✗ shop failed (exit code 1), 1 of 2 cases failed
        Log: test-logs/shop.log
        It printed nothing

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/1
      ✗ Failed:  1/1
      • Cases:   1 passed, 1 failed, 0 skipped

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • shop: exit code 1, 1 of 2 cases failed
        ✗ shop: price (shop.py:14): 3 is not 2
        Log: test-logs/shop.log

    Run the failures again:
      regatta --suites shop

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 1 suites failed
    ");
    assert_eq!(counts(&place, "shop"), "2 = 1 + 1 + 0");
}

#[test]
fn a_red_case_under_exit_code_0_is_a_warning() {
    let place = Place::new("[suites.shop]\ncommand = 'cp red.xml $XML_OUTPUT_FILE'\n");
    place.write("red.xml", RED);
    assert_snapshot!(place.regatta(&[]).run(), @"
    exit 0
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 1
      • Max parallel: 2
      • Fail-fast: disabled
      • Log directory: test-logs

      TEST: 1 suite(s)

    📦 shop
      [1/1] ✓ shop passed in [TIME], 1 of 2 cases failed

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/1
      ✗ Failed:  0/1
      • Cases:   1 passed, 1 failed, 0 skipped

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Passed With Failed Cases:
      • shop: exit code 0, but 1 of 2 cases failed
        ✗ shop: price (shop.py:14): 3 is not 2

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed!
    ");
    assert_snapshot!(place.outcomes(), @"shop: passed, passed [passed] code 0 log test-logs/shop.log: -");
}

#[test]
fn a_log_is_read_in_each_format_that_announces_itself() {
    let place = Place::new(
        "[suites.tap]\ncommand = 'cat out.tap'\n\
         [suites.go]\ncommand = 'echo noise; cat out.jsonl'\n\
         [suites.rust]\ncommand = 'cat out.txt'\n\
         [suites.words]\ncommand = 'echo ok 1; echo test result: ok'\n\
         [suites.silent]\ncommand = 'true'\n",
    );
    place.write(
        "out.tap",
        "TAP version 13\n1..3\nok 1 - a\nok 2 # SKIP no\nok 3\n",
    );
    place.write(
        "out.jsonl",
        "{\"Action\":\"run\",\"Package\":\"p\",\"Test\":\"T\"}\n{\"Action\":\"pass\",\"Package\":\"p\",\"Test\":\"T\",\"Elapsed\":0.5}\n",
    );
    place.write(
        "out.txt",
        "running 2 tests\ntest a ... ok\ntest b ... ignored\n\ntest result: ok. 1 passed; 0 failed; 1 ignored; 0 measured\n",
    );
    place.regatta(&QUIET).run();
    let found = ["tap", "go", "rust", "words", "silent"].map(|it| counts(&place, it));
    assert_eq!(
        found,
        [
            "3 = 2 + 0 + 1",
            "1 = 1 + 0 + 0",
            "2 = 1 + 0 + 1",
            "none",
            "none"
        ]
    );
}

#[test]
fn what_an_earlier_run_or_attempt_wrote_is_not_taken_for_this_ones() {
    // Only the first attempt of the first run writes anything.
    let place = Place::new(
        "[suites.shop]\nretries = 1\n\
         command = 'if [ -e ran ]; then exit 0; fi; touch ran; cp red.xml $XML_OUTPUT_FILE; exit 1'\n",
    );
    place.write("red.xml", RED);
    place.regatta(&QUIET).run();
    let lists_of_attempts = lists(&place);
    assert_eq!(lists_of_attempts[0]["counts"]["failed"], 1);
    assert!(lists_of_attempts[1].is_null(), "{lists_of_attempts:?}");
    assert_eq!(counts(&place, "shop"), "none");
    place.write("test-logs/shop.xml", GREEN);
    place.regatta(&QUIET).run();
    assert_eq!(counts(&place, "shop"), "none");
}

#[test]
fn each_attempt_has_its_own_cases() {
    let place = Place::new(
        "[suites.shop]\nretries = 1\n\
         command = 'case $REGATTA_ATTEMPT in */1) cp red.xml $XML_OUTPUT_FILE; exit 1;; *) cp green.xml $XML_OUTPUT_FILE;; esac'\n",
    );
    place.write("red.xml", RED);
    place.write("green.xml", GREEN);
    assert_snapshot!(place.regatta(&QUIET).run(), @"
    exit 0
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/1
      ✗ Failed:  0/1
      • Cases:   1 passed, 0 failed, 0 skipped

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Flaky Tests:
      • shop: passed at attempt 2, after exit code 1
        ✗ shop: price (shop.py:14): 3 is not 2
        Log: test-logs/shop.attempt-1.log

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed!
    ");
    let totals: Vec<_> = lists(&place)
        .iter()
        .map(|it| it["counts"]["total"].clone())
        .collect();
    assert_eq!(totals, [2, 1]);
}

#[test]
fn only_files_that_the_suite_wrote_count() {
    let place = Place::new(
        "[suites.shop]\ndir = 'sub'\ncases = { format = 'junit', path = 'reports/**/*.xml' }\n\
         command = 'mkdir -p reports/b; cp ../red.xml reports/b/TEST-b.xml; cp ../green.xml reports/TEST-a.xml'\n\
         [suites.idle]\ndir = 'sub'\ncases = { format = 'junit', path = 'reports/TEST-old.xml' }\ncommand = 'true'\n\
         [suites.wrong]\ncases = { format = 'tap', path = 'out.tap' }\ncommand = 'true'\n",
    );
    place.write("red.xml", RED);
    place.write("green.xml", GREEN);
    // One that was there and stays, one that is written again with the very same bytes.
    place.write("sub/reports/TEST-old.xml", RED);
    place.write("sub/reports/TEST-a.xml", GREEN);
    let transcript = place.regatta(&["-j", "1"]).run();
    assert_eq!(counts(&place, "shop"), "3 = 2 + 1 + 0");
    assert_eq!(counts(&place, "idle"), "none");
    for words in [
        "It told of no test cases: what matches `reports/TEST-old.xml` was there before and has not been written",
        "It told of no test cases: no file matches `out.tap`",
    ] {
        assert!(transcript.contains(words), "{transcript}");
    }
}

#[test]
fn what_is_torn_or_no_file_is_told() {
    let place = Place::new(
        "[suites.torn]\ncommand = 'head -c 120 red.xml > $XML_OUTPUT_FILE'\n\
         [suites.folder]\nretries = 1\ncommand = 'mkdir $XML_OUTPUT_FILE; exit 1'\n\
         [suites.pipe]\ncommand = 'mkfifo $XML_OUTPUT_FILE'\n\
         [suites.none]\ncases = { format = 'junit' }\ncommand = 'true'\n\
         [suites.empty]\ncommand = 'touch $XML_OUTPUT_FILE'\n",
    );
    place.write("red.xml", RED);
    let transcript = place.regatta(&["-j", "1"]).run();
    let told: Vec<&str> = transcript
        .lines()
        .filter(|it| it.contains("test cases"))
        .collect();
    assert_snapshot!(told.join("\n"), @"
    Its test cases may not be all: its XML is broken in case `price`: syntax error: tag not closed: `>` not found before end of input
    It told of no test cases: `folder.xml` cannot be read: it is no file
    It told of no test cases: `pipe.xml` cannot be read: it is no file
    It told of no test cases: it wrote no `none.xml`, which is in `XML_OUTPUT_FILE`
    It told of no test cases: the document has none
    ");
    assert_snapshot!(place.outcomes(), @"
    torn: passed, passed [passed] code 0 log test-logs/torn.log: -
    folder: failed, exit_code [exit_code exit_code] code 1 log test-logs/folder.log: exit code 1
    pipe: passed, passed [passed] code 0 log test-logs/pipe.log: -
    none: passed, passed [passed] code 0 log test-logs/none.log: -
    empty: passed, passed [passed] code 0 log test-logs/empty.log: -
    ");
    assert_eq!(counts(&place, "torn"), "1 = 1 + 0 + 0");
}

#[test]
fn many_cases_are_read_beside_the_loop() {
    let place = Place::new(
        "[suites.many]\ncommand = 'cp many.xml $XML_OUTPUT_FILE'\ntimeout = '60s'\n\
         [suites.after]\ndepends_on = ['many']\ncommand = 'true'\n",
    );
    let case =
        |number: u32| format!("<testcase classname='shop' name='case {number}' time='0.001'/>");
    let cases: Vec<String> = (0..12_000).map(case).collect();
    place.write(
        "many.xml",
        &format!("<testsuite>{}</testsuite>", cases.concat()),
    );
    let transcript = place.regatta(&[]).run();
    assert!(
        transcript.contains("✓ many passed in [TIME], 12000 cases\n"),
        "{transcript}"
    );
    assert_eq!(counts(&place, "many"), "12000 = 12000 + 0 + 0");
    let lists = lists(&place);
    assert_eq!(lists[0]["cases"].as_array().map(Vec::len), Some(10_000));
    assert_eq!(lists[0]["left_out"], 2_000);
    assert_snapshot!(place.outcomes(), @"
    many: passed, passed [passed] code 0 log test-logs/many.log: -
    after: passed, passed [passed] code 0 log test-logs/after.log: -
    ");
}

#[test]
fn a_suite_may_keep_its_cases_to_itself() {
    let place = Place::new(
        "[suites.off]\ncases = 'off'\ncommand = 'echo $BAZEL_TEST,$PYTEST_ADDOPTS; cp red.xml $XML_OUTPUT_FILE; cat out.tap'\n",
    );
    place.write("red.xml", RED);
    place.write("out.tap", "TAP version 13\nok 1\n1..1\n");
    place.regatta(&QUIET).variable("BAZEL_TEST", "1").run();
    assert_eq!(counts(&place, "off"), "none");
    assert!(place.read("test-logs/off.log").starts_with(",\n"));
}

#[test]
fn pytest_is_asked_beside_what_it_was_told() {
    let show = "command = 'echo \"$BAZEL_TEST $PYTEST_ADDOPTS\"'";
    let place = Place::new(&format!(
        "[suites.plain]\n{show}\n\
         [suites.own]\n{show}\nenv = {{ PYTEST_ADDOPTS = '-q' }}\n\
         [suites.sealed]\n{show}\ninputs = ['regatta.toml']\n\
         [suites.named]\n{show}\ncases = {{ format = 'tap' }}\n"
    ));
    let outer = "/outer/shop suite.xml";
    place
        .regatta(&QUIET)
        .variable("XML_OUTPUT_FILE", outer)
        .variable(
            "PYTEST_ADDOPTS",
            "-x '--junitxml=y' --junitxml='/outer/shop suite.xml'",
        )
        .run();
    let told = ["plain", "own", "sealed", "named"]
        .map(|suite| place.anonymise(&place.read(&format!("test-logs/{suite}.log"))));
    assert_snapshot!(told.concat(), @"
    1 -x '--junitxml=y' --junitxml=[PLACE]/test-logs/plain.xml
    1 -q --junitxml=[PLACE]/test-logs/own.xml
    1 --junitxml=[PLACE]/test-logs/sealed.xml
     -x '--junitxml=y'
    ");
}

#[test]
fn a_result_that_is_reused_brings_its_cases_back() {
    let place = Place::new(
        "[suites.shop]\ninputs = ['red.xml']\ncommand = 'cp red.xml $XML_OUTPUT_FILE'\n",
    );
    place.write("red.xml", RED);
    place.regatta(&QUIET).run();
    let transcript = place.regatta(&[]).run();
    assert!(
        transcript.contains("shop cached ([TIME] saved), 1 of 2 cases failed"),
        "{transcript}"
    );
    assert!(
        transcript.contains("✗ shop: price (shop.py:14): 3 is not 2"),
        "{transcript}"
    );
    assert_eq!(counts(&place, "shop"), "2 = 1 + 1 + 0");
}

#[test]
fn a_flaky_case_is_told_from_its_suite() {
    // Another case fails each time; the suite always does.
    let place = Place::new(
        "[suites.shop]\nretries = 1\ncommand = '''\n\
         case $REGATTA_ATTEMPT in */1) f='<failure message=\"no\"/>';; esac\n\
         echo \"<testsuite><testcase name='steady'><failure/></testcase><testcase name='shaky' file='a.py' line='3'>$f</testcase><testcase name='fine'/></testsuite>\" > $XML_OUTPUT_FILE\n\
         exit 1'''\n",
    );
    place.regatta(&QUIET).run();
    place.regatta(&QUIET).run();
    let flaky = place.regatta(&["flaky"]).run();
    let cases = flaky.split("Flaky cases:\n").nth(1).expect("its cases");
    assert_snapshot!(cases, @"
      shop: shaky (a.py:3)
        2 of 4 attempts since its first failure failed without a change: 50%, most likely 15% to 85%
    ");
    let history = place.regatta(&["history", "shop"]).run();
    let cases = history
        .split("Cases that failed:")
        .nth(1)
        .expect("its cases");
    let names: Vec<&str> = cases
        .lines()
        .filter(|it| it.starts_with("  ") && !it.contains("failed in"))
        .collect();
    assert_eq!(names, ["  steady", "  shaky (a.py:3)"]);
}
