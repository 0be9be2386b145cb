//! From a command to its process tree and back to an exit.
//!
//! The crate knows commands, the keys its caller gives them, processes, pipes, log files and
//! signals, and nothing of why a command runs or what its exit means. Linux only. It is the one
//! crate with `unsafe` code.
//!
//! Two processes share the work. The `Supervisor` reads what commands print and tells what happens
//! to them. The `Guardian`, forked before anything else, is their parent: it starts them, adopts
//! whom they abandon, and ends them all once this process is gone.

mod command;
mod error;
mod guardian;
mod happening;
mod log;
mod loss;
mod mark;
mod output;
mod process;
mod program;
mod signal;
mod spawn;
mod supervisor;
mod usage;
mod waker;

pub use command::{Command, Follow, LeftoverPolicy};
pub use error::SpawnError;
pub use guardian::{Guardian, descriptor_limit};
pub use happening::{Ended, Happening, Leftover, LogEnd};
pub use signal::{Signal, die_by};
pub use supervisor::Supervisor;
pub use usage::{Status, Usage};
pub use waker::Waker;
