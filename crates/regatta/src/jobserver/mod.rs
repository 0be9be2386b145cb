//! Sharing the slots of a run with the jobs that its suites start, the way GNU make does.
//!
//! Knows tokens, attempts and pools; nothing of suites, and nothing of when a suite starts.

mod address;
mod broker;
mod form;
mod lending;

pub use address::{Address, find_address, with_address};
pub use broker::{Broker, PoolState, Pools, Share, Standing, Terms, Withheld};
pub use form::{Forms, Wish};
