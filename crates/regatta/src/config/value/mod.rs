//! The kinds of values that keys hold: how each is written, and what it becomes.

mod bytes;
mod cases;
mod command;
mod day;
mod duration;
mod environment;
mod list;
mod max_parallel;
mod patterns;
mod plain;
mod retries;
mod word;

pub(super) use bytes::Bytes;
pub(super) use cases::Files;
pub(super) use day::Day;
pub(super) use duration::{Length, Pause};
pub(super) use environment::Environment;
pub(super) use list::{NameList, NameOrList};
pub use max_parallel::MaxParallel;
pub(super) use patterns::{Inputs, Outputs, VariableNames};
pub(super) use plain::{Name, Path, Text, Whole};
pub(super) use retries::RetryCount;
