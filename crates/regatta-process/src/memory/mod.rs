//! What the system tells of memory as a whole: how much is left, how hard it is to get, and who was killed for it.

mod limits;
mod system;

pub use system::SystemMemory;
