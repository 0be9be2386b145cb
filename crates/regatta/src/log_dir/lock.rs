//! The lock on a log directory: one run at a time writes there.
//!
//! It is an advisory `flock(2)` on a file that is never removed, so two runs can never hold locks on two files of
//! the same name. The kernel releases it when its holder dies, however it dies.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

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
    /// The run that held this lock before, whether it is alive or not.
    pub(super) run_before: Option<String>,
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
    /// Where his process has that id, by the number that the system gave to the place; `None` where it is not known.
    #[serde(default)]
    pub pid_namespace: Option<u64>,
    /// The number of the lock file, which a copy of it does not have; set when it is written.
    #[serde(default)]
    pub lock_file: Option<u64>,
}

/// Returns the number of the place where this process has its id.
///
/// Source: `pid_namespaces(7)`.
#[must_use]
pub fn pid_namespace() -> Option<u64> {
    fs::metadata("/proc/self/ns/pid").ok().map(|it| it.ino())
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
    path: PathBuf,
}

/// Tries to take the lock of a log directory.
///
/// # Errors
/// The lock file cannot be created, opened or locked.
pub(super) fn try_lock(log_dir: &Path, holder: &Holder) -> io::Result<Attempt> {
    let path = log_dir.join(LOCK_NAME);
    loop {
        let file = open(&path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) if is_in_place(&file, &path) => return Ok(Attempt::Taken(sign(file, holder)?)),
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                let other = read_holder(&file);
                return Ok(Attempt::Busy(Waiting { file, path }, other));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Returns whether a run holds the lock of a log directory at this moment, and the process that its user started is
/// alive: the rest of it may need a moment to end.
#[must_use]
pub fn is_held(log_dir: &Path, our_host: &str) -> bool {
    // A lock that is taken here goes with its file at once.
    File::open(log_dir.join(LOCK_NAME)).is_ok_and(|file| {
        flock(&file, FlockOperation::NonBlockingLockShared).is_err()
            && read_holder(&file).is_none_or(|it| !it.is_near(our_host) || is_alive(it.pid))
    })
}

impl Waiting {
    /// Waits until the other run is over, and takes the lock.
    ///
    /// # Errors
    /// The lock cannot be taken.
    pub(super) fn wait(self, holder: &Holder) -> io::Result<Lock> {
        let Self { mut file, path } = self;
        loop {
            match flock(&file, FlockOperation::LockExclusive) {
                Ok(()) if is_in_place(&file, &path) => return sign(file, holder),
                Ok(()) => file = open(&path)?,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::CLOEXEC;
    fault::check(Operation::Open)?;
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .custom_flags(i32::try_from(flags.bits()).expect("open flags are an int in C"))
        .open(path)
}

/// Returns whether this is still the file that others find: somebody may have removed it, though nobody here does.
fn is_in_place(file: &File, path: &Path) -> bool {
    let found = file
        .metadata()
        .and_then(|own| Ok((own, path.symlink_metadata()?)));
    found.is_ok_and(|(own, there)| (own.dev(), own.ino()) == (there.dev(), there.ino()))
}

/// Writes down who holds the lock. Only the message to those who wait depends on it.
fn sign(mut file: File, holder: &Holder) -> io::Result<Lock> {
    let own = file.metadata()?.ino();
    let before = read_holder(&file).filter(|it| it.lock_file == Some(own));
    let holder = Holder {
        lock_file: Some(own),
        ..holder.clone()
    };
    let text = serde_json::to_vec(&holder).expect("plain data is always JSON");
    file.set_len(0)?;
    file.rewind()?;
    fault::check(Operation::Write)?;
    file.write_all(&text)?;
    Ok(Lock {
        run_before: before.map(|it| it.run_id),
        file,
    })
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
        our_mark == Some(&self.run_id) || (self.is_near(our_host) && is_ancestor(self.pid))
    }

    /// Returns whether his process id means the same process here.
    fn is_near(&self, our_host: &str) -> bool {
        self.host == our_host
            && self.pid_namespace.is_some()
            && self.pid_namespace == pid_namespace()
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

fn is_alive(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    let stat = stat.unwrap_or_default();
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    !matches!(rest.trim_start().chars().next(), None | Some('Z' | 'X'))
}

/// Returns the parent of a process; see `proc_pid_stat(5)`. The name may hold anything, so fields count from its end.
fn parent_of(pid: Pid) -> Option<Pid> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
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
            pid_namespace: pid_namespace(),
            lock_file: None,
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
        assert!(!is_held(folder.path(), "here"));
        let first = take(folder.path(), "first");
        assert!(is_held(folder.path(), "here"));
        let Attempt::Busy(waiting, other) = try_lock(folder.path(), &holder("second")).unwrap()
        else {
            panic!("the lock was taken twice");
        };
        assert_eq!(other.map(|it| it.run_id), Some("first".to_owned()));
        drop(first);
        let second = waiting.wait(&holder("second")).unwrap();
        let Attempt::Busy(_, other) = try_lock(folder.path(), &holder("third")).unwrap() else {
            panic!("the lock was taken twice");
        };
        assert_eq!(other.map(|it| it.run_id), Some("second".to_owned()));
        drop(second);
        take(folder.path(), "third");
        assert!(folder.path().join(LOCK_NAME).exists());
    }

    #[test]
    fn a_lock_says_who_had_it_before_and_a_copy_of_its_file_does_not() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(take(folder.path(), "first").run_before, None);
        let before = take(folder.path(), "second").run_before;
        assert_eq!(before.as_deref(), Some("first"));
        let copy = tempfile::tempdir().unwrap();
        fs::copy(folder.path().join(LOCK_NAME), copy.path().join(LOCK_NAME)).unwrap();
        assert_eq!(take(copy.path(), "third").run_before, None);
    }

    #[test]
    fn a_lock_on_a_file_that_was_removed_meanwhile_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let first = take(folder.path(), "first");
        let Attempt::Busy(waiting, _) = try_lock(folder.path(), &holder("second")).unwrap() else {
            panic!("the lock was taken twice");
        };
        fs::remove_file(folder.path().join(LOCK_NAME)).unwrap();
        let third = take(folder.path(), "third");
        drop(first);
        std::thread::scope(|scope| {
            let second = scope.spawn(|| waiting.wait(&holder("second")).unwrap().run_before);
            // He finds the new file and waits for that.
            drop(third);
            assert_eq!(second.join().unwrap().as_deref(), Some("third"));
        });
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
