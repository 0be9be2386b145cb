//! What a command uses while it runs, by looking at its processes now and then.

mod look;
mod measure;
mod pace;

pub(crate) use look::Tree;
pub(crate) use measure::Meter;
pub use measure::{Sample, Sampled};
pub(crate) use pace::Pace;
