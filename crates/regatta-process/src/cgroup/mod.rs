//! A control group (version 2) for one run, where this process may make one: whatever a process sheds, it stays in its
//! group. Without one everything goes on as well.

mod group;
mod home;

pub(crate) use group::Group;
pub(crate) use home::{locate_group, locate_memory_group};
