//! The process that stands between this one and the commands: it starts them, adopts whatever
//! they abandon, and outlives this process just long enough to end them all.

mod brood;
mod channel;
mod children;
mod handle;
mod keeper;
mod message;
mod owner;

pub(crate) use channel::{Channel, Inbox, Packet};
pub(crate) use handle::Link;
pub use handle::{Guardian, descriptor_limit};
pub(crate) use message::{Reply, Request, SpawnRequest};
