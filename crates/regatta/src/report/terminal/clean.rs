//! Foreign text made harmless: descriptions and output come from files and programs that may print anything.

use std::borrow::Cow;

use anstream::adapter::strip_str;

use super::row::char_width;

const TAB: usize = 8;

/// Returns text as one line without escape sequences and control characters; tabs become blanks.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len());
    let mut column = 0;
    for character in strip_str(text).flat_map(str::chars) {
        match character {
            '\t' => {
                let blanks = TAB - column % TAB;
                line.extend(std::iter::repeat_n(' ', blanks));
                column += blanks;
            }
            '\n' => {
                line.push(' ');
                column += 1;
            }
            _ if character.is_control() || reorders(character) => {}
            _ => {
                line.push(character);
                column += char_width(character);
            }
        }
    }
    Cow::Owned(line)
}

/// Returns whether a character changes the order in which others are shown, which can make a line lie.
fn reorders(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_the_cursor_is_left() {
        for (text, expected) in [
            ("plain", "plain"),
            ("\u{1b}[2J\u{1b}[1;31mred\u{1b}[0m", "red"),
            ("\u{1b}]0;title\u{7}after", "after"),
            ("10%\r20%\r\n", "10%20% "),
            ("a\tb", "a       b"),
            ("試\tb", "試      b"),
            ("bell\u{7}, back\u{8}, delete\u{7f}", "bell, back, delete"),
            ("c1 \u{9b}2J", "c1 2J"),
            ("\u{202e}dessap", "dessap"),
            ("naïve 試験", "naïve 試験"),
        ] {
            assert_eq!(clean(text), expected, "{text:?}");
        }
    }
}
