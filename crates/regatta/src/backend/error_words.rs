//! Which lines of a test's output speak of an error, by the words that compilers and test programs use.
//!
//! It is a guess for people. Where the line stands, and what is shown around it, is decided elsewhere.

/// How sure a line is one that somebody who looks for the cause wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// It has a word that often stands where something went wrong.
    Hint,
    /// It says that a test failed, and not why.
    Announcement,
    /// It says what went wrong.
    Message,
}

/// Beginnings of lines that say what went wrong: compilers, git and shells, pytest.
const MESSAGE_STARTS: [&str; 11] = [
    "error:",
    "error[",
    "Error:",
    "ERROR:",
    "fatal:",
    "FATAL:",
    "panic:",
    "E   ",
    "Assertion failed",
    "assertion failed",
    "Segmentation fault",
];

/// What only stands in lines that say what went wrong: compilers, C's `assert`, Rust's `assert_eq!`, sanitizers, Go.
const MESSAGE_PARTS: [&str; 8] = [
    ": error:",
    ": fatal error:",
    ": error TS",
    "Assertion `",
    "assertion `left",
    "Sanitizer: ",
    "_test.go:",
    ": command not found",
];

/// Beginnings of lines that say that a test failed: unittest, Go, TAP, node, jest, gtest, ctest.
const ANNOUNCEMENT_STARTS: [&str; 10] = [
    "FAIL:",
    "FAIL ",
    "ERROR ",
    "--- FAIL",
    "not ok ",
    "FAILED ",
    "[  FAILED  ]",
    "✖ ",
    "✗ ",
    "● ",
];

/// What only stands in lines that say that a test failed: Rust's panics, libtest.
const ANNOUNCEMENT_PARTS: [&str; 2] = ["panicked at", "... FAILED"];

/// Words of lines that may be about what went wrong.
const HINTS: [&str; 12] = [
    "error",
    "errors",
    "failed",
    "failure",
    "failures",
    "fatal",
    "exception",
    "panic",
    "refused",
    "denied",
    "unreachable",
    "aborted",
];

/// As [`HINTS`], of several words.
const HINT_PHRASES: [&str; 6] = [
    "not found",
    "no such file",
    "timed out",
    "cannot ",
    "could not ",
    "undefined reference",
];

/// Judges a line without escape sequences; `None` for one that says nothing of an error.
pub(super) fn judge(line: &str) -> Option<Strength> {
    let text = line.trim();
    if text.is_empty() || is_about_a_pass(text) {
        return None;
    }
    let starts = |list: &[&str]| list.iter().any(|it| text.starts_with(it));
    let has = |list: &[&str]| list.iter().any(|it| text.contains(it));
    if starts(&MESSAGE_STARTS) || has(&MESSAGE_PARTS) || names_an_exception(text) {
        return Some(Strength::Message);
    }
    if starts(&ANNOUNCEMENT_STARTS) || has(&ANNOUNCEMENT_PARTS) {
        return Some(Strength::Announcement);
    }
    has_hint(text).then_some(Strength::Hint)
}

/// Returns whether the message of what a line announces stands in the line below it, as with Rust's panics.
pub(super) fn message_follows(line: &str) -> bool {
    line.contains("panicked at") && line.trim_end().ends_with(':')
}

/// Names of tests have all kinds of words in them.
fn is_about_a_pass(text: &str) -> bool {
    const STARTS: [&str; 7] = ["ok ", "PASS", "--- PASS", "✓", "✔", "[       OK ]", "[ RUN"];
    const ENDS: [&str; 5] = [" ok", " passed", " PASSED", " Passed", " OK"];
    STARTS.iter().any(|it| text.starts_with(it)) || ENDS.iter().any(|it| text.ends_with(it))
}

/// Returns whether a line has a name such as `TypeError` or `java.io.IOException`, and what it says after it.
fn names_an_exception(text: &str) -> bool {
    ["Error", "Exception"].iter().any(|ending| {
        text.match_indices(ending).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let after = &text[at + ending.len()..];
            let is_named = before.is_some_and(char::is_alphanumeric);
            is_named && (after.starts_with(": ") || after.starts_with(" [") || after.is_empty())
        })
    })
}

fn has_hint(text: &str) -> bool {
    let text = text.to_lowercase();
    let words = text.split(|it: char| !it.is_alphanumeric() && it != '_');
    let words: Vec<&str> = words.filter(|it| !it.is_empty()).collect();
    let word = |at: Option<usize>| at.and_then(|at| words.get(at)).copied();
    let hint = (0..words.len()).find(|&at| {
        let is_none = matches!(word(at.checked_sub(1)), Some("0" | "no" | "without"));
        HINTS.contains(&words[at]) && !is_none && word(Some(at + 1)) != Some("0")
    });
    hint.is_some() || HINT_PHRASES.iter().any(|it| text.contains(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_many_tools_are_told_apart() {
        let table: [(Option<Strength>, &[&str]); 4] = [
            (
                Some(Strength::Message),
                &[
                    "error[E0308]: mismatched types",
                    "src/main.c:4:9: error: expected ';' before 'return'",
                    "E   assert 1 == 2",
                    "AssertionError: 3 != 4",
                    "  AssertionError [ERR_ASSERTION]: Expected values to be strictly equal",
                    "java.lang.IllegalStateException: no pool",
                    "    sum_test.go:12: expected 3, got 4",
                    "assertion `left == right` failed",
                    "prog: prog.c:3: main: Assertion `x == 1' failed.",
                    "fatal: not a git repository",
                    "sh: 1: foo: command not found",
                    "==3==ERROR: AddressSanitizer: heap-use-after-free",
                ],
            ),
            (
                Some(Strength::Announcement),
                &[
                    "FAIL: test_sum (test_sum.Sum)",
                    "--- FAIL: TestSum (0.00s)",
                    "not ok 3 - sums",
                    "thread 'main' panicked at src/main.rs:3:5:",
                    "test sums ... FAILED",
                    "[  FAILED  ] Sum.Works (0 ms)",
                ],
            ),
            (
                Some(Strength::Hint),
                &[
                    "the request failed",
                    "Errors: 2",
                    "connection refused by the server",
                    "sh: 1: foo: not found",
                ],
            ),
            (
                None,
                &[
                    "",
                    "test handles_an_error ... ok",
                    "ok 2 - tells of an error",
                    "PASS error handling",
                    "0 errors, 0 failed",
                    "errors: 0",
                    "finished without errors",
                    "test_error_path (tests.Errors.test_error_path) ... ok",
                    "running 3 tests",
                ],
            ),
        ];
        for (expected, lines) in table {
            for line in lines {
                assert_eq!(judge(line), expected, "{line:?}");
            }
        }
    }

    #[test]
    fn a_panic_says_why_in_the_line_below() {
        assert!(message_follows(
            "thread 'main' panicked at src/main.rs:3:5:"
        ));
        assert!(!message_follows(
            "thread 'main' panicked at 'old words', src/main.rs:3:5"
        ));
    }
}
