//! Room on a full disk for what must not be lost: a reserve that is held from the start, then the logs of the run, cut
//! one after another. Knows neither the journal nor the report it makes room for.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, OFlags, StatVfs, fallocate, fstatvfs, statvfs};

use super::tidy::owner;

/// What the reserve is made of: enough for the journal and the report of a run without much to tell.
const RESERVE_BYTES: u64 = 256 * 1024;
const RESERVE_BYTES_PER_SUITE: u64 = 2 * 1024;
const MAX_RESERVE_BYTES: u64 = 8 * 1024 * 1024;

/// The part of a disk's free room that the reserve may take at most: on a small disk the logs are to find room as well.
const MAX_RESERVE_SHARE: u64 = 8;

/// What is freed at a time, as far as there is so much, and the least that anything takes up on a disk.
const BATCH_BYTES: u64 = 64 * 1024;
const BLOCK_BYTES: u64 = 4 * 1024;

/// A log below this is not cut: hardly a block would come of it.
const MIN_CUT_BYTES: u64 = 8 * 1024;

/// How much of a log stays when it is cut: half of that from its head, half from its tail, and not more than this from
/// each.
const KEPT_SHARE: u64 = 8;
const MAX_KEPT_BYTES: u64 = 1024 * 1024;

/// What can be given up in a log directory when its disk is full.
#[derive(Debug)]
pub struct Room {
    log_dir: PathBuf,
    /// Sorted.
    suites: Vec<String>,
    /// Has no name, so that nothing is left of it when this process dies.
    reserve: Option<File>,
    /// By the names of the logs.
    cuts: BTreeMap<String, Cut>,
}

/// What was taken from one log.
#[derive(Debug, Clone, Copy, Default)]
struct Cut {
    /// The suite's bytes alone.
    removed_bytes: u64,
    /// The length of the line that tells of it.
    marker_bytes: u64,
}

/// A log as it was found.
struct Log {
    /// Whether its suite is not over yet.
    is_running: bool,
    bytes: u64,
    name: String,
}

impl Log {
    fn is_large(&self) -> bool {
        self.bytes >= MIN_CUT_BYTES
    }
}

/// Returns whether more room on the disk would help.
#[must_use]
pub fn is_lack_of_room(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded
    )
}

