//! What to expect of suites, of new ones too.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::past::{Past, Usual};
use crate::plan::{Basis, Expectation, Suite};

/// Returns how long each suite will probably take: as long as usual where that is known; else the median of its category,
/// or of all, or a second.
///
/// *Shape*: `past` as long as `suites`, or shorter where nothing is known of the rest; the result as long as `suites`.
#[must_use]
pub fn expect(suites: &[Suite], past: &[Past]) -> Vec<Expectation> {
    let usual = |index: usize| past.get(index).and_then(|past| past.usual);
    let mut all = Vec::new();
    let mut by_category: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    for (index, suite) in suites.iter().enumerate() {
        if let Some(Usual { duration, .. }) = usual(index) {
            all.push(duration);
            by_category
                .entry(&suite.category)
                .or_default()
                .push(duration);
        }
    }
    let of_all = guess(&mut all).unwrap_or_default();
    let of_category: BTreeMap<&str, Expectation> = by_category
        .into_iter()
        .filter_map(|(category, mut durations)| Some((category, guess(&mut durations)?)))
        .collect();
    let expectations = suites.iter().enumerate().map(|(index, suite)| {
        usual(index).map_or_else(
            || *of_category.get(suite.category.as_str()).unwrap_or(&of_all),
            |Usual { duration, spread }| Expectation {
                duration,
                spread,
                basis: Basis::Seen,
            },
        )
    });
    expectations.collect()
}

/// Returns the median, which in half of all cases is wrong by half of itself: a guess at a guess.
fn guess(durations: &mut [Duration]) -> Option<Expectation> {
    durations.sort_unstable();
    let duration = *durations.get(durations.len() / 2)?;
    Some(Expectation {
        duration,
        spread: duration / 2,
        basis: Basis::Guessed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suite(category: &str) -> Suite {
        Suite {
            category: category.into(),
            ..Suite::default()
        }
    }

    fn took(seconds: u64) -> Past {
        Past {
            usual: Some(Usual {
                duration: Duration::from_secs(seconds),
                spread: Duration::from_millis(10),
            }),
            runs: 5,
            ..Past::default()
        }
    }

    #[test]
    fn a_new_suite_takes_as_long_as_its_like() {
        let suites = ["unit", "unit", "web", "unit", "unit", "lint"].map(suite);
        let past = [took(2), took(4), took(30), took(3)];
        let expected = expect(&suites, &past);
        let seconds: Vec<u64> = expected.iter().map(|it| it.duration.as_secs()).collect();
        assert_eq!(seconds, [2, 4, 30, 3, 3, 4]);
        let guessed: Vec<bool> = expected
            .iter()
            .map(|it| it.basis == Basis::Guessed)
            .collect();
        assert_eq!(guessed, [false, false, false, false, true, true]);
        assert_eq!(expected[0].spread, Duration::from_millis(10));
    }

    #[test]
    fn without_any_history_every_suite_takes_a_second() {
        let expected = expect(&[suite("unit"), suite("web")], &[]);
        assert_eq!(expected, [Expectation::default(); 2]);
    }
}
