//! One of several equal parts of a suite, which its command takes by itself: what it is called, and how a command is
//! told which one it is.
//!
//! Whether a command really took its part is a fact about an attempt, and is not known here.

use std::fmt;

/// A part of a suite. There are at least two of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    /// Which part, from 0.
    pub index: u32,
    /// How many parts there are.
    pub count: u32,
}

/// The words that a command may use instead of reading variables, and what each stands for.
const PLACEHOLDERS: [(&str, Meaning); 3] = [
    ("{shard_index}", Meaning::Index),
    ("{shard_number}", Meaning::Number),
    ("{shard_count}", Meaning::Count),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Index,
    Number,
    Count,
}

impl Shard {
    /// The only part of a suite that is not divided.
    pub const WHOLE: Self = Self { index: 0, count: 1 };

    /// Returns which part it is, from 1.
    #[must_use]
    pub fn number(self) -> u32 {
        self.index + 1
    }

    /// Returns `text` with the placeholders replaced by what they stand for here.
    ///
    /// A placeholder behind a `$` is a variable of the shell and stays.
    #[must_use]
    pub fn fill(self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((at, word, meaning)) = find_placeholder(rest) {
            let value = match meaning {
                Meaning::Index => self.index,
                Meaning::Number => self.number(),
                Meaning::Count => self.count,
            };
            filled.push_str(&rest[..at]);
            filled.push_str(&value.to_string());
            rest = &rest[at + word.len()..];
        }
        filled.push_str(rest);
        filled
    }

    /// Returns the variables that tell a command which part it is, by the names that test frameworks read.
    #[must_use]
    pub fn variables(self) -> [(&'static str, String); 4] {
        let (count, index) = (self.count.to_string(), self.index.to_string());
        [
            ("TEST_TOTAL_SHARDS", count.clone()),
            ("TEST_SHARD_INDEX", index.clone()),
            ("GTEST_TOTAL_SHARDS", count),
            ("GTEST_SHARD_INDEX", index),
        ]
    }

    /// Returns the line to paste into a shell for a command: with the placeholders replaced, or with the variables around
    /// it that it reads instead.
    #[must_use]
    pub fn command_line(self, line: &str) -> String {
        if names_a_shard(line) {
            return self.fill(line);
        }
        let variables = self.variables();
        let variables = variables
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let variables: Vec<String> = variables.collect();
        format!("(export {}; {})", variables.join(" "), self.fill(line))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number(), self.count)
    }
}

/// Returns whether a text says which part it wants: how many there are says nothing of that.
#[must_use]
pub fn names_a_shard(text: &str) -> bool {
    let mut rest = text;
    while let Some((at, word, meaning)) = find_placeholder(rest) {
        if meaning != Meaning::Count {
            return true;
        }
        rest = &rest[at + word.len()..];
    }
    false
}

/// Returns the first placeholder that is none of the shell's variables: where, and which.
fn find_placeholder(text: &str) -> Option<(usize, &'static str, Meaning)> {
    let found = PLACEHOLDERS.into_iter().filter_map(|(word, meaning)| {
        let mut places = text.match_indices(word);
        let (at, _) = places.find(|(at, _)| !text[..*at].ends_with('$'))?;
        Some((at, word, meaning))
    });
    found.min_by_key(|(at, ..)| *at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_replaced_wherever_they_stand() {
        let shard = Shard { index: 1, count: 4 };
        for (text, expected) in [
            ("", ""),
            ("go test", "go test"),
            ("{shard_index}{shard_number}{shard_count}", "124"),
            ("count:{shard_number}/{shard_count}.", "count:2/4."),
            ("${shard_index} {shard_index}", "${shard_index} 1"),
            ("{shard} {shard_index }", "{shard} {shard_index }"),
            ("é{shard_count}é", "é4é"),
        ] {
            assert_eq!(shard.fill(text), expected, "{text}");
        }
        assert_eq!(Shard::WHOLE.fill("{shard_number}/{shard_count}"), "1/1");
    }

    #[test]
    fn only_an_index_or_a_number_says_which_shard() {
        assert!(names_a_shard("x {shard_count} {shard_index}"));
        assert!(names_a_shard("{shard_number}"));
        assert!(!names_a_shard("{shard_count}"));
        assert!(!names_a_shard("${shard_index}"));
        assert!(!names_a_shard("true"));
    }
}
