//! The clock of a run. It stands still while the run is paused.

use std::time::{Duration, Instant};

use regatta_core::time::Time;

/// Time since the beginning of a run, pauses left out.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    begin: Instant,
    /// All pauses that are over.
    paused: Duration,
    paused_since: Option<Instant>,
}

impl Clock {
    /// Returns a clock that goes since `begin`.
    #[must_use]
    pub fn new(begin: Instant) -> Self {
        Self {
            begin,
            paused: Duration::ZERO,
            paused_since: None,
        }
    }

    /// Returns the time, in whole microseconds as the journal keeps them: a report that is read from there has the
    /// same figures.
    #[must_use]
    pub fn now(&self) -> Time {
        let at = self.paused_since.unwrap_or_else(Instant::now);
        let since = at.saturating_duration_since(self.begin);
        let elapsed = since.saturating_sub(self.paused);
        Time(Duration::new(
            elapsed.as_secs(),
            elapsed.subsec_micros() * 1000,
        ))
    }

    /// Stops the clock, if it goes.
    pub fn pause(&mut self) {
        self.paused_since.get_or_insert_with(Instant::now);
    }

    /// Lets the clock go on, if it was stopped.
    pub fn resume(&mut self) {
        if let Some(since) = self.paused_since.take() {
            self.paused += since.elapsed();
        }
    }

    /// Returns whether the clock stands still.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.paused_since.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_does_not_count() {
        let begin = Instant::now().checked_sub(Duration::from_secs(5)).unwrap();
        let mut clock = Clock::new(begin);
        clock.resume();
        assert!(clock.now() >= Time(Duration::from_secs(5)));
        clock.pause();
        let stopped = clock.now();
        std::thread::sleep(Duration::from_millis(20));
        clock.pause();
        assert_eq!(clock.now(), stopped);
        assert!(clock.is_paused());
        clock.resume();
        assert!(clock.now() >= stopped);
        assert!(clock.now().0 + Duration::from_millis(20) <= begin.elapsed());
    }
}
