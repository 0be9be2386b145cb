//! Where in a log the trouble begins: a guess by the words that tools of many languages use.

use super::ansi::Line;

/// Words that begin trouble, in lower case, the surest first: a line with one of the first row is taken before any with
/// one of the second.
const SIGNS: [&[&str]; 2] = [
    &[
        "panicked at",
        "traceback (most recent call last)",
        "assertion",
        "assert failed",
        "error[",
        "error:",
        "fatal:",
        "fatal error",
        "--- fail",
        "not ok ",
        "segmentation fault",
        "addresssanitizer",
        "exception",
    ],
    &["failed", "failure", "error", "cannot ", "expected"],
];

/// What is written about trouble that there was none of.
const DENIALS: [&str; 6] = [
    "0 failed",
    "0 errors",
    "no errors",
    "0 failures",
    "failed: 0",
    "failures: 0",
];

/// Returns the place of the first line that tells of an error; `None` where none does.
pub(super) fn find_first_error(lines: &[Line]) -> Option<usize> {
    let texts: Vec<String> = lines.iter().map(|it| it.text().to_lowercase()).collect();
    let is_denied = |text: &str| DENIALS.iter().any(|it| text.contains(it));
    SIGNS.iter().find_map(|signs| {
        let tells = |text: &String| signs.iter().any(|it| text.contains(it)) && !is_denied(text);
        texts.iter().position(tells)
    })
}

#[cfg(test)]
mod tests {
    use super::super::ansi::read_lines;
    use super::*;

    #[test]
    fn the_first_sure_sign_comes_before_a_vague_one() {
        for (log, expected) in [
            ("one\ntwo", None),
            ("compiling error_codes\nerror[E0308]: mismatched", Some(1)),
            ("ok 1\nnot ok 2 - adds\n# failed", Some(1)),
            (
                "test a ... ok\ntest b ... FAILED\nthread 'b' panicked at x.rs",
                Some(2),
            ),
            ("5 passed, 0 failed\nBuild failed", Some(1)),
            ("\x1b[31mError:\x1b[0m no such table", Some(0)),
        ] {
            assert_eq!(
                find_first_error(&read_lines(log.as_bytes())),
                expected,
                "{log}"
            );
        }
    }
}
