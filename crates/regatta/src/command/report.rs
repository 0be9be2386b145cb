//! `regatta report`: a past run, told again.

use std::ffi::OsStr;
use std::io::{IsTerminal, stdout};
use std::path::{Path, PathBuf, absolute};

use clap::ArgMatches;
use regatta_core::event::Event;
use regatta_core::port::Subscriber;
use regatta_core::time::Time;

use super::output::print;
use super::report_page::{open_page, print_page};
use super::run_header::host_name;
use super::shown_path::shown_path;
use super::{output, run_ci, setup};
use crate::cli::{CommandFailure, PlaceArgs, ReportArgs, ReportFormat};
use crate::history::History;
use crate::log_dir::is_held;
use crate::report::ci::{Guard, Voice};
use crate::report::find::{FindRunError, PastRun, find_run};
use crate::report::format::Format;
use crate::report::json::REPORT_NAME;
use crate::report::record::RunState;
use crate::report::source::Source;
use crate::report::tail::read_tail;
use crate::report::terminal::{Colour, Memory, Options, Terminal, choose_colour, choose_symbols};

pub(super) fn report(
    place: &PlaceArgs,
    args: &ReportArgs,
    matches: &ArgMatches,
) -> Result<u8, CommandFailure> {
    let is_page = matches!(args.format, ReportFormat::Document(format) if format.is_page());
    if args.open && !is_page {
        return Err(CommandFailure::Usage(
            "`--open` shows a page in a browser; use it with `--format html`".into(),
        ));
    }
    let name = args.run.as_ref().map(|run| run.as_os_str());
    let (mut run, home) = find(place, name, matches)?;
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
        ReportFormat::Document(format) if format.is_page() && args.open => open_page(&run, home)?,
        ReportFormat::Document(format) if format.is_page() => print_page(&run, home)?,
        ReportFormat::Document(format) => print(&render_document(format, &run, home))?,
        ReportFormat::Text => {
            let voice = run_ci::reader();
            let guard = voice.as_ref().map_or(Guard::None, Voice::guard);
            let text = render_text(&run, home, place, guard);
            print(&match voice {
                Some(voice) => voice.opening_of_text() + &text + &voice.closing_of_text(),
                None => text,
            })?;
        }
    }
    Ok(0)
}

fn find(
    place: &PlaceArgs,
    name: Option<&OsStr>,
    matches: &ArgMatches,
) -> Result<(PastRun, Home), CommandFailure> {
    let is_path = name.is_some_and(|it| PathBuf::from(it).exists());
    // A path says all; anything else is looked for in the log directory, which a flag or the
    // configuration names.
    let log_dir = match (&place.log_dir, is_path) {
        (_, true) => PathBuf::new(),
        (Some(log_dir), _) => log_dir.clone(),
        (None, false) => setup::log_dir(&setup::load(place, matches)?),
    };
    let found = find_run(name, &log_dir).map(|run| (run, Home::LogDir));
    let found = match (found, name) {
        (Err(FindRunError::NoSuchRun { wanted, kept }), Some(name)) => {
            match find_kept(name, place, matches) {
                Some(journal) => {
                    find_run(Some(journal.as_os_str()), &log_dir).map(|run| (run, Home::History))
                }
                None => Err(FindRunError::NoSuchRun { wanted, kept }),
            }
        }
        (found, _) => found,
    };
    found.map_err(|error| CommandFailure::Usage(format!("failed to {error}")))
}

/// Returns the journal that the history of the project keeps of a run.
fn find_kept(run_id: &OsStr, place: &PlaceArgs, matches: &ArgMatches) -> Option<PathBuf> {
    let config = setup::load(place, matches).ok()?;
    History::of(&config.root).find_journal(run_id.to_str()?)
}

/// Where the journal of a run is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    /// Beside its logs.
    LogDir,
    /// In the history; its logs have been replaced by later ones.
    History,
}

fn render_document(format: &Format, run: &PastRun, home: Home) -> String {
    let folder = run.journal.parent().unwrap_or(Path::new("."));
    (format.render)(&Source {
        record: &run.record,
        state: run.state,
        events: &run.events,
        find_tail: &|name| match home {
            Home::LogDir => read_tail(&folder.join(name)).ok(),
            Home::History => None,
        },
    })
}

/// Returns what the run printed, or would have printed, off a terminal.
fn render_text(run: &PastRun, home: Home, place: &PlaceArgs, guard: Guard) -> String {
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
        log_dir: (home == Home::LogDir).then(|| log_dir.to_string_lossy().into_owned()),
        json_report: (home == Home::LogDir && json_report.exists())
            .then(|| log_dir.join(REPORT_NAME).to_string_lossy().into_owned()),
        guard,
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
