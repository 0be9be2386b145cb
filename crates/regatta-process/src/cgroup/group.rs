//! The group of one run: made before its first process, ended and removed after its last. Nothing in here fails for the
//! user; what a group would have done is then left to the sweeps.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags, XattrFlags, setxattr};

use super::home::{DELEGATED, Home};
use crate::fault::{self, Operation};
use crate::process;

/// How long processes that were killed may hold up the removal of their group.
const PATIENCE: Duration = Duration::from_millis(100);

/// The pause between two attempts.
const TRY_AGAIN: Duration = Duration::from_millis(1);

/// A group that is there, or was.
#[derive(Debug)]
pub(crate) struct Group {
    directory: PathBuf,
}

impl Group {
    /// Makes a group for this run below the one this process is in, and puts nobody into it. `None` where that is not
    /// possible, or not ours to do.
    pub(crate) fn create(run_id: &str) -> Option<Self> {
        let home = Home::find().filter(Home::is_ours)?;
        let directory = home.own.join(name(run_id));
        // An id that leads elsewhere is none.
        if directory.parent() != Some(&home.own) {
            return None;
        }
        fault::check(Operation::Open).ok()?;
        fs::create_dir(&directory).ok()?;
        // So that a run inside this one may do the same.
        let _ = setxattr(&directory, DELEGATED[0], b"1", XattrFlags::empty());
        Some(Self { directory })
    }

    /// Returns the group of a run, wherever it was started. `None` also for a process inside it, which would end itself
    /// with it. Looks at every group of the machine: about ten microseconds each.
    pub(crate) fn find(run_id: &str) -> Option<Self> {
        let home = Home::find()?;
        let directory = find_below(&home.mount, OsStr::new(&name(run_id)))?;
        (!home.own.starts_with(&directory)).then_some(Self { directory })
    }

    /// Returns a descriptor that stands for the group.
    pub(crate) fn open(&self) -> Option<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::open(&self.directory, flags, Mode::empty()).ok()
    }

    /// Returns everyone in the group and in groups below it.
    pub(crate) fn members(&self) -> Vec<i32> {
        members(&self.directory)
    }

    /// Ends everyone in the group and below it at once, so that nobody can fork away. Kernels before 5.14 cannot.
    pub(crate) fn end(&self) {
        write(&self.directory.join("cgroup.kill"), b"1");
    }

    /// Takes this process out of the group, to where the group was made. It may take tens of milliseconds: every
    /// processor of the machine has to have seen that groups are about to change.
    pub(crate) fn leave(&self) {
        if let Some(above) = self.directory.parent() {
            write(&above.join("cgroup.procs"), b"0");
        }
    }

    /// Removes the group, and groups that were made below it. Those who were killed leave it a moment after they are
    /// reaped.
    pub(crate) fn remove(&self) {
        let deadline = Instant::now() + PATIENCE;
        while !is_removed(&self.directory) && Instant::now() < deadline {
            thread::sleep(TRY_AGAIN);
        }
    }
}

fn name(run_id: &str) -> String {
    format!("regatta-{run_id}")
}

fn members(directory: &Path) -> Vec<i32> {
    let own = fs::read_to_string(directory.join("cgroup.procs")).unwrap_or_default();
    // One that cannot be seen from here has no number.
    let own = process::parse_pids(&own).into_iter().filter(|pid| *pid > 0);
    let below = directories_in(directory).into_iter();
    own.chain(below.flat_map(|it| members(&it))).collect()
}

fn find_below(directory: &Path, name: &OsStr) -> Option<PathBuf> {
    let below = directories_in(directory);
    let found = below.iter().find(|it| it.file_name() == Some(name));
    found
        .cloned()
        .or_else(|| below.iter().find_map(|it| find_below(it, name)))
}

/// Returns whether there is nothing more to try.
fn is_removed(directory: &Path) -> bool {
    let is_settled = || match fs::remove_dir(directory) {
        Ok(()) => true,
        Err(error) => !matches!(
            error.kind(),
            ErrorKind::ResourceBusy | ErrorKind::DirectoryNotEmpty
        ),
    };
    is_settled() || {
        for below in directories_in(directory) {
            is_removed(&below);
        }
        is_settled()
    }
}

fn directories_in(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let directories = entries.filter(|it| it.file_type().is_ok_and(|kind| kind.is_dir()));
    directories.map(|it| it.path()).collect()
}

/// Writes into a file that the kernel keeps. Where that is refused, it is also refused the next time.
fn write(file: &Path, text: &[u8]) {
    let opened = OpenOptions::new().write(true).open(file);
    let _ = opened.and_then(|mut file| file.write_all(text));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_below_go_as_well() {
        let top = tempfile::tempdir().unwrap();
        fs::create_dir_all(top.path().join("a/regatta-1/b/c")).unwrap();
        let directory = find_below(top.path(), OsStr::new("regatta-1")).unwrap();
        assert_eq!(directory, top.path().join("a/regatta-1"));
        let group = Group { directory };
        group.remove();
        assert!(!group.directory.exists() && top.path().join("a").exists());
        assert_eq!(find_below(top.path(), OsStr::new("regatta-1")), None);
    }

    #[test]
    fn members_are_counted_with_those_below() {
        let top = tempfile::tempdir().unwrap();
        let below = top.path().join("a");
        fs::create_dir(&below).unwrap();
        fs::write(top.path().join("cgroup.procs"), "12\n0\n13\n").unwrap();
        fs::write(below.join("cgroup.procs"), "14\n").unwrap();
        let directory = top.path().to_owned();
        assert_eq!(Group { directory }.members(), [12, 13, 14]);
    }

    #[test]
    fn a_group_that_stays_in_use_is_given_up() {
        let top = tempfile::tempdir().unwrap();
        fs::write(top.path().join("file"), "in use").unwrap();
        let directory = top.path().to_owned();
        let group = Group { directory };
        group.remove();
        assert!(group.directory.exists());
    }

    #[test]
    fn an_id_that_leads_elsewhere_is_none() {
        assert!(Group::create("../elsewhere").is_none());
    }
}
