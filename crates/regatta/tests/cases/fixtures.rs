//! Counts, names, places and words of each fixture.

use insta::assert_snapshot;
use regatta_core::cases::CaseFormat;

use super::support::{fixture, read, render};

fn cases_of(name: &str, format: CaseFormat) -> String {
    let bytes = std::fs::read(fixture(name)).expect("the fixture is there");
    render(read(&bytes, format))
}

#[test]
fn pytest() {
    assert_snapshot!(cases_of("pytest-xunit2.xml", CaseFormat::Junit), @r#"
    10 cases: 4 passed, 4 failed, 2 skipped
    passed  test_shop | test_adds 0us
    failed  test_shop | test_price_is_rounded (test_shop.py:14) 1000us: AssertionError: a price is rounded half up [+11]
    passed  test_shop | test_stock[1] 0us
    passed  test_shop | test_stock[2] 0us
    failed  test_shop | test_stock[3] (test_shop.py:19) 1000us: assert 3 < 3 [+8]
    skipped test_shop | test_prints 0us: /project/test_shop.py:22: no printer here
    skipped test_shop | test_umlauts 1000us: known: umlauts
    error   test_shop | test_orders (test_shop.py:34) 0us: failed on setup with "OSError: connection refused <&> "quoted"" [+6]
    passed  test_shop.TestCart | test_empty 13000us
    failed  test_shop.TestCart | test_total (test_shop.py:46) 0us: AssertionError: 3 != 2 : sum of the cart [+7]
    "#);
}

#[test]
fn pytest_with_places() {
    assert_snapshot!(cases_of("pytest-xunit1.xml", CaseFormat::Junit), @r#"
    10 cases: 4 passed, 4 failed, 2 skipped
    passed  test_shop | test_adds (test_shop.py:7) 0us
    failed  test_shop | test_price_is_rounded (test_shop.py:14) 1000us: AssertionError: a price is rounded half up [+11]
    passed  test_shop | test_stock[1] (test_shop.py:17) 0us
    passed  test_shop | test_stock[2] (test_shop.py:17) 0us
    failed  test_shop | test_stock[3] (test_shop.py:19) 0us: assert 3 < 3 [+8]
    skipped test_shop | test_prints (test_shop.py:22) 0us: /project/test_shop.py:22: no printer here
    skipped test_shop | test_umlauts (test_shop.py:27) 0us: known: umlauts
    error   test_shop | test_orders (test_shop.py:34) 0us: failed on setup with "OSError: connection refused <&> "quoted"" [+6]
    passed  test_shop.TestCart | test_empty (test_shop.py:42) 0us
    failed  test_shop.TestCart | test_total (test_shop.py:46) 0us: AssertionError: 3 != 2 : sum of the cart [+7]
    "#);
}

#[test]
fn node() {
    assert_snapshot!(cases_of("node-junit.xml", CaseFormat::Junit), @"
    7 cases: 3 passed, 2 failed, 2 skipped
    passed  test | adds 1344us
    failed  test | price is rounded (/project/test/shop.test.js:9) 1470us: half to even3 !== 2 [+24]
    passed  cart | is empty 380us
    failed  cart | has a total (/project/test/shop.test.js:15) 1715us: Expected values to be strictly deep-equal:+ actual - expected  {+   total: 3-   total: 2  } [+33]
    passed  cart > nested | goes deeper 257us
    skipped test | printer 127us: no printer here
    skipped test | umlauts 202us: later [+12]
    ");
}

#[test]
fn ctest() {
    assert_snapshot!(cases_of("ctest.xml", CaseFormat::Junit), @"
    6 cases: 1 passed, 2 failed, 3 skipped
    passed  adds | adds 2123us
    failed  price | price 37144us: expected 2.68 & got <2.67>
    skipped printer | printer 4562us: SKIP_RETURN_CODE=77
    skipped off | off 0us
    failed  crashes | crashes 1651us
    skipped missing | missing 0us: Unable to find executable
    ");
}

#[test]
fn googletest() {
    assert_snapshot!(cases_of("gtest.xml", CaseFormat::Junit), @"
    7 cases: 3 passed, 2 failed, 2 skipped
    passed  Price | Adds (shop.cc:2) 0us
    failed  Price | IsRounded (shop.cc:4) 0us: shop.cc:4 [+8]
    skipped Printer | Prints (shop.cc:7) 0us: shop.cc:7 [+1]
    skipped Printer | DISABLED_Later (shop.cc:8) 0us
    passed  Shop/Stock | IsEnough/0 (shop.cc:10) 0us
    passed  Shop/Stock | IsEnough/1 (shop.cc:10) 0us
    failed  Shop/Stock | IsEnough/2 (shop.cc:10) 0us: shop.cc:10 [+1]
    ");
}

#[test]
fn nextest() {
    assert_snapshot!(cases_of("nextest.xml", CaseFormat::Junit), @r#"
    7 cases: 3 passed, 4 failed, 0 skipped
    passed  shop | tests::adds 23000us
    passed  shop | tests::panics 8000us
    failed  shop | tests::fails_with_an_error 28000us: Error: "no such price"
    failed  shop | tests::should_have_panicked (src/lib.rs:29) 6000us: note: test did not panic as expected at src/lib.rs:29:8
    failed  shop | tests::price_is_rounded (src/lib.rs:19) 10000us: thread 'tests::price_is_rounded' (5739) panicked at src/lib.rs:19:9: [+4]
    passed  shop::orders | an_order_is_taken 5000us
    failed  shop::orders | an_order_is_refused (tests/orders.rs:4) 12000us: thread 'an_order_is_refused' (5748) panicked at tests/orders.rs:4:28: [+3]
    "#);
}

#[test]
fn surefire() {
    assert_snapshot!(cases_of("surefire/TEST-shop.PriceTest.xml", CaseFormat::Junit), @"
    3 cases: 1 passed, 1 failed, 1 skipped
    skipped shop.PriceTest | prints 0us: no printer here
    passed  shop.PriceTest | adds 0us
    failed  shop.PriceTest | isRounded (PriceTest.java:11) 0us: java.lang.AssertionError: a price is rounded <half> up expected:<268> but was:<267> [+1]
    ");
}

#[test]
fn surefire_with_an_error() {
    assert_snapshot!(cases_of("surefire/TEST-shop.OrderTest.xml", CaseFormat::Junit), @"
    1 cases: 0 passed, 1 failed, 0 skipped
    error   shop.OrderTest | isTaken (OrderTest.java:8) 0us: java.lang.IllegalStateException: connection refused [+1]
    ");
}

#[test]
fn ant() {
    assert_snapshot!(cases_of("ant/TEST-shop.PriceTest.xml", CaseFormat::Junit), @"
    3 cases: 1 passed, 1 failed, 1 skipped
    skipped shop.PriceTest | prints 0us: no printer here
    passed  shop.PriceTest | adds 0us
    failed  shop.PriceTest | isRounded 1000us: junit.framework.AssertionFailedError: a price is rounded <half> up expected:<268> but was:<267> [+7]
    ");
}

#[test]
fn node_tap() {
    assert_snapshot!(cases_of("node.tap", CaseFormat::Tap), @"
    7 cases: 3 passed, 2 failed, 2 skipped
    passed   | adds 1198us
    failed   | price is rounded (/project/test/shop.test.js:9) 1045us: half to even [+8]
    passed  cart | is empty 215us
    failed  cart | has a total (/project/test/shop.test.js:15) 6416us: Expected values to be strictly deep-equal: [+14]
    passed  cart > nested | goes deeper 199us
    skipped  | printer 93us: no printer here
    skipped  | umlauts (/project/test/shop.test.js:23) 191us: later
    ");
}

#[test]
fn perl() {
    assert_snapshot!(cases_of("perl.tap", CaseFormat::Tap), @"
    6 cases: 2 passed, 2 failed, 2 skipped
    passed   | adds
    failed   | price # rounded (t/shop.t:3): Failed test 'price # rounded' [+3]
    passed  cart | empty
    failed  cart | total (t/shop.t:4): Failed test 'total' [+5]
    skipped  | test 4: no printer here
    skipped  | umlauts: later
    ");
}

#[test]
fn go() {
    assert_snapshot!(cases_of("go-test.jsonl", CaseFormat::GoJson), @"
    7 cases: 3 passed, 3 failed, 1 skipped
    error   example.test/shop/broken | (package) (broken/broken_test.go:5): # example.test/shop/broken [example.test/shop/broken.test] [+1]
    passed  example.test/shop/crash | TestFine 0us
    failed  example.test/shop/crash | TestCrash (/project/crash/crash_test.go:9) 0us: panic: runtime error: index out of range [3] with length 0 [recovered] [+15]
    passed  example.test/shop/calc | TestAdds 0us
    failed  example.test/shop/calc | TestPrice/rounded (calc_test.go:18) 0us: calc_test.go:18: got 2.67, want 2.68
    passed  example.test/shop/calc | TestPrice/plain 10000us
    skipped example.test/shop/calc | TestPrinter (calc_test.go:23) 0us: calc_test.go:23: no printer here
    ");
}

#[test]
fn cargo_test() {
    assert_snapshot!(cases_of("cargo-test.txt", CaseFormat::Libtest), @r#"
    10 cases: 4 passed, 5 failed, 1 skipped
    passed  shop | tests::adds
    failed  shop | tests::fails_with_an_error: Error: "no such price"
    passed  shop | tests::panics
    skipped shop | tests::prints: no printer here
    failed  shop | tests::should_have_panicked (src/lib.rs:29): note: test did not panic as expected at src/lib.rs:29:8
    failed  shop | tests::price_is_rounded (src/lib.rs:19): rounding [+5]
    failed  orders | an_order_is_refused (tests/orders.rs:4): thread 'an_order_is_refused' (5589) panicked at tests/orders.rs:4:28: [+3]
    passed  orders | an_order_is_taken
    failed  shop (doc) | src/lib.rs - add (line 7) (src/lib.rs:7): Test executable failed (exit status: 101). [+8]
    passed  shop (doc) | src/lib.rs - add (line 3) (src/lib.rs:3)
    "#);
}
