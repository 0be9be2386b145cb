//! What the supervisor itself takes. Alone in its binary: it counts what the process has open.
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

#[path = "process/support.rs"]
#[allow(dead_code, reason = "written for the other tests")]
mod support;

use std::fs;

use regatta_process::SpawnError;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use support::Bench;

fn open_descriptors(process: &str) -> usize {
    fs::read_dir(format!("/proc/{process}/fd")).unwrap().count()
}

#[test]
fn descriptors_do_not_grow_and_running_out_of_them_is_survived() {
    let mut bench = Bench::new();
    let command = bench.shell("echo text");
    bench.run_command(&command).unwrap();
    let before = open_descriptors("self");
    let guardian = bench.run("echo $PPID").0.trim().to_owned();
    let of_guardian = open_descriptors(&guardian);
    for round in 0..500 {
        if round % 5 == 0 {
            let missing = bench.command(&["no-such-program"]);
            bench.run_command(&missing).unwrap_err();
        }
        bench.run_command(&command).unwrap();
    }
    assert_eq!(open_descriptors("self"), before);
    assert_eq!(open_descriptors(&guardian), of_guardian);

    // The hard limit, to which the guardian raised the soft one, may be in the millions.
    let limit = 200;
    let maximum = getrlimit(Resource::Nofile).maximum;
    let current = Some(limit);
    setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();
    let mut hogs = Vec::new();
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
    assert_eq!(open_descriptors("self"), before);
}
