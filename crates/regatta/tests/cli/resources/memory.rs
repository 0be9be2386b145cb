//! The memory that suites share.

use insta::assert_snapshot;

use super::group::MemoryGroup;
use super::{attempts, give_memory, most_at_once, place, run};
use crate::support::Place;

/// Eight suites that hold 400 MB each, for real.
fn eight(more: &str) -> Place {
    let suite = |number: u32| {
        format!("[suites.s{number}]\ncommand = './evil alloc 382 sleep 0.2'\n{more}\n")
    };
    let suites: Vec<String> = (1..=8).map(suite).collect();
    place(&suites.concat())
}

#[test]
fn suites_that_say_what_they_take_share_a_gibibyte() {
    let place = eight("memory = '400MB'");
    give_memory(&place, 1024);
    let output = run(&place, &["-j", "8"]);
    assert!(output.starts_with("exit 0\n"), "{output}");
    assert_eq!(place.report()["summary"]["passed"], 8);
    // Nine tenths of a GiB hold two of them.
    assert_eq!(most_at_once(&place), 2);
}

#[test]
fn what_suites_took_before_is_what_they_take() {
    let place = eight("");
    give_memory(&place, 1024);
    run(&place, &["-j", "3"]);
    assert_eq!(most_at_once(&place), 3, "nothing is known yet");
    run(&place, &["-j", "3"]);
    assert_eq!(most_at_once(&place), 2);
    // A larger machine has room for all of them.
    give_memory(&place, 8192);
    run(&place, &["-j", "3"]);
    assert_eq!(most_at_once(&place), 3);
}

#[test]
fn a_suite_that_wants_more_than_there_is_runs_when_nobody_takes_any() {
    let place = place(
        "[suites.huge]\ncommand = 'true'\nmemory = '900GiB'\n\
         [suites.a]\ncommand = 'sleep 0.2'\nmemory = '10MiB'\n\
         [suites.b]\ncommand = 'sleep 0.2'\nmemory = '10MiB'\n",
    );
    give_memory(&place, 100);
    let output = run(&place, &["-j", "8"]);
    assert!(output.starts_with("exit 0\n"), "{output}");
    assert_eq!(most_at_once(&place), 2);
}

#[test]
fn a_limit_of_a_group_counts_as_the_machine_s_own() {
    let place = eight("memory = '400MB'");
    give_memory(&place, 100_000);
    place.write("machine/proc/self/cgroup", "0::/a/b\n");
    let mount = "29 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
    place.write("machine/proc/self/mountinfo", mount);
    place.write("machine/sys/fs/cgroup/a/memory.max", "1073741824\n");
    place.write("machine/sys/fs/cgroup/a/memory.current", "20000\n");
    run(&place, &["-j", "8"]);
    assert_eq!(most_at_once(&place), 2);
}

/// Where the system lets this test make a group with a limit, eight suites really have no more than a GiB.
#[test]
fn in_a_real_gibibyte_nobody_is_killed_who_is_known_and_whoever_is_passes_alone() {
    let Some(group) = MemoryGroup::of_bytes(1 << 30) else {
        // The same on a machine made of files is shown above; here it can be shown no better.
        return suites_that_say_what_they_take_share_a_gibibyte();
    };
    let run_inside = |place: &Place| {
        let mut command = group.enter(assert_cmd::cargo::cargo_bin!("regatta"));
        command.args(["-j", "8", "--progress", "none"]);
        command.env_clear().current_dir(place.root());
        command.env("PATH", std::env::var_os("PATH").expect("a PATH"));
        command.env("TMPDIR", place.temporary());
        let output = command.output().expect("it starts");
        assert!(output.status.success(), "{output:?}");
        place.check_afterwards();
        assert_eq!(place.report()["summary"]["passed"], 8);
    };
    let known = eight("memory = '400MB'");
    run_inside(&known);
    assert_eq!(group.kills(), 0);

    let unknown = eight("");
    run_inside(&unknown);
    let killed = group.kills();
    let names = (1..=8).map(|number| format!("s{number}"));
    let twice = names.filter(|name| attempts(&unknown, name) == "out_of_memory passed");
    // The system may have killed more than one process of a suite.
    assert!(twice.count() as u64 <= killed, "{killed}");
    run_inside(&unknown);
    assert_eq!(group.kills(), killed, "what was learned keeps them alive");
}

#[test]
fn the_plan_tells_the_memory_and_what_it_costs() {
    let place = place(
        "[suites.a]\ncommand = 'make a'\nmemory = '700MiB'\n\
         [suites.b]\ncommand = 'make b'\nmemory = '700MiB'\n\
         [suites.c]\ncommand = 'make c'\n",
    );
    give_memory(&place, 1000);
    assert_snapshot!(run(&place, &["-n", "-j", "3"]), @"
    exit 0
    --- stdout ---
    Plan: 3 suites, 3 at a time; nothing is run

      Predicted time: unknown; no suite has passed here yet, so each counts as [TIME]
      Floor:          [TIME] by memory (critical path [TIME], work over 3 slots [TIME])
      Critical path:  a
      Memory:         900 MiB for suites to share

        0s                                    [TIME]                              [TIME]
      1 ├a───────────────────────────────────┤├b───────────────────────────────────┤
      2 ├c───────────────────────────────────┤

    Suites by their start (`?`: a guessed time):
      a ([TIME] to [TIME]?; memory 700 MiB)
        make a
      c ([TIME] to [TIME]?)
        make c
      b ([TIME] to [TIME]?; memory 700 MiB)
        make b
    ");
    give_memory(&place, 2000);
    let output = run(&place, &["-n", "-j", "3"]);
    assert!(!output.contains("memory"), "{output}");
}
