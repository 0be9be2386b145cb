//! What `/proc` knows of a process: its kin, its marks, what it holds. A process that is gone has
//! no answers. Knows no command, and changes nothing.

use std::fs;

use crate::Leftover;

/// A process as it was at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    /// The short name the kernel keeps, at most 15 bytes.
    pub(crate) name: String,
    /// One letter.
    pub(crate) state: char,
    /// Whether it only waits to be reaped.
    pub(crate) is_dead: bool,
    pub(crate) parent: i32,
    pub(crate) group: i32,
    pub(crate) session: i32,
    /// User and system time, in ticks.
    pub(crate) ticks: u64,
    /// The same of children it has waited for, and theirs.
    pub(crate) waited_ticks: u64,
    pub(crate) threads: u64,
    /// When it started, in ticks since the boot. With the pid it names a process for good.
    pub(crate) start: u64,
    /// How many pages of memory it holds, those it shares with others included.
    pub(crate) resident_pages: u64,
}

impl Process {
    /// Source: `proc_pid_stat(5)`.
    pub(crate) fn read(pid: i32) -> Option<Self> {
        let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
        parse_stat(&String::from_utf8_lossy(&stat))
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (self.pid, self.start) == (other.pid, other.start)
    }

    pub(crate) fn to_leftover(&self) -> Leftover {
        Leftover {
            pid: self.pid,
            name: self.name.clone(),
        }
    }
}

/// Returns how many of the kernel's ticks a second has.
pub(crate) fn ticks_per_second() -> u64 {
    // SAFETY: it takes a number and returns one.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    // It has been a hundred for as long as Linux tells it to programs.
    u64::try_from(ticks)
        .ok()
        .filter(|it| *it > 0)
        .unwrap_or(100)
}

/// Returns how many bytes a page of memory has.
pub(crate) fn page_bytes() -> u64 {
    // SAFETY: it takes a number and returns one.
    let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    u64::try_from(bytes)
        .ok()
        .filter(|it| *it > 0)
        .unwrap_or(4096)
}

/// Returns the group and the session of this process; 0 for one that began outside of its PID namespace.
pub(crate) fn own_circles() -> [i32; 2] {
    // SAFETY: they change nothing and take no pointer. Not those of rustix, which have no word for 0.
    unsafe { [libc::getpgrp(), libc::getsid(0)] }
}

/// Returns all processes that can be seen. Takes about a millisecond for a few hundred.
pub(crate) fn all() -> Vec<Process> {
    numbers_in("/proc")
        .into_iter()
        .filter_map(Process::read)
        .collect()
}

/// Returns the children of a process, their children, and so on.
pub(crate) fn descendants(pid: i32) -> Vec<i32> {
    let mut found = Vec::new();
    let mut next = vec![pid];
    while let Some(parent) = next.pop() {
        for thread in numbers_in(&format!("/proc/{parent}/task")) {
            let children = fs::read_to_string(format!("/proc/{parent}/task/{thread}/children"));
            let children = parse_pids(&children.unwrap_or_default());
            found.extend(&children);
            next.extend(children);
        }
    }
    found
}

/// Returns the children of a process that has this many threads. Of a process with one this is a single read.
pub(crate) fn children(pid: i32, threads: u64) -> Vec<i32> {
    let read = |thread: i32| {
        let children = fs::read(format!("/proc/{pid}/task/{thread}/children")).unwrap_or_default();
        parse_pids(&String::from_utf8_lossy(&children))
    };
    if threads <= 1 {
        return read(pid);
    }
    let threads = numbers_in(&format!("/proc/{pid}/task")).into_iter();
    threads.flat_map(read).collect()
}

/// Returns the memory of a process in bytes, of what it shares with others only its part. `None` where the kernel does
/// not tell, or not us. Takes the longer the more memory there is: some ten microseconds a MiB of small pages.
///
/// Source: `proc_pid_smaps(5)`.
pub(crate) fn proportional_bytes(pid: i32) -> Option<u64> {
    let text = fs::read(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Returns the pids in a text that the kernel wrote, with blanks or line ends between them.
pub(crate) fn parse_pids(text: &str) -> Vec<i32> {
    text.split_ascii_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .collect()
}

/// Returns the environment that the process started with, entry after entry, each ending in NUL.
/// It is empty for a dead process, for one that just executes a program, and for one of another
/// user.
pub(crate) fn environment(pid: i32) -> Vec<u8> {
    fs::read(format!("/proc/{pid}/environ")).unwrap_or_default()
}

/// Returns whether one of the entries is this one.
pub(crate) fn has_entry(environment: &[u8], entry: &[u8]) -> bool {
    environment.split(|byte| *byte == 0).any(|it| it == entry)
}

/// Returns whether the process holds the pipe with this inode open.
pub(crate) fn holds_pipe(pid: i32, inode: u64) -> bool {
    let pipe = format!("pipe:[{inode}]");
    let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    descriptors
        .flatten()
        .any(|it| fs::read_link(it.path()).is_ok_and(|target| target.as_os_str() == pipe.as_str()))
}

/// Returns the entries of a directory whose names are numbers.
fn numbers_in(directory: &str) -> Vec<i32> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

fn parse_stat(stat: &str) -> Option<Process> {
    // The name may hold blanks and parentheses of its own; after the last one come only numbers.
    let (before, after) = stat.rsplit_once(')')?;
    let (pid, name) = before.split_once(" (")?;
    // From the state, which is the third field, on.
    let fields: Vec<&str> = after.split_ascii_whitespace().collect();
    Some(Process {
        pid: pid.parse().ok()?,
        name: name.to_owned(),
        state: fields.first()?.chars().next()?,
        is_dead: matches!(*fields.first()?, "Z" | "X"),
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        session: fields.get(3)?.parse().ok()?,
        ticks: number(&fields, 11)? + number(&fields, 12)?,
        waited_ticks: number(&fields, 13)? + number(&fields, 14)?,
        threads: number(&fields, 17)?,
        start: fields.get(19)?.parse().ok()?,
        resident_pages: number(&fields, 21)?,
    })
}

fn number(fields: &[&str], index: usize) -> Option<u64> {
    fields.get(index)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Process, has_entry, parse_stat};

    #[test]
    fn stat_lines() {
        let rest = "1 10 11 0 -1 4 0 0 0 0 1 2 3 4 20 0 6 0 777 8 9";
        for (line, expected) in [
            (format!("12 (sleep) S {rest}"), Some(("sleep", false))),
            (format!("12 (a) b (c) R {rest}"), Some(("a) b (c", false))),
            (format!("12 (sleep) Z {rest}"), Some(("sleep", true))),
            (format!("12 (sleep) X {rest}"), Some(("sleep", true))),
            ("12 (sleep) S 1".to_owned(), None),
            (String::new(), None),
        ] {
            let expected = expected.map(|(name, is_dead)| Process {
                pid: 12,
                name: name.to_owned(),
                state: line.as_bytes()[line.len() - rest.len() - 2].into(),
                is_dead,
                parent: 1,
                group: 10,
                session: 11,
                ticks: 3,
                waited_ticks: 7,
                threads: 6,
                start: 777,
                resident_pages: 9,
            });
            assert_eq!(parse_stat(&line), expected, "{line}");
        }
    }

    #[test]
    fn entries_match_as_a_whole() {
        let environment = b"A=1\0MARK=run/2\0";
        assert!(has_entry(environment, b"MARK=run/2"));
        for other in ["MARK=run/", "MARK=run/22", "ARK=run/2", "A"] {
            assert!(!has_entry(environment, other.as_bytes()), "{other}");
        }
    }
}
