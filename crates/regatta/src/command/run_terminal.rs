//! How a run talks to people: chosen by flags, by the environment, and by what the text goes to.

use std::env;
use std::io::{self, IsTerminal, stderr, stdin, stdout};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::fstat;

use super::shown_path::shown_path;
use crate::cli::{PlaceArgs, Progress, RunArgs, RunFormat};
use crate::log_dir::Place;
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
) -> io::Result<Terminal<Descriptor>> {
    let human = args.format == RunFormat::Human;
    let (is_terminal, descriptor) = if human {
        let stream = stdout();
        (stream.is_terminal(), stream.as_fd().try_clone_to_owned())
    } else {
        let stream = stderr();
        (stream.is_terminal(), stream.as_fd().try_clone_to_owned())
    };
    let variable = |name: &str| env::var(name).ok();
    let flag = place.color.map(Into::into);
    let is_dumb = variable("TERM").is_none_or(|term| term == "dumb");
    let log_dir = shown_path(&logs.path, &logs.as_given, &place.started_in);
    // The events would run through the region where both go to one screen.
    let is_shared = !human && stdout().is_terminal();
    let options = Options {
        mode: match args.progress {
            Progress::Auto if is_terminal && !is_dumb && !is_shared => Mode::Live,
            Progress::Auto | Progress::Lines => Mode::Lines,
            Progress::Live => Mode::Live,
            Progress::None => Mode::Silent,
        },
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
    };
    let mut descriptor = Descriptor::new(descriptor?);
    if stderr().is_terminal() {
        // Somebody watches, so the reader of a pipe is most likely a pager in front of a person.
        descriptor.expect_pauses();
    }
    Ok(Terminal::new(options, descriptor))
}

/// Returns whether the user of the terminal that the text goes to may press keys: it is one of people, and standard
/// input is the same.
pub(super) fn has_keys(args: &RunArgs) -> bool {
    let is_dumb = env::var("TERM").is_ok_and(|term| term == "dumb");
    let is_told = args.format == RunFormat::Human && args.progress != Progress::None;
    let device = |stream: BorrowedFd<'_>| fstat(stream).ok().map(|it| it.st_rdev);
    is_told
        && !is_dumb
        && stdin().is_terminal()
        && stdout().is_terminal()
        && device(stdin().as_fd()) == device(stdout().as_fd())
}
