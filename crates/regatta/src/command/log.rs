//! `regatta log`: what a suite printed last.

use std::fs::File;
use std::io::{self, ErrorKind, stdout};

use clap::ArgMatches;

use super::output::tolerate_absent_reader;
use super::setup;
use crate::cli::{CommandFailure, LogArgs, PlaceArgs};

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
    tolerate_absent_reader(io::copy(&mut file, &mut stdout().lock()).map(drop))?;
    Ok(0)
}
