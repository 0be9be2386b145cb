//! The characters that stand before lines, and what stands in for them where there is only ASCII.

/// Which characters may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symbols {
    /// All.
    Unicode,
    /// Those every terminal and every file encoding knows.
    Ascii,
}

/// Chooses the characters that the locale of an environment can show.
///
/// *Source*: the order of `LC_ALL`, `LC_CTYPE` and `LANG` is that of locale(7); an empty variable counts as unset.
pub fn choose_symbols(variable: impl Fn(&str) -> Option<String>) -> Symbols {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(variable)
        .find(|value| !value.is_empty())
        .unwrap_or_default()
        .to_ascii_lowercase();
    if locale.contains("utf-8") || locale.contains("utf8") {
        Symbols::Unicode
    } else {
        Symbols::Ascii
    }
}

/// One symbol for each place; those before a heading bring the blanks that follow them.
#[derive(Debug)]
pub(super) struct SymbolTable {
    pub(super) title: &'static str,
    pub(super) rule: &'static str,
    pub(super) configuration: &'static str,
    pub(super) bullet: &'static str,
    pub(super) passed: &'static str,
    pub(super) failed: &'static str,
    pub(super) skipped: &'static str,
    pub(super) retry: &'static str,
    pub(super) attention: &'static str,
    pub(super) waiting: &'static str,
    /// Before each line of a suite's output in a failure, so that no line of it is taken for one of ours.
    pub(super) gutter: &'static str,
    /// As the gutter, before the line that speaks of an error first.
    pub(super) error_gutter: &'static str,
    /// Between lines of a suite's output that do not follow each other.
    pub(super) gap: &'static str,
    pub(super) summary: &'static str,
    pub(super) time: &'static str,
    pub(super) speed: &'static str,
    pub(super) report: &'static str,
    pub(super) good: &'static str,
    pub(super) caution: &'static str,
    pub(super) bad: &'static str,
    pub(super) ellipsis: &'static str,
    /// Between suites that follow each other.
    pub(super) arrow: &'static str,
    /// Between the ends of a range.
    pub(super) until: &'static str,
    pub(super) bar_done: &'static str,
    pub(super) bar_left: &'static str,
    /// Around the bar, where its characters do not show how far it goes.
    pub(super) bar_begin: &'static str,
    pub(super) bar_end: &'static str,
}

pub(super) static UNICODE: SymbolTable = SymbolTable {
    title: "🚀 ",
    rule: "═",
    configuration: "📊 ",
    bullet: "•",
    passed: "✓",
    failed: "✗",
    skipped: "⊘",
    retry: "↻",
    attention: "!",
    waiting: "…",
    gutter: "│",
    error_gutter: "┃",
    gap: "⋮",
    summary: "📋 ",
    time: "⏱️  ",
    speed: "⚡ ",
    report: "📄 ",
    good: "✅ ",
    caution: "⚠️  ",
    bad: "❌ ",
    ellipsis: "…",
    arrow: "→",
    until: "–",
    bar_done: "█",
    bar_left: "░",
    bar_begin: "",
    bar_end: "",
};

pub(super) static ASCII: SymbolTable = SymbolTable {
    title: "",
    rule: "=",
    configuration: "",
    bullet: "*",
    passed: "+",
    failed: "x",
    skipped: "-",
    retry: "~",
    attention: "!",
    waiting: ".",
    gutter: "|",
    error_gutter: ">",
    gap: ":",
    summary: "",
    time: "",
    speed: "",
    report: "",
    good: "",
    caution: "",
    bad: "",
    ellipsis: "...",
    arrow: "->",
    until: "-",
    bar_done: "#",
    bar_left: ".",
    bar_begin: "[",
    bar_end: "]",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_set_names_the_locale() {
        let table: [(&[(&str, &str)], Symbols); 6] = [
            (&[], Symbols::Ascii),
            (&[("LANG", "en_US.UTF-8")], Symbols::Unicode),
            (&[("LANG", "C.utf8")], Symbols::Unicode),
            (&[("LANG", "en_US.UTF-8"), ("LC_ALL", "C")], Symbols::Ascii),
            (&[("LANG", "en_US.UTF-8"), ("LC_ALL", "")], Symbols::Unicode),
            (
                &[("LANG", "C"), ("LC_CTYPE", "de_DE.UTF-8")],
                Symbols::Unicode,
            ),
        ];
        for (environment, expected) in table {
            let variable = |name: &str| {
                let found = environment.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(choose_symbols(variable), expected, "{environment:?}");
        }
    }
}
