//! What the looks at one command add up to: its peaks, and its course in a bounded number of samples.
//!
//! Two processes may share memory, a server and its forks for instance, and the sum of their resident sizes counts it for
//! each. The kernel also tells sizes in which everybody counts with its part, but goes over all pages for that. So it is
//! asked only when the sum stands higher than ever, and what it said then scales the looks until the next time.

use std::time::{Duration, Instant};

use super::look::Tree;
use super::pace::first_look;
use crate::process::{page_bytes, ticks_per_second};

/// How many samples are kept of one command.
const MOST_SAMPLES: usize = 64;

/// Below this it does not matter what is shared: every program shares a few MiB of libraries.
const SHARING_MATTERS: u64 = 64 << 20;

/// What a command used up to one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The moment, since the command's start, pauses left out.
    pub at: Duration,
    /// CPU time of all its processes up to then.
    pub cpu: Duration,
    /// What they held together then, in bytes.
    pub memory_bytes: u64,
}

/// What was seen of a command while it ran.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sampled {
    /// The most memory that its processes were seen to hold together, in bytes; what they share counts once.
    pub peak_bytes: u64,
    /// The most processes that were seen at one moment.
    pub processes: usize,
    /// The course, in order, 64 entries at most. Of a longer one each entry stands for several looks: with the time and
    /// the CPU time of the last and the most memory of them.
    pub samples: Vec<Sample>,
}

/// What is known of a command that runs.
pub(crate) struct Meter {
    started: Instant,
    /// When it is to be looked at next.
    pub(super) due: Instant,
    sampled: Sampled,
    /// How many looks one sample stands for, and how many the last one does.
    stride: u32,
    in_last: u32,
    /// The highest sum of resident sizes at which the kernel was asked what is shared, and what it said.
    height: u64,
    proportional: u64,
}

impl Meter {
    pub(crate) fn new(started: Instant) -> Self {
        Self {
            started,
            due: first_look(started),
            sampled: Sampled::default(),
            stride: 1,
            in_last: 0,
            height: 0,
            proportional: 0,
        }
    }

    /// Takes what one look saw. `gone` is the CPU time of processes that belonged to the command and that it did not
    /// wait for itself.
    pub(crate) fn note(&mut self, now: Instant, tree: &Tree, gone: Duration) {
        let processes = tree.count();
        if processes == 0 {
            return;
        }
        let memory_bytes = self.memory(tree);
        self.sampled.peak_bytes = self.sampled.peak_bytes.max(memory_bytes);
        self.sampled.processes = self.sampled.processes.max(processes);
        self.add(Sample {
            at: now.saturating_duration_since(self.started),
            cpu: tree.cpu(ticks_per_second()) + gone,
            memory_bytes,
        });
    }

    /// Says for how long nothing went on.
    pub(crate) fn skip(&mut self, pause: Duration) {
        self.started += pause;
        self.due += pause;
    }

    pub(crate) fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.started)
    }

    /// Returns what was seen, `None` if the command was never looked at.
    pub(crate) fn finish(self) -> Option<Sampled> {
        (self.sampled.processes > 0).then_some(self.sampled)
    }

    fn memory(&mut self, tree: &Tree) -> u64 {
        let page_bytes = page_bytes();
        let resident = tree.resident_bytes(page_bytes);
        // No more than this can be counted twice.
        let beside_the_largest = resident.saturating_sub(tree.largest_bytes(page_bytes));
        if beside_the_largest < SHARING_MATTERS {
            return resident;
        }
        if resident > self.height + self.height / 4 {
            self.height = resident;
            self.proportional = tree.proportional_bytes(page_bytes).min(resident);
            return self.proportional;
        }
        let scaled = u128::from(resident) * u128::from(self.proportional) / u128::from(self.height);
        u64::try_from(scaled).unwrap_or(u64::MAX)
    }

    fn add(&mut self, sample: Sample) {
        let samples = &mut self.sampled.samples;
        if let Some(last) = samples.last_mut()
            && self.in_last < self.stride
        {
            *last = merged(last, &sample);
            self.in_last += 1;
            return;
        }
        if samples.len() == MOST_SAMPLES {
            let pairs = samples.chunks(2);
            *samples = pairs.map(|pair| merged(&pair[0], &pair[1])).collect();
            self.stride *= 2;
        }
        samples.push(sample);
        self.in_last = 1;
    }
}

fn merged(one: &Sample, next: &Sample) -> Sample {
    Sample {
        memory_bytes: one.memory_bytes.max(next.memory_bytes),
        // A process that nobody waited for takes its time with it.
        cpu: one.cpu.max(next.cpu),
        at: next.at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(second: u64) -> Sample {
        Sample {
            at: Duration::from_secs(second),
            cpu: Duration::from_millis(second),
            // High once, in the middle.
            memory_bytes: if second == 500 { 9 } else { 1 },
        }
    }

    #[test]
    fn the_course_of_a_long_command_is_thinned_and_keeps_its_height() {
        for looks in [1, 2, 63, 64, 65, 100, 129, 1_000, 100_000] {
            let mut meter = Meter::new(Instant::now());
            for second in 1..=looks {
                meter.add(sample(second));
            }
            let samples = meter.sampled.samples;
            assert!(samples.len() <= MOST_SAMPLES, "{looks}");
            assert!(samples.len() as u64 >= looks.min(32), "{looks}");
            assert!(samples.is_sorted_by_key(|it| it.at), "{looks}");
            let last = samples.last().unwrap();
            assert_eq!((last.at, last.cpu), (sample(looks).at, sample(looks).cpu));
            let peak = samples.iter().map(|it| it.memory_bytes).max();
            assert_eq!(peak, Some(if looks >= 500 { 9 } else { 1 }), "{looks}");
            let gaps = samples
                .windows(2)
                .map(|it| it[1].at.saturating_sub(it[0].at));
            let longest = gaps.max().unwrap_or_default();
            assert!(longest.as_secs() <= looks / 16 + 1, "{looks}: {longest:?}");
        }
    }

    #[test]
    fn a_command_that_was_never_looked_at_has_nothing_to_tell() {
        assert_eq!(Meter::new(Instant::now()).finish(), None);
    }
}
