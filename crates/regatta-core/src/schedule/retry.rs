//! The pause before a retry.

use std::time::Duration;

use crate::id::AttemptId;
use crate::terms::{Backoff, Retries};

/// Returns how long to wait before `next`, which is never a first attempt.
///
/// With jitter the pause lies between half of it and all of it, at a place that `seed` and the attempt
/// decide: the same seed gives the same pauses.
pub(super) fn pause_before(next: AttemptId, retries: &Retries, seed: u64) -> Duration {
    let doublings = match retries.backoff {
        Backoff::Fixed => 0,
        Backoff::Exponential => next.number.saturating_sub(2),
    };
    let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
    let grown = retries.delay.saturating_mul(factor);
    let pause = grown.min(retries.max_delay.unwrap_or(Duration::MAX));
    if !retries.jitter {
        return pause;
    }
    let draw = mix(seed ^ (u64::from(next.task.0) << 32) ^ u64::from(next.number));
    #[expect(clippy::cast_precision_loss, reason = "53 bits of chance are plenty")]
    let fraction = (draw >> 11) as f64 / (1_u64 << 53) as f64;
    pause.mul_f64(0.5 + fraction / 2.0)
}

/// Scrambles a number: the finalizer of `SplitMix64` (Steele, Lea, Flood, 2014).
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::TaskId;

    fn pauses(retries: &Retries) -> Vec<u128> {
        (2..=5)
            .map(|number| AttemptId {
                task: TaskId(3),
                number,
            })
            .map(|next| pause_before(next, retries, 42).as_millis())
            .collect()
    }

    fn retries(backoff: Backoff) -> Retries {
        Retries {
            delay: Duration::from_secs(1),
            backoff,
            ..Retries::immediate(4)
        }
    }

    #[test]
    fn a_fixed_pause_stays_and_an_exponential_one_doubles() {
        assert_eq!(pauses(&retries(Backoff::Fixed)), [1000; 4]);
        assert_eq!(
            pauses(&retries(Backoff::Exponential)),
            [1000, 2000, 4000, 8000]
        );
    }

    #[test]
    fn a_pause_stops_growing_at_its_bound() {
        let bounded = Retries {
            max_delay: Some(Duration::from_secs(3)),
            ..retries(Backoff::Exponential)
        };
        assert_eq!(pauses(&bounded), [1000, 2000, 3000, 3000]);
    }

    #[test]
    fn jitter_stays_in_the_upper_half_and_repeats_for_the_same_seed() {
        let jittered = Retries {
            jitter: true,
            ..retries(Backoff::Fixed)
        };
        let drawn = pauses(&jittered);
        assert!(
            drawn.iter().all(|ms| (500..=1000).contains(ms)),
            "{drawn:?}"
        );
        assert!(drawn.iter().any(|ms| *ms != drawn[0]), "{drawn:?}");
        assert_eq!(drawn, pauses(&jittered));
    }

    #[test]
    fn a_very_late_retry_does_not_overflow() {
        let next = AttemptId {
            task: TaskId(0),
            number: u32::MAX,
        };
        let pause = pause_before(next, &retries(Backoff::Exponential), 0);
        assert!(pause > Duration::from_secs(1_000_000));
    }
}
