//! The history of a project: a folder beside its configuration, with the database and the kept journals.
//!
//! Nothing here can fail a run: whoever records one is told at most one thing to warn of. Nothing is made before there
//! is something to keep.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use regatta_core::past::{Past, Usual};
use regatta_process::fault::{self, Operation};

use super::error::HistoryError;
use super::query::Here;
use super::record::{absorb, add, known_runs};
use super::row::RunRow;
use super::store::{Purpose, Store, put_aside};
use super::timings::{TIMINGS_NAME, read_timings};
use super::{journals, timings};
use crate::report::record::Record;

/// The folder, its database, the file whose lock goes with the database, and the folder of kept journals.
const FOLDER: &str = ".regatta";
const DATABASE: &str = "history.db";
const GATE: &str = "history.lock";
const JOURNALS: &str = "runs";

/// The history of one project.
#[derive(Debug, Clone)]
pub struct History {
    /// The folder of the configuration.
    root: PathBuf,
}

/// A run that was recorded.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// What its user should know about the history all the same.
    pub warning: Option<String>,
}

impl History {
    /// Returns the history of the project in this folder. Nothing is read or made.
    #[must_use]
    pub fn of(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// Returns what is known of suites that are named with the digests of their definitions. Where the history knows no
    /// duration, the timings beside the configuration do. What cannot be read is not known; recording will tell why.
    ///
    /// *Shape*: one entry a suite, in the order asked for; empty where nothing is known at all.
    #[must_use]
    pub fn pasts(&self, suites: &[(&str, &str)], here: &Here<'_>) -> Vec<Past> {
        let store = self.open().ok().flatten();
        let known = store.and_then(|store| store.pasts(suites, here).ok());
        let timings = read_timings(&self.root.join(TIMINGS_NAME)).unwrap_or_default();
        if known.is_none() && timings.is_empty() {
            return Vec::new();
        }
        let mut pasts = known.unwrap_or_else(|| vec![Past::default(); suites.len()]);
        for (past, (name, _)) in pasts.iter_mut().zip(suites) {
            let timing = timings.get(*name).map(|&duration| Usual {
                duration,
                // Nobody knows; a tenth is what two machines of one kind differ by.
                spread: duration / 10,
            });
            past.usual = past.usual.or(timing);
        }
        pasts
    }

    /// Returns the timings beside the configuration, by the names of suites; `None` where there is no such file.
    ///
    /// # Errors
    /// The file is there and is no file of timings: where it is, and why.
    pub fn timings(&self) -> Result<Option<BTreeMap<String, Duration>>, (PathBuf, io::Error)> {
        let path = self.root.join(TIMINGS_NAME);
        match read_timings(&path) {
            Ok(timings) => Ok(Some(timings)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err((path, error)),
        }
    }

    /// Opens the history for reading; `None` where nothing was recorded yet.
    ///
    /// # Errors
    /// [`HistoryError`] says why it cannot be used.
    pub fn open(&self) -> Result<Option<Store>, HistoryError> {
        match self.database().metadata() {
            // SQLite begins with an empty file, and one that was never written to is no more.
            Ok(found) if found.len() > 0 => {
                Store::open(&self.database(), &self.gate(), Purpose::Read).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Writes a run that is over: its figures into the database, its journal beside it. A damaged database is put aside,
    /// and a new one is made from the kept journals.
    ///
    /// # Errors
    /// [`HistoryError`] says why the run is not in the history. A database that a newer program wrote is not touched.
    pub fn record(&self, record: &Record, journal: &Path) -> Result<Recorded, HistoryError> {
        let run = RunRow::of(record);
        self.make_folder()?;
        match self.try_record(&run, journal) {
            Err(HistoryError::Damaged { source, .. }) => {
                let Some(aside) = put_aside(&self.database(), &self.gate())? else {
                    return self.try_record(&run, journal).map(|()| Recorded::default());
                };
                let (_, made_anew) = self.rebuild()?;
                self.try_record(&run, journal)?;
                let warning = format!(
                    "the history `{}` was damaged ({source}); it is kept as `{}`, and a new one was made from {made_anew} kept runs",
                    self.database().display(),
                    aside.display()
                );
                Ok(Recorded {
                    warning: Some(warning),
                })
            }
            result => result.map(|()| Recorded::default()),
        }
    }

    fn try_record(&self, run: &RunRow, journal: &Path) -> Result<(), HistoryError> {
        let store = Store::open(&self.database(), &self.gate(), Purpose::Write)?;
        let runs = self.journals();
        let size = match journals::keep(journal, &runs, &run.run_id) {
            Ok(size) => size,
            // Somebody has removed the log directory, and the run has told that. Its figures are still worth keeping.
            Err(error) if error.kind() == ErrorKind::NotFound => 0,
            Err(source) => return Err(HistoryError::io(&runs, source)),
        };
        let before = store.log_bytes();
        let dropped = store.change(|connection| add(connection, run, size))?;
        store.fold(before);
        for run_id in dropped {
            journals::drop_kept(&runs, &run_id);
        }
        Ok(())
    }

    /// Adds the kept journals that the database does not know. Returns how many runs it knows now, and how many it did
    /// not know.
    ///
    /// # Errors
    /// [`HistoryError`] says why the database cannot be used.
    pub fn rebuild(&self) -> Result<(usize, usize), HistoryError> {
        self.absorb(&journals::read_all(&self.journals()))
    }

    /// Adds runs that were exported, those that are there already excepted. Returns how many runs there are now, and
    /// how many there were not.
    ///
    /// # Errors
    /// [`HistoryError`] says why the database cannot be used.
    pub fn import(&self, runs: Vec<RunRow>) -> Result<(usize, usize), HistoryError> {
        let runs: Vec<_> = runs.into_iter().map(|run| (run, 0)).collect();
        self.absorb(&runs)
    }

    fn absorb(&self, runs: &[(RunRow, u64)]) -> Result<(usize, usize), HistoryError> {
        self.make_folder()?;
        let store = Store::open(&self.database(), &self.gate(), Purpose::Write)?;
        let before = store.log_bytes();
        let counts = store.change(|connection| {
            let added = absorb(connection, runs)?;
            Ok((known_runs(connection)?.len(), added))
        })?;
        store.fold(before);
        Ok(counts)
    }

    /// Returns the kept journal of a run, where there is one.
    #[must_use]
    pub fn find_journal(&self, run_id: &str) -> Option<PathBuf> {
        let path = journals::kept_path(&self.journals(), run_id)?;
        path.is_file().then_some(path)
    }

    /// Writes the timings beside the configuration, and returns where they are.
    ///
    /// # Errors
    /// [`HistoryError`] says why they could not be written.
    pub fn write_timings(
        &self,
        durations: &BTreeMap<String, Duration>,
    ) -> Result<PathBuf, HistoryError> {
        let path = self.root.join(TIMINGS_NAME);
        let before = read_timings(&path).unwrap_or_default();
        let text = timings::render_timings(durations, &before);
        crate::report::files::write_atomically(&path, text.as_bytes())
            .map_err(|source| HistoryError::io(&path, source))?;
        Ok(path)
    }

    /// Makes the folder, and keeps git away from it and from nothing else.
    fn make_folder(&self) -> Result<(), HistoryError> {
        let folder = self.root.join(FOLDER);
        let failed = |source: io::Error| HistoryError::io(&folder, source);
        fault::check(Operation::Open).map_err(|errno| failed(errno.into()))?;
        let made = DirBuilder::new().mode(0o755).create(&folder);
        match made {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(failed(error)),
            _ => {}
        }
        let ignore = folder.join(".gitignore");
        fault::check(Operation::Open).map_err(|errno| failed(errno.into()))?;
        match fs::File::create_new(&ignore) {
            Ok(mut file) => fault::check(Operation::Write)
                .map_err(io::Error::from)
                .and_then(|()| file.write_all(b"*\n"))
                // An empty one would keep nothing away, and would not be written again.
                .inspect_err(|_| drop(fs::remove_file(&ignore)))
                .map_err(|source| HistoryError::io(&ignore, source)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(HistoryError::io(&ignore, error)),
        }
    }

    fn database(&self) -> PathBuf {
        self.root.join(FOLDER).join(DATABASE)
    }

    fn gate(&self) -> PathBuf {
        self.root.join(FOLDER).join(GATE)
    }

    fn journals(&self) -> PathBuf {
        self.root.join(FOLDER).join(JOURNALS)
    }
}
