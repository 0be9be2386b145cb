//! What is kept of a run: its journal, its JSON report, and the way from one to the other.

mod critical_path;
mod files;
mod find;
mod golden;
mod journal;
mod jq;
mod merge;
mod page;
mod sample;
mod schema;
mod strategy;
