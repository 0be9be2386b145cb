//! How a run talks to people: chosen by flags, by the environment, and by what the text goes to.

use std::env;
use std::io::{self, IsTerminal, stderr, stdin, stdout};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::fstat;

use super::run_header::host_name;
use super::shown_path::shown_path;
use crate::cli::{PlaceArgs, Progress, RunArgs, RunFormat};
use crate::log_dir::Place;
use crate::report::ci::Guard;
use crate::report::json::REPORT_NAME;
use crate::report::terminal::{
    Colour, Counter, Descriptor, Links, Mode, Options, Size, TabProgress, Terminal, Verbose,
    can_link, choose_colour, choose_symbols, choose_tab_progress, is_automated,
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
    let is_dumb = is_dumb();
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
        links: (is_terminal && !is_dumb && can_link(variable))
            .then(|| Links::new(&log_dir.to_string_lossy(), &logs.path, &host_name())),
        tab_progress: if is_terminal {
            choose_tab_progress(variable)
        } else {
            TabProgress::Hidden
        },
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

/// Returns whether the user of the terminal that the text goes to may press keys: it is one of people, and standard
/// input is the same.
pub(super) fn has_keys(args: &RunArgs) -> bool {
    let is_dumb = env::var("TERM").is_ok_and(|term| term == "dumb");
    let is_told = args.format == RunFormat::Human
        && !matches!(args.progress, Progress::None | Progress::Compact);
    let device = |stream: BorrowedFd<'_>| fstat(stream).ok().map(|it| it.st_rdev);
    is_told
        && !is_dumb
        && stdin().is_terminal()
        && stdout().is_terminal()
        && device(stdin().as_fd()) == device(stdout().as_fd())
}

/// Returns how much is told while a run goes on.
pub(super) fn mode(args: &RunArgs) -> Mode {
    // The events would run through the region where both go to one screen.
    let is_shared = args.format != RunFormat::Human && stdout().is_terminal();
    match args.progress {
        Progress::Compact => Mode::Compact,
        Progress::Auto if is_automated(|name| env::var(name).ok()) => Mode::Compact,
        Progress::Auto if is_terminal(args) && !is_dumb() && !is_shared => Mode::Live,
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

fn is_dumb() -> bool {
    env::var("TERM").is_ok_and(|term| term == "dumb") || env::var_os("TERM").is_none()
}

fn is_terminal(args: &RunArgs) -> bool {
    match args.format {
        RunFormat::Human => stdout().is_terminal(),
        RunFormat::Json | RunFormat::Jsonl => stderr().is_terminal(),
    }
}
