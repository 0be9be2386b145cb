//! What git knows of a project, asked of `git` itself: it is right with worktrees, submodules and sparse checkouts.

mod changes;
mod conversions;
mod doubtful;
mod git;
mod links;
mod state;

pub use changes::{Change, Changes, ChangesError, Extent, find_changes, find_ignored};
pub use state::{Question, ask};
