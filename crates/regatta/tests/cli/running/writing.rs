//! Files that a run writes: when, where, and what happens when it cannot.

use std::fs;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;
use serde_json::json;

use super::QUIET;
use crate::support::Place;

#[test]
fn logs_of_an_earlier_run_are_not_taken_for_this_ones() {
    let place = Place::new(
        "[suites.base]\ncommand = 'echo new; exit 1'\n\
         [suites.blocked]\ncommand = 'true'\ndepends_on = ['base']\n\
         [suites.other]\ncommand = 'true'\n",
    );
    for name in [
        "base.log",
        "base.attempt-1.log",
        "base.xml",
        "base.outputs/trace",
        "blocked.log",
        "other.log",
        "other.attempt-1.log",
        "notes.txt",
    ] {
        place.write(&format!("test-logs/{name}"), "old\n");
    }
    let words = ["--suites", "blocked", "--progress", "none"];
    assert_snapshot!(place.regatta(&words).run(), @"
    exit 1
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  0/2
      ✗ Failed:  1/2
      ⊘ Skipped: 1/2

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • base: exit code 1
        Log: test-logs/base.log
        Blocked: blocked

    Run the failures again:
      regatta --suites base

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 2 suites failed
    ");
    assert_eq!(
        place.names("test-logs"),
        [
            ".gitignore",
            ".lock",
            "base.log",
            "events.jsonl",
            "notes.txt",
            "other.attempt-1.log",
            "other.log",
            "report.html",
            "test-report.json"
        ]
    );
    assert_eq!(place.read("test-logs/base.log"), "new\n");
    assert_eq!(place.read("test-logs/.gitignore"), "*\n");
}

#[test]
fn while_it_goes_on_the_report_says_so() {
    let place = Place::new(
        "[suites.looks]\ncommand = 'cp test-logs/test-report.json seen.json; cp mine.json mine-seen.json'\n\
         [suites.later]\ncommand = 'true'\ndepends_on = ['looks']\n",
    );
    place.write(
        "test-logs/test-report.json",
        "{\"state\": \"finished\", \"exit_code\": 0}\n",
    );
    let output = place
        .regatta(&["--progress", "none", "--report", "json=mine.json"])
        .run();
    assert!(output.starts_with("exit 0\n"), "{output}");
    for seen in ["seen.json", "mine-seen.json"] {
        let seen: serde_json::Value = serde_json::from_str(&place.read(seen)).unwrap();
        assert_eq!(seen["state"], "running");
        assert_eq!(seen["exit_code"], serde_json::Value::Null);
        let summary = json!({"total": 2, "passed": 0, "failed": 0, "skipped": 2});
        assert_eq!(seen["summary"], summary);
        assert_eq!(seen["suites"][0]["outcome"], "interrupted");
    }
    assert_eq!(place.report()["state"], "finished");
    assert_eq!(
        place.read("mine.json"),
        place.read("test-logs/test-report.json")
    );
}

#[test]
fn a_report_of_a_run_that_goes_on_does_not_call_it_dead() {
    let program = assert_cmd::cargo::cargo_bin!("regatta").display();
    let place = Place::new(&format!(
        "[suites.looks]\ncommand = '{program} report --format json > seen.json'\n"
    ));
    let output = place.regatta(&["--progress", "none"]).run();
    assert!(output.starts_with("exit 0\n"), "{output}");
    let seen: serde_json::Value = serde_json::from_str(&place.read("seen.json")).unwrap();
    assert_eq!(seen["state"], "running");
    assert_eq!(
        place.read("test-logs/looks.log"),
        "warning: this run still goes on; the report tells how far it has come\n"
    );
    assert_eq!(place.report()["state"], "finished");
}

#[test]
fn what_never_started_leaves_no_log_from_one_run_to_the_next() {
    let place =
        Place::new("[suites.a]\ncommand = ['./folder']\n[suites.b]\ncommand = ['./none']\n");
    fs::create_dir(place.path("folder")).unwrap();
    for _ in 0..3 {
        let output = place.regatta(&["--progress", "none"]).run();
        assert!(output.starts_with("exit 1\n"), "{output}");
        assert!(!place.has("test-logs/a.log") && !place.has("test-logs/b.log"));
    }
}

#[test]
fn a_report_that_cannot_be_written_is_noticed_before_anything_runs() {
    let place = Place::new("[suites.a]\ncommand = 'touch ran'\n");
    fs::create_dir(place.path("folder")).unwrap();
    assert_snapshot!(place.regatta(&["--report", "json=nowhere/report.json"]).run(), @"
    exit 3
    --- stderr ---
    error: cannot write the report `nowhere/report.json`: No such file or directory (os error 2)
    ");
    let made = Command::new("mkfifo").arg(place.path("pipe")).status();
    assert!(made.unwrap().success());
    // Replaced by a file, as a report is: that would be the end of `/dev/null` for everyone.
    assert_snapshot!(place.regatta(&["--report", "json=pipe"]).run(), @"
    exit 3
    --- stderr ---
    error: cannot write the report `pipe`: it is no regular file
    ");
    let kind = fs::symlink_metadata(place.path("pipe"))
        .unwrap()
        .file_type();
    assert!(kind.is_fifo());
    assert_snapshot!(place.regatta(&["--report", "json=folder"]).run(), @"
    exit 3
    --- stderr ---
    error: cannot write the report `folder`: it is no regular file
    ");
    assert!(!place.has("ran"));
}

#[test]
fn l7_a_log_directory_that_is_none() {
    let place = Place::new("[suites.a]\ncommand = 'touch ran'\n");
    place.write("file", "mine\n");
    assert_snapshot!(place.regatta(&["--log-dir", "file"]).run(), @"
    exit 3
    --- stderr ---
    error: failed to use the log directory `file`: File exists (os error 17)
    ");
    assert_snapshot!(place.regatta(&["--log-dir", "file/below"]).run(), @"
    exit 3
    --- stderr ---
    error: failed to use the log directory `file/below`: Not a directory (os error 20)
    ");
    assert_snapshot!(place.regatta(&["--log-dir", "/proc/nowhere"]).run(), @"
    exit 3
    --- stderr ---
    error: failed to use the log directory `/proc/nowhere`: No such file or directory (os error 2)
    ");
    assert!(!place.has("ran"));
    assert_eq!(place.read("file"), "mine\n");
}

#[test]
fn a_journal_that_cannot_be_written_is_noticed_before_anything_runs() {
    let place = Place::new("[suites.a]\ncommand = 'touch ran'\n");
    fs::create_dir_all(place.path("logs/events.jsonl")).unwrap();
    assert_snapshot!(place.regatta(&["--log-dir", "logs"]).run(), @"
    exit 3
    --- stderr ---
    error: cannot write the journal `[PLACE]/logs/events.jsonl`: Is a directory (os error 21)
    ");
    assert!(!place.has("ran"));
}

#[test]
fn l7_something_else_where_a_log_should_be_is_noticed_before_anything_runs() {
    let place =
        Place::new("[suites.a]\ncommand = 'touch ran'\n[suites.b]\ncommand = 'touch ran'\n");
    place.write("precious", "mine\n");
    fs::create_dir(place.path("test-logs")).unwrap();
    symlink(place.path("outside"), place.path("test-logs/.gitignore")).unwrap();
    symlink(place.path("precious"), place.path("test-logs/b.log")).unwrap();
    assert_snapshot!(place.regatta(&["-j", "1"]).run(), @"
    exit 3
    --- stderr ---
    error: cannot use the log directory `test-logs`: `b.log` in it is no regular file
    ");
    fs::remove_file(place.path("test-logs/b.log")).unwrap();
    fs::create_dir_all(place.path("test-logs/b.log/in")).unwrap();
    assert_snapshot!(place.regatta(&["-j", "1"]).run(), @"
    exit 3
    --- stderr ---
    error: cannot use the log directory `test-logs`: `b.log` in it is no regular file
    ");
    assert!(!place.has("ran"));
    assert_eq!(place.read("precious"), "mine\n");
    assert!(!place.has("outside"));
    // What belongs to no selected suite is nobody's business.
    let output = place
        .regatta(&["--suites", "a", "--progress", "none"])
        .run();
    assert!(output.starts_with("exit 0\n"), "{output}");
}

#[test]
fn a_log_that_turns_into_a_link_during_the_run_is_lost_and_leads_nowhere() {
    let place = Place::new(
        "[suites.a]\ncommand = 'ln -s ../precious test-logs/b.log'\n\
         [suites.b]\ncommand = 'touch ran'\ndepends_on = ['a']\n",
    );
    place.write("precious", "mine\n");
    assert_snapshot!(place.regatta(&QUIET).run(), @"
    exit 3
    --- stdout ---

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/2
      ✗ Failed:  1/2

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    Failed Tests:
      • b: lost by the runner: failed to create log file `[PLACE]/test-logs/b.log`: Too many levels of symbolic links (os error 40)

    Run the failures again:
      regatta --suites b

    📄 JSON report: test-logs/test-report.json

    ❌ 1 of 2 suites failed
    ");
    assert!(!place.has("ran"));
    assert_eq!(place.read("precious"), "mine\n");
}

#[test]
fn a_log_directory_that_goes_away_costs_the_logs_and_nothing_else() {
    let place = Place::new("[suites.a]\ncommand = 'rm -r test-logs; touch ran'\n");
    place.allow_survivors();
    assert_snapshot!(place.regatta(&[]).run(), @"
    exit 3
    --- stdout ---
    🚀 Project Parallel Test Runner
    ═══════════════════════════════════════════════════

    📊 Test Configuration:
      • Total suites: 1
      • Max parallel: 2
      • Fail-fast: disabled
      • Log directory: test-logs

      TEST: 1 suite(s)

    📦 a
      [1/1] ✓ a passed in [TIME]

    📋 Test Summary
    ═══════════════════════════════════════════════════

      ✓ Passed:  1/1
      ✗ Failed:  0/1

      ⏱️  Total time: [TIME]
      ⚡ Speedup: [RATIO] ([TIME] saved)

    📄 JSON report: test-logs/test-report.json

    ✅ All tests passed!

    --- stderr ---
    error: cannot write the report `[PLACE]/test-logs/test-report.json`: No such file or directory (os error 2)
    error: cannot write the report `[PLACE]/test-logs/report.html`: No such file or directory (os error 2)
    ");
    assert!(place.has("ran"));
}

#[test]
fn a_report_path_that_cannot_be_written_leaves_the_last_run_alone() {
    let place = Place::new("[suites.a]\ncommand = 'echo ran >> ran'\n");
    place.regatta(&["--progress", "none"]).run();
    let (report, journal) = (
        place.read("test-logs/test-report.json"),
        place.read("test-logs/events.jsonl"),
    );
    assert_snapshot!(place.regatta(&["--report", "json=nowhere/report.json"]).run(), @"
    exit 3
    --- stderr ---
    error: cannot write the report `nowhere/report.json`: No such file or directory (os error 2)
    ");
    assert_eq!(place.read("ran"), "ran\n");
    assert_eq!(place.read("test-logs/test-report.json"), report);
    assert_eq!(place.read("test-logs/events.jsonl"), journal);
}

#[test]
fn temporary_files_of_a_killed_run_go_with_the_next_start() {
    let place = Place::new("[suites.a]\ncommand = 'echo $TEST_TMPDIR'\n");
    place.regatta(&QUIET).run();
    let log = place.read("test-logs/a.log");
    let private = Path::new(log.trim_end());
    let folder = private.parent().expect("the run's folder");
    let id = place.report()["run_id"].as_str().expect("an id").to_owned();
    assert_eq!(folder, place.temporary().join(format!("regatta-{id}")));

    // What a kill leaves: a journal that tells of no end, and the folder.
    let journal = place.read("test-logs/events.jsonl");
    let end = journal.trim_end().rfind('\n').expect("several lines");
    place.write("test-logs/events.jsonl", &journal[..=end]);
    fs::create_dir_all(private).unwrap();
    fs::write(private.join("trash"), "x").unwrap();
    let output = place.regatta(&QUIET).run();
    assert!(output.starts_with("exit 0\n"), "{output}");
    assert!(!folder.exists());
}
