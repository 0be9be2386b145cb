//! The HTML pages of a run: one beside its logs unless that is not wanted, and others wherever its user wants them.
//!
//! They are made from what the other reports have as well, so they come after those, wait for no disk, and make no log
//! give way on a full one. There the page beside the logs, which nobody asked for, is missing, and that is no failure.

use std::fs;
use std::io;
use std::path::{Path, PathBuf, absolute};

use super::log_tails::read_log_tails;
use super::shown_path::shown_path;
use crate::cli::{CommandFailure, ReportTarget};
use crate::log_dir::{Room, is_lack_of_room};
use crate::report::files::replace_file;
use crate::report::html::{PAGE_NAME, Surroundings, render_page, render_stub};
use crate::report::record::Record;

/// Which pages a run is to leave.
#[derive(Debug, Clone)]
pub(super) struct PageWishes {
    /// What the configuration says of the one beside the logs.
    pub(super) beside_logs: bool,
    /// Where else.
    pub(super) paths: Vec<PathBuf>,
}

/// Where the pages of a run go.
pub(super) struct Pages {
    /// The one beside the logs.
    beside: Option<PathBuf>,
    wanted: Vec<PathBuf>,
    /// Absolute.
    log_dir: PathBuf,
}

impl PageWishes {
    pub(super) fn new(beside_logs: bool, targets: &[ReportTarget]) -> Self {
        let pages = targets.iter().filter(|it| it.format.is_page());
        Self {
            beside_logs,
            paths: pages.map(|it| it.path.clone()).collect(),
        }
    }

    /// Returns the places for a run with its logs in a folder.
    pub(super) fn pages(&self, log_dir: &Path) -> Pages {
        Pages {
            beside: self.beside_logs.then(|| log_dir.join(PAGE_NAME)),
            wanted: self.paths.clone(),
            log_dir: log_dir.to_owned(),
        }
    }
}

impl Pages {
    /// Puts a word in the place of what earlier runs left, so that nobody takes it for this run's.
    pub(super) fn begin(&self, record: &Record) -> Result<(), CommandFailure> {
        // Where none is wanted beside the logs, an old one must not stay there either.
        remove(&self.log_dir.join(PAGE_NAME));
        let stub = render_stub(record);
        for path in &self.wanted {
            let written = replace_file(path, stub.as_bytes());
            written
                .inspect_err(|_| remove(path))
                .map_err(|error| failure(path, &error))?;
        }
        match self
            .beside
            .as_ref()
            .map(|it| replace_file(it, stub.as_bytes()))
        {
            // The end will tell, where it has to.
            None | Some(Ok(())) => Ok(()),
            Some(Err(error)) if is_lack_of_room(&error) => Ok(()),
            Some(Err(error)) => Err(failure(&self.log_dir.join(PAGE_NAME), &error)),
        }
    }

    /// Writes them all, and returns what became of those that could not be.
    pub(super) fn write(&self, record: &Record, room: &mut Room) -> Written {
        let mut written = Written::default();
        if self.wanted.is_empty() && self.beside.is_none() {
            return written;
        }
        let tails = read_log_tails(record, &self.log_dir);
        for path in self.wanted.iter().chain(&self.beside) {
            let logs = lead_to(&self.log_dir, path);
            let surroundings = Surroundings {
                tails: &tails,
                logs: Some(&logs),
            };
            let page = render_page(record, &surroundings);
            let mut result = replace_file(path, page.as_bytes());
            if result.as_ref().is_err_and(is_lack_of_room) && room.give_up_reserve() {
                result = replace_file(path, page.as_bytes());
            }
            let Err(error) = result else { continue };
            if is_lack_of_room(&error) && Some(path) == self.beside.as_ref() {
                // What stands there says that there is no result yet.
                remove(path);
                let path = path.display();
                let warning = format!("the disk is full: there is no `{path}`");
                written.warnings.push(warning);
            } else {
                written.lost.push(failure(path, &error));
            }
        }
        written
    }
}

/// What became of pages.
#[derive(Default)]
pub(super) struct Written {
    /// Those that are missing although somebody asked for them, or for no good reason.
    pub(super) lost: Vec<CommandFailure>,
    /// What else is to be told.
    pub(super) warnings: Vec<String>,
}

/// Returns what leads from a page to a folder: nothing where it lies in there, else a path with a slash at its end.
pub(super) fn lead_to(folder: &Path, page: &Path) -> String {
    let page = absolute(page).unwrap_or_else(|_| page.to_owned());
    let from = page.parent().unwrap_or(Path::new("/"));
    if from == folder {
        return String::new();
    }
    let path = shown_path(folder, Path::new(""), from);
    format!("{}/", path.to_string_lossy())
}

fn failure(path: &Path, error: &io::Error) -> CommandFailure {
    CommandFailure::Infrastructure(format!(
        "cannot write the report `{}`: {error}",
        path.display()
    ))
}

/// What cannot be removed was not there, or shows as soon as it is to be replaced.
fn remove(path: &Path) {
    let _ = fs::remove_file(path);
}
