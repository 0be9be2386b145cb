//! A small file of durations for committing: what a machine without a history goes by.
//!
//! It changes little from one export to the next: names are sorted, figures are rounded, and a figure stays as it was
//! until the suite has really become slower or faster.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The name of the file beside the configuration.
pub(super) const TIMINGS_NAME: &str = "regatta-timings.json";

/// The version of the file's format.
const FORMAT: u32 = 1;

/// A figure stays as it was as long as the new one is within this share of it.
const STABLE_SHARE: f64 = 0.2;

/// How long suites usually take, by name.
pub(super) type Timings = BTreeMap<String, Duration>;

#[derive(Serialize, Deserialize)]
struct File {
    format: u32,
    /// Seconds.
    suites: BTreeMap<String, f64>,
}

/// Reads the timings at `path`.
///
/// # Errors
/// There are none, or they are of another format.
pub(super) fn read_timings(path: &Path) -> io::Result<Timings> {
    let file: File = serde_json::from_slice(&fs::read(path)?)?;
    if file.format != FORMAT {
        return Err(io::Error::other("it has another format"));
    }
    let suites = file.suites.into_iter();
    let timings = suites.filter_map(|(name, seconds)| {
        let duration = Duration::try_from_secs_f64(seconds).ok()?;
        Some((name, duration))
    });
    Ok(timings.collect())
}

/// Returns the text of the file for these durations, where `before` stood in it so far.
#[must_use]
pub(super) fn render_timings(durations: &Timings, before: &Timings) -> String {
    let suites = durations.iter().map(|(name, duration)| {
        let seconds = duration.as_secs_f64();
        let kept = before.get(name).map(Duration::as_secs_f64);
        let kept = kept.filter(|it| (it - seconds).abs() <= it * STABLE_SHARE);
        (name.clone(), kept.unwrap_or_else(|| round(seconds)))
    });
    let file = File {
        format: FORMAT,
        suites: suites.collect(),
    };
    let mut text = serde_json::to_string_pretty(&file).expect("plain data is always JSON");
    text.push('\n');
    text
}

/// Returns two significant digits of it, and no less than a millisecond.
fn round(seconds: f64) -> f64 {
    let seconds = seconds.max(0.001);
    // The shortest text of two digits is read back as the number that is printed the same way.
    format!("{seconds:.1e}").parse().unwrap_or(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timings(list: &[(&str, f64)]) -> Timings {
        let list = list.iter();
        list.map(|(name, seconds)| ((*name).to_owned(), Duration::from_secs_f64(*seconds)))
            .collect()
    }

    #[test]
    fn figures_are_short_and_stay_while_little_changes() {
        let first = timings(&[("b", 12.345), ("a", 0.012_345), ("c", 0.0), ("d", 4321.0)]);
        let text = render_timings(&first, &Timings::new());
        assert_eq!(
            text,
            "{\n  \"format\": 1,\n  \"suites\": {\n    \"a\": 0.012,\n    \"b\": 12.0,\n    \"c\": 0.001,\n    \"d\": 4300.0\n  }\n}\n"
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(TIMINGS_NAME);
        fs::write(&path, &text).unwrap();
        let before = read_timings(&path).unwrap();
        let second = timings(&[("b", 13.9), ("a", 0.011), ("c", 0.0), ("d", 5000.0)]);
        assert_eq!(render_timings(&second, &before), text);
        let third = timings(&[("b", 15.0)]);
        assert!(render_timings(&third, &before).contains("\"b\": 15.0\n"));
    }

    #[test]
    fn what_is_no_file_of_timings_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(TIMINGS_NAME);
        assert!(read_timings(&path).is_err());
        for text in ["", "[]", "{\"format\": 2, \"suites\": {}}"] {
            fs::write(&path, text).unwrap();
            assert!(read_timings(&path).is_err(), "{text}");
        }
        fs::write(&path, "{\"format\": 1, \"suites\": {\"a\": -1, \"b\": 2}}").unwrap();
        assert_eq!(read_timings(&path).unwrap(), timings(&[("b", 2.0)]));
    }
}
