//! A command's log file: exact bytes up to a cap, then head and tail with a count between them.
//! Does not know where the bytes come from.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::LogEnd;
use crate::fault::{self, Operation};

/// The most memory a log takes for its tail.
const MAX_TAIL_BYTES: u64 = 1 << 20;

/// Room for the longest line that says how much was left out.
const MARKER_BYTES: usize = "\n[... 18446744073709551615 bytes elided ...]\n".len();

/// A log file that is being written.
pub(crate) struct Log {
    /// Readable as well, so that recent output needs no memory of its own. Each write goes to its end,
    /// wherever that is: somebody who needs the room may have cut the file.
    file: OwnedFd,
    /// The bytes that go straight to the file; `tail_limit` more make up the cap.
    head_limit: u64,
    tail_limit: usize,
    /// The last `tail_limit` of the bytes past the head. Allocated once there are any.
    tail: VecDeque<u8>,
    /// All the bytes so far.
    total: u64,
    /// The first failure. Nothing is written after it.
    error: Option<Errno>,
}

impl Log {
    /// Creates or empties the file. A symbolic link is refused.
    pub(crate) fn create(path: &Path, max_bytes: u64) -> io::Result<Self> {
        let flags = OFlags::RDWR
            | OFlags::APPEND
            | OFlags::CREATE
            | OFlags::TRUNC
            | OFlags::NOFOLLOW
            | OFlags::CLOEXEC;
        fault::check(Operation::Open)?;
        let file = rustix::fs::open(path, flags, Mode::from_raw_mode(0o666))?;
        let tail_bytes = (max_bytes / 4).min(MAX_TAIL_BYTES);
        Ok(Self {
            file,
            head_limit: max_bytes - tail_bytes,
            tail_limit: usize::try_from(tail_bytes).expect("a mebibyte at most"),
            tail: VecDeque::new(),
            total: 0,
            error: None,
        })
    }

    /// Takes the next bytes. Never fails: see `LogEnd::error`.
    pub(crate) fn append(&mut self, bytes: &[u8]) {
        let room = self.head_limit.saturating_sub(self.total);
        let room = usize::try_from(room).unwrap_or(usize::MAX).min(bytes.len());
        let (head, rest) = bytes.split_at(room);
        self.total += bytes.len() as u64;
        self.write(head);
        if !rest.is_empty() && self.error.is_none() {
            self.keep(rest);
        }
    }

    /// Returns at most `limit` of the last bytes, without a gap between them.
    pub(crate) fn recent(&self, limit: usize) -> Vec<u8> {
        let from_tail = self.tail.len().min(limit);
        let from_head = if self.is_past_cap() {
            0
        } else {
            self.size().min((limit - from_tail) as u64)
        };
        let mut recent = vec![0; usize::try_from(from_head).expect("less than the limit")];
        let start = self.size().saturating_sub(from_head);
        let count = rustix::io::pread(&self.file, &mut recent, start).unwrap_or(0);
        recent.truncate(count);
        recent.extend(self.tail.range(self.tail.len() - from_tail..));
        recent
    }

    /// Writes what was held back and closes the file.
    pub(crate) fn finish(mut self) -> LogEnd {
        let mut elided_bytes = 0;
        if self.is_past_cap() {
            let kept = self.tail_limit.saturating_sub(MARKER_BYTES);
            elided_bytes = self.total - self.head_limit - kept as u64;
            // Under a cap of a few bytes the count has no room either.
            if self.tail_limit >= MARKER_BYTES {
                self.write_marker(elided_bytes);
            }
            self.tail.drain(..self.tail.len().saturating_sub(kept));
        }
        let tail = std::mem::take(&mut self.tail);
        let (first, second) = tail.as_slices();
        self.write(first);
        self.write(second);
        LogEnd {
            bytes: self.total,
            elided_bytes,
            error: self.error.map(|error| format!("write log file: {error}")),
        }
    }

    fn is_past_cap(&self) -> bool {
        self.total > self.head_limit + self.tail_limit as u64
    }

