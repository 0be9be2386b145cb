//! `regatta list`: the suites by category.

use std::env;

use clap::ArgMatches;
use regatta_core::plan::Quarantine;
use serde::Serialize;

use super::output::print;
use super::setup;
use crate::cli::{CommandFailure, ListArgs, ListFormat, PlaceArgs};
use crate::config::{Config, Suite};
use crate::planning;
use crate::report::terminal::{choose_symbols, render_list};
use crate::select::Selection;

pub(super) fn list(
    place: &PlaceArgs,
    args: &ListArgs,
    matches: &ArgMatches,
) -> Result<u8, CommandFailure> {
    let config = setup::load(place, matches)?;
    let selection = setup::select(&config, &args.filters)?;
    print_list(&config, &selection, args.format)
}

/// Prints the suites of a selection.
pub(super) fn print_list(
    config: &Config,
    selection: &Selection,
    format: ListFormat,
) -> Result<u8, CommandFailure> {
    setup::check_not_empty(config, selection)?;
    let text = match format {
        ListFormat::Text => {
            let suites = planning::declared_suites(config, selection);
            let symbols = choose_symbols(|name| env::var(name).ok());
            render_list(&setup::category_headers(config), &suites, symbols)
        }
        ListFormat::Json => render_json(config, selection),
    };
    print(&text)?;
    Ok(0)
}

/// What a program wants to know about the suites without running them.
#[derive(Serialize)]
struct List<'c> {
    categories: Vec<ListedCategory<'c>>,
    suites: Vec<ListedSuite<'c>>,
}

#[derive(Serialize)]
struct ListedCategory<'c> {
    name: &'c str,
    title: &'c str,
    icon: &'c str,
}

#[derive(Serialize)]
struct ListedSuite<'c> {
    name: &'c str,
    description: &'c str,
    category: &'c str,
    tags: &'c [String],
    owner: Option<&'c str>,
    depends_on: &'c [String],
    parallel_group: &'c [String],
    cpus: u32,
    /// How many tasks it is.
    shards: u32,
    /// Seconds, null for no limit.
    timeout: Option<f64>,
    retries: u32,
    dir: String,
    command: String,
    /// Null for a suite that is in none.
    quarantine: Option<&'c Quarantine>,
}

fn render_json(config: &Config, selection: &Selection) -> String {
    let categories = config.categories.iter();
    let list = List {
        categories: categories
            .map(|it| ListedCategory {
                name: &it.name,
                title: &it.title,
                icon: &it.icon,
            })
            .collect(),
        suites: selection
            .suites
            .iter()
            .map(|&index| listed(&config.suites[index]))
            .collect(),
    };
    let mut text = serde_json::to_string_pretty(&list).expect("plain data is always JSON");
    text.push('\n');
    text
}

fn listed(suite: &Suite) -> ListedSuite<'_> {
    ListedSuite {
        name: &suite.name,
        description: &suite.description,
        category: &suite.category,
        tags: &suite.tags,
        owner: suite.owner.as_deref(),
        depends_on: &suite.depends_on,
        parallel_group: &suite.parallel_group,
        cpus: suite.cpus,
        shards: suite.tasks(),
        timeout: suite.terms.timeout.value.map(|it| it.as_secs_f64()),
        retries: suite.terms.retries.value.count,
        dir: suite.dir.to_string_lossy().into_owned(),
        command: planning::command_line(suite),
        quarantine: suite.quarantine.as_deref(),
    }
}
