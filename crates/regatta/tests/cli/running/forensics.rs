//! What is put on record of suites that are slow or run into a limit, and what they may look with themselves.

use std::fs;

use insta::assert_snapshot;
use rustix::process::Signal;

use super::QUIET;
use crate::support::{Place, wait_until};

const DIAGNOSIS: &str = "test-logs/hangs.diagnosis.log";

/// Returns a place whose one suite runs into a time-out of a second, with these lines more.
fn hanging(lines: &str) -> Place {
    Place::new(&format!(
        "[suites.hangs]\ncommand = 'echo begun; sleep 600 & wait'\ntimeout = 1\n{lines}"
    ))
}

/// Runs it to the time-out and returns the diagnosis log.
#[track_caller]
fn diagnose(place: &Place) -> String {
    let output = place.regatta(&QUIET).run();
    assert!(output.starts_with("exit 1\n"), "{output}");
    let outcomes = place.outcomes();
    assert!(outcomes.starts_with("hangs: failed, timeout"), "{outcomes}");
    place.read(DIAGNOSIS)
}

/// Returns what follows the table of processes.
#[track_caller]
fn after_table(diagnosis: &str) -> &str {
    let (_, table) = diagnosis.split_once("\n\n").expect("a table");
    table.split_once("\n\n").expect("something after it").1
}

