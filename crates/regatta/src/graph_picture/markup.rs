//! Foreign text inside of XML and HTML.

/// Returns text that no reader takes for markup. Characters that XML 1.0 forbids become the replacement character.
///
/// *Source*: XML 1.0, section 2.2.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(character),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            control if control.is_control() => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(
            escape("a<b>&\"c\"\u{1b}'\n"),
            "a&lt;b&gt;&amp;&quot;c&quot;\u{fffd}&#39;\n"
        );
    }
}
