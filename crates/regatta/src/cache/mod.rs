//! Results that are reused while nothing that decides them has changed.
//!
//! [`Keeper`] decides; [`Service`] lets it work beside the loop. From files to a key: one walk for all suites (`walk`),
//! digests of contents (`contents`, with a memory in `stat_cache`), everything else that counts (`facts`). On disk:
//! `store`, `entry`, and what suites make (`outputs`).

mod carry;
mod contents;
mod entry;
mod environment;
mod facts;
mod hash;
mod keeper;
mod outputs;
mod parallel;
mod passage;
mod question;
mod reading;
mod recipe;
mod service;
mod stat;
mod stat_cache;
mod store;
mod tree;
mod walk;

pub use entry::{Entry, Log, Output, OutputKind, is_inside, link_is_inside};
pub use environment::{Surroundings, is_base};
pub use hash::digest;
pub use keeper::Keeper;
pub use question::{Attempted, Explanation, Probed, Settings, Unmatched};
pub use recipe::{Claim, Command, Recipe};
pub use service::{Answer, Service};
pub use stat::FileStat;
pub use stat_cache::StatCache;
pub use store::{LIMIT_BYTES, Size, Store};
pub use tree::PatternSet;
