//! Runs played in numbers alone, for those who compare orders and look ahead.

#[cfg(test)]
mod agreement;
mod level;
mod network;
mod stage;

pub(crate) use level::{Bounds, find_loaded_tails, find_tails};
pub(crate) use network::{Network, nanos, number};
pub(crate) use stage::{Order, Stage, Standing};
