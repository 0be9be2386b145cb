//! Files whose content git converts before it compares: the ends of lines, keywords, whatever a filter drops. A suite
//! reads the file as it is, so an edit that the conversion undoes counts all the same.
//!
//! Source: `gitattributes(5)`, "Checking-out and checking-in"; `git-ls-files(1)`, `--eol`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::git::{ask_git, ask_git_about};

/// The attributes by which files are converted. The second and third are about the ends of lines as well.
const ATTRIBUTES: [&str; 6] = [
    "text",
    "eol",
    "crlf",
    "ident",
    "filter",
    "working-tree-encoding",
];

/// A filter that replaces content by its digest, so that no edit is lost.
const FAITHFUL_FILTER: &[u8] = b"lfs";

/// Returns the files that may differ from what git knows although it sees no difference, `None` where git does not say.
///
/// *Shape*: `known` are paths that git knows, with a zero byte after each; all paths are from `top`.
pub(super) fn find_hidden(top: &Path, known: &[u8]) -> Option<Vec<PathBuf>> {
    let mut arguments = vec!["check-attr", "-z", "--stdin"];
    arguments.extend(ATTRIBUTES);
    let answer = ask_git_about(top, &arguments, known)?;
    let mut hidden = Vec::new();
    let mut has_lines = false;
    let mut fields = answer.split(|byte| *byte == 0);
    while let (Some(path), Some(attribute), Some(value)) =
        (fields.next(), fields.next(), fields.next())
    {
        if matches!(value, b"unspecified" | b"unset") {
            continue;
        }
        match attribute {
            b"text" | b"eol" | b"crlf" => has_lines = true,
            b"filter" if value == FAITHFUL_FILTER => {}
            _ => hidden.push(OsStr::from_bytes(path).into()),
        }
    }
    if has_lines {
        let ends = ask_git(top, &["ls-files", "--eol", "-z"])?;
        let entries = ends.split(|byte| *byte == 0);
        hidden.extend(entries.filter_map(hides_ends));
    }
    Some(hidden)
}

/// Returns the path of an entry whose lines may end otherwise than those of a fresh checkout.
///
/// *Shape*: such as `i/lf    w/crlf  attr/text=auto` and a path after a tab.
fn hides_ends(entry: &[u8]) -> Option<PathBuf> {
    let tab = entry.iter().position(|byte| *byte == b'\t')?;
    let (words, path) = (&entry[..tab], &entry[tab + 1..]);
    let words = std::str::from_utf8(words).ok()?;
    let word = |start: &str| {
        let mut words = words.split_whitespace();
        words.find_map(|it| it.strip_prefix(start))
    };
    let (known, found) = (word("i/")?, word("w/")?);
    let (_, attributes) = words.split_once("attr/")?;
    let mut attributes = attributes.split_whitespace();
    let text = attributes.next().filter(|it| it.starts_with("text"))?;
    let expected = if known == "lf" && attributes.any(|it| it == "eol=crlf") {
        "crlf"
    } else {
        known
    };
    // What is text by order is converted whatever it holds, and then these words say little.
    let is_vague = text == "text" && matches!(found, "mixed" | "-text");
    (found != expected || is_vague).then(|| OsStr::from_bytes(path).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_lines_are_compared_with_those_of_a_checkout() {
        for (words, expected) in [
            ("i/lf    w/lf    attr/text=auto        ", false),
            ("i/lf    w/crlf  attr/text=auto        ", true),
            ("i/lf    w/mixed attr/text=auto        ", true),
            ("i/lf    w/crlf  attr/text=auto eol=crlf", false),
            ("i/lf    w/lf    attr/text eol=crlf    ", true),
            ("i/none  w/none  attr/text eol=crlf    ", false),
            ("i/-text w/-text attr/text=auto        ", false),
            ("i/-text w/-text attr/text             ", true),
            ("i/lf    w/crlf  attr/                 ", false),
            ("i/lf    w/crlf  attr/-text            ", false),
            ("i/lf    w/      attr/text=auto        ", true),
        ] {
            let entry = format!("{words}\tsrc/a b");
            let found = hides_ends(entry.as_bytes());
            let path = expected.then(|| PathBuf::from("src/a b"));
            assert_eq!(found, path, "{words}");
        }
    }
}
