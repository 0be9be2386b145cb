//! The groups that limit this process's memory, under either version of the interface. Reads only.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cgroup::{locate_group, locate_memory_group};

/// Which files a group has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// A group this process is in, directly or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    directory: PathBuf,
    version: Version,
}

impl Limit {
    /// Returns every group that may limit this process, the innermost of each version first. `root` stands before all
    /// paths.
    pub(super) fn find_all(root: &Path) -> Vec<Self> {
        let read = |path: &str| fs::read(root.join(path)).unwrap_or_default();
        let (groups, mounts) = (read("proc/self/cgroup"), read("proc/self/mountinfo"));
        let all = |found: Option<(PathBuf, PathBuf)>, version| {
            let (mount, own) = found.unwrap_or_default();
            let above = own.ancestors().take_while(|it| it.starts_with(&mount));
            let inside = above.filter_map(|it| it.strip_prefix("/").ok());
            let directories = inside.map(|it| Self {
                directory: root.join(it),
                version,
            });
            directories.collect::<Vec<_>>()
        };
        let mut limits = all(locate_group(&groups, &mounts), Version::Two);
        limits.extend(all(locate_memory_group(&groups, &mounts), Version::One));
        limits
    }

    /// Returns how much more the group may use, `None` for one without a limit. What can be dropped at once, files that
    /// nobody has touched lately, counts as free.
    ///
    /// Source: the kernel's `cgroup-v2.rst` and `cgroup-v1/memory.rst`.
    pub(super) fn left(&self) -> Option<u64> {
        let [limit, usage, idle_files] = match self.version {
            Version::One => [
                "memory.limit_in_bytes",
                "memory.usage_in_bytes",
                "total_inactive_file",
            ],
            Version::Two => ["memory.max", "memory.current", "inactive_file"],
        };
        let number = |name| self.read(name)?.trim().parse::<u64>().ok();
        // Without a limit there is no number here, or one that is near the largest.
        let limit = number(limit).filter(|it| *it < 1 << 60)?;
        let usage = number(usage)?;
        let stat = self.read("memory.stat").unwrap_or_default();
        let idle_files = find_count(&stat, idle_files).unwrap_or(0);
        Some(limit.saturating_sub(usage.saturating_sub(idle_files)))
    }

    /// Returns the text about how long tasks of the group waited for memory.
    pub(super) fn pressure(&self) -> Option<String> {
        match self.version {
            Version::One => None,
            Version::Two => self.read("memory.pressure"),
        }
    }

    /// Returns how many processes of the group were killed for memory, those of groups below it included.
    pub(super) fn kills(&self) -> Option<u64> {
        match self.version {
            // Counted there for the group alone.
            Version::One => None,
            Version::Two => find_count(&self.read("memory.events")?, "oom_kill"),
        }
    }

    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.directory.join(name)).ok()
    }
}

/// Returns the number behind a word in lines of the form `word number`.
pub(super) fn find_count(text: &str, word: &str) -> Option<u64> {
    let mut pairs = text.lines().filter_map(|line| line.split_once(' '));
    let (_, number) = pairs.find(|(it, _)| *it == word)?;
    number.parse().ok()
}
