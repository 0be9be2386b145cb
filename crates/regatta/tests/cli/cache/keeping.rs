//! K3 and K4: what is kept, and what is not.

use super::{event, outcomes, reason, run, run_with, runs};
use crate::support::Place;

#[test]
fn k3_an_input_that_is_edited_while_the_suite_runs_is_named_and_nothing_is_kept() {
    let place = Place::new(
        "
[suites.reader]
command = 'cat in; mkfifo started go; echo > started; cat go'
inputs = ['in']
",
    );
    place.write("in", "before");
    let running = place.regatta(&["--progress", "none"]).start();
    // Two pipes: the suite has read its input, and waits until that was edited.
    let meet = |pipe: &str| {
        crate::support::wait_until("the suite's pipe", || place.has(pipe));
        place.path(pipe)
    };
    std::fs::read(meet("started")).expect("a pipe");
    place.write("in", "later!");
    std::fs::write(meet("go"), "").expect("a pipe");
    running.finish();
    let refused = event(&place, "not_stored").expect("it is told");
    assert_eq!(refused["reason"], "in changed before it was done");
    for pipe in ["started", "go"] {
        std::fs::remove_file(place.path(pipe)).expect("a pipe");
    }
    // Neither for the old content nor for the new one.
    place.write(
        "regatta.toml",
        "[suites.reader]\ncommand = 'false'\ninputs = ['in']\n",
    );
    run(&place, &[]);
    assert_eq!(outcomes(&place), "exit_code");
}

#[test]
fn k3_a_suite_that_writes_its_own_input_is_never_kept_and_the_file_is_named() {
    let place =
        Place::new("[suites.a]\ncommand = 'echo >> src/log; echo ran >> ran'\ninputs = ['src']\n");
    place.write("src/log", "");
    for _ in 0..2 {
        assert_eq!(run(&place, &[]), "passed");
        let refused = event(&place, "not_stored").expect("it is told");
        assert_eq!(refused["reason"], "src/log changed before it was done");
    }
    assert_eq!(runs(&place), 2);
    place.write(
        "regatta.toml",
        "[suites.a]\ncommand = 'touch src/new'\ninputs = ['src']\n",
    );
    assert_eq!(run(&place, &[]), "passed");
    let refused = event(&place, "not_stored").expect("it is told");
    assert_eq!(refused["reason"], "src/new appeared before it was done");
}

#[test]
fn k3_an_edit_just_before_the_start_prevents_nothing() {
    let place = Place::new("[suites.a]\ncommand = 'cat in'\ninputs = ['in']\n");
    place.write("in", "fresh");
    assert_eq!(run(&place, &[]), "passed");
    assert_eq!(run(&place, &[]), "cached");
}

#[test]
fn k4_only_a_clean_first_pass_is_kept() {
    for (command, more, outcome) in [
        (
            "test -e ../once || { touch ../once; exit 1; }",
            "retries = 1",
            "flaky",
        ),
        ("exit 3", "", "exit_code"),
        ("sleep 60", "timeout = 0.2", "timeout"),
        ("sleep 60 &", "", "passed"),
        ("exit 3", "expect = 'fail'", "passed"),
        ("exit 77", "skip_exit_code = 77", "condition"),
    ] {
        let place = Place::new(&format!(
            "[suites.a]\ncommand = '''echo ran >> ../ran; {command}'''\ndir = 'd'\ninputs = ['in']\n{more}\n"
        ));
        place.write("in", "");
        place.write("d/x", "");
        assert_eq!(run(&place, &[]), outcome, "{command}");
        let again = if outcome == "flaky" {
            "passed"
        } else {
            outcome
        };
        assert_eq!(run(&place, &[]), again, "{command}");
        assert!(runs(&place) >= 2, "{command}");
    }
}

#[test]
fn flags_and_the_suites_own_words_say_what_is_used_and_kept() {
    let place = Place::new("[suites.a]\ncommand = 'echo ran >> ran'\ninputs = ['in']\n");
    place.write("in", "");
    assert_eq!(run(&place, &["--cache", "read"]), "passed");
    assert_eq!(run(&place, &["--no-cache"]), "passed");
    assert_eq!(run(&place, &["--cache=off"]), "passed");
    assert_eq!(run(&place, &["--cache", "write"]), "passed");
    assert_eq!(runs(&place), 4);
    assert_eq!(run(&place, &["--cache", "write"]), "passed");
    assert_eq!(run(&place, &["--cache", "read"]), "cached");
    assert_eq!(
        run_with(&place, &[], &[("REGATTA_NO_CACHE", "1")]),
        "passed"
    );
    assert_eq!(
        run_with(&place, &["--cache", "rw"], &[("REGATTA_NO_CACHE", "1")]),
        "cached"
    );
    assert_eq!(run_with(&place, &[], &[("REGATTA_CACHE", "off")]), "passed");
    let suite = place.read("regatta.toml");
    place.write("regatta.toml", &format!("{suite}cache = 'off'\n"));
    assert_eq!(run(&place, &[]), "passed");
    assert_eq!(reason(&place), "kept results are not used");
    place.write("regatta.toml", &format!("{suite}cache = 'read'\n"));
    assert_eq!(run(&place, &[]), "cached");
    place.write("in", "other");
    assert_eq!(run(&place, &[]), "passed");
    assert_eq!(run(&place, &[]), "passed");
}

