//! A process group as a whole: who is in it, whether it is gone, how it is ended. A group bears
//! the pid of the command that leads it.

use std::fs;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use crate::Leftover;

/// Sends a signal to every process of the group.
pub(crate) fn signal(group: Pid, signal: Signal) {
    // It fails when nobody is left, or nobody who may be signalled: there is nothing to do then.
    let _ = kill_process_group(group, signal);
}

/// Returns whether a process of the group still runs. Takes microseconds once the group is gone.
pub(crate) fn is_alive(group: Pid) -> bool {
    // The quick question counts zombies as well, and a container's first process may never reap.
    test_kill_process_group(group).is_ok() && !members(group).is_empty()
}

/// Returns the processes of the group that still run, without its leader.
///
/// Shape: sorted by pid. Takes about a millisecond for a few hundred processes on the machine.
///
/// Source: `proc_pid_stat(5)`.
pub(crate) fn members(group: Pid) -> Vec<Leftover> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let mut members: Vec<Leftover> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| *pid != group.as_raw_pid())
        .filter_map(|pid| {
            // A process that is gone by now has no file.
            let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
            let (name, member_of) = parse_stat(&String::from_utf8_lossy(&stat))?;
            (member_of == group.as_raw_pid()).then_some(Leftover { pid, name })
        })
        .collect();
    members.sort_by_key(|member| member.pid);
    members
}

/// Returns the name and the group of a process, or `None` if it is dead.
fn parse_stat(stat: &str) -> Option<(String, i32)> {
    // The name may hold blanks and parentheses of its own; after the last one come only numbers.
    let (before, after) = stat.rsplit_once(')')?;
    let (_, name) = before.split_once('(')?;
    let mut fields = after.split_ascii_whitespace();
    let state = fields.next()?;
    let _parent = fields.next()?;
    let group = fields.next()?.parse().ok()?;
    (!matches!(state, "Z" | "X")).then(|| (name.to_owned(), group))
}

#[cfg(test)]
mod tests {
    use super::parse_stat;

    #[test]
    fn stat_lines() {
        for (line, expected) in [
            ("12 (sleep) S 1 10 10 0 -1", Some(("sleep", 10))),
            ("12 (a) b (c) R 1 11 10 0 -1", Some(("a) b (c", 11))),
            ("12 (sleep) Z 1 10 10 0 -1", None),
            ("12 (sleep) X 1 10 10 0 -1", None),
            ("", None),
        ] {
            let expected = expected.map(|(name, group)| (name.to_owned(), group));
            assert_eq!(parse_stat(line), expected, "{line}");
        }
    }
}
