//! Finding a past run by what its user calls it: a run id, a journal, a folder, a report.
//!
//! It reads journals and never writes. Where the log directory is, is told to it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use regatta_core::event::Event;
use regatta_core::time::Time;
use serde::Deserialize;
use thiserror::Error;

use super::journal::{JOURNAL_NAME, JournalError, TornAt, read_journal};
use super::record::{Record, RunState};

/// A run that does not go on any more.
#[derive(Debug, Clone)]
pub struct PastRun {
    /// The journal that tells of it.
    pub journal: PathBuf,
    /// What it tells, folded.
    pub record: Record,
    /// What it tells after the header, in order.
    pub events: Vec<(Time, Event)>,
    /// How far the run came; never `Running`.
    pub state: RunState,
    /// Where the journal is damaged, if it is.
    pub torn: Option<TornAt>,
}

/// A past run that cannot be found or read.
#[derive(Debug, Error)]
pub enum FindRunError {
    /// Nothing was run here yet, or its log directory is another one.
    #[error("find a run: there is no journal `{}`", journal.display())]
    NoJournal {
        /// Where it was looked for.
        journal: PathBuf,
    },
    /// The name is no path, and no run that is kept has it as its id.
    #[error("find the run `{wanted}`: there is no such path, and {kept}")]
    NoSuchRun {
        /// What was asked for.
        wanted: String,
        /// What there is instead.
        kept: String,
    },
    /// The report was copied here from somewhere else, or a later run has replaced the journal.
    #[error("find the run `{wanted}` of the report `{}`: {kept}", report.display())]
    NotBesideReport {
        /// The report.
        report: PathBuf,
        /// The run it tells of.
        wanted: String,
        /// What there is instead.
        kept: String,
    },
    /// The file is not a report of a run.
    #[error("read the report `{}`: {source}", report.display())]
    UnreadableReport {
        /// The file.
        report: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
    /// There is a journal, and it cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Returns the run that `name` stands for, the latest one in `log_dir` when there is no name.
///
/// A name is the path of a journal, of a folder with a journal, or of a JSON report with its journal beside
/// it; anything else is the id of the run in `log_dir`.
///
/// # Errors
/// [`FindRunError`] says what was looked for, where, and what was found instead.
pub fn find_run(name: Option<&OsStr>, log_dir: &Path) -> Result<PastRun, FindRunError> {
    let latest = log_dir.join(JOURNAL_NAME);
    let Some(name) = name else {
        return read_run(latest);
    };
    let path = Path::new(name);
    if path.is_dir() {
        read_run(path.join(JOURNAL_NAME))
    } else if path.extension() == Some(OsStr::new("json")) && path.exists() {
        read_run_of_report(path)
    } else if path.exists() {
        read_run(path.to_owned())
    } else {
        let wanted = name.to_string_lossy().into_owned();
        find_by_id(&wanted, latest).map_err(|miss| match miss {
            Miss::Kept(kept) => FindRunError::NoSuchRun { wanted, kept },
            Miss::Unreadable(error) => error.into(),
        })
    }
}

/// Why the run of an id is not in a journal.
enum Miss {
    /// What there is instead.
    Kept(String),
    /// It cannot be known.
    Unreadable(JournalError),
}

fn read_run_of_report(report: &Path) -> Result<PastRun, FindRunError> {
    #[derive(Deserialize)]
    struct Identity {
        run_id: String,
    }
    let identity: Result<Identity, io::Error> = File::open(report)
        .and_then(|file| serde_json::from_reader(BufReader::new(file)).map_err(io::Error::from));
    let wanted = identity
        .map_err(|source| FindRunError::UnreadableReport {
            report: report.to_owned(),
            source,
        })?
        .run_id;
    find_by_id(&wanted, report.with_file_name(JOURNAL_NAME)).map_err(|miss| match miss {
        Miss::Kept(kept) => FindRunError::NotBesideReport {
            report: report.to_owned(),
            wanted,
            kept,
        },
        Miss::Unreadable(error) => error.into(),
    })
}

fn find_by_id(id: &str, journal: PathBuf) -> Result<PastRun, Miss> {
    if !journal.exists() {
        let kept = format!("there is no journal `{}`", journal.display());
        return Err(Miss::Kept(kept));
    }
    let run = load(journal).map_err(Miss::Unreadable)?;
    if run.record.header.run_id == id {
        return Ok(run);
    }
    let found = &run.record.header.run_id;
    let kept = format!(
        "the journal `{}` is of the run `{found}`",
        run.journal.display()
    );
    Err(Miss::Kept(kept))
}

fn read_run(journal: PathBuf) -> Result<PastRun, FindRunError> {
    if journal.exists() {
        Ok(load(journal)?)
    } else {
        Err(FindRunError::NoJournal { journal })
    }
}

fn load(path: PathBuf) -> Result<PastRun, JournalError> {
    let journal = read_journal(&path)?;
    let record = journal.record();
    Ok(PastRun {
        state: record.past_state(),
        journal: path,
        record,
        events: journal.events,
        torn: journal.torn,
    })
}
