//! The last lines of a log, as text for people.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// How much of a log's end is looked at.
const WINDOW_BYTES: u64 = 16 * 1024;

/// How much of one line is kept.
const LINE_BYTES: usize = 500;

/// Returns the last lines of a file, at most `count`, without their ends; blank ones at the end are left out.
///
/// # Errors
/// The file cannot be read.
pub fn last_lines(path: &Path, count: usize) -> io::Result<Vec<String>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let start = length.saturating_sub(WINDOW_BYTES);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(WINDOW_BYTES).read_to_end(&mut bytes)?;
    let mut lines = split(&bytes);
    if start > 0 && lines.len() > 1 {
        // The window most likely begins in the middle of a line.
        lines.remove(0);
    }
    let surplus = lines.len().saturating_sub(count);
    Ok(lines.split_off(surplus))
}

/// Returns the last line in `bytes` that is not blank.
#[must_use]
pub fn last_line(bytes: &[u8]) -> Option<String> {
    split(bytes).pop()
}

fn split(bytes: &[u8]) -> Vec<String> {
    let mut lines: Vec<String> = bytes.split(|&byte| byte == b'\n').map(clean).collect();
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    lines
}

/// Returns a line as text: the last state of a progress bar, and no more of it than people read.
pub(super) fn clean(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // What a terminal would have overwritten is not shown: a progress bar leaves its last state.
    let line = line.rsplit(|&byte| byte == b'\r').next().unwrap_or(line);
    let mut text = String::from_utf8_lossy(&line[..line.len().min(LINE_BYTES)]).into_owned();
    if line.len() > LINE_BYTES {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(content: &[u8]) -> Vec<String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        last_lines(file.path(), 3).unwrap()
    }

    #[test]
    fn the_last_lines_are_found_whatever_the_end_looks_like() {
        assert_eq!(lines_of(b"1\n2\n3\n4\n"), ["2", "3", "4"]);
        assert_eq!(lines_of(b"1\n2\r\n\n  \n"), ["1", "2"]);
        assert_eq!(lines_of(b"no end"), ["no end"]);
        assert!(lines_of(b"").is_empty());
        assert_eq!(lines_of(b"10%\r50%\r100%\n"), ["100%"]);
    }

    #[test]
    fn one_endless_line_gives_a_short_one() {
        let lines = lines_of(&vec![b'x'; 1 << 20]);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].ends_with('…') && lines[0].len() < 600);
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        assert_eq!(last_line(b"ok\n\xff\xfe\n").unwrap(), "\u{fffd}\u{fffd}");
    }
}
