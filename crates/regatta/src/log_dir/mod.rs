//! The log directory of a run: claimed for one run at a time, tidied before and after.

mod adopt;
mod claim;
mod lock;
mod room;
mod stem;
mod tidy;

pub use claim::{Claim, ClaimError, Claimant, OnBusy, Place, claim};
pub use lock::{Holder, is_held, pid_namespace};
pub use room::{Room, is_lack_of_room};
pub use stem::{file_stem, split_stem};
pub use tidy::LogDir;