#[test]
fn a_slow_suite_and_its_time_out_are_put_on_record() {
    let place = hanging("slow_after = '300ms'\n");
    let diagnosis = diagnose(&place);
    let (slow, timeout) = diagnosis.split_once("\n\n=== ").expect("two entries");
    let heading =
        |entry: &str| place.anonymise(&entry.lines().take(3).collect::<Vec<_>>().join("\n"));
    let said = crate::support::normalise(&format!("{}\n\n=== {}", heading(slow), heading(timeout)));
    assert_snapshot!(said, @"
    === hangs, attempt 1: slow ===
    Running for [TIME]; last output [TIME] ago, ending in this line:
      begun

    === hangs, attempt 1: time-out ===
    Running for [TIME]; last output [TIME] ago, ending in this line:
      begun
    ");
    for entry in [slow, timeout] {
        let lines: Vec<&str> = entry.lines().collect();
        let words = |index: usize| lines[index].split_whitespace().collect::<Vec<_>>();
        assert_eq!(
            words(4).join(" "),
            "PID PARENT STATE WAITS IN CPU THREADS COMMAND",
            "{entry}"
        );
        assert!(
            lines[5].ends_with("  /bin/sh -c echo begun; sleep 600 & wait"),
            "{entry}"
        );
        // The child names the suite's process as its parent.
        assert!(lines[6].ends_with("    sleep 600"), "{entry}");
        assert_eq!(words(6)[1], words(5)[0], "{entry}");
        assert_eq!(lines.len(), 7, "{entry}");
    }
    assert_eq!(place.read("test-logs/hangs.log"), "begun\n");
}

#[test]
fn nothing_is_put_on_record_of_a_suite_that_is_quick() {
    let place = Place::new("[suites.quick]\ncommand = 'true'\non_timeout = 'echo never'\n");
    let output = place.regatta(&QUIET).run();
    assert!(output.starts_with("exit 0\n"), "{output}");
    assert!(!place.has("test-logs/quick.diagnosis.log"));
}

#[test]
fn on_timeout_meets_the_suite_before_its_first_signal() {
    let place = hanging(
        "env = { MODE = 'test', REGATTA_PID = '1' }\ndir = 'inside'\n\
         on_timeout = '''kill -0 $REGATTA_PID && cat /proc/$REGATTA_PID/comm; \
         echo $MODE $REGATTA_SUITE ${PWD##*/}; test -d $TEST_TMPDIR && echo private; \
         test $(ps -o pgid= -p $$) -ne $(ps -o pgid= -p $REGATTA_PID) && echo apart'''\n",
    );
    place.write("inside/file", "");
    assert_snapshot!(after_table(&diagnose(&place)), @"
    Output of on_timeout:
    sh
    test hangs inside
    private
    apart
    ");
    // Its output is nobody's log, and the suite saw no signal before it was over.
    assert_eq!(place.read("test-logs/hangs.log"), "begun\n");
    assert_eq!(
        place.names("test-logs"),
        [
            ".gitignore",
            ".lock",
            "events.jsonl",
            "hangs.diagnosis.log",
            "hangs.log",
            "report.html",
            "test-report.json"
        ]
    );
}

#[test]
fn the_first_signal_waits_for_on_timeout() {
    // The suite notes the signal; on_timeout looks for the note when it is nearly done.
    let place = Place::new(
        "[suites.hangs]\ntimeout = 1\n\
         command = 'trap \"touch asked; exit\" TERM; sleep 600 & wait'\n\
         on_timeout = ['sh', '-c', 'sleep 0.2; test -e asked || echo not asked yet', 'unused']\n",
    );
    assert_snapshot!(after_table(&diagnose(&place)), @"
    Output of on_timeout:
    not asked yet
    ");
    assert!(place.has("asked"));
}

#[test]
fn an_on_timeout_that_fails_says_so() {
    let place = hanging("on_timeout = 'printf half; exit 3'\n");
    assert_snapshot!(after_table(&diagnose(&place)), @"
    Output of on_timeout:
    half
    [on_timeout ended with exit code 3]
    ");
    let place = hanging("on_timeout = 'kill -SEGV $$'\n");
    assert_snapshot!(after_table(&diagnose(&place)), @"
    Output of on_timeout:
    [on_timeout was ended by signal 11]
    ");
}

#[test]
fn an_on_timeout_that_does_not_exist_says_so_and_the_suite_ends() {
    let place = hanging("on_timeout = ['no-such-program', '-p']\n");
    let diagnosis = diagnose(&place);
    assert_snapshot!(diagnosis.lines().last().unwrap(), @"[on_timeout did not start: failed to execute `no-such-program`: not found in PATH]");
}

#[test]
fn silence_is_looked_at_as_well() {
    let place = Place::new(
        "[suites.hangs]\ncommand = 'exec sleep 600'\nidle_timeout = '300ms'\non_timeout = 'echo here'\n",
    );
    let output = place.regatta(&QUIET).run();
    assert!(output.starts_with("exit 1\n"), "{output}");
    let diagnosis = place.read(DIAGNOSIS);
    assert!(
        diagnosis.starts_with("=== hangs, attempt 1: idle time-out ===\n")
            && diagnosis.contains("; no line of output so far\n")
            && diagnosis.ends_with("\nOutput of on_timeout:\nhere\n"),
        "{diagnosis}"
    );
}

#[test]
fn a_suite_that_ends_meanwhile_is_not_kept_waiting() {
    let place = hanging(
        "on_timeout = 'echo looking; kill -KILL $REGATTA_PID; sleep 600 & exec sleep 600'\n",
    );
    let diagnosis = diagnose(&place);
    assert!(
        diagnosis.ends_with("\n[on_timeout was killed: the suite ended before it was done]\n"),
        "{diagnosis}"
    );
}

#[test]
fn a_hanging_on_timeout_is_killed_with_what_it_started_when_the_suite_is_told_to_end() {
    let place = hanging(
        "grace_period = '1h'\n\
         on_timeout = 'trap \"\" TERM INT; sleep 600 & echo hangs too; sleep 600; touch ran'\n",
    );
    let running = place.regatta(&QUIET).start();
    wait_until("on_timeout runs", || {
        fs::read_to_string(place.path(DIAGNOSIS)).is_ok_and(|it| it.ends_with("hangs too\n"))
    });
    running.signal(Signal::INT);
    let output = running.finish();
    assert!(output.starts_with("signal 2\n"), "{output}");
    assert_snapshot!(after_table(&place.read(DIAGNOSIS)), @"
    Output of on_timeout:
    hangs too
    [on_timeout was killed: the suite was told to end before it was done]
    ");
    assert!(place.outcomes().starts_with("hangs: failed, timeout"));
    assert!(!place.has("ran"));
}

#[test]
fn what_on_timeout_leaves_behind_is_gone_before_the_first_signal() {
    let place = Place::new(
        r#"
        [suites.hangs]
        timeout = 1
        command = """
            trap 'kill -0 $(cat daemon) && echo alive; echo asked; exit' TERM
            sleep 600 & wait
        """
        on_timeout = """
            (setsid sh -c 'echo $$ > daemon.new; mv daemon.new daemon; exec sleep 600' > /dev/null 2>&1 &)
            until [ -e daemon ]; do sleep 0.01; done
        """
        "#,
    );
    diagnose(&place);
    let log = place.read("test-logs/hangs.log");
    assert!(log.ends_with("asked\n") && !log.contains("alive"), "{log}");
}

#[test]
fn every_attempt_is_looked_at_and_earlier_runs_are_forgotten() {
    let place = hanging("retries = 1\non_timeout = 'echo attempt ${REGATTA_ATTEMPT#*/}'\n");
    place.write(DIAGNOSIS, "of an earlier run");
    let diagnosis = diagnose(&place);
    let said: Vec<&str> = diagnosis
        .lines()
        .filter(|line| line.starts_with("===") || line.starts_with("attempt"))
        .collect();
    assert_snapshot!(said.join("\n"), @"
    === hangs, attempt 1: time-out ===
    attempt hangs/1/on_timeout
    === hangs, attempt 2: time-out ===
    attempt hangs/2/on_timeout
    ");
    assert!(diagnosis.starts_with("==="), "{diagnosis}");

    place.write("regatta.toml", "[suites.hangs]\ncommand = 'true'\n");
    let output = place.regatta(&QUIET).run();
    assert!(output.starts_with("exit 0\n"), "{output}");
    assert!(!place.has(DIAGNOSIS));
}

#[test]
fn a_link_in_the_place_of_the_diagnosis_log_is_not_followed() {
    // The suite puts it there, after what earlier runs left was removed.
    let place = hanging("on_timeout = 'touch ran'\n");
    place.write("precious", "untouched");
    let line = "[suites.links]\ncommand = 'ln -s ../precious test-logs/hangs.diagnosis.log'\n";
    let configuration = place.read("regatta.toml");
    place.write("regatta.toml", &(configuration + line));
    let output = place.regatta(&QUIET).run();
    assert!(
        output.contains(
            "a log could not be written whole: hangs: failed to write its diagnosis log:"
        ),
        "{output}"
    );
    assert_eq!(place.read("precious"), "untouched");
    // What the suite wants to look with runs all the same.
    assert!(place.has("ran"));
    assert!(place.outcomes().starts_with("hangs: failed, timeout"));
}

#[test]
fn a_failed_look_spares_the_verdict_and_is_not_passed_over() {
    let place = Place::new(
        "[suites.slow]\nslow_after = '200ms'\n\
         command = '''mkdir test-logs/slow.diagnosis.log; \
         until grep -qs '\"event\":\"slow\"' test-logs/events.jsonl; do sleep 0.01; done'''\n",
    );
    let output = place.regatta(&QUIET).run();
    assert!(
        output.starts_with("exit 3\n")
            && output.contains("slow: failed to write its diagnosis log:"),
        "{output}"
    );
    assert_eq!(place.report()["suites"][0]["status"], "passed");
}

#[test]
fn too_much_output_of_on_timeout_is_cut() {
    let place = hanging("on_timeout = 'head -c 3000000 /dev/zero | tr \"\\\\0\" x'\n");
    let diagnosis = diagnose(&place);
    assert!(diagnosis.len() < (1 << 20) + 2_000, "{}", diagnosis.len());
    assert!(
        diagnosis.ends_with("x\n[1951424 more bytes of output are left out]\n"),
        "{}",
        &diagnosis[diagnosis.len() - 200..]
    );
}
