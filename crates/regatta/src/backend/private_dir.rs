//! Private temporary directories: one a slot, empty whenever an attempt starts.
//!
//! A directory that an attempt left empty serves the next attempt in the slot as it is, which spares every
//! suite that never looks at it two changes of the file system. One that was used is moved aside and
//! deleted by a thread of its own, so that a suite which leaves a million files holds nobody up.
//!
//! They lie in one folder that bears the run's id, so that what a killed run left behind can be found.

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread::{Builder, JoinHandle};

use regatta_process::fault::{self, Operation};
use rustix::fs::{Mode, OFlags, RawDir, open};
use rustix::process::geteuid;

/// The private directories of a run. Dropping it removes them all.
pub(super) struct PrivateDirs {
    root: PathBuf,
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

/// Returns the folder of a run's private directories, which is there while the run goes on. `None` for an id that no
/// run has: one read from a file may hold anything.
#[must_use]
pub fn private_root(run_id: &str) -> Option<PathBuf> {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || it == '.' || it == '-';
    let is_id = !run_id.is_empty() && run_id.chars().all(is_plain);
    is_id.then(|| env::temp_dir().join(format!("regatta-{run_id}")))
}

/// Removes the private directories that a run left behind, if there are any. The run has to be over: its runner is
/// dead, and so are its suites. A link, and what belongs to another user, is left alone.
///
/// # Errors
/// The folder is there and ours, and cannot be removed.
pub fn remove_left_behind(run_id: &str) -> io::Result<()> {
    let Some(root) = private_root(run_id) else {
        return Ok(());
    };
    match root.symlink_metadata() {
        Ok(found) if found.is_dir() && found.uid() == geteuid().as_raw() => {
            match fs::remove_dir_all(&root) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

impl PrivateDirs {
    /// Creates the folder of this run, which must not be there yet: what somebody else put there could lead elsewhere.
    pub(super) fn new(run_id: &str) -> io::Result<Self> {
        let root = private_root(run_id).ok_or(ErrorKind::InvalidInput)?;
        fault::check(Operation::Open)?;
        DirBuilder::new().mode(0o700).create(&root)?;
        Ok(Self {
            root,
            ready: BTreeSet::new(),
            discarded: 0,
            cleaner: None,
        })
    }

    /// Returns the folder that they lie in.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the empty directory of a slot that no attempt uses.
    pub(super) fn prepare(&mut self, slot: u32) -> io::Result<PathBuf> {
        let path = self.path(slot);
        if !self.ready.remove(&slot) {
            fault::check(Operation::Open)?;
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

    /// Returns where the directory of a slot is, whether it exists or not.
    pub(super) fn path(&self, slot: u32) -> PathBuf {
        self.root.join(format!("slot-{slot}"))
    }

    /// Returns the file that a shard in a slot touches, and makes sure that it is not there yet. It lies beside the
    /// directory, which stays empty for whoever uses nothing else.
    pub(super) fn prepare_status_file(&self, slot: u32) -> io::Result<PathBuf> {
        let path = self.status_file(slot);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(path),
        }
    }

    /// Returns whether the shard in a slot has touched its file.
    pub(super) fn has_status(&self, slot: u32) -> bool {
        self.status_file(slot).symlink_metadata().is_ok()
    }

    /// Returns where the status file of a slot is, whether it exists or not.
    pub(super) fn status_file(&self, slot: u32) -> PathBuf {
        self.root.join(format!("slot-{slot}.shard"))
    }

    fn discard(&mut self, path: &Path) {
        self.discarded += 1;
        let aside = self.root.join(format!("used-{}", self.discarded));
        let moved = fault::check(Operation::Rename)
            .map_err(io::Error::from)
            .and_then(|()| fs::rename(path, &aside));
        if moved.is_ok() {
            if self.cleaner.is_none() {
                self.cleaner = Cleaner::start().ok();
            }
            // Where the machine has no thread to spare, the end of the run removes what is left.
            if let Some(cleaner) = &self.cleaner {
                let _ = cleaner.paths.send(aside);
            }
        }
    }
}

impl Drop for PrivateDirs {
    fn drop(&mut self) {
        if let Some(Cleaner { paths, thread }) = self.cleaner.take() {
            drop(paths);
            let _ = thread.join();
        }
        // There is nobody to tell; the next run in the log directory tries once more.
        let _ = fs::remove_dir_all(&self.root);
    }
}

impl Cleaner {
    fn start() -> io::Result<Self> {
        let (paths, discarded) = channel::<PathBuf>();
        let thread = Builder::new().spawn(move || {
            for path in discarded {
                // What cannot be removed now is tried once more with the root.
                let _ = fs::remove_dir_all(path);
            }
        })?;
        Ok(Self { paths, thread })
    }
}

/// Returns whether this is still a directory with nothing in it.
pub(super) fn is_empty(path: &Path) -> bool {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let Ok(folder) = open(path, flags, Mode::empty()) else {
        return false;
    };
    // Room for the two entries that every directory has, and for some more: one call tells most of the time.
    let mut buffer = [MaybeUninit::uninit(); 1024];
    let mut entries = RawDir::new(folder, &mut buffer);
    while let Some(entry) = entries.next() {
        let is_own = entry.is_ok_and(|it| matches!(it.file_name().to_bytes(), b"." | b".."));
        if !is_own {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns an id that no other test has.
    fn run_id(name: &str) -> String {
        format!("test-{}-{name}", std::process::id())
    }

    #[test]
    fn what_a_killed_run_left_is_removed_and_nothing_else() {
        let run_id = run_id("left");
        let root = private_root(&run_id).unwrap();
        remove_left_behind(&run_id).unwrap();
        let mut dirs = PrivateDirs::new(&run_id).unwrap();
        fs::write(dirs.prepare(0).unwrap().join("trash"), "x").unwrap();
        assert!(PrivateDirs::new(&run_id).is_err());
        std::mem::forget(dirs);
        remove_left_behind(&run_id).unwrap();
        assert!(root.symlink_metadata().is_err());

        let elsewhere = tempfile::tempdir().unwrap();
        fs::write(elsewhere.path().join("precious"), "x").unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), &root).unwrap();
        remove_left_behind(&run_id).unwrap();
        assert!(root.symlink_metadata().is_ok());
        assert!(elsewhere.path().join("precious").exists());
        fs::remove_file(&root).unwrap();
    }

    #[test]
    fn an_id_never_leads_out_of_the_temporary_directory() {
        for id in ["", "../x", "a/b", "a b", "a\0"] {
            assert_eq!(private_root(id), None, "{id}");
        }
        let root = private_root("20261123T055640.123456-4711").unwrap();
        assert_eq!(root.parent(), Some(env::temp_dir().as_path()));
    }

    #[test]
    fn every_attempt_gets_an_empty_directory_and_the_end_removes_all() {
        let mut dirs = PrivateDirs::new(&run_id("empty")).unwrap();
        let root = dirs.root.clone();
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
        let mut dirs = PrivateDirs::new(&run_id("link")).unwrap();
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
