//! Waiting for what another process does, without guessing how long it takes.

use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take before it counts as never happening. No test passes by waiting this long.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Waits until `holds` does.
///
/// # Panics
/// It never does.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "never happened: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
