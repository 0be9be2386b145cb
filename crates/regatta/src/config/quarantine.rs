//! `quarantine.toml`: suites that run but never fail the run, each for a while.
//!
//! It lays the entries over a checked configuration. What an entry does to a run is decided elsewhere.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use jiff::civil::Date;
use regatta_core::plan::Quarantine;

use super::declaration::{QuarantineRoot, QuarantineTable};
use super::document::{find_text, read, read_tables};
use super::model::Config;
use super::table::Entry;
use crate::diagnostic::{Diagnostic, Diagnostics, Source, find_similar, quote};

/// The name of the file, which lies beside the configuration.
pub const QUARANTINE_NAME: &str = "quarantine.toml";

/// Names are compared with every suite for a suggestion; after so many slips that is not worth it.
const MOST_SUGGESTIONS: usize = 100;

/// Lays the entries of the file beside the configuration over its suites. Where there is no such file, there are none.
///
/// *Units*: `today` is the day on which the run starts, in local time; an entry holds on the day of its `expires`.
///
/// # Errors
///
/// The file is there and cannot be read, or every mistake in it.
pub fn quarantine(config: &mut Config, today: Date) -> Result<(), Diagnostics> {
    let file = config.file.with_file_name(QUARANTINE_NAME);
    match file.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        // Whatever else bears the name has to be readable.
        _ => quarantine_bytes(config, &file, read(&file)?, today),
    }
}

/// Lays entries over the suites, for whoever has the content of the file already.
///
/// # Errors
///
/// Every mistake in the text.
pub fn quarantine_bytes(
    config: &mut Config,
    file: &Path,
    bytes: Vec<u8>,
    today: Date,
) -> Result<(), Diagnostics> {
    let source = find_text(file, bytes)?;
    let (root, mut problems) = read_tables::<QuarantineRoot>(&source)?;
    let suites = config.suites.iter().enumerate();
    let by_name: BTreeMap<String, usize> = suites
        .map(|(index, suite)| (suite.name.clone(), index))
        .collect();
    let mut unknown = 0;
    for entry in root.suites.entries() {
        if let Some(&index) = by_name.get(&entry.name) {
            config.suites[index].quarantine = resolve(entry, &source, today).map(Box::new);
        } else if !entry.name.is_empty() {
            problems.push(describe_unknown(entry, config, unknown));
            unknown += 1;
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Diagnostics::new(source, problems))
    }
}

/// Returns `None` for an entry that lacks something, which reading has reported.
fn resolve(entry: &Entry<QuarantineTable>, source: &Source, today: Date) -> Option<Quarantine> {
    let table = &entry.table;
    let expires = table.expires.value()?;
    let line = source.line(entry.span.start);
    Some(Quarantine {
        reason: table.reason.value()?,
        owner: table.owner.value()?,
        issue: table.issue.value()?,
        expires: expires.to_string(),
        expired: expires < today,
        place: format!("{}:{line}", source.name()),
    })
}

/// Returns the diagnostic of an entry for no suite; `told` of them have been found before it.
fn describe_unknown(entry: &Entry<QuarantineTable>, config: &Config, told: usize) -> Diagnostic {
    let wanted = quote(&entry.name);
    let message = format!("suite {wanted} is in quarantine, but no suite has that name");
    let names = config.suites.iter().map(|suite| suite.name.as_str());
    let similar = (told < MOST_SUGGESTIONS)
        .then(|| find_similar(&entry.name, names))
        .flatten();
    let suite = similar.and_then(|name| config.suites.iter().find(|it| it.name == name));
    let help = match suite {
        Some(suite) => {
            let (name, file) = (quote(&suite.name), &config.file_name);
            format!("did you mean {name}, defined at {file}:{}?", suite.line)
        }
        None => "correct the name, or remove the entry if the suite is gone".to_owned(),
    };
    Diagnostic::at(entry.span.clone(), message).help(help)
}
