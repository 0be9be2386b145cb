//! What becomes of the bytes a command prints.

use std::fs;

use crate::support::Bench;

/// Returns what `seq` prints.
fn numbers(last: u32) -> String {
    (1..=last).map(|number| number.to_string() + "\n").collect()
}
use regatta_process::{Follow, Happening, Status};

#[test]
fn both_streams_share_one_order() {
    let (log, ended) = Bench::new().run("echo a; echo b >&2; echo c; echo d >&2");
    assert_eq!(log, "a\nb\nc\nd\n");
    assert_eq!(
        (ended.log.bytes, ended.log.elided_bytes, ended.log.error),
        (8, 0, None)
    );
}

#[test]
fn reopening_a_stream_does_not_truncate_the_log() {
    let (log, _) = Bench::new().run("echo a; echo b > /dev/stderr; echo c > /dev/stdout; echo d");
    assert_eq!(log, "a\nb\nc\nd\n");
}

#[test]
fn an_older_log_is_emptied() {
    let mut bench = Bench::new();
    fs::write(bench.path("log"), "a long line from an earlier run\n").unwrap();
    assert_eq!(bench.run("echo new").0, "new\n");
}

#[test]
fn bytes_are_kept_as_they_are() {
    let mut bench = Bench::new();
    let command = bench.shell(r"printf '\000\377\033[1m\r\n]]>no newline at the end'");
    bench.run_command(&command).unwrap();
    let log = fs::read(bench.path("log")).unwrap();
    assert_eq!(log, b"\0\xff\x1b[1m\r\n]]>no newline at the end");
}

#[test]
fn all_output_before_the_exit_is_in_the_log() {
    let (log, ended) =
        Bench::new().run("i=0; while [ $i -lt 5000 ]; do i=$((i+1)); echo $i; done; exit 3");
    assert_eq!(log, numbers(5000));
    assert_eq!(ended.status, Status::Code(3));
}

#[test]
fn the_cap_keeps_head_and_tail_and_an_exact_count() {
    let mut bench = Bench::new();
    let mut command = bench.shell("seq 1 100000");
    command.max_log_bytes = 10_000;
    let ended = bench.run_command(&command).unwrap();
    let all: String = numbers(100_000);
    let log = bench.log();
    assert!(log.len() <= 10_000);
    assert_eq!(ended.log.bytes, all.len() as u64);
    let marker = format!("[... {} bytes elided ...]\n", ended.log.elided_bytes);
    let (head, tail) = log.split_once(&marker).unwrap();
    let head = &head[..7500];
    assert!(all.starts_with(head) && all.ends_with(tail) && tail.len() > 2400);
    assert_eq!(
        (head.len() + tail.len()) as u64 + ended.log.elided_bytes,
        ended.log.bytes
    );
}

#[test]
fn one_endless_line_takes_neither_disk_nor_memory() {
    let mut bench = Bench::new();
    let mut command = bench.shell("head -c 300000000 /dev/zero");
    command.max_log_bytes = 8 << 20;
    let ended = bench.run_command(&command).unwrap();
    assert_eq!(ended.log.bytes, 300_000_000);
    assert_eq!(
        fs::metadata(bench.path("log")).unwrap().len() / 1024,
        (8 << 10) - 1
    );
    let kept = 300_000_000 - ended.log.elided_bytes;
    assert!(kept < 8 << 20 && kept > (8 << 20) - 64, "{kept}");
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let peak_kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak_kib < 100 << 10, "{peak_kib} KiB");
}

#[test]
fn a_full_disk_spares_the_verdict() {
    let mut bench = Bench::new();
    let mut command = bench.shell("seq 1 100000 && exit 7");
    command.log = "/dev/full".into();
    let ended = bench.run_command(&command).unwrap();
    assert_eq!(ended.status, Status::Code(7));
    assert_eq!(ended.log.bytes, 588_895);
    assert!(ended.log.error.unwrap().contains("No space left"));
}

#[test]
fn a_followed_command_delivers_every_byte_in_order() {
    let mut bench = Bench::new();
    let mut command = bench.shell("seq 1 50000");
    command.follow = Follow::Chunks;
    bench.supervisor.spawn(7, &command).unwrap();
    let mut delivered = Vec::new();
    bench.wait_for(|happening| match happening {
        Happening::Output { key, bytes } => {
            assert_eq!(key, 7);
            delivered.extend(bytes);
            None
        }
        Happening::Exited { key, .. } => (key == 7).then_some(()),
        _ => None,
    });
    assert_eq!(delivered, fs::read(bench.path("log")).unwrap());
    assert_eq!(delivered.len(), 288_894);
}

#[test]
fn a_quiet_command_only_says_that_it_printed() {
    let mut bench = Bench::new();
    let command = bench.shell("seq 1 50000; mkfifo gate; echo ready; read line < gate");
    bench.supervisor.spawn(7, &command).unwrap();
    bench.wait_for_output(7, "ready");
    let mut happenings = Vec::new();
    fs::write(bench.path("gate"), "go\n").unwrap();
    while bench.supervisor.running() > 0 {
        bench.supervisor.wait(None, &mut happenings).unwrap();
    }
    let output = happenings
        .iter()
        .find(|happening| matches!(happening, Happening::Output { .. }));
    assert!(output.is_none(), "{output:?}");
}

#[test]
fn recent_output_is_the_end_of_what_was_printed() {
    let mut bench = Bench::new();
    assert_eq!(bench.supervisor.recent_output(1), b"");
    let mut command = bench.shell("seq 1 5000; mkfifo gate; echo ready; read line < gate");
    for max_log_bytes in [1 << 20, 10_000] {
        let _ = fs::remove_file(bench.path("gate"));
        command.max_log_bytes = max_log_bytes;
        bench.supervisor.spawn(1, &command).unwrap();
        bench.wait_for_output(1, "ready");
        let recent = String::from_utf8(bench.supervisor.recent_output(1)).unwrap();
        let all: String = numbers(5000) + "ready\n";
        assert!(all.ends_with(&recent));
        // Of a log that is being cut only head and ring are at hand.
        assert_eq!(
            recent.len(),
            if max_log_bytes == 10_000 { 2500 } else { 8192 }
        );
        fs::write(bench.path("gate"), "go\n").unwrap();
        bench.wait_for_exit();
    }
}
