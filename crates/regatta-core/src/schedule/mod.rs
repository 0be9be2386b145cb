//! The scheduler: facts in, decisions out.

mod examine;
mod retry;
mod room;
mod rounds;
mod scheduler;
mod slot;
mod state;

pub use examine::{Circumstances, Occasion};
pub use room::Pressure;
pub use scheduler::{Effect, Input, Policy, Scheduler};
