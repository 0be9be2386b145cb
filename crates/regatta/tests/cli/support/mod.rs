//! What every test here begins with: a folder, a command line in it, and the whole of what came of it.

mod invocation;
mod place;
mod transcript;
mod wait;

pub(crate) use invocation::{Invocation, shell};
pub(crate) use place::{Place, copy_example};
pub(crate) use transcript::normalise;
pub(crate) use wait::wait_until;
