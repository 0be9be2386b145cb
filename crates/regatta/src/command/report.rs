//! `regatta report`: a past run, told again.

use std::ffi::OsStr;
use std::io::{IsTerminal, stdout};
use std::path::{Path, PathBuf, absolute};

use clap::ArgMatches;
use regatta_core::event::Event;
use regatta_core::port::Subscriber;
use regatta_core::time::Time;

use super::output::print;
use super::run_header::host_name;
use super::shown_path::shown_path;
use super::{output, setup};
use crate::cli::{CommandFailure, PlaceArgs, ReportArgs, ReportFormat};
use crate::log_dir::is_held;
use crate::report::find::{PastRun, find_run};
use crate::report::json::{REPORT_NAME, render_report};
use crate::report::record::RunState;
use crate::report::terminal::{Colour, Memory, Options, Terminal, choose_colour, choose_symbols};

pub(super) fn report(
    place: &PlaceArgs,
    args: &ReportArgs,
    matches: &ArgMatches,
) -> Result<u8, CommandFailure> {
    let name = args.run.as_ref().map(|run| run.as_os_str());
    let mut run = find(place, name, matches)?;
    let folder = run.journal.parent().unwrap_or(Path::new("."));
    if run.record.finished.is_none() && is_held(folder, &host_name()) {
        run.state = RunState::Running;
        output::warn("this run still goes on; the report tells how far it has come");
    }
    if let Some(torn) = &run.torn {
        output::warn(&format!(
            "the journal `{}` is damaged at line {} ({}); the report tells what stands before",
            run.journal.display(),
            torn.line,
            torn.why
        ));
    }
    match args.format {
        ReportFormat::Json => print(&render_report(&run.record, run.state))?,
        ReportFormat::Text => print(&render_text(&run, place))?,
    }
    Ok(0)
}

fn find(
    place: &PlaceArgs,
    name: Option<&OsStr>,
    matches: &ArgMatches,
) -> Result<PastRun, CommandFailure> {
    let is_path = name.is_some_and(|it| PathBuf::from(it).exists());
    // A path says all; anything else is looked for in the log directory, which a flag or the
    // configuration names.
    let log_dir = match (&place.log_dir, is_path) {
        (_, true) => PathBuf::new(),
        (Some(log_dir), _) => log_dir.clone(),
        (None, false) => setup::log_dir(&setup::load(place, matches)?),
    };
    find_run(name, &log_dir).map_err(|error| CommandFailure::Usage(format!("failed to {error}")))
}

/// Returns what the run printed, or would have printed, off a terminal.
fn render_text(run: &PastRun, place: &PlaceArgs) -> String {
    let variable = |name: &str| std::env::var(name).ok();
    let flag = place.color.map(Into::into);
    let coloured = choose_colour(flag, variable, stdout().is_terminal());
    let journal = absolute(&run.journal).unwrap_or_else(|_| run.journal.clone());
    let path = journal.parent().unwrap_or(Path::new("/"));
    let as_given = Path::new(&run.record.header.log_dir);
    let log_dir = shown_path(path, as_given, &place.started_in);
    let json_report = path.join(REPORT_NAME);
    let options = Options {
        colour: if coloured {
            Colour::Styled
        } else {
            Colour::Plain
        },
        symbols: choose_symbols(variable),
        log_dir: Some(log_dir.to_string_lossy().into_owned()),
        json_report: json_report
            .exists()
            .then(|| log_dir.join(REPORT_NAME).to_string_lossy().into_owned()),
        ..Options::default()
    };
    let mut terminal = Terminal::new(options, Memory::default());
    let header = Event::RunStarted(Box::new(run.record.header.clone()));
    terminal.handle_event(Time::BEGIN, &header);
    for (at, event) in &run.events {
        terminal.handle_event(*at, event);
    }
    terminal.finish().expect("memory takes every text");
    String::from_utf8_lossy(&terminal.sink().bytes).into_owned()
}
