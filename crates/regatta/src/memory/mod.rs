//! The memory that suites share: how much of it there is to give away, whether it has become short, and who was killed
//! for it.

mod budget;
mod casualties;
mod strain;

pub use budget::{Budget, Wish, budget};
pub use casualties::Casualties;
pub use strain::Strain;

use std::path::PathBuf;

use regatta_process::SystemMemory;

/// Names a folder that stands for the machine, for tests of everything that hangs on its memory.
pub const MACHINE: &str = "REGATTA_MACHINE";

/// Returns the memory of this machine.
#[must_use]
pub fn system_memory() -> SystemMemory {
    let root = std::env::var_os(MACHINE).map_or_else(|| PathBuf::from("/"), PathBuf::from);
    SystemMemory::new(&root)
}
