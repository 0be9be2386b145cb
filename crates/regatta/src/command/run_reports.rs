//! The report files of a run, from the stub before anything starts to the report at its end, and the room they need on a
//! full disk. What a report says is not known here.

use std::fs;
use std::path::{Path, PathBuf};

use regatta_core::event::Event;
use regatta_core::time::Time;

use crate::cli::{CommandFailure, ReportTarget};
use crate::log_dir::{Room, is_lack_of_room};
use crate::report::files::write_atomically;
use crate::report::format::{Format, Reads, find_format};
use crate::report::journal::{JOURNAL_NAME, JournalError, read_journal};
use crate::report::json::REPORT_NAME;
use crate::report::record::{Record, RunState};
use crate::report::source::Source;
use crate::report::tail::read_tail;

/// Where the reports of a run go.
pub(super) struct ReportFiles {
    targets: Vec<ReportTarget>,
    /// Where the logs and the journal are.
    log_dir: PathBuf,
}

impl ReportFiles {
    /// Returns the reports of a run: those that its user wants, and the one beside the logs. The stubs stand there
    /// already, or will.
    pub(super) fn new(wanted: &[ReportTarget], log_dir: &Path) -> Self {
        // Pages are written by those who know what is around them.
        let wanted = wanted.iter().filter(|it| !it.format.is_page());
        let mut targets: Vec<ReportTarget> = wanted.cloned().collect();
        targets.extend(find_format("json").map(|format| ReportTarget {
            format,
            path: log_dir.join(REPORT_NAME),
        }));
        Self {
            targets,
            log_dir: log_dir.to_owned(),
        }
    }

    /// Puts stubs in the place of what earlier runs left, so that nobody takes it for this run's. Where that fails, an
    /// old report goes all the same.
    pub(super) fn begin(&self, record: &Record, room: &mut Room) -> Result<(), CommandFailure> {
        let source = Source::without_logs(record, RunState::Running);
        for target in &self.targets {
            let stub = (target.format.render)(&source);
            // Without a report nothing is said; yesterday's would say something wrong.
            if let Err(failure) = write(&target.path, &stub, room) {
                remove(&target.path);
                return Err(failure);
            }
        }
        Ok(())
    }

    /// Replaces them all, and returns what became of those that could not be.
    pub(super) fn replace(
        &self,
        record: &Record,
        state: RunState,
        room: &mut Room,
    ) -> Vec<CommandFailure> {
        let mut failures = Vec::new();
        for target in &self.targets {
            let written = self
                .render(target, record, state)
                .and_then(|report| write(&target.path, &report, room));
            failures.extend(written.err());
        }
        failures
    }

    fn render(
        &self,
        target: &ReportTarget,
        record: &Record,
        state: RunState,
    ) -> Result<String, CommandFailure> {
        let events = self.read_events(target.format, record).map_err(|error| {
            CommandFailure::Infrastructure(format!(
                "cannot write the report `{}`: failed to {error}",
                target.path.display()
            ))
        })?;
        Ok((target.format.render)(&Source {
            record,
            state,
            events: &events,
            find_tail: &|name| read_tail(&self.log_dir.join(name)).ok(),
        }))
    }
    /// Returns every event of a run for a format that reads them all. A run does not keep them, since it may go on for
    /// ever, but its journal has them.
    fn read_events(
        &self,
        format: &Format,
        record: &Record,
    ) -> Result<Vec<(Time, Event)>, JournalError> {
        if format.reads != Reads::Events {
            return Ok(Vec::new());
        }
        let journal = read_journal(&self.log_dir.join(JOURNAL_NAME))?;
        // A run that could not begin its own stands before that of an earlier one.
        let is_of_run = journal.header.run_id == record.header.run_id;
        Ok(if is_of_run {
            journal.events
        } else {
            Vec::new()
        })
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
