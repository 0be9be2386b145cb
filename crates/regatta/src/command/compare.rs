//! `regatta compare A B`: what changed from one run to another, beyond the noise.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use clap::ArgMatches;
use serde::Serialize;

use super::compare_report::read_report;
use super::figures::{
    Known, NOTHING_YET, count, failure, mebibytes, minute, open, percent, print_json, seconds, word,
};
use super::output::print;
use super::setup;
use crate::cli::{CommandFailure, CompareArgs, FigureFormat, PlaceArgs};
use crate::diagnostic::{find_similar, quote};
use crate::history::{Change, Comparison, RunRow, Side, Word};
use crate::report::find::find_run;

pub(super) fn compare(
    place: &PlaceArgs,
    args: &CompareArgs,
    matches: &ArgMatches,
) -> Result<u8, CommandFailure> {
    let known = open(place, matches)?;
    let is_named = |text: &str| Path::new(text).exists() || !text.starts_with("latest");
    if known.store.is_none() && !is_named(&args.before) && !is_named(&args.after) {
        print(NOTHING_YET)?;
        return Ok(0);
    }
    let before = find(&known, &args.before)?;
    let after = find(&known, &args.after)?;
    let mut side = Side::default();
    if let Some(store) = &known.store {
        // The run that is judged is no witness.
        let learn = |run: RunRow| {
            if run.run_id != after.run_id {
                side.learn(&run);
            }
        };
        store.visit_runs(learn).map_err(failure)?;
    }
    let comparison = crate::history::compare(&before, &after, &side);
    match args.format {
        FigureFormat::Text => print(&render(&before, &after, &comparison))?,
        FigureFormat::Json => print_json(&to_json(&before, &after, &comparison))?,
    }
    Ok(0)
}

/// Returns the run that a word of the command line names.
fn find(known: &Known, name: &str) -> Result<RunRow, CommandFailure> {
    let path = Path::new(name);
    if path.is_file() && path.extension().is_some_and(|it| it == "json") {
        return read_report(path);
    }
    if path.exists() {
        let run = find_run(Some(path.as_os_str()), &setup::log_dir(&known.config));
        let run = run.map_err(|error| CommandFailure::Usage(format!("failed to {error}")))?;
        return Ok(RunRow::of(&run.record));
    }
    let ids = match &known.store {
        Some(store) => store.run_ids().map_err(failure)?,
        None => Vec::new(),
    };
    let id = match parse_latest(name) {
        Some(back) => ids.get(back).ok_or_else(|| {
            let there = match ids.len() {
                0 => "no run".to_owned(),
                length => format!("only {}", count(length, "run")),
            };
            CommandFailure::Usage(format!("there is no run `{name}`: the history has {there}"))
        })?,
        None => ids.iter().find(|id| *id == name).ok_or_else(|| {
            let similar = find_similar(name, ids.iter().map(String::as_str));
            let hint = match (similar, ids.first()) {
                (Some(similar), _) => format!("did you mean `{similar}`?"),
                (None, Some(newest)) => format!("the newest is `{newest}`, also called `latest`"),
                (None, None) => "nothing was recorded here yet".to_owned(),
            };
            let name = quote(name);
            CommandFailure::Usage(format!("there is no run or file {name}; {hint}"))
        })?,
    };
    let store = known.store.as_ref().expect("it has told the id");
    let run = store.find_run(id).map_err(failure)?;
    run.ok_or_else(|| CommandFailure::Usage(format!("the run `{id}` is not kept any more")))
}

/// Returns how many runs before the newest a word means.
fn parse_latest(name: &str) -> Option<usize> {
    match name.strip_prefix("latest")? {
        "" => Some(0),
        rest => rest.strip_prefix('-')?.parse().ok(),
    }
}

fn describe(run: &RunRow) -> String {
    let commit = match (&run.commit, run.dirty) {
        (Some(commit), Some(true)) => format!(", commit {} with changes", short(commit)),
        (Some(commit), _) => format!(", commit {}", short(commit)),
        (None, _) => String::new(),
    };
    format!("{} of {}{commit}", run.run_id, minute(run.started_us))
}

fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

