//! Which deaths have to do with memory. The system counts whom it kills for memory and tells nobody who that was, so a
//! death is laid to it if it looks like one and the count has risen since the suite started, once for each that it rose.

use std::time::Instant;

use regatta_process::{Status, SystemMemory};

/// How a shell tells that SIGKILL has ended what it ran.
const KILLED_BELOW: i32 = 128 + SIGKILL;
const SIGKILL: i32 = 9;

/// Those who were killed for memory, as far as they are counted.
#[derive(Debug)]
pub struct Casualties {
    memory: SystemMemory,
    /// The count at the latest look, `None` where nobody counts.
    seen: Option<u64>,
    rises: Vec<Rise>,
}

/// A rise of the count that was noticed at a look.
#[derive(Debug)]
struct Rise {
    noticed: Instant,
    /// How many of these nobody was found for.
    open: u64,
}

impl Casualties {
    /// Takes the count from which on it matters.
    #[must_use]
    pub fn new(memory: SystemMemory) -> Self {
        Self {
            seen: memory.kills(),
            memory,
            rises: Vec::new(),
        }
    }

    /// Returns whether a command that started then, and that nobody here has ended, was killed for memory, or one of its
    /// processes whose end it told as its own.
    pub fn explain(&mut self, started: Instant, status: Status) -> bool {
        if status != Status::Signal(SIGKILL) && status != Status::Code(KILLED_BELOW) {
            return false;
        }
        self.look();
        let mut rises = self.rises.iter_mut();
        let rise = rises.find(|rise| rise.open > 0 && rise.noticed >= started);
        rise.is_some_and(|rise| {
            rise.open -= 1;
            true
        })
    }

    /// Returns how many were killed for whom nobody was found. They may have been anybody's.
    pub fn unexplained(&mut self) -> u64 {
        self.look();
        self.rises.iter().map(|rise| rise.open).sum()
    }

    fn look(&mut self) {
        let (Some(before), Some(now)) = (self.seen, self.memory.kills()) else {
            return;
        };
        self.seen = Some(now);
        if now > before {
            self.rises.push(Rise {
                noticed: Instant::now(),
                open: now - before,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn count(machine: &Path, kills: u64) {
        fs::create_dir_all(machine.join("proc")).unwrap();
        fs::write(machine.join("proc/vmstat"), format!("oom_kill {kills}\n")).unwrap();
    }

    const KILLED: Status = Status::Signal(9);

    #[test]
    fn each_kill_explains_one_death_that_looks_like_it() {
        let machine = tempfile::tempdir().unwrap();
        count(machine.path(), 5);
        let mut casualties = Casualties::new(SystemMemory::new(machine.path()));
        let early = Instant::now();
        assert!(!casualties.explain(early, KILLED), "nobody was counted yet");
        count(machine.path(), 7);
        for status in [Status::Code(0), Status::Code(1), Status::Signal(11)] {
            assert!(!casualties.explain(early, status), "{status:?}");
        }
        assert!(casualties.explain(early, Status::Code(137)));
        let late = Instant::now();
        assert!(!casualties.explain(late, KILLED), "it was not there then");
        assert!(casualties.explain(early, KILLED));
        assert!(!casualties.explain(early, KILLED), "both are explained");
        assert_eq!(casualties.unexplained(), 0);
        count(machine.path(), 8);
        assert_eq!(casualties.unexplained(), 1);
    }

    #[test]
    fn where_nobody_counts_nothing_is_explained() {
        let machine = tempfile::tempdir().unwrap();
        let mut casualties = Casualties::new(SystemMemory::new(machine.path()));
        count(machine.path(), 3);
        assert!(!casualties.explain(Instant::now(), KILLED));
        assert_eq!(casualties.unexplained(), 0);
    }
}
