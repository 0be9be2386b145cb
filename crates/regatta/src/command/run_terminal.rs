//! How a run talks to people: chosen by flags, by the environment, and by what the text goes to.

use std::env;
use std::io::{self, IsTerminal, stderr, stdout};
use std::os::fd::AsFd;

use super::shown_path::shown_path;
use crate::cli::{PlaceArgs, Progress, RunArgs, RunFormat};
use crate::log_dir::Place;
use crate::report::ci::Guard;
use crate::report::json::REPORT_NAME;
use crate::report::terminal::{
    Colour, Counter, Descriptor, Mode, Options, Size, Terminal, Verbose, choose_colour,
    choose_symbols,
};
use crate::screen;

/// Returns the terminal that the arguments and the environment ask for. The text goes to standard output, unless
/// that carries a machine format.
///
/// # Errors
/// The stream cannot be duplicated.
pub(super) fn open(
    args: &RunArgs,
    place: &PlaceArgs,
    logs: &Place,
    guard: Guard,
) -> io::Result<Terminal<Descriptor>> {
    let is_terminal = is_terminal(args);
    let variable = |name: &str| env::var(name).ok();
    let flag = place.color.map(Into::into);
    let log_dir = shown_path(&logs.path, &logs.as_given, &place.started_in);
    let options = Options {
        mode: mode(args),
        colour: if choose_colour(flag, variable, is_terminal) {
            Colour::Styled
        } else {
            Colour::Plain
        },
        symbols: choose_symbols(variable),
        verbose: if args.verbose {
            Verbose::On
        } else {
            Verbose::Off
        },
        counter: if is_terminal {
            Counter::Hidden
        } else {
            Counter::Shown
        },
        size: screen::size().unwrap_or(Size {
            columns: 80,
            rows: 24,
        }),
        log_dir: Some(log_dir.to_string_lossy().into_owned()),
        json_report: Some(log_dir.join(REPORT_NAME).to_string_lossy().into_owned()),
        guard,
    };
    let mut descriptor = descriptor(args)?;
    if stderr().is_terminal() {
        // Somebody watches, so the reader of a pipe is most likely a pager in front of a person.
        descriptor.expect_pauses();
    }
    Ok(Terminal::new(options, descriptor))
}

/// Returns how much is told while a run goes on.
pub(super) fn mode(args: &RunArgs) -> Mode {
    let is_dumb =
        env::var("TERM").is_ok_and(|term| term == "dumb") || env::var_os("TERM").is_none();
    // The events would run through the region where both go to one screen.
    let is_shared = args.format != RunFormat::Human && stdout().is_terminal();
    match args.progress {
        Progress::Auto if is_terminal(args) && !is_dumb && !is_shared => Mode::Live,
        Progress::Auto | Progress::Lines => Mode::Lines,
        Progress::Live => Mode::Live,
        Progress::None => Mode::Silent,
    }
}

/// Returns where the text for people goes.
///
/// # Errors
/// The stream cannot be duplicated.
pub(super) fn descriptor(args: &RunArgs) -> io::Result<Descriptor> {
    let descriptor = match args.format {
        RunFormat::Human => stdout().as_fd().try_clone_to_owned(),
        RunFormat::Json | RunFormat::Jsonl => stderr().as_fd().try_clone_to_owned(),
    };
    Ok(Descriptor::new(descriptor?))
}

fn is_terminal(args: &RunArgs) -> bool {
    match args.format {
        RunFormat::Human => stdout().is_terminal(),
        RunFormat::Json | RunFormat::Jsonl => stderr().is_terminal(),
    }
}
