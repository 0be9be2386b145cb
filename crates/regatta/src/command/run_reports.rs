//! The report files of a run, from the stub before anything starts to the report at its end, and the room they need on a
//! full disk. What a report says is not known here.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::CommandFailure;
use crate::log_dir::{Room, is_lack_of_room};
use crate::report::files::write_atomically;

/// Where the reports of a run go.
pub(super) struct ReportFiles {
    paths: Vec<PathBuf>,
}

impl ReportFiles {
    /// Takes it that the stubs stand there already.
    pub(super) fn standing(paths: Vec<PathBuf>) -> Self {
        Self { paths }
    }

    /// Puts `stub` in the place of what earlier runs left, so that nobody takes it for this run's. Where that fails, an
    /// old report goes all the same.
    pub(super) fn begin(
        paths: Vec<PathBuf>,
        stub: &str,
        room: &mut Room,
    ) -> Result<Self, CommandFailure> {
        for path in &paths {
            // Without a report nothing is said; yesterday's would say something wrong.
            if let Err(failure) = write(path, stub, room) {
                remove(path);
                return Err(failure);
            }
        }
        Ok(Self { paths })
    }

    /// Replaces them all, and returns what became of those that could not be.
    pub(super) fn replace(&self, report: &str, room: &mut Room) -> Vec<CommandFailure> {
        let written = self.paths.iter().map(|path| write(path, report, room));
        written.filter_map(Result::err).collect()
    }
}

/// Writes a report. As long as the disk is full, something less dear on it is given up, at last what the report is to
/// replace: that says nothing any more.
fn write(path: &Path, report: &str, room: &mut Room) -> Result<(), CommandFailure> {
    let mut make_room = || (room.serves(path) && room.make(|_| false)) || remove(path);
    loop {
        match write_atomically(path, report.as_bytes()) {
            Ok(()) => return Ok(()),
            Err(error) if is_lack_of_room(&error) && make_room() => {}
            Err(error) => {
                return Err(CommandFailure::Infrastructure(format!(
                    "cannot write the report `{}`: {error}",
                    path.display()
                )));
            }
        }
    }
}

/// Returns whether there was a file to remove.
fn remove(path: &Path) -> bool {
    fs::remove_file(path).is_ok()
}
