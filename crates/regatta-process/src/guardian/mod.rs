//! Two processes for one run: the guardian, which the user started, and the runner below it. Either
//! ends everyone if the other dies.

mod link;
mod split;
mod start;
mod watch;

pub(crate) use link::{Link, Word};
pub use start::{Guardian, Loss, descriptor_limit};
