//! How figures of the history read: moments, durations, amounts, shares, words. And what most commands about it begin
//! with.

use std::time::Duration;

use clap::ArgMatches;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use regatta_core::verdict::{Outcome, Status};
use serde::Serialize;

use super::output::print;
use super::setup;
use crate::cli::{CommandFailure, PlaceArgs};
use crate::config::Config;
use crate::history::{History, HistoryError, Store, Word};

/// What is printed where there is nothing to tell of.
pub(super) const NOTHING_YET: &str =
    "Nothing was recorded here yet; the next run of `regatta` is the first.\n";

/// A configuration, and the history of its project where something was recorded.
pub(super) struct Known {
    pub(super) config: Config,
    pub(super) history: History,
    pub(super) store: Option<Store>,
}

pub(super) fn open(place: &PlaceArgs, matches: &ArgMatches) -> Result<Known, CommandFailure> {
    let config = setup::load(place, matches)?;
    let history = History::of(&config.root);
    let store = history.open().map_err(failure)?;
    Ok(Known {
        config,
        history,
        store,
    })
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
pub(super) fn failure(error: HistoryError) -> CommandFailure {
    let hint = match error {
        HistoryError::Damaged { .. } => "; the next run puts it aside and makes a new one",
        _ => "",
    };
    CommandFailure::Infrastructure(format!("failed to {error}{hint}"))
}

pub(super) fn print_json(value: &impl Serialize) -> Result<(), CommandFailure> {
    let mut text = serde_json::to_string_pretty(value).expect("plain data is always JSON");
    text.push('\n');
    print(&text)
}

/// Returns a moment to the minute, as the clock on the wall of the reader shows it.
pub(super) fn minute(us: i64) -> String {
    match Timestamp::from_microsecond(us) {
        Ok(at) => at
            .to_zoned(TimeZone::system())
            .strftime("%Y-%m-%d %H:%M")
            .to_string(),
        Err(_) => "unknown".to_owned(),
    }
}

/// Returns a moment for programs: RFC 3339 in UTC.
pub(super) fn rfc3339(us: i64) -> Option<String> {
    let at = Timestamp::from_microsecond(us).ok()?;
    Some(at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string())
}

/// Returns a duration with as many digits as its size deserves.
pub(super) fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 0.1 {
        format!("{:.0}ms", seconds * 1000.0)
    } else if seconds < 1.0 {
        format!("{seconds:.2}s")
    } else {
        format!("{seconds:.1}s")
    }
}

/// Returns an amount of memory.
#[expect(clippy::cast_precision_loss, reason = "it is rounded anyway")]
pub(super) fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / (1024.0 * 1024.0))
}

/// Returns how much more or less that is.
#[expect(clippy::cast_precision_loss, reason = "it is rounded anyway")]
pub(super) fn percent(before: u64, after: u64) -> String {
    let change = (after as f64 / before.max(1) as f64 - 1.0) * 100.0;
    format!("{change:+.0}%")
}

/// Returns a share without decimals; neither none nor all is ever rounded up or down to.
pub(super) fn share(part: u32, whole: u32) -> String {
    let percent = f64::from(part) * 100.0 / f64::from(whole.max(1));
    if part > 0 && percent < 1.0 {
        return "under 1%".to_owned();
    }
    if part < whole && percent > 99.0 {
        return "over 99%".to_owned();
    }
    format!("{percent:.0}%")
}

/// Returns a count with its noun.
pub(super) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Returns an outcome in words.
pub(super) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Cached => "cached",
        Outcome::Flaky => "flaky",
        Outcome::ExitCode => "failed by its exit code",
        Outcome::Signal => "killed by a signal",
        Outcome::Timeout => "timed out",
        Outcome::IdleTimeout => "silent for too long",
        Outcome::SpawnError => "could not be started",
        Outcome::Leftovers => "left processes behind",
        Outcome::UnexpectedPass => "passed unexpectedly",
        Outcome::Infrastructure => "lost by the runner",
        Outcome::Blocked => "blocked",
        Outcome::Cancelled => "cancelled",
        Outcome::Interrupted => "interrupted",
        Outcome::Condition => "skipped by its own exit code",
        Outcome::OutOfMemory => "killed for memory",
        Outcome::NotSharded => "ran everything in every shard",
        Outcome::NotSeen => "not seen",
    }
}

/// Returns a word in words.
pub(super) fn word(word: Word) -> &'static str {
    match (word.status, word.outcome) {
        (Status::Failed, Outcome::Flaky) => "failed for being flaky",
        (_, known) => outcome(known),
    }
}

/// Returns the number of columns that the longest of these takes. Names of suites are plain letters.
pub(super) fn width<'n>(names: impl Iterator<Item = &'n str>) -> usize {
    names.map(str::len).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_never_claims_all_or_nothing() {
        let table = [
            (0, 10, "0%"),
            (10, 10, "100%"),
            (1, 3, "33%"),
            (1, 1000, "under 1%"),
            (999, 1000, "over 99%"),
            (0, 0, "0%"),
        ];
        for (part, whole, expected) in table {
            assert_eq!(share(part, whole), expected);
        }
    }

    #[test]
    fn small_figures_keep_their_digits() {
        assert_eq!(seconds(Duration::from_millis(34)), "34ms");
        assert_eq!(seconds(Duration::from_millis(340)), "0.34s");
        assert_eq!(seconds(Duration::from_millis(12_340)), "12.3s");
        assert_eq!(mebibytes(1_572_864), "1.5 MiB");
        assert_eq!(percent(200, 150), "-25%");
        assert_eq!(rfc3339(0).unwrap(), "1970-01-01T00:00:00.000000Z");
    }
}
