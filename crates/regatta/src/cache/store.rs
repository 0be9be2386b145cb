//! Kept results on this machine's disk: entries by key, contents by digest, each written under a temporary name first.
//!
//! Several runs may use it at once, and a run may die at any moment. Nothing in it is believed: an entry has a sum, a
//! content is named by its digest, and what does not fit is removed. So nothing needs to outlive a power cut either.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use regatta_core::manifest::Digest;
use regatta_process::fault::{self, Operation};
use rustix::fs::{OFlags, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, futimens};

use super::entry::Entry;
use super::hash::{Hasher, digest, digest_rest};
use super::stat_cache::StatCache;

/// The folder of the program's own files, beside the configuration.
const OWN_FOLDER: &str = ".regatta";

/// How much may be kept.
pub const LIMIT_BYTES: u64 = 2 << 30;

/// Contents that no entry names yet may belong to one that is just being written.
const GRACE: Duration = Duration::from_mins(10);

/// The largest entry that is worth reading.
const MOST_ENTRY_BYTES: u64 = 64 << 20;

/// A store in a project's folder.
#[derive(Debug)]
pub struct Store {
    own_folder: PathBuf,
    folder: PathBuf,
    temporary: AtomicU64,
}

/// What became of a search.
#[derive(Debug)]
pub enum Found {
    /// There is such a result.
    Entry(Box<Entry>),
    /// There is none.
    Nothing,
    /// There was one that cannot be believed, for this reason; it is gone.
    Damaged(String),
    /// The system does not let anybody look.
    Unreadable(io::Error),
}

/// How much a store holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Kept results.
    pub entries: u64,
    /// All bytes of entries and contents.
    pub bytes: u64,
}

impl Store {
    /// Returns the store of the project in `root`, which need not exist yet.
    #[must_use]
    pub fn of_project(root: &Path) -> Self {
        let own_folder = root.join(OWN_FOLDER);
        Self {
            folder: own_folder.join("cache"),
            own_folder,
            temporary: AtomicU64::new(0),
        }
    }

