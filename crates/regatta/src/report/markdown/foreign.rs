//! Foreign text inside Markdown: shown as it is, never read as Markdown, as HTML or as somebody's name.

use crate::report::plain::{one_line, plain};

/// Returns text as a code span.
pub(super) fn code(text: &str) -> String {
    let text = one_line(text);
    if text.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    // The blanks are no part of it, and keep a backtick at its edge from the fence.
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Returns text as a code span in a cell of a table, where a bar ends the cell even inside of code.
pub(super) fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// Returns lines of text as a block.
pub(super) fn block(text: &str) -> String {
    let text = plain(text);
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", text.trim_end())
}

/// Returns text as HTML shows it, in one line.
pub(super) fn html(text: &str) -> String {
    let text = one_line(text);
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Returns how many backticks follow on each other at most.
fn longest_run(text: &str) -> usize {
    text.split(|it| it != '`')
        .map(str::len)
        .max()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_foreign_ends_its_own_quotation() {
        assert_eq!(code("plain"), "`plain`");
        assert_eq!(code("a `b` ``c``"), "``` a `b` ``c`` ```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code(" \u{1b}[1m\n"), "");
        assert_eq!(cell("a|b @team #1"), "`a\\|b @team #1`");
        assert_eq!(block("```\n<b>\n"), "````text\n```\n<b>\n````\n");
        assert_eq!(
            html("<script> & \"x\"\n"),
            "&lt;script&gt; &amp; &quot;x&quot;"
        );
    }
}
