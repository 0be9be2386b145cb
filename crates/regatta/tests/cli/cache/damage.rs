//! K5: a store that is damaged, or cannot be used, costs a warning and nothing else.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::{kept, outcomes, run, runs};
use crate::support::Place;

const SUITES: &str = "
[suites.a]
command = 'echo ran >> ran; seq 5000; mkdir -p out; cp in-a out/a'
inputs = ['in-a']
outputs = ['out/a']
[suites.b]
command = 'echo ran >> ran; echo b'
inputs = ['in-b']
";

fn two() -> Place {
    let place = Place::new(SUITES);
    place.write("in-a", "a");
    place.write("in-b", "b");
    assert_eq!(run(&place, &[]), "passed passed");
    assert_eq!(run(&place, &[]), "cached cached");
    place
}

/// Runs, and returns the number of warnings.
#[track_caller]
fn warnings(place: &Place) -> usize {
    let output = place.regatta(&["--progress", "none"]).run();
    assert!(output.starts_with("exit 0\n"), "{output}");
    output.matches("warning: ").count()
}

fn damage_all(files: &[std::path::PathBuf], damage: impl Fn(&Path, Vec<u8>) -> Vec<u8>) {
    for file in files {
        let bytes = fs::read(file).expect("a file");
        fs::write(file, damage(file, bytes)).expect("a file");
    }
}

#[test]
fn k5_an_entry_that_was_cut_is_a_miss_with_a_warning() {
    let place = two();
    damage_all(&kept(&place, "entries"), |_, bytes| {
        bytes[..bytes.len() / 2].to_vec()
    });
    assert_eq!(warnings(&place), 2);
    assert_eq!(outcomes(&place), "passed passed");
    assert_eq!(runs(&place), 4);
    assert_eq!(run(&place, &[]), "cached cached");
}

#[test]
fn k5_pipes_in_the_store_keep_nobody_waiting() {
    let place = two();
    let mut files = kept(&place, "entries");
    files.extend(kept(&place, "contents"));
    files.extend(["stats", "latest"].map(|it| place.path(".regatta/cache").join(it)));
    for file in &files {
        fs::remove_file(file).expect("a file");
        let made = Command::new("mkfifo").arg(file).status();
        assert!(made.expect("mkfifo").success());
    }
    assert_eq!(warnings(&place), 2);
    assert_eq!(outcomes(&place), "passed passed");
    assert_eq!(run(&place, &[]), "cached cached");
}

#[test]
fn k5_a_flipped_bit_anywhere_is_a_miss_with_a_warning() {
    let place = two();
    let entries = kept(&place, "entries");
    let whole: Vec<Vec<u8>> = entries
        .iter()
        .map(|it| fs::read(it).expect("a file"))
        .collect();
    for share in [0, 1, 2, 3, 4] {
        for (entry, bytes) in entries.iter().zip(&whole) {
            let mut bytes = bytes.clone();
            let at = (bytes.len() - 1) * share / 4;
            bytes[at] ^= 0x20;
            fs::write(entry, bytes).expect("a file");
        }
        assert_eq!(warnings(&place), 2);
        assert_eq!(outcomes(&place), "passed passed");
    }
}

#[test]
fn k5_swapped_entries_are_misses_with_warnings() {
    let place = two();
    let entries = kept(&place, "entries");
    let spare = place.path("spare");
    fs::rename(&entries[0], &spare).expect("a file");
    fs::rename(&entries[1], &entries[0]).expect("a file");
    fs::rename(&spare, &entries[1]).expect("a file");
    assert_eq!(warnings(&place), 2);
    assert_eq!(outcomes(&place), "passed passed");
    assert_eq!(run(&place, &[]), "cached cached");
}

