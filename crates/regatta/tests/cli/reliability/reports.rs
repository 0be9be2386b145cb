//! Verdicts that are neither lost nor invented: after a kill, between two runs, and when the wall clock jumps.

use std::fs;
use std::process::Command;
use std::time::Instant;

use rustix::process::Signal;
use serde_json::Value;

use super::invariants::{self, Ended, journal};
use super::{PROMPTLY, family, outcomes, place, regatta, run};
use crate::support::{Place, wait_until};

#[test]
fn r1_a_killed_run_leaves_no_green_report_of_yesterday() {
    let place = place(
        "[suites.a]\ncommand = './evil wait-for twice emit 1000000000000000 || exit 0'\n[suites.b]\ncommand = 'true'\n",
    );
    place.write(
        "regatta.toml",
        "[suites.a]\ncommand = 'true'\n[suites.b]\ncommand = 'true'\n",
    );
    assert!(run(&place, &[]).starts_with("exit 0\n"));
    assert_eq!(place.report()["exit_code"], 0);
    // A suite that prints ends with its reader, whoever ends that.
    place.write(
        "regatta.toml",
        "[suites.a]\ncommand = './evil write-input pids/a emit 1000000000000000'\nmax_log = '1MiB'\n\
         [suites.b]\ncommand = 'true'\ndepends_on = ['a']\n",
    );
    let running = place.regatta(&[]).start();
    wait_until("it runs", || place.has("pids/a"));
    running.signal(Signal::KILL);
    assert!(running.finish_unchecked().starts_with("signal 9"));
    invariants::check(&place, Ended::Killed);
    let report = place.report();
    assert_eq!(
        (&report["state"], &report["exit_code"]),
        (&"running".into(), &Value::Null)
    );
    assert_eq!(report["summary"]["passed"], 0);
    assert_eq!(told(&place)["state"], "interrupted");
    assert_eq!(told_outcomes(&place), "interrupted interrupted");
}

