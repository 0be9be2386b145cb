//! From a command to its process tree and back to an exit.
//!
//! The crate knows commands, the keys its caller gives them, process trees, pipes, log files and
//! signals, and nothing of why a command runs or what its exit means. Linux only. It is the one
//! crate with `unsafe` code.

mod brood;
mod cgroup;
mod command;
mod error;
pub mod fault;
mod guardian;
mod happening;
mod jobserver;
mod keys;
mod log;
mod lookout;
mod memory;
mod meter;
mod output;
mod process;
mod process_table;
mod program;
mod remnant;
mod request;
mod signal;
mod snapshot;
mod spawn;
mod supervisor;
mod usage;
mod waker;

pub use command::{Command, Follow, LeftoverPolicy};
pub use error::SpawnError;
pub use guardian::{Guardian, Loss, descriptor_limit};
pub use happening::{Ended, Happening, Keyboard, Leftover, LogEnd};
pub use jobserver::{Form, Outer, Purse, Purses};
pub use lookout::{Lookout, Sight};
pub use memory::SystemMemory;
pub use meter::{Sample, Sampled};
pub use process_table::ProcessTable;
pub use remnant::end_remnants;
pub use signal::{Signal, die_by};
pub use snapshot::Snapshot;
pub use supervisor::Supervisor;
pub use usage::{Status, Usage, counts_storage};
pub use waker::Waker;
