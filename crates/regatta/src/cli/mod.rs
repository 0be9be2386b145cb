//! The command line: words to calls to an exit code.

mod args;
mod complete;
mod failure;
mod main;

pub use args::{
    CheckArgs, Cli, ColorWhen, Command, CompletionsArgs, FilterArgs, FlakyCountsAs, GraphArgs,
    GraphFormat, ListArgs, ListFormat, LogArgs, PlaceArgs, Progress, ReportArgs, ReportFormat,
    ReportTarget, RunArgs, RunFormat,
};
pub use failure::CommandFailure;
pub use main::main;
