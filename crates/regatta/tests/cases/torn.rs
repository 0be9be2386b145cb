//! Texts that are cut, wrong, huge or made up: what comes before counts, and what is missing is told.

use insta::assert_snapshot;
use regatta_core::cases::{CaseFormat, CaseOutcome};

use super::support::{fixture, read, render};

fn junit(text: &str) -> String {
    render(read(text.as_bytes(), CaseFormat::Junit))
}

fn tap(text: &str) -> String {
    render(read(text.as_bytes(), CaseFormat::Tap))
}

fn go_json(text: &str) -> String {
    render(read(text.as_bytes(), CaseFormat::GoJson))
}

fn libtest(text: &str) -> String {
    render(read(text.as_bytes(), CaseFormat::Libtest))
}

#[test]
fn a_torn_document_keeps_what_came_before_and_says_so() {
    assert_snapshot!(junit("<testsuites><testsuite name='s'><testcase name='a'/><testcase name='b'><fail"), @"
    1 cases: 1 passed, 0 failed, 0 skipped
    passed  s | a
    trouble: its XML is broken in case `b`: syntax error: tag not closed: `>` not found before end of input
    ");
    assert_snapshot!(junit("<testsuite><testcase name='a'><failure message='no'>why"), @"
    1 cases: 0 passed, 1 failed, 0 skipped
    failed   | a: no [+1]
    trouble: its XML ends too early, in case `a`
    ");
    assert_snapshot!(junit("<testsuite><testcase name='a'><failure message='no'/></testcase><testcase na"), @"
    1 cases: 0 passed, 1 failed, 0 skipped
    failed   | a: no
    trouble: its XML is broken after case `a`: syntax error: tag not closed: `>` not found before end of input
    ");
    assert_snapshot!(junit("<testsuite name='s'>"), @"
    0 cases: 0 passed, 0 failed, 0 skipped
    trouble: its XML ends too early, before the first case
    ");
    assert_snapshot!(junit(""), @"
    0 cases: 0 passed, 0 failed, 0 skipped
    trouble: the document has none
    ");
    assert_snapshot!(junit("{\"no\": \"xml\"}"), @"
    0 cases: 0 passed, 0 failed, 0 skipped
    trouble: the document has none
    ");
    assert_snapshot!(junit("<html><body>404</body></html>"), @"
    0 cases: 0 passed, 0 failed, 0 skipped
    trouble: the document has none
    ");
}

#[test]
fn an_empty_document_has_no_cases_and_no_trouble() {
    assert_snapshot!(junit("<?xml version='1.0'?><testsuites tests='0'/>"), @"nothing");
}

#[test]
fn dialects_are_read_whatever_they_lack() {
    assert_snapshot!(junit(
        "<anything><testcase/><x><testsuite name='out'><testsuite name='in'><testcase name='n' time='1,234.5'/>\
         </testsuite></testsuite></x><testcase class='c' name='m' status='FAILED' time='1.234,5'/>\
         <testcase name='k' time='0,25' result='suppressed'/><testcase name='j' time='-1'/>\
         <testcase name='unclosed'><testcase name='next' time='1,234'/></testcase>\
         <testsuite file='a_test.rb'><testcase name='f' line='7'><error>bad &amp; worse &nbsp; &#8364;</error></testcase></testsuite>\
         </anything>"
    ), @"
    8 cases: 5 passed, 2 failed, 1 skipped
    passed   | case 1
    passed  out > in | n 1234500000us
    failed  c | m 1234500000us
    skipped  | k 250000us
    passed   | j
    passed   | unclosed
    passed   | next 1234000000us
    error    | f (a_test.rb:7): bad & worse  €
    ");
}

#[test]
fn bytes_that_are_no_text_do_not_end_a_document() {
    let bytes = b"<testsuite><testcase name='gr\xfcn'><failure message='\xff'/></testcase><testcase name='b'/></testsuite>";
    assert_snapshot!(render(read(bytes, CaseFormat::Junit)), @"
    2 cases: 1 passed, 1 failed, 0 skipped
    failed   | gr?n: ?
    passed   | b
    ");
}

#[test]
fn every_cut_of_a_fixture_has_no_more_cases_than_the_whole() {
    for (name, format) in [
        ("pytest-xunit1.xml", CaseFormat::Junit),
        ("nextest.xml", CaseFormat::Junit),
        ("node.tap", CaseFormat::Tap),
        ("go-test.jsonl", CaseFormat::GoJson),
        ("cargo-test.txt", CaseFormat::Libtest),
    ] {
        let whole = std::fs::read(fixture(name)).expect("the fixture is there");
        let all = read(&whole, format).expect("it has cases").counts.total;
        let mut latest = 0;
        for end in (0..whole.len()).step_by(97) {
            let list = read(&whole[..end], format);
            let total = list.as_ref().map_or(0, |it| it.counts.total);
            // A package that was cut short has a case more for a test that did not end.
            assert!(total <= all + 1, "{name} cut at {end}");
            latest = total;
            if let Some(list) = list {
                let listed = list.cases.len() as u64 + list.left_out;
                assert_eq!(listed, list.counts.total, "{name} cut at {end}");
            }
        }
        assert!(latest > 0, "{name}");
    }
}

#[test]
fn plans_are_compared_with_what_came() {
    assert_snapshot!(tap("1..3\nok 1 - a\nnot ok 2 - b\n"), @"
    2 cases: 1 passed, 1 failed, 0 skipped
    passed   | a
    failed   | b
    trouble: 3 results were planned, and 2 came
    ");
    assert_snapshot!(tap("ok\nok 2\nnot ok\n"), @"
    3 cases: 2 passed, 1 failed, 0 skipped
    passed   | test 1
    passed   | test 2
    failed   | test 3
    trouble: there is no plan, so some may be missing
    ");
    assert_snapshot!(tap("1..0 # SKIP no database\n"), @"nothing");
    assert_snapshot!(tap("TAP version 14\n1..4\nok 1 - a\nBail out! the disk is full\n"), @"
    1 cases: 1 passed, 0 failed, 0 skipped
    passed   | a
    trouble: it bailed out: the disk is full
    ");
    assert_snapshot!(tap("okay\nnot okay\nok, then\nokra 1\n"), @"nothing");
}

#[test]
fn subtests_and_blocks_are_read_in_all_versions() {
    assert_snapshot!(tap("\
TAP version 14
# Subtest: outer
    ok 1 - one # time=5.5ms
    not ok 2 - two
      ---
      message: 'it is wrong'
      at:
        line: 9
      file: t/outer.js
      line: 12
    # Subtest: inner
        not ok 1 - deep # TODO not yet
        1..1
    ok 3 - inner
    1..3
not ok 1 - outer
not ok 2 - hooks # nothing below failed
# Subtest: clean
    ok 1 - fine
    1..1
not ok 3 - clean
ok 4 - with a \\# in it # skip later
1..4
"), @"
    7 cases: 2 passed, 3 failed, 2 skipped
    passed  outer | one 5500us
    failed  outer | two (t/outer.js:12): it is wrong
    skipped outer > inner | deep: not yet
    failed   | hooks
    passed  clean | fine
    failed   | clean
    skipped  | with a # in it: later
    ");
}

#[test]
fn packages_and_tests_that_never_end_are_told() {
    assert_snapshot!(go_json("\
{\"ImportPath\":\"shop/a [shop/a.test]\",\"Action\":\"build-output\",\"Output\":\"# shop/a\\n\"}
{\"ImportPath\":\"shop/a [shop/a.test]\",\"Action\":\"build-output\",\"Output\":\"a/a_test.go:5:33: undefined: x\\n\"}
{\"ImportPath\":\"shop/a [shop/a.test]\",\"Action\":\"build-fail\"}
{\"Action\":\"start\",\"Package\":\"shop/a\"}
{\"Action\":\"output\",\"Package\":\"shop/a\",\"Output\":\"FAIL\\tshop/a [build failed]\\n\"}
{\"Action\":\"fail\",\"Package\":\"shop/a\",\"Elapsed\":0,\"FailedBuild\":\"shop/a [shop/a.test]\"}
{\"Action\":\"run\",\"Package\":\"shop/b\",\"Test\":\"TestSlow\"}
{\"Action\":\"run\",\"Package\":\"shop/b\",\"Test\":\"TestSlow/a/b\"}
{\"Action\":\"output\",\"Package\":\"shop/b\",\"Output\":\"panic: test timed out after 1s\\n\"}
{\"Action\":\"fail\",\"Package\":\"shop/b\",\"Elapsed\":1.01}
noise
{\"Action\":\"run\",\"Package\":\"shop/c\",\"Test\":\"TestCut\"}
{\"Action\":\"output\",\"Package\":\"shop/c\",\"Te"), @"
    3 cases: 0 passed, 3 failed, 0 skipped
    error   shop/a | (package) (a/a_test.go:5): # shop/a [+1]
    error   shop/b | TestSlow/a/b: it did not end [+1]
    error   shop/c | TestCut: it did not end
    trouble: it ends before its tests did
    ");
}

#[test]
fn what_a_binary_counts_is_believed_and_what_it_lists_is_listed() {
    assert_snapshot!(libtest("\
     Running unittests src/lib.rs (target/debug/deps/shop-507999230d6984fa)

running 4 tests
test a ... ok
test noisy ... something
ok
test late ... FAILED
test timed ... ok <0.250s>

failures:

---- late stdout ----
test in its own words ... ok
failures:
    late

test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.12s

     Running tests/orders.rs (target/debug/deps/orders-0671b646198c8fc8)

running 2 tests
test dies ... "), @"
    4 cases: 3 passed, 1 failed, 0 skipped
    passed  shop | a
    failed  shop | late
    passed  shop | timed 250000us
    1 left out
    trouble: a test binary ended before it told its result
    ");
    assert_snapshot!(libtest("test result: ok. 5 passed; 0 failed; 0 ignored;\nrunning on empty\n"), @"nothing");
}

#[test]
fn a_line_that_nobody_counts_from_is_none() {
    assert_snapshot!(libtest("running 1 test\ntest src/lib.rs - add (line 0) ... ok\n\ntest result: ok. 1 passed;\n"), @r"
    1 cases: 1 passed, 0 failed, 0 skipped
    passed   | src/lib.rs - add (line 0) (src/lib.rs)
    ");
}

#[test]
fn many_cases_are_counted_and_the_failures_listed() {
    let case = |number: u32| {
        let failure = if number % 1_000 == 999 {
            "<failure message='no'/>"
        } else {
            ""
        };
        format!("<testcase classname='c' name='n{number}'>{failure}</testcase>")
    };
    let cases: Vec<String> = (0..30_000).map(case).collect();
    let text = format!("<testsuite>{}</testsuite>", cases.concat());
    let list = read(text.as_bytes(), CaseFormat::Junit).expect("it has cases");
    assert_eq!((list.counts.total, list.counts.failed), (30_000, 30));
    assert_eq!((list.cases.len(), list.left_out), (10_000, 20_000));
    let failed = list
        .cases
        .iter()
        .filter(|it| it.outcome == CaseOutcome::Failed);
    assert_eq!(failed.count(), 30);
}

#[test]
fn suites_without_end_and_words_without_end_are_bounded() {
    let deep = "<testsuite name='s'>".repeat(100_000) + "<testcase name='a'/>";
    let list = read(deep.as_bytes(), CaseFormat::Junit).expect("it has a case");
    assert!(list.cases[0].class.len() <= 1024);
    let long = format!(
        "<testcase name='{0}'><failure message='{0}'>{0}</failure></testcase>",
        "x".repeat(1 << 20)
    );
    let list = read(long.as_bytes(), CaseFormat::Junit).expect("it has a case");
    assert!(list.cases[0].name.len() <= 1024);
    assert!(list.cases[0].message.as_ref().expect("it has words").len() <= 4096);
}
