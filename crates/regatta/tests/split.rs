//! The division of suites among machines: what holds for every one, and how even the parts are.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use regatta::split::{Item, split};

/// A suite, owned.
#[derive(Debug, Clone)]
struct Row {
    name: String,
    depends_on: Vec<String>,
    groups: Vec<String>,
    weight: u64,
}

fn items(rows: &[Row]) -> Vec<Item<'_>> {
    let items = rows.iter().map(|row| Item {
        name: &row.name,
        depends_on: &row.depends_on,
        groups: &row.groups,
        shards: 1,
        weight: row.weight,
    });
    items.collect()
}

/// Returns the part of each suite by name.
fn parts(rows: &[Row], count: u32) -> BTreeMap<String, u32> {
    let split = split(&items(rows), count);
    let names = rows.iter().map(|row| row.name.clone());
    names.zip(split.parts).collect()
}

/// Returns suites of which each depends on some before it, with few groups and weights over four orders of magnitude.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    let edges = vec(any::<prop::sample::Index>(), 0..3);
    let row = (edges, vec(0_u8..4, 0..2), 0_u32..14, any::<bool>());
    vec(row, 0..40).prop_map(|rows| {
        let row = |(place, (edges, groups, weight, is_single)): (
            usize,
            (Vec<prop::sample::Index>, Vec<u8>, u32, bool),
        )| Row {
            // The order of the names is not that of the suites.
            name: format!("{}-{place}", (place * 7) % 10),
            depends_on: edges
                .iter()
                .filter(|_| place > 0 && !is_single)
                .map(|it| it.index(place))
                .map(|it| format!("{}-{it}", (it * 7) % 10))
                .collect(),
            groups: groups.iter().map(|it| format!("g{it}")).collect(),
            weight: 1 << weight,
        };
        rows.into_iter().enumerate().map(row).collect()
    })
}

proptest! {
    #[test]
    fn every_suite_has_one_part_and_travels_with_what_it_depends_on(
        rows in rows(),
        count in 1_u32..9,
    ) {
        let split = split(&items(&rows), count);
        prop_assert_eq!(split.parts.len(), rows.len());
        prop_assert_eq!(split.loads.len(), count as usize);
        let mut loads = vec![0; count as usize];
        for (row, part) in rows.iter().zip(&split.parts) {
            prop_assert!((1..=count).contains(part));
            loads[*part as usize - 1] += row.weight;
        }
        prop_assert_eq!(loads, split.loads);
        let by_name = parts(&rows, count);
        for row in &rows {
            for dependency in &row.depends_on {
                prop_assert_eq!(by_name[dependency], by_name[&row.name]);
            }
        }
        let divided: BTreeSet<&String> = split.divided.iter().collect();
        let mut homes: BTreeMap<&String, u32> = BTreeMap::new();
        for row in &rows {
            for group in row.groups.iter().filter(|it| !divided.contains(it)) {
                let home = *homes.entry(group).or_insert(by_name[&row.name]);
                prop_assert_eq!(home, by_name[&row.name]);
            }
        }
    }

    #[test]
    fn the_order_of_the_suites_changes_nothing(rows in rows(), count in 1_u32..9, seed in any::<u64>()) {
        let mut shuffled = rows.clone();
        let mut state = seed;
        for place in (1..shuffled.len()).rev() {
            let other = usize::try_from(next(&mut state) % (place as u64 + 1)).unwrap();
            shuffled.swap(place, other);
        }
        prop_assert_eq!(parts(&rows, count), parts(&shuffled, count));
    }
}

fn next(state: &mut u64) -> u64 {
    // Any sequence without a visible pattern would do.
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// Returns how much more than the least possible the fullest part has under a division.
#[expect(clippy::cast_precision_loss, reason = "a ratio of times")]
fn imbalance(weights: &[u64], parts: &[u32], count: u32) -> f64 {
    let mut loads = vec![0_u64; count as usize];
    for (weight, part) in weights.iter().zip(parts) {
        loads[*part as usize - 1] += weight;
    }
    let total: u64 = weights.iter().sum();
    let largest = weights.iter().max().copied().unwrap_or_default();
    let bound = (total as f64 / f64::from(count)).max(largest as f64);
    loads.into_iter().max().unwrap_or_default() as f64 / bound
}

/// A project of packages with a quick, a middling and a slow suite each, written down package by package: the slow ones
/// come at every fourth place, as on a machine of a round.
fn skewed(seed: u64) -> Vec<u64> {
    let mut state = seed;
    let mut weights = Vec::new();
    for _ in 0..30 {
        for scale in [1, 4, 12, 100] {
            weights.push(scale * (50 + next(&mut state) % 100));
        }
    }
    weights
}

#[test]
fn parts_are_even_where_taking_turns_is_twice_as_long() {
    let count = 4;
    let (mut worst, mut turns_at_best) = (0.0_f64, f64::INFINITY);
    for seed in 0..200 {
        let weights = skewed(seed);
        let rows: Vec<Row> = (weights.iter().enumerate())
            .map(|(place, weight)| Row {
                name: format!("suite-{place}"),
                depends_on: Vec::new(),
                groups: Vec::new(),
                weight: *weight,
            })
            .collect();
        let own = split(&items(&rows), count).parts;
        let turns: Vec<u32> = (0..count)
            .cycle()
            .take(rows.len())
            .map(|it| it + 1)
            .collect();
        worst = worst.max(imbalance(&weights, &own, count));
        turns_at_best = turns_at_best.min(imbalance(&weights, &turns, count));
    }
    assert!(worst <= 1.1, "{worst}");
    assert!(turns_at_best >= 2.0, "{turns_at_best}");
}
