//! What is told about a run: one fold over the events, and one subscriber a file.

pub mod files;
pub mod journal;
pub mod record;
