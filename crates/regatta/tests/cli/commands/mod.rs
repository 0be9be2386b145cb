//! The commands that run nothing.

mod completions;
mod looking;
mod past;
mod schema;
