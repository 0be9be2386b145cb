//! What a file system says of a file without opening it, as far as it tells whether the file is still the same.

use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::{FileType, Stat};

/// A file younger than this may change again without looking different: clocks of file systems tick slowly.
const YOUNG_NS: i64 = 2_000_000_000;

/// The identity and the state of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FileStat {
    /// The device it is on.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
    /// Its length.
    pub size_bytes: u64,
    /// When its content last changed, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// When anything about it last changed, in nanoseconds since 1970. No program can set it.
    pub ctime_ns: i64,
    /// Kind and permissions.
    pub mode: u32,
}

impl FileStat {
    /// Returns what the system said.
    #[must_use]
    pub fn new(stat: &Stat) -> Self {
        Self {
            device: stat.st_dev,
            inode: stat.st_ino,
            size_bytes: stat.st_size.unsigned_abs(),
            mtime_ns: nanoseconds(stat.st_mtime, stat.st_mtime_nsec),
            ctime_ns: nanoseconds(stat.st_ctime, stat.st_ctime_nsec),
            mode: stat.st_mode,
        }
    }

    /// Returns whether the file might change after `now` and look the same: it changed a moment ago, or, by its own
    /// words, will have.
    ///
    /// *Units*: nanoseconds since 1970, wall clock.
    #[must_use]
    pub fn is_young(&self, now_ns: i64) -> bool {
        self.mtime_ns.max(self.ctime_ns) > now_ns.saturating_sub(YOUNG_NS)
    }

    /// Returns the permission bits.
    #[must_use]
    pub fn permissions(&self) -> u32 {
        self.mode & 0o7777
    }

    /// Returns what kind of file it is.
    #[must_use]
    pub fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.mode)
    }
}

/// Returns the wall clock in nanoseconds since 1970.
#[must_use]
pub(super) fn now_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |it| i64::try_from(it.as_nanos()).unwrap_or(i64::MAX))
}

fn nanoseconds(seconds: i64, rest: impl TryInto<i64>) -> i64 {
    let rest = rest.try_into().unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_young_by_either_of_its_times() {
        let at = |mtime_ns, ctime_ns| FileStat {
            mtime_ns,
            ctime_ns,
            ..FileStat::default()
        };
        let second = 1_000_000_000;
        let now = 100 * second;
        assert!(!at(90 * second, 97 * second).is_young(now));
        assert!(at(90 * second, 99 * second).is_young(now));
        assert!(at(99 * second, 90 * second).is_young(now));
        assert!(at(500 * second, 90 * second).is_young(now));
    }
}
