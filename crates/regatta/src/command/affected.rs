//! `--affected`: only what a change touches, with the reason for each suite.

use std::collections::BTreeSet;
use std::path::Path;

use super::output::notice;
use crate::affected::{Cause, Undeclared, add_unwatched, all_touched, find_touched, named_paths};
use crate::cli::{Affected, CommandFailure, RunArgs};
use crate::config::Config;
use crate::repository::{ChangesError, find_changes, find_ignored};

/// Returns the suites that changes since the wanted commit touch, and tells why for each. `None` where nobody asked.
pub(super) fn find_affected(
    config: &Config,
    args: &RunArgs,
) -> Result<Option<BTreeSet<String>>, CommandFailure> {
    let base = match &args.affected {
        None | Some(Affected::Off) => return Ok(None),
        Some(Affected::SinceFork) => None,
        Some(Affected::Since(base)) => Some(base.as_str()),
    };
    let causes = match find_changes(&config.root, base) {
        Ok(found) => {
            let mut causes = find_touched(config, &found.changes, Undeclared::Always);
            let mut named = named_paths(config);
            let file = config.file.strip_prefix(&config.root).ok();
            let file = file.and_then(Path::to_str);
            named.extend(file);
            let ignored = find_ignored(&config.root, &named).unwrap_or_else(|| {
                // What git does not tell about may be ignored.
                named.iter().map(|&it| it.to_owned()).collect()
            });
            if let Some(file) = file.filter(|it| ignored.contains(*it)) {
                all_touched(config, &format!("git does not watch {file}"))
            } else {
                add_unwatched(config, &mut causes, &ignored);
                causes
            }
        }
        Err(ChangesError::Unknowable(why)) => all_touched(config, &why),
        Err(error @ ChangesError::NoSuchCommit(_)) => {
            return Err(CommandFailure::Usage(format!("`--affected`: {error}")));
        }
    };
    tell(config, &causes);
    let suites = config.suites.iter().zip(&causes);
    let touched = suites.filter(|(_, cause)| cause.is_some());
    Ok(Some(touched.map(|(suite, _)| suite.name.clone()).collect()))
}

fn tell(config: &Config, causes: &[Option<Cause>]) {
    let count = causes.iter().flatten().count();
    let total = causes.len();
    notice(&format!("affected: {count} of {total} suites"));
    for (suite, cause) in config.suites.iter().zip(causes) {
        if let Some(cause) = cause {
            notice(&format!("  {}: {cause}", suite.name));
        }
    }
}
