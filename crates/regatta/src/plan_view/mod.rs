//! The plan of a run that is not run: for people and for programs. Pure.

mod json;
mod lanes;
#[cfg(test)]
mod tests;
mod text;

pub use json::render_json;
pub use text::{Page, render_text};
