//! How many machines are worth having: beyond some number the longest chain decides alone.

use std::collections::{BTreeMap, BTreeSet};

use super::balance::balance;
use super::parts::{Item, Split};
use super::units::{Unit, find_units};

/// Beyond so many steps nobody wants to know any more.
const MOST_STEPS: u32 = 500;

/// What a machine can do at a time.
#[derive(Debug, Clone, Copy)]
pub struct Machine<'m> {
    /// How many suites it runs at the same time, at least 1.
    pub slots: u32,
    /// How many suites of a group it runs at the same time; groups that are not here run one.
    pub capacities: &'m BTreeMap<&'m str, u32>,
}

/// Returns the smallest number of such machines with which the slowest of them takes no longer than it must; `None` where
/// there is nothing to run.
///
/// A machine takes as long as its work over its slots, as its longest chain, or as its fullest group: the longest of
/// these. That is what no order can beat, and orders come near to it.
#[must_use]
pub fn find_useful_count(items: &[Item<'_>], split: &Split, machine: Machine<'_>) -> Option<u32> {
    let divided: BTreeSet<&str> = split.divided.iter().map(String::as_str).collect();
    let groups = items.iter().flat_map(|it| it.groups).map(String::as_str);
    let kept = groups.filter(|it| !divided.contains(it)).collect();
    let units = find_units(items, &kept);
    let spans = find_chains(items);
    let slots = u64::from(machine.slots);
    let floors: Vec<u64> = (units.iter())
        .map(|unit| floor(items, &spans, unit, machine))
        .collect();
    let alone = units.iter().zip(&floors);
    let limit = alone.map(|(unit, floor)| (unit.weight / slots).max(*floor));
    let limit = limit.max()?.max(1);
    let total: u64 = units.iter().map(|it| it.weight).sum();
    let least = u32::try_from(total.div_ceil(slots.saturating_mul(limit))).ok()?;
    (least.max(1)..least.saturating_add(MOST_STEPS)).find(|&count| {
        // The longest chain is as long wherever it runs.
        let (_, loads) = balance(&units, count);
        loads.iter().all(|load| load / slots <= limit)
    })
}

/// Returns what a unit takes at least, however many slots there are.
fn floor(items: &[Item<'_>], chains: &[u64], unit: &Unit, machine: Machine<'_>) -> u64 {
    let chain = unit.items.iter().map(|&it| chains[it]).max();
    let mut groups: BTreeMap<&str, u64> = BTreeMap::new();
    for &place in &unit.items {
        for group in items[place].groups {
            *groups.entry(group.as_str()).or_default() += items[place].weight;
        }
    }
    let loads = groups.into_iter().map(|(group, load)| {
        let capacity = machine.capacities.get(group).copied().unwrap_or(1);
        load / u64::from(capacity.max(1))
    });
    loads.chain(chain).max().unwrap_or_default()
}

/// Returns for each item how long it takes from the first start of what it depends on to its own end, with no wait.
fn find_chains(items: &[Item<'_>]) -> Vec<u64> {
    let places: BTreeMap<&str, usize> = (items.iter().enumerate())
        .map(|(place, item)| (item.name, place))
        .collect();
    let before: Vec<Vec<usize>> = (items.iter())
        .map(|item| {
            let names = item.depends_on.iter();
            let known = names.filter_map(|name| places.get(name.as_str()).copied());
            known.collect()
        })
        .collect();
    let mut chains: Vec<Option<u64>> = vec![None; items.len()];
    for start in 0..items.len() {
        // Depth first without recursion: a chain may be as long as the list.
        let mut path = vec![(start, 0)];
        while let Some((place, next)) = path.last_mut() {
            let place = *place;
            if let Some(&dependency) = before[place].get(*next) {
                *next += 1;
                if chains[dependency].is_none() && path.len() <= items.len() {
                    path.push((dependency, 0));
                }
            } else {
                let longest = before[place].iter().filter_map(|&it| chains[it]).max();
                chains[place] = Some(longest.unwrap_or_default() + items[place].span());
                path.pop();
            }
        }
    }
    chains.into_iter().map(Option::unwrap_or_default).collect()
}

#[cfg(test)]
mod tests {
    use super::super::parts::split;
    use super::*;

    /// Returns the useful number for suites given as `name`, what it waits for, its group and its weight.
    fn useful(slots: u32, rows: &[(&str, &str, &str, u64)]) -> Option<u32> {
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
        let capacities = BTreeMap::from([("wide", 4)]);
        let machine = Machine {
            slots,
            capacities: &capacities,
        };
        find_useful_count(&items, &split(&items, 2), machine)
    }

    #[test]
    fn the_longest_chain_bounds_the_number_of_machines() {
        let chain = [
            ("a", "", "", 10),
            ("b", "a", "", 10),
            ("c", "", "", 10),
            ("d", "", "", 10),
            ("e", "", "", 20),
        ];
        // 60 in all, and nobody is done before 20.
        assert_eq!(useful(1, &chain), Some(3));
        assert_eq!(useful(2, &chain), Some(2));
        assert_eq!(useful(8, &chain), Some(1));
        assert_eq!(useful(1, &[]), None);
    }

    #[test]
    fn a_group_is_a_chain_unless_it_is_wide() {
        let group = |name: &'static str| {
            [
                ("a", "", name, 10),
                ("b", "", name, 10),
                ("c", "", name, 10),
                ("d", "", "", 40),
            ]
        };
        assert_eq!(useful(4, &group("db")), Some(1));
        assert_eq!(useful(1, &group("wide")), Some(2));
    }
}
