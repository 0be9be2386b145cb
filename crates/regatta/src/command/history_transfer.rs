//! `regatta history export`, `import` and `rebuild`: the history as lines of JSON, from one machine to another.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write, stdout};
use std::path::Path;
use std::time::Duration;

use clap::ArgMatches;
use serde::{Deserialize, Serialize};

use super::figures::{Known, NOTHING_YET, count, failure, open};
use super::history::{Figures, read_entries};
use super::output::{notice, print, tolerate_absent_reader};
use crate::cli::{CommandFailure, HistoryAction, PlaceArgs};
use crate::history::RunRow;

/// The version of the lines.
const FORMAT: u32 = 1;

/// A line: a run with its suites.
#[derive(Serialize, Deserialize)]
struct Line {
    format: u32,
    #[serde(flatten)]
    run: RunRow,
}

pub(super) fn transfer(
    place: &PlaceArgs,
    action: &HistoryAction,
    matches: &ArgMatches,
) -> Result<u8, CommandFailure> {
    let known = open(place, matches)?;
    match action {
        HistoryAction::Export(args) if args.timings => write_timings(&known)?,
        HistoryAction::Export(_) => export(&known)?,
        HistoryAction::Import(args) => {
            let runs = read_lines(&args.file)?;
            let read = runs.len();
            let (_, added) = known.history.import(runs).map_err(failure)?;
            print(&format!("{}\n", summary(read, added)))?;
        }
        HistoryAction::Rebuild => {
            let (runs, added) = known.history.rebuild().map_err(failure)?;
            let added = count(added, "run");
            let runs = count(runs, "run");
            print(&format!(
                "Added {added} from kept journals; the history has {runs}.\n"
            ))?;
        }
    }
    Ok(0)
}

fn summary(read: usize, added: usize) -> String {
    let there = read - added;
    match there {
        0 => format!("Added {}.", count(added, "run")),
        _ => format!(
            "Added {}; {} {} there already.",
            count(added, "run"),
            count(there, "run"),
            if there == 1 { "was" } else { "were" }
        ),
    }
}

/// Prints every run, the oldest first.
fn export(known: &Known) -> Result<(), CommandFailure> {
    let Some(store) = &known.store else {
        notice(NOTHING_YET.trim_end());
        return Ok(());
    };
    let mut output = BufWriter::new(stdout().lock());
    let mut written = Ok(());
    let write = |run: RunRow| {
        if written.is_ok() {
            let line = Line {
                format: FORMAT,
                run,
            };
            written = serde_json::to_writer(&mut output, &line)
                .map_err(io::Error::from)
                .and_then(|()| output.write_all(b"\n"));
        }
    };
    store.visit_runs(write).map_err(failure)?;
    tolerate_absent_reader(written.and_then(|()| output.flush()))
}

/// Reads a whole file before anything is added, so that a broken one adds nothing.
fn read_lines(path: &Path) -> Result<Vec<RunRow>, CommandFailure> {
    let shown = path.display();
    let source: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(path)
            .map_err(|error| CommandFailure::Usage(format!("cannot read `{shown}`: {error}")))?;
        Box::new(BufReader::new(file))
    };
    let mut runs = Vec::new();
    for (index, line) in source.lines().enumerate() {
        let number = index + 1;
        let refuse = |why: String| {
            CommandFailure::Usage(format!(
                "line {number} of `{shown}` is no exported run: {why}; nothing was imported"
            ))
        };
        let line = line.map_err(|error| refuse(error.to_string()))?;
        if line.trim().is_empty() {
            continue;
        }
        let line: Line = serde_json::from_str(&line).map_err(|error| refuse(error.to_string()))?;
        if line.format != FORMAT {
            return Err(refuse(format!(
                "it has format {}, and this version of regatta knows {FORMAT}",
                line.format
            )));
        }
        if let Some((what, text)) = find_no_name(&line.run) {
            return Err(refuse(format!("{text:?} is no {what}")));
        }
        runs.push(line.run);
    }
    Ok(runs)
}

/// Returns what a run has that cannot be what it is called, and its text: a file may come from anywhere, and these are
/// shown as they are.
fn find_no_name(run: &RunRow) -> Option<(&'static str, &str)> {
    let is_plain = |text: &str| {
        let mut letters = text.bytes();
        letters.next().is_some_and(|it| it.is_ascii_alphanumeric())
            && letters.all(|it| it.is_ascii_alphanumeric() || b"._-".contains(&it))
    };
    let names = run
        .suites
        .iter()
        .map(|it| ("suite's name", it.name.as_str()));
    let commit = run.commit.as_deref().map(|it| ("commit", it));
    [("run's id", run.run_id.as_str())]
        .into_iter()
        .chain(commit)
        .chain(names)
        .find(|(_, text)| !is_plain(text))
}

fn write_timings(known: &Known) -> Result<(), CommandFailure> {
    let entries = read_entries(known, |_| ())?;
    let usual = entries.iter().filter_map(|(name, entries)| {
        let (duration, _) = Figures::of(name, entries).usual?;
        Some((name.clone(), Duration::from_micros(duration)))
    });
    let durations: BTreeMap<String, Duration> = usual.collect();
    if durations.is_empty() {
        return print("No suite has passed yet, so there are no timings to write.\n");
    }
    let path = known.history.write_timings(&durations).map_err(failure)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let suites = count(durations.len(), "suite");
    print(&format!(
        "Wrote the usual durations of {suites} into {name}.\n"
    ))
}
