//! What a suite is given, how it is ended, and that nothing of it stays.

use std::process::{Output, Stdio};

use insta::assert_snapshot;
use rustix::process::{Pid, Signal};

use super::invariants::{self, Ended};
use super::{
    PROMPTLY, as_plain_user, count_in_journal, duration, family, outcomes, place, run, suite,
};
use crate::support::{Place, shell, wait_until};

#[test]
fn promise_2_a_suite_gets_what_it_was_promised() {
    let place = place(
        "[suites.gets]\ncommand = '''./evil read-stdin; ls /proc/self/fd; ls -A $TEST_TMPDIR; \
         grep -E \"^Sig(Blk|Ign)\" /proc/self/status'''\n",
    );
    let line =
        "trap '' USR1 PIPE QUIT TSTP; exec 7</dev/null; echo unread | regatta --progress none";
    let output = shell(&place, line);
    invariants::check(&place, Ended::InOrder);
    assert!(output.starts_with("exit 0\n"), "{output}");
    // Descriptor 3 is the folder that ls reads.
    assert_snapshot!(place.read("test-logs/gets.log"), @r"
    stdin: 0 bytes
    0
    1
    2
    3
    SigBlk:	0000000000000000
    SigIgn:	0000000000000000
    ");
}

#[test]
fn p3_a_grandchild_that_holds_the_output_holds_nothing_up() {
    let place = place("[suites.holds]\ncommand = './evil emit 3000000 hold-stdout print last'\n");
    let output = run(&place, &[]);
    assert!(output.starts_with("exit 0\n"), "{output}");
    assert!(duration(&place, "holds") < PROMPTLY);
    let log = place.read("test-logs/holds.log");
    assert_eq!((log.len(), log.ends_with("last")), (3_000_004, true));
}

/// Suites that would never end, each in another way.
const ENDLESS: &str = r#"
[run]
timeout = 1
grace_period = "500ms"
[suites.stopped]
command = "./evil stop-self"
[suites.stopped-with-children]
command = "./evil ignore TERM pid-file pids/child sleep 600 & exec ./evil wait-for pids/child stop-self"
[suites.silent]
command = "./evil ignore TERM sleep 600"
[suites.floods]
command = "./evil ignore TERM emit 1000000000000000"
max_log = "1MiB"
[suites.forks]
command = "./evil fork-chain 1000000000 & exec ./evil ignore TERM sleep 600"
[suites.breeds]
command = "trap '' TERM; while :; do ./evil sleep 600 & ./evil exit 0; done"
"#;

#[test]
fn p5_and_promise_4_a_time_out_is_kept_whatever_the_suite_does() {
    let place = place(ENDLESS);
    let output = run(&place, &["-j", "6"]);
    assert!(output.starts_with("exit 1\n"), "{output}");
    assert_eq!(outcomes(&place), ["timeout"; 6].join(" "));
    for suite in place.suites().split(' ') {
        let duration = duration(&place, suite);
        assert!(
            (1.0..1.5 + PROMPTLY).contains(&duration),
            "{suite}: {duration}"
        );
    }
    assert!(place.has("pids/child"));
}

/// So many suites that wait for a signal, each with a child.
fn waiting(signals: &str) -> String {
    let suite = |name: u32| {
        format!(
            "[suites.s{name}]\ngrace_period = '1h'\n\
             command = './evil {signals} sleep 600 & exec ./evil {signals} pid-file pids/s{name} sleep 600'\n"
        )
    };
    (1..=4).map(suite).collect()
}

#[test]
fn p6_four_running_suites_are_told_and_the_runner_dies_by_the_signal() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let place = place(&waiting(""));
        let running = place.regatta(&["-j", "4", "--progress", "none"]).start();
        wait_until("all run", || place.names("pids").len() == 4);
        running.signal(signal);
        let output = running.finish_unchecked();
        invariants::check(&place, Ended::InOrder);
        let expected = format!("signal {}\n", signal.as_raw());
        assert!(output.starts_with(&expected), "{output}");
        assert_eq!(outcomes(&place), ["interrupted"; 4].join(" "));
        let report = place.report();
        assert_eq!(report["state"], "interrupted");
        assert_eq!(report["exit_code"], 128 + signal.as_raw());
    }
}

