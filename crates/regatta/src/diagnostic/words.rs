//! Words of the user inside messages: quoted safely, and the known word nearest to a mistaken one.

/// Names longer than this are shortened in messages.
const LONGEST_QUOTE: usize = 60;

/// Returns `name` between back-ticks, on one line, without control characters, shortened when long.
#[must_use]
pub fn quote(name: &str) -> String {
    let end = name.char_indices().nth(LONGEST_QUOTE);
    match end {
        Some((end, _)) => format!("`{}…`", visible(&name[..end])),
        None => format!("`{}`", visible(name)),
    }
}

/// Returns `text` on one line, with what a terminal would act on escaped.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if acts_on_terminal(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Returns the candidate most similar to `word`, if one is similar enough to be what was meant.
#[must_use]
pub fn find_similar<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let lowercased = word.to_lowercase();
    let length = lowercased.chars().count();
    // One slip in three characters, as compilers have found to be right.
    let allowed = (length / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= allowed)
        .map(|candidate| {
            let distance = strsim::osa_distance(&lowercased, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Returns whether a terminal would act on `character` instead of showing it.
pub(super) fn acts_on_terminal(character: char) -> bool {
    let reorders_text = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    character.is_control() || reorders_text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known = ["timeout", "command", "tags", "env", "dir"];
        let cases = [
            ("time_out", Some("timeout")),
            ("timout", Some("timeout")),
            ("TIMEOUT", Some("timeout")),
            ("comand", Some("command")),
            ("tag", Some("tags")),
            ("evn", Some("env")),
            ("colour", None),
            ("", None),
        ];
        for (word, expected) in cases {
            assert_eq!(find_similar(word, known), expected, "{word}");
        }
    }

    #[test]
    fn quotes_on_one_line_and_short() {
        assert_eq!(quote("a\nb\u{1b}[2J"), "`a\\nb\\u{1b}[2J`");
        assert_eq!(quote("überall 🧪"), "`überall 🧪`");
        assert_eq!(quote(&"x".repeat(5_000)).chars().count(), 63);
    }
}
