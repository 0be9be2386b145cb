//! One diagnostic, and all of a text's diagnostics together.

use std::fmt;
use std::ops::Range;

use super::render::{self, Colour};
use super::source::Source;

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, in one line; names stand between back-ticks.
    pub message: String,
    /// Where. Empty when the mistake has no place in the text.
    pub places: Vec<Place>,
    /// Background that explains why it is a mistake.
    pub note: Option<String>,
    /// What to do.
    pub help: Option<String>,
}

/// A place in the text that a diagnostic speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Bytes of the text.
    pub span: Range<usize>,
    /// What happens there. A place with a label is printed as one line, one without as an excerpt.
    pub label: Option<String>,
}

/// Every mistake found in one text; prints as the user should see it, without colour.
#[derive(Debug, Clone)]
pub struct Diagnostics {
    source: Source,
    list: Vec<Diagnostic>,
}

impl Diagnostic {
    /// Returns a diagnostic about the bytes `span`.
    #[must_use]
    pub fn at(span: Range<usize>, message: String) -> Self {
        let place = Place { span, label: None };
        Self {
            places: vec![place],
            ..Self::nowhere(message)
        }
    }

    /// Returns a diagnostic that has no place in the text.
    #[must_use]
    pub fn nowhere(message: String) -> Self {
        Self {
            message,
            places: Vec::new(),
            note: None,
            help: None,
        }
    }

    /// Returns the diagnostic with what the user should do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Returns the diagnostic with background.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}

impl Diagnostics {
    /// Returns `list` in the order of the text; what has no place comes first.
    #[must_use]
    pub fn new(source: Source, mut list: Vec<Diagnostic>) -> Self {
        list.sort_by_key(|diagnostic| diagnostic.places.first().map(|place| place.span.start));
        Self { source, list }
    }

    /// Returns the diagnostics in the order of the text.
    ///
    /// *Shape*: never empty when returned as an error.
    #[must_use]
    pub fn list(&self) -> &[Diagnostic] {
        &self.list
    }

    /// Returns the text that a terminal or a file should get, with a final line end.
    #[must_use]
    pub fn render(&self, colour: Colour) -> String {
        render::render(&self.source, &self.list, colour)
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.render(Colour::Plain))
    }
}

impl std::error::Error for Diagnostics {}
