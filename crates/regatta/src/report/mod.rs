//! What is told about a run: one fold over the events, and one subscriber a file.

pub mod causes;
pub mod ci;
pub mod critical_path;
pub mod files;
pub mod find;
pub mod floor;
pub mod format;
pub mod html;
pub mod journal;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod merge;
pub mod plain;
pub mod record;
mod replay;
pub mod rounds;
pub mod source;
mod suites;
pub mod tail;
pub mod terminal;
pub mod trace;
pub mod what_if;
