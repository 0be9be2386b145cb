//! K1 behind symbolic links: what a suite can read through one decides its result, wherever it lies.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use super::{reason, run, runs};
use crate::support::Place;

/// A suite that reads behind links, and its result.
fn kept(links: &[(&str, &str)]) -> Place {
    let place = Place::new(
        "
[suites.a]
command = 'echo ran >> ran; find -L src -type f | sort | xargs cat'
inputs = ['src/**', '!src/private']
",
    );
    for file in ["src/own", "shared/x", "shared/deep/y", "program"] {
        place.write(file, "one");
    }
    for (link, text) in links {
        symlink(text, place.path(link)).expect("a link");
    }
    assert_eq!(run(&place, &[]), "passed");
    assert_eq!(run(&place, &[]), "cached");
    place
}

/// Checks that the suite runs and why, and that the new result is kept as well.
#[track_caller]
fn check_miss(place: &Place, expected: &str) {
    let before = runs(place);
    assert_eq!(run(place, &[]), "passed");
    assert_eq!(reason(place), expected);
    assert_eq!(run(place, &[]), "cached");
    assert_eq!(runs(place), before + 1);
}

#[test]
fn k1_what_lies_behind_a_link_to_a_folder_is_a_miss() {
    let place = kept(&[("src/data", "../shared")]);
    place.write("shared/deep/y", "two");
    check_miss(&place, "src/data/deep/y changed");
    place.write("shared/new", "two");
    check_miss(&place, "src/data/new is new");
    let explained = place.regatta(&["explain", "a"]).run();
    assert!(
        explained.contains(" link src/data -> ../shared\n"),
        "{explained}"
    );
    assert!(explained.contains(" 0644 src/data/deep/y\n"), "{explained}");
}

#[test]
fn k1_what_lies_outside_of_the_project_behind_two_links_is_a_miss() {
    let outside = tempfile::tempdir().expect("a folder");
    fs::create_dir(outside.path().join("b")).expect("a folder in it");
    fs::write(outside.path().join("b/file"), "one").expect("a file");
    symlink("b", outside.path().join("a")).expect("a link");
    let text = outside.path().join("a");
    let place = kept(&[("src/data", text.to_str().expect("UTF-8"))]);
    fs::write(outside.path().join("b/file"), "two").expect("a file");
    check_miss(&place, "src/data/file changed");
}

#[test]
fn k1_the_mode_of_a_program_behind_a_link_is_a_miss() {
    let place = kept(&[("src/run", "../program")]);
    fs::set_permissions(place.path("program"), Permissions::from_mode(0o755)).expect("ours");
    check_miss(&place, "what link src/run leads to changed");
}

#[test]
fn k1_a_link_that_leads_to_an_empty_folder_instead_of_nowhere_is_a_miss() {
    let place = kept(&[("src/data", "../made")]);
    fs::create_dir(place.path("made")).expect("a folder");
    check_miss(&place, "what link src/data leads to changed");
}

#[test]
fn a_link_that_leads_back_is_followed_once() {
    let place = kept(&[("src/self", ".")]);
    place.write("src/own", "two");
    check_miss(&place, "src/own changed, and 1 more file");
}

#[test]
fn what_lies_behind_a_link_that_is_excluded_decides_nothing() {
    let place = kept(&[("src/private", "../shared")]);
    place.write("shared/x", "two");
    assert_eq!(run(&place, &[]), "cached");
}

#[test]
fn links_that_multiply_are_no_hit_and_say_so() {
    let place = Place::new("[suites.a]\ncommand = 'echo ran >> ran'\ninputs = ['src/**']\n");
    place.write("src/own", "one");
    for (from, to) in (0..12).flat_map(|from| (0..12).map(move |to| (from, to))) {
        let folder = format!("src/{from}");
        fs::create_dir_all(place.path(&folder)).expect("a folder");
        symlink(format!("../{to}"), place.path(&format!("{folder}/{to}"))).expect("a link");
    }
    assert_eq!(run(&place, &[]), "passed");
    assert_eq!(run(&place, &[]), "passed");
    let reason = reason(&place);
    assert!(reason.contains("folders lie behind links"), "{reason}");
    let explained = place.regatta(&["explain", "a"]).run_unchecked();
    assert!(
        explained.contains("folders lie behind links"),
        "{explained}"
    );
}

#[test]
fn k1_a_folder_to_run_in_that_is_a_link_to_another_one_is_a_miss() {
    let place = Place::new(
        "[suites.a]\ncommand = 'echo ran >> ../ran; cat x'\ninputs = ['one/**', 'two/**']\ndir = 'now'\n",
    );
    place.write("one/x", "1");
    place.write("two/x", "2");
    symlink("one", place.path("now")).expect("a link");
    assert_eq!(run(&place, &[]), "passed");
    assert_eq!(run(&place, &[]), "cached");
    fs::remove_file(place.path("now")).expect("a link");
    symlink("two", place.path("now")).expect("a link");
    check_miss(&place, "the working directory changed");
    assert_eq!(place.read("test-logs/a.log"), "2");
}

#[test]
fn a_link_to_what_has_no_end_is_no_hit_and_says_so() {
    for (text, expected) in [
        ("/proc", "files of the kernel lie behind link `src/data`"),
        (
            "/proc/self",
            "files of the kernel lie behind link `src/data`",
        ),
        // Whichever is found first.
        ("/", "behind link"),
    ] {
        let place = Place::new("[suites.a]\ncommand = 'true'\ninputs = ['src/**']\n");
        place.write("src/own", "one");
        symlink(text, place.path("src/data")).expect("a link");
        for _ in 0..2 {
            assert_eq!(run(&place, &[]), "passed");
            let reason = reason(&place);
            assert!(reason.contains(expected), "{text}: {reason}");
        }
    }
}
