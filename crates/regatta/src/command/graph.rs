//! `regatta graph`: which suite waits for which.

use clap::ArgMatches;

use super::output::print;
use super::setup;
use crate::cli::{CommandFailure, GraphArgs, GraphFormat, PlaceArgs};
use crate::graph_view::{render_dot, render_mermaid, render_text};
use crate::planning;

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
    print(&match args.format {
        GraphFormat::Text => render_text(&suites),
        GraphFormat::Dot => render_dot(&suites, &categories),
        GraphFormat::Mermaid => render_mermaid(&suites, &categories),
    })?;
    Ok(0)
}
