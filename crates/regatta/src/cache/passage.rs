//! The links to folders that a walk has gone through on its way. What a suite can read behind a link decides its result
//! like any file, so walks go through; what keeps them from going in circles for ever is here.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::fs::{Stat, fstat, fstatfs};

/// How many folders behind links one walk enters. Links that lead back to each other multiply, and so many are never
/// meant.
pub(super) const MOST_FOLDERS: usize = 10_000;

/// File systems that show the kernel's own state: proc, sysfs, both kinds of cgroups, debugfs, tracefs. Their files have no
/// end, or none that is the same twice.
///
/// Source: `statfs(2)`.
const OF_THE_KERNEL: [u64; 6] = [
    0x9fa0,
    0x6265_6572,
    0x0027_e0eb,
    0x6367_7270,
    0x6462_6720,
    0x7472_6163,
];

/// Which folder something is, whatever leads to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FolderId {
    device: u64,
    inode: u64,
}

impl FolderId {
    pub(super) fn new(stat: &Stat) -> Self {
        Self {
            device: stat.st_dev,
            inode: stat.st_ino,
        }
    }
}

/// A link that was gone through, and those before it.
#[derive(Debug)]
pub(super) struct Passage {
    /// The path of the first of them, which lies in no folder behind another.
    pub(super) first: Vec<u8>,
    /// What it leads to.
    folder: FolderId,
    before: Option<Arc<Passage>>,
}

impl Passage {
    /// Returns the passage through a link at `path` after those before it; `None` if it leads to where they have led
    /// already, so that all that is there has been entered under another name.
    pub(super) fn through(
        path: &[u8],
        folder: FolderId,
        before: Option<&Arc<Self>>,
    ) -> Option<Arc<Self>> {
        let mut earlier = before;
        while let Some(passage) = earlier {
            if passage.folder == folder {
                return None;
            }
            earlier = passage.before.as_ref();
        }
        Some(Arc::new(Self {
            first: before.map_or_else(|| path.to_vec(), |it| it.first.clone()),
            folder,
            before: before.cloned(),
        }))
    }

    /// Returns why a folder that was found behind the link is not read.
    pub(super) fn forbids(&self, folder: &OwnedFd) -> Option<&'static str> {
        let is_elsewhere = fstat(folder).is_ok_and(|it| it.st_dev != self.folder.device);
        let kind = fstatfs(folder).map(|it| u64::try_from(it.f_type).unwrap_or_default());
        if kind.is_ok_and(|it| OF_THE_KERNEL.contains(&it)) {
            return Some("files of the kernel lie");
        }
        is_elsewhere.then_some("another file system begins")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_folder_is_entered_twice_on_one_way() {
        let folder = |inode| FolderId { device: 1, inode };
        let one = Passage::through(b"a", folder(1), None).unwrap();
        let two = Passage::through(b"a/b", folder(2), Some(&one)).unwrap();
        assert_eq!(two.first, b"a");
        assert!(Passage::through(b"a/b/c", folder(1), Some(&two)).is_none());
        assert!(Passage::through(b"a/b/c", folder(2), Some(&two)).is_none());
        assert!(Passage::through(b"b", folder(2), Some(&one)).is_some());
    }
}
