//! Words on the command line that cannot be followed, each with what to write instead.

use insta::assert_snapshot;

use crate::support::Place;

#[test]
fn c8_how_many_at_once() {
    let place = Place::new("[suites.a]\ncommand = 'true'\n");
    assert_snapshot!(place.regatta(&["--max-parallel", "0"]).run(), @r#"
    exit 2
    --- stderr ---
    error: invalid value '0' for '--max-parallel <N>': use a whole number from 1, "auto", or a percentage such as "50%"

    For more information, try '--help'.
    "#);
    assert_snapshot!(place.regatta(&["--max-parallel", "-1"]).run(), @r#"
    exit 2
    --- stderr ---
    error: invalid value '-1' for '--max-parallel <N>': use a whole number from 1, "auto", or a percentage such as "50%"

    For more information, try '--help'.
    "#);
    assert_snapshot!(place.regatta(&["--max-parallel", "abc"]).run(), @r#"
    exit 2
    --- stderr ---
    error: invalid value 'abc' for '--max-parallel <N>': use a whole number from 1, "auto", or a percentage such as "50%"

    For more information, try '--help'.
    "#);
    assert!(!place.has("test-logs"));
    let output = place
        .regatta(&["--max-parallel", "99999999", "--progress", "none"])
        .run();
    assert_snapshot!(output, @"
    exit 0
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/1
      ✗ Failed:  0/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed!
    ");
    let slots = place.report()["max_parallel"].as_u64().unwrap();
    assert!((1..99_999_999).contains(&slots), "{slots}");
}

#[test]
fn c9_names_that_no_suite_has() {
    let place = Place::new(
        "[suites.memstore-unit]\ncommand = 'true'\ncategory = 'unit'\ntags = ['go']\n\
         [suites.lint-go]\ncommand = 'true'\ncategory = 'lint'\n",
    );
    assert_snapshot!(place.regatta(&["--suites", "memstor-unit"]).run(), @"
    exit 2
    --- stderr ---
    error: unknown suite `memstor-unit`
      = help: did you mean `memstore-unit`?

    1 error in the selection; nothing was run
    ");
    assert_snapshot!(place.regatta(&["--categories", "unti"]).run(), @"
    exit 2
    --- stderr ---
    error: unknown category `unti`
      = help: did you mean `unit`?

    1 error in the selection; nothing was run
    ");
    assert_snapshot!(place.regatta(&["--tags", "og,go"]).run(), @"
    exit 2
    --- stderr ---
    error: unknown tag `og`
      = help: did you mean `go`?

    1 error in the selection; nothing was run
    ");
    assert_snapshot!(place.regatta(&["--exclude", "lint-g"]).run(), @"
    exit 2
    --- stderr ---
    error: unknown suite `lint-g`
      = help: did you mean `lint-go`?

    1 error in the selection; nothing was run
    ");
    assert_snapshot!(place.regatta(&["--suites", "redis-*"]).run(), @"
    exit 2
    --- stderr ---
    error: `redis-*` matches no suite
      = help: `regatta list` shows all of them

    1 error in the selection; nothing was run
    ");
    let all = [
        "--suites",
        "lnt-go",
        "--categories",
        "lin",
        "--exclude",
        "zzz",
    ];
    assert_snapshot!(place.regatta(&all).run(), @"
    exit 2
    --- stderr ---
    error: unknown category `lin`
      = help: did you mean `lint`?

    error: unknown suite `lnt-go`
      = help: did you mean `lint-go`?

    error: unknown suite `zzz`
      = help: `regatta list` shows all of them

    3 errors in the selection; nothing was run
    ");
    assert!(!place.has("test-logs"));
}

#[test]
fn filters_that_leave_nothing_are_told_from_names_that_are_wrong() {
    let place = Place::new(
        "[suites.a]\ncommand = 'true'\ncategory = 'unit'\n[suites.b]\ncommand = 'true'\ncategory = 'lint'\n",
    );
    assert_snapshot!(place.regatta(&["--suites", "a", "--categories", "lint"]).run(), @"
    exit 4
    --- stderr ---
    error: no suite of regatta.toml satisfies every filter; `regatta list` shows them all
    ");
    assert!(!place.has("test-logs"));
}

#[test]
fn a_dependency_that_is_left_out_is_named_with_the_suite_that_needs_it() {
    let place = Place::new(
        "[suites.base]\ncommand = 'true'\ncategory = 'acceptance'\n\
         [suites.top]\ncommand = 'true'\ndepends_on = ['base']\n",
    );
    assert_snapshot!(place.regatta(&["--exclude", "base"]).run(), @"
    exit 2
    --- stderr ---
    error: suite `top` depends on `base`, which --exclude leaves out
      = help: leave `top` out too with --exclude, or run it alone with --no-deps

    1 error in the selection; nothing was run
    ");
    assert_snapshot!(place.regatta(&["--fast"]).run(), @"
    exit 2
    --- stderr ---
    error: suite `top` depends on `base`, which --fast leaves out
      = help: leave `top` out too with --exclude, or run it alone with --no-deps

    1 error in the selection; nothing was run
    ");
    let output = place
        .regatta(&["--fast", "--no-deps", "--progress", "none"])
        .run();
    assert_snapshot!(output, @"
    exit 0
    --- stdout ---

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
fn words_that_regatta_does_not_know() {
    let place = Place::new("[suites.a]\ncommand = 'true'\n");
    assert_snapshot!(place.regatta(&["--verbos"]).run(), @"
    exit 2
    --- stderr ---
    error: unexpected argument '--verbos' found

      tip: a similar argument exists: '--verbose'

    Usage: regatta --verbose

    For more information, try '--help'.
    ");
    assert_snapshot!(place.regatta(&["lst"]).run(), @"
    exit 2
    --- stderr ---
    error: unrecognized subcommand 'lst'

      tip: a similar subcommand exists: 'list'

    Usage: regatta [OPTIONS] [COMMAND]

    For more information, try '--help'.
    ");
    assert_snapshot!(place.regatta(&["--report", "xml=a"]).run(), @"
    exit 2
    --- stderr ---
    error: invalid value 'xml=a' for '--report <FORMAT=PATH>': there is no report format `xml`; use one of html, json, junit, markdown, trace

    For more information, try '--help'.
    ");
    assert_snapshot!(place.regatta(&["--fast", "list"]).run(), @"
    exit 2
    --- stderr ---
    error: `--fast` stands before `list`; flags of a command go after its name
    ");
    assert_snapshot!(place.regatta(&["--profile", "nightly"]).run(), @"
    exit 2
    --- stderr ---
    error: unknown profile `nightly`
      = help: the file has no `[profile.NAME]`

    1 error in regatta.toml; nothing was run
    ");
    assert_snapshot!(place.regatta(&["-C", "nowhere"]).run(), @"
    exit 2
    --- stderr ---
    error: cannot change to folder `nowhere`: No such file or directory (os error 2)
    ");
    assert_snapshot!(place.regatta(&["--config", "nowhere.toml"]).run(), @"
    exit 2
    --- stderr ---
    error: cannot read `nowhere.toml`: No such file or directory (os error 2)
      = help: a configuration is a readable text file of at most 8 MiB

    1 error in nowhere.toml; nothing was run
    ");
    assert!(!place.has("test-logs"));
}

#[test]
fn a_filter_that_names_nothing_does_not_select_everything() {
    let place = Place::new("[suites.a]\ncommand = 'echo ran >> ran'\n");
    assert_snapshot!(place.regatta(&["--suites", ""]).run(), @"
    exit 2
    --- stderr ---
    error: `--suites` names nothing; leave it out, or name at least one
    ");
    assert_snapshot!(place.regatta(&["--tags", " , "]).run(), @"
    exit 2
    --- stderr ---
    error: `--tags` names nothing; leave it out, or name at least one
    ");
    assert!(!place.path("ran").exists());
    // An empty variable is one that is not set.
    let unset = place.regatta(&["--list"]).variable("REGATTA_SUITES", "");
    assert_snapshot!(unset.run(), @"
    exit 0
    --- stdout ---
    Available Test Suites:

    TEST:
      • a
    ");
}
