//! Claiming a log directory: creating it, refusing what is not ours, and waiting for our turn.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Component, Path, PathBuf};

use regatta_process::fault::{self, Operation};
use rustix::process::geteuid;
use thiserror::Error;

use super::lock::{Attempt, Holder, try_lock};

/// A log directory, under both of its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Absolute.
    pub path: PathBuf,
    /// As the user wrote it; reports show it this way.
    pub as_given: PathBuf,
}

/// Who wants a log directory.
#[derive(Debug, Clone)]
pub struct Claimant {
    /// What others will read about us.
    pub holder: Holder,
    /// The run whose suite we run in, from the environment.
    pub outer_run: Option<String>,
    /// The suite we run in, from the environment.
    pub outer_suite: Option<String>,
}

/// What to do when another run holds the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnBusy {
    /// Wait until it is over.
    Wait,
    /// Give up.
    Fail,
}

/// A log directory that is ours.
#[derive(Debug)]
pub struct Claim {
    /// Where it is: another place than was asked for in a run inside a suite.
    pub place: Place,
    /// The directory is ours for as long as somebody has this open, at most until the last of them dies.
    pub lock: OwnedFd,
    /// The run that held the directory before.
    pub run_before: Option<String>,
}

/// A log directory that cannot be had. Each message fits after "failed to".
#[derive(Debug, Error)]
pub enum ClaimError {
    /// Another run holds it, and the user does not want to wait.
    #[error(
        "use the log directory `{}`: {holder} uses it; wait with --on-busy=wait, or choose another with --log-dir",
        path.display()
    )]
    Busy {
        /// The directory.
        path: PathBuf,
        /// Who holds it, for people.
        holder: String,
    },
    /// It belongs to somebody else, who could read and replace what is written there.
    #[error(
        "use the log directory `{}`: it belongs to user {owner}, not to you; choose another with --log-dir",
        path.display()
    )]
    Foreign {
        /// The directory.
        path: PathBuf,
        /// Its owner's user id.
        owner: u32,
    },
    /// It cannot be created, read or locked.
    #[error("use the log directory `{}`: {source}", path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Claims the directory at `place`, or one inside it for a run inside a suite of the run that holds it.
/// `announce` is called with a message before a wait.
///
/// # Errors
/// [`ClaimError`] says whose the directory is, or why it cannot be used.
pub fn claim(
    place: Place,
    claimant: &Claimant,
    on_busy: OnBusy,
    announce: impl Fn(&str),
) -> Result<Claim, ClaimError> {
    let failed = |source| ClaimError::Io {
        path: place.as_given.clone(),
        source,
    };
    create(&place.path).map_err(failed)?;
    check_owner(&place)?;
    let lock = match try_lock(&place.path, &claimant.holder).map_err(failed)? {
        Attempt::Taken(lock) => lock,
        Attempt::Busy(_, Some(holder)) if is_above(&holder, claimant) => {
            return claim(inner_place(&place, claimant), claimant, on_busy, announce);
        }
        Attempt::Busy(_, holder) if on_busy == OnBusy::Fail => {
            return Err(ClaimError::Busy {
                path: place.as_given,
                holder: describe(holder.as_ref()),
            });
        }
        Attempt::Busy(waiting, holder) => {
            announce(&format!(
                "waiting for {}, which uses the log directory `{}`",
                describe(holder.as_ref()),
                place.as_given.display()
            ));
            waiting.wait(&claimant.holder).map_err(failed)?
        }
    };
    Ok(Claim {
        place,
        run_before: lock.run_before.clone(),
        lock: lock.into_descriptor(),
    })
}

fn is_above(holder: &Holder, claimant: &Claimant) -> bool {
    holder.is_above_us(claimant.outer_run.as_deref(), &claimant.holder.host)
}

