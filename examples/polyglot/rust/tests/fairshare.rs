//! Tests of the Rust implementation, and the shared vectors.

use fairshare::{answer, reference, split};

#[test]
fn the_odd_cent_goes_to_the_first() {
    assert_eq!(split(1000, &[1, 1, 1]), Some(vec![334, 333, 333]));
}

#[test]
fn nothing_is_lost() {
    for cents in 0..10_000 {
        let shares = split(cents, &[19, 7, 100, 0, 3]).expect("in range");
        assert_eq!(shares.iter().sum::<u64>(), cents);
    }
}

#[test]
fn no_weight_and_no_part_are_refused() {
    assert_eq!(split(10, &[0, 0]), None);
    assert_eq!(split(10, &[]), None);
}

#[test]
fn weights_whose_sum_would_overflow_are_refused() {
    assert_eq!(split(10, &[u64::MAX, 1]), None);
}

#[test]
fn a_reference_is_letters_and_digits() {
    assert_eq!(
        reference("539007547034").as_deref(),
        Some("RF18539007547034")
    );
    assert_eq!(reference("12-34"), None);
}

#[test]
fn every_vector() {
    let vectors = include_str!("../../vectors.tsv");
    let lines: Vec<_> = vectors
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    assert!(lines.len() > 20);
    for line in lines {
        let (request, expected) = line.split_once('\t').expect("two columns");
        assert_eq!(answer(request), expected, "{request}");
    }
}
