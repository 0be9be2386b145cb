//! Times as test frameworks tell them.

use std::time::Duration;

/// The longest time that is believed: a year.
const LONGEST: f64 = 31_536_000.0;

/// Returns so many seconds in whole microseconds; `None` for what can be no time of a test. More digits would be noise.
pub(super) fn duration(seconds: f64) -> Option<Duration> {
    if !(0.0..=LONGEST).contains(&seconds) {
        return None;
    }
    let micros = Duration::from_secs_f64(seconds).as_micros();
    u64::try_from(micros).ok().map(Duration::from_micros)
}
