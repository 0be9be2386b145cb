//! `--shard`: which of the selected suites this machine runs, and what its user wants to know of the other machines.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::time::Duration;

use regatta_core::event::PartHeader;
use regatta_core::plan::Suite;
use sha2::{Digest, Sha256};

use super::figures::count;
use super::output::{notice, print};
use super::setup;
use crate::cli::{CommandFailure, RunArgs, RunFormat, ShardOf};
use crate::config::Config;
use crate::definition;
use crate::history::{History, median};
use crate::planning::{self, Prediction};
use crate::report::terminal::{Symbols, choose_symbols, short};
use crate::select::Selection;
use crate::split::{Item, Machine, Split, find_useful_count, split};

/// Raised when the same selection is divided in another way, or its digest is taken otherwise.
const VERSION: u8 = 1;

/// What a suite weighs where no time of any is known.
const UNKNOWN: Duration = Duration::from_secs(1);

/// How many names of a chain are shown.
const NAMES: usize = 6;

/// Returns the suites that this machine runs, and which part of the selection they are where it is only a part. Tells the
/// user about the parts, unless nothing but a list of the suites is wanted.
///
/// Nothing decides about the parts but the configuration, the selection, their number and the timings beside the
/// configuration; `slots` is for predictions alone.
///
/// # Errors
/// No part can be taken, it cannot be told which one is meant, or the timings cannot be read.
pub(super) fn narrow(
    config: &Config,
    selection: Selection,
    args: &RunArgs,
    slots: u32,
) -> Result<(Selection, Option<PartHeader>), CommandFailure> {
    let Some(choice) = args.shard else {
        return Ok((selection, None));
    };
    // Of rounds a report keeps counts alone, and nobody could put it together with others.
    if !setup::repeat(args).is_once() {
        return Err(CommandFailure::Usage(
            "`--shard` goes neither with `--repeat` nor with `--until-fail`; leave one of them out"
                .to_owned(),
        ));
    }
    setup::check_not_empty(config, &selection)?;
    let shard = choice
        .find(|name| env::var(name).ok())
        .map_err(CommandFailure::Usage)?;
    let timings = read_timings(config)?;
    let weights = Weights::new(config, &selection, timings.as_ref());
    let items = items(config, &selection, &weights);
    let division = Division {
        config,
        selection: &selection,
        split: split(&items, shard.count),
        weights,
        slots,
    };
    if !args.list {
        let text = division.describe(shard, &items);
        match args.format {
            RunFormat::Human => print(&format!("{text}\n"))?,
            RunFormat::Json | RunFormat::Jsonl => notice(&text),
        }
    }
    Ok((division.part(shard.number), Some(division.header(shard))))
}

fn read_timings(config: &Config) -> Result<Option<BTreeMap<String, Duration>>, CommandFailure> {
    let timings = History::of(&config.root).timings();
    timings.map_err(|(path, error)| {
        CommandFailure::Usage(format!(
            "cannot read the timings `{}`, by which suites are divided: {error}; remove the file, or write it anew with `regatta history export --timings`",
            path.display()
        ))
    })
}

fn items<'c>(config: &'c Config, selection: &Selection, weights: &Weights) -> Vec<Item<'c>> {
    let suites = selection.suites.iter().map(|&index| &config.suites[index]);
    let items = suites
        .zip(&weights.durations)
        .map(|(suite, duration)| Item {
            name: &suite.name,
            depends_on: &suite.depends_on,
            groups: &suite.parallel_group,
            shards: suite.tasks(),
            weight: u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
        });
    items.collect()
}

/// How long suites take, as far as a division knows.
struct Weights {
    /// Of each selected suite.
    durations: Vec<Duration>,
    /// How many of them are known.
    known: usize,
}

impl Weights {
    fn new(
        config: &Config,
        selection: &Selection,
        timings: Option<&BTreeMap<String, Duration>>,
    ) -> Self {
        let names = selection.suites.iter();
        let names = names.map(|&index| config.suites[index].name.as_str());
        let known = names.map(|name| timings.and_then(|it| it.get(name)).copied());
        let known: Vec<Option<Duration>> = known.collect();
        let micros = known.iter().flatten().map(Duration::as_micros);
        let micros: Vec<u64> = micros.filter_map(|it| u64::try_from(it).ok()).collect();
        let middle = median(&micros).map_or(UNKNOWN, Duration::from_micros);
        Self {
            durations: known.iter().map(|it| it.unwrap_or(middle)).collect(),
            known: micros.len(),
        }
    }
}

/// A selection divided among machines.
struct Division<'c> {
    config: &'c Config,
    selection: &'c Selection,
    split: Split,
    weights: Weights,
    slots: u32,
}