    /// Returns where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes the folders, and keeps git away from them.
    ///
    /// # Errors
    /// One cannot be made.
    pub fn prepare(&self) -> io::Result<()> {
        for folder in ["entries", "contents", "tmp"] {
            fs::create_dir_all(self.folder.join(folder))?;
        }
        let ignore = self.own_folder.join(".gitignore");
        fault::check(Operation::Open)?;
        match File::create_new(ignore) {
            Ok(mut file) => {
                fault::check(Operation::Write)?;
                file.write_all(b"*\n")
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Returns the result with this key, which counts as used now.
    #[must_use]
    pub fn find(&self, key: Digest) -> Found {
        let path = self.path("entries", key);
        let mut file = match open(&path) {
            Ok(file) => file,
            Err(error) if is_absent(&error) => return Found::Nothing,
            Err(error) => return Found::Unreadable(error),
        };
        // Most entries are shorter, and are read at once then.
        let mut bytes = Vec::with_capacity(1 << 12);
        let read = Read::by_ref(&mut file)
            .take(MOST_ENTRY_BYTES)
            .read_to_end(&mut bytes);
        let entry = read.ok().and_then(|_| Entry::decode(&bytes));
        match entry {
            Some(entry) if entry.key == key => {
                touch(&file);
                Found::Entry(Box::new(entry))
            }
            Some(_) => {
                self.remove(key);
                Found::Damaged("it is the result of something else".into())
            }
            None => {
                self.remove(key);
                Found::Damaged("it is not as it was written".into())
            }
        }
    }

    /// Keeps a result whose contents are kept already.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn keep(&self, entry: &Entry) -> io::Result<()> {
        let (mut file, temporary) = self.create()?;
        write(&mut file, &entry.encode())
            .and_then(|()| rename(&temporary, &self.path("entries", entry.key)))
            .inspect_err(|_| drop(fs::remove_file(&temporary)))
    }

    /// Forgets a result.
    pub fn remove(&self, key: Digest) {
        // Where it cannot be removed it is found damaged again, and is a miss again.
        let _ = fs::remove_file(self.path("entries", key));
    }

    /// Keeps bytes, and returns under which digest.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn keep_bytes(&self, bytes: &[u8]) -> io::Result<Digest> {
        self.keep_content(&mut { bytes })
    }

    /// Keeps what is left to read, and returns under which digest.
    ///
    /// # Errors
    /// It cannot be read or written.
    pub fn keep_content(&self, source: &mut impl Read) -> io::Result<Digest> {
        let (mut file, temporary) = self.create()?;
        let kept = copy(source, &mut file)
            .and_then(|digest| rename(&temporary, &self.path("contents", digest)).map(|()| digest));
        kept.inspect_err(|_| drop(fs::remove_file(&temporary)))
    }

    /// Returns a content, every byte of which was checked, from its beginning.
    ///
    /// # Errors
    /// It is missing, or is not what it was; then it is removed.
    pub fn content(&self, wanted: Digest) -> io::Result<File> {
        let path = self.path("contents", wanted);
        fault::check(Operation::Open)?;
        let mut file = open(&path)?;
        if digest_rest(&mut file)? != wanted {
            let _ = fs::remove_file(&path);
            return Err(io::Error::new(
                ErrorKind::InvalidData,
                "a content of it is not what it was",
            ));
        }
        file.rewind()?;
        Ok(file)
    }

    /// Returns the bytes of a content.
    ///
    /// # Errors
    /// As [`Self::content`].
    pub fn content_bytes(&self, wanted: Digest) -> io::Result<Vec<u8>> {
        let bytes = read(&self.path("contents", wanted))?;
        if digest(&bytes) == wanted {
            return Ok(bytes);
        }
        let _ = fs::remove_file(self.path("contents", wanted));
        Err(io::Error::new(
            ErrorKind::InvalidData,
            "a content of it is not what it was",
        ))
    }

    /// Creates a file that nobody else writes, in a folder of the same file system.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn create(&self) -> io::Result<(File, PathBuf)> {
        let path = self.temporary_path();
        fault::check(Operation::Open)?;
        let file = match File::create_new(&path) {
            // The first file of a store, or somebody has cleared it.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.prepare()?;
                File::create_new(&path)?
            }
            file => file?,
        };
        Ok((file, path))
    }

    /// Returns a name under which nobody else puts anything.
    #[must_use]
    pub fn temporary_path(&self) -> PathBuf {
        let number = self.temporary.fetch_add(1, Ordering::Relaxed);
        // A process of another machine or container may have the same number.
        let nonce = super::stat::now_ns();
        let name = format!("{}-{nonce}-{number}", process::id());
        self.folder.join("tmp").join(name)
    }

    /// Returns what is remembered of files; nothing where that cannot be read.
    #[must_use]
    pub fn load_stats(&self) -> StatCache {
        let table = read(&self.folder.join("stats")).ok();
        table.and_then(StatCache::decode).unwrap_or_default()
    }

    /// Remembers what was learned of files, if anything was.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn save_stats(&self, stats: &StatCache) -> io::Result<()> {
        match stats.encode() {
            Some(table) => self.replace("stats", &table),
            None => Ok(()),
        }
    }

    /// Returns the newest result of each suite; nothing where that cannot be read.
    #[must_use]
    pub fn load_latest(&self) -> BTreeMap<String, Digest> {
        let text = read(&self.folder.join("latest")).unwrap_or_default();
        let text = String::from_utf8(text).unwrap_or_default();
        let lines = text.lines().filter_map(|line| {
            let (digest, suite) = line.split_once(' ')?;
            Some((suite.to_owned(), Digest::from_hex(digest)?))
        });
        lines.collect()
    }

    /// Notes which results are the newest of their suites, beside what others noted.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn save_latest(&self, changed: &BTreeMap<String, Digest>) -> io::Result<()> {
        let mut latest = self.load_latest();
        latest.extend(changed.iter().map(|(suite, key)| (suite.clone(), *key)));
        let lines = latest.iter().map(|(suite, key)| format!("{key} {suite}\n"));
        self.replace("latest", lines.collect::<String>().as_bytes())
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let (mut file, temporary) = self.create()?;
        write(&mut file, bytes)
            .and_then(|()| rename(&temporary, &self.folder.join(name)))
            .inspect_err(|_| drop(fs::remove_file(&temporary)))
    }

    /// Returns how much there is.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn measure(&self) -> io::Result<Size> {
        let entries = self.list("entries")?;
        let contents = self.list("contents")?;
        let bytes = |files: &[Kept]| files.iter().map(|it| it.bytes).sum::<u64>();
        Ok(Size {
            entries: entries.len() as u64,
            bytes: bytes(&entries) + bytes(&contents),
        })
    }

    /// Removes the results that were not used for the longest time until no more than `limit_bytes` are left, and
    /// whatever no result needs.
    ///
    /// # Errors
    /// It cannot be read, or something in it not removed.
    pub fn collect(&self, limit_bytes: u64) -> io::Result<Size> {
        let mut entries = self.list("entries")?;
        entries.sort_unstable_by_key(|it| (it.used, it.digest));
        let mut contents: BTreeMap<Digest, (Kept, u64)> = self
            .list("contents")?
            .into_iter()
            .map(|it| (it.digest, (it, 0)))
            .collect();
        let mut size = Size {
            entries: entries.len() as u64,
            bytes: entries.iter().map(|it| it.bytes).sum::<u64>()
                + contents.values().map(|(it, _)| it.bytes).sum::<u64>(),
        };
        let needs: Vec<Vec<Digest>> = entries.iter().map(|it| needs(&it.path)).collect();
        for digest in needs.iter().flatten() {
            if let Some((_, users)) = contents.get_mut(digest) {
                *users += 1;
            }
        }
        for (entry, needs) in entries.iter().zip(&needs) {
            if size.bytes <= limit_bytes {
                break;
            }
            remove_if_there(&entry.path)?;
            size.entries -= 1;
            size.bytes -= entry.bytes;
            for digest in needs {
                if let Some((content, users)) = contents.get_mut(digest) {
                    *users -= 1;
                    if *users == 0 {
                        remove_if_there(&content.path)?;
                        size.bytes -= content.bytes;
                        contents.remove(digest);
                    }
                }
            }
        }
        for (content, users) in contents.values() {
            if *users == 0 && is_older_than(content.used, GRACE) {
                remove_if_there(&content.path)?;
                size.bytes -= content.bytes;
            }
        }
        self.remove_abandoned()?;
        Ok(size)
    }

    /// Removes all there is.
    ///
    /// # Errors
    /// Something cannot be removed.
    pub fn clear(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Removes what killed runs were writing.
    fn remove_abandoned(&self) -> io::Result<()> {
        for entry in fs::read_dir(self.folder.join("tmp"))?.flatten() {
            let modified = entry.metadata().and_then(|it| it.modified());
            if modified.is_ok_and(|it| is_older_than(it, GRACE)) {
                remove_if_there(&entry.path())?;
            }
        }
        Ok(())
    }

    fn list(&self, part: &str) -> io::Result<Vec<Kept>> {
        let folder = self.folder.join(part);
        let mut kept = Vec::new();
        let drawers = match fs::read_dir(&folder) {
            Err(error) if is_absent(&error) => return Ok(kept),
            drawers => drawers?,
        };
        for drawer in drawers {
            let drawer = drawer?;
            for file in fs::read_dir(drawer.path())? {
                let file = file?;
                let name = [drawer.file_name(), file.file_name()];
                let name: String = name.iter().map(|it| it.to_string_lossy()).collect();
                // Another run may remove it at any time.
                let (Some(digest), Ok(metadata)) = (Digest::from_hex(&name), file.metadata())
                else {
                    continue;
                };
                kept.push(Kept {
                    digest,
                    path: file.path(),
                    bytes: metadata.len(),
                    used: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
                });
            }
        }
        Ok(kept)
    }

    fn path(&self, part: &str, digest: Digest) -> PathBuf {
        let name = digest.to_string();
        let (drawer, rest) = name.split_at(2);
        self.folder.join(part).join(drawer).join(rest)
    }
}

