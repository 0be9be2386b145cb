//! A text the user wrote, and the way from byte offsets to lines and columns.

use std::ops::Range;

/// A file's text under the name that messages give it.
#[derive(Debug, Clone, Default)]
pub struct Source {
    name: String,
    text: String,
    /// Byte offset of each line's first byte; ascending, begins with 0.
    line_starts: Vec<usize>,
}

/// Where a character stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
}

impl Source {
    /// Returns `text` under `name`, ready for look-ups.
    #[must_use]
    pub fn new(name: String, text: String) -> Self {
        let newlines = text.match_indices('\n').map(|(offset, _)| offset + 1);
        let line_starts = std::iter::once(0).chain(newlines).collect();
        Self {
            name,
            text,
            line_starts,
        }
    }

    /// Returns the name that messages give the text: the shortest path to it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the line, counted from 1, that holds byte `offset`.
    #[must_use]
    pub fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset)
    }

    /// Returns the line and column of byte `offset`; one past the end is the end.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let line = self.line(offset);
        let start = self.line_starts[line - 1];
        let column = self.text[start..]
            .char_indices()
            .take_while(|(index, _)| start + index < offset)
            .count()
            + 1;
        Position { line, column }
    }

    /// Returns the byte range of `line`, without its end-of-line characters.
    ///
    /// *Units*: `line` counts from 1 and must be one that [`Source::line`] returned.
    pub(super) fn line_range(&self, line: usize) -> Range<usize> {
        let start = self.line_starts[line - 1];
        let end = self
            .line_starts
            .get(line)
            .map_or(self.text.len(), |next| next - 1);
        let line_text = &self.text[start..end];
        start..start + line_text.strip_suffix('\r').unwrap_or(line_text).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_not_bytes() {
        let source = Source::new("x".into(), "a = 1\nnäme = 2\r\n".into());
        for (offset, line, column) in [(0, 1, 1), (4, 1, 5), (6, 2, 1), (9, 2, 3), (12, 2, 6)] {
            assert_eq!(source.position(offset), Position { line, column });
        }
        assert_eq!(source.line_range(2), 6..15);
        assert_eq!(source.position(999).line, 3);
    }
}
