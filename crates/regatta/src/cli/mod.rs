//! The words of the command line, and the ways in which a command may end early.

mod args;
mod complete;
mod failure;
mod variables;

pub use args::{
    CheckArgs, Cli, ColorWhen, Command, CompletionsArgs, FilterArgs, FlakyCountsAs, GraphArgs,
    GraphFormat, ListArgs, ListFormat, LogArgs, OnBusyChoice, PlaceArgs, Progress, ReportArgs,
    ReportFormat, ReportTarget, RunArgs, RunFormat,
};
pub use failure::CommandFailure;
pub use variables::ignore_empty_variables;
