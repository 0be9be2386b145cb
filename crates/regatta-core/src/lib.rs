//! Regatta's pure core: what a run is, and what happens next in one.
//!
//! Facts go in, decisions come out. There is no clock, no file, no thread and no chance in here, so a run
//! can be replayed, simulated and tested to the last event.

pub mod cases;
pub mod encoding;
pub mod event;
pub mod expand;
pub mod forecast;
pub mod id;
pub mod manifest;
pub mod past;
pub mod plan;
pub mod port;
pub mod rank;
mod rehearsal;
pub mod schedule;
pub mod shard;
pub mod sim;
pub mod terms;
pub mod time;
pub mod verdict;
