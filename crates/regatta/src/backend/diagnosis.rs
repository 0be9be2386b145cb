//! The diagnosis log of a suite: what was seen of its attempts when they were slow or ran into a limit. Owns the file
//! and its words; when somebody looks, and at whom, is decided elsewhere.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use regatta_core::event::StopCause;
use regatta_core::schedule::{Circumstances, Occasion};
use regatta_process::fault::{self, Operation};
use regatta_process::{Snapshot, SpawnError, Status};
use rustix::fs::{Mode, OFlags, open};

use crate::diagnostic::visible;

/// How much of an `on_timeout` command's output is kept.
const MAX_OUTPUT_BYTES: usize = 1 << 20;

/// What is known of an attempt that is looked at.
pub(super) struct Sighting<'a> {
    pub(super) suite: &'a str,
    pub(super) attempt: u32,
    pub(super) circumstances: Circumstances,
    pub(super) last_line: Option<String>,
    pub(super) snapshot: Snapshot,
}

/// Whether a log replaces what an earlier run may have left, or goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beginning {
    New,
    Continued,
}

/// A diagnosis log that is being written. Opening and writing never fail: the first error is kept.
pub(super) struct DiagnosisLog {
    /// Or why nothing is written any more.
    file: io::Result<File>,
    /// How much more output has room.
    room_bytes: usize,
    /// Bytes of output that had no room.
    omitted_bytes: u64,
    ends_in_line: bool,
}

impl DiagnosisLog {
    /// Opens the log at `path`. A suite may have put something else there: a link is not followed, and a pipe is neither
    /// waited for nor written to.
    pub(super) fn open(path: &Path, beginning: Beginning) -> Self {
        let mut log = Self {
            file: open_file(path, beginning),
            room_bytes: MAX_OUTPUT_BYTES,
            omitted_bytes: 0,
            ends_in_line: true,
        };
        if beginning == Beginning::Continued {
            log.write(b"\n");
        }
        log
    }

    /// Writes who was looked at, and what was seen.
    pub(super) fn write_sighting(&mut self, sighting: &Sighting<'_>) {
        let text = render_sighting(sighting);
        self.write(text.as_bytes());
    }

    /// Writes that a command's output follows.
    pub(super) fn write_output_heading(&mut self) {
        self.write(b"\nOutput of on_timeout:\n");
    }

    /// Writes a piece of a command's output, as far as there is room.
    pub(super) fn write_output(&mut self, bytes: &[u8]) {
        let (kept, omitted) = bytes.split_at(self.room_bytes.min(bytes.len()));
        self.room_bytes -= kept.len();
        self.omitted_bytes += omitted.len() as u64;
        self.write(kept);
    }

    /// Writes that a command did not start.
    pub(super) fn write_refusal(&mut self, error: &SpawnError) {
        self.write_note(&format!("on_timeout did not start: failed to {error}"));
    }

    /// Writes how a command ended, if that is worth a word, and returns the first error.
    pub(super) fn finish(mut self, end: End) -> Option<io::Error> {
        if self.omitted_bytes > 0 {
            let omitted = self.omitted_bytes;
            self.write_note(&format!("{omitted} more bytes of output are left out"));
        }
        match end {
            End::Exited(Status::Code(0)) => {}
            End::Exited(Status::Code(code)) => {
                self.write_note(&format!("on_timeout ended with exit code {code}"));
            }
            End::Exited(Status::Signal(signal)) => {
                self.write_note(&format!("on_timeout was ended by signal {signal}"));
            }
            End::Killed(reason) => {
                self.write_note(&format!("on_timeout was killed: {reason}"));
            }
        }
        self.into_error()
    }

    /// Returns the first error.
    pub(super) fn into_error(self) -> Option<io::Error> {
        self.file.err()
    }

    fn write_note(&mut self, note: &str) {
        let line_end = if self.ends_in_line { "" } else { "\n" };
        self.write(format!("{line_end}[{}]\n", visible(note)).as_bytes());
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Ok(file) = &mut self.file {
            let checked = fault::check(Operation::Write).map_err(io::Error::from);
            if let Err(error) = checked.and_then(|()| file.write_all(bytes)) {
                self.file = Err(error);
            }
        }
        if let Some(last) = bytes.last() {
            self.ends_in_line = *last == b'\n';
        }
    }
}

