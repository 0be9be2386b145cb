//! What lies in a log directory: made ready before a run, tidied after it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use regatta_process::fault::{self, Operation};

use super::stem::split_stem;

/// The log directory of a run.
#[derive(Debug)]
pub struct LogDir {
    path: PathBuf,
}

impl LogDir {
    /// Keeps git away from a directory that is there, and removes what earlier runs of `suites` left beside
    /// their logs. The logs themselves are overwritten as the suites start; those of shards go, since there may be other
    /// shards now, or none. A directory that holds the project, whose
    /// folder is `root`, stays git's.
    ///
    /// # Errors
    /// The directory cannot be read or written, or something that is no file stands where a log will be written.
    pub fn prepare<'n>(
        path: &Path,
        root: &Path,
        suites: impl Iterator<Item = &'n str>,
    ) -> io::Result<Self> {
        if !root.starts_with(path) {
            keep_git_away(path)?;
        }
        let suites: BTreeSet<&str> = suites.collect();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            match owner(name) {
                // A link would be refused later, when other suites run already.
                Some((suite, File::Log))
                    if suites.contains(suite) && !entry.file_type()?.is_file() =>
                {
                    return Err(io::Error::other(format!(
                        "`{name}` in it is no regular file"
                    )));
                }
                Some((suite, File::Beside)) if suites.contains(suite) => {
                    remove(&path.join(name))?;
                }
                _ => {}
            }
        }
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// Returns where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes a log that nobody wrote in this run: an earlier run's, which nobody should take for this one's, or an
    /// empty one, left when the start failed. The log is named by its stem.
    ///
    /// # Errors
    /// The log is there and cannot be removed.
    pub fn remove_stale_log(&self, stem: &str) -> io::Result<()> {
        remove(&self.path.join(format!("{stem}.log")))
    }
}

/// Writes a `.gitignore`, unless something bears that name: a link to nowhere is not followed either.
fn keep_git_away(path: &Path) -> io::Result<()> {
    let path = path.join(".gitignore");
    fault::check(Operation::Open)?;
    match fs::File::create_new(&path) {
        Ok(mut file) => fault::check(Operation::Write)
            .map_err(io::Error::from)
            .and_then(|()| file.write_all(b"*\n"))
            // An empty one would keep nothing away, and would not be written again.
            .inspect_err(|_| drop(fs::remove_file(&path))),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum File {
    /// The log of the last attempt.
    Log,
    /// An earlier attempt's log, a shard's, attachments, or an XML report.
    Beside,
}

/// Returns the suite that a file of the log directory belongs to, if it looks like one of a suite's.
pub(super) fn owner(name: &str) -> Option<(&str, File)> {
    for suffix in [".xml", ".outputs", ".diagnosis.log"] {
        if let Some(suite) = name.strip_suffix(suffix) {
            return Some((split_stem(suite).0, File::Beside));
        }
    }
    let stem = name.strip_suffix(".log")?;
    let (stem, attempt) = match stem.rsplit_once(".attempt-") {
        Some((stem, number)) if number.parse::<u32>().is_ok() => (stem, Some(number)),
        _ => (stem, None),
    };
    let (suite, shard) = split_stem(stem);
    let file = if attempt.is_some() || shard.is_some() {
        File::Beside
    } else {
        File::Log
    };
    Some((suite, file))
}

fn remove(path: &Path) -> io::Result<()> {
    let is_dir = path.symlink_metadata().is_ok_and(|it| it.is_dir());
    let removed = if is_dir {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart_by_their_names() {
        assert_eq!(owner("a.log"), Some(("a", File::Log)));
        assert_eq!(owner("a.b.log"), Some(("a.b", File::Log)));
        assert_eq!(owner("a.attempt-2.log"), Some(("a", File::Beside)));
        assert_eq!(owner("a.xml"), Some(("a", File::Beside)));
        assert_eq!(owner("a.outputs"), Some(("a", File::Beside)));
        assert_eq!(owner("a.diagnosis.log"), Some(("a", File::Beside)));
        assert_eq!(owner("a.shard-2.log"), Some(("a", File::Beside)));
        assert_eq!(owner("a.shard-2.attempt-1.log"), Some(("a", File::Beside)));
        assert_eq!(owner("a.shard-2.xml"), Some(("a", File::Beside)));
        assert_eq!(owner("a.shard-2.diagnosis.log"), Some(("a", File::Beside)));
        assert_eq!(owner("events.jsonl"), None);
        assert_eq!(owner("test-report.json"), None);
    }

    #[test]
    fn only_what_earlier_runs_of_the_same_suites_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in [
            "a.log",
            "a.attempt-1.log",
            "a.xml",
            "b.log",
            "b.attempt-1.log",
            "notes.txt",
        ] {
            fs::write(at(name), "old").unwrap();
        }
        fs::create_dir(at("a.outputs")).unwrap();
        fs::write(at("a.outputs").join("trace"), "old").unwrap();

        let log_dir =
            LogDir::prepare(folder.path(), Path::new("/project"), ["a"].into_iter()).unwrap();
        assert!(!at("a.attempt-1.log").exists() && !at("a.xml").exists());
        assert!(!at("a.outputs").exists());
        for kept in [
            "a.log",
            "b.log",
            "b.attempt-1.log",
            "notes.txt",
            ".gitignore",
        ] {
            assert!(at(kept).exists(), "{kept}");
        }
        std::os::unix::fs::symlink("elsewhere", at("c.log")).unwrap();
        let refused =
            LogDir::prepare(folder.path(), Path::new("/project"), ["c"].into_iter()).unwrap_err();
        assert!(
            refused
                .to_string()
                .contains("`c.log` in it is no regular file")
        );

        log_dir.remove_stale_log("a").unwrap();
        log_dir.remove_stale_log("never").unwrap();
        assert!(!at("a.log").exists() && at("b.log").exists());
    }

    #[test]
    fn a_project_is_not_hidden_from_git() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("project");
        fs::create_dir(&root).unwrap();
        for path in [folder.path(), &root] {
            LogDir::prepare(path, &root, ["a"].into_iter()).unwrap();
            assert!(!path.join(".gitignore").exists());
        }
    }
}
