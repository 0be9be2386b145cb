//! The commands that run nothing.

mod completions;
mod history;
mod looking;
mod page;
mod past;
mod schema;
