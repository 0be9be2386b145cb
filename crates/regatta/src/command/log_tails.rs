//! The ends of logs, read for a page that shows them.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use regatta_process::fault::{self, Operation};
use rustix::fs::{Mode, OFlags, open};

use crate::report::html::{ALL_TAILS_BYTES, LogTail, LogTails, TAIL_BYTES, wanted_logs};
use crate::report::record::Record;

/// Reads the ends of the logs of a run until there is as much as a page shows. A log that cannot be read is left out: the
/// page says so.
pub(super) fn read_log_tails(record: &Record, log_dir: &Path) -> LogTails {
    let mut tails = LogTails::new();
    let mut read = 0;
    for wanted in wanted_logs(record) {
        if read >= ALL_TAILS_BYTES {
            break;
        }
        let most = TAIL_BYTES.min(ALL_TAILS_BYTES - read);
        if let Ok(tail) = read_tail(&log_dir.join(&wanted.file), most) {
            read += tail.bytes.len() as u64;
            tails.insert(wanted.key, tail);
        }
    }
    tails
}

fn read_tail(path: &Path, most: u64) -> io::Result<LogTail> {
    fault::check(Operation::Open)?;
    // A suite may have put anything in the place of its log, and nobody is to wait for it.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut file = File::from(open(path, flags, Mode::empty())?);
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let bytes_before = found.len().saturating_sub(most);
    file.seek(SeekFrom::Start(bytes_before))?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(LogTail {
        bytes,
        bytes_before,
    })
}