/// Returns what `regatta report` makes of the journal.
#[track_caller]
pub(super) fn told(place: &Place) -> Value {
    let mut command = Command::new(regatta());
    command
        .args(["report", "--format", "json"])
        .current_dir(place.root());
    let output = command.output().expect("regatta starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("a report")
}

fn told_outcomes(place: &Place) -> String {
    let report = told(place);
    let suites = report["suites"].as_array().expect("suites").iter();
    let words: Vec<_> = suites.filter_map(|it| it["outcome"].as_str()).collect();
    words.join(" ")
}

/// Checks that a report tells as finished what the journal does, with the same word, and the rest as interrupted.
#[track_caller]
pub(super) fn check_told(report: &Value, journal: &[Value], full: &Value) {
    invariants::check_report(report, journal);
    let suites = report["suites"].as_array().expect("suites");
    for (suite, whole) in suites
        .iter()
        .zip(full["suites"].as_array().expect("suites"))
    {
        let is_told = journal
            .iter()
            .any(|it| it["event"] == "task_finished" && it["suite"] == suite["name"]);
        let expected = if is_told {
            &whole["outcome"]
        } else {
            &"interrupted".into()
        };
        assert_eq!(&suite["outcome"], expected, "{suite}");
    }
    let is_over = journal
        .last()
        .is_some_and(|it| it["event"] == "run_finished");
    assert_eq!(
        report["state"],
        if is_over { "finished" } else { "interrupted" }
    );
}

/// A run in which about everything happens, and quickly.
pub(super) const MIXED: &str = r#"
[suites.passes]
command = "./evil print fine"
[suites.fails]
command = "./evil latin1 exit 3"
[suites.flaky]
retries = { count = 1, delay = "0s", jitter = false }
command = "case $REGATTA_ATTEMPT in */1) exit 1;; esac"
[suites.dies]
command = ["./evil", "signal", "11"]
[suites.missing]
command = ["./nothing"]
[suites.blocked]
command = "true"
depends_on = ["fails"]
[suites.after]
command = "true"
depends_on = ["passes", "flaky"]
"#;

#[test]
fn r3_a_journal_that_is_cut_anywhere_tells_what_stands_before() {
    let place = place(MIXED);
    assert!(run(&place, &[]).starts_with("exit 1\n"));
    let full = place.report();
    let path = place.path("test-logs/events.jsonl");
    let whole = fs::read(&path).expect("a journal");
    let lines: Vec<usize> = whole
        .iter()
        .enumerate()
        .filter(|(_, it)| **it == b'\n')
        .map(|(at, _)| at)
        .collect();
    let header = lines[0] + 1;
    // Around every line end, and here and there within; every single byte is cut at in `report_data`.
    let near = lines.iter().flat_map(|at| [at - 1, *at, at + 1]);
    let cuts = near.chain((0..whole.len()).step_by(89));
    for cut in cuts {
        fs::write(&path, &whole[..cut]).expect("a shorter journal");
        if cut < header {
            let mut command = Command::new(regatta());
            command.arg("report").current_dir(place.root());
            let output = command.output().expect("regatta starts");
            // Without its first line it tells nothing, and says so.
            assert_eq!(output.status.code(), Some(2), "cut at {cut}");
            assert!(String::from_utf8_lossy(&output.stderr).contains("events.jsonl"));
            continue;
        }
        check_told(&told(&place), &journal(&place, Ended::Killed), &full);
    }
}

#[test]
fn r5_a_run_that_waits_goes_on_when_the_other_is_killed() {
    let place = place(
        "[suites.a]\ncommand = './evil emit 1000000 pid-file pids/a wait-for go emit 1000000000000000'\nmax_log = '1MiB'\n",
    );
    let first = place.regatta(&["--progress", "none"]).start();
    wait_until("the first runs", || place.has("pids/a"));
    let refused = place.regatta(&["--on-busy", "fail"]).run_unchecked();
    assert!(refused.starts_with("exit 5\n"), "{refused}");
    place.write("regatta.toml", "[suites.a]\ncommand = 'true'\n");
    let second = place.regatta(&["--progress", "none"]).start();
    // The kernel lists who waits for a lock.
    wait_until("the second waits", || {
        let locks = fs::read_to_string("/proc/locks").expect("the locks");
        let is_waiting = |pid: &i32| locks.contains(&format!("-> FLOCK  ADVISORY  WRITE {pid} "));
        family(second.pid(), regatta()).iter().any(is_waiting)
    });
    place.write("go", "");
    let start = Instant::now();
    first.signal(Signal::KILL);
    assert!(first.finish_unchecked().starts_with("signal 9"));
    let output = second.finish_unchecked();
    assert!(start.elapsed().as_secs_f64() < PROMPTLY);
    assert!(
        output.starts_with("exit 0\n") && output.contains("waiting for run"),
        "{output}"
    );
    invariants::check(&place, Ended::Killed);
    assert_eq!(outcomes(&place), "passed");
}

#[test]
fn r6_a_wall_clock_that_jumps_changes_no_duration() {
    let place = place(
        "[suites.before]\ncommand = './evil sleep 0.1; date +%s; ./evil write-input jumped; date +%s; ./evil sleep 0.1'\n\
         [suites.after]\ncommand = './evil sleep 0.1'\ndepends_on = ['before']\ntimeout = 20\n",
    );
    let library = place.path("wall_clock.so");
    let source = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/cli/reliability/wall_clock.c"
    );
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(source)
        .arg("-ldl")
        .status();
    assert!(made.expect("a C compiler").success());
    for jump in [3600, -3600] {
        let _ = fs::remove_file(place.path("jumped"));
        let with_jump = || {
            place
                .regatta(&["--progress", "none"])
                .variable("LD_PRELOAD", &library.to_string_lossy())
                .variable("JUMP_FILE", &place.path("jumped").to_string_lossy())
                .variable("JUMP_SECONDS", &jump.to_string())
        };
        let output = with_jump().run_unchecked();
        invariants::check(&place, Ended::InOrder);
        assert!(output.starts_with("exit 0\n"), "{output}");
        // It did jump, and the runner would have seen it: the next run starts in another hour.
        let seen: Vec<i64> = place
            .read("test-logs/before.log")
            .lines()
            .filter_map(|it| it.parse().ok())
            .collect();
        assert!((seen[1] - seen[0]).abs_diff(jump) < 60, "{seen:?}");
        let report = place.report();
        check_durations(&report);
        assert!(with_jump().run_unchecked().starts_with("exit 0\n"));
        let start = |report: &Value| report["suites"][0]["start_time"].as_f64().expect("a time");
        #[expect(clippy::cast_precision_loss, reason = "an hour in seconds")]
        let shift = start(&place.report()) - start(&report) - jump as f64;
        assert!(shift.abs() < 60.0, "{shift}");
    }
}

/// Checks that no time of a run that took less than a minute was taken from a clock that had jumped.
#[track_caller]
fn check_durations(report: &Value) {
    let number = |value: &Value| value.as_f64().expect("a number");
    let is_short = |seconds: f64| (0.0..60.0).contains(&seconds);
    assert!(is_short(number(&report["duration"])), "{report}");
    let mut previous = None;
    for suite in report["suites"].as_array().expect("suites") {
        let (start, end) = (number(&suite["start_time"]), number(&suite["end_time"]));
        assert!(number(&suite["duration"]) >= 0.1, "{suite}");
        assert!(
            is_short(number(&suite["duration"])) && is_short(end - start),
            "{suite}"
        );
        assert!(is_short(number(&suite["queue_duration"])), "{suite}");
        assert!(previous.is_none_or(|it| is_short(start - it)), "{suite}");
        previous = Some(end);
    }
}
