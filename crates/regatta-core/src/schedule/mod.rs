//! The scheduler: facts in, decisions out.

mod retry;
mod room;
mod scheduler;
mod slot;
mod state;

pub use scheduler::{Effect, Input, Policy, Scheduler};
