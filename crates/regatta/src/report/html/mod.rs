//! The report as one HTML page that asks nobody for anything: what people send to each other.

mod ansi;
mod escape;
mod first_error;
mod gather;
mod graph;
mod kind;
mod logs;
mod model;
mod page;
mod remarks;
mod shell;
mod slack;
mod still;
mod suite;
mod waits;
mod words;

pub use logs::{ALL_TAILS_BYTES, LogKey, LogTail, LogTails, TAIL_BYTES, WantedLog, wanted_logs};
pub use page::{Surroundings, render_page, render_stub};

/// The name of the page in its log directory.
pub const PAGE_NAME: &str = "report.html";
