//! Configurations that are no text file a person wrote: refused quickly and in little memory.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use insta::assert_snapshot;

use crate::support::Place;

/// Within this time such a configuration is refused.
const REFUSAL: Duration = Duration::from_secs(2);

/// Refusing it may take this much memory.
const REFUSAL_MEBIBYTES: u32 = 476;

#[test]
fn c7_a_fifo() {
    let place = Place::empty();
    let made = Command::new("mkfifo")
        .arg(place.path("regatta.toml"))
        .status();
    assert!(made.unwrap().success());
    assert_snapshot!(refuse_quickly(&place, &[]), @"
    exit 2
    --- stderr ---
    error: cannot read `regatta.toml`: it is a FIFO, not a regular file
      = help: a configuration is a readable text file of at most 8 MiB

    1 error in regatta.toml; nothing was run
    ");
    assert_snapshot!(refuse_quickly(&place, &["--config", "regatta.toml"]), @"
    exit 2
    --- stderr ---
    error: cannot read `regatta.toml`: it is a FIFO, not a regular file
      = help: a configuration is a readable text file of at most 8 MiB

    1 error in regatta.toml; nothing was run
    ");
}

#[test]
fn c7_a_folder() {
    let place = Place::empty();
    fs::create_dir(place.path("regatta.toml")).unwrap();
    assert_snapshot!(refuse_quickly(&place, &["--config", "regatta.toml"]), @"
    exit 2
    --- stderr ---
    error: cannot read `regatta.toml`: it is a directory, not a regular file
      = help: a configuration is a readable text file of at most 8 MiB

    1 error in regatta.toml; nothing was run
    ");
}

#[test]
fn c7_an_endless_device() {
    let place = Place::empty();
    assert_snapshot!(refuse_quickly(&place, &["--config", "/dev/zero"]), @"
    exit 2
    --- stderr ---
    error: cannot read `/dev/zero`: it is a device, not a regular file
      = help: a configuration is a readable text file of at most 8 MiB

    1 error in /dev/zero; nothing was run
    ");
}

#[test]
fn c7_fifty_megabytes() {
    let place = Place::new(&"[suites.a]\ncommand = 'true'\n".repeat(2_000_000));
    assert_snapshot!(refuse_quickly(&place, &[]), @"
    exit 2
    --- stderr ---
    error: cannot read `regatta.toml`: it is larger than 8 MiB
      = help: a configuration is a readable text file of at most 8 MiB

    1 error in regatta.toml; nothing was run
    ");
}

#[test]
fn c7_ten_thousand_deep() {
    let arrays = format!("a = {}{}\n", "[".repeat(10_000), "]".repeat(10_000));
    assert_snapshot!(refuse_quickly(&Place::new(&arrays), &[]), @"
    exit 2
    --- stderr ---
    error: cannot recurse further; max recursion depth met
     --> regatta.toml:1:85
      |
    1 | …[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[…
      |                                ^
      = help: correct the TOML syntax; then the keys and values are checked

    1 error in regatta.toml; nothing was run
    ");
    let tables = format!("{} = 1\n", vec!["a"; 10_000].join("."));
    let output = refuse_quickly(&Place::new(&tables), &[]);
    assert!(output.starts_with("exit 2\n"), "{output}");
    let inline = format!("a = {}1{}\n", "{ a = ".repeat(10_000), " }".repeat(10_000));
    let output = refuse_quickly(&Place::new(&inline), &[]);
    assert!(output.starts_with("exit 2\n"), "{output}");
}

#[track_caller]
fn refuse_quickly(place: &Place, words: &[&str]) -> String {
    let start = Instant::now();
    let output = place.regatta(words).limited_to(REFUSAL_MEBIBYTES).run();
    assert!(start.elapsed() < REFUSAL, "{:?}", start.elapsed());
    assert!(!place.has("test-logs"));
    output
}
