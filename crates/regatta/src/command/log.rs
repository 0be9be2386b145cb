//! `regatta log`: what a suite printed last.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Write, stdout};
use std::path::Path;

use clap::ArgMatches;

use super::output::{print, tolerate_absent_reader};
use super::{run_ci, setup};
use crate::cli::{CommandFailure, LogArgs, PlaceArgs};
use crate::report::ci::Voice;

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
    let mut output = stdout().lock();
    let copied = match run_ci::reader() {
        None => io::copy(&mut file, &mut output).map(drop),
        Some(voice) => copy_guarded(&mut file, &mut output, &voice),
    };
    tolerate_absent_reader(copied)
}

/// Copies a log so that no line of it is obeyed.
fn copy_guarded(file: &mut File, output: &mut impl Write, voice: &Voice) -> io::Result<()> {
    output.write_all(voice.opening_of_text().as_bytes())?;
    let mut lines = BufReader::new(file);
    let guard = voice.guard();
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        match guard.apply(&String::from_utf8_lossy(&line)) {
            Cow::Owned(changed) => output.write_all(changed.as_bytes())?,
            Cow::Borrowed(_) => output.write_all(&line)?,
        }
        line.clear();
    }
    output.write_all(voice.closing_of_text().as_bytes())?;
    output.flush()
}
