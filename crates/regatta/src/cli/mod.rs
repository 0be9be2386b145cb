//! The words of the command line, and the ways in which a command may end early.

mod args;
mod complete;
mod failure;
mod shard;
mod variables;

pub use args::{
    Affected, CacheArgs, CacheChoice, CacheCommand, CheckArgs, CiChoice, Cli, ColorWhen, Command,
    CompareArgs, CompletionsArgs, ExplainArgs, ExportArgs, FigureFormat, FilterArgs, FlakyArgs,
    FlakyCountsAs, GraphArgs, GraphFormat, HistoryAction, HistoryArgs, ImportArgs, ListArgs,
    ListFormat, LogArgs, MergeArgs, OnBusyChoice, PlaceArgs, Progress, ReportArgs, ReportFormat,
    ReportTarget, RunArgs, RunFormat, Turn, WatchArgs,
};
pub use failure::CommandFailure;
pub use shard::{ShardChoice, ShardOf};
pub use variables::ignore_empty_variables;
