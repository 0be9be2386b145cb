//! What a group knows of the memory its processes used. Reads only.

use std::fs;
use std::path::Path;

/// What the processes of a run did with memory, those that are gone included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The most they used together at one moment, the page cache they filled included. `None` before Linux 5.19.
    pub peak_bytes: Option<u64>,
    /// How many of them were killed because memory had run out, theirs or that of the whole machine.
    pub oom_kills: u64,
}

impl Memory {
    /// Reads what the group in this directory counts; `None` where memory is not counted for it.
    ///
    /// Source: `memory.events` and `memory.peak` in the kernel's `cgroup-v2.rst`.
    pub(super) fn read(directory: &Path) -> Option<Self> {
        let read = |name| fs::read_to_string(directory.join(name)).ok();
        Some(Self {
            oom_kills: find_count(&read("memory.events")?, "oom_kill")?,
            peak_bytes: read("memory.peak").and_then(|text| text.trim().parse().ok()),
        })
    }
}

/// Returns the number behind a word in lines of the form `word number`.
pub(crate) fn find_count(text: &str, word: &str) -> Option<u64> {
    let mut pairs = text.lines().filter_map(|line| line.split_once(' '));
    let (_, number) = pairs.find(|(it, _)| *it == word)?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: &str =
        "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 1\nsock_throttled 0\n";

    #[test]
    fn what_is_counted_is_read_and_what_is_not_is_no_zero() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name, text| fs::write(directory.path().join(name), text).unwrap();
        assert_eq!(Memory::read(directory.path()), None);
        write("memory.events", EVENTS);
        let mut expected = Memory {
            peak_bytes: None,
            oom_kills: 2,
        };
        assert_eq!(Memory::read(directory.path()), Some(expected));
        write("memory.peak", "104857600\n");
        expected.peak_bytes = Some(104_857_600);
        assert_eq!(Memory::read(directory.path()), Some(expected));
        write("memory.events", "low 0\n");
        assert_eq!(Memory::read(directory.path()), None);
    }
}
