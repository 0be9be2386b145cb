//! What is refused before anything runs, and what cannot be started.

mod configuration;
mod sizes;
mod start;
mod words;