#[test]
fn p7_a_second_sigint_kills_what_ignores_the_first() {
    let place = place(&waiting("ignore INT ignore TERM"));
    let running = place.regatta(&["-j", "4", "--progress", "none"]).start();
    wait_until("all run", || place.names("pids").len() == 4);
    running.signal(Signal::INT);
    let stopping = r#""event":"stopping""#;
    wait_until("all were asked", || count_in_journal(&place, stopping) == 4);
    assert_eq!(count_in_journal(&place, r#""event":"attempt_finished""#), 0);
    running.signal(Signal::INT);
    // Their grace would have been an hour.
    let output = running.finish_unchecked();
    invariants::check(&place, Ended::InOrder);
    assert!(output.starts_with("signal 2\n"), "{output}");
    assert_eq!(outcomes(&place), ["interrupted"; 4].join(" "));
}

#[test]
fn p11_codes_and_signals_are_told_apart() {
    let ends = [
        "signal 11",
        "signal 6",
        "signal 9",
        "exit 77",
        "exit 130",
        "exit 255",
    ];
    let suite = |end: &&str| {
        let (kind, number) = end.split_once(' ').expect("two words");
        format!("[suites.{kind}-{number}]\ncommand = ['./evil', '{kind}', '{number}']\n")
    };
    let place = place(&ends.iter().map(suite).collect::<String>());
    let output = run(&place, &[]);
    assert!(output.starts_with("exit 1\n"), "{output}");
    assert_snapshot!(place.outcomes(), @r"
    signal-11: failed, signal [signal] code null log test-logs/signal-11.log: killed by signal 11 (SIGSEGV)
    signal-6: failed, signal [signal] code null log test-logs/signal-6.log: killed by signal 6 (SIGABRT)
    signal-9: failed, signal [signal] code null log test-logs/signal-9.log: killed by signal 9 (SIGKILL)
    exit-77: failed, exit_code [exit_code] code 77 log test-logs/exit-77.log: exit code 77
    exit-130: failed, exit_code [exit_code] code 130 log test-logs/exit-130.log: exit code 130
    exit-255: failed, exit_code [exit_code] code 255 log test-logs/exit-255.log: exit code 255
    ");
}

#[test]
fn p12_and_promise_7_fail_fast_cancels_the_others_with_their_trees() {
    let place = place(
        r#"
        [run]
        grace_period = "500ms"
        [suites.fails]
        command = "./evil wait-for pids/deaf wait-for pids/polite exit 1"
        [suites.polite]
        command = "./evil sleep 600 & exec ./evil pid-file pids/polite sleep 600"
        [suites.deaf]
        command = "./evil ignore TERM sleep 600 & exec ./evil ignore TERM pid-file pids/deaf sleep 600"
        [suites.queued]
        command = "./evil write-input ran"
        [suites.blocked]
        command = "./evil write-input ran"
        depends_on = ["fails"]
        "#,
    );
    let output = run(&place, &["-j", "3", "--fail-fast"]);
    assert!(output.starts_with("exit 1\n"), "{output}");
    assert_snapshot!(place.outcomes(), @r"
    fails: failed, exit_code [exit_code] code 1 log test-logs/fails.log: exit code 1
    polite: skipped, cancelled [cancelled] code null log test-logs/polite.log: Cancelled while running, after a failure elsewhere
    deaf: skipped, cancelled [cancelled] code null log test-logs/deaf.log: Cancelled while running, after a failure elsewhere
    queued: skipped, cancelled [] code null log -: Cancelled before it started, after a failure elsewhere
    blocked: skipped, blocked [] code null log -: Dependency fails did not pass
    ");
    assert_eq!(place.report()["summary"]["failed"], 1);
    assert!(!place.has("ran"));
}

/// A suite whose first attempt leaves a server behind, started by these words; the second needs its port.
pub(super) fn leaves_server(words: &str) -> Place {
    place(&format!(
        r#"
        [suites.serves]
        retries = {{ count = 1, delay = "0s", jitter = false }}
        command = """
            case $REGATTA_ATTEMPT in
                */1) ./evil {words} listen port pid-file pids/server sleep 600 & exec ./evil wait-for pids/server exit 1;;
                *) exec ./evil listen port;;
            esac
        """
        "#
    ))
}

#[test]
fn p13_a_server_of_the_first_attempt_is_gone_before_the_second() {
    let place = leaves_server("ignore TERM");
    let output = run(&place, &[]);
    assert!(output.starts_with("exit 0\n"), "{output}");
    assert_eq!(outcomes(&place), "flaky");
}

#[test]
fn p14_when_no_process_can_be_made_the_suite_fails_and_the_runner_lives() {
    let place = place(
        "[run]\ntimeout = 30\n\
         [suites.gate]\ncommand = 'exec ./evil-copy write-input $TEST_TMPDIR/trash write-input open wait-for go'\n\
         [suites.short]\ncommand = ['./evil-copy', 'write-input', 'ran']\ndepends_on = ['gate']\n\
         [suites.after]\ncommand = ['./evil-copy', 'write-input', 'ran']\ndepends_on = ['short']\n",
    );
    let child = as_plain_user(&place, "regatta")
        .args(["--progress", "none"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("regatta starts");
    wait_until("the gate is up", || place.has("open"));
    // Whoever starts suites can make no more.
    for pid in family(Pid::from_child(&child), &place.path("regatta")) {
        let limited = as_plain_user(&place, "evil-copy")
            .args(["starve", &pid.to_string()])
            .status();
        assert!(limited.expect("evil starts").success());
    }
    place.write("go", "");
    let Output { status, .. } = child.wait_with_output().expect("an end");
    invariants::check(&place, Ended::InOrder);
    assert_eq!(status.code(), Some(1));
    assert_eq!(outcomes(&place), "passed spawn_error blocked");
    let message = suite(&place, "short")["error_message"].clone();
    assert_snapshot!(message.as_str().unwrap_or_default(), @"failed to create a process: Resource temporarily unavailable (os error 11)");
    // Three tries have two pauses between them, of ten and fifty milliseconds.
    let journal = invariants::journal(&place, Ended::InOrder);
    let at = |suite: &str| {
        let mut lines = journal.iter();
        let line = lines.find(|it| it["event"] == "task_finished" && it["suite"] == suite);
        line.expect("its end")["at"].as_f64().expect("a number")
    };
    assert!(at("short") - at("gate") >= 0.06, "{journal:?}");
    assert!(!place.has("ran"));
}

#[test]
fn p14_a_runner_that_may_not_even_make_a_thread_says_so_and_does_not_panic() {
    let place = place("[suites.a]\ncommand = ['./evil-copy', 'write-input', 'ran']\n");
    std::fs::create_dir(place.path(".git")).expect("a folder");
    let mut command = as_plain_user(&place, "/bin/bash");
    command.args(["-c", "ulimit -u 1 && exec ./regatta --progress none"]);
    let output = command.output().expect("a shell");
    let code = output.status.code().expect("no signal");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        [1, 3].contains(&code) && !error.contains("panicked"),
        "{code}: {error}"
    );
    invariants::check_processes(&place);
    assert!(!place.has("ran"));
}
