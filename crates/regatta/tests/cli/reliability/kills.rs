//! SIGKILL for one of the two processes that Regatta consists of: the one that was started, or its child, which does
//! the work. Never for both in one run, which is beyond the promise.

use std::fs;
use std::io::{self, Write};
use std::thread::{panicking, sleep};
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::daemons::stubborn;
use super::invariants::{self, Ended, journal};
use super::reports::{MIXED, check_told, told};
use super::{family, outcomes, place, regatta, run};
use crate::support::{Place, wait_until};

/// Checks that the next run finds and removes what is left.
#[track_caller]
fn check_next_start(place: &Place) {
    place.write("regatta.toml", "[suites.a]\ncommand = 'true'\n");
    assert!(run(place, &[]).starts_with("exit 0\n"));
}

/// Returns the child that does the work.
pub(crate) fn runner(started: Pid) -> Option<Pid> {
    Pid::from_raw(*family(started, regatta()).get(1)?)
}

#[test]
fn p8_nothing_outlives_a_guardian_that_was_killed() {
    let place = stubborn();
    let running = place.regatta(&["-j", "4", "--progress", "none"]).start();
    wait_until("all run", || place.names("pids").len() == 8);
    running.signal(Signal::KILL);
    invariants::check_processes(&place);
    assert!(running.finish_unchecked().starts_with("signal 9"));
    invariants::check(&place, Ended::Killed);
    let report = told(&place);
    assert_eq!(report["state"], "interrupted");
    for suite in report["suites"].as_array().expect("suites") {
        assert_eq!(suite["outcome"], "interrupted", "{suite}");
    }
    check_next_start(&place);
}

#[test]
fn p8_nothing_outlives_a_runner_that_was_killed() {
    let place = stubborn();
    let running = place.regatta(&["-j", "4", "--progress", "none"]).start();
    wait_until("all run", || place.names("pids").len() == 8);
    let runner = runner(running.pid()).expect("a child of the same program");
    kill_process(runner, Signal::KILL).expect("it is alive");
    // The guardian is alive until it has written the reports.
    invariants::check_processes_except(&place, running.pid());
    let output = running.finish_unchecked();
    assert!(output.starts_with("exit 3\n"), "{output}");
    invariants::check(&place, Ended::Killed);
    assert_eq!(outcomes(&place), ["infrastructure"; 4].join(" "));
    check_next_start(&place);
}

/// More for a killer to meet: daemons, a chain of processes, somebody who waits.
const LONGER: &str = r#"
[suites.daemon]
command = "./evil ignore TERM double-fork setsid close-output sleep 600"
[suites.background]
command = "./evil ignore TERM sleep 600 & ./evil ignore TERM sleep 0.05"
[suites.chain]
command = "./evil fork-chain 40 sleep 600"
[suites.waits]
command = "./evil ignore TERM sleep 0.1"
[suites.waits-more]
command = "./evil sleep 0.05"
depends_on = ["waits"]
[suites.flaky-again]
retries = { count = 1, delay = "20ms", jitter = false }
command = "case $REGATTA_ATTEMPT in */1) exit 1;; esac; ./evil sleep 0.05"
"#;

/// How many kills one test tries; four of them make two hundred.
const KILLS: u64 = 50;

/// Random numbers, and whoever fails with them tells which.
struct Random {
    seed: u64,
    state: u64,
}

impl Random {
    /// From the clock, or from `REGATTA_TEST_SEED`.
    fn new() -> Self {
        let wanted = std::env::var("REGATTA_TEST_SEED").ok();
        let clock = || {
            SystemTime::UNIX_EPOCH
                .elapsed()
                .expect("after 1970")
                .subsec_nanos()
        };
        let seed = wanted.map_or_else(|| clock().into(), |it| it.parse().expect("a number"));
        Self { seed, state: seed }
    }

    /// Returns a time below the longest, which is less than an hour.
    ///
    /// Source: the mixing steps of `SplitMix64` (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
    fn delay(&mut self, longest: Duration) -> Duration {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        longest.mul_f64(f64::from((mixed >> 32) as u32) / f64::from(u32::MAX))
    }
}

impl Drop for Random {
    fn drop(&mut self) {
        if panicking() {
            let _ = writeln!(io::stderr(), "REGATTA_TEST_SEED={}", self.seed);
        }
    }
}

/// Returns the run that the journal tells of, `None` while it tells of none.
fn told_run(place: &Place) -> Option<Value> {
    Some(journal(place, Ended::Killed).first()?["run_id"].clone())
}

