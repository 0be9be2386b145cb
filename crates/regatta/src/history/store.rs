//! The database of the history: opened, kept apart from others who open it, and put aside when it is damaged.
//!
//! It knows no suites; what the tables say is written by `record.rs` and asked by `query.rs`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use regatta_process::fault::{self, Operation};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use rustix::fs::{FlockOperation, flock};

use super::error::HistoryError;
use super::schema;

/// The oldest `SQLite` under which two processes may write and tidy up at once.
///
/// *Source*: <https://sqlite.org/wal.html#the_wal_reset_bug>.
const OLDEST_SQLITE: i32 = 3_051_003;

/// A reader meets a lock only while somebody repairs or locks up everything, and no run is to wait for that.
const READ_PATIENCE: Duration = Duration::from_millis(100);

/// Many runs may end at once, and each holds the lock for some milliseconds. The database itself asks every 100 ms after a
/// while, and who asks so seldom among twenty others may never have its turn.
const WRITE_PAUSE: Duration = Duration::from_millis(5);
const WRITE_TRIES: i32 = 1_000;

/// From this size on the log of the database is folded into it, which waits for the disk: about every tenth small run.
/// Whoever opens the database alone reads all of the log first, so it is to stay short.
const LONGEST_LOG_BYTES: u64 = 256 * 1024;

/// Large runs write more than that each. Of those this many may lie in the log: to read them costs less than to wait for
/// the disk at the end of every run.
const RUNS_IN_LOG: u64 = 4;

/// What the database is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To read what is there.
    Read,
    /// To write, and to begin it if need be.
    Write,
}

/// An open history.
#[derive(Debug)]
pub struct Store {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    /// Shared by everybody who has the database open, so that nobody puts it aside under them.
    _shared: Option<File>,
}

impl Store {
    /// Opens the database at `path`. `gate` is the file whose lock says that somebody has it open.
    pub(super) fn open(path: &Path, gate: &Path, purpose: Purpose) -> Result<Self, HistoryError> {
        check_library()?;
        // Who may not write here may still read.
        let shared = match (enter(gate, FlockOperation::LockShared), purpose) {
            (Ok(shared), _) => Some(shared),
            (Err(_), Purpose::Read) => None,
            (Err(error), Purpose::Write) => return Err(error),
        };
        fault::check(Operation::Open).map_err(|errno| HistoryError::io(path, errno))?;
        let connection =
            connect(path, purpose).map_err(|source| HistoryError::sql(path, source))?;
        let store = Self {
            connection,
            path: path.to_owned(),
            _shared: shared,
        };
        let found = store.ask(schema::version)?;
        if found > schema::VERSION {
            return Err(HistoryError::Newer {
                path: path.to_owned(),
                found,
                known: schema::VERSION,
            });
        }
        Ok(store)
    }

    /// Asks the database something.
    pub(super) fn ask<T>(
        &self,
        question: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, HistoryError> {
        question(&self.connection).map_err(|source| HistoryError::sql(&self.path, source))
    }

    /// Returns how long the log is.
    ///
    /// *Units*: bytes.
    pub(super) fn log_bytes(&self) -> u64 {
        beside(&self.path, "-wal")
            .metadata()
            .map_or(0, |it| it.len())
    }

    /// Folds the log into the database if it has become long and nobody else is reading it. Nothing is lost where that
    /// does not work: the next run tries again. `before` is how long the log was before this run wrote to it.
    pub(super) fn fold(&self, before: u64) {
        let length = self.log_bytes();
        let written = length.saturating_sub(before);
        if length > LONGEST_LOG_BYTES.max(RUNS_IN_LOG * written) {
            let _ = self.connection.busy_timeout(Duration::ZERO);
            let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
            let _ = self.connection.query_row(checkpoint, [], |_| Ok(()));
        }
    }

    /// Changes the database as a whole or not at all; an older one becomes one of today on the way.
    pub(super) fn change<T>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, HistoryError> {
        fault::check(Operation::Write).map_err(|errno| HistoryError::io(&self.path, errno))?;
        self.ask(|connection| {
            connection.execute_batch("BEGIN IMMEDIATE")?;
            let changed = schema::migrate(connection)
                .and_then(|()| change(connection))
                .and_then(|changed| connection.execute_batch("COMMIT").map(|()| changed));
            if changed.is_err() {
                // Nothing more can be done where this fails as well; closing undoes it too.
                let _ = connection.execute_batch("ROLLBACK");
            }
            changed
        })
    }
}

/// Returns where the log of a database is, or another file that belongs to it.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Returns whether the linked `SQLite` may be trusted with several processes.
fn check_library() -> Result<(), HistoryError> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(HistoryError::OldSqlite(rusqlite::version()));
    }
    Ok(())
}

fn connect(path: &Path, purpose: Purpose) -> rusqlite::Result<Connection> {
    let create = match purpose {
        Purpose::Read => OpenFlags::empty(),
        Purpose::Write => OpenFlags::SQLITE_OPEN_CREATE,
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | create;
    let mut connection = Connection::open_with_flags(path, flags)?;
    match purpose {
        Purpose::Read => connection.busy_timeout(READ_PATIENCE)?,
        Purpose::Write => connection.busy_handler(Some(wait_for_turn))?,
    }
    // The last to leave would wait for the disk; the next run reads the log instead, which is short.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    if purpose == Purpose::Write {
        // With a log, a power cut may lose the latest runs and never the database. Folding the log in is left to `fold`:
        // what SQLite does by itself is forgotten with the last connection, so that the log would grow for ever.
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;",
        )?;
    }
    Ok(connection)
}

