//! The first line of a log that speaks of an error, with the lines around it.
//!
//! What is read of a log is bounded, whatever its length. Which words speak of an error is decided elsewhere.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use anstream::adapter::strip_str;
use regatta_core::verdict::FirstError;

use super::error_words::{Strength, judge, message_follows};
use super::excerpt::clean;

/// How much of a log is looked through.
const LOOK_BYTES: u64 = 1 << 20;

/// How many lines are shown before the error.
const BEFORE: usize = 2;

/// How many lines are shown after it.
const AFTER: usize = 5;

/// How much of a line is kept while it is read.
const LINE_BYTES: usize = 4096;

/// Returns the line that says best what went wrong first. `last_lines` is how many lines at the end are shown in any
/// case; what stands among them is not given again.
///
/// # Errors
/// The file cannot be read.
pub(super) fn find_first_error(path: &Path, last_lines: usize) -> io::Result<Option<FirstError>> {
    let file = File::open(path)?;
    let is_whole = file.metadata()?.len() <= LOOK_BYTES;
    let mut search = Search::default();
    let mut reader = BufReader::with_capacity(64 << 10, file.take(LOOK_BYTES));
    let mut line = Vec::new();
    while read_line(&mut reader, &mut line)? {
        search.take(clean(&line));
    }
    Ok(search.finish(is_whole.then_some(last_lines)))
}

/// Reads a line without its end; `false` at the end of the file. Of an endless line only the beginning is kept.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let mut is_begun = false;
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return Ok(is_begun);
        }
        is_begun = true;
        let end = bytes.iter().position(|&byte| byte == b'\n');
        let piece = &bytes[..end.unwrap_or(bytes.len())];
        line.extend_from_slice(&piece[..piece.len().min(LINE_BYTES - line.len())]);
        let used = end.map_or(bytes.len(), |end| end + 1);
        reader.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

/// What is known while lines go by.
#[derive(Default)]
struct Search {
    /// Lines so far.
    lines: u64,
    /// The last one that is not blank.
    last: u64,
    /// The latest few lines.
    before: VecDeque<String>,
    found: Option<Found>,
    /// Whether the next line says what the found one announced.
    message_follows: bool,
}

struct Found {
    strength: Strength,
    text: String,
    line: u64,
    lines: Vec<String>,
    first_line: u64,
}

impl Search {
    fn take(&mut self, line: String) {
        self.lines += 1;
        let plain: String = strip_str(&line).flat_map(str::chars).collect();
        let is_blank = plain.trim().is_empty();
        if !is_blank {
            self.last = self.lines;
        }
        let mut strength = judge(&plain);
        if std::mem::take(&mut self.message_follows) && !is_blank {
            strength = Some(Strength::Message);
        }
        let is_open = |it: &Found| self.lines <= it.line + AFTER as u64;
        if let Some(strength) =
            strength.filter(|it| self.found.as_ref().is_none_or(|found| *it > found.strength))
        {
            self.message_follows = message_follows(&plain);
            let mut lines: Vec<String> = self.before.iter().cloned().collect();
            let first_line = self.lines - lines.len() as u64;
            lines.push(line.clone());
            self.found = Some(Found {
                strength,
                text: line.clone(),
                line: self.lines,
                lines,
                first_line,
            });
        } else if let Some(found) = self.found.as_mut().filter(|it| is_open(it)) {
            found.lines.push(line.clone());
        }
        if self.before.len() == BEFORE {
            self.before.pop_front();
        }
        self.before.push_back(line);
    }

    /// `last_lines` is `None` where not all of the log was looked through.
    fn finish(self, last_lines: Option<usize>) -> Option<FirstError> {
        let Found {
            text,
            line,
            mut lines,
            mut first_line,
            ..
        } = self.found?;
        let mut gap = None;
        if let Some(last_lines) = last_lines {
            // The first line that is shown in any case.
            let shown = (self.last + 1).saturating_sub(last_lines as u64);
            let room = if line < shown { shown - first_line } else { 0 };
            lines.truncate(usize::try_from(room).unwrap_or(usize::MAX));
            if !lines.is_empty() {
                gap = Some(shown - first_line - lines.len() as u64);
            }
        }
        if lines.is_empty() {
            first_line = 0;
        }
        Some(FirstError {
            text,
            line,
            lines,
            first_line,
            gap,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(log: &str) -> Option<FirstError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), log).unwrap();
        find_first_error(file.path(), 10).unwrap()
    }

    fn numbered(from: u32, to: u32) -> String {
        let lines: Vec<String> = (from..=to).map(|it| format!("line {it}\n")).collect();
        lines.concat()
    }

    #[test]
    fn an_error_far_from_the_end_is_shown_with_its_surroundings() {
        let log = format!(
            "{}error: no database\n{}",
            numbered(1, 30),
            numbered(32, 99)
        );
        let found = find(&log).unwrap();
        assert_eq!(
            (found.text.as_str(), found.line),
            ("error: no database", 31)
        );
        assert_eq!(found.lines.len(), 8);
        assert_eq!((found.lines[0].as_str(), found.first_line), ("line 29", 29));
        // Line 36 is the last of them, and 90 the first of the last ten.
        assert_eq!(found.gap, Some(53));
    }

    #[test]
    fn what_the_excerpt_has_is_not_given_again() {
        let log = format!("{}error: late\n{}", numbered(1, 30), numbered(32, 35));
        let found = find(&log).unwrap();
        assert_eq!((found.line, found.first_line, found.gap), (31, 0, None));
        assert!(found.lines.is_empty());
        let log = format!("{}error: early\n{}\n\n", numbered(1, 2), numbered(4, 15));
        let found = find(&log).unwrap();
        assert_eq!(
            found.lines,
            ["line 1", "line 2", "error: early", "line 4", "line 5"]
        );
        assert_eq!(found.gap, Some(0));
    }

    #[test]
    fn a_message_says_more_than_what_announced_it() {
        let log = "FAIL: test_sum\nTraceback (most recent call last):\nAssertionError: 3 != 4\nAssertionError: 5\n";
        assert_eq!(find(log).unwrap().text, "AssertionError: 3 != 4");
        let log = "thread 'a' panicked at a.rs:1:1:\nno luck\nnote: run with\n";
        assert_eq!(find(log).unwrap().text, "no luck");
    }

    #[test]
    fn colours_do_not_hide_an_error() {
        let found = find("\u{1b}[31merror:\u{1b}[0m red\n").unwrap();
        assert_eq!(found.text, "\u{1b}[31merror:\u{1b}[0m red");
    }

    #[test]
    fn nothing_is_found_where_nothing_is_said() {
        assert_eq!(find(""), None);
        assert_eq!(find(&numbered(1, 50)), None);
    }

    #[test]
    fn an_endless_line_is_bounded() {
        let found = find(&format!("error: {}\n", "x".repeat(1 << 20))).unwrap();
        assert!(found.text.len() < 600, "{}", found.text.len());
    }
}
