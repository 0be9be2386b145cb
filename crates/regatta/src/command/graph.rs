//! `regatta graph`: which suite waits for which, as text or as a picture, after a run with what it said of them.

use std::path::Path;

use clap::ArgMatches;

use super::output::{print, warn};
use super::run_header::host_name;
use super::setup;
use crate::cli::{CommandFailure, GraphArgs, GraphFormat, PlaceArgs};
use crate::config::Config;
use crate::graph_picture::{Scene, render_svg};
use crate::graph_view::{render_dot, render_mermaid, render_text};
use crate::history::History;
use crate::log_dir::is_held;
use crate::planning;
use crate::report::find::{FindRunError, PastRun, find_run};
use crate::report::record::RunState;

pub(super) fn graph(
    place: &PlaceArgs,
    args: &GraphArgs,
    matches: &ArgMatches,
) -> Result<u8, CommandFailure> {
    let config = setup::load(place, matches)?;
    let selection = setup::select(&config, &args.filters)?;
    setup::check_not_empty(&config, &selection)?;
    let suites = planning::declared_suites(&config, &selection);
    let categories = setup::category_headers(&config);
    let scene = || -> Result<Scene, CommandFailure> {
        let run = find_shown_run(&args.run, &config)?;
        let run = run.as_ref().map(|it| (&it.record, it.state));
        Ok(Scene::new(&suites, &categories, run))
    };
    print(&match args.format {
        GraphFormat::Text => render_text(&suites),
        GraphFormat::Dot => render_dot(&suites, &categories),
        GraphFormat::Mermaid => render_mermaid(&suites, &categories),
        GraphFormat::Svg => render_svg(&scene()?),
    })?;
    Ok(0)
}

/// Returns the run that the picture shows. Before the first run there is no latest one, which is no mistake.
fn find_shown_run(wanted: &Path, config: &Config) -> Result<Option<PastRun>, CommandFailure> {
    let name = match wanted.to_str() {
        Some("none") => return Ok(None),
        Some("latest") => None,
        _ => Some(wanted.as_os_str()),
    };
    let log_dir = setup::log_dir(config);
    let mut found = find_run(name, &log_dir);
    if let (Err(FindRunError::NoSuchRun { wanted, .. }), true) = (&found, name.is_some())
        && let Some(journal) = History::of(&config.root).find_journal(wanted)
    {
        found = find_run(Some(journal.as_os_str()), &log_dir);
    }
    let mut run = match found {
        Ok(run) => run,
        Err(FindRunError::NoJournal { .. }) if name.is_none() => return Ok(None),
        Err(error) if name.is_none() => {
            warn(&format!("the last run is not shown: failed to {error}"));
            return Ok(None);
        }
        Err(error) => return Err(CommandFailure::Usage(format!("failed to {error}"))),
    };
    let folder = run.journal.parent().unwrap_or(Path::new("."));
    if run.record.finished.is_none() && is_held(folder, &host_name()) {
        run.state = RunState::Running;
    }
    Ok(Some(run))
}
