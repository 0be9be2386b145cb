//! Azure Pipelines: groups, and issues of a task.
//!
//! *Source*: "Logging commands" in Microsoft's documentation of Azure Pipelines.

use super::annotations::{Annotation, Annotations};

/// What makes a command behind two number signs, anywhere in a line.
pub(super) const PREFIXES: &[&str] = &["vso[", "["];

pub(super) fn open_group(title: &str) -> String {
    format!("##[group]{title}\n")
}

pub(super) fn close_group() -> String {
    "##[endgroup]\n".into()
}

pub(super) fn annotate(annotations: &Annotations) -> String {
    let errors = annotations.errors.iter().map(|it| issue("error", it));
    let warnings = annotations.warnings.iter().map(|it| issue("warning", it));
    errors.chain(warnings).collect()
}

fn issue(severity: &str, annotation: &Annotation) -> String {
    let mut properties = format!("type={severity};");
    if let Some(file) = &annotation.file {
        properties = format!("{properties}sourcepath={};", escape_property(file));
    }
    if let Some(line) = annotation.line {
        properties = format!("{properties}linenumber={line};");
    }
    let message = escape(&format!("{}\n{}", annotation.title, annotation.message));
    format!("##vso[task.logissue {properties}]{message}\n")
}

fn escape(text: &str) -> String {
    text.replace('%', "%AZP25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape(text).replace(';', "%3B").replace(']', "%5D")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_has_one_line_whatever_it_says() {
        let annotation = Annotation {
            file: Some("a;b].rs".into()),
            line: Some(3),
            title: "100%".into(),
            message: "one\ntwo".into(),
        };
        let expected = "##vso[task.logissue type=error;sourcepath=a%3Bb%5D.rs;linenumber=3;]100%AZP25%0Aone%0Atwo\n";
        assert_eq!(issue("error", &annotation), expected);
    }
}
