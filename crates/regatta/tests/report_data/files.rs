//! Replacing a file as a whole.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use regatta::report::files::write_atomically;

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").file_name().into_string())
        .collect::<Result<_, _>>()
        .expect("plain names");
    names.sort();
    names
}

#[test]
fn a_file_is_made_then_replaced_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    for content in ["first and longer", "second"] {
        write_atomically(&path, content.as_bytes()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
    assert_eq!(names(folder.path()), ["report.json"]);
}

#[test]
fn others_may_read_it_like_any_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    write_atomically(&path, b"{}").unwrap();
    let ordinary = File::create(folder.path().join("ordinary")).unwrap();
    let mode = |metadata: fs::Metadata| metadata.permissions().mode();
    let expected = mode(ordinary.metadata().unwrap());
    assert_eq!(mode(path.metadata().unwrap()), expected);
}

#[test]
fn a_link_is_replaced_and_its_target_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let (target, link) = (folder.path().join("precious"), folder.path().join("link"));
    fs::write(&target, "kept").unwrap();
    symlink(&target, &link).unwrap();
    write_atomically(&link, b"new").unwrap();
    assert_eq!(fs::read_to_string(&target).unwrap(), "kept");
    assert!(link.symlink_metadata().unwrap().is_file());
    assert_eq!(fs::read_to_string(&link).unwrap(), "new");
}

#[test]
fn a_failure_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let occupied = folder.path().join("occupied");
    fs::create_dir(&occupied).unwrap();
    assert!(write_atomically(&occupied, b"new").is_err());
    assert_eq!(names(folder.path()), ["occupied"]);
    assert!(write_atomically(&folder.path().join("missing/report"), b"new").is_err());
}

#[test]
fn a_reader_never_sees_a_part() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    let contents = ["a".repeat(300_000), "b".repeat(200_000)];
    write_atomically(&path, contents[0].as_bytes()).unwrap();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let seen = fs::read_to_string(&path).unwrap();
                assert!(contents.contains(&seen), "{} bytes", seen.len());
            }
        });
        for content in contents.iter().cycle().take(20) {
            write_atomically(&path, content.as_bytes()).unwrap();
        }
        over.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
}

#[test]
fn what_a_killed_process_had_staged_is_removed_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in [
        ".regatta-x1Y2z3.tmp",
        "a.log",
        ".regatta-notes",
        "other.tmp",
    ] {
        fs::write(at(name), "x").unwrap();
    }
    regatta::report::files::remove_staged(folder.path());
    assert!(!at(".regatta-x1Y2z3.tmp").exists());
    assert!(
        ["a.log", ".regatta-notes", "other.tmp"]
            .iter()
            .all(|it| at(it).exists())
    );
}
