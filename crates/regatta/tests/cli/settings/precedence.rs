//! A flag wins over a variable, a variable over the profile, the profile over [run], [run] over what is usual.

use insta::assert_snapshot;

use crate::support::Place;

const LAYERS: &str = "[run]\nmax_parallel = 3\nretries = 1\n\
     [profile.ci]\nmax_parallel = 5\nretries = 2\n\
     [suites.a]\ncommand = 'exit 1'\n\
     [suites.own]\ncommand = 'exit 1'\nretries = 0\n";

/// Returns how many slots the run had, and the numbers of attempts of both suites.
fn settle(variables: &[(&str, &str)], words: &[&str]) -> [u64; 3] {
    let place = Place::new(LAYERS);
    let words = [&["--progress", "none"], words].concat();
    let run = variables
        .iter()
        .fold(place.regatta(&words), |run, (name, value)| {
            run.variable(name, value)
        });
    let output = run.run();
    assert!(output.starts_with("exit 1\n"), "{output}");
    let report = place.report();
    let attempts = |suite: usize| {
        let attempts = report["suites"][suite]["attempts"]
            .as_array()
            .expect("a list");
        attempts.len() as u64
    };
    [
        report["max_parallel"].as_u64().expect("a number"),
        attempts(0),
        attempts(1),
    ]
}

#[test]
fn every_layer_wins_over_those_below() {
    let profile = ("REGATTA_PROFILE", "ci");
    let slots = ("REGATTA_MAX_PARALLEL", "7");
    let retries = ("REGATTA_RETRIES", "3");
    assert_eq!(settle(&[], &[]), [3, 2, 1]);
    assert_eq!(settle(&[profile], &[]), [5, 3, 1]);
    assert_eq!(settle(&[], &["--profile", "ci"]), [5, 3, 1]);
    assert_eq!(settle(&[profile, slots, retries], &[]), [7, 4, 4]);
    let flags = ["-j", "9", "--retries", "0"];
    assert_eq!(settle(&[profile, slots, retries], &flags), [9, 1, 1]);
}

#[test]
fn a_flag_that_says_no_wins_over_a_variable_that_says_yes() {
    let place = Place::new("[suites.a]\ncommand = 'exit 1'\n[suites.b]\ncommand = 'true'\n");
    let ran = |variables: &[(&str, &str)], words: &[&str]| {
        let words = [&["-j", "1", "--progress", "none"], words].concat();
        let run = variables
            .iter()
            .fold(place.regatta(&words), |run, (name, value)| {
                run.variable(name, value)
            });
        run.run();
        place.report()["suites"][1]["status"] == "passed"
    };
    let yes = ("REGATTA_FAIL_FAST", "1");
    let no = ("REGATTA_NO_FAIL_FAST", "1");
    assert!(ran(&[], &[]));
    assert!(!ran(&[yes], &[]));
    assert!(ran(&[yes], &["--no-fail-fast"]));
    assert!(!ran(&[no], &["--fail-fast"]));
    assert!(ran(&[yes, no], &[]));
    assert!(ran(&[], &["--fail-fast", "--no-fail-fast"]));
    assert!(!ran(&[], &["--no-fail-fast", "--fail-fast"]));
    assert!(ran(&[("REGATTA_FAIL_FAST", "0")], &[]));
    assert!(!ran(&[("REGATTA_FAIL_FAST", "soon")], &[]));
    assert!(!ran(&[("REGATTA_NO_FAIL_FAST", "0"), yes], &[]));
}

#[test]
fn retries_have_one_bound_wherever_they_are_given() {
    for (count, expected) in [("10000", "exit 0\n"), ("10001", "exit 2\n")] {
        let suite = "[suites.a]\ncommand = 'true'\n";
        let configured = Place::new(&format!("{suite}retries = {count}\n"));
        let output = configured.regatta(&["--progress", "none"]).run();
        assert!(output.starts_with(expected), "{output}");
        let words = ["--retries", count, "--progress", "none"];
        let output = Place::new(suite).regatta(&words).run();
        assert!(output.starts_with(expected), "{output}");
    }
}

#[test]
fn every_setting_says_where_it_comes_from() {
    let place = Place::new(
        "[run]\ntimeout = '2m'\nfail_fast = 'soon'\nfast_excludes = ['slow']\n\
         [profile.ci]\nretries = { count = 2, delay = '1s', backoff = 'exponential' }\nlog_dir = 'ci-logs'\n\
         [suites.a]\ncommand = 'true'\ntimeout = 'none'\nleftovers = 'fail'\nmax_log = '1MiB'\nflaky = 'fail'\ncategory = 'slow'\n\
         on_timeout = ['gcore', '-a']\n",
    );
    assert_snapshot!(place.regatta(&["check", "--show-origin"]).run(), @r#"
    exit 0
    --- stdout ---
    [run]
      max_parallel   = "auto"           # default
      fail_fast      = "soon"           # regatta.toml:3 [run]
      log_dir        = test-logs        # default
      fast_excludes  = ["slow"]         # regatta.toml:4 [run]
      jobserver      = "off"            # default
      thread_hints   = false            # default
      html_report    = true             # default
      timeout        = 120              # regatta.toml:2 [run]
      grace_period   = 10               # default
      slow_after     = 60               # default
      idle_timeout   = "none"           # default
      retries        = 0                # default
      flaky          = "pass"           # default
      leftovers      = "kill"           # default
      max_log        = 67108864         # default

    [suites.a]
      timeout        = "none"           # regatta.toml:10
      grace_period   = 10               # default
      slow_after     = 60               # default
      idle_timeout   = "none"           # default
      retries        = 0                # default
      flaky          = "fail"           # regatta.toml:13
      leftovers      = "fail"           # regatta.toml:11
      max_log        = 1048576          # regatta.toml:12
      on_timeout     = ["gcore", "-a"]  # regatta.toml:15

    regatta.toml is sound: 1 suite
    "#);
    let run = place
        .regatta(&[
            "check",
            "--show-origin",
            "--profile",
            "ci",
            "--log-dir",
            "here",
        ])
        .variable("REGATTA_MAX_PARALLEL", "3")
        .variable("REGATTA_FAIL_FAST", "1")
        .variable("REGATTA_RETRIES", "7")
        .variable("REGATTA_FLAKY", "pass")
        .variable("CI", "true");
    assert_snapshot!(run.run(), @r#"
    exit 0
    --- stdout ---
    [run]
      max_parallel   = 3                # REGATTA_MAX_PARALLEL
      fail_fast      = true             # REGATTA_FAIL_FAST
      log_dir        = here             # --log-dir
      fast_excludes  = ["slow"]         # regatta.toml:4 [run]
      jobserver      = "off"            # default
      thread_hints   = false            # default
      html_report    = true             # default
      timeout        = 120              # regatta.toml:2 [run]
      grace_period   = 3                # default when CI is set
      slow_after     = 60               # default
      idle_timeout   = "none"           # default
      retries        = 7                # REGATTA_RETRIES
      flaky          = "pass"           # REGATTA_FLAKY
      leftovers      = "kill"           # default
      max_log        = 67108864         # default

    [suites.a]
      timeout        = "none"           # regatta.toml:10
      grace_period   = 3                # default when CI is set
      slow_after     = 60               # default
      idle_timeout   = "none"           # default
      retries        = 7                # REGATTA_RETRIES
      flaky          = "pass"           # REGATTA_FLAKY
      leftovers      = "fail"           # regatta.toml:11
      max_log        = 1048576          # regatta.toml:12
      on_timeout     = ["gcore", "-a"]  # regatta.toml:15

    regatta.toml is sound: 1 suite
    "#);
}