impl Division<'_> {
    /// Returns the places of the suites of one part among the selected ones.
    fn places(&self, number: u32) -> impl Iterator<Item = usize> {
        let parts = self.split.parts.iter().enumerate();
        parts.filter_map(move |(place, part)| (*part == number).then_some(place))
    }

    fn part(&self, number: u32) -> Selection {
        let suites: Vec<usize> = self
            .places(number)
            .map(|it| self.selection.suites[it])
            .collect();
        let mut added = self.selection.added.clone();
        added.retain(|it| suites.binary_search(it).is_ok());
        Selection { suites, added }
    }

    fn header(&self, shard: ShardOf) -> PartHeader {
        let mut suites = planning::declared_suites(self.config, self.selection);
        for (declared, &index) in suites.iter_mut().zip(&self.selection.suites) {
            declared.digest = definition::digest(&self.config.suites[index]);
        }
        let plan = digest(shard.count, &suites, &self.split.parts);
        let others = suites.into_iter().zip(&self.split.parts);
        let others = others.filter(|(_, part)| **part != shard.number);
        PartHeader {
            number: shard.number,
            count: shard.count,
            plan,
            others: others.map(|(suite, _)| suite).collect(),
            parts: self.split.parts.clone(),
        }
    }

    fn find_useful_count(&self, items: &[Item<'_>]) -> Option<u32> {
        let groups = self.config.groups.iter();
        let capacities = groups.map(|it| (it.name.as_str(), it.capacity)).collect();
        let machine = Machine {
            slots: self.slots,
            capacities: &capacities,
        };
        find_useful_count(items, &self.split, machine)
    }

    fn predict(&self, number: u32) -> Prediction {
        let times = self.places(number).map(|it| self.weights.durations[it]);
        let times: Vec<Duration> = times.collect();
        planning::predict(self.config, &self.part(number), self.slots, &times)
    }

    fn describe(&self, shard: ShardOf, items: &[Item<'_>]) -> String {
        let own = self.places(shard.number).count();
        let all = count(self.selection.suites.len(), "suite");
        let mut text = format!("Shard {shard}: {own} of {all}");
        let numbers = 1..=shard.count;
        if self.weights.known == 0 {
            let counts = numbers.map(|it| self.places(it).count().to_string());
            let counts = counts.collect::<Vec<_>>().join(", ");
            write!(
                text,
                "\n  Suites of each shard: {counts}\n  No time of a suite is known, so all weigh the same; `regatta history export --timings` writes regatta-timings.json"
            )
            .expect("a String takes all");
        } else {
            let times: Vec<String> = numbers.map(|it| short(self.predict(it).end)).collect();
            let own = &times[shard.number as usize - 1];
            write!(
                text,
                ", predicted {own}\n  All shards: {}",
                times.join(", ")
            )
            .expect("a String takes all");
            text.push_str(&self.describe_floor(self.find_useful_count(items)));
        }
        for group in &self.split.divided {
            write!(
                text,
                "\n  Group {group} is on several shards: one with all of it would take twice as long"
            )
            .expect("a String takes all");
        }
        text
    }

    /// Returns what no number of shards can beat.
    fn describe_floor(&self, useful: Option<u32>) -> String {
        let whole = planning::predict(
            self.config,
            self.selection,
            self.slots,
            &self.weights.durations,
        );
        let arrow = match choose_symbols(|name| env::var(name).ok()) {
            Symbols::Unicode => " → ",
            Symbols::Ascii => " -> ",
        };
        let surplus = whole.chain.len().saturating_sub(NAMES);
        let mut chain = whole.chain[surplus..].join(arrow);
        if surplus > 0 {
            chain = format!("{surplus} more{arrow}{chain}");
        }
        let floor = short(whole.floor);
        let useful = match useful {
            Some(1) => "; more than 1 shard gains nothing".to_owned(),
            Some(useful) => format!("; more than {useful} shards gain nothing"),
            None => String::new(),
        };
        format!("\n  Floor: {floor} by the longest chain ({chain}){useful}")
    }
}

/// Returns the digest of a plan: equal on two machines only if they divide the same suites in the same way.
fn digest(count: u32, suites: &[Suite], parts: &[u32]) -> String {
    let mut hasher = Sha256::new();
    hasher.update([VERSION]);
    hasher.update(count.to_le_bytes());
    for (suite, part) in suites.iter().zip(parts) {
        for text in [&suite.name, &suite.digest] {
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text);
        }
        hasher.update(part.to_le_bytes());
    }
    let mut text = String::with_capacity(64);
    for byte in hasher.finalize() {
        write!(text, "{byte:02x}").expect("a String takes all");
    }
    text
}
