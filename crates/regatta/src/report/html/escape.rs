//! Foreign text in a page: what is between tags, what is in a link, and what is data for the script.

use std::fmt::{self, Display, Write};
use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// Text between tags or in a quoted attribute. Control characters that no page may have are left out.
pub(super) struct Text<T>(pub(super) T);

impl<T: AsRef<str>> Display for Text<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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

/// Adds data to a page as JSON that can stand inside of a script element whatever it says.
///
/// # Panics
/// The data has a map whose keys are no texts.
pub(super) fn write_json(page: &mut String, data: &impl Serialize) {
    let mut bytes = std::mem::take(page).into_bytes();
    let mut serializer = Serializer::with_formatter(&mut bytes, ForScript);
    let written = data.serialize(&mut serializer);
    written.expect("lists, texts and numbers always are JSON");
    *page = String::from_utf8(bytes).expect("JSON is text");
}

/// Writes JSON in which three characters, which stand nowhere but in texts, are written by their numbers.
struct ForScript;

impl Formatter for ForScript {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        let bytes = fragment.as_bytes();
        let mut rest = 0;
        for (at, byte) in bytes.iter().enumerate() {
            let replacement = match byte {
                b'<' => "\\u003c",
                b'>' => "\\u003e",
                b'&' => "\\u0026",
                _ => continue,
            };
            writer.write_all(&bytes[rest..at])?;
            writer.write_all(replacement.as_bytes())?;
            rest = at + 1;
        }
        writer.write_all(&bytes[rest..])
    }
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
        let mut data = String::new();
        write_json(&mut data, &[text]);
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
