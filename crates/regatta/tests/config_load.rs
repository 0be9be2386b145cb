//! Finding and reading the file: whatever it turns out to be, an answer comes at once.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use regatta::config::{self, Overrides};
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

fn write(file: &Path, bytes: &[u8]) {
    let parent = file.parent().expect("the file is in a folder");
    fs::create_dir_all(parent).expect("a temporary folder can be made");
    fs::write(file, bytes).expect("a temporary file can be written");
}

/// Returns what the user sees, with the folder's path taken out.
fn refuse(folder: &TempDir, file: &Path) -> String {
    let outcome =
        config::load(file).and_then(|document| config::resolve(&document, &Overrides::default()));
    let text = outcome.expect_err("the file must be refused").to_string();
    text.replace(&format!("{}/", folder.path().display()), "")
}

fn refuse_bytes(bytes: &[u8]) -> String {
    let folder = folder();
    let file = folder.path().join("regatta.toml");
    write(&file, bytes);
    refuse(&folder, &file)
}

#[test]
fn the_nearest_file_upwards_is_found() {
    let folder = folder();
    let root = folder.path();
    let deep = root.join("a/b/c");
    fs::create_dir_all(&deep).expect("a temporary folder can be made");
    let find = || {
        let found = config::discover(&deep)?;
        Some(found.strip_prefix(root).ok()?.to_owned())
    };
    assert_eq!(find(), None);
    write(&root.join(".config/regatta.toml"), b"");
    assert_eq!(find(), Some(PathBuf::from(".config/regatta.toml")));
    write(&root.join("regatta.toml"), b"");
    assert_eq!(find(), Some(PathBuf::from("regatta.toml")));
    write(&root.join("a/b/.config/regatta.toml"), b"");
    assert_eq!(find(), Some(PathBuf::from("a/b/.config/regatta.toml")));
    symlink("nowhere", deep.join("regatta.toml")).expect("a link can be made");
    assert_eq!(find(), Some(PathBuf::from("a/b/c/regatta.toml")));
}

#[test]
fn paths_are_relative_to_the_folder_of_the_file_or_of_its_dot_config() {
    let folder = folder();
    for place in ["regatta.toml", ".config/regatta.toml", "other.toml"] {
        let file = folder.path().join(place);
        write(&file, b"");
        let document = config::load(&file).expect("an empty file is TOML");
        let config = config::resolve(&document, &Overrides::default()).expect("and right");
        assert_eq!(config.root, folder.path(), "{place}");
        assert_eq!(config.file, file);
        assert!(config.suites.is_empty());
    }
}

#[test]
fn byte_order_mark_and_carriage_returns_are_accepted() {
    let folder = folder();
    let file = folder.path().join("regatta.toml");
    write(&file, b"\xef\xbb\xbf[suites.a]\r\ncommand = \"true\"\r\n");
    let document = config::load(&file).expect("the file is TOML");
    let config = config::resolve(&document, &Overrides::default()).expect("and right");
    assert_eq!(config.suites[0].name, "a");
    let refused = refuse_bytes(b"\xef\xbb\xbfsutes = 1\r\n");
    assert!(refused.contains("--> regatta.toml:1:1\n"), "{refused}");
}

#[test]
fn what_is_not_a_regular_file_is_refused_without_waiting() {
    let folder = folder();
    let fifo = folder.path().join("fifo");
    let made = Command::new("mkfifo").arg(&fifo).status();
    assert!(made.expect("mkfifo can be run").success());
    let directory = folder.path().join("directory");
    fs::create_dir(&directory).expect("a temporary folder can be made");
    let printed = [
        fifo.as_path(),
        &directory,
        Path::new("/dev/zero"),
        &folder.path().join("missing"),
    ]
    .map(|file| refuse(&folder, file));
    insta::assert_snapshot!(printed.concat(), @"
    error: cannot read `fifo`: it is a FIFO, not a regular file
      = help: a configuration is a readable text file of at most 8 MiB

    1 error in fifo; nothing was run
    error: cannot read `directory`: it is a directory, not a regular file
      = help: a configuration is a readable text file of at most 8 MiB

    1 error in directory; nothing was run
    error: cannot read `/dev/zero`: it is a device, not a regular file
      = help: a configuration is a readable text file of at most 8 MiB

    1 error in /dev/zero; nothing was run
    error: cannot read `missing`: No such file or directory (os error 2)
      = help: a configuration is a readable text file of at most 8 MiB

    1 error in missing; nothing was run
    ");
}

#[test]
fn text_that_is_too_large_or_not_utf8_is_refused() {
    let limit = 8 << 20;
    let mut comment = vec![b'#'; limit];
    let folder = folder();
    let file = folder.path().join("regatta.toml");
    write(&file, &comment);
    assert!(config::load(&file).is_ok());
    comment.push(b'#');
    let printed = refuse_bytes(&comment) + &refuse_bytes(b"[suites.a]\ncommand = \"\xff\"\n");
    insta::assert_snapshot!(printed, @r#"
    error: cannot read `regatta.toml`: it is larger than 8 MiB
      = help: a configuration is a readable text file of at most 8 MiB

    1 error in regatta.toml; nothing was run
    error: the text is not UTF-8 at byte 22
     --> regatta.toml:2:12
      |
    2 | command = "�"
      |            ^
      = help: save the file as UTF-8

    1 error in regatta.toml; nothing was run
    "#);
}

#[test]
fn a_large_file_of_something_else_tells_its_first_error() {
    let refused = refuse_bytes("not a setting\n".repeat(100_000).as_bytes());
    assert!(refused.contains("--> regatta.toml:1:"), "{refused}");
    assert!(
        refused.ends_with("\n1 error in regatta.toml; nothing was run\n"),
        "{refused}"
    );
}

#[test]
fn nesting_ten_thousand_deep_is_an_error_and_not_a_crash() {
    let deep = 10_000;
    let cases = [
        format!("a = {}{}", "[".repeat(deep), "]".repeat(deep)),
        format!("a = {}", "[".repeat(deep)),
        format!("a = {}1{}", "{ a = ".repeat(deep), "}".repeat(deep)),
        format!("{}a = 1", "a.".repeat(deep)),
        format!("[{}a]", "a.".repeat(deep)),
    ];
    for case in cases {
        let refused = refuse_bytes(case.as_bytes());
        assert!(refused.contains("--> regatta.toml:1:"), "{refused}");
    }
}
