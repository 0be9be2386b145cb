//! A source of bytes as lines for people: whole, of bounded length, and without escape sequences.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

use anstream::adapter::strip_bytes;

/// The most that is read of one line.
const MOST_LINE_BYTES: u64 = 256 * 1024;

/// Lines of a source, each held for as long as it is looked at.
#[derive(Debug)]
pub(super) struct Lines<R> {
    source: R,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            line: Vec::new(),
        }
    }

    /// Returns the next line, without its end; `None` after the last.
    ///
    /// # Errors
    /// The source cannot be read.
    pub(super) fn next(&mut self) -> io::Result<Option<Cow<'_, str>>> {
        self.line.clear();
        let mut bounded = (&mut self.source).take(MOST_LINE_BYTES);
        if bounded.read_until(b'\n', &mut self.line)? == 0 {
            return Ok(None);
        }
        if self.line.last() != Some(&b'\n') && self.line.len() as u64 == MOST_LINE_BYTES {
            skip_line(&mut self.source)?;
        }
        while let [rest @ .., b'\n' | b'\r'] = &self.line[..] {
            self.line.truncate(rest.len());
        }
        if self.line.contains(&b'\x1b') {
            let plain: Vec<u8> = strip_bytes(&self.line).flatten().copied().collect();
            self.line = plain;
        }
        Ok(Some(String::from_utf8_lossy(&self.line)))
    }
}

fn skip_line(source: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = source.fill_buf()?;
        let length = buffer.len();
        let end = buffer.iter().position(|byte| *byte == b'\n');
        source.consume(end.map_or(length, |end| end + 1));
        if length == 0 || end.is_some() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_without_ends_colours_and_what_is_too_long() {
        let long = vec![b'x'; 300 * 1024];
        let source = [b"a\r\n\x1b[31mred\x1b[0m\n", &long[..], b"\n\n\xffz"].concat();
        let mut lines = Lines::new(&source[..]);
        let mut found = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            found.push(line.into_owned());
        }
        let lengths: Vec<usize> = found.iter().map(String::len).collect();
        assert_eq!(lengths, [1, 3, 256 * 1024, 0, 4]);
        assert_eq!((&*found[1], &*found[4]), ("red", "\u{fffd}z"));
    }
}
