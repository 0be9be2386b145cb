//! A long text of which beginning and end are kept.

use super::collector::MOST_MESSAGE_BYTES;

/// How much of the end is kept at least, of a text that is too long.
const TAIL_BYTES: usize = 1024;

const HEAD_BYTES: usize = MOST_MESSAGE_BYTES - 2 * TAIL_BYTES - SEAM.len();

/// What stands for the middle.
const SEAM: &str = "\n[…]\n";

/// A text as it comes, in pieces.
#[derive(Debug, Default, Clone)]
pub(super) struct Excerpt {
    head: String,
    tail: String,
    is_cut: bool,
}

impl Excerpt {
    /// Takes the next piece.
    pub(super) fn push(&mut self, mut piece: &str) {
        if self.tail.is_empty() {
            let room = HEAD_BYTES.saturating_sub(self.head.len());
            let (first, rest) = piece.split_at(piece.floor_char_boundary(room.min(piece.len())));
            self.head.push_str(first);
            piece = rest;
        }
        // Of one huge piece only the end can matter.
        let skipped = piece.ceil_char_boundary(piece.len().saturating_sub(2 * TAIL_BYTES));
        self.is_cut |= skipped > 0;
        self.tail.push_str(&piece[skipped..]);
        if self.tail.len() > 2 * TAIL_BYTES {
            let surplus = self.tail.ceil_char_boundary(self.tail.len() - TAIL_BYTES);
            self.tail.drain(..surplus);
            self.is_cut = true;
        }
    }

    /// Takes a line without its end.
    pub(super) fn push_line(&mut self, line: &str) {
        if !self.head.is_empty() {
            self.push("\n");
        }
        self.push(line);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.head.is_empty()
    }

    /// Returns how many bytes it takes.
    pub(super) fn len(&self) -> usize {
        self.head.len() + self.tail.len()
    }

    /// Returns the text, without blanks at its end and without blank lines at its beginning.
    pub(super) fn into_text(self) -> String {
        let mut text = self.head;
        if self.is_cut {
            text.push_str(SEAM);
        }
        text.push_str(&self.tail);
        text.truncate(text.trim_end().len());
        let blank = text.len() - text.trim_start().len();
        // The blanks before the first word of a line say where it stands.
        let start = text[..blank].rfind('\n').map_or(0, |it| it + 1);
        text.drain(..start);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginning_and_end_are_kept_whatever_the_pieces() {
        let lines: Vec<String> = (0..2_000).map(|it| format!("line {it} ä\n")).collect();
        let whole = lines.concat();
        for size in [1, 7, 1_000, whole.len()] {
            let mut excerpt = Excerpt::default();
            let mut rest = &*whole;
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(rest.ceil_char_boundary(size));
                excerpt.push(piece);
                rest = after;
            }
            let text = excerpt.into_text();
            assert!(text.len() <= MOST_MESSAGE_BYTES, "{}", text.len());
            assert!(text.starts_with("line 0 ä\nline 1 ä\n"), "{size}");
            assert!(
                text.ends_with("line 1999 ä") && text.contains(SEAM),
                "{size}"
            );
        }
    }

    #[test]
    fn a_short_text_stays_as_it_is_but_for_blanks_around() {
        let mut excerpt = Excerpt::default();
        assert!(excerpt.is_empty());
        for piece in ["\n \n", "  a", "\n", "b \n"] {
            excerpt.push(piece);
        }
        assert_eq!(excerpt.into_text(), "  a\nb");
    }
}
