//! The commands that run nothing.

mod completions;
mod history;
mod looking;
mod past;
mod schema;
