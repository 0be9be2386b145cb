//! Lines that wait to be written, all in one look.

use std::fmt;
use std::fmt::Write as _;

use super::link::Links;
use super::look::{Look, Painted, Tone};

/// Whole lines, each with its end.
#[derive(Debug, Clone)]
pub(super) struct Page {
    pub(super) look: Look,
    pub(super) links: Option<Links>,
    pub(super) text: String,
}

impl Page {
    pub(super) fn new(look: Look) -> Self {
        Self {
            look,
            links: None,
            text: String::new(),
        }
    }

    /// Adds one line; what it shows must not contain a line's end.
    pub(super) fn line(&mut self, content: fmt::Arguments<'_>) {
        self.text
            .write_fmt(content)
            .expect("a String takes all that Display gives");
        self.text.push('\n');
    }

    /// Returns a path as it is shown, which a click opens where that is known to work.
    pub(super) fn path(&self, path: &str) -> String {
        let text = self.look.clean(path);
        match &self.links {
            Some(links) => links.around(path, &text),
            None => text.into_owned(),
        }
    }

    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// Returns text that is shown in a tone.
    pub(super) fn paint<T: fmt::Display>(&self, tone: Tone, content: T) -> Painted<T> {
        self.look.paint(tone, content)
    }
}
