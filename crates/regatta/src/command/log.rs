//! `regatta log`: what a suite printed last.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Write, stdout};

use clap::ArgMatches;

use super::output::tolerate_absent_reader;
use super::{run_ci, setup};
use crate::cli::{CommandFailure, LogArgs, PlaceArgs};
use crate::report::ci::Voice;

pub(super) fn log(
    place: &PlaceArgs,
    args: &LogArgs,
    matches: &ArgMatches,
) -> Result<u8, CommandFailure> {
    let config = setup::load(place, matches)?;
    let index = setup::find_suite(&config, &args.suite)?;
    let name = &config.suites[index].name;
    let path = setup::log_dir(&config).join(format!("{name}.log"));
    let mut file = File::open(&path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => CommandFailure::Usage(format!(
            "suite `{name}` has no log `{}`; run it first: regatta --suites {name}",
            path.display()
        )),
        _ => CommandFailure::Infrastructure(format!("cannot read `{}`: {error}", path.display())),
    })?;
    let mut output = stdout().lock();
    let copied = match run_ci::reader() {
        None => io::copy(&mut file, &mut output).map(drop),
        Some(voice) => copy_guarded(&mut file, &mut output, &voice),
    };
    tolerate_absent_reader(copied)?;
    Ok(0)
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
