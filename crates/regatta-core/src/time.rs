//! Time inside a run: what has passed since it began. Nothing here reads a clock.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment of a run, as the monotonic time since `Begin`.
///
/// Serialized as seconds with six decimals at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(#[serde(with = "seconds")] pub Duration);

impl Time {
    /// The moment the run begins.
    pub const BEGIN: Self = Self(Duration::ZERO);

    /// Returns how long ago `earlier` was; zero when it is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

impl Sub for Time {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0.as_secs_f64())
    }
}

/// Durations as a number of seconds, rounded to microseconds, so that a journal reads back as it was.
pub mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Writes whole microseconds as seconds.
    ///
    /// # Errors
    /// Those of the serializer.
    #[expect(
        clippy::cast_precision_loss,
        reason = "2^53 microseconds are 285 years"
    )]
    pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(duration.as_micros() as f64 / 1e6)
    }

    /// Reads seconds, to the nearest microsecond.
    ///
    /// # Errors
    /// A negative, infinite or too large number.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        let exact = Duration::try_from_secs_f64(seconds).map_err(D::Error::custom)?;
        let micros = u64::try_from((exact + Duration::from_nanos(500)).as_micros())
            .map_err(D::Error::custom)?;
        Ok(Duration::from_micros(micros))
    }

    /// The same for a duration that may be unknown.
    pub mod optional {
        use std::time::Duration;

        use serde::{Deserialize, Deserializer, Serializer};

        /// Writes whole microseconds as seconds, or nothing.
        ///
        /// # Errors
        /// Those of the serializer.
        pub fn serialize<S: Serializer>(
            duration: &Option<Duration>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            match duration {
                Some(duration) => super::serialize(duration, serializer),
                None => serializer.serialize_none(),
            }
        }

        /// Reads seconds, to the nearest microsecond, or nothing.
        ///
        /// # Errors
        /// A negative, infinite or too large number.
        pub fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<Duration>, D::Error> {
            #[derive(Deserialize)]
            struct Known(#[serde(with = "super")] Duration);
            let known = Option::<Known>::deserialize(deserializer)?;
            Ok(known.map(|Known(duration)| duration))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_back_as_it_was_written() {
        for micros in [0, 1, 999_999, 1_000_001, 123_456_789_012, 86_400_000_000] {
            let time = Time(Duration::from_micros(micros));
            let text = serde_json::to_string(&time).unwrap();
            assert_eq!(serde_json::from_str::<Time>(&text).unwrap(), time, "{text}");
        }
    }

    #[test]
    fn a_negative_time_is_refused() {
        assert!(serde_json::from_str::<Time>("-1.0").is_err());
    }

    #[test]
    fn time_never_runs_backwards_into_a_panic() {
        let early = Time::BEGIN;
        let late = early + Duration::from_secs(1);
        assert_eq!(early - late, Duration::ZERO);
        assert_eq!(late - early, Duration::from_secs(1));
    }
}
