//! The logs of another log directory, taken over into one of ours.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use regatta_process::fault::{self, Operation};

use super::tidy::{LogDir, owner};

impl LogDir {
    /// Copies the logs and XML reports that suites left in another folder, and returns how many there were. Links and
    /// folders stay where they are.
    ///
    /// # Errors
    /// A file cannot be read there or written here.
    pub fn adopt(&self, from: &Path, suites: &BTreeSet<&str>) -> io::Result<usize> {
        let mut copied = 0;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            let is_wanted = owner(name).is_some_and(|(suite, _)| suites.contains(suite));
            if is_wanted && entry.file_type()?.is_file() {
                fault::check(Operation::Open)?;
                let to = self.path().join(name);
                // Whatever stands there, a link for instance, is not followed.
                remove_file(&to)?;
                fs::copy(entry.path(), to)?;
                copied += 1;
            }
        }
        Ok(copied)
    }
}

fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_these_suites_are_taken_over() {
        let (there, here) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for name in [
            "a.log",
            "a.shard-1.attempt-1.log",
            "a.xml",
            "b.log",
            "events.jsonl",
        ] {
            fs::write(there.path().join(name), name).unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", there.path().join("a.attempt-3.log")).unwrap();
        let names = ["a"].into_iter();
        let log_dir = LogDir::prepare(here.path(), Path::new("/project"), names).unwrap();
        let copied = log_dir.adopt(there.path(), &BTreeSet::from(["a"])).unwrap();
        assert_eq!(copied, 3);
        assert!(here.path().join("a.shard-1.attempt-1.log").is_file());
        assert!(!here.path().join("b.log").exists());
        assert!(!here.path().join("a.attempt-3.log").exists());
    }
}
