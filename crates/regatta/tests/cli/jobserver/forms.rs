//! What a suite is told.

use std::path::Path;

use super::{new_path, old_path};
use crate::support::Place;

/// Writes a make that says this of itself, and returns a `PATH` that leads to it.
fn make_that_says(place: &Place, says: &str) -> String {
    place.write_program("bin/make", &format!("#!/bin/sh\necho '{says}'\n"));
    format!("{}:{}", place.path("bin").display(), old_path())
}

/// Returns what `MAKEFLAGS` is for a suite.
#[track_caller]
fn told(place: &Place, variables: &[(&str, &str)]) -> String {
    let mut run = place.regatta(&["--progress", "none"]);
    for (name, value) in variables {
        run = run.variable(name, value);
    }
    let output = run.run();
    assert!(output.starts_with("exit 0\n"), "{output}");
    place.read("test-logs/a.log").trim_end().to_owned()
}

fn asking(jobserver: &str, more: &str) -> Place {
    Place::new(&format!(
        "[run]\njobserver = '{jobserver}'\nmax_parallel = 3\n\
         [suites.a]\ncommand = 'echo \"${{MAKEFLAGS-unset}}\"'\n{more}"
    ))
}

#[track_caller]
fn check_descriptors(told: &str) {
    let numbers = told.strip_prefix(" -j3 --jobserver-fds=").expect(told);
    let (old, new) = numbers.split_once(" --jobserver-auth=").expect(told);
    assert_eq!(old, new);
    let (reader, writer) = new.split_once(',').expect(told);
    let (reader, writer): (i32, i32) = (reader.parse().expect(told), writer.parse().expect(told));
    assert!(reader >= 20 && writer >= 20 && reader != writer, "{told}");
}

#[track_caller]
fn check_fifo(told: &str) {
    let path = told
        .strip_prefix(" -j3 --jobserver-auth=fifo:")
        .expect(told);
    assert!(
        Path::new(path).is_absolute() && !Path::new(path).exists(),
        "{told}"
    );
}

#[test]
fn the_form_is_that_of_the_make_which_the_suite_would_find() {
    let place = asking("auto", "");
    let old = make_that_says(&place, "GNU Make 4.3");
    check_descriptors(&told(&place, &[("PATH", &old)]));
    let new = make_that_says(&place, "GNU Make 4.4.1");
    check_fifo(&told(&place, &[("PATH", &new)]));
    let other = make_that_says(&place, "make: unknown option");
    assert_eq!(told(&place, &[("PATH", &other)]), "unset");
    check_fifo(&told(&place, &[("PATH", &new_path())]));
}

#[test]
fn a_suite_with_a_path_of_its_own_is_judged_by_that() {
    let place = asking("auto", "");
    make_that_says(&place, "GNU Make 4.3");
    place.write_program("newer/bin/make", "#!/bin/sh\necho GNU Make 4.4\n");
    let path = |folder: &str| format!("{}:{}", place.path(folder).display(), old_path());
    let suite = |name: &str, path: &str| {
        format!("[suites.{name}]\ncommand = 'echo \"$MAKEFLAGS\"'\nenv = {{ PATH = '{path}' }}\n")
    };
    let configuration = format!(
        "[run]\njobserver = 'auto'\nmax_parallel = 3\n{}{}",
        suite("a", &path("newer/bin")),
        suite("b", &path("bin"))
    );
    place.write("regatta.toml", &configuration);
    check_fifo(&told(&place, &[]));
    check_descriptors(place.read("test-logs/b.log").trim_end());
}

#[test]
fn the_form_may_be_chosen() {
    check_fifo(&told(&asking("fifo", ""), &[]));
    check_descriptors(&told(&asking("pipe", ""), &[]));
    assert_eq!(told(&asking("off", ""), &[]), "unset");
}

#[test]
fn a_folder_with_blanks_in_its_name_is_no_place_for_a_fifo() {
    let place = asking("fifo", "");
    let folder = place.temporary().join("a b");
    std::fs::create_dir(&folder).unwrap();
    let output = place
        .regatta(&["--progress", "none"])
        .variable("TMPDIR", &folder.to_string_lossy())
        .run_unchecked();
    assert!(output.starts_with("exit 0\n"), "{output}");
    check_descriptors(place.read("test-logs/a.log").trim_end());
}

#[test]
fn what_a_suite_says_itself_stands() {
    let place = asking("pipe", "env = { MAKEFLAGS = '-j7' }\n");
    assert_eq!(told(&place, &[]), "-j7");
}

#[test]
fn other_flags_are_handed_on_and_other_jobservers_are_not() {
    let place = asking("fifo", "");
    let flags = "kw -j8 --no-print-directory -- CC=clang";
    let told = told(
        &place,
        &[
            ("MAKEFLAGS", flags),
            ("CARGO_MAKEFLAGS", "-j --jobserver-auth=5,6"),
        ],
    );
    let (start, end) = (
        "kw --no-print-directory -j3 --jobserver-auth=fifo:",
        " -- CC=clang",
    );
    assert!(told.starts_with(start) && told.ends_with(end), "{told}");
}

#[test]
fn a_jobserver_changes_no_key() {
    let configuration = |jobserver: &str| {
        format!(
            "[run]\njobserver = '{jobserver}'\n[suites.a]\ncommand = 'echo \"$MAKEFLAGS\"'\ninputs = ['regatta.txt']\n"
        )
    };
    let place = Place::new(&configuration("off"));
    place.write("regatta.txt", "");
    assert_eq!(told(&place, &[]), "");
    for jobserver in ["fifo", "pipe"] {
        place.write("regatta.toml", &configuration(jobserver));
        let output = place.regatta(&["--progress", "none"]).run();
        assert!(output.contains("1 of these cached"), "{output}");
    }
}
