//! What cannot be taken apart: suites that wait for each other, and those that share a group as far as that is wanted.

use std::collections::{BTreeMap, BTreeSet};

use super::parts::Item;

/// Suites that run on one machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    /// Its suites, as places among the items; ascending.
    pub(super) items: Vec<usize>,
    /// How long they take one after the other.
    pub(super) weight: u64,
    /// What tells it from others of the same weight: the first of its names.
    name: String,
}

/// Returns the units of some suites: each suite with all it depends on, and with all of its groups that are in `kept`.
///
/// *Shape*: the heaviest first; of equally heavy ones the one whose name comes first.
pub(super) fn find_units(items: &[Item<'_>], kept: &BTreeSet<&str>) -> Vec<Unit> {
    let by_name: BTreeMap<&str, usize> = places(items.iter().map(|it| it.name));
    let mut sets = Sets::new(items.len());
    let mut of_group: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, item) in items.iter().enumerate() {
        for name in item.depends_on {
            if let Some(&dependency) = by_name.get(name.as_str()) {
                sets.join(place, dependency);
            }
        }
        for group in item.groups {
            if kept.contains(group.as_str()) {
                let first = *of_group.entry(group.as_str()).or_insert(place);
                sets.join(place, first);
            }
        }
    }
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for place in 0..items.len() {
        members.entry(sets.find(place)).or_default().push(place);
    }
    let units = members.into_values().map(|members| Unit {
        weight: members.iter().map(|&it| items[it].weight).sum(),
        name: (members.iter().map(|&it| items[it].name).min())
            .unwrap_or_default()
            .to_owned(),
        items: members,
    });
    let mut units: Vec<Unit> = units.collect();
    units.sort_by(|a, b| b.weight.cmp(&a.weight).then_with(|| a.name.cmp(&b.name)));
    units
}

fn places<'n>(names: impl Iterator<Item = &'n str>) -> BTreeMap<&'n str, usize> {
    names
        .enumerate()
        .map(|(place, name)| (name, place))
        .collect()
}

/// Disjoint sets of places, each with one member that stands for it.
struct Sets {
    above: Vec<usize>,
}

impl Sets {
    fn new(count: usize) -> Self {
        Self {
            above: (0..count).collect(),
        }
    }

    fn find(&mut self, place: usize) -> usize {
        let mut top = place;
        while self.above[top] != top {
            // Every look makes the next one shorter.
            self.above[top] = self.above[self.above[top]];
            top = self.above[top];
        }
        top
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.find(one), self.find(other));
        self.above[one.max(other)] = one.min(other);
    }
}
