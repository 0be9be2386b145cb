//! The part of every page that is the same: its one style and its one script, and the policy that allows these two alone.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// Everything that looks.
pub(super) const STYLE: &str = concat!(
    include_str!("assets/page.css"),
    include_str!("assets/charts.css"),
    include_str!("assets/print.css"),
);

/// Everything that moves, each file after those it builds on.
pub(super) const SCRIPT: &str = concat!(
    include_str!("assets/data.js"),
    include_str!("assets/elements.js"),
    include_str!("assets/words.js"),
    include_str!("assets/table.js"),
    include_str!("assets/spark.js"),
    include_str!("assets/log.js"),
    include_str!("assets/failures.js"),
    include_str!("assets/axis.js"),
    include_str!("assets/lanes.js"),
    include_str!("assets/timeline.js"),
    include_str!("assets/load.js"),
    include_str!("assets/what_if.js"),
    include_str!("assets/graph.js"),
    include_str!("assets/suites.js"),
    include_str!("assets/suite.js"),
    include_str!("assets/flaky.js"),
    include_str!("assets/environment.js"),
    include_str!("assets/keys.js"),
    include_str!("assets/start.js"),
);

/// Returns the policy of a page: no request, no script and no style but the two that stand in it.
pub(super) fn policy() -> String {
    format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'",
        source(SCRIPT),
        source(STYLE)
    )
}

/// Returns the word that names a text in a policy.
///
/// *Source*: Content Security Policy Level 3, `hash-source`.
pub(super) fn source(text: &str) -> String {
    let mut word = "sha256-".to_owned();
    for triple in Sha256::digest(text.as_bytes()).chunks(3) {
        let mut bits = 0_u32;
        for place in 0..3 {
            bits = (bits << 8) | u32::from(triple.get(place).copied().unwrap_or_default());
        }
        for place in 0..4 {
            let digit = (bits >> (18 - 6 * place)) & 63;
            word.push(if place > triple.len() {
                '='
            } else {
                base64_digit(digit)
            });
        }
    }
    word
}

fn base64_digit(digit: u32) -> char {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char::from(DIGITS[digit as usize])
}

/// Writes the head of a page, up to the start of its body.
pub(super) fn write_head(page: &mut String, title: &str) {
    // Writing to a text cannot fail.
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n",
        policy()
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_written_as_policies_want_it() {
        // The digest of nothing is known to everybody.
        assert_eq!(
            source(""),
            "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
        );
    }

    #[test]
    fn nothing_in_the_shell_ends_its_element_or_leads_away() {
        for text in [STYLE, SCRIPT] {
            let lower = text.to_lowercase();
            for word in [
                "</s",
                "<!--",
                "http:",
                "https:",
                "url(",
                "import",
                "innerhtml",
                "eval(",
            ] {
                // The name of a language of pictures is no address, and a pattern of the page itself none of another.
                let text = lower
                    .replace("http://www.w3.org/2000/svg", "")
                    .replace("url(#", "");
                assert!(!text.contains(word), "{word}");
            }
        }
        assert!(STYLE.len() + SCRIPT.len() < 118 * 1024);
    }
}
