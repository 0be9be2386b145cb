//! The commands: each turns arguments into calls and the result into text and an exit code.

mod affected;
mod cache;
mod check;
mod compare;
mod compare_report;
mod completions;
mod dispatch;
mod dry_run;
mod exit_code;
mod explain;
mod failed;
mod figures;
mod flaky;
mod graph;
mod history;
mod history_suite;
mod history_transfer;
mod inputs;
mod list;
mod log;
mod loss;
mod man;
mod output;
mod report;
mod run;
mod run_ci;
mod run_header;
mod run_reports;
mod run_terminal;
mod schema;
mod setup;
mod shown_path;
mod watch;

pub use dispatch::main;
