//! Output of suites as plain text that any report may hold: several lines, no escape sequence, no control character.
//!
//! What a report does against its own special characters is its own business.

use anstream::adapter::strip_str;

/// Returns text without escape sequences and control characters, as a terminal would have left it in the end.
///
/// *Shape*: lines keep their ends and tabs; a line that was overwritten has its last state. Every character is one that
/// XML 1.0 allows.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    // Of each line, for a sequence that was cut off must not swallow the next one.
    for line in text.split_inclusive('\n') {
        let (body, end) = match line.strip_suffix('\n') {
            Some(body) => (body, "\n"),
            None => (line, ""),
        };
        let body = body.strip_suffix('\r').unwrap_or(body);
        // A progress bar leaves its last state.
        let body = body.rsplit('\r').next().unwrap_or(body);
        let shown = strip_str(body).flat_map(str::chars);
        result.extend(shown.filter(|&character| may_be_shown(character)));
        result.push_str(end);
    }
    result
}

/// Returns text as one line that is fit for a title or a table.
#[must_use]
pub fn one_line(text: &str) -> String {
    let text = plain(text);
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// Returns the beginning of a text, at most `limit` characters of it.
#[must_use]
pub fn shorten(text: &str, limit: usize) -> String {
    if text.chars().nth(limit).is_none() {
        return text.to_owned();
    }
    let kept: String = text.chars().take(limit.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Returns whether a character shows what it is: it moves no cursor, turns no text round, and is one at all.
fn may_be_shown(character: char) -> bool {
    let reorders = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_none = u32::from(character) & 0xfffe == 0xfffe;
    (character == '\t' || !character.is_control()) && !reorders && !is_none
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_terminal_would_show_in_the_end_is_left() {
        for (text, expected) in [
            ("one\ntwo", "one\ntwo"),
            ("a\tb\r\nc\r\n", "a\tb\nc\n"),
            ("10%\r50%\r100%\nnext", "100%\nnext"),
            ("\u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7}!", "red !"),
            ("cut \u{1b}[3\nnext", "cut \nnext"),
            ("NUL\0 BEL\u{7} DEL\u{7f} C1\u{9b}31m", "NUL BEL DEL C131m"),
            ("\u{fffe}\u{ffff}\u{1fffe}none", "none"),
            ("\u{202e}turned", "turned"),
            ("ü 試験 🧪", "ü 試験 🧪"),
        ] {
            assert_eq!(plain(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_title_has_one_line_and_an_end() {
        assert_eq!(one_line(" two\n  lines\t\u{1b}[1mhere "), "two lines here");
        assert_eq!(shorten("short", 5), "short");
        assert_eq!(shorten("too long", 5), "too…");
    }
}