/// Starts runs and kills them, each at another moment; `kill` picks whom, and `check` sees how the killed run ended.
fn kill_again_and_again(
    configuration: &str,
    kill: fn(Pid, Duration),
    check: fn(&Place, &str, &Value),
) {
    let place = place(configuration);
    let start = Instant::now();
    run(&place, &["-j", "4"]);
    let whole_run = start.elapsed();
    let full = place.report();
    let mut random = Random::new();
    let mut hits = 0;
    for _ in 0..KILLS {
        let before = told_run(&place);
        let running = place.regatta(&["-j", "4", "--progress", "none"]).start();
        kill(running.pid(), random.delay(whole_run));
        let output = running.finish_unchecked();
        invariants::check(&place, Ended::Killed);
        // Whoever dies before he opens a journal has not touched the one before either.
        if told_run(&place).is_some_and(|it| Some(it) != before) {
            check(&place, &output, &full);
            hits += 1;
        }
    }
    assert!(
        hits > KILLS / 4,
        "most runs were killed before they began: {hits}"
    );
    check_next_start(&place);
}

fn kill_started(pid: Pid, delay: Duration) {
    sleep(delay);
    // It may have come to its end; nobody has reaped it yet.
    let _ = kill_process(pid, Signal::KILL);
}

fn kill_runner(started: Pid, delay: Duration) {
    let is_over = || {
        let stat = fs::read_to_string(format!("/proc/{started}/stat"));
        stat.is_ok_and(|it| it.contains(") Z "))
    };
    let mut victim = None;
    wait_until("there is a runner, or none any more", || {
        victim = runner(started);
        victim.is_some() || is_over()
    });
    sleep(delay);
    // Not when the run is over: its number may belong to somebody else.
    if runner(started) == victim
        && let Some(victim) = victim
    {
        let _ = kill_process(victim, Signal::KILL);
    }
}

/// What had finished is kept, the rest is interrupted.
#[track_caller]
fn check_killed_guardian(place: &Place, output: &str, full: &Value) {
    assert!(
        output.starts_with("signal 9") || output.starts_with("exit 1\n"),
        "{output}"
    );
    check_told(&told(place), &journal(place, Ended::Killed), full);
}

/// What had finished is kept, the rest is not green, and the exit code says so.
#[track_caller]
fn check_killed_runner(place: &Place, output: &str, full: &Value) {
    let report = place.report();
    if report["exit_code"] == 0 {
        assert!(output.starts_with("exit 0\n"), "{output}");
        return;
    }
    assert!(output.starts_with("exit 3\n"), "{output}");
    assert_ne!(report["state"], "running");
    // Nobody's last word is spoken twice: what had finished stays as it was.
    let journal = journal(place, Ended::Killed);
    for suite in report["suites"].as_array().expect("suites") {
        let is_end = |it: &&Value| it["event"] == "task_finished" && it["suite"] == suite["name"];
        assert_eq!(journal.iter().filter(is_end).count(), 1, "{suite}");
    }
    let told = told(place);
    for report in [&report, &told] {
        let suites = report["suites"].as_array().expect("suites");
        for (suite, whole) in suites
            .iter()
            .zip(full["suites"].as_array().expect("suites"))
        {
            let outcome = suite["outcome"].as_str().expect("a word");
            let is_kept = outcome == whole["outcome"];
            assert!(
                is_kept || ["infrastructure", "interrupted", "blocked"].contains(&outcome),
                "{suite}"
            );
        }
    }
}

fn kill_guardians() {
    let configuration = [MIXED, LONGER].concat();
    kill_again_and_again(&configuration, kill_started, check_killed_guardian);
}

fn kill_runners() {
    kill_again_and_again(LONGER, kill_runner, check_killed_runner);
}

#[test]
fn r2_a_guardian_killed_at_any_moment_loses_no_verdict() {
    kill_guardians();
}

#[test]
fn r2_a_guardian_killed_at_any_moment_loses_no_verdict_again() {
    kill_guardians();
}

#[test]
fn r2_a_runner_killed_at_any_moment_loses_no_verdict() {
    kill_runners();
}

#[test]
fn r2_a_runner_killed_at_any_moment_loses_no_verdict_again() {
    kill_runners();
}

#[test]
fn promise_10_a_request_that_comes_with_the_lock_is_obeyed_in_good_order() {
    let place = place(
        "[suites.a]\ncommand = './evil write-input $TEST_TMPDIR/x pid-file pids/a sleep 600'\n",
    );
    fs::create_dir(place.path("test-logs")).expect("a folder");
    let lock = fs::File::create(place.path("test-logs/.lock")).expect("a file");
    flock(&lock, FlockOperation::LockExclusive).expect("nobody has it");
    let running = place.regatta(&["--progress", "none"]).start();
    wait_until("it waits", || {
        let runner = runner(running.pid()).map(|it| it.to_string());
        let locks = fs::read_to_string("/proc/locks").expect("the locks");
        runner.is_some_and(|it| locks.contains(&format!("-> FLOCK  ADVISORY  WRITE {it} ")))
    });
    // The guardian sees the signal in the same moment in which it learns that there is something to lose.
    running.signal(Signal::STOP);
    drop(lock);
    wait_until("the suite runs", || place.has("pids/a"));
    running.signal(Signal::TERM);
    running.signal(Signal::CONT);
    let output = running.finish_unchecked();
    assert!(output.starts_with("signal 15\n"), "{output}");
    invariants::check(&place, Ended::InOrder);
    assert_eq!(place.report()["state"], "interrupted");
}
