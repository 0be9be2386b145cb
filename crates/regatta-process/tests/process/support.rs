//! What the process tests share: commands for `/bin/sh`, a supervisor that is waited on until
//! something happens, and copies of the test binary that play a process of their own.

use std::env;
use std::ffi::CString;
use std::fs;
use std::path::PathBuf;
use std::process::{Command as Process, ExitStatus};
use std::time::Duration;

use regatta_process::{
    Command, Ended, Follow, Guardian, Happening, LeftoverPolicy, SpawnError, Supervisor,
};
use tempfile::TempDir;

/// Long enough for the slowest machine; a test that gets here has failed.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A supervisor and a directory in which commands run and log.
pub(crate) struct Bench {
    pub(crate) dir: TempDir,
    pub(crate) supervisor: Supervisor,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let supervisor = Supervisor::new(&Guardian::absent()).unwrap();
        Self { dir, supervisor }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Returns a command that runs a script, logs into `log` and has nothing else set.
    pub(crate) fn shell(&self, script: &str) -> Command {
        self.command(&["/bin/sh", "-c", script])
    }

    pub(crate) fn command(&self, argv: &[&str]) -> Command {
        Command {
            argv: argv
                .iter()
                .map(|word| CString::new(*word).unwrap().into())
                .collect(),
            env: vec![
                CString::new("PATH=/usr/local/bin:/usr/bin:/bin")
                    .unwrap()
                    .into(),
            ],
            dir: self.dir.path().to_owned(),
            log: self.path("log"),
            max_log_bytes: 1 << 20,
            follow: Follow::Quiet,
            leftovers: LeftoverPolicy::End,
            descriptors: Vec::new(),
        }
    }

    /// Runs a script to its end and returns its log with it.
    pub(crate) fn run(&mut self, script: &str) -> (String, Ended) {
        let command = self.shell(script);
        let ended = self.run_command(&command).unwrap();
        (self.log(), ended)
    }

    pub(crate) fn run_command(&mut self, command: &Command) -> Result<Ended, SpawnError> {
        self.supervisor.spawn(1, command)?;
        Ok(self.wait_for_exit())
    }

    pub(crate) fn log(&self) -> String {
        String::from_utf8(fs::read(self.path("log")).unwrap()).unwrap()
    }

    pub(crate) fn wait_for_exit(&mut self) -> Ended {
        self.wait_for(|happening| match happening {
            Happening::Exited { ended, .. } => Some(ended),
            _ => None,
        })
    }

    /// Waits until a running command has printed `text`.
    pub(crate) fn wait_for_output(&mut self, key: u64, text: &str) {
        loop {
            let recent = String::from_utf8_lossy(&self.supervisor.recent_output(key)).into_owned();
            if recent.contains(text) {
                return;
            }
            self.wait_for(|happening| match happening {
                Happening::Printed { .. } => Some(()),
                Happening::Exited { ended, .. } => panic!("exited without `{text}`: {ended:?}"),
                _ => None,
            });
        }
    }

    /// Waits for the first happening that `choose` wants, and drops the others.
    pub(crate) fn wait_for<T>(&mut self, mut choose: impl FnMut(Happening) -> Option<T>) -> T {
        loop {
            let mut happenings = Vec::new();
            self.supervisor
                .wait(Some(PATIENCE), &mut happenings)
                .unwrap();
            assert!(!happenings.is_empty(), "nothing happened");
            if let Some(chosen) = happenings.into_iter().find_map(&mut choose) {
                return chosen;
            }
        }
    }
}

/// Returns the pid that a file in the directory of the commands holds.
pub(crate) fn pid_in(bench: &Bench, file: &str) -> i32 {
    let pid = fs::read_to_string(bench.path(file)).unwrap();
    pid.trim().parse().unwrap()
}

/// Returns whether the process whose pid the file holds still runs.
pub(crate) fn is_running(bench: &Bench, file: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid_in(bench, file)));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

/// Set in a copy of this test binary; the test it names then plays the other process.
const ROLE: &str = "PROCESS_TEST_ROLE";

/// Runs the test of that path in a copy of this binary, after some shell commands.
pub(crate) fn play(test: &str, preparation: &str) -> ExitStatus {
    let script = format!("{preparation} exec \"$@\" \"$0\" --exact {test} --nocapture");
    Process::new("/bin/sh")
        .args(["-c", &script])
        .arg(env::current_exe().unwrap())
        .env(ROLE, test)
        .status()
        .unwrap()
}

/// Returns whether this process is such a copy.
pub(crate) fn is_played() -> bool {
    env::var_os(ROLE).is_some()
}

/// The exit code of a copy that played its part to the end: neither success nor a failed test.
pub(crate) const PLAYED: i32 = 42;

/// Runs the body of the test of that path in a copy of this binary, where it is the only test: orphans go to a process
/// as a whole, and other tests of this one would take them for their own. Its main thread leaves the signal of dead
/// children to the thread of the test.
pub(crate) fn alone(test: &str, body: impl FnOnce()) {
    if is_played() {
        body();
        std::process::exit(PLAYED);
    }
    let status = play(test, "set -- env --block-signal=CHLD;");
    assert_eq!(status.code(), Some(PLAYED), "{test}");
}
