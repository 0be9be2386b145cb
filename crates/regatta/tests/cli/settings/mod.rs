//! Where settings come from, and which wins.

mod places;
mod precedence;
mod variables;
