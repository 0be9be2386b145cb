//! What is kept of a run: its journal, its JSON report, and the way from one to the other.

mod ci;
mod consumers;
mod critical_path;
mod documents;
mod files;
mod find;
mod golden;
mod journal;
mod jq;
mod junit;
mod merge;
mod page;
mod sample;
mod schema;
mod strategy;
mod trace;
