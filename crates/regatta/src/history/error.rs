//! Why the history could not be read or written, in words for people.

use std::io;
use std::path::PathBuf;

use rusqlite::{Error as SqlError, ErrorCode};
use thiserror::Error;

/// A history that cannot be used. Each message fits after "failed to".
#[derive(Debug, Error)]
pub enum HistoryError {
    /// The linked `SQLite` may lose what two processes write at once.
    #[error(
        "use the history: this program was built with SQLite {0}, which is older than 3.51.3 and may damage it"
    )]
    OldSqlite(&'static str),
    /// A newer program wrote it, and it stays as it is.
    #[error(
        "use the history `{}`: it has version {found}, and this version of regatta knows versions up to {known}",
        path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest that is known here.
        known: i64,
    },
    /// Another process has held it for too long.
    #[error("use the history `{}`: another process has locked it", path.display())]
    Busy {
        /// The database.
        path: PathBuf,
    },
    /// It is no database, or a broken one.
    #[error("read the history `{}`: it is damaged ({source})", path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What is wrong with it.
        source: SqlError,
    },
    /// `SQLite` could not do something else.
    #[error("use the history `{}`: {source}", path.display())]
    Sql {
        /// The database.
        path: PathBuf,
        /// What it said.
        source: SqlError,
    },
    /// A file or folder of the history could not be made, read or written.
    #[error("use the history: `{}`: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl HistoryError {
    pub(super) fn sql(path: &std::path::Path, source: SqlError) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::Damaged { path, source }
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            _ => Self::Sql { path, source },
        }
    }

    pub(super) fn io(path: &std::path::Path, source: impl Into<io::Error>) -> Self {
        Self::Io {
            path: path.to_owned(),
            source: source.into(),
        }
    }
}