/// Waits a little while another process writes, and returns whether to ask once more.
fn wait_for_turn(times: i32) -> bool {
    thread::sleep(WRITE_PAUSE);
    times < WRITE_TRIES
}

/// Takes the lock that goes with having the database open, or with nobody having it open. The file is never removed:
/// a second one of that name would be a second lock.
fn enter(gate: &Path, operation: FlockOperation) -> Result<File, HistoryError> {
    let failed = |source: std::io::Error| HistoryError::io(gate, source);
    fault::check(Operation::Open).map_err(|errno| failed(errno.into()))?;
    let mut options = File::options();
    let options = options.create(true).truncate(false).read(true).write(true);
    let file = options.open(gate).map_err(failed)?;
    flock(&file, operation).map_err(|errno| failed(errno.into()))?;
    Ok(file)
}

/// Moves a damaged database out of the way, with what belongs to it, and returns its new name. `None` if somebody else
/// was faster and it is whole again.
pub(super) fn put_aside(path: &Path, gate: &Path) -> Result<Option<PathBuf>, HistoryError> {
    // Who has it open may wait for a lock for as long as this; one who is there for longer will see to it.
    let busy = |_| HistoryError::Busy {
        path: path.to_owned(),
    };
    let _alone = enter(gate, FlockOperation::NonBlockingLockExclusive).map_err(busy)?;
    let seen = connect(path, Purpose::Read).and_then(|it| {
        schema::version(&it)?;
        it.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))
    });
    if seen.is_ok_and(|it| it == "ok") {
        return Ok(None);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(".db").unwrap_or(&name);
    let names = (1..=u32::MAX).map(|it| path.with_file_name(format!("{stem}.damaged-{it}.db")));
    let mut free = names.filter(|it| it.symlink_metadata().is_err());
    let aside = free.next().expect("some number is free");
    for suffix in ["-wal", "-shm", ""] {
        let (from, to) = (beside(path, suffix), beside(&aside, suffix));
        let moved = fault::check(Operation::Rename)
            .map_err(std::io::Error::from)
            .and_then(|()| fs::rename(&from, to));
        match moved {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(HistoryError::io(&from, error));
            }
            _ => {}
        }
    }
    Ok(Some(aside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_linked_library_is_new_enough() {
        check_library().unwrap();
    }

    #[test]
    fn a_log_that_became_long_is_folded_in() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        let log_bytes = || beside(&path, "-wal").metadata().unwrap().len();
        let mut longest = 0;
        let mut was_folded = false;
        // Each opens, writes and leaves, as runs do.
        for number in 0..200 {
            let store = Store::open(&path, &folder.path().join("gate"), Purpose::Write).unwrap();
            let name = format!("suite-{number}");
            let sql = "INSERT INTO suite (name, recent) VALUES (?, zeroblob(3000))";
            let before = store.log_bytes();
            store.change(|it| it.execute(sql, [&name])).unwrap();
            store.fold(before);
            longest = longest.max(log_bytes());
            was_folded |= log_bytes() == 0;
        }
        assert!(was_folded && longest <= LONGEST_LOG_BYTES, "{longest}");
        let store = Store::open(&path, &folder.path().join("gate"), Purpose::Read).unwrap();
        assert_eq!(store.suite_names().unwrap().len(), 200);
    }

    #[test]
    fn the_log_holds_a_few_runs_that_write_much_before_it_is_folded_in() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        let gate = folder.path().join("gate");
        let mut lengths = Vec::new();
        for number in 0..12 {
            let store = Store::open(&path, &gate, Purpose::Write).unwrap();
            let before = store.log_bytes();
            let sql = "INSERT INTO suite (name, recent) VALUES (?, zeroblob(600000))";
            store.change(|it| it.execute(sql, [number])).unwrap();
            store.fold(before);
            lengths.push(store.log_bytes() / 600_000);
        }
        assert_eq!(lengths, [1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0]);
    }

    #[test]
    fn nobody_puts_aside_what_somebody_has_open_or_what_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (path, gate) = (folder.path().join("history.db"), folder.path().join("gate"));
        let store = Store::open(&path, &gate, Purpose::Write).unwrap();
        store.change(|_| Ok(())).unwrap();
        let refused = put_aside(&path, &gate);
        assert!(
            matches!(refused, Err(HistoryError::Busy { .. })),
            "{refused:?}"
        );
        drop(store);
        assert_eq!(put_aside(&path, &gate).unwrap(), None);
        fs::write(&path, "garbage ".repeat(1000)).unwrap();
        // All that was written is still in the log, and nothing is lost while that is there.
        assert_eq!(put_aside(&path, &gate).unwrap(), None);
        fs::remove_file(beside(&path, "-wal")).unwrap();
        let aside = put_aside(&path, &gate).unwrap().unwrap();
        assert_eq!(aside, folder.path().join("history.damaged-1.db"));
        assert!(!path.exists() && aside.exists());
    }
}
