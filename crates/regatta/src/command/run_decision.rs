//! What a run is to be, before anything of it stands: the configuration, the suites, and their plan.
//!
//! Where its user only wants to see something of that, it is shown here. How a run is carried out is not known here.

use clap::ArgMatches;
use regatta_core::event::PartHeader;
use regatta_process::descriptor_limit;

use super::dry_run::print_plan;
use super::failed::choose;
use super::list::print_list;
use super::output::{notice, print};
use super::part::narrow;
use super::run_header::{look_back, new_run_id};
use super::{inputs, setup};
use crate::cli::{CommandFailure, ListFormat, PlaceArgs, RunArgs, RunFormat};
use crate::config::Config;
use crate::memory::system_memory;
use crate::planning::{self, Means, Project};
use crate::processors::Processors;
use crate::select::Selection;

/// A run that is decided upon.
pub(super) struct Decision {
    pub(super) config: Config,
    pub(super) selection: Selection,
    /// Which part of a selection it is that several machines divide.
    pub(super) part: Option<PartHeader>,
    pub(super) project: Project,
    /// CPUs that it may use.
    pub(super) cpus: u32,
    /// Why there are as many slots as there are.
    pub(super) slots_reason: Option<String>,
    /// Suites that are outstanding and not part of it, by name.
    pub(super) outstanding: Vec<String>,
}

/// Returns what is to run, or nothing where all that was wanted has been shown.
pub(super) fn decide(
    place: &PlaceArgs,
    args: &RunArgs,
    matches: &ArgMatches,
) -> Result<Option<Decision>, CommandFailure> {
    let config = setup::load_for_run(place, args, matches)?;
    let chosen = choose(&config, args)?;
    if let Some(done) = chosen.done {
        match args.format {
            RunFormat::Human => print(&format!("{done}\n"))?,
            RunFormat::Json | RunFormat::Jsonl => notice(done),
        }
        return Ok(None);
    }
    let processors = Processors::look();
    let cpus = processors.usable;
    let (wish, jobserver) = (config.run.max_parallel.value, config.run.jobserver.value);
    let slots = planning::slots(wish, jobserver, processors, descriptor_limit());
    let (selection, part) = narrow(&config, chosen.selection, args, slots)?;
    if args.list {
        let format = match args.format {
            RunFormat::Json => ListFormat::Json,
            RunFormat::Human | RunFormat::Jsonl => ListFormat::Text,
        };
        print_list(&config, &selection, format)?;
        return Ok(None);
    }
    // A part of a selection may be empty where the selection is not.
    if part.is_none() {
        setup::check_not_empty(&config, &selection)?;
    }
    let slots_reason = processors.explain(wish, slots);
    let means = Means {
        slots,
        memory: &system_memory(),
    };
    let project = planning::plan(&config, &selection, means, |suites| {
        look_back(&config, cpus, suites)
    });
    if args.dry_run {
        // A mistake is told of a run that is only shown as well.
        let choice = inputs::choice(args, matches);
        inputs::look_for_run(args, &config, &selection, choice, &new_run_id())?;
        print_plan(&project, args.format, slots_reason.as_deref())?;
        return Ok(None);
    }
    Ok(Some(Decision {
        config,
        selection,
        part,
        project,
        cpus,
        slots_reason,
        outstanding: chosen.left_out,
    }))
}
