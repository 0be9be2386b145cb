//! `regatta log`: what a suite printed last.

use std::fs::File;
use std::io::{self, ErrorKind, stdout};
use std::path::Path;

use clap::ArgMatches;

use super::output::{print, tolerate_absent_reader};
use super::setup;
use crate::cli::{CommandFailure, LogArgs, PlaceArgs};

/// The configuration allows no more.
const MOST_SHARDS: u32 = 1000;

pub(super) fn log(
    place: &PlaceArgs,
    args: &LogArgs,
    matches: &ArgMatches,
) -> Result<u8, CommandFailure> {
    let config = setup::load(place, matches)?;
    let index = setup::find_suite(&config, &args.suite)?;
    let name = &config.suites[index].name;
    let log_dir = setup::log_dir(&config);
    let logs = find_logs(&log_dir, name);
    if let [log] = &logs[..] {
        print_log(name, &log_dir.join(log))?;
        return Ok(0);
    }
    for (place, log) in logs.iter().enumerate() {
        let gap = if place == 0 { "" } else { "\n" };
        print(&format!("{gap}==> {log} <==\n"))?;
        print_log(name, &log_dir.join(log))?;
    }
    Ok(0)
}

/// Returns the names of a suite's logs: of each shard where the last run had several, in their order.
fn find_logs(log_dir: &Path, suite: &str) -> Vec<String> {
    let log = |stem: &str| format!("{stem}.log");
    let shards = (1..=MOST_SHARDS).map(|number| log(&format!("{suite}.shard-{number}")));
    // One that never started has none.
    let logs: Vec<String> = shards.filter(|it| log_dir.join(it).exists()).collect();
    if logs.is_empty() {
        vec![log(suite)]
    } else {
        logs
    }
}

fn print_log(suite: &str, path: &Path) -> Result<(), CommandFailure> {
    let mut file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => CommandFailure::Usage(format!(
            "suite `{suite}` has no log `{}`; run it first: regatta --suites {suite}",
            path.display()
        )),
        _ => CommandFailure::Infrastructure(format!("cannot read `{}`: {error}", path.display())),
    })?;
    tolerate_absent_reader(io::copy(&mut file, &mut stdout().lock()).map(drop))
}
