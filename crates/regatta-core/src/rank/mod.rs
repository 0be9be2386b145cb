//! The order in which tasks start that could start at the same time.

mod chance;
mod guess;
mod order;
mod rules;
mod search;

pub(crate) use chance::Chance;
pub use guess::expect;
pub use order::{Effort, rank};
