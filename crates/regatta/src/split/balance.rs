//! The heaviest first, each onto the part that has least so far.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::units::Unit;

/// Returns the part of each unit, from 0, and what each part has in the end.
///
/// No part has more than 4/3 of what the best division would give the fullest one, and with many units it is far less.
///
/// *Shape*: `units` are sorted as they are found; `count` is at least 1.
///
/// *Source*: longest processing time first (Graham: Bounds on multiprocessing timing anomalies, 1969).
pub(super) fn balance(units: &[Unit], count: u32) -> (Vec<u32>, Vec<u64>) {
    let mut loads: BinaryHeap<Reverse<(u64, u32)>> =
        (0..count).map(|it| Reverse((0, it))).collect();
    let mut parts = Vec::with_capacity(units.len());
    for unit in units {
        let Some(Reverse((load, part))) = loads.pop() else {
            break;
        };
        parts.push(part);
        loads.push(Reverse((load.saturating_add(unit.weight), part)));
    }
    let mut loads: Vec<(u32, u64)> = loads
        .into_iter()
        .map(|Reverse((load, it))| (it, load))
        .collect();
    loads.sort_unstable();
    (parts, loads.into_iter().map(|(_, load)| load).collect())
}

/// Returns what the fullest part has.
pub(super) fn makespan(units: &[Unit], count: u32) -> u64 {
    let (_, loads) = balance(units, count);
    loads.into_iter().max().unwrap_or_default()
}
