//! GitHub Actions, and the servers that read the same commands.
//!
//! From the first line on the server is told to obey nothing. It obeys again for the lines of ours, each time after a word
//! that nobody can guess. So no line of a suite is ever a command, wherever it stands and however it is indented.
//!
//! *Source*: "Workflow commands for GitHub Actions", and the runner's `ActionCommand`, which also knows an older form
//! that may stand anywhere in a line.

use super::annotations::{Annotation, Annotations};

/// How long a step's summary may be. The server drops one of more than a mebibyte whole.
pub const SUMMARY_BYTES: u64 = 900 << 10;

/// Returns the line from which on nothing is obeyed.
pub(super) fn stop(word: &str) -> String {
    format!("::stop-commands::{word}\n")
}

/// Returns the line from which on commands are obeyed again.
pub(super) fn resume(word: &str) -> String {
    format!("::{word}::\n")
}

pub(super) fn open_group(title: &str) -> String {
    format!("::group::{}\n", escape(title))
}

pub(super) fn close_group() -> String {
    "::endgroup::\n".into()
}

pub(super) fn annotate(annotations: &Annotations) -> String {
    let errors = annotations.errors.iter().map(|it| command("error", it));
    let warnings = annotations.warnings.iter().map(|it| command("warning", it));
    errors.chain(warnings).collect()
}

fn command(severity: &str, annotation: &Annotation) -> String {
    let mut properties = Vec::new();
    if let Some(file) = &annotation.file {
        properties.push(format!("file={}", escape_property(file)));
    }
    if let Some(line) = annotation.line {
        properties.push(format!("line={line}"));
    }
    properties.push(format!("title={}", escape_property(&annotation.title)));
    format!(
        "::{severity} {}::{}\n",
        properties.join(","),
        escape(&annotation.message)
    )
}

fn escape(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_has_one_line_whatever_it_says() {
        let annotation = Annotation {
            file: Some("a,b:c.rs".into()),
            line: Some(3),
            title: "100%, x::y".into(),
            message: "one\n::error::two %0A".into(),
        };
        let line = command("error", &annotation);
        let expected =
            "::error file=a%2Cb%3Ac.rs,line=3,title=100%25%2C x%3A%3Ay::one%0A::error::two %250A\n";
        assert_eq!(line, expected);
    }
}
