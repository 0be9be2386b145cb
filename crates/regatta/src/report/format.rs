//! The formats in which a run leaves a report as a file. A new one is one more line here, and a writer.

/// A format, by the name its user calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON document.
    Json,
    /// One HTML page.
    Html,
}

impl Format {
    /// Every format with its name.
    pub const ALL: [(&str, Self); 2] = [("json", Self::Json), ("html", Self::Html)];

    /// Returns the format of a name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(it, _)| *it == name);
        found.map(|(_, format)| *format)
    }
}