#[test]
fn k5_a_damaged_content_is_a_miss_and_nothing_of_it_is_put_in_place() {
    let place = two();
    fs::remove_file(place.path("out/a")).expect("an output");
    fs::remove_file(place.path("test-logs/a.log")).expect("a log");
    damage_all(&kept(&place, "contents"), |_, mut bytes| {
        bytes[0] ^= 1;
        bytes
    });
    assert_eq!(warnings(&place), 1);
    assert_eq!(outcomes(&place), "passed cached");
    assert_eq!(place.read("out/a"), "a");
    assert_eq!(run(&place, &[]), "cached cached");
    for content in kept(&place, "contents") {
        fs::remove_file(content).expect("a content");
    }
    fs::remove_file(place.path("out/a")).expect("an output");
    assert_eq!(warnings(&place), 1);
    assert_eq!(outcomes(&place), "passed cached");
}

#[test]
fn k5_damaged_notes_about_files_are_forgotten() {
    let place = two();
    for name in ["stats", "latest"] {
        place.write(&format!(".regatta/cache/{name}"), "garbage\0\u{1b}[2J\n");
    }
    assert_eq!(warnings(&place), 0);
    assert_eq!(outcomes(&place), "cached cached");
}

#[test]
fn a_store_that_cannot_be_used_is_one_warning() {
    let place = Place::new(SUITES);
    place.write("in-a", "a");
    place.write("in-b", "b");
    place.write(".regatta/cache", "a file where a folder belongs");
    assert_eq!(warnings(&place), 1);
    assert_eq!(outcomes(&place), "passed passed");
    fs::remove_file(place.path(".regatta/cache")).expect("a file");
    assert_eq!(run(&place, &[]), "passed passed");
    // Each step of writing fails in turn.
    for fault in ["open", "write", "rename"] {
        for number in 1..40 {
            let _ = fs::remove_dir_all(place.path(".regatta"));
            let place = &place;
            let run = place.regatta(&["--progress", "none"]);
            let output = run
                .variable("REGATTA_FAULT", &format!("{fault}:{number}:ENOSPC"))
                .run_unchecked();
            let is_struck = output.contains("injected fault");
            let is_about_cache = output.contains("results cannot be kept");
            assert!(
                output.starts_with("exit 0\n") || !is_about_cache,
                "{fault}:{number} {output}"
            );
            if is_about_cache {
                assert_eq!(output.matches("warning: ").count(), 1, "{output}");
            }
            if !is_struck {
                break;
            }
        }
    }
    assert_eq!(run(&place, &[]), "cached cached");
}

#[test]
fn a_store_that_may_only_be_read_serves_hits() {
    let place = two();
    let store = place.path(".regatta/cache");
    let lock = |mode| {
        let locked = Command::new("chmod")
            .args(["-R", mode])
            .arg(&store)
            .status();
        assert!(locked.expect("chmod").success());
    };
    lock("a-w");
    assert_eq!(run(&place, &[]), "cached cached");
    lock("u+w");
    fs::set_permissions(&store, Permissions::from_mode(0o755)).expect("ours");
}

#[test]
fn runs_that_share_a_store_do_not_spoil_it() {
    // Runs that write the same output at once would see each other's, and rightly keep nothing then; and of two that
    // copy to one place at once, one may fail.
    let alone = SUITES.replace("outputs = ['out/a']", "");
    let place = Place::new(&alone.replace("mkdir -p out; cp in-a out/a", "cat in-a"));
    place.write("in-a", "a");
    place.write("in-b", "b");
    let logs: Vec<String> = (0..6).map(|it| format!("logs-{it}")).collect();
    let start = |log_dir: &String| {
        let words = ["--progress", "none", "--log-dir", log_dir];
        place.regatta(&words).start()
    };
    let running: Vec<_> = logs.iter().map(start).collect();
    for run in running {
        let output = run.finish_unchecked();
        assert!(output.starts_with("exit 0\n"), "{output}");
        assert!(!output.contains("kept"), "{output}");
    }
    assert_eq!(run(&place, &[]), "cached cached");
    assert!(place.names(".regatta/cache/tmp").is_empty());
}
