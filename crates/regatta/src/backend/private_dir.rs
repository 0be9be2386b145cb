//! Private temporary directories: one a slot, empty whenever an attempt starts.
//!
//! A directory that an attempt left empty serves the next attempt in the slot as it is, which spares every
//! suite that never looks at it two changes of the file system. One that was used is moved aside and
//! deleted by a thread of its own, so that a suite which leaves a million files holds nobody up.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use tempfile::TempDir;

/// The private directories of a run. Dropping it removes them all.
pub(super) struct PrivateDirs {
    root: TempDir,
    /// Slots whose directory exists and is empty.
    ready: BTreeSet<u32>,
    /// How many directories were moved aside, which names the next.
    discarded: u64,
    cleaner: Option<Cleaner>,
}

struct Cleaner {
    paths: Sender<PathBuf>,
    thread: JoinHandle<()>,
}

impl PrivateDirs {
    pub(super) fn new() -> io::Result<Self> {
        let root = tempfile::Builder::new()
            .prefix("regatta-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir()?;
        Ok(Self {
            root,
            ready: BTreeSet::new(),
            discarded: 0,
            cleaner: None,
        })
    }

    /// Returns the empty directory of a slot that no attempt uses.
    pub(super) fn prepare(&mut self, slot: u32) -> io::Result<PathBuf> {
        let path = self.path(slot);
        if !self.ready.remove(&slot) {
            fs::create_dir(&path)?;
        }
        Ok(path)
    }

    /// Takes a directory back when its attempt is over.
    pub(super) fn take_back(&mut self, slot: u32) {
        let path = self.path(slot);
        if is_empty(&path) {
            self.ready.insert(slot);
        } else if path.symlink_metadata().is_ok() {
            self.discard(&path);
        }
    }

    fn path(&self, slot: u32) -> PathBuf {
        self.root.path().join(format!("slot-{slot}"))
    }

    fn discard(&mut self, path: &Path) {
        self.discarded += 1;
        let aside = self.root.path().join(format!("used-{}", self.discarded));
        if fs::rename(path, &aside).is_ok() {
            let cleaner = self.cleaner.get_or_insert_with(Cleaner::start);
            // The thread lives as long as its sender; if it is gone all the same, the end of the run
            // removes what is left.
            let _ = cleaner.paths.send(aside);
        }
    }
}

impl Drop for PrivateDirs {
    fn drop(&mut self) {
        if let Some(Cleaner { paths, thread }) = self.cleaner.take() {
            drop(paths);
            let _ = thread.join();
        }
    }
}

impl Cleaner {
    fn start() -> Self {
        let (paths, discarded) = channel::<PathBuf>();
        let thread = std::thread::spawn(move || {
            for path in discarded {
                // What cannot be removed now is tried once more with the root.
                let _ = fs::remove_dir_all(path);
            }
        });
        Self { paths, thread }
    }
}

/// Returns whether this is still a directory with nothing in it.
pub(super) fn is_empty(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|it| it.is_dir())
        && fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attempt_gets_an_empty_directory_and_the_end_removes_all() {
        let mut dirs = PrivateDirs::new().unwrap();
        let root = dirs.root.path().to_owned();
        let first = dirs.prepare(0).unwrap();
        fs::write(first.join("trash"), "x").unwrap();
        dirs.take_back(0);
        let second = dirs.prepare(0).unwrap();
        assert!(is_empty(&second));
        dirs.take_back(0);
        assert_eq!(dirs.prepare(0).unwrap(), second);
        drop(dirs);
        assert!(!root.exists());
    }

    #[test]
    fn a_suite_may_remove_its_directory_or_put_a_link_there() {
        let mut dirs = PrivateDirs::new().unwrap();
        let path = dirs.prepare(3).unwrap();
        fs::remove_dir(&path).unwrap();
        dirs.take_back(3);
        assert!(is_empty(&dirs.prepare(3).unwrap()));

        let elsewhere = tempfile::tempdir().unwrap();
        fs::remove_dir(&path).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), &path).unwrap();
        dirs.take_back(3);
        assert!(is_empty(&dirs.prepare(3).unwrap()));
        drop(dirs);
        assert!(elsewhere.path().exists());
    }
}
