//! The lines that say why a run took as long as it did: its critical path, and how far it was from its floor.

use std::time::Duration;

use regatta_core::id::TaskId;

use crate::report::critical_path::find_critical_path;
use crate::report::floor::{FloorCause, find_floor};
use crate::report::record::Record;

use super::look::seconds;
use super::page::Page;

/// Shorter runs are short enough.
const WORTH_A_WORD: Duration = Duration::from_secs(1);

/// A shorter wait between the suites of the path rounds to nothing.
const WORTH_A_WAIT: Duration = Duration::from_millis(50);

/// So near to its floor a run is at it, as far as two decimals can tell.
const REACHED: f64 = 1.005;

/// How many names of the path are shown; of a longer one the last ones are, which were waited for at the end.
const NAMES: usize = 6;

/// Writes the critical path and the floor of a run that came to its end and had something to gain.
pub(super) fn write_bounds(page: &mut Page, record: &Record) {
    let Some(finish) = record.finished else {
        return;
    };
    let wall = finish.at.0;
    let is_parallel = record.tasks.len() > 1 && record.header.max_parallel > 1;
    // A floor is that of one round on one machine, and of one that came to its end.
    let header = &record.header;
    let is_whole = record.cancelled.is_none() && header.repeat.is_none() && header.merged.is_none();
    if wall <= WORTH_A_WORD || !is_parallel || !is_whole {
        return;
    }
    write_path(page, &record.by_suite());
    if let Some(floor) = find_floor(record).filter(|floor| !floor.time.is_zero()) {
        let cause = match floor.cause {
            FloorCause::Path => "the longest path".to_owned(),
            FloorCause::Work => format!("the work for {} slots", record.header.max_parallel),
            FloorCause::Group(name) => format!("group {name}"),
            FloorCause::Memory => "the memory for suites".to_owned(),
        };
        let over = wall.as_secs_f64() / floor.time.as_secs_f64();
        let distance = if over < REACHED {
            "this run reached it".to_owned()
        } else {
            format!("this run took {over:.2} times that")
        };
        let bullet = page.look.symbols.bullet;
        let time = seconds(floor.time);
        page.line(format_args!(
            "  {bullet} Floor: {time} by {cause}; {distance}"
        ));
    }
}

fn write_path(page: &mut Page, record: &Record) {
    let path = find_critical_path(record);
    let (Some(first), Some(last)) = (path.first(), path.last()) else {
        return;
    };
    let names: Vec<&str> = path
        .iter()
        .map(|&task| record.suite(task).name.as_str())
        .collect();
    let symbols = page.look.symbols;
    let arrow = format!(" {} ", symbols.arrow);
    let shown = names[names.len().saturating_sub(NAMES)..].join(&arrow);
    let cut = if names.len() > NAMES {
        format!("{}{arrow}", symbols.ellipsis)
    } else {
        String::new()
    };
    let between = |first: TaskId, last: TaskId| {
        let started = record.tasks[first.0 as usize].started();
        let ended = record.tasks[last.0 as usize].ended();
        ended.zip(started).map_or(Duration::ZERO, |(b, a)| b - a)
    };
    let time = between(*first, *last);
    let ran: Duration = path.iter().map(|&task| between(task, task)).sum();
    // Waiting is no part of what a floor counts, so without a word the path could be longer than the floor.
    let waited = time.saturating_sub(ran);
    let wait = if waited < WORTH_A_WAIT {
        String::new()
    } else {
        format!(", {} of it waiting for room", seconds(waited))
    };
    let bullet = symbols.bullet;
    page.line(format_args!(
        "  {bullet} Critical path: {cut}{shown} ({}{wait})",
        seconds(time)
    ));
}
