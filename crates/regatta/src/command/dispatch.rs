//! From the words of the command line to the exit code of the process.

use std::env;
use std::io::{IsTerminal, Write, stderr};
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches};
use clap_complete::CompleteEnv;
use regatta_process::fault;

use super::{
    cache, check, compare, completions, explain, flaky, graph, history, list, log, man, merge,
    report, run, schema, watch,
};
use crate::cli::{Cli, Command, CommandFailure, PlaceArgs, ignore_empty_variables};
use crate::diagnostic::Colour;
use crate::report::terminal::choose_colour;

/// Parses the command line, does what it says and returns the exit code. A run that the user ended by a signal
/// does not return: the process dies by that signal.
#[must_use]
pub fn main() -> ExitCode {
    // Answers a shell that asks for completions, and ends the process then.
    CompleteEnv::with_factory(Cli::command).complete();
    let matches = ignore_empty_variables(Cli::command()).get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let place = cli.place.clone();
    match dispatch(cli, &matches) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            complain(&failure, &place);
            ExitCode::from(failure.exit_code())
        }
    }
}

fn dispatch(mut cli: Cli, matches: &ArgMatches) -> Result<u8, CommandFailure> {
    arm_fault()?;
    // Without a working directory paths are shown absolute.
    cli.place.started_in = env::current_dir().unwrap_or_default();
    if let Some(directory) = &cli.place.directory {
        env::set_current_dir(directory).map_err(|error| {
            CommandFailure::Usage(format!(
                "cannot change to folder `{}`: {error}",
                directory.display()
            ))
        })?;
    }
    let Some(command) = cli.command else {
        return run::run(&cli.place, &cli.run, matches);
    };
    let (name, submatches) = matches
        .subcommand()
        .expect("a parsed command has its matches");
    refuse_misplaced_flags(matches, name)?;
    let place = &cli.place;
    match command {
        Command::Run(args) => run::run(place, &args, submatches),
        Command::Watch(args) => watch::watch_or_run(place, &args, submatches),
        Command::List(args) => list::list(place, &args, submatches),
        // Variables that configure runs hold here too; the words of a run do not.
        Command::Check(args) => check::check(place, &args, &cli.run, matches),
        Command::Graph(args) => graph::graph(place, &args, submatches),
        Command::Report(args) => report::report(place, &args, submatches),
        Command::Explain(args) => explain::explain(place, &args, submatches),
        Command::Merge(args) => merge::merge(place, &args),
        Command::Cache(args) => cache::cache(place, &args, submatches),
        Command::Log(args) => log::log(place, &args, submatches),
        Command::History(args) => history::history(place, &args, submatches),
        Command::Flaky(args) => flaky::flaky(place, &args, submatches),
        Command::Compare(args) => compare::compare(place, &args, submatches),
        Command::Schema => schema::schema(),
        Command::Completions(args) => completions::completions(&args),
        Command::Man => man::man(),
    }
}

/// Makes one operation of this process fail, where a test of Regatta itself asks for that.
fn arm_fault() -> Result<(), CommandFailure> {
    match env::var("REGATTA_FAULT") {
        Ok(text) if !text.is_empty() => fault::arm(&text)
            .map_err(|error| CommandFailure::Usage(format!("REGATTA_FAULT: {error}"))),
        _ => Ok(()),
    }
}

/// Flags of a run that stand before another command would be dropped without a word.
fn refuse_misplaced_flags(matches: &ArgMatches, name: &str) -> Result<(), CommandFailure> {
    let mut command = Cli::command();
    // A flag has no name to print before.
    command.build();
    let mut own = command.get_arguments().filter(|it| !it.is_global_set());
    let misplaced = own.find(|it| {
        let id = it.get_id().as_str();
        let known = matches.try_contains_id(id).is_ok();
        known && matches.value_source(id) == Some(ValueSource::CommandLine)
    });
    match misplaced {
        Some(flag) => Err(CommandFailure::Usage(format!(
            "`{flag}` stands before `{name}`; flags of a command go after its name"
        ))),
        None => Ok(()),
    }
}

fn complain(failure: &CommandFailure, place: &PlaceArgs) {
    let flag = place.color.map(Into::into);
    let variable = |name: &str| env::var(name).ok();
    let coloured = choose_colour(flag, variable, stderr().is_terminal());
    let text = match failure {
        CommandFailure::Configuration(diagnostics) if coloured => diagnostics.render(Colour::Ansi),
        failure => failure.to_string(),
    };
    // Where stderr is gone, nobody can be told.
    let _ = stderr().lock().write_all(text.as_bytes());
}
