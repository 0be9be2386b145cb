//! K6: outputs come back whole, and nothing outside of the suite's folder is touched.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use regatta::cache::{Entry, OutputKind};

use super::{event, kept, outcomes, run, runs};
use crate::support::Place;

const SUITE: &str = "
[suites.a]
command = 'echo ran >> ../ran; ./make'
dir = 'd'
inputs = ['in', 'd/make']
outputs = ['out/**', 'single']
";

fn place(script: &str) -> Place {
    let place = Place::new(SUITE);
    place.write("in", "");
    place.write("d/make", &format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(place.path("d/make"), Permissions::from_mode(0o755)).expect("ours");
    place
}

#[test]
fn k6_outputs_come_back_with_modes_links_and_folders() {
    let place = place(
        "mkdir -p out/empty out/sub; echo x > out/sub/x; chmod 755 out/sub/x; ln -sf sub/x out/link; echo s > single",
    );
    assert_eq!(run(&place, &[]), "passed");
    fs::remove_dir_all(place.path("d/out")).expect("outputs");
    place.write("d/single", "something else");
    place.write("d/other", "untouched");
    assert_eq!(run(&place, &[]), "cached");
    assert_eq!(place.read("d/out/sub/x"), "x\n");
    assert_eq!(place.read("d/single"), "s\n");
    assert_eq!(place.read("d/other"), "untouched");
    let mode = place
        .path("d/out/sub/x")
        .metadata()
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o755);
    let link = fs::read_link(place.path("d/out/link")).expect("a link");
    assert_eq!(link.to_str(), Some("sub/x"));
    assert!(place.path("d/out/empty").is_dir());
    assert_eq!(runs(&place), 1);
    assert!(place.names(".regatta/cache/tmp").is_empty());
}

#[test]
fn k6_links_that_lead_out_are_not_kept() {
    for (script, part) in [
        (
            "mkdir -p out; ln -sf /etc/passwd out/link",
            "output `out/link` is a link to `/etc/passwd`",
        ),
        (
            "mkdir -p out; ln -sf ../../secret out/link",
            "output `out/link` is a link to `../../secret`",
        ),
        ("ln -sfn ../outside out", "`out` is a symbolic link"),
        (
            "mkdir -p out; test -p out/pipe || mkfifo out/pipe",
            "`out/pipe` is neither",
        ),
    ] {
        let place = place(script);
        place.write("outside/x", "secret");
        for _ in 0..2 {
            assert_eq!(run(&place, &[]), "passed", "{script}");
            let refused = event(&place, "not_stored").expect("it is told");
            let reason = refused["reason"].as_str().expect("words");
            assert!(reason.contains(part), "{reason}");
        }
        assert_eq!(place.read("outside/x"), "secret");
    }
}

#[test]
fn k6_a_hit_does_not_write_through_a_link() {
    let place = place("mkdir -p out; echo made > out/x");
    place.write("outside/x", "precious");
    assert_eq!(run(&place, &[]), "passed");
    fs::remove_dir_all(place.path("d/out")).expect("outputs");
    symlink("../outside", place.path("d/out")).expect("a link");
    let output = place.regatta(&["--progress", "none"]).run();
    assert!(
        output.contains("warning: the kept result of a could not be used"),
        "{output}"
    );
    // The suite itself writes there, as it would have without a cache; the runner did not.
    assert_eq!(runs(&place), 2);
    assert_eq!(outcomes(&place), "passed");
}

#[test]
fn k6_a_link_in_the_place_of_an_output_is_replaced_and_not_followed() {
    let place = place("mkdir -p out; echo made > out/x");
    place.write("outside/x", "precious");
    assert_eq!(run(&place, &[]), "passed");
    fs::remove_file(place.path("d/out/x")).expect("an output");
    symlink("../../outside/x", place.path("d/out/x")).expect("a link");
    run(&place, &[]);
    assert_eq!(place.read("outside/x"), "precious");
    assert_eq!(place.read("d/out/x"), "made\n");
}

#[test]
fn k6_a_folder_in_the_place_of_a_file_changes_nothing() {
    let place = place("mkdir -p out; echo y > out/y; test -d out/x || echo made > out/x");
    assert_eq!(run(&place, &[]), "passed");
    fs::remove_dir_all(place.path("d/out")).expect("outputs");
    place.write("d/out/x/inside", "kept");
    let output = place.regatta(&["--progress", "none"]).run();
    assert!(output.contains("warning: "), "{output}");
    assert_eq!(place.read("d/out/x/inside"), "kept");
    assert_eq!(runs(&place), 2);
}

#[test]
fn k6_an_entry_that_names_places_outside_is_refused_although_its_sum_is_right() {
    for (path, link) in [
        ("../x", None),
        ("/tmp/regatta-k6", None),
        ("out/../../x", None),
        ("out/link", Some("../../x")),
        ("out/link", Some("/etc/passwd")),
    ] {
        let place = place("mkdir -p out; echo made > out/x");
        assert_eq!(run(&place, &[]), "passed");
        let file = kept(&place, "entries").remove(0);
        let mut entry = Entry::decode(&fs::read(&file).expect("a file")).expect("an entry");
        let made = entry.outputs.iter_mut().find(|it| it.path == b"out/x");
        let made = made.expect("an output");
        made.path = path.into();
        if let Some(text) = link {
            made.kind = OutputKind::Link(text.into());
        }
        fs::write(&file, entry.encode()).expect("a file");
        fs::remove_dir_all(place.path("d/out")).expect("outputs");
        let output = place.regatta(&["--progress", "none"]).run();
        assert_eq!(output.matches("warning: ").count(), 1, "{output}");
        assert_eq!((outcomes(&place).as_str(), runs(&place)), ("passed", 2));
        assert_eq!(
            place.names("."),
            [".regatta", "d", "in", "ran", "regatta.toml", "test-logs"]
        );
        assert_eq!(place.names("d/out"), ["x"]);
    }
    assert!(!std::path::Path::new("/tmp/regatta-k6").exists());
}

#[test]
fn what_two_suites_make_is_kept_for_neither() {
    let place = Place::new(
        "
[suites.a]
command = 'cp a out/a'
inputs = ['a']
outputs = ['out/**']
[suites.b]
command = 'cp ../b b'
dir = 'out'
inputs = ['b']
outputs = ['*']
",
    );
    for file in ["a", "b", "out/a", "out/b"] {
        place.write(file, "one");
    }
    for words in [&[][..], &["--suites", "a"]] {
        let text = place.regatta(words).run_unchecked();
        assert!(
            text.contains("a is not cached: output `out/a` is one of suite `b`, too"),
            "{text}"
        );
    }
    // Neither result can undo the other's.
    place.write("b", "two");
    for _ in 0..2 {
        place.regatta(&[]).run_unchecked();
        assert_eq!(place.read("out/b"), "two");
    }
}
