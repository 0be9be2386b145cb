//! What the supervisor itself takes. Alone in its binary: it counts what the process has open.
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

#[path = "process/support.rs"]
#[allow(dead_code, reason = "written for the other tests")]
mod support;

use std::fs;

use regatta_process::SpawnError;
use support::Bench;

fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn descriptors_do_not_grow_and_running_out_of_them_is_survived() {
    let mut bench = Bench::new();
    let command = bench.shell("echo text");
    bench.run_command(&command).unwrap();
    let before = open_descriptors();
    for round in 0..500 {
        if round % 5 == 0 {
            let missing = bench.command(&["no-such-program"]);
            bench.run_command(&missing).unwrap_err();
        }
        bench.run_command(&command).unwrap();
    }
    assert_eq!(open_descriptors(), before);

    let mut hogs = Vec::new();
    let limit = regatta_process::descriptor_limit();
    while let Ok(hog) = fs::File::open("/dev/null") {
        hogs.push(hog);
        assert!((hogs.len() as u64) < limit);
    }
    let error = bench.run_command(&command).unwrap_err();
    assert!(matches!(error, SpawnError::Log { .. }), "{error:?}");
    for room in 1..=2 {
        hogs.pop();
        let error = bench.run_command(&command).unwrap_err();
        assert!(
            matches!(error, SpawnError::Resources { .. }),
            "{room}: {error:?}"
        );
    }
    hogs.pop();
    bench.run_command(&command).unwrap();
    hogs.clear();
    assert_eq!(open_descriptors(), before);
}
