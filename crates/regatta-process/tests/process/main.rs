//! Commands under real `/bin/sh`, seen through the public surface alone.
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

mod end;
mod figures;
mod orphans;
mod output;
mod snapshot;
mod start;
mod support;
mod wait;