impl Room {
    /// Looks after the logs of `suites` in a directory.
    #[must_use]
    pub fn new<'n>(log_dir: &Path, suites: impl Iterator<Item = &'n str>) -> Self {
        let mut suites: Vec<String> = suites.map(str::to_owned).collect();
        suites.sort_unstable();
        Self {
            log_dir: log_dir.to_owned(),
            suites,
            reserve: None,
            cuts: BTreeMap::new(),
        }
    }

    /// Holds some room back for later, where the file system can do that.
    pub fn reserve(&mut self) {
        let wanted = RESERVE_BYTES + RESERVE_BYTES_PER_SUITE * self.suites.len() as u64;
        self.reserve = reserve(&self.log_dir, wanted.min(MAX_RESERVE_BYTES)).ok();
    }

    /// Returns whether freeing room here helps a file at `path`.
    #[must_use]
    pub fn serves(&self, path: &Path) -> bool {
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let disk = |folder: &Path| folder.metadata().map(|it| it.dev()).ok();
        disk(folder) == disk(&self.log_dir)
    }

    /// Gives up the reserve alone, for what is not worth a log, and returns whether there was one.
    pub fn give_up_reserve(&mut self) -> bool {
        self.reserve.take().is_some()
    }

    /// Frees some room and returns whether there was any to free: first the reserve, then the middle of the largest
    /// logs, at last all of the small ones; always those of suites that are over before those of suites that run. To be
    /// called until it is enough.
    pub fn make(&mut self, is_running: impl Fn(&str) -> bool) -> bool {
        if self.reserve.take().is_some() {
            return true;
        }
        let logs = self.logs(is_running);
        let (large, small): (Vec<_>, Vec<_>) = logs.into_iter().partition(Log::is_large);
        self.take(&large, Self::cut) || self.take(&small, Self::empty)
    }

    /// Cuts large logs if hardly anything is free, so that those of suites to come find room. Neither the reserve nor
    /// what little others printed is for them.
    pub fn relieve(&mut self, is_running: impl Fn(&str) -> bool) {
        let disk = statvfs(&self.log_dir);
        if disk.is_ok_and(|disk| free_bytes(&disk) < BATCH_BYTES) {
            let mut logs = self.logs(is_running);
            logs.retain(Log::is_large);
            self.take(&logs, Self::cut);
        }
    }

    /// Takes from one log after the other until a batch is freed, and returns whether any gave way.
    fn take(
        &mut self,
        logs: &[Log],
        take: impl Fn(&mut Self, &str, u64) -> io::Result<()>,
    ) -> bool {
        let mut freed = 0;
        for log in logs {
            // One that resists is passed over.
            if take(self, &log.name, log.bytes).is_ok() {
                freed += log.bytes.max(BLOCK_BYTES);
            }
            if freed >= BATCH_BYTES {
                break;
            }
        }
        freed > 0
    }

    /// Returns the logs that were cut, by name, and how much of what their suites printed each has lost.
    pub fn cuts(&self) -> impl Iterator<Item = (&str, u64)> {
        let cuts = self.cuts.iter();
        cuts.map(|(name, cut)| (name.as_str(), cut.removed_bytes))
    }

    /// Returns the logs with something in them, dearest last.
    fn logs(&self, is_running: impl Fn(&str) -> bool) -> Vec<Log> {
        let entries = fs::read_dir(&self.log_dir).into_iter().flatten().flatten();
        let logs = entries.filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            name.strip_suffix(".log")?;
            let suite = owner(&name)?.0.to_owned();
            self.suites.binary_search(&suite).ok()?;
            let found = entry.metadata().ok()?;
            let has_bytes = found.is_file() && found.len() > 0;
            has_bytes.then(|| Log {
                is_running: is_running(&suite),
                bytes: found.len(),
                name,
            })
        });
        let mut logs: Vec<Log> = logs.collect();
        logs.sort_unstable_by_key(|log| (log.is_running, Reverse(log.bytes)));
        logs
    }

    /// Takes the middle out of a log.
    fn cut(&mut self, name: &str, size: u64) -> io::Result<()> {
        let mut file = self.open(name)?;
        let kept = (size / KEPT_SHARE / 2).min(MAX_KEPT_BYTES);
        let mut tail = vec![0; usize::try_from(kept).map_err(io::Error::other)?];
        file.read_exact_at(&mut tail, size - kept)?;
        // Cut first and written then: there is no room for anything until then.
        file.set_len(kept)?;
        let cut = self.cuts.entry(name.to_owned()).or_default();
        cut.removed_bytes += (size - 2 * kept).saturating_sub(cut.marker_bytes);
        let marker = format!(
            "\n[... {} bytes removed to make room on the disk ...]\n",
            cut.removed_bytes
        );
        cut.marker_bytes = marker.len() as u64;
        let written = file
            .write_all(marker.as_bytes())
            .and_then(|()| file.write_all(&tail));
        if written.is_err() {
            // Somebody else took the room that quickly; the tail is gone, and another log has to be cut.
            cut.removed_bytes += kept;
        }
        Ok(())
    }

    /// Takes everything out of a log: even a line that says so would need a block of the disk.
    fn empty(&mut self, name: &str, size: u64) -> io::Result<()> {
        self.open(name)?.set_len(0)?;
        let cut = self.cuts.entry(name.to_owned()).or_default();
        cut.removed_bytes += size.saturating_sub(cut.marker_bytes);
        cut.marker_bytes = 0;
        Ok(())
    }

    fn open(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        OpenOptions::new()
            .read(true)
            .append(true)
            .custom_flags(i32::try_from(flags.bits()).expect("open flags are an int in C"))
            .open(self.log_dir.join(name))
    }
}

/// Returns a file without a name that takes up that much of the disk, or a fair part of what is free.
fn reserve(folder: &Path, bytes: u64) -> io::Result<File> {
    let file = tempfile::tempfile_in(folder)?;
    let limit = free_bytes(&fstatvfs(&file)?) / MAX_RESERVE_SHARE;
    fallocate(&file, FallocateFlags::empty(), 0, bytes.min(limit))?;
    Ok(file)
}