/// Returns where a run inside a suite writes while the run around it holds `place`.
fn inner_place(place: &Place, claimant: &Claimant) -> Place {
    let suite = claimant.outer_suite.as_deref().map(Path::new);
    // The name comes from the environment, where anybody can put anything.
    let suite = suite.filter(|it| {
        let mut components = it.components();
        matches!(components.next(), Some(Component::Normal(_))) && components.next().is_none()
    });
    let inner = Path::new("nested").join(suite.unwrap_or(Path::new("unknown")));
    Place {
        path: place.path.join(&inner),
        as_given: place.as_given.join(&inner),
    }
}

/// Creates the directory and those above it. Logs may hold secrets, so what is created here is closed to writers
/// other than its owner whatever the umask says.
fn create(path: &Path) -> io::Result<()> {
    fault::check(Operation::Open)?;
    DirBuilder::new().recursive(true).mode(0o755).create(path)
}

/// Somebody else's directory, or somebody else's link to one, would let them choose where we write.
fn check_owner(place: &Place) -> Result<(), ClaimError> {
    let ours = geteuid().as_raw();
    for metadata in [fs::symlink_metadata(&place.path), fs::metadata(&place.path)] {
        let metadata = metadata.map_err(|source| ClaimError::Io {
            path: place.as_given.clone(),
            source,
        })?;
        if metadata.uid() != ours {
            return Err(ClaimError::Foreign {
                path: place.as_given.clone(),
                owner: metadata.uid(),
            });
        }
    }
    Ok(())
}

fn describe(holder: Option<&Holder>) -> String {
    match holder {
        Some(Holder {
            run_id,
            pid,
            host,
            since,
            ..
        }) => format!("run {run_id} (process {pid} on {host}, since {since})"),
        None => "another run".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claimant(run_id: &str) -> Claimant {
        Claimant {
            holder: Holder {
                run_id: run_id.to_owned(),
                // No process: descent is not what these tests are about.
                pid: i32::MAX,
                host: "here".to_owned(),
                since: "now".to_owned(),
                pid_namespace: None,
                lock_file: None,
            },
            outer_run: None,
            outer_suite: None,
        }
    }

    fn place(folder: &Path) -> Place {
        Place {
            path: folder.join("logs"),
            as_given: "logs".into(),
        }
    }

    fn never(message: &str) {
        panic!("nobody has to wait: {message}");
    }

    #[test]
    fn a_busy_directory_is_refused_with_its_holder_named() {
        let folder = tempfile::tempdir().unwrap();
        let _first = claim(
            place(folder.path()),
            &claimant("first"),
            OnBusy::Fail,
            never,
        )
        .unwrap();
        let second = claim(
            place(folder.path()),
            &claimant("second"),
            OnBusy::Fail,
            never,
        );
        let message = second.unwrap_err().to_string();
        assert_eq!(
            message,
            "use the log directory `logs`: run first (process 2147483647 on here, since now) uses it; wait with \
             --on-busy=wait, or choose another with --log-dir"
        );
    }

    #[test]
    fn a_run_inside_a_suite_gets_a_directory_inside() {
        let folder = tempfile::tempdir().unwrap();
        let _outer = claim(
            place(folder.path()),
            &claimant("outer"),
            OnBusy::Wait,
            never,
        )
        .unwrap();
        let inside = |suite: &str| Claimant {
            outer_run: Some("outer".to_owned()),
            outer_suite: Some(suite.to_owned()),
            ..claimant("inner")
        };
        let inner = claim(place(folder.path()), &inside("api"), OnBusy::Wait, never).unwrap();
        assert_eq!(inner.place.as_given, Path::new("logs/nested/api"));
        assert_eq!(inner.place.path, folder.path().join("logs/nested/api"));
        let crooked = claim(place(folder.path()), &inside("../x"), OnBusy::Wait, never).unwrap();
        assert_eq!(crooked.place.as_given, Path::new("logs/nested/unknown"));
    }

    #[test]
    fn a_file_in_its_place_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("logs"), "").unwrap();
        let refused = claim(place(folder.path()), &claimant("x"), OnBusy::Wait, never);
        assert!(matches!(refused, Err(ClaimError::Io { .. })));
    }
}
