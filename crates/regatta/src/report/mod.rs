//! What is told about a run: one fold over the events, and one subscriber a file.

pub mod causes;
pub mod critical_path;
pub mod files;
pub mod find;
pub mod floor;
pub mod format;
pub mod html;
pub mod journal;
pub mod json;
pub mod merge;
pub mod record;
mod replay;
pub mod rounds;
mod suites;
pub mod terminal;
pub mod what_if;
