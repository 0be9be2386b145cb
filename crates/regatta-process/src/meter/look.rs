//! One look at the processes of one command. Knows nothing of earlier looks.

use std::time::Duration;

use crate::process::{self, Process};

/// The processes of a command at one moment, or nearly so: nobody stops them for a look.
pub(crate) struct Tree {
    processes: Vec<Process>,
}

impl Tree {
    /// Looks at these processes and everyone below them. Takes about ten microseconds a process, and as much for each
    /// thread of one that has several.
    pub(crate) fn walk(roots: Vec<i32>) -> Self {
        let mut processes = Vec::new();
        let mut next = roots;
        while let Some(pid) = next.pop() {
            if let Some(process) = Process::read(pid) {
                // One that is dead has nobody below it any more.
                if !process.is_dead {
                    next.extend(process::children(pid, process.threads));
                }
                processes.push(process);
            }
        }
        Self { processes }
    }

    /// Returns how many are alive.
    pub(crate) fn count(&self) -> usize {
        self.alive().count()
    }

    /// Returns the CPU time of all of them and of those they have waited for.
    pub(crate) fn cpu(&self, ticks_per_second: u64) -> Duration {
        let ticks = self.processes.iter().map(|it| it.ticks + it.waited_ticks);
        let milliseconds = ticks.sum::<u64>().saturating_mul(1000) / ticks_per_second;
        Duration::from_millis(milliseconds)
    }

    /// Returns what they hold, in bytes; what two of them share counts twice.
    pub(crate) fn resident_bytes(&self, page_bytes: u64) -> u64 {
        let pages = self.alive().map(|it| it.resident_pages);
        pages.sum::<u64>().saturating_mul(page_bytes)
    }

    /// Returns what the largest of them holds, in bytes.
    pub(crate) fn largest_bytes(&self, page_bytes: u64) -> u64 {
        let pages = self.alive().map(|it| it.resident_pages).max();
        pages.unwrap_or(0).saturating_mul(page_bytes)
    }

    /// Returns what they hold, in bytes; what is shared counts once. Of a process that shows its memory to nobody, what
    /// it shares counts as its own.
    pub(crate) fn proportional_bytes(&self, page_bytes: u64) -> u64 {
        let bytes = self.alive().map(|it| {
            let own = process::proportional_bytes(it.pid);
            own.unwrap_or(it.resident_pages.saturating_mul(page_bytes))
        });
        bytes.sum()
    }

    fn alive(&self) -> impl Iterator<Item = &Process> {
        self.processes.iter().filter(|it| !it.is_dead)
    }
}
