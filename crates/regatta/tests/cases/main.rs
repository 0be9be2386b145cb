//! What is read of the output that real tools left; `fixtures/README.md` says how each file was made.

mod fixtures;
mod support;
mod torn;