/// Returns what is free on a disk for this user.
fn free_bytes(disk: &StatVfs) -> u64 {
    disk.f_bavail.saturating_mul(disk.f_frsize)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a room over a folder with these logs, each so many bytes of counting.
    fn room(logs: &[(&str, usize)]) -> (tempfile::TempDir, Room) {
        let folder = tempfile::tempdir().unwrap();
        for (name, size) in logs {
            fs::write(folder.path().join(name), text(*size)).unwrap();
        }
        let room = Room::new(folder.path(), ["b", "a"].into_iter());
        (folder, room)
    }

    fn text(size: usize) -> Vec<u8> {
        (b'a'..=b'z').cycle().take(size).collect()
    }

    fn nobody(_: &str) -> bool {
        false
    }

    #[test]
    fn the_reserve_goes_before_any_log() {
        let (folder, mut room) = room(&[("a.log", 100_000)]);
        room.reserve();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(room.make(nobody));
        assert_eq!(room.cuts().count(), 0);
        assert!(room.make(nobody));
        assert_eq!(room.cuts().count(), 1);
    }

    #[test]
    fn a_cut_log_keeps_head_and_tail_and_counts_what_is_gone() {
        let (folder, mut room) = room(&[("a.log", 160_000), ("a.attempt-1.log", 20_000)]);
        assert!(room.make(nobody));
        let cut = fs::read(folder.path().join("a.log")).unwrap();
        let whole = text(160_000);
        let marker = b"\n[... 140000 bytes removed to make room on the disk ...]\n";
        let expected = [&whole[..10_000], marker, &whole[150_000..]].concat();
        assert!(cut == expected);
        assert_eq!(room.cuts().collect::<Vec<_>>(), [("a.log", 140_000)]);

        // Now both are largest in turn; the numbers go on counting.
        assert!(room.make(nobody));
        let cut = fs::read_to_string(folder.path().join("a.log")).unwrap();
        let kept = (20_000 + marker.len()) / 16;
        let gone = 160_000 - 2 * kept;
        assert!(cut.contains(&format!("[... {gone} bytes removed")), "{cut}");
        assert_eq!(cut.matches("removed to make room").count(), 1);
        assert!(cut.ends_with(str::from_utf8(&whole[160_000 - kept..]).unwrap()));
        let cuts: Vec<_> = room.cuts().collect();
        assert_eq!(cuts, [("a.attempt-1.log", 17_500), ("a.log", gone as u64)]);
    }

    #[test]
    fn suites_that_run_and_small_logs_come_last_and_others_never() {
        let (folder, mut room) = room(&[
            ("a.log", 900_000),
            ("b.log", 70_000),
            ("b.attempt-1.log", 3_000),
            ("c.log", 1_000_000),
            ("events.jsonl", 1_000_000),
        ]);
        let size = |name: &str| fs::metadata(folder.path().join(name)).unwrap().len();
        let a_runs = |suite: &str| suite == "a";
        assert!(room.make(a_runs));
        assert_eq!((size("a.log"), size("b.attempt-1.log")), (900_000, 3_000));
        assert!(size("b.log") < 10_000);
        assert!(room.make(a_runs));
        assert!(size("a.log") < 120_000);
        while room.make(a_runs) {}
        let removed: u64 = room.cuts().map(|(_, bytes)| bytes).sum();
        assert_eq!(removed, 973_000);
        assert_eq!(size("a.log") + size("b.log") + size("b.attempt-1.log"), 0);
        assert_eq!(size("c.log") + size("events.jsonl"), 2_000_000);
    }

    #[test]
    fn a_link_is_not_followed() {
        let (folder, mut room) = room(&[("precious", 100_000)]);
        let link = folder.path().join("a.log");
        std::os::unix::fs::symlink(folder.path().join("precious"), link).unwrap();
        assert!(!room.make(nobody));
        assert_eq!(
            fs::read(folder.path().join("precious")).unwrap().len(),
            100_000
        );
    }

    #[test]
    fn only_files_on_the_same_disk_are_helped() {
        let (folder, room) = room(&[]);
        assert!(room.serves(&folder.path().join("report.json")));
        assert!(!room.serves(Path::new("/proc/report.json")));
        assert!(!room.serves(&folder.path().join("nowhere/report.json")));
    }
}
