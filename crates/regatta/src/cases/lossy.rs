//! A source of bytes made into UTF-8: what is none reads as question marks.

use std::io::{self, BufRead, Read};
use std::str::from_utf8;

/// How much is read at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// The longest beginning of a character that another chunk may complete.
const MOST_PENDING: usize = 3;

/// A source whose bytes are always whole characters.
#[derive(Debug)]
pub(super) struct Lossy<R> {
    source: R,
    /// What was read; from `start` to `ready` it is text, and behind that lies the beginning of a character.
    buffer: Vec<u8>,
    start: usize,
    ready: usize,
}

impl<R: Read> Lossy<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            buffer: Vec::new(),
            start: 0,
            ready: 0,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.ready);
        (self.start, self.ready) = (0, 0);
        let pending = self.buffer.len();
        self.buffer.resize(pending + CHUNK_BYTES, 0);
        let read = self.source.read(&mut self.buffer[pending..]);
        let length = *read.as_ref().unwrap_or(&0);
        self.buffer.truncate(pending + length);
        read?;
        let mut good = 0;
        while let Err(error) = from_utf8(&self.buffer[good..]) {
            good += error.valid_up_to();
            let is_beginning = error.error_len().is_none();
            let rest = self.buffer.len() - good;
            if is_beginning && length > 0 && rest <= MOST_PENDING {
                self.ready = good;
                return Ok(());
            }
            let bad = error.error_len().unwrap_or(rest);
            self.buffer[good..good + bad].fill(b'?');
            good += bad;
        }
        self.ready = self.buffer.len();
        Ok(())
    }
}

impl<R: Read> Read for Lossy<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(target.len());
        target[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl<R: Read> BufRead for Lossy<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.start == self.ready {
            let before = self.buffer.len() - self.ready;
            self.refill()?;
            let has_more = self.buffer.len() > before;
            if self.ready == 0 && !has_more {
                break;
            }
        }
        Ok(&self.buffer[self.start..self.ready])
    }

    fn consume(&mut self, length: usize) {
        self.start += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else {
                return Ok(0);
            };
            target[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    #[test]
    fn whole_characters_pass_and_others_are_replaced() {
        for (bytes, expected) in [
            ("plain ä € 😀".as_bytes(), "plain ä € 😀"),
            (b"gr\xfc\xdfe", "gr??e"),
            (b"cut \xe2\x82", "cut ??"),
            (b"\xf0\x9f\x98x\xff", "???x?"),
            (b"", ""),
        ] {
            let mut whole = String::new();
            Lossy::new(bytes).read_to_string(&mut whole).unwrap();
            assert_eq!(whole, expected);
            let mut slow = String::new();
            Lossy::new(Slow(bytes)).read_to_string(&mut slow).unwrap();
            assert_eq!(slow, expected);
        }
    }
}
