//! One row of a terminal, filled piece by piece and cut before it would wrap.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar;

use super::look::{Look, Tone};

/// A row that never grows past its limit.
#[derive(Debug, Clone)]
pub(super) struct Row {
    look: Look,
    limit: usize,
    width: usize,
    text: String,
}

impl Row {
    /// Starts an empty row of at most `limit` cells.
    pub(super) fn new(look: Look, limit: usize) -> Self {
        Self {
            look,
            limit,
            width: 0,
            text: String::new(),
        }
    }

    /// Adds a piece, cut to the room that is left.
    pub(super) fn push(&mut self, tone: Tone, piece: &str) {
        let room = self.limit - self.width;
        let ellipsis = self.look.symbols.ellipsis;
        let (kept, width) = fit(piece, room);
        if kept.len() == piece.len() {
            self.write(tone, kept, width);
        } else if let Some(room) = room.checked_sub(display_width(ellipsis)) {
            let (kept, width) = fit(piece, room);
            self.write(tone, kept, width);
            self.write(tone, ellipsis, display_width(ellipsis));
            // Nothing may follow a cut, not even a narrow piece that would find room.
            self.limit = self.width;
        } else {
            self.limit = self.width;
        }
    }

    /// Returns how its text looks.
    pub(super) fn look(&self) -> Look {
        self.look
    }

    /// Returns how many cells are left.
    pub(super) fn room(&self) -> usize {
        self.limit - self.width
    }

    /// Returns how many cells are filled.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Returns the text with its colours.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    fn write(&mut self, tone: Tone, piece: &str, width: usize) {
        if !piece.is_empty() {
            write!(self.text, "{}", self.look.paint(tone, piece)).expect("a String takes all");
            self.width += width;
        }
    }
}

/// Returns how many cells a character takes at most.
///
/// Characters are measured one by one: a terminal that does not know a joined emoji draws its parts, and a row that
/// is shorter than planned does no harm where a longer one would wrap.
pub(super) fn char_width(character: char) -> usize {
    match character {
        // It asks for the two-cell form of the character before it.
        '\u{fe0f}' => 1,
        _ => character.width().unwrap_or(0),
    }
}

/// Returns how many cells a text takes at most.
pub(super) fn display_width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// Returns a text in exactly `cells` cells: cut, or filled up with blanks.
pub(super) fn fill(text: &str, cells: usize, ellipsis: &str) -> String {
    let (mut kept, mut width) = fit(text, cells);
    let mut end = "";
    if kept.len() < text.len()
        && let Some(room) = cells.checked_sub(display_width(ellipsis))
    {
        (kept, width) = fit(text, room);
        width += display_width(ellipsis);
        end = ellipsis;
    }
    format!("{kept}{end}{}", " ".repeat(cells - width))
}

/// Returns the longest beginning that takes at most `room` cells, and its width.
fn fit(text: &str, room: usize) -> (&str, usize) {
    let mut width = 0;
    for (index, character) in text.char_indices() {
        let next = width + char_width(character);
        if next > room {
            return (&text[..index], width);
        }
        width = next;
    }
    (text, width)
}

#[cfg(test)]
mod tests {
    use super::super::options::Colour;
    use super::super::symbols::Symbols;
    use super::*;

    fn row(limit: usize, symbols: Symbols, pieces: &[&str]) -> (String, usize) {
        let mut row = Row::new(Look::new(symbols, Colour::Plain), limit);
        for piece in pieces {
            row.push(Tone::Plain, piece);
        }
        (row.text().to_owned(), row.width())
    }

    #[test]
    fn a_row_is_cut_by_cells_and_not_by_characters() {
        for (limit, pieces, expected, width) in [
            (10, ["abc", "def"], "abcdef", 6),
            (6, ["abc", "def"], "abcdef", 6),
            (5, ["abc", "def"], "abcd…", 5),
            (5, ["試験中", "x"], "試験…", 5),
            (4, ["試験中", "x"], "試…", 3),
            (1, ["abc", "d"], "…", 1),
            (0, ["abc", "d"], "", 0),
            (3, ["⏱\u{fe0f}ab", ""], "⏱\u{fe0f}…", 3),
            (
                5,
                ["👩\u{200d}👩\u{200d}👧", "x"],
                "👩\u{200d}👩\u{200d}…",
                5,
            ),
        ] {
            let (text, cells) = row(limit, Symbols::Unicode, &pieces);
            assert_eq!(
                (text.as_str(), cells),
                (expected, width),
                "{pieces:?} in {limit}"
            );
        }
    }

    #[test]
    fn a_column_is_filled_whatever_the_text() {
        for (text, cells, ellipsis, expected) in [
            ("abc", 5, "…", "abc  "),
            ("abcde", 5, "…", "abcde"),
            ("abcdef", 5, "…", "abcd…"),
            ("abcdef", 5, "...", "ab..."),
            ("abcdef", 2, "...", "ab"),
            ("試験中", 4, "…", "試… "),
            ("abc", 0, "…", ""),
        ] {
            assert_eq!(fill(text, cells, ellipsis), expected, "{text} in {cells}");
        }
    }

    #[test]
    fn an_ellipsis_of_three_cells_needs_three() {
        assert_eq!(row(5, Symbols::Ascii, &["abcdef"]), ("ab...".into(), 5));
        assert_eq!(row(2, Symbols::Ascii, &["abcdef"]), (String::new(), 0));
    }
}
