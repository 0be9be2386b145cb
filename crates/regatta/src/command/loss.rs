//! The end of a run whose runner died: told by its guardian, from the journal.

use std::ffi::OsStr;
use std::io::{IsTerminal, stderr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use regatta_core::event::Event;
use regatta_core::id::{AttemptId, Id, TaskId};
use regatta_core::port::Subscriber;
use regatta_core::time::Time;
use regatta_core::verdict::{AttemptReport, Exit, Failure, Verdict};
use regatta_process::{Loss, Status};

use super::exit_code::exit_code;
use super::output::{complain, notice, warn};
use super::run::{remember, remove_temporary_files};
use super::run_ci::Ci;
use super::run_pages::PageWishes;
use super::run_reports::ReportFiles;
use crate::cli::{CommandFailure, ReportTarget};
use crate::history::History;
use crate::log_dir::Room;
use crate::report::journal::{JOURNAL_NAME, Journal, JournalWriter, read_journal};
use crate::report::record::{Record, signal_name};

/// What a runner leaves to its guardian: where to read how far the run came.
pub(super) struct Will<'r> {
    pub(super) run_id: &'r str,
    /// Absolute.
    pub(super) log_dir: &'r Path,
}

impl Will<'_> {
    /// *Shape*: the id, a newline, the path as it is.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let path = self.log_dir.as_os_str().as_bytes();
        [self.run_id.as_bytes(), b"\n", path].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Will<'_>> {
        let newline = bytes.iter().position(|byte| *byte == b'\n')?;
        let (run_id, path) = bytes.split_at(newline);
        Some(Will {
            run_id: str::from_utf8(run_id).ok()?,
            log_dir: Path::new(OsStr::from_bytes(&path[1..])),
        })
    }
}

/// Says the last word on everything that has none, writes the reports, and returns the exit code.
pub(super) fn conclude_lost(
    loss: &Loss,
    targets: &[ReportTarget],
    pages: &PageWishes,
    ci: Option<&Ci<'_>>,
) -> u8 {
    let code = conclude(loss, targets, pages, ci);
    if let Some(ci) = ci {
        ci.close_for_another();
    }
    code
}

fn conclude(loss: &Loss, targets: &[ReportTarget], pages: &PageWishes, ci: Option<&Ci<'_>>) -> u8 {
    let cause = match loss.status {
        Status::Signal(number) => match signal_name(number) {
            Some(name) => format!("was killed by signal {number} ({name})"),
            None => format!("was killed by signal {number}"),
        },
        Status::Code(code) => format!("ended with exit code {code}"),
    };
    if stderr().is_terminal() {
        // The last line may be one that the runner had not finished.
        notice("");
    }
    complain(&CommandFailure::Infrastructure(format!(
        "the process that ran the suites {cause}"
    )));
    let Some(will) = Will::from_bytes(&loss.will) else {
        return 3;
    };
    remove_temporary_files(will.run_id, will.log_dir);
    let path = will.log_dir.join(JOURNAL_NAME);
    let journal = match read_journal(&path) {
        Ok(journal) if journal.header.run_id == will.run_id => journal,
        // It is of an earlier run: this one had not begun.
        Ok(_) => return 3,
        Err(error) => {
            complain(&CommandFailure::Infrastructure(format!(
                "failed to {error}"
            )));
            return 3;
        }
    };
    let record = match finish_journal(&path, &journal, &cause) {
        Ok(record) => record,
        Err(error) => {
            complain(&CommandFailure::Infrastructure(format!(
                "cannot write the journal `{}`: {error}",
                path.display()
            )));
            return 3;
        }
    };
    let suites = record.header.suites.iter();
    let mut room = Room::new(will.log_dir, suites.map(|suite| suite.name.as_str()));
    let reports = ReportFiles::new(targets, will.log_dir);
    for failure in reports.replace(&record, record.past_state(), &mut room) {
        complain(&failure);
    }
    let written = pages.pages(will.log_dir).write(&record, &mut room);
    for failure in &written.lost {
        complain(failure);
    }
    for warning in &written.warnings {
        warn(warning);
    }
    if let Some(ci) = ci {
        ci.append_summary(&record, will.log_dir);
    }
    remember(&History::of(Path::new(&record.header.root)), &record, &path);
    notice("what ran is lost, the rest never started; `regatta report` tells how far the run came");
    record.finished.map_or(3, |finish| finish.exit_code)
}

/// Goes on with the journal to a proper end.
fn finish_journal(path: &Path, journal: &Journal, cause: &str) -> std::io::Result<Record> {
    let mut writer = JournalWriter::resume(path, journal)?;
    let mut record = journal.record();
    let at = now(&record);
    let mut tell = |record: &mut Record, event: Event| {
        writer.handle_event(at, &event);
        record.apply(at, &event);
    };
    let reason = format!("the process that ran it {cause}");
    for index in 0..record.tasks.len() {
        let task = TaskId::from_index(index);
        let known = &record.tasks[index];
        if known.verdict.is_some() {
            continue;
        }
        let running = known.attempts.last().filter(|it| it.end.is_none());
        let verdict = if let Some(attempt) = running {
            let attempt = AttemptId {
                task,
                number: attempt.number,
            };
            let verdict = Verdict::Failed(Failure::Infrastructure(reason.clone()));
            tell(
                &mut record,
                Event::AttemptFinished {
                    attempt,
                    verdict: verdict.clone(),
                    report: Box::new(AttemptReport::bare(Exit::Lost(reason.clone()))),
                },
            );
            verdict
        } else {
            known.verdict_or_interrupted()
        };
        tell(&mut record, Event::TaskFinished { task, verdict });
    }
    let summary = record.summary();
    // Nothing may have run at that moment; the run is lost all the same.
    let exit_code = exit_code(&record, None, &[reason]);
    tell(&mut record, Event::RunFinished { summary, exit_code });
    match writer.into_error() {
        Some(error) => Err(error),
        None => Ok(record),
    }
}

/// Returns the time of the run, which another process began.
fn now(record: &Record) -> Time {
    let monotonic = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let micros = monotonic.tv_sec * 1_000_000 + monotonic.tv_nsec / 1000;
    let micros = u64::try_from(micros).unwrap_or_default();
    let since = micros.saturating_sub(record.header.monotonic_us);
    Time(std::time::Duration::from_micros(since)).max(record.latest)
}
