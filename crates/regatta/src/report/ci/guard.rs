//! What keeps foreign text from being read as a command.

use std::borrow::Cow;

/// What may not stand in foreign text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Guard {
    /// Nobody obeys anything.
    #[default]
    None,
    /// The server obeys nothing until it reads this word, so nobody else may say it. It has no letters.
    Word(String),
    /// The server obeys what follows on two number signs and one of these, in small letters and with its bracket.
    Prefixes(&'static [&'static str]),
    /// The server takes a line that begins with one of these for a heading.
    Headings(&'static [&'static str]),
}

impl Guard {
    /// Returns the text as the server may read it.
    ///
    /// *Shape*: whole lines in, whole lines out.
    #[must_use]
    pub fn apply<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self {
            Self::Word(word) if text.contains(word.as_str()) => Cow::Owned(remove(text, word)),
            Self::Prefixes(prefixes) if text.contains("##") => Cow::Owned(part(text, prefixes)),
            Self::None | Self::Word(_) | Self::Prefixes(_) => Cow::Borrowed(text),
            Self::Headings(headings) => indent(text, headings),
        }
    }
}

/// Returns the same JSON without two number signs in a row, with which all that servers obey in the middle of a line
/// begins. Only texts in it have number signs, and there one may be written by its code.
#[must_use]
pub fn disguise_json(json: &[u8]) -> Vec<u8> {
    let mut disguised = Vec::with_capacity(json.len());
    for (index, &byte) in json.iter().enumerate() {
        if byte == b'#' && index > 0 && json[index - 1] == b'#' {
            disguised.extend_from_slice(b"\\u0023");
        } else {
            disguised.push(byte);
        }
    }
    disguised
}

/// Removes a word until it is nowhere: what was around one may form another.
fn remove(text: &str, word: &str) -> String {
    let mut text = text.to_owned();
    while text.contains(word) {
        text = text.replace(word, "");
    }
    text
}

/// Puts a blank between the number signs and what would be a command behind them.
fn part(text: &str, prefixes: &[&str]) -> String {
    let mut result = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(at) = rest.find("##") {
        let (before, after) = rest.split_at(at + "##".len());
        result.push_str(before);
        let is_command = prefixes.iter().any(|prefix| {
            let start = after.as_bytes().get(..prefix.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
        });
        if is_command {
            result.push(' ');
        } else if after.starts_with('#') {
            // The second sign may be the first of the next pair.
            result.pop();
            rest = &rest[at + 1..];
            continue;
        }
        rest = after;
    }
    result.push_str(rest);
    result
}

fn indent<'t>(text: &'t str, headings: &[&str]) -> Cow<'t, str> {
    let is_heading = |line: &str| headings.iter().any(|heading| line.starts_with(heading));
    if !text.lines().any(is_heading) {
        return Cow::Borrowed(text);
    }
    let lines = text.split_inclusive('\n');
    let lines = lines.map(|line| {
        if is_heading(line) {
            format!(" {line}")
        } else {
            line.to_owned()
        }
    });
    Cow::Owned(lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disguised_json_says_the_same_in_words_that_nobody_obeys() {
        for text in ["##[error]x", "####", "a#b", "\\##vso[y]", ""] {
            let json = serde_json::to_string(text).unwrap();
            let disguised = String::from_utf8(disguise_json(json.as_bytes())).unwrap();
            assert!(!disguised.contains("##"), "{disguised}");
            assert_eq!(serde_json::from_str::<String>(&disguised).unwrap(), text);
        }
    }

    #[test]
    fn the_word_that_ends_the_silence_is_nowhere() {
        let guard = Guard::Word("123".into());
        assert_eq!(guard.apply("::123::\n12 123 1\n"), "::::\n12  1\n");
        assert_eq!(guard.apply("112323\n"), "\n");
        assert!(matches!(guard.apply("nothing of it"), Cow::Borrowed(_)));
    }

    #[test]
    fn number_signs_are_parted_from_what_they_would_command() {
        let guard = Guard::Prefixes(&["vso[", "["]);
        for (text, expected) in [
            ("##vso[task.setvariable]", "## vso[task.setvariable]"),
            ("a ##VSO[x] ##[error]y", "a ## VSO[x] ## [error]y"),
            ("###[x", "### [x"),
            ("####vso[x", "#### vso[x"),
            (
                "## heading, #[attribute] and ##",
                "## heading, #[attribute] and ##",
            ),
            ("##vs", "##vs"),
            ("##ü", "##ü"),
        ] {
            assert_eq!(guard.apply(text), expected);
        }
    }

    #[test]
    fn a_heading_is_none_behind_a_blank() {
        let guard = Guard::Headings(&["---", "+++"]);
        assert_eq!(
            guard.apply("--- a\nb --- c\n+++ d\n"),
            " --- a\nb --- c\n +++ d\n"
        );
    }
}
