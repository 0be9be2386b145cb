//! The files in which a suite leaves its cases, and which of them were written since an attempt began.
//!
//! Clocks of file systems are coarse, and some run elsewhere, so times are never compared with a clock: a file counts if
//! anything of it has changed since it was looked at before.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::pattern::Pattern;

/// How many files and folders are looked at.
const MOST_ENTRIES: usize = 20_000;

/// How deep folders are looked into.
const DEEPEST: usize = 40;

/// What the file system says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// The files that match a pattern, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sight {
    /// In the order of their paths.
    files: BTreeMap<PathBuf, Stamp>,
    /// Whether there was more than is looked at.
    is_cut: bool,
}

impl Sight {
    /// Looks at what matches `pattern` in `folder`.
    #[must_use]
    pub fn take(folder: &Path, pattern: &Pattern) -> Self {
        let mut walk = Walk {
            pattern,
            sight: Self::default(),
            left: MOST_ENTRIES,
        };
        let base = folder.join(pattern.base());
        match fs::metadata(&base) {
            Ok(metadata) if metadata.is_dir() => walk.enter(&base, &mut Vec::new(), 1),
            Ok(metadata) if metadata.is_file() && pattern.takes_all() => {
                walk.sight.files.insert(base, Stamp::of(&metadata));
            }
            _ => {}
        }
        walk.sight
    }

    /// Returns the files that were not there before, or are not what they were.
    #[must_use]
    pub fn changed_since(&self, before: &Self) -> Vec<PathBuf> {
        let files = self.files.iter();
        let changed = files.filter(|(path, stamp)| before.files.get(*path) != Some(stamp));
        changed.map(|(path, _)| path.clone()).collect()
    }

    /// Returns how many bytes they have together.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.values().map(|it| it.bytes).sum()
    }

    /// Returns how many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Returns whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Returns whether there was more than is looked at.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }
}

struct Walk<'p> {
    pattern: &'p Pattern,
    sight: Sight,
    left: usize,
}

impl Walk<'_> {
    /// `below` is the path from the pattern's base, `depth` how many names the entries of this folder have after it.
    fn enter(&mut self, folder: &Path, below: &mut Vec<u8>, depth: usize) {
        let deepest = self.pattern.depth().unwrap_or(DEEPEST).min(DEEPEST);
        // What cannot be read has no cases in it, and a suite that finds that odd says so itself.
        let Ok(entries) = fs::read_dir(folder) else {
            return;
        };
        let length = below.len();
        for entry in entries.flatten() {
            if self.left == 0 {
                self.sight.is_cut = true;
                return;
            }
            self.left -= 1;
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            below.truncate(length);
            if length > 0 {
                below.push(b'/');
            }
            below.extend_from_slice(entry.file_name().as_bytes());
            if kind.is_dir() {
                if depth < deepest {
                    self.enter(&entry.path(), below, depth + 1);
                }
            } else if self.pattern.matches_below_base(below)
                && let Ok(metadata) = fs::metadata(entry.path())
                && metadata.is_file()
            {
                let stamp = Stamp::of(&metadata);
                self.sight.files.insert(entry.path(), stamp);
            }
        }
        below.truncate(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_since_is_told_from_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("out/deep")).unwrap();
        for name in [
            "out/a.xml",
            "out/b.xml",
            "out/deep/c.xml",
            "out/d.txt",
            "e.xml",
        ] {
            fs::write(at(name), "old").unwrap();
        }
        let look = |pattern: &str| Sight::take(folder.path(), &Pattern::parse(pattern).unwrap());
        for (pattern, count) in [
            ("out/*.xml", 2),
            ("out/**/*.xml", 3),
            ("**/*.xml", 4),
            ("out", 4),
            ("e.xml", 1),
            ("none/*.xml", 0),
            ("missing.xml", 0),
        ] {
            assert_eq!(look(pattern).len(), count, "{pattern}");
        }
        let before = look("out/**/*.xml");
        assert_eq!(
            look("out/**/*.xml").changed_since(&before),
            [] as [PathBuf; 0]
        );
        // Replaced by one of the same length, and a new one.
        fs::write(at("out/new"), "odd").unwrap();
        fs::rename(at("out/new"), at("out/b.xml")).unwrap();
        fs::write(at("out/z.xml"), "").unwrap();
        let changed = look("out/**/*.xml").changed_since(&before);
        assert_eq!(changed, [at("out/b.xml"), at("out/z.xml")]);
    }

    #[test]
    fn a_pipe_and_a_loop_of_links_are_no_files() {
        let folder = tempfile::tempdir().unwrap();
        let loops = folder.path().join("loop");
        std::os::unix::fs::symlink(folder.path(), &loops).unwrap();
        let pipe = folder.path().join("pipe.xml");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RWXU,
            0,
        )
        .unwrap();
        let pattern = Pattern::parse("**/*.xml").unwrap();
        assert!(Sight::take(folder.path(), &pattern).is_empty());
    }
}
