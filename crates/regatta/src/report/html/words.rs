//! Amounts as people read them.

use std::time::Duration;

/// Returns a duration with as many digits as one can take in: `0.45 s`, `12.3 s`, `2m 05s`, `1h 02m`.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    let whole = duration.as_secs();
    match seconds {
        0.0 => "0 s".into(),
        ..0.001 => "< 1 ms".into(),
        ..0.0995 => format!("{:.0} ms", seconds * 1e3),
        ..9.995 => format!("{seconds:.2} s"),
        ..99.95 => format!("{seconds:.1} s"),
        ..3600.0 => format!("{}m {:02}s", whole / 60, whole % 60),
        _ => format!("{}h {:02}m", whole / 3600, whole / 60 % 60),
    }
}

/// Returns a share as a percentage without digits behind the point.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Returns seconds as a number of few digits.
#[expect(
    clippy::cast_precision_loss,
    reason = "2^53 microseconds are 285 years"
)]
pub(super) fn seconds(duration: Duration) -> f64 {
    // A hundredth of a millisecond cannot be seen on any chart.
    (duration.as_micros() / 10) as f64 / 1e5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_three_digits_or_so() {
        for (micros, expected) in [
            (0, "0 s"),
            (400, "< 1 ms"),
            (45_400, "45 ms"),
            (450_000, "0.45 s"),
            (9_999_000, "10.0 s"),
            (45_231_000, "45.2 s"),
            (125_000_000, "2m 05s"),
            (3_725_000_000, "1h 02m"),
        ] {
            assert_eq!(duration(Duration::from_micros(micros)), expected);
        }
    }
}
