//! A part of a log: commands of ours, and foreign text between them.

/// Something to be written between other lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// Commands that the server is to obey. Whole lines.
    pub open: String,
    /// Text that it is to show. Whole lines, which pass the guard on their way.
    pub lines: String,
    /// Commands again.
    pub close: String,
}

impl Part {
    /// Returns a part that is commands alone.
    #[must_use]
    pub fn commands(commands: String) -> Self {
        Self {
            open: commands,
            ..Self::default()
        }
    }
}