/// A file of the store.
struct Kept {
    digest: Digest,
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

/// Returns whether there is nothing of that name: no file, or no folder for it.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Opens a file to read it. A pipe in its place does not keep anybody waiting.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    File::options().read(true).custom_flags(flags).open(path)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn needs(path: &Path) -> Vec<Digest> {
    let entry = read(path).ok().and_then(|it| Entry::decode(&it));
    entry.map_or_else(Vec::new, |it| it.contents().collect())
}

fn is_older_than(time: SystemTime, age: Duration) -> bool {
    time.elapsed().is_ok_and(|it| it > age)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Notes that a file was used. Its owner may be somebody else; then it ages.
fn touch(file: &File) {
    let time = |tv_nsec| Timespec { tv_sec: 0, tv_nsec };
    let now = Timestamps {
        last_access: time(UTIME_OMIT),
        last_modification: time(UTIME_NOW),
    };
    let _ = futimens(file, &now);
}

/// Copies all that is left to read, and returns its digest.
pub(super) fn copy(source: &mut impl Read, target: &mut File) -> io::Result<Digest> {
    let mut hasher = Hasher::default();
    let mut piece = vec![0; 128 << 10];
    loop {
        match source.read(&mut piece) {
            Ok(0) => return Ok(hasher.finish()),
            Ok(count) => {
                hasher.update(&piece[..count]);
                write(target, &piece[..count])?;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn write(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    fault::check(Operation::Write)?;
    file.write_all(bytes)
}

/// Gives a file its name; the drawer that it lies in is made when its first file comes.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fault::check(Operation::Rename)?;
    match fs::rename(from, to) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            fs::create_dir_all(to.parent().unwrap_or(Path::new(".")))?;
            fs::rename(from, to)
        }
        renamed => renamed,
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::super::entry::{Log, Output, OutputKind};
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::of_project(folder.path());
        store.prepare().unwrap();
        (folder, store)
    }

    /// Keeps a result of about so many bytes that shares one content with all others.
    fn keep(store: &Store, number: u8, bytes: usize) -> Digest {
        let own = store.keep_bytes(&vec![number; bytes]).unwrap();
        let shared = store.keep_bytes(b"shared").unwrap();
        let key = Digest([number; 32]);
        let output = |path: &[u8], digest| Output {
            path: path.to_vec(),
            kind: OutputKind::File {
                mode: 0o644,
                digest,
            },
        };
        let entry = Entry {
            key,
            suite: "s".into(),
            run_id: "r".into(),
            stored_at: 0,
            duration: Duration::ZERO,
            elided_bytes: 0,
            cases: None,
            log: Log::Inline(Vec::new()),
            manifest: shared,
            outputs: vec![output(b"own", own), output(b"shared", shared)],
        };
        store.keep(&entry).unwrap();
        key
    }

    fn age(store: &Store, key: Digest, seconds: u64) {
        let file = File::options()
            .append(true)
            .open(store.path("entries", key))
            .unwrap();
        let then = SystemTime::now() - Duration::from_secs(seconds);
        file.set_modified(then).unwrap();
    }

    fn has(store: &Store, key: Digest) -> bool {
        matches!(store.find(key), Found::Entry(_))
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first_and_takes_its_own_contents_along() {
        let (_folder, store) = store();
        let keys: Vec<Digest> = (1..=4).map(|it| keep(&store, it, 10_000)).collect();
        for (key, seconds) in keys.iter().zip([400, 300, 200, 100]) {
            age(&store, *key, seconds);
        }
        // Using the oldest one makes it the youngest.
        assert!(has(&store, keys[0]));
        let size = store.measure().unwrap();
        assert_eq!(size.entries, 4);
        let left = store.collect(size.bytes / 10 * 6).unwrap();
        assert_eq!(left.entries, 2);
        assert_eq!(left, store.measure().unwrap());
        let kept: Vec<bool> = keys.iter().map(|it| has(&store, *it)).collect();
        assert_eq!(kept, [true, false, false, true]);
        assert!(store.content_bytes(digest(b"shared")).is_ok());
        assert!(store.content_bytes(digest(&vec![2; 10_000])).is_err());
        assert_eq!(store.collect(0).unwrap(), Size::default());
    }

    #[test]
    fn a_content_that_is_just_being_kept_is_not_collected() {
        let (_folder, store) = store();
        let digest = store.keep_bytes(b"on its way").unwrap();
        store.collect(LIMIT_BYTES).unwrap();
        assert!(store.content_bytes(digest).is_ok());
    }

    #[test]
    fn a_content_that_was_changed_is_refused_and_removed() {
        let (_folder, store) = store();
        let digest = store.keep_bytes(b"content").unwrap();
        fs::write(store.path("contents", digest), b"another").unwrap();
        assert_eq!(
            store.content(digest).unwrap_err().kind(),
            ErrorKind::InvalidData
        );
        assert_eq!(
            store.content(digest).unwrap_err().kind(),
            ErrorKind::NotFound
        );
    }

    #[test]
    fn the_newest_results_of_two_runs_add_up() {
        let (_folder, store) = store();
        let note = |suite: &str, byte| BTreeMap::from([(suite.to_owned(), Digest([byte; 32]))]);
        store.save_latest(&note("a", 1)).unwrap();
        store.save_latest(&note("b", 2)).unwrap();
        store.save_latest(&note("a", 3)).unwrap();
        let both = BTreeMap::from([
            ("a".to_owned(), Digest([3; 32])),
            ("b".to_owned(), Digest([2; 32])),
        ]);
        assert_eq!(store.load_latest(), both);
    }

    #[test]
    fn many_threads_keep_the_same_content_at_once() {
        let (_folder, store) = store();
        let bytes = vec![7; 50_000];
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| store.keep_bytes(&bytes).unwrap());
            }
        });
        assert!(store.content_bytes(digest(&bytes)).is_ok());
        assert_eq!(fs::read_dir(store.folder.join("tmp")).unwrap().count(), 0);
    }
}
