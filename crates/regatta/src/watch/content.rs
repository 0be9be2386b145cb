//! What files contained when they were last looked at, to tell a change from a file that was merely written again.
//! It keeps a few bytes a file, and only for files that were said to have changed.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What was seen of files.
#[derive(Debug, Default)]
pub struct Contents {
    /// A digest of each file's content and mode; `None` for one that is not there. One that cannot be read has no place.
    seen: BTreeMap<PathBuf, Option<u64>>,
}

impl Contents {
    /// Looks at a file and returns whether it may differ from the last look. At the first look it may, and what cannot
    /// be read may always.
    pub fn changed(&mut self, path: &Path) -> bool {
        let digest = match digest(path) {
            Ok(digest) => Some(digest),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(_) => {
                self.seen.remove(path);
                return true;
            }
        };
        self.seen.insert(path.to_owned(), digest) != Some(digest)
    }
}

fn digest(path: &Path) -> io::Result<u64> {
    let mut hasher = DefaultHasher::new();
    let mut found = path.symlink_metadata()?;
    if found.is_symlink() {
        fs::read_link(path)?.hash(&mut hasher);
        match path.metadata() {
            Ok(target) => found = target,
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            // It leads nowhere, and has the mode that all links have.
            Err(_) => {}
        }
    }
    found.permissions().mode().hash(&mut hasher);
    if found.is_file() {
        let mut file = File::open(path)?;
        let mut buffer = vec![0; 64 << 10];
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                count => hasher.write(&buffer[..count]),
            }
        }
    }
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_from_the_last_look_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let mut contents = Contents::default();
        fs::write(&file, "one").unwrap();
        assert!(contents.changed(&file));
        fs::write(&file, "one").unwrap();
        assert!(!contents.changed(&file));
        fs::write(&file, "two").unwrap();
        assert!(contents.changed(&file));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(contents.changed(&file));
        fs::remove_file(&file).unwrap();
        assert!(contents.changed(&file));
        assert!(!contents.changed(&file));
        std::os::unix::fs::symlink("two", &file).unwrap();
        assert!(contents.changed(&file));
        assert!(!contents.changed(&file));
        fs::write(folder.path().join("two"), "one").unwrap();
        assert!(contents.changed(&file));
        fs::write(folder.path().join("two"), "two").unwrap();
        assert!(contents.changed(&file));
        assert!(!contents.changed(&file));
    }

    #[test]
    fn what_cannot_be_read_may_have_changed_whenever_somebody_says_so() {
        let folder = tempfile::tempdir().unwrap();
        // A link to itself can be read by nobody, whatever rights they have.
        let file = folder.path().join("file");
        std::os::unix::fs::symlink("file", &file).unwrap();
        let mut contents = Contents::default();
        assert!(contents.changed(&file));
        assert!(contents.changed(&file));
    }
}