#[test]
fn a_suite_with_inputs_sees_what_it_declares_with_and_without_the_cache() {
    let place = Place::new(
        "
[suites.a]
command = 'env'
inputs = ['in']
env = { OWN = 'own' }
env_inputs = ['MODE']
pass_env = ['PROXY']
",
    );
    place.write("in", "");
    let variables = [
        ("MODE", "m"),
        ("PROXY", "p"),
        ("OTHER", "o"),
        ("CI", "1"),
        ("LC_TIME", "C"),
    ];
    for words in [&[][..], &["--no-cache"]] {
        run_with(&place, words, &variables);
        let environment = place.read("test-logs/a.log");
        for line in [
            "OWN=own",
            "MODE=m",
            "PROXY=p",
            "CI=1",
            "LC_TIME=C",
            "TERM=dumb",
            "REGATTA_SLOT=0",
        ] {
            assert!(
                environment.lines().any(|it| it == line),
                "{line}: {environment}"
            );
        }
        assert!(!environment.contains("OTHER"), "{environment}");
    }
}

#[test]
fn a_hit_brings_the_log_back_and_says_so_everywhere() {
    let place = Place::new(
        "[suites.a]\ncommand = 'seq 5000'\ninputs = ['in']\n[suites.b]\ncommand = 'echo b'\ninputs = ['in']\n",
    );
    place.write("in", "");
    run(&place, &[]);
    let logs = [place.read("test-logs/a.log"), place.read("test-logs/b.log")];
    std::fs::remove_dir_all(place.path("test-logs")).expect("logs");
    let output = place.regatta(&["--progress", "lines"]).run();
    assert_eq!(
        logs,
        [place.read("test-logs/a.log"), place.read("test-logs/b.log")]
    );
    assert!(output.contains("✓ a cached ("), "{output}");
    assert!(output.contains("2 of these cached"), "{output}");
    let report = place.report();
    let suite = &report["suites"][0];
    assert_eq!(suite["status"], "passed");
    assert_eq!(suite["log_file"], "test-logs/a.log");
    assert_eq!(suite["cache"]["hit"], true);
    assert_eq!(suite["cache"]["key"].as_str().map(str::len), Some(64));
    assert!(suite["duration"].is_null() && suite["attempts"] == serde_json::json!([]));
    assert_eq!(report["summary"]["passed"], 2);
    let shown = place.regatta(&["--verbose"]).run();
    assert!(
        shown.contains("a | 5000\n") && shown.contains("b | b\n"),
        "{shown}"
    );
    let again = place.regatta(&["report", "--format", "json"]).run();
    assert!(again.contains("\"outcome\": \"cached\""), "{again}");
}

#[test]
fn an_audit_runs_hits_and_says_loudly_when_one_was_wrong() {
    let place = Place::new("[suites.a]\ncommand = 'test ! -e hidden'\ninputs = ['in']\n");
    place.write("in", "");
    assert_eq!(run(&place, &[]), "passed");
    assert_eq!(run(&place, &["--verify-cache=100%"]), "passed");
    assert_eq!(run(&place, &["--verify-cache", "0"]), "cached");
    place.write("hidden", "");
    assert_eq!(run(&place, &[]), "cached");
    let output = place
        .regatta(&["--progress", "none", "--verify-cache", "100%"])
        .run();
    assert!(output.starts_with("exit 1\n"), "{output}");
    assert!(
        output.contains("error: the cache was wrong about a: it passed on "),
        "{output}"
    );
    assert_eq!(run(&place, &[]), "exit_code");
}

#[test]
fn a_hit_takes_no_slot() {
    let place = Place::new(
        r#"
[run]
max_parallel = 1
[suites.first]
command = "until grep -q '\"cached\"' test-logs/events.jsonl; do sleep 0.01; done"
timeout = 30
[suites.kept]
command = 'echo ran >> ran'
inputs = ['in']
"#,
    );
    place.write("in", "");
    assert_eq!(run(&place, &["--suites", "kept"]), "passed");
    // The first holds the only slot until the other has its result.
    assert_eq!(run(&place, &[]), "passed cached");
    assert_eq!(runs(&place), 1);
}
