//! Paths that a click opens. What a path leads to is the caller's business; here it is put around the text.
//!
//! *Source*: the description of OSC 8 by E. Koblinger, "Hyperlinks in terminal emulators".

use std::fmt::Write as _;
use std::path::Path;

/// Where the files of the log directory are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// The log directory as the text shows it.
    shown: String,
    /// The same as a URL.
    url: String,
}

impl Links {
    /// Returns links to what lies in a folder: `shown` is how the text names it, `path` where it is, absolute.
    #[must_use]
    pub fn new(shown: &str, path: &Path, host: &str) -> Self {
        let path = path.as_os_str().as_encoded_bytes();
        Self {
            shown: format!("{}/", shown.trim_end_matches('/')),
            url: format!("file://{}{}", encode(host.as_bytes()), encode(path)),
        }
    }

    /// Returns the text of a path, which leads there where it lies in the folder. The text is clean already.
    pub(super) fn around(&self, path: &str, text: &str) -> String {
        match path.strip_prefix(&self.shown) {
            Some(rest) => {
                let rest = encode(rest.as_bytes());
                format!(
                    "\u{1b}]8;;{}/{rest}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\",
                    self.url
                )
            }
            None => text.to_owned(),
        }
    }
}

/// Writes as a code what has a meaning of its own in a URL or ends the sequence.
fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            text.push(byte.into());
        } else {
            write!(text, "%{byte:02X}").expect("a String takes all");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_its_file_and_others_nowhere() {
        let links = Links::new("logs", Path::new("/a b/logs"), "slipway");
        assert_eq!(
            links.around("logs/x.log", "logs/x.log"),
            "\u{1b}]8;;file://slipway/a%20b/logs/x.log\u{1b}\\logs/x.log\u{1b}]8;;\u{1b}\\"
        );
        assert_eq!(links.around("other/x.log", "other/x.log"), "other/x.log");
    }
}