fn open_file(path: &Path, beginning: Beginning) -> io::Result<File> {
    let mut flags = OFlags::WRONLY
        | OFlags::APPEND
        | OFlags::CREATE
        | OFlags::NOFOLLOW
        | OFlags::NONBLOCK
        | OFlags::CLOEXEC;
    if beginning == Beginning::New {
        flags |= OFlags::TRUNC;
    }
    fault::check(Operation::Open)?;
    let file = File::from(open(path, flags, Mode::from_raw_mode(0o666))?);
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("it is no regular file"))
    }
}

/// How an `on_timeout` command ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    Exited(Status),
    /// It had not ended when this happened.
    Killed(&'static str),
}

fn render_sighting(sighting: &Sighting<'_>) -> String {
    let Sighting {
        suite,
        attempt,
        circumstances,
        last_line,
        snapshot,
    } = sighting;
    let what = match circumstances.occasion {
        Occasion::Slow => "slow",
        Occasion::Limit(StopCause::IdleTimeout) => "idle time-out",
        Occasion::Limit(_) => "time-out",
    };
    let running = seconds(circumstances.running);
    let output = match last_line {
        Some(line) => format!(
            "last output {} ago, ending in this line:\n  {}",
            seconds(circumstances.silent),
            visible(line.trim())
        ),
        None => "no line of output so far".to_owned(),
    };
    let processes = if snapshot.is_empty() {
        "Its command has ended already.\n".to_owned()
    } else {
        snapshot.to_string()
    };
    format!(
        "=== {suite}, attempt {attempt}: {what} ===\n\
         Running for {running}; {output}\n\n{processes}"
    )
}

fn seconds(duration: Duration) -> String {
    format!("{:.1}s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn sighting(occasion: Occasion, last_line: Option<&str>) -> Sighting<'static> {
        Sighting {
            suite: "api",
            attempt: 2,
            circumstances: Circumstances {
                occasion,
                running: Duration::from_millis(61_250),
                silent: Duration::from_millis(1_500),
            },
            last_line: last_line.map(str::to_owned),
            snapshot: Snapshot::default(),
        }
    }

    #[test]
    fn a_person_reads_who_was_looked_at_and_why() {
        let text = render_sighting(&sighting(Occasion::Slow, Some("  50%\u{1b}[2K ")));
        assert_eq!(
            text,
            "=== api, attempt 2: slow ===\n\
             Running for 61.2s; last output 1.5s ago, ending in this line:\n  50%\\u{1b}[2K\n\n\
             Its command has ended already.\n"
        );
        let limit = Occasion::Limit(StopCause::IdleTimeout);
        let text = render_sighting(&sighting(limit, None));
        assert!(
            text.starts_with(
                "=== api, attempt 2: idle time-out ===\n\
                 Running for 61.2s; no line of output so far\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn a_new_log_replaces_and_a_continued_one_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, "of an earlier run").unwrap();
        for (beginning, text) in [(Beginning::New, "one\n"), (Beginning::Continued, "two\n")] {
            let mut log = DiagnosisLog::open(&path, beginning);
            log.write_output(text.as_bytes());
            assert!(log.finish(End::Exited(Status::Code(0))).is_none());
        }
        assert_eq!(fs::read_to_string(path).unwrap(), "one\n\ntwo\n");
    }

    #[test]
    fn endless_output_is_cut_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = DiagnosisLog::open(&path, Beginning::New);
        for _ in 0..3 {
            log.write_output(&vec![b'x'; 400_000]);
        }
        log.finish(End::Exited(Status::Code(3)));
        let text = fs::read_to_string(path).unwrap();
        let omitted = 1_200_000 - MAX_OUTPUT_BYTES;
        let notes = format!(
            "\n[{omitted} more bytes of output are left out]\n[on_timeout ended with exit code 3]\n"
        );
        assert_eq!(text.trim_start_matches('x'), notes);
        assert_eq!(text.len(), MAX_OUTPUT_BYTES + notes.len());
    }

    #[test]
    fn only_a_regular_file_is_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        fs::write(&target, "safe").unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        for path in [link.as_path(), folder.path(), Path::new("/dev/null")] {
            let mut log = DiagnosisLog::open(path, Beginning::New);
            log.write_output(b"lost");
            assert!(log.into_error().is_some(), "{}", path.display());
        }
        assert_eq!(fs::read_to_string(target).unwrap(), "safe");
    }

    #[test]
    fn a_full_disk_is_told() {
        let mut log = DiagnosisLog {
            file: File::options().write(true).open("/dev/full"),
            room_bytes: MAX_OUTPUT_BYTES,
            omitted_bytes: 0,
            ends_in_line: true,
        };
        log.write_sighting(&sighting(Occasion::Slow, None));
        assert!(log.into_error().is_some());
    }
}
