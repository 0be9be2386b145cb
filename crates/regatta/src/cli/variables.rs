//! The variables that stand for flags.

use std::env;
use std::ffi::OsStr;

use clap::Command;
use clap::builder::Resettable;

/// Returns the command line with those variables forgotten that are set to nothing: a shell has no shorter way
/// to switch one off for a command.
#[must_use]
pub fn ignore_empty_variables(command: Command) -> Command {
    let is_empty = |name: &OsStr| env::var_os(name).is_some_and(|value| value.is_empty());
    let command = command.mut_args(|arg| {
        if arg.get_env().is_some_and(is_empty) {
            arg.env(Resettable::Reset)
        } else {
            arg
        }
    });
    command.mut_subcommands(ignore_empty_variables)
}
