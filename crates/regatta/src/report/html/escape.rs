//! Foreign text in a page: what is between tags, what is in a link, and what is data for the script.

use std::fmt::{self, Display, Formatter, Write};

use serde::Serialize;

/// Text between tags or in a quoted attribute. Control characters that no page may have are left out.
pub(super) struct Text<T>(pub(super) T);

impl<T: AsRef<str>> Display for Text<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = self.0.as_ref();
        let mut rest = 0;
        for (at, byte) in text.bytes().enumerate() {
            let replacement = match byte {
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'&' => "&amp;",
                b'"' => "&quot;",
                b'\'' => "&#39;",
                b'\t' | b'\n' => continue,
                0..b' ' | 0x7f => "",
                _ => continue,
            };
            f.write_str(&text[rest..at])?;
            f.write_str(replacement)?;
            rest = at + 1;
        }
        f.write_str(&text[rest..])
    }
}

/// Returns a path as it stands in a link.
pub(super) fn link(path: &str) -> String {
    let mut link = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            link.push(byte.into());
        } else {
            // Writing to a text cannot fail.
            let _ = write!(link, "%{byte:02X}");
        }
    }
    link
}

/// Returns data as JSON that can stand inside of a script element whatever it says.
///
/// # Panics
/// The data has a map whose keys are no texts.
pub(super) fn json(data: &impl Serialize) -> String {
    let json = serde_json::to_string(data).expect("lists, texts and numbers always are JSON");
    // These three stand nowhere but in texts, where each may be written by its number.
    let mut escaped = String::with_capacity(json.len() + json.len() / 16);
    let mut rest = 0;
    for (at, byte) in json.bytes().enumerate() {
        let replacement = match byte {
            b'<' => "\\u003c",
            b'>' => "\\u003e",
            b'&' => "\\u0026",
            _ => continue,
        };
        escaped.push_str(&json[rest..at]);
        escaped.push_str(replacement);
        rest = at + 1;
    }
    escaped.push_str(&json[rest..]);
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_end_its_element() {
        let text = "</script><!-- & 'a' \"b\" \u{1b}[31m\0é";
        let shown = Text(text).to_string();
        assert_eq!(
            shown,
            "&lt;/script&gt;&lt;!-- &amp; &#39;a&#39; &quot;b&quot; [31mé"
        );
        let data = json(&[text]);
        assert!(!data.contains(['<', '>', '&']), "{data}");
        let read: Vec<String> = serde_json::from_str(&data).unwrap();
        assert_eq!(read, [text]);
    }

    #[test]
    fn a_link_leads_to_the_file_whatever_its_name() {
        assert_eq!(link("logs/a-b_c.log"), "logs/a-b_c.log");
        assert_eq!(link("it's #1 ?é%"), "it%27s%20%231%20%3F%C3%A9%25");
    }
}
