//! Processes that try to outlive their suite or the run, with the runner alive and in its right mind.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use super::invariants::{self, Ended};
use super::{PROMPTLY, count_in_journal, duration, outcomes, place, processes, run, suite};
use crate::support::{Place, wait_until};

/// The words of a daemon that leaves as little behind as it can: neither group, session nor output of its suite.
pub(super) const DAEMON: &str = "ignore TERM double-fork setsid close-output";

/// Returns the pid that evil noted.
#[track_caller]
pub(super) fn noted(place: &Place, name: &str) -> i64 {
    place.read(&format!("pids/{name}")).parse().expect("a pid")
}

#[track_caller]
fn listed(place: &Place, name: &str) -> Vec<(i64, String)> {
    let suite = suite(place, name);
    let leftovers = suite["leftovers"].as_array().expect("a list").iter();
    let pair = |it: &Value| Some((it["pid"].as_i64()?, it["name"].as_str()?.to_owned()));
    leftovers
        .map(|it| pair(it).expect("pid and name"))
        .collect()
}

#[test]
fn p2_what_a_suite_leaves_behind_is_ended_and_listed_and_judged_by_its_policy() {
    let suite = |name: &str, policy: &str| {
        format!(
            "[suites.{name}]\nleftovers = '{policy}'\n\
             command = './evil ignore TERM close-output pid-file pids/{name} sleep 600 & exec ./evil wait-for pids/{name}'\n\
             [suites.after-{name}]\ndepends_on = ['{name}']\ncommand = 'kill -0 $(cat pids/{name})'\n"
        )
    };
    let policies = [("kills", "kill"), ("allows", "allow"), ("fails", "fail")];
    let place = place(&policies.map(|(name, policy)| suite(name, policy)).concat());
    let output = run(&place, &[]);
    assert!(output.starts_with("exit 1\n"), "{output}");
    // The one that was allowed is there for the suite after it, and gone with the run.
    assert_eq!(
        outcomes(&place),
        "passed exit_code passed passed leftovers blocked"
    );
    for (name, _) in policies {
        let expected = [(noted(&place, name), "evil".to_owned())];
        assert_eq!(listed(&place, name), expected, "{name}");
    }
}

#[test]
fn p3_a_daemon_that_holds_the_output_holds_nothing_up() {
    let place = place(
        "[suites.holds]\ncommand = './evil print early double-fork setsid pid-file pids/daemon sleep 600; exec ./evil wait-for pids/daemon'\n",
    );
    let output = run(&place, &[]);
    assert!(output.starts_with("exit 0\n"), "{output}");
    assert!(duration(&place, "holds") < PROMPTLY);
    assert_eq!(place.read("test-logs/holds.log"), "early");
}

#[test]
fn p4_and_promise_3_a_daemon_is_gone_with_its_suite() {
    let leaves = |name: &str, words: &str, end: &str| {
        format!(
            "[suites.{name}]\n\
             command = './evil {words} pid-file pids/{name} sleep 600; ./evil wait-for pids/{name} {end}'\n\
             [suites.after-{name}]\ndepends_on = ['{name}']\ncommand = '! kill -0 $(cat pids/{name})'\n"
        )
    };
    let place = place(
        &[
            leaves("ends", DAEMON, ""),
            leaves("times-out", DAEMON, "ignore TERM sleep 600"),
            leaves("chains", &format!("{DAEMON} fork-chain 200"), ""),
            leaves(
                "detaches-twice",
                &format!("{DAEMON} double-fork setsid"),
                "",
            ),
        ]
        .concat()
        .replace(
            "[suites.times-out]\n",
            "[suites.times-out]\ntimeout = 1\ngrace_period = '200ms'\n",
        ),
    );
    let output = run(&place, &[]);
    assert!(output.starts_with("exit 1\n"), "{output}");
    let expected = "passed passed timeout blocked passed passed passed passed";
    assert_eq!(outcomes(&place), expected);
    for name in ["ends", "chains", "detaches-twice"] {
        let pids = listed(&place, name).into_iter().map(|(pid, _)| pid);
        assert!(
            pids.collect::<Vec<_>>().contains(&noted(&place, name)),
            "{name}"
        );
    }
}

#[test]
fn promise_3_a_daemon_that_sheds_its_environment_is_gone_with_the_run() {
    let place = place(&format!(
        "[suites.sheds]\ncommand = './evil {DAEMON} shed-environment pid-file pids/daemon sleep 600; exec ./evil wait-for pids/daemon'\n"
    ));
    let output = run(&place, &[]);
    assert!(output.starts_with("exit 0\n"), "{output}");
    let daemon = (noted(&place, "daemon"), "evil".to_owned());
    assert!(listed(&place, "sheds").contains(&daemon));
}

#[test]
fn p13_a_daemon_of_the_first_attempt_is_gone_before_the_second() {
    let place = processes::leaves_server(DAEMON);
    let output = run(&place, &[]);
    assert!(output.starts_with("exit 0\n"), "{output}");
    assert_eq!(outcomes(&place), "flaky");
}

/// Four suites that ignore all requests and have each a daemon that does.
pub(super) fn stubborn() -> Place {
    let suite = |name: u32| {
        format!(
            "[suites.s{name}]\ngrace_period = '1h'\n\
             command = './evil ignore INT ignore HUP {DAEMON} pid-file pids/daemon-{name} sleep 600; \
             exec ./evil ignore INT ignore HUP ignore TERM pid-file pids/suite-{name} sleep 600'\n"
        )
    };
    place(&(1..=4).map(suite).collect::<Vec<_>>().concat())
}

#[test]
fn promise_10_at_the_third_sigint_the_guardian_leaves_and_nothing_stays() {
    let place = stubborn();
    let running = place.regatta(&["-j", "4", "--progress", "none"]).start();
    wait_until("all run", || place.names("pids").len() == 8);
    running.signal(Signal::INT);
    let stopping = r#""event":"stopping""#;
    wait_until("all were asked", || count_in_journal(&place, stopping) == 4);
    // As often as somebody who has lost his patience would. It is reaped below, so its number is its own.
    let stat = format!("/proc/{}/stat", running.pid());
    wait_until("it is gone", || {
        running.signal(Signal::INT);
        fs::read_to_string(&stat).is_ok_and(|it| it.contains(") Z "))
    });
    // Whoever finishes the work may still be at it.
    invariants::check_processes(&place);
    let output = running.finish_unchecked();
    assert!(output.starts_with("signal 2"), "{output}");
    invariants::check(&place, Ended::Killed);
    assert_ne!(place.report()["exit_code"], 0);
    assert_eq!(outcomes(&place), ["interrupted"; 4].join(" "));
}
