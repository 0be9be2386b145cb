//! Everyone this process answers for: the commands it started, and the processes those abandoned,
//! which it adopted.

mod children;
mod end;
mod owner;
mod sweep;

pub(crate) use end::end_children;
pub(crate) use owner::Ward;
pub(crate) use sweep::{Brood, Farewell, LOOK_AGAIN, PATIENCE, kill_group};
