//! The journal of a run: every event as one line of JSON, written as it happens and read back later.

mod line;
mod read;
mod retell;
mod unfinished;
mod write;

pub use line::LineRenderer;
pub use read::{Journal, JournalError, JournalFault, TornAt, parse_journal, read_journal};
pub use retell::{render_journal, retell};
pub use unfinished::unfinished_run;
pub use write::JournalWriter;

/// The name of the journal in its log directory.
pub const JOURNAL_NAME: &str = "events.jsonl";
