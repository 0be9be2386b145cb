//! A folder of its own for a test, and what must be true of it after every command.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;

use super::invocation::Invocation;
use super::transcript::normalise;
use super::wait::wait_until;

/// A project's folder. `regatta` finds nothing above it, and keeps its temporary files beside it.
pub(crate) struct Place {
    folder: TempDir,
    /// Without symbolic links, as the program sees it.
    root: PathBuf,
    survivors: Cell<Survivors>,
}

/// Whether processes of a run may outlive it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Survivors {
    Forbidden,
    Allowed,
}

impl Place {
    /// Returns a folder with nothing in it.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let base = folder.path().canonicalize().expect("it exists");
        fs::create_dir(base.join("tmp")).expect("a folder in it");
        let root = base.join("project");
        fs::create_dir(&root).expect("a folder in it");
        Self {
            folder,
            root,
            survivors: Cell::new(Survivors::Forbidden),
        }
    }

    /// Returns a folder with this configuration.
    pub(crate) fn new(configuration: &str) -> Self {
        let place = Self::empty();
        place.write("regatta.toml", configuration);
        place
    }

    /// Lets processes of its runs outlive them.
    pub(crate) fn allow_survivors(&self) {
        self.survivors.set(Survivors::Allowed);
    }

    /// Writes a file; folders on the way to it are made.
    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("its folder");
        fs::write(path, content).expect("the file");
    }

    /// Writes a program. Another process does it: a child that another test of this one starts meanwhile would have the
    /// file open for writing until it executes its own program, and such a file cannot be executed.
    pub(crate) fn write_program(&self, name: &str, text: &str) {
        self.write(name, "");
        let script = "printf %s \"$1\" > \"$0\" && chmod 755 \"$0\"";
        let mut shell = Command::new("sh");
        let written = shell.args(["-c", script]).arg(self.path(name)).arg(text);
        assert!(written.status().expect("a shell").success());
    }

    /// Returns a file's text.
    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        let bytes = fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        String::from_utf8(bytes).expect("text")
    }

    /// Returns whether there is such a file or folder.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(name).symlink_metadata().is_ok()
    }

    /// Returns the names in a folder, sorted.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).expect("a folder");
        let mut names: Vec<String> = entries
            .map(|it| {
                it.expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }

    /// Returns where something is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Returns the folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the folder for temporary files.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.root.with_file_name("tmp")
    }

    /// Returns `regatta` with these words, to be run here.
    pub(crate) fn regatta<'p>(&'p self, words: &[&str]) -> Invocation<'p> {
        Invocation::new(self, words)
    }

    /// Returns the report of the last run.
    #[track_caller]
    pub(crate) fn report(&self) -> Value {
        serde_json::from_str(&self.read("test-logs/test-report.json")).expect("a report")
    }

    /// Returns the names of the suites in the report, with blanks between them.
    #[track_caller]
    pub(crate) fn suites(&self) -> String {
        let report = self.report();
        let suites = report["suites"].as_array().expect("suites");
        let names: Vec<_> = suites.iter().filter_map(|it| it["name"].as_str()).collect();
        names.join(" ")
    }

    /// Returns what the report says of every suite, a line each.
    #[track_caller]
    pub(crate) fn outcomes(&self) -> String {
        let report = self.report();
        let suites = report["suites"].as_array().expect("suites");
        let line = |suite: &Value| {
            let word = |key: &str| suite[key].as_str().unwrap_or("-").to_owned();
            let attempts = suite["attempts"].as_array().expect("attempts");
            let attempts: Vec<_> = attempts.iter().map(|it| it["outcome"].as_str()).collect();
            let attempts: Vec<_> = attempts.into_iter().flatten().collect();
            format!(
                "{}: {}, {} [{}] code {} log {}: {}\n",
                word("name"),
                word("status"),
                word("outcome"),
                attempts.join(" "),
                suite["return_code"],
                word("log_file"),
                word("error_message"),
            )
        };
        let text: String = suites.iter().map(line).collect();
        self.anonymise(&normalise(&text))
    }

    /// Returns a text with `[PLACE]` for the folder's path.
    pub(crate) fn anonymise(&self, text: &str) -> String {
        text.replace(&*self.root.to_string_lossy(), "[PLACE]")
    }

    /// Returns whether a process lives that was started from here.
    fn has_processes(&self) -> bool {
        let mark = format!("TMPDIR={}\0", self.temporary().display());
        let processes = fs::read_dir("/proc").expect("the process table");
        let environments =
            processes.filter_map(|it| fs::read(it.ok()?.path().join("environ")).ok());
        environments
            .into_iter()
            .any(|it| it.windows(mark.len()).any(|part| part == mark.as_bytes()))
    }

    /// Checks that a run left no process and no temporary file.
    ///
    /// # Panics
    /// It did.
    #[track_caller]
    pub(crate) fn check_nothing_is_left(&self) {
        if self.survivors.get() == Survivors::Forbidden {
            // What was killed needs a moment to leave the process table.
            wait_until("the end of every process of the run", || {
                !self.has_processes()
            });
        }
        let left = fs::read_dir(self.temporary()).expect("the folder").count();
        assert_eq!(left, 0, "temporary files are left");
        if self.has("test-logs") {
            for name in self.names("test-logs") {
                let extension = Path::new(&name).extension();
                let is_temporary = extension.is_some_and(|it| it == "tmp");
                assert!(!is_temporary, "a temporary file is left: {name}");
            }
        }
    }

    /// Checks what holds after every run, whatever became of it.
    #[track_caller]
    pub(crate) fn check_afterwards(&self) {
        self.check_nothing_is_left();
        if !self.has("test-logs/events.jsonl") {
            return;
        }
        self.check_report();
        for line in self.read("test-logs/events.jsonl").lines() {
            serde_json::from_str::<Value>(line).expect("a journal line is JSON");
        }
    }

    /// Checks that the report keeps its schema and is green only if everything is.
    #[track_caller]
    pub(crate) fn check_report(&self) {
        let report = self.report();
        let errors: Vec<_> = SCHEMA
            .iter_errors(&report)
            .map(|it| it.to_string())
            .collect();
        assert!(
            errors.is_empty(),
            "the report breaks its schema: {errors:?}"
        );
        let all_passed = report["suites"]
            .as_array()
            .expect("suites")
            .iter()
            .all(|suite| suite["status"] != "failed" || suite["quarantined"] == true);
        assert!(report["exit_code"] != 0 || all_passed, "a failure is green");
    }
}

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let schema = include_str!("../../../schemas/test-report.schema.json");
    let schema = serde_json::from_str(schema).expect("JSON");
    jsonschema::validator_for(&schema).expect("a schema")
});

/// Returns a folder with a copy of one of the repository's examples.
pub(crate) fn copy_example(name: &str) -> Place {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let place = Place::empty();
    // Only what the repository holds: an example that was run in place has built files beside its own.
    let listed = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
            name,
        ])
        .current_dir(&examples)
        .output()
        .expect("git");
    let listed = String::from_utf8(listed.stdout).expect("names in UTF-8");
    for file in listed.split_terminator('\0') {
        let inside = file.strip_prefix(name).expect("files of the example");
        let target = place.path(inside.trim_start_matches('/'));
        fs::create_dir_all(target.parent().expect("a folder")).expect("the folder");
        fs::copy(examples.join(file), target).expect("a copy");
    }
    place
}

impl Drop for Place {
    fn drop(&mut self) {
        // A test may have locked folders against their owner; they have to go all the same.
        let _ = Command::new("chmod")
            .args(["-R", "u+rwX"])
            .arg(self.folder.path())
            .status();
    }
}
