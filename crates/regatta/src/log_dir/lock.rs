//! The lock on a log directory: one run at a time writes there.
//!
//! It is an advisory `flock(2)` on a file that is never removed, so two runs can never hold locks on two files of
//! the same name. The kernel releases it when its holder dies, however it dies.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use regatta_process::fault::{self, Operation};
use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use rustix::process::{Pid, getpid};
use serde::{Deserialize, Serialize};

/// The name of the lock file in its log directory.
pub(super) const LOCK_NAME: &str = ".lock";

/// A lock that is held. Dropping it releases it.
#[derive(Debug)]
pub(super) struct Lock {
    /// Held for the lock on it; closed on exec, so no suite inherits it.
    file: File,
}

/// Who holds a lock, as he wrote it down himself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// His run.
    pub run_id: String,
    /// His process.
    pub pid: i32,
    /// His machine, which matters on a shared file system.
    pub host: String,
    /// When he took the lock, RFC 3339.
    pub since: String,
}

impl Lock {
    /// Returns the open file, with which the lock goes from hand to hand.
    pub(super) fn into_descriptor(self) -> OwnedFd {
        self.file.into()
    }
}

/// What came of an attempt to take a lock.
#[derive(Debug)]
pub(super) enum Attempt {
    /// It is held now.
    Taken(Lock),
    /// Another run holds it; he is `None` where he has not said who he is.
    Busy(Waiting, Option<Holder>),
}

/// An open lock file whose lock somebody else holds.
#[derive(Debug)]
pub(super) struct Waiting {
    file: File,
}

/// Tries to take the lock of a log directory.
///
/// # Errors
/// The lock file cannot be created, opened or locked.
pub(super) fn try_lock(log_dir: &Path, holder: &Holder) -> io::Result<Attempt> {
    let flags = OFlags::NOFOLLOW | OFlags::CLOEXEC;
    fault::check(Operation::Open)?;
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .custom_flags(i32::try_from(flags.bits()).expect("open flags are an int in C"))
        .open(log_dir.join(LOCK_NAME))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Attempt::Taken(sign(file, holder)?)),
        Err(Errno::WOULDBLOCK) => {
            let other = read_holder(&file);
            Ok(Attempt::Busy(Waiting { file }, other))
        }
        Err(error) => Err(error.into()),
    }
}

/// Returns whether a run holds the lock of a log directory at this moment.
#[must_use]
pub fn is_held(log_dir: &Path) -> bool {
    // A lock that is taken here goes with its file at once.
    File::open(log_dir.join(LOCK_NAME))
        .is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockShared).is_err())
}

impl Waiting {
    /// Waits until the other run is over, and takes the lock.
    ///
    /// # Errors
    /// The lock cannot be taken.
    pub(super) fn wait(self, holder: &Holder) -> io::Result<Lock> {
        loop {
            match flock(&self.file, FlockOperation::LockExclusive) {
                Ok(()) => return sign(self.file, holder),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Writes down who holds the lock. Only the message to those who wait depends on it.
fn sign(mut file: File, holder: &Holder) -> io::Result<Lock> {
    let text = serde_json::to_vec(holder).expect("plain data is always JSON");
    file.set_len(0)?;
    file.rewind()?;
    fault::check(Operation::Write)?;
    file.write_all(&text)?;
    Ok(Lock { file })
}

fn read_holder(mut file: &File) -> Option<Holder> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

impl Holder {
    /// Returns whether this process runs inside one of the holder's suites: it carries the mark of his run, or
    /// descends from his process, as a run inside a run inside a run does.
    pub(super) fn is_above_us(&self, our_mark: Option<&str>, our_host: &str) -> bool {
        our_mark == Some(&self.run_id) || (self.host == our_host && is_ancestor(self.pid))
    }
}

fn is_ancestor(pid: i32) -> bool {
    let mut at = getpid();
    while let Some(parent) = parent_of(at) {
        if parent.as_raw_nonzero().get() == pid {
            return true;
        }
        at = parent;
    }
    false
}

/// Returns the parent of a process; see `proc_pid_stat(5)`. The name may hold anything, so fields count from its end.
fn parent_of(pid: Pid) -> Option<Pid> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    let fields = stat.rsplit_once(')')?.1;
    let parent = fields.split_whitespace().nth(1)?.parse().ok()?;
    Pid::from_raw(parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(run_id: &str) -> Holder {
        Holder {
            run_id: run_id.to_owned(),
            pid: getpid().as_raw_nonzero().get(),
            host: "here".to_owned(),
            since: "now".to_owned(),
        }
    }

    fn take(folder: &Path, run_id: &str) -> Lock {
        match try_lock(folder, &holder(run_id)).unwrap() {
            Attempt::Taken(lock) => lock,
            Attempt::Busy(..) => panic!("nobody else is here"),
        }
    }

    #[test]
    fn the_second_is_told_who_holds_the_lock_and_gets_it_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_held(folder.path()));
        let first = take(folder.path(), "first");
        assert!(is_held(folder.path()));
        let Attempt::Busy(waiting, other) = try_lock(folder.path(), &holder("second")).unwrap()
        else {
            panic!("the lock was taken twice");
        };
        assert_eq!(other, Some(holder("first")));
        drop(first);
        let second = waiting.wait(&holder("second")).unwrap();
        let Attempt::Busy(_, other) = try_lock(folder.path(), &holder("third")).unwrap() else {
            panic!("the lock was taken twice");
        };
        assert_eq!(other, Some(holder("second")));
        drop(second);
        take(folder.path(), "third");
        assert!(folder.path().join(LOCK_NAME).exists());
    }

    #[test]
    fn a_link_in_its_place_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = folder.path().join("elsewhere");
        std::os::unix::fs::symlink(&elsewhere, folder.path().join(LOCK_NAME)).unwrap();
        assert!(try_lock(folder.path(), &holder("x")).is_err());
        assert!(!elsewhere.exists());
    }

    #[test]
    fn a_run_inside_a_suite_is_recognised_by_mark_or_by_descent() {
        let mut outer = holder("outer");
        outer.pid = 1;
        assert!(outer.is_above_us(Some("outer"), "elsewhere"));
        assert!(!outer.is_above_us(Some("other"), "elsewhere"));
        let parent = parent_of(getpid()).unwrap();
        outer.pid = parent.as_raw_nonzero().get();
        assert!(outer.is_above_us(None, "here"));
        outer.pid = i32::MAX;
        assert!(!outer.is_above_us(None, "here"));
    }
}
