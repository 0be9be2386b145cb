//! The tables of the history, and how an older database becomes one of today.

use rusqlite::{Connection, Result};

/// Each brings the database from the version of its index to the next; `PRAGMA user_version` holds the version. What
/// was once released is never changed here, only followed by another.
const MIGRATIONS: [&str; 4] = [
    // A run's number is never used twice, since `recent` holds those of runs that were dropped. An attempt's rows lie one after the other for a run, so that writing a run touches few pages. What is asked of a
    // suite at the start of a run is in `recent`; see `recent.rs`. `bytes` is about what a run takes, journal included.
    "CREATE TABLE run (
         id INTEGER PRIMARY KEY AUTOINCREMENT,
         run_id TEXT NOT NULL UNIQUE,
         started_us INTEGER NOT NULL,
         duration_us INTEGER NOT NULL,
         is_finished INTEGER NOT NULL,
         exit_code INTEGER,
         git_commit TEXT,
         git_branch TEXT,
         git_dirty INTEGER,
         host TEXT NOT NULL,
         os TEXT NOT NULL,
         cpus INTEGER NOT NULL,
         max_parallel INTEGER NOT NULL,
         profile TEXT,
         selection TEXT,
         version TEXT NOT NULL,
         passed INTEGER NOT NULL,
         failed INTEGER NOT NULL,
         bytes INTEGER NOT NULL
     ) STRICT;
     CREATE TABLE suite (
         id INTEGER PRIMARY KEY,
         name TEXT NOT NULL UNIQUE,
         recent BLOB NOT NULL
     ) STRICT;
     CREATE TABLE attempt (
         run INTEGER NOT NULL,
         suite INTEGER NOT NULL,
         number INTEGER NOT NULL,
         word INTEGER NOT NULL,
         outcome INTEGER,
         duration_us INTEGER,
         cpu_us INTEGER,
         max_rss_bytes INTEGER,
         exit_code INTEGER,
         signal INTEGER,
         definition INTEGER,
         PRIMARY KEY (run, suite, number)
     ) STRICT, WITHOUT ROWID;",
    "ALTER TABLE attempt ADD COLUMN cache_key TEXT;",
    // `method` says how the memory was measured; without it the figures beside it are not known.
    "ALTER TABLE attempt ADD COLUMN method INTEGER;
     ALTER TABLE attempt ADD COLUMN user_us INTEGER;
     ALTER TABLE attempt ADD COLUMN processes INTEGER;
     ALTER TABLE attempt ADD COLUMN read_bytes INTEGER;
     ALTER TABLE attempt ADD COLUMN written_bytes INTEGER;",
    // Cases that failed, and what became of them in later runs; see `case.rs`.
    "CREATE TABLE case_word (
         run INTEGER NOT NULL,
         suite INTEGER NOT NULL,
         name TEXT NOT NULL,
         attempts INTEGER NOT NULL,
         failed INTEGER NOT NULL,
         place TEXT,
         PRIMARY KEY (run, suite, name)
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX case_of_suite ON case_word (suite, run);",
];

/// The version that this program writes.
pub(super) const VERSION: i64 = 4;

/// Returns the version of a database, 0 for one without tables.
pub(super) fn version(connection: &Connection) -> Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings a database to today's version. The caller holds the lock for writing.
pub(super) fn migrate(connection: &Connection) -> Result<()> {
    let version = usize::try_from(version(connection)?).unwrap_or_default();
    for migration in MIGRATIONS.iter().skip(version) {
        connection.execute_batch(migration)?;
    }
    if version < MIGRATIONS.len() {
        connection.pragma_update(None, "user_version", VERSION)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_counts_the_migrations() {
        assert_eq!(usize::try_from(VERSION).unwrap(), MIGRATIONS.len());
    }

    #[test]
    fn every_older_version_becomes_the_same() {
        let tables = |from: usize| {
            let connection = Connection::open_in_memory().unwrap();
            for migration in &MIGRATIONS[..from] {
                connection.execute_batch(migration).unwrap();
            }
            connection
                .pragma_update(None, "user_version", i64::try_from(from).unwrap())
                .unwrap();
            migrate(&connection).unwrap();
            migrate(&connection).unwrap();
            assert_eq!(version(&connection).unwrap(), VERSION);
            let sql = "SELECT group_concat(name) FROM pragma_table_info('attempt')";
            connection
                .query_row(sql, [], |row| row.get::<_, String>(0))
                .unwrap()
        };
        let today = tables(0);
        assert!(
            today.ends_with("cache_key,method,user_us,processes,read_bytes,written_bytes"),
            "{today}"
        );
        for from in 1..=MIGRATIONS.len() {
            assert_eq!(tables(from), today);
        }
    }
}
