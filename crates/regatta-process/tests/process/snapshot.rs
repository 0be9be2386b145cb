//! What a table shows of the processes of a running command.

use std::ffi::CString;
use std::fs;
use std::process::Command as Process;
use std::thread;
use std::time::{Duration, Instant};

use regatta_process::{Command, Happening, ProcessTable};

use crate::support::{Bench, PATIENCE, alone};

/// Returns the table of a command once a line of it ends in each of these.
fn table_of(bench: &mut Bench, command: &Command, ends: &[&str]) -> String {
    bench.supervisor.spawn(1, command).unwrap();
    let leader = bench.supervisor.pid(1).unwrap();
    let give_up = Instant::now() + PATIENCE;
    loop {
        let table = ProcessTable::read().snapshot(leader).to_string();
        if ends
            .iter()
            .all(|end| table.lines().any(|line| line.ends_with(end)))
        {
            return table;
        }
        assert!(Instant::now() < give_up, "no {ends:?} in\n{table}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Returns the line that ends in `command`, indented or not, as words.
#[track_caller]
fn find<'t>(table: &'t str, command: &str) -> Vec<&'t str> {
    let line = table.lines().find(|line| line.ends_with(command));
    let line = line.unwrap_or_else(|| panic!("no `{command}` in\n{table}"));
    line.split_whitespace().collect()
}

#[test]
fn children_stand_below_their_parents() {
    let mut bench = Bench::new();
    let command = bench.shell("sleep 601 & (sleep 602; :) & wait");
    let table = table_of(&mut bench, &command, &["  sleep 601", "    sleep 602"]);
    let leader = bench.supervisor.pid(1).unwrap().to_string();
    let lines: Vec<&str> = table.lines().collect();
    let heading: Vec<&str> = lines[0].split_whitespace().collect();
    assert_eq!(
        heading.join(" "),
        "PID PARENT STATE WAITS IN CPU THREADS COMMAND"
    );
    let column = lines[0].find("COMMAND").unwrap();
    assert!(lines[1].trim_start().starts_with(&leader), "{table}");
    assert!(
        lines[1][column..].starts_with("/bin/sh -c sleep 601 &"),
        "{table}"
    );
    let child = find(&table, "sleep 601");
    assert_eq!(child[1], leader, "{table}");
    let indent = |command: &str| {
        let line = lines.iter().find(|it| it.ends_with(command)).unwrap();
        line[column..].len() - line[column..].trim_start().len()
    };
    assert_eq!(
        (indent("  sleep 601"), indent("  sleep 602")),
        (2, 4),
        "{table}"
    );
}

#[test]
fn a_stopped_process_and_one_that_left_the_group_are_seen() {
    let test = "snapshot::a_stopped_process_and_one_that_left_the_group_are_seen";
    alone(test, || {
        let mut bench = Bench::new();
        let script = "setsid sleep 603 & sleep 604 & \
                      until grep -q sleep /proc/$!/comm; do :; done; kill -STOP $!; \
                      until grep -q '^State:.T' /proc/$!/status; do :; done; exec sleep 605";
        let command = bench.shell(script);
        let ends = ["  sleep 603", "  sleep 604", "  sleep 605"];
        let table = table_of(&mut bench, &command, &ends);
        let stopped = find(&table, "  sleep 604");
        assert_eq!(stopped[2..4], ["T", "stopped"], "{table}");
    });
}

#[test]
fn a_daemon_with_the_mark_of_its_command_is_seen_and_that_of_another_is_not() {
    let test = "snapshot::a_daemon_with_the_mark_of_its_command_is_seen_and_that_of_another_is_not";
    alone(test, || {
        let mut bench = Bench::new();
        let daemon = |name: &str, seconds: u32| {
            let script = format!("(setsid sleep {seconds} > /dev/null 2>&1 &); exec sleep {name}");
            let mut command = bench.shell(&script);
            let mark = format!("REGATTA_ATTEMPT=run/{name}/1");
            command.env.push(CString::new(mark).unwrap().into());
            command.log = bench.path(name);
            command
        };
        let (other, own) = (daemon("608", 609), daemon("610", 611));
        bench.supervisor.spawn(2, &other).unwrap();
        let table = table_of(&mut bench, &own, &["  sleep 610", "  sleep 611"]);
        assert_eq!(table.lines().count(), 3, "{table}");
        // It stands beside the command, whose child it is no more.
        let runner = find(&table, "  sleep 610")[1];
        assert_eq!(find(&table, "  sleep 611")[1], runner, "{table}");
    });
}

#[test]
fn what_somebody_else_chose_as_a_command_line_is_one_short_line() {
    let mut bench = Bench::new();
    let long = "x".repeat(5_000);
    let argv = ["/bin/sh", "-c", "sleep 606; :", "a\nb\u{1b}[2Jc", &long];
    let command = bench.command(&argv);
    let table = table_of(&mut bench, &command, &["  sleep 606"]);
    assert!(table.contains("a\\nb\\u{1b}[2Jc xxx"), "{table}");
    for line in table.lines() {
        assert!(line.chars().count() < 300, "{line}");
    }
    assert!(table.lines().any(|line| line.ends_with("xxx…")), "{table}");
}

#[test]
fn a_crowd_is_counted() {
    let mut bench = Bench::new();
    let made = Process::new("mkfifo").arg(bench.path("fifo")).status();
    assert!(made.unwrap().success());
    let script = "i=0; while [ $i -lt 230 ]; do i=$((i + 1)); (read line < fifo) & done; wait";
    let command = bench.shell(script);
    let table = table_of(&mut bench, &command, &["and 31 more"]);
    // The heading, 200 of 231 processes, and the count.
    assert_eq!(table.lines().count(), 202, "{table}");
}

#[test]
fn what_ends_between_two_looks_is_no_error() {
    let mut bench = Bench::new();
    let script = "sleep 607 & until grep -q sleep /proc/$!/comm; do :; done; \
                  echo $! > child; echo ready; wait; sleep 608";
    let command = bench.shell(script);
    bench.supervisor.spawn(1, &command).unwrap();
    bench.wait_for_output(1, "ready");
    let leader = bench.supervisor.pid(1).unwrap();
    let seen = ProcessTable::read();
    let child = fs::read_to_string(bench.path("child")).unwrap();
    let child = child.trim();
    let end = bench.shell(&format!(
        "kill {child}; while kill -0 {child} 2>&-; do :; done"
    ));
    let end = Command {
        log: bench.path("other"),
        ..end
    };
    bench.supervisor.spawn(2, &end).unwrap();
    bench.wait_for(|it| matches!(it, Happening::Exited { key: 2, .. }).then_some(()));
    let table = seen.snapshot(leader).to_string();
    assert_eq!(find(&table, "  [sleep]")[0], child, "{table}");
}

#[test]
fn nobody_has_no_pid_and_an_empty_table() {
    let mut bench = Bench::new();
    assert_eq!(bench.supervisor.pid(1), None);
    bench.run("true");
    assert_eq!(bench.supervisor.pid(1), None);
    assert!(ProcessTable::default().snapshot(1).is_empty());
}
