//! What a command used, by what the kernel says at its end and by looks at its processes.

use std::time::Duration;

use crate::support::{Bench, alone};

#[test]
fn a_command_that_is_over_at_once_is_never_looked_at() {
    let mut bench = Bench::new();
    let (_, ended) = bench.run("true");
    assert_eq!(ended.sampled, None);
    assert!(ended.usage.max_rss_bytes > 0);
}

#[test]
fn the_memory_of_all_processes_of_a_command_counts_together() {
    let mut bench = Bench::new();
    // Who is at the end of a pipe and prints the end of what came keeps it until the pipe is closed.
    let keep = "{ head -c 30000000 /dev/zero; sleep 1.5; } | tail -c 30000000 > /dev/null";
    let command = bench.shell(&format!("{keep} & {keep} & {keep} & wait"));
    let ended = bench.run_command(&command).unwrap();
    let sampled = ended.sampled.unwrap();
    assert!(sampled.processes >= 7, "{sampled:?}");
    assert!(sampled.peak_bytes > 85_000_000, "{sampled:?}");
    assert!(sampled.peak_bytes < 200_000_000, "{sampled:?}");
    // The largest of them alone holds a third.
    assert!(ended.usage.max_rss_bytes < 60_000_000, "{:?}", ended.usage);
    assert!(!sampled.samples.is_empty() && sampled.samples.is_sorted_by_key(|it| it.at));
}

#[test]
fn the_time_of_a_process_that_was_abandoned_counts() {
    alone(
        "figures::the_time_of_a_process_that_was_abandoned_counts",
        || {
            let mut bench = Bench::new();
            let spin = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo > done";
            let script = format!("mkfifo done; ( ( {spin} ) & ); read line < done; sleep 0.3");
            let (_, ended) = bench.run(&script);
            let cpu = ended.usage.user + ended.usage.system;
            assert!(cpu > Duration::from_millis(80), "{cpu:?}");
            let sampled = ended.sampled.unwrap();
            let last = sampled.samples.last().unwrap();
            assert!(last.cpu > Duration::from_millis(50), "{sampled:?}");
            assert!(sampled.processes >= 2, "{sampled:?}");
        },
    );
}

#[test]
fn what_is_written_to_storage_counts_where_the_kernel_tells() {
    let mut bench = Bench::new();
    let (_, ended) = bench.run("head -c 1000000 /dev/zero > file");
    if regatta_process::counts_storage() {
        assert!(ended.usage.written_bytes >= 1_000_000, "{:?}", ended.usage);
    } else {
        assert_eq!((ended.usage.read_bytes, ended.usage.written_bytes), (0, 0));
    }
}
