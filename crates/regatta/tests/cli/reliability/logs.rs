//! Output: as much as comes, whatever is in it, wherever it should go.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};

use rustix::process::geteuid;
use serde_json::Value;

use super::invariants::{self, Ended};
use super::scale::measure;
use super::{NOBODY, as_plain_user, outcomes, place, run, suite};
use crate::support::shell;

/// What `evil emit` prints, again and again.
const PATTERN: &[u8; 61] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX\n";

#[test]
fn l2_gigabytes_take_bounded_disk_and_memory_and_hold_nobody_up() {
    const PRINTED: u64 = 5 << 30;
    const CAP: usize = 64 << 20;
    let place = place(&format!(
        "[suites.loud]\ncommand = ['./evil', 'emit', '{PRINTED}']\nmax_log = '64MiB'\n"
    ));
    let measured = measure(&place, "regatta --progress none");
    invariants::check(&place, Ended::InOrder);
    assert_eq!(measured.code, 0);
    assert!(measured.peak_bytes < 200 << 20, "{measured:?}");
    let log = fs::read(place.path("test-logs/loud.log")).expect("a log");
    assert!(log.len() <= CAP, "{}", log.len());
    // Head and tail are exact, and the count between them is what lies between them.
    let head = log
        .iter()
        .zip(PATTERN.iter().cycle())
        .take_while(|(a, b)| a == b)
        .count();
    let marker = log[head..]
        .split_inclusive(|it| *it == b'\n')
        .find(|it| it.starts_with(b"["));
    let marker = std::str::from_utf8(marker.expect("a line that counts")).expect("text");
    let elided: u64 = marker
        .split(' ')
        .nth(1)
        .expect("a count")
        .parse()
        .expect("a number");
    let tail_start = head + usize::from(log[head] == b'\n') + marker.len();
    let tail = &log[tail_start..];
    assert_eq!(head as u64 + elided + tail.len() as u64, PRINTED);
    assert!(
        head > CAP / 2 && tail.len() > CAP / 100,
        "{head}, {}",
        tail.len()
    );
    let offset = usize::try_from((PRINTED - tail.len() as u64) % 61).expect("less than 61");
    let expected = PATTERN.iter().cycle().skip(offset);
    assert!(
        tail.iter().eq(expected.take(tail.len())),
        "the tail is not what was printed"
    );
    assert_eq!(suite(&place, "loud")["log_truncated"], true);
}

#[test]
fn l3_an_endless_line_takes_no_memory() {
    const PRINTED: u64 = 96 << 20;
    let place = place(&format!(
        "[suites.loud]\ncommand = ['./evil', 'line', '{PRINTED}']\nmax_log = '1GiB'\n"
    ));
    let measured = measure(&place, "regatta --verbose --color never");
    invariants::check(&place, Ended::InOrder);
    assert_eq!(measured.code, 0);
    // Less than the line: nobody has held it whole.
    assert!(measured.peak_bytes < PRINTED, "{measured:?}");
    let log = fs::File::open(place.path("test-logs/loud.log")).expect("a log");
    assert_eq!(log.metadata().expect("its size").len(), PRINTED);
    assert_eq!(suite(&place, "loud")["log_truncated"], false);
}

#[test]
fn l4_bytes_of_any_kind_stay_in_the_log_and_break_no_report() {
    let place = place(
        "[suites.odd]\ncommand = ['./evil', 'nul', 'latin1', 'print', ']]>', 'print', '\\ud800 </x> & \"', 'escape', 'exit', '1']\n",
    );
    let words = "--verbose --report json=mine.json --format";
    let output = shell(
        &place,
        &format!(
            "regatta {words} jsonl > lines 2> text; regatta {words} json > whole 2>> text; regatta report > told; regatta report --format json > again; echo $?"
        ),
    );
    invariants::check(&place, Ended::InOrder);
    assert_eq!(output, "exit 0\n--- stdout ---\n0\n");
    let expected = b"nul \0 nul\ncaf\xe9 cr\xe8me\n]]>\\ud800 </x> & \"\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b[2K\x1b[1G\r";
    assert_eq!(
        fs::read(place.path("test-logs/odd.log")).expect("a log"),
        expected
    );
    for file in ["mine.json", "whole", "again", "test-logs/test-report.json"] {
        let report: Value = serde_json::from_str(&place.read(file))
            .unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(report["suites"][0]["outcome"], "exit_code", "{file}");
    }
    for line in place.read("lines").lines() {
        serde_json::from_str::<Value>(line).expect("a line of JSON");
    }
    // What people read moves no cursor and rings no bell.
    for file in ["text", "told"] {
        let text = place.read(file);
        let odd = |it: char| it.is_control() && it != '\n';
        assert!(
            text.contains("nul") && !text.contains(odd),
            "{file}: {text:?}"
        );
    }
}

#[test]
fn l7_a_log_directory_that_may_not_be_written() {
    let place = place("[suites.a]\ncommand = ['./evil-copy', 'write-input', 'ran']\n");
    run(&place, &[]);
    let before = place.names("test-logs");
    let mut command = as_plain_user(&place, "regatta");
    let log_dir = place.path("test-logs");
    if geteuid().is_root() {
        // It has to be their own to be told apart from somebody else's.
        chown(&log_dir, Some(NOBODY), Some(NOBODY)).expect("root may");
    }
    for name in &before {
        fs::set_permissions(log_dir.join(name), Permissions::from_mode(0o444)).expect("our file");
    }
    fs::set_permissions(&log_dir, Permissions::from_mode(0o555)).expect("our folder");
    let output = command.output().expect("regatta starts");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{error}");
    assert!(
        error.contains("test-logs") && error.contains("Permission denied"),
        "{error}"
    );
    assert_eq!(place.names("test-logs"), before);
    assert!(!place.has("ran"));
    invariants::check_processes(&place);
}

#[test]
fn l6_a_limit_on_the_size_of_files_is_a_full_disk_and_no_death() {
    let place = place(
        "[suites.loud]\ncommand = ['./evil', 'emit', '3000000']\n[suites.quiet]\ncommand = ['./evil', 'print', 'fine']\n",
    );
    let output = shell(&place, "ulimit -f 1000 && regatta --progress none");
    invariants::check(&place, Ended::InOrder);
    assert!(output.starts_with("exit 3\n"), "{output}");
    assert!(output.contains("File too large"), "{output}");
    assert_eq!(outcomes(&place), "passed passed");
}
