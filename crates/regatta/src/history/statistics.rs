//! A few figures over a few numbers: medians, their noise, and how sure a rate is. Pure.

use regatta_core::past::FlakyRate;

/// The factor that makes the median of distances comparable to a standard deviation.
///
/// *Source*: Rousseeuw and Croux, Alternatives to the Median Absolute Deviation, 1993.
const TO_DEVIATION: f64 = 1.4826;

/// The two-sided 95 % quantile of the normal distribution.
const Z: f64 = 1.959_964;

/// Where a rate lies in 19 of 20 cases.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// From 0 to 1.
    pub low: f64,
    /// From 0 to 1, at least `low`.
    pub high: f64,
}

/// Returns the median, the mean of the two in the middle for an even count; `None` without a value.
#[must_use]
pub fn median(values: &[u64]) -> Option<u64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        length if length % 2 == 1 => Some(sorted[middle]),
        _ => Some(sorted[middle - 1].midpoint(sorted[middle])),
    }
}

/// Returns the median of the distances from `centre`: noise that a few outliers cannot raise.
#[must_use]
pub fn spread(values: &[u64], centre: u64) -> u64 {
    let distances: Vec<u64> = values.iter().map(|it| it.abs_diff(centre)).collect();
    median(&distances).unwrap_or_default()
}

/// Returns how far a single value may be from the usual before that is more than noise: three deviations, and no less
/// than a tenth of the usual and `floor`, which any busy machine adds.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "noise is an estimate"
)]
pub(super) fn noise(usual: u64, spread: u64, floor: u64) -> u64 {
    let deviations = (spread as f64 * 3.0 * TO_DEVIATION) as u64;
    deviations.max(usual / 10).max(floor)
}

/// Returns where the rate behind a count of failures lies.
///
/// *Source*: Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927.
#[must_use]
pub fn wilson(rate: FlakyRate) -> Interval {
    let count = f64::from(rate.attempts.max(1));
    let share = f64::from(rate.failures) / count;
    let square = Z * Z;
    let centre = share + square / (2.0 * count);
    let margin = Z * (share * (1.0 - share) / count + square / (4.0 * count * count)).sqrt();
    let scale = 1.0 + square / count;
    Interval {
        low: ((centre - margin) / scale).max(0.0),
        high: ((centre + margin) / scale).min(1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_does_not_care_for_outliers() {
        let table: [(&[u64], Option<u64>, u64); 5] = [
            (&[], None, 0),
            (&[4], Some(4), 0),
            (&[40, 10], Some(25), 15),
            (&[5, 1, 3], Some(3), 2),
            (&[10, 11, 10, 12, 900], Some(11), 1),
        ];
        for (values, middle, noise) in table {
            assert_eq!(median(values), middle);
            assert_eq!(spread(values, middle.unwrap_or_default()), noise);
        }
    }

    #[test]
    fn a_steady_suite_still_has_some_noise() {
        assert_eq!(noise(10, 0, 100), 100);
        assert_eq!(noise(5000, 0, 100), 500);
        assert_eq!(noise(5000, 1000, 100), 4447);
    }

    #[test]
    fn an_interval_is_that_of_the_paper() {
        let table = [
            (0, 10, 0.0, 0.2775),
            (1, 4, 0.0456, 0.6994),
            (5, 20, 0.1119, 0.4687),
            (10, 10, 0.7225, 1.0),
        ];
        for (failures, attempts, low, high) in table {
            let interval = wilson(FlakyRate { failures, attempts });
            let is_near = |a: f64, b: f64| (a - b).abs() < 0.000_1;
            assert!(
                is_near(interval.low, low),
                "{failures}/{attempts}: {interval:?}"
            );
            assert!(
                is_near(interval.high, high),
                "{failures}/{attempts}: {interval:?}"
            );
        }
    }
}