    fn keep(&mut self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(self.tail_limit)..];
        if self.tail.capacity() == 0 {
            self.tail.reserve_exact(self.tail_limit);
        }
        let surplus = (self.tail.len() + bytes.len()).saturating_sub(self.tail_limit);
        self.tail.drain(..surplus);
        self.tail.extend(bytes);
    }

    fn write_marker(&mut self, elided_bytes: u64) {
        let line_is_open = self.recent_head_byte() != Some(b'\n');
        let line_end = if line_is_open { "\n" } else { "" };
        self.write(format!("{line_end}[... {elided_bytes} bytes elided ...]\n").as_bytes());
    }

    fn recent_head_byte(&self) -> Option<u8> {
        let mut byte = [0];
        let last = self.size().checked_sub(1)?;
        rustix::io::pread(&self.file, &mut byte, last).ok()?;
        Some(byte[0])
    }

    /// Returns how much is in the file.
    fn size(&self) -> u64 {
        let status = rustix::fs::fstat(&self.file);
        status.map_or(0, |it| u64::try_from(it.st_size).unwrap_or(0))
    }

    fn write(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.error.is_none() {
            let written =
                fault::check(Operation::Write).and_then(|()| rustix::io::write(&self.file, bytes));
            match written {
                Ok(count) => bytes = &bytes[count..],
                Err(Errno::INTR) => {}
                Err(error) => self.error = Some(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Log, MARKER_BYTES};

    /// Returns the file and the elided count after `text` was printed in pieces.
    fn logged(text: &[u8], max_bytes: u64, piece: usize) -> (Vec<u8>, u64) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let mut log = Log::create(&path, max_bytes).unwrap();
        for piece in text.chunks(piece) {
            log.append(piece);
        }
        let end = log.finish();
        assert_eq!(end.bytes, text.len() as u64);
        assert_eq!(end.error, None);
        (fs::read(&path).unwrap(), end.elided_bytes)
    }

    fn text(length: usize) -> Vec<u8> {
        (b'a'..=b'w').cycle().take(length).collect()
    }

    #[test]
    fn everything_is_kept_up_to_the_cap() {
        for length in [0, 1, 749, 750, 751, 999, 1000] {
            for piece in [1, 7, 2000] {
                assert_eq!(
                    logged(&text(length), 1000, piece),
                    (text(length), 0),
                    "{length}"
                );
            }
        }
    }

    #[test]
    fn past_the_cap_the_middle_is_counted() {
        for length in [1001, 1002, 1250, 5000, 100_000] {
            for piece in [1, 7, 249, 250, 251, 200_000] {
                let text = text(length);
                let tail = 250 - MARKER_BYTES;
                let elided = length - 750 - tail;
                let mut expected = text[..750].to_vec();
                expected.extend(format!("\n[... {elided} bytes elided ...]\n").bytes());
                expected.extend(&text[length - tail..]);
                assert!(expected.len() <= 1000);
                assert_eq!(
                    logged(&text, 1000, piece),
                    (expected, elided as u64),
                    "{length}"
                );
            }
        }
    }

    #[test]
    fn the_marker_needs_no_line_end_after_a_whole_line() {
        let mut text = text(2000);
        text[749] = b'\n';
        let (log, elided) = logged(&text, 1000, 64);
        let marker = format!("[... {elided} bytes elided ...]\n");
        assert!(log[750..].starts_with(marker.as_bytes()));
    }

    #[test]
    fn a_tiny_cap_is_kept_too() {
        for cap in 0..200 {
            let (log, elided) = logged(&text(1000), cap, 10);
            assert!(log.len() as u64 <= cap, "{cap}");
            assert!(elided >= 1000 - cap, "{cap}");
        }
    }

    #[test]
    fn recent_bytes_come_from_head_and_tail() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = Log::create(&dir.path().join("log"), 100).unwrap();
        assert_eq!(log.recent(10), b"");
        for length in 1..300 {
            log.append(&text(length)[length - 1..]);
            let all = text(length);
            assert_eq!(log.recent(10), all[length.saturating_sub(10)..], "{length}");
        }
    }

    #[test]
    fn a_log_that_was_cut_meanwhile_goes_on_at_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let mut log = Log::create(&path, 1000).unwrap();
        log.append(&text(500));
        fs::write(&path, "cut\n").unwrap();
        assert_eq!(log.recent(3), b"ut\n");
        log.append(b"more\n");
        assert_eq!(log.recent(6), b"\nmore\n");
        assert_eq!(log.finish().bytes, 505);
        assert_eq!(fs::read_to_string(&path).unwrap(), "cut\nmore\n");
    }

    #[test]
    fn a_full_disk_is_remembered_once() {
        let mut log = Log::create(std::path::Path::new("/dev/full"), 1000).unwrap();
        log.append(&text(500));
        log.append(&text(5000));
        let end = log.finish();
        assert_eq!(end.bytes, 5500);
        let error = end.error.unwrap();
        assert!(
            error.starts_with("write log file: No space left"),
            "{error}"
        );
    }
}
