//! The children of this process, those it adopted included. Reaps none.

use std::fs::File;
use std::os::unix::fs::FileExt;

use rustix::process::getpid;

use crate::process;

/// What the kernel hands out if it has more: all of a page but for less than a pid.
const FULL_PAGE_BYTES: usize = 4096 - 16;

/// A list of children that is cheap to ask for again and again.
///
/// It has what the main thread started and everyone who was adopted: the kernel gives orphans to
/// the main thread.
pub(crate) struct Children {
    /// `None` where the kernel keeps no such file.
    file: Option<File>,
    own_pid: i32,
    text: Vec<u8>,
}

impl Children {
    pub(crate) fn new() -> Self {
        let own_pid = getpid().as_raw_pid();
        Self {
            file: File::open(format!("/proc/{own_pid}/task/{own_pid}/children")).ok(),
            own_pid,
            text: vec![0; 4096],
        }
    }

    /// Returns the children, in the order in which they became ours. The dead are among them until
    /// they are reaped, so that no one is missed: what a dying process abandons is here before the
    /// process itself counts as dead.
    ///
    /// Source: `proc_pid_task_children(5)`.
    pub(crate) fn list(&mut self) -> Vec<i32> {
        let Some(file) = &self.file else {
            let everyone = process::all().into_iter();
            let own = everyone.filter(|process| process.parent == self.own_pid);
            return own.map(|process| process.pid).collect();
        };
        let mut length = 0;
        // The kernel hands out a page at most at a time, and fills it if it can.
        while let Ok(count @ 1..) = file.read_at(&mut self.text[length..], length as u64) {
            length += count;
            if count < FULL_PAGE_BYTES {
                break;
            }
            if length == self.text.len() {
                self.text.resize(2 * length, 0);
            }
        }
        process::parse_pids(&String::from_utf8_lossy(&self.text[..length]))
    }
}
