//! Looking at many runs: `history`, `flaky` and `compare`, and `report` of a run that is not the last.

use std::fs;
use std::process::Command;

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::Place;

/// Returns what a command prints, with `[WHEN]` for every minute.
#[track_caller]
fn look(place: &Place, words: &[&str]) -> String {
    let text = place.regatta(words).run();
    let mut result = String::new();
    let mut rest = text.as_str();
    while let Some(start) = rest.find("20") {
        let (before, from) = rest.split_at(start);
        result.push_str(before);
        let shape: String = from
            .chars()
            .take(16)
            .map(|it| if it.is_ascii_digit() { '0' } else { it })
            .collect();
        let length = if shape == "0000-00-00 00:00" { 16 } else { 2 };
        result.push_str(if length == 16 { "[WHEN]" } else { "20" });
        rest = &from[length..];
    }
    result + rest
}

#[track_caller]
fn json(place: &Place, words: &[&str]) -> Value {
    let text = place.regatta(words).run();
    let text = text
        .strip_prefix("exit 0\n--- stdout ---\n")
        .expect("a success");
    serde_json::from_str(text).expect("JSON")
}

/// Runs everything with a word in the file `state`, which the suites of [`MOODY`] obey.
fn run(place: &Place, state: &str) {
    place.write("state", state);
    place.regatta(&["--progress", "none"]).run();
}

const MOODY: &str = "[suites.steady]\ncommand = ['true']\n\
     [suites.moody]\ncommand = '! grep -q fail state'\nowner = 'crew'\n\
     [suites.retried]\ncommand = 'test $REGATTA_ATTEMPT != retried/1 && ! grep -q retry state || test ${REGATTA_ATTEMPT##*/} = 2'\nretries = 1\n\
     [suites.broken]\ncommand = '! grep -q broken state'\n\
     [suites.after]\ncommand = ['true']\ndepends_on = ['broken']\n";

/// Returns a project with a commit, in which what suites read is ignored.
fn committed() -> Place {
    let place = Place::new(MOODY);
    place.write(".gitignore", "state\n");
    let git = |words: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=crew", "-c", "user.email=crew@example.org"]);
        let done = command.args(words).current_dir(place.root()).status();
        assert!(done.expect("git").success(), "{words:?}");
    };
    git(&["init", "--quiet"]);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--message", "begin"]);
    place
}

#[test]
fn where_nothing_was_run_yet_it_is_said_and_no_mistake() {
    let place = Place::new(MOODY);
    for words in [
        &["history"][..],
        &["history", "moody"],
        &["flaky"],
        &["compare"],
    ] {
        assert_eq!(
            look(&place, words),
            "exit 0\n--- stdout ---\nNothing was recorded here yet; the next run of `regatta` is the first.\n"
        );
    }
    assert_eq!(json(&place, &["history", "--format", "json"])["runs"], 0);
    assert_eq!(json(&place, &["flaky", "--format", "json"])["runs"], 0);
    assert!(!place.has(".regatta"));
}

