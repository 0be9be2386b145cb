//! The commands: each turns arguments into calls and the result into text and an exit code.

mod check;
mod completions;
mod dry_run;
mod graph;
mod list;
mod log;
mod log_dir;
mod man;
mod output;
mod report;
mod run;
mod schema;
mod setup;

pub(crate) use check::check;
pub(crate) use completions::completions;
pub(crate) use graph::graph;
pub(crate) use list::list;
pub(crate) use log::log;
pub(crate) use man::man;
pub(crate) use report::report;
pub(crate) use run::run;
pub(crate) use schema::schema;
