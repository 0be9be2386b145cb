//! Whether memory has become so short that another suite would make it worse for all. Looks when it is asked to, and
//! decides nothing else.

use std::time::Duration;

use regatta_core::schedule::Pressure;
use regatta_core::time::Time;
use regatta_process::SystemMemory;

/// From so much of the last ten seconds on, spent waiting for memory, it is short; in hundredths of a percent.
const SHORT: u32 = 2_000;

/// Below this it is not any more.
const ENOUGH: u32 = 1_000;

/// The kernel counts anew every two seconds; this is soon enough to see that.
const EVERY: Duration = Duration::from_millis(500);

/// The latest word on it.
#[derive(Debug)]
pub struct Strain {
    memory: SystemMemory,
    pressure: Pressure,
    next: Time,
    since: Time,
    /// For how long it was short, up to the latest change.
    short_for: Duration,
}

impl Strain {
    /// Returns the word at the beginning of a run: that there is enough.
    #[must_use]
    pub fn new(memory: SystemMemory) -> Self {
        Self {
            memory,
            pressure: Pressure::Normal,
            next: Time::BEGIN,
            since: Time::BEGIN,
            short_for: Duration::ZERO,
        }
    }

    /// Returns when to look next.
    #[must_use]
    pub fn next(&self) -> Time {
        self.next
    }

    /// Looks, and returns the word if it is another one now.
    pub fn look(&mut self, now: Time) -> Option<Pressure> {
        self.next = now + EVERY;
        // Where nobody counts there is always enough.
        let waiting = self.memory.pressure().unwrap_or(0);
        let found = match self.pressure {
            Pressure::Normal if waiting >= SHORT => Pressure::High,
            Pressure::High if waiting < ENOUGH => Pressure::Normal,
            same => same,
        };
        if found == self.pressure {
            return None;
        }
        if self.pressure == Pressure::High {
            self.short_for += now - self.since;
        }
        self.pressure = found;
        self.since = now;
        Some(found)
    }

    /// Returns for how long it was short in a run that ends now.
    #[must_use]
    pub fn short_for(&self, end: Time) -> Duration {
        match self.pressure {
            Pressure::Normal => self.short_for,
            Pressure::High => self.short_for + (end - self.since),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn it_is_short_from_one_mark_until_another() {
        let machine = tempfile::tempdir().unwrap();
        fs::create_dir_all(machine.path().join("proc/pressure")).unwrap();
        let mut strain = Strain::new(SystemMemory::new(machine.path()));
        let mut told = Vec::new();
        let at = |second: u64| Time(Duration::from_secs(second));
        for (second, average) in [0, 19, 20, 50, 12, 10, 9, 15, 25].iter().enumerate() {
            let text = format!("some avg10={average}.00 avg60=0.00 avg300=0.00 total=1\n");
            fs::write(machine.path().join("proc/pressure/memory"), text).unwrap();
            told.push(strain.look(at(second as u64)));
        }
        let (high, normal) = (Some(Pressure::High), Some(Pressure::Normal));
        let expected = [None, None, high, None, None, None, normal, None, high];
        assert_eq!(told, expected);
        assert_eq!(strain.short_for(at(10)), Duration::from_secs(4 + 2));
        assert_eq!(strain.next(), at(8) + EVERY);
    }

    #[test]
    fn where_nobody_counts_there_is_enough() {
        let machine = tempfile::tempdir().unwrap();
        let mut strain = Strain::new(SystemMemory::new(machine.path()));
        assert_eq!(strain.look(Time::BEGIN), None);
    }
}
