//! A command line: run to its end and told in full, or watched while it goes on.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::place::Place;
use super::transcript::transcribe;
use super::wait::PATIENCE;

/// `regatta` with its words, in an environment that holds nothing but what a test names.
#[must_use]
pub(crate) struct Invocation<'p> {
    place: &'p Place,
    program: PathBuf,
    command: Command,
}

impl<'p> Invocation<'p> {
    pub(super) fn new(place: &'p Place, words: &[&str]) -> Self {
        let program = assert_cmd::cargo::cargo_bin!("regatta").to_owned();
        let mut command = Command::new(&program);
        clean(&mut command, place);
        command.args(words);
        Self {
            place,
            program,
            command,
        }
    }

    /// Sets a variable.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Allows it this much address space.
    pub(crate) fn limited_to(self, mebibytes: u32) -> Self {
        let mut command = Command::new("sh");
        clean(&mut command, self.place);
        let script = format!("ulimit -v {} && exec \"$0\" \"$@\"", mebibytes * 1024);
        command.args(["-c", &script]).arg(&self.program);
        command.args(self.command.get_args());
        Self { command, ..self }
    }

    /// Runs with a disk of this size at `disk`, whose content is at `kept` afterwards.
    ///
    /// Where no file system may be mounted, as in most containers, their small `/dev/shm` is filled up to that size. A
    /// machine that allows neither cannot run such a test, and it fails.
    pub(crate) fn on_disk_of(self, kibibytes: u32) -> Self {
        let mut command = Command::new("sh");
        clean(&mut command, self.place);
        let script = include_str!("small_disk.sh");
        command.args(["-c", script, &kibibytes.to_string()]);
        command.arg(&self.program);
        command.args(self.command.get_args());
        Self { command, ..self }
    }

    /// Runs in another folder than the project's.
    pub(crate) fn inside(mut self, folder: &str) -> Self {
        self.command.current_dir(self.place.path(folder));
        self
    }

    /// Runs it and returns its exit code or signal, its standard output and its standard error.
    ///
    /// # Panics
    /// It does not come to an end, or leaves something behind.
    #[track_caller]
    pub(crate) fn run(self) -> String {
        let place = self.place;
        let transcript = self.run_unchecked();
        place.check_afterwards();
        transcript
    }

    /// As [`Self::run`], where a test has damaged what an earlier run left.
    pub(crate) fn run_unchecked(self) -> String {
        let mut command = assert_cmd::Command::from_std(self.command);
        let output = command.timeout(PATIENCE).output().expect("regatta starts");
        transcribe(&output, self.place, &self.program)
    }

    /// Starts it and leaves it running.
    pub(crate) fn start(mut self) -> Running<'p> {
        let piped = self.command.stdin(Stdio::null()).stdout(Stdio::piped());
        let child = piped.stderr(Stdio::piped()).spawn();
        Running {
            place: self.place,
            program: self.program,
            child: child.expect("regatta starts"),
        }
    }

    /// Starts it with its standard output in a file.
    pub(crate) fn start_into(mut self, output: File) -> Running<'p> {
        let piped = self.command.stdin(Stdio::null()).stdout(output);
        let child = piped.stderr(Stdio::piped()).spawn();
        Running {
            place: self.place,
            program: self.program,
            child: child.expect("regatta starts"),
        }
    }
}

/// `regatta` while it goes on.
#[must_use]
pub(crate) struct Running<'p> {
    place: &'p Place,
    program: PathBuf,
    child: Child,
}

impl Running<'_> {
    /// Returns the process that was started.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it is not reaped yet");
    }

    /// Waits for its end and returns what [`Invocation::run`] does.
    #[track_caller]
    pub(crate) fn finish(self) -> String {
        let place = self.place;
        let transcript = self.finish_unchecked();
        place.check_afterwards();
        transcript
    }

    /// As [`Self::finish`], where a test looks itself at what is left.
    #[track_caller]
    pub(crate) fn finish_unchecked(self) -> String {
        let output = self.child.wait_with_output().expect("an end");
        transcribe(&output, self.place, &self.program)
    }
}

/// Runs a line as a person would type it, with `regatta` in the PATH.
#[track_caller]
pub(crate) fn shell(place: &Place, line: &str) -> String {
    let program = assert_cmd::cargo::cargo_bin!("regatta").to_owned();
    let mut command = Command::new("bash");
    clean(&mut command, place);
    let folder = program.parent().expect("a program is in a folder");
    command.env("PATH", format!("{}:{}", folder.display(), path()));
    command.args(["-c", line]);
    let mut command = assert_cmd::Command::from_std(command);
    let output = command.timeout(PATIENCE).output().expect("a shell");
    place.check_afterwards();
    transcribe(&output, place, &program)
}

fn clean(command: &mut Command, place: &Place) {
    command
        .env_clear()
        .env("PATH", path())
        .env("HOME", place.root())
        .env("LANG", "C.UTF-8")
        .env("TERM", "dumb")
        .env("TMPDIR", place.temporary())
        .current_dir(place.root());
}

fn path() -> String {
    std::env::var("PATH").expect("a PATH")
}