fn render(before: &RunRow, after: &RunRow, comparison: &Comparison) -> String {
    let mut text = format!("From {}\n  to {}\n", describe(before), describe(after));
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            write!(text, "\n{title}\n  {}\n", lines.join("\n  ")).expect("a String takes all");
        }
    };
    let words = |list: &[(String, Word, Word)]| -> Vec<String> {
        let lines = list.iter();
        lines
            .map(|(name, old, new)| {
                if old == new {
                    format!("{name}: {}", word(*new))
                } else {
                    format!("{name}: {} (before: {})", word(*new), word(*old))
                }
            })
            .collect()
    };
    section("Newly failing", words(&comparison.newly_failing));
    section("Fixed", words(&comparison.fixed));
    section("Still failing", words(&comparison.still_failing));
    let took = |list: &[Change]| changes(list, |us| seconds(Duration::from_micros(us)));
    section("Slower", took(&comparison.slower));
    section("Faster", took(&comparison.faster));
    section("Bigger", changes(&comparison.bigger, mebibytes));
    section("Smaller", changes(&comparison.smaller, mebibytes));
    section("Only in the first", comparison.removed.clone());
    section("Only in the second", comparison.added.clone());
    let common = count(comparison.common, "suite");
    let verb = if comparison.common == 1 { "is" } else { "are" };
    let end = if has_changes(comparison) {
        format!(
            "\n{common} {verb} in both; what is not named here did not change beyond the noise.\n"
        )
    } else {
        format!("\nNothing changed beyond the noise; {common} {verb} in both.\n")
    };
    text + &end
}

fn has_changes(comparison: &Comparison) -> bool {
    let unchanged = Comparison {
        still_failing: comparison.still_failing.clone(),
        common: comparison.common,
        ..Comparison::default()
    };
    *comparison != unchanged
}

fn changes(list: &[Change], show: impl Fn(u64) -> String) -> Vec<String> {
    let lines = list.iter().map(|it| {
        let noise = show(it.noise);
        let why = match it.samples {
            0 => format!("too few runs to know the noise, so up to {noise} is taken for it"),
            samples => format!("up to {noise} is noise, as {} show", count(samples, "run")),
        };
        let change = percent(it.before, it.after);
        let (before, after) = (show(it.before), show(it.after));
        format!("{}: {after} instead of {before} ({change}); {why}", it.name)
    });
    lines.collect()
}

#[derive(Serialize)]
struct ComparisonJson<'c> {
    before: &'c str,
    after: &'c str,
    newly_failing: Vec<VerdictJson<'c>>,
    fixed: Vec<VerdictJson<'c>>,
    still_failing: Vec<VerdictJson<'c>>,
    slower: Vec<ChangeJson<'c>>,
    faster: Vec<ChangeJson<'c>>,
    bigger: Vec<ChangeJson<'c>>,
    smaller: Vec<ChangeJson<'c>>,
    added: &'c [String],
    removed: &'c [String],
    common: usize,
}

#[derive(Serialize)]
struct VerdictJson<'c> {
    name: &'c str,
    before: Word,
    after: Word,
}

/// *Units*: seconds, or bytes.
#[derive(Serialize)]
struct ChangeJson<'c> {
    name: &'c str,
    before: f64,
    after: f64,
    noise: f64,
    samples: usize,
}

fn to_json<'c>(
    before: &'c RunRow,
    after: &'c RunRow,
    comparison: &'c Comparison,
) -> ComparisonJson<'c> {
    let words = |list: &'c [(String, Word, Word)]| -> Vec<VerdictJson<'c>> {
        list.iter()
            .map(|(name, before, after)| VerdictJson {
                name,
                before: *before,
                after: *after,
            })
            .collect()
    };
    let took = |list| changes_json(list, |us| Duration::from_micros(us).as_secs_f64());
    #[expect(clippy::cast_precision_loss, reason = "no machine has so much memory")]
    let used = |list| changes_json(list, |bytes| bytes as f64);
    ComparisonJson {
        before: &before.run_id,
        after: &after.run_id,
        newly_failing: words(&comparison.newly_failing),
        fixed: words(&comparison.fixed),
        still_failing: words(&comparison.still_failing),
        slower: took(&comparison.slower),
        faster: took(&comparison.faster),
        bigger: used(&comparison.bigger),
        smaller: used(&comparison.smaller),
        added: &comparison.added,
        removed: &comparison.removed,
        common: comparison.common,
    }
}

fn changes_json(list: &[Change], figure: impl Fn(u64) -> f64) -> Vec<ChangeJson<'_>> {
    let changes = list.iter().map(|it| ChangeJson {
        name: &it.name,
        before: figure(it.before),
        after: figure(it.after),
        noise: figure(it.noise),
        samples: it.samples,
    });
    changes.collect()
}
