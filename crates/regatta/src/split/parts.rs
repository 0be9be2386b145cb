//! The division of suites among machines.

use std::collections::{BTreeMap, BTreeSet};

use super::balance::{balance, makespan};
use super::units::find_units;

/// A suite, as far as a division looks at it.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// Unique among the items.
    pub name: &'a str,
    /// Names of suites that must pass first; those that are no items are passed over.
    pub depends_on: &'a [String],
    /// The groups it takes part in.
    pub groups: &'a [String],
    /// How many parts of it may run at the same time, at least 1.
    pub shards: u32,
    /// How long it takes, one part of it after the other, in any unit; 0 counts as 1.
    pub weight: u64,
}

impl Item<'_> {
    /// Returns how long it takes at least.
    pub(super) fn span(&self) -> u64 {
        self.weight / u64::from(self.shards.max(1))
    }
}

/// Suites divided into parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The part of each item, from 1.
    pub parts: Vec<u32>,
    /// What each part has, by the weights of its items.
    pub loads: Vec<u64>,
    /// The groups whose suites are on several machines, since one would take twice as long with all of them.
    pub divided: Vec<String>,
}

/// Divides suites into `count` parts, at least 1: the heaviest first onto the part with the least so far.
///
/// A suite stays with all it depends on. The suites of a group stay together too, unless the fullest part would have
/// twice as much because of it; of several such groups the lightest ones do.
#[must_use]
pub fn split(items: &[Item<'_>], count: u32) -> Split {
    let items: Vec<Item<'_>> = (items.iter())
        .map(|item| Item {
            weight: item.weight.max(1),
            ..*item
        })
        .collect();
    let groups = groups_by_weight(&items);
    let kept = choose_groups(&items, &groups, count);
    let units = find_units(&items, &kept);
    let (parts, loads) = balance(&units, count);
    let mut part_of = vec![0; items.len()];
    for (unit, part) in units.iter().zip(parts) {
        for &item in &unit.items {
            part_of[item] = part + 1;
        }
    }
    let divided = groups.iter().filter(|it| !kept.contains(*it));
    let mut divided: Vec<String> = divided.map(|it| (*it).to_owned()).collect();
    divided.sort_unstable();
    Split {
        parts: part_of,
        loads,
        divided,
    }
}

/// Returns the groups of more than one suite, the lightest first; of equally heavy ones by name.
fn groups_by_weight<'a>(items: &[Item<'a>]) -> Vec<&'a str> {
    let mut groups: BTreeMap<&str, (u64, usize)> = BTreeMap::new();
    for item in items {
        for group in item.groups {
            let (weight, members) = groups.entry(group).or_default();
            *weight += item.weight;
            *members += 1;
        }
    }
    groups.retain(|_, (_, members)| *members > 1);
    let mut names: Vec<&str> = groups.keys().copied().collect();
    names.sort_by_key(|name| groups[name].0);
    names
}

/// Returns the groups that stay together.
fn choose_groups<'a>(items: &[Item<'a>], groups: &[&'a str], count: u32) -> BTreeSet<&'a str> {
    let limit = makespan(&find_units(items, &BTreeSet::new()), count).saturating_mul(2);
    let fits = |kept: &BTreeSet<&str>| makespan(&find_units(items, kept), count) < limit;
    let all: BTreeSet<&str> = groups.iter().copied().collect();
    if count == 1 || fits(&all) {
        return all;
    }
    let mut kept = BTreeSet::new();
    for group in groups {
        kept.insert(*group);
        if !fits(&kept) {
            kept.remove(group);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Divides suites given as `name`, what it waits for, its group and its weight.
    fn parts(count: u32, rows: &[(&str, &str, &str, u64)]) -> Split {
        let words =
            |text: &str| -> Vec<String> { text.split_whitespace().map(Into::into).collect() };
        let lists: Vec<_> = rows.iter().map(|it| (words(it.1), words(it.2))).collect();
        let items: Vec<Item<'_>> = rows
            .iter()
            .zip(&lists)
            .map(|(row, (depends_on, groups))| Item {
                name: row.0,
                depends_on,
                groups,
                shards: 1,
                weight: row.3,
            })
            .collect();
        split(&items, count)
    }

    #[test]
    fn the_longest_comes_first_onto_the_least_loaded() {
        let rows = [
            ("a", "", "", 2),
            ("b", "", "", 7),
            ("c", "", "", 5),
            ("d", "", "", 3),
        ];
        let split = parts(2, &rows);
        assert_eq!(split.parts, [1, 1, 2, 2]);
        assert_eq!(split.loads, [9, 8]);
    }

    #[test]
    fn a_suite_travels_with_all_it_depends_on() {
        let rows = [
            ("build", "", "", 1),
            ("api", "build", "", 5),
            ("web", "build gone", "", 5),
            ("lint", "", "", 2),
        ];
        let split = parts(2, &rows);
        assert_eq!(split.parts, [1, 1, 1, 2]);
    }

    #[test]
    fn a_group_stays_together_unless_that_doubles_the_time() {
        let light = [
            ("a", "", "db", 2),
            ("b", "", "db", 2),
            ("c", "", "", 4),
            ("d", "", "", 4),
        ];
        let split = parts(3, &light);
        assert_eq!(split.parts[0], split.parts[1]);
        assert_eq!(split.divided, [""; 0]);
        let heavy = [
            ("a", "", "db", 4),
            ("b", "", "db", 4),
            ("c", "", "db", 4),
            ("d", "", "net", 1),
            ("e", "", "net", 1),
        ];
        let split = parts(3, &heavy);
        assert_eq!(split.parts[..3], [1, 2, 3]);
        assert_eq!(split.parts[3], split.parts[4]);
        assert_eq!(split.divided, ["db"]);
        assert_eq!(parts(1, &heavy).divided, [""; 0]);
    }

    #[test]
    fn there_may_be_more_parts_than_suites_and_suites_without_any_time() {
        let split = parts(3, &[("b", "", "", 0), ("a", "", "", 0)]);
        assert_eq!(split.parts, [2, 1]);
        assert_eq!(split.loads, [1, 1, 0]);
        assert_eq!(parts(2, &[]).loads, [0, 0]);
    }
}
