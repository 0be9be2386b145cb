//! Whole lines out of a stream of bytes that arrives in pieces.

/// The longest line that is kept together.
const LIMIT: usize = 16 << 10;

/// What an attempt has printed since its last line's end. Never more than [`LIMIT`] bytes between calls.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    partial: Vec<u8>,
}

impl Assembler {
    /// Takes more bytes and hands on each line that they complete, without its end. A line that is too long is
    /// handed on in parts, none of which cuts a character.
    pub(super) fn push(&mut self, bytes: &[u8], mut line: impl FnMut(&[u8])) {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            let body = piece.strip_suffix(b"\n");
            self.partial.extend_from_slice(body.unwrap_or(piece));
            while self.partial.len() > LIMIT {
                let cut = find_cut(&self.partial);
                line(&self.partial[..cut]);
                self.partial.drain(..cut);
            }
            if body.is_some() {
                line(&self.partial);
                self.partial.clear();
            }
        }
    }

    /// Hands on a last line that has no end.
    pub(super) fn finish(self, line: impl FnOnce(&[u8])) {
        if !self.partial.is_empty() {
            line(&self.partial);
        }
    }
}

/// Returns the last place at or shortly before the limit where no UTF-8 character is cut.
fn find_cut(bytes: &[u8]) -> usize {
    let starts_character = |index: &usize| bytes[*index] & 0xc0 != 0x80;
    (LIMIT - 3..=LIMIT)
        .rev()
        .find(starts_character)
        .unwrap_or(LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assemble(pieces: &[&[u8]]) -> Vec<String> {
        let mut lines = Vec::new();
        let mut assembler = Assembler::default();
        let text = |line: &[u8]| String::from_utf8_lossy(line).into_owned();
        for piece in pieces {
            assembler.push(piece, |line| lines.push(text(line)));
        }
        assembler.finish(|line| lines.push(text(line)));
        lines
    }

    #[test]
    fn lines_do_not_depend_on_how_the_bytes_arrive() {
        let text = "one\n\ntwo ü\nthree".as_bytes();
        let expected = ["one", "", "two ü", "three"];
        for size in 1..=text.len() {
            let pieces: Vec<&[u8]> = text.chunks(size).collect();
            assert_eq!(assemble(&pieces), expected, "in pieces of {size}");
        }
    }

    #[test]
    fn an_end_after_the_last_line_makes_no_empty_line() {
        assert_eq!(assemble(&[b"one\n"]), ["one"]);
        assert!(assemble(&[b""]).is_empty());
    }

    #[test]
    fn a_line_without_end_is_handed_on_in_bounded_parts() {
        let text = "x".to_owned() + &"ü".repeat(LIMIT);
        let parts = assemble(&[text.as_bytes()]);
        assert_eq!(parts.concat(), text);
        assert!(parts.iter().all(|part| part.len() <= LIMIT));
        assert!(!parts.concat().contains('\u{fffd}'));
    }
}
