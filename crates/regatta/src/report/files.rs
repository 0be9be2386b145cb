//! Replacing a file as a whole: whoever reads it sees the old content or the new, never a part.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsRawFd;
use std::path::Path;

use regatta_process::fault::{self, Operation};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, open};
use tempfile::{Builder, TempPath};

/// Temporary names begin and end like this.
const PREFIX: &str = ".regatta-";
const SUFFIX: &str = ".tmp";

/// Writes `bytes` to `path`, and returns once they would outlive a power cut.
///
/// A symbolic link at `path` is replaced, not followed.
///
/// # Errors
/// The folder is missing, full or not writable, or `path` is a folder. What stood there before is unharmed.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = folder_of(path);
    // A file that has no name yet cannot be left behind by a kill; not every file system has them.
    let staged = stage_unnamed(folder, bytes).or_else(|_| stage_named(folder, bytes))?;
    fault::check(Operation::Rename)?;
    staged.persist(path)?;
    sync_folder(folder)
}

/// Writes `bytes` to `path` as a whole, without waiting for the disk: after a power cut, the old content may stand there
/// or none. For what can be made again.
///
/// A symbolic link at `path` is replaced, not followed.
///
/// # Errors
/// The folder is missing, full or not writable, or `path` is a folder. What stood there before is unharmed.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fault::check(Operation::Open)?;
    let mut staged = builder().make_in(folder_of(path), |name| File::create_new(name))?;
    fault::check(Operation::Write)?;
    staged.as_file_mut().write_all(bytes)?;
    fault::check(Operation::Rename)?;
    staged.into_temp_path().persist(path)?;
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Writes a file without a name, then gives it a temporary one.
fn stage_unnamed(folder: &Path, bytes: &[u8]) -> io::Result<TempPath> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    fault::check(Operation::Open)?;
    let mut file = File::from(open(folder, flags, Mode::from_raw_mode(0o666))?);
    fill(&mut file, bytes)?;
    let unnamed = format!("/proc/self/fd/{}", file.as_raw_fd());
    fault::check(Operation::Rename)?;
    let staged = builder().make_in(folder, |name| {
        linkat(CWD, &unnamed, CWD, name, AtFlags::SYMLINK_FOLLOW).map_err(io::Error::from)
    })?;
    Ok(staged.into_temp_path())
}

/// Writes a file under a temporary name, which goes with it when that fails.
fn stage_named(folder: &Path, bytes: &[u8]) -> io::Result<TempPath> {
    fault::check(Operation::Open)?;
    let mut staged = builder().make_in(folder, |name| File::create_new(name))?;
    fill(staged.as_file_mut(), bytes)?;
    Ok(staged.into_temp_path())
}

/// Removes what a killed process left in a folder between giving a file its temporary name and its own. Nobody may be
/// writing there.
pub fn remove_staged(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let staged = entries.filter(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with(PREFIX) && name.ends_with(SUFFIX)
    });
    for entry in staged {
        // One that cannot be removed does no harm but to look at.
        let _ = fs::remove_file(entry.path());
    }
}

fn builder() -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    builder
}

fn fill(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    fault::check(Operation::Write)?;
    file.write_all(bytes)?;
    fault::check(Operation::Fsync)?;
    file.sync_all()
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    fault::check(Operation::Open)?;
    let folder = File::open(folder)?;
    fault::check(Operation::Fsync)?;
    match folder.sync_all() {
        // Some file systems have nothing to sync in a folder and say so.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::InvalidInput | ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_without_a_name_is_not_needed() {
        let folder = tempfile::tempdir().unwrap();
        let count = || folder.path().read_dir().unwrap().count();
        let path = folder.path().join("report");
        let staged = stage_named(folder.path(), b"content").unwrap();
        assert_eq!((count(), path.exists()), (1, false));
        staged.persist(&path).unwrap();
        assert_eq!((count(), fs::read(&path).unwrap()), (1, b"content".into()));
        drop(stage_named(folder.path(), b"given up").unwrap());
        assert_eq!(count(), 1);
    }
}