#[test]
fn flaky_and_broken_are_told_apart_with_their_evidence() {
    let place = committed();
    for state in [
        "",
        "fail",
        "",
        "fail broken",
        "broken",
        "broken",
        "broken",
        "broken",
        "broken",
    ] {
        run(&place, state);
    }
    let text = look(&place, &["flaky"]);
    let (text, quarantine) = text.split_once("expires = ").expect("a date");
    assert_snapshot!(text, @r#"
    exit 0
    --- stdout ---
    Flaky in 9 runs:

      moody
        2 of 9 attempts failed without a change: 22%, most likely 6% to 55%
        the verdict changed 4 times with nothing else changed, the last time in the run of [WHEN]

    Broken, not flaky:
      broken fails since the run of [WHEN], 6 runs so far

    Until they are mended, these lines in quarantine.toml keep them from failing runs:

    [suites.moody]
    reason = "flaky: 2 of 9 attempts failed without a change"
    owner = "crew"
    issue = "where it is tracked"
    "#);
    let date = quarantine.trim_matches(|it| it == '"' || it == '\n');
    assert_eq!(date.len(), 10, "{date}");
    let found = json(&place, &["flaky", "--format", "json"]);
    assert_eq!(found["flaky"][0]["name"], "moody");
    assert_eq!(found["flaky"][0]["failures"], 2);
    assert_eq!(found["flaky"][0]["attempts"], 9);
    assert_eq!(found["broken"][0]["name"], "broken");
    assert_eq!(found["broken"][0]["failing"], 6);
}

#[test]
fn a_retry_that_helps_is_evidence_without_any_commit() {
    let place = Place::new(
        "[suites.a]\ncommand = 'test ${REGATTA_ATTEMPT##*/} = 2'\nretries = 1\n[suites.b]\ncommand = 'test -e ok'\n",
    );
    run(&place, "");
    place.write("ok", "");
    run(&place, "");
    let found = json(&place, &["flaky", "--format", "json"]);
    let names: Vec<_> = found["flaky"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| &it["name"])
        .collect();
    assert_eq!(names, ["a"], "{found:#}");
    assert!(
        found["flaky"][0]["retry_seconds"].as_f64() > Some(0.0),
        "{found:#}"
    );
}

#[test]
fn an_overview_names_the_slowest_and_the_failing() {
    let place = committed();
    for state in ["", "fail", "broken"] {
        run(&place, state);
    }
    // Which of two short suites is the slower one is chance.
    let text = look(&place, &["history"]);
    let failing = text.split_once("\nMost failing\n").expect("a list").1;
    assert_snapshot!(failing, @"
      broken  passed 2 of 3 runs (67%), failed the last one, flaky
      moody   passed 2 of 3 runs (67%), flaky

    3 of 5 suites never failed.
    ");
    assert!(
        text.starts_with(
            "exit 0\n--- stdout ---\n3 runs of 5 suites, from [WHEN] to [WHEN]\n\nSlowest\n"
        ),
        "{text}"
    );
    let figures = json(&place, &["history", "--format", "json"]);
    assert_eq!(figures, json(&place, &["history", "--format", "json"]));
    let names: Vec<_> = figures["suites"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| &it["name"])
        .collect();
    assert_eq!(names, ["after", "broken", "moody", "retried", "steady"]);
    assert_eq!(figures["suites"][0]["runs"], 2);
    assert_eq!(figures["suites"][0]["latest"]["outcome"], "blocked");
}

#[test]
fn a_suite_is_shown_run_by_run_and_its_failures_bear_a_mark() {
    let place = committed();
    for state in ["broken", "", "broken"] {
        run(&place, state);
    }
    let text = look(&place, &["history", "after"]);
    let marks: Vec<&str> = text.lines().filter(|it| it.contains("[WHEN]")).collect();
    assert!(marks[0].ends_with("⊘ blocked"), "{text}");
    assert!(
        marks[1].contains('█') && !marks[1].contains("  ⊘"),
        "{text}"
    );
    let ascii = place
        .regatta(&["history", "broken"])
        .variable("LANG", "C")
        .run();
    assert!(ascii.contains("x failed by its exit code"), "{ascii}");
    assert!(ascii.contains("##") && ascii.contains("--"), "{ascii}");
    let runs = json(&place, &["history", "broken", "--format", "json"]);
    let outcomes: Vec<_> = runs["runs"]
        .as_array()
        .expect("runs")
        .iter()
        .map(|it| &it["outcome"])
        .collect();
    assert_eq!(outcomes, ["exit_code", "passed", "exit_code"]);
    assert_eq!(runs["runs"][0]["dirty"], false);
}

#[test]
fn names_that_nobody_knows_are_refused_with_the_one_that_was_meant() {
    let place = Place::new(MOODY);
    run(&place, "");
    assert_snapshot!(look(&place, &["history", "mody"]), @"
    exit 2
    --- stderr ---
    error: there is no suite `mody` in the configuration or the history; did you mean `moody`?
    ");
    assert_snapshot!(look(&place, &["compare", "latest-7"]), @"
    exit 2
    --- stderr ---
    error: there is no run `latest-7`: the history has only 1 run
    ");
    assert_snapshot!(look(&place, &["compare", "latest", "yesterday"]), @"
    exit 2
    --- stderr ---
    error: there is no run or file `yesterday`; the newest is `[RUN]`, also called `latest`
    ");
    assert_snapshot!(look(&place, &["history", "import", "nowhere"]), @"
    exit 2
    --- stderr ---
    error: cannot read `nowhere`: No such file or directory (os error 2)
    ");
}

#[test]
fn a_comparison_says_what_is_new_and_what_is_mended() {
    let place = Place::new(MOODY);
    let id = |place: &Place| place.report()["run_id"].as_str().expect("an id").to_owned();
    run(&place, "fail");
    let before = id(&place);
    run(&place, "broken");
    let after = id(&place);
    let text = look(&place, &["compare"]);
    let lines: Vec<&str> = text.lines().filter(|it| !it.contains("[RUN]")).collect();
    assert_snapshot!(lines.join("\n"), @"
    exit 0
    --- stdout ---

    Newly failing
      broken: failed by its exit code (before: passed)

    Fixed
      moody: passed (before: failed by its exit code)

    5 suites are in both; what is not named here did not change beyond the noise.
    ");
    let first = json(&place, &["compare", "--format", "json"]);
    for after in [&after, "latest", "test-logs", "test-logs/events.jsonl"] {
        let words = ["compare", "--format", "json", &before, after];
        assert_eq!(json(&place, &words), first, "{after}");
    }
    let words = [
        "compare",
        "--format",
        "json",
        &before,
        "test-logs/test-report.json",
    ];
    let report = json(&place, &words);
    for list in [
        "newly_failing",
        "fixed",
        "still_failing",
        "added",
        "removed",
    ] {
        assert_eq!(report[list], first[list], "{list}");
    }
}

#[test]
fn a_suite_that_takes_longer_or_more_memory_is_named_beyond_the_noise() {
    let slow = "python3 -c 'import time, os; s = os.path.exists(\"slow\"); x = bytearray((s and 64 or 1) << 20); time.sleep(s and 0.8 or 0.1)'";
    let place = Place::new(&format!("[suites.work]\ncommand = '''{slow}'''\n"));
    for _ in 0..6 {
        run(&place, "");
    }
    place.write("slow", "");
    run(&place, "");
    let found = json(&place, &["compare", "--format", "json"]);
    assert_eq!(found["slower"][0]["name"], "work", "{found:#}");
    assert_eq!(found["slower"][0]["samples"], 6, "{found:#}");
    assert_eq!(found["bigger"][0]["name"], "work", "{found:#}");
    let text = look(&place, &["compare"]);
    assert!(text.contains("is noise, as 6 runs show"), "{text}");
}

#[test]
fn what_is_exported_is_imported_once_and_the_same() {
    let place = committed();
    for state in ["fail", "broken", ""] {
        run(&place, state);
    }
    let export = |place: &Place| {
        let text = place.regatta(&["history", "export"]).run();
        text.strip_prefix("exit 0\n--- stdout ---\n")
            .expect("a success")
            .to_owned()
    };
    // A run's id is told as such in the answer, which no import could read.
    let raw = Command::new(assert_cmd::cargo::cargo_bin!("regatta"))
        .args(["history", "export"])
        .current_dir(place.root())
        .output()
        .expect("regatta starts");
    let other = Place::new(MOODY);
    fs::write(other.path("runs.jsonl"), &raw.stdout).expect("a file");
    assert_snapshot!(look(&other, &["history", "import", "runs.jsonl"]), @"
    exit 0
    --- stdout ---
    Added 3 runs.
    ");
    assert_snapshot!(look(&other, &["history", "import", "runs.jsonl"]), @"
    exit 0
    --- stdout ---
    Added 0 runs; 3 runs were there already.
    ");
    assert_eq!(export(&other), export(&place));
    assert_eq!(
        json(&other, &["history", "--format", "json"]),
        json(&place, &["history", "--format", "json"])
    );
    other.write("broken.jsonl", "{\"format\":1}\n");
    assert_snapshot!(look(&other, &["history", "import", "broken.jsonl"]), @"
    exit 2
    --- stderr ---
    error: line 1 of `broken.jsonl` is no exported run: missing field `run_id` at line 1 column 12; nothing was imported
    ");
}

#[test]
fn timings_are_written_for_committing_and_read_where_there_is_no_history() {
    let place = Place::new("[suites.a]\ncommand = 'sleep 0.2'\n[suites.b]\ncommand = 'exit 1'\n");
    run(&place, "");
    assert_snapshot!(look(&place, &["history", "export", "--timings"]), @"
    exit 0
    --- stdout ---
    Wrote the usual durations of 1 suite into regatta-timings.json.
    ");
    let text = place.read("regatta-timings.json");
    let timings: Value = serde_json::from_str(&text).expect("JSON");
    let names: Vec<&String> = timings["suites"]
        .as_object()
        .expect("suites")
        .keys()
        .collect();
    assert_eq!(names, ["a"]);
    let seconds = timings["suites"]["a"].as_f64().expect("seconds");
    assert!((0.1..60.0).contains(&seconds), "{text}");
    place.regatta(&["history", "export", "--timings"]).run();
    assert_eq!(place.read("regatta-timings.json"), text);
    fs::remove_dir_all(place.path(".regatta")).expect("the history");
    run(&place, "");
    let journal = place.read("test-logs/events.jsonl");
    let line = journal.lines().next().expect("a line");
    let header: Value = serde_json::from_str(line).expect("JSON");
    assert_eq!(
        header["past"][0]["usual"]["duration"],
        timings["suites"]["a"]
    );
    assert_eq!(header["past"][1]["usual"], Value::Null);
}

#[test]
fn an_older_run_is_reported_from_its_kept_journal() {
    let place = Place::new(MOODY);
    run(&place, "fail");
    let id = place.report()["run_id"].as_str().expect("an id").to_owned();
    let first = json(&place, &["report", "--format", "json"]);
    run(&place, "");
    assert_eq!(json(&place, &["report", &id, "--format", "json"]), first);
    let text = place.regatta(&["report", &id]).run();
    assert!(text.contains("✗ moody failed (exit code 1)"), "{text}");
    fs::remove_dir_all(place.path("test-logs")).expect("the logs");
    assert_eq!(json(&place, &["report", &id, "--format", "json"]), first);
}

#[test]
fn a_history_is_made_anew_from_the_kept_journals() {
    let place = committed();
    for state in ["fail", "broken", ""] {
        run(&place, state);
    }
    let before = json(&place, &["history", "--format", "json"]);
    for name in ["history.db", "history.db-wal", "history.db-shm"] {
        fs::remove_file(place.path(&format!(".regatta/{name}"))).expect("the database");
    }
    assert_snapshot!(look(&place, &["history", "rebuild"]), @"
    exit 0
    --- stdout ---
    Added 3 runs from kept journals; the history has 3 runs.
    ");
    assert_eq!(json(&place, &["history", "--format", "json"]), before);
}

#[test]
fn rounds_that_passed_and_failed_are_evidence_and_not_a_breach() {
    let place = Place::new(
        "[suites.a]\ncommand = 'n=$(cat n || echo 0); echo $((n + 1)) > n; test $((n % 3)) != 1'\n",
    );
    place
        .regatta(&["--progress", "none", "--repeat", "6"])
        .run();
    let found = json(&place, &["flaky", "--format", "json"]);
    assert!(
        found["broken"].as_array().expect("a list").is_empty(),
        "{found:#}"
    );
    assert_eq!(found["flaky"][0]["failures"], 2, "{found:#}");
    assert_eq!(found["flaky"][0]["attempts"], 6, "{found:#}");
}

#[test]
fn a_name_that_no_run_can_have_is_not_imported() {
    let place = Place::new(MOODY);
    let line = |id: &str, name: &str| {
        format!(
            r#"{{"format":1,"run_id":"{id}","started_us":1,"duration_us":1,"state":"finished","exit_code":0,"commit":null,
            "branch":null,"dirty":null,"host":"slipway","os":"linux","cpus":2,"max_parallel":2,"profile":null,"selection":null,
            "version":"0.1.0","suites":[{{"name":"{name}","status":"passed","outcome":"passed"}}]}}"#
        )
        .replace('\n', "")
    };
    let import = |place: &Place| look(place, &["history", "import", "runs.jsonl"]);
    place.write("runs.jsonl", &line("one", r"a\u001b[31m"));
    assert_snapshot!(import(&place), @r#"
    exit 2
    --- stderr ---
    error: line 1 of `runs.jsonl` is no exported run: "a\u{1b}[31m" is no suite's name; nothing was imported
    "#);
    place.write("runs.jsonl", &line("../one", "a"));
    assert_snapshot!(import(&place), @r#"
    exit 2
    --- stderr ---
    error: line 1 of `runs.jsonl` is no exported run: "../one" is no run's id; nothing was imported
    "#);
    place.write("runs.jsonl", &line("one", "a"));
    assert!(import(&place).contains("Added 1 run."));
}

#[test]
fn a_failure_with_nearly_all_others_is_shown_as_one_that_does_not_count() {
    let suites = ["a", "b", "c", "d", "e"];
    let suites = suites.map(|it| format!("[suites.{it}]\ncommand = '! test -e down'\n"));
    let place = Place::new(&suites.concat());
    run(&place, "");
    place.write("down", "");
    run(&place, "");
    let text = look(&place, &["history", "a"]);
    assert!(text.contains("a: passed 1 of 1 run (100%)"), "{text}");
    let last = text.trim_end().lines().last().expect("a line");
    assert!(
        last.ends_with("✗ failed by its exit code, as nearly all did; not counted"),
        "{text}"
    );
}
