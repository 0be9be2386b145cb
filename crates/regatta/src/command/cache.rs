//! `regatta cache`: how much is kept, and less of it.

use clap::ArgMatches;

use super::output::print;
use super::setup;
use crate::cache::{LIMIT_BYTES, Size, Store};
use crate::cli::{CacheArgs, CacheCommand, CommandFailure, PlaceArgs};

pub(super) fn cache(
    place: &PlaceArgs,
    args: &CacheArgs,
    matches: &ArgMatches,
) -> Result<u8, CommandFailure> {
    let config = setup::load(place, matches)?;
    let store = Store::of_project(&config.root);
    let folder = store.folder().display();
    let failed = |what: &str, error: &std::io::Error| {
        CommandFailure::Infrastructure(format!("failed to {what} `{folder}`: {error}"))
    };
    let size = store.measure().map_err(|error| failed("read", &error))?;
    let text = match args.command {
        CacheCommand::Stat => {
            let limit = bytes(LIMIT_BYTES);
            format!("{} in {folder}, of at most {limit}\n", describe(size))
        }
        CacheCommand::Gc => {
            if size == Size::default() {
                format!("nothing is kept in {folder}\n")
            } else {
                let left = store.collect(LIMIT_BYTES);
                let left = left.map_err(|error| failed("tidy", &error))?;
                let entries = size.entries - left.entries;
                let freed = bytes(size.bytes.saturating_sub(left.bytes));
                format!(
                    "removed {}, {freed}; {} left\n",
                    results(entries),
                    describe(left)
                )
            }
        }
        CacheCommand::Clear => {
            store.clear().map_err(|error| failed("clear", &error))?;
            format!("removed {}\n", describe(size))
        }
    };
    print(&text)?;
    Ok(0)
}

fn describe(size: Size) -> String {
    format!("{}, {}", results(size.entries), bytes(size.bytes))
}

fn results(count: u64) -> String {
    match count {
        1 => "1 result".into(),
        _ => format!("{count} results"),
    }
}

#[expect(clippy::cast_precision_loss, reason = "people read one decimal")]
fn bytes(count: u64) -> String {
    match count {
        0..1024 => format!("{count} B"),
        1024..1_048_576 => format!("{:.1} KiB", count as f64 / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", count as f64 / 1_048_576.0),
        _ => format!("{:.1} GiB", count as f64 / 1_073_741_824.0),
    }
}
