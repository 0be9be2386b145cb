//! The end of a log, as far as a report may hold it.
//!
//! It reads a file; in which folder that is, and what becomes of the text, others know.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::plain::plain;

/// How much of a log a report holds at most.
pub const TAIL_BYTES: u64 = 64 << 10;

/// The end of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    /// Whole lines of plain text.
    pub text: String,
    /// Bytes of the log before that.
    pub left_out: u64,
}

impl Tail {
    /// Returns the text, after a line that says what is missing before it.
    #[must_use]
    pub fn render(&self) -> String {
        match self.left_out {
            0 => self.text.clone(),
            bytes => format!("[the first {bytes} bytes are left out]\n{}", self.text),
        }
    }
}

/// Returns the last [`TAIL_BYTES`] of a log, from the beginning of a line on where there is one.
///
/// # Errors
/// The file cannot be read.
pub fn read_tail(path: &Path) -> io::Result<Tail> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let start = length.saturating_sub(TAIL_BYTES);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
    let cut = if start > 0 { find_line(&bytes) } else { 0 };
    Ok(Tail {
        text: plain(&String::from_utf8_lossy(&bytes[cut..])),
        left_out: start + cut as u64,
    })
}

/// Returns where the first whole line begins; a single endless line begins where the bytes do.
fn find_line(bytes: &[u8]) -> usize {
    let newline = bytes.iter().position(|&byte| byte == b'\n');
    newline.map_or(0, |at| at + 1) % bytes.len().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail_of(content: &[u8]) -> Tail {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        read_tail(file.path()).unwrap()
    }

    #[test]
    fn a_short_log_is_there_in_full() {
        let tail = tail_of(b"\x1b[31mone\x1b[0m\r\n\xff\n");
        assert_eq!(tail.render(), "one\n\u{fffd}\n");
        assert_eq!(tail_of(b"").render(), "");
    }

    #[test]
    fn a_long_log_begins_with_a_whole_line_and_says_what_is_missing() {
        let log = "0123456789abcde\n".repeat(10_000);
        let tail = tail_of(log.as_bytes());
        assert!(tail.text.starts_with("0123456789abcde\n"));
        assert_eq!(tail.left_out + tail.text.len() as u64, log.len() as u64);
        let first = tail.render().lines().next().unwrap().to_owned();
        assert_eq!(
            first,
            format!("[the first {} bytes are left out]", tail.left_out)
        );
    }

    #[test]
    fn one_endless_line_is_cut_where_the_limit_is() {
        let tail = tail_of(&vec![b'x'; 100_000]);
        assert_eq!(tail.text.len() as u64, TAIL_BYTES);
        let mut ended = vec![b'x'; 100_000];
        ended.push(b'\n');
        assert_eq!(tail_of(&ended).text.len() as u64, TAIL_BYTES);
    }
}
