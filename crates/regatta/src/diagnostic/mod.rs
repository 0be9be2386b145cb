//! Diagnostics: what is wrong with something the user wrote, where, and what to do about it.
//!
//! Knows texts and positions; knows nothing of suites, TOML or exit codes.

mod diagnostics;
mod render;
mod source;
mod words;

pub use diagnostics::{Diagnostic, Diagnostics, Place};
pub use render::Colour;
pub use source::{Position, Source};
pub use words::{find_similar, quote, visible};
