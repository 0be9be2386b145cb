//! Buildkite: headings, each of which begins a part that can be folded and ends the one before.
//!
//! *Source*: "Managing log output" in Buildkite's documentation.

/// What makes a line a heading; the last one unfolds the part above it.
pub(super) const HEADINGS: &[&str] = &["---", "+++", "~~~", "^^^"];

/// Returns a heading whose part is folded.
pub(super) fn folded(title: &str) -> String {
    format!("--- {title}\n")
}

/// Returns a heading whose part is shown.
pub(super) fn shown(title: &str) -> String {
    format!("+++ {title}\n")
}
