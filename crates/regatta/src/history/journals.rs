//! The kept journals: a copy of each run's, from which the database can be made again.
//!
//! A copy and not a link: the next run of the same log directory empties its journal before it writes its own.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use regatta_process::fault::{self, Operation};

use super::case::Known;
use super::row::RunRow;
use crate::report::journal::read_journal;

/// Returns where the journal of a run is kept. `None` for an id that is no plain file name: it comes from files.
pub(super) fn kept_path(folder: &Path, run_id: &str) -> Option<PathBuf> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let is_name = run_id.chars().all(is_plain) && !run_id.starts_with('.') && !run_id.is_empty();
    is_name.then(|| folder.join(format!("{run_id}.jsonl")))
}

/// Copies the journal of a run that is over, and returns the size of it. The folder is made if need be.
pub(super) fn keep(journal: &Path, folder: &Path, run_id: &str) -> io::Result<u64> {
    let Some(path) = kept_path(folder, run_id) else {
        return Err(io::Error::other("the run's id cannot be a file name"));
    };
    fault::check(Operation::Open)?;
    fs::create_dir_all(folder)?;
    fault::check(Operation::Open)?;
    let mut from = File::open(journal)?;
    fault::check(Operation::Open)?;
    let mut to = File::create(&path)?;
    // Within one file system the kernel copies, or shares the blocks where it can.
    let copied = fault::check(Operation::Write)
        .map_err(io::Error::from)
        .and_then(|()| io::copy(&mut from, &mut to));
    // Half a journal would look like a run that was killed.
    copied.inspect_err(|_| drop(fs::remove_file(&path)))
}

/// Forgets the journal of a run.
pub(super) fn drop_kept(folder: &Path, run_id: &str) {
    if let Some(path) = kept_path(folder, run_id) {
        // One that cannot be removed takes room and does no other harm.
        let _ = fs::remove_file(path);
    }
}

/// Returns the runs that the kept journals tell of, and the size of each journal. What is no journal is passed over.
pub(super) fn read_all(folder: &Path) -> Vec<(RunRow, u64)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let journals = paths.iter().filter_map(|path| read_journal(path).ok());
    let mut known = Known::default();
    let runs = journals.map(|journal| {
        let mut run = RunRow::of(&journal.record());
        // All cases of all runs would be too much to hold at once.
        for suite in &mut run.suites {
            known.sift(suite);
        }
        (run, journal.bytes)
    });
    runs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_become_paths() {
        let folder = Path::new("runs");
        for id in ["", "../x", "a/b", ".hidden", "a b"] {
            assert_eq!(kept_path(folder, id), None, "{id}");
        }
        assert_eq!(
            kept_path(folder, "20231012T150345.000001-7"),
            Some("runs/20231012T150345.000001-7.jsonl".into())
        );
    }
}
