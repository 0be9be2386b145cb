//! The children of this process: who they are and which of them have exited. Reaps none.

use std::fs::File;
use std::mem::MaybeUninit;
use std::os::unix::fs::FileExt;

use crate::process;

/// A list of children that is cheap to ask for again and again.
pub(super) struct Children {
    /// `None` where the kernel keeps no such file.
    file: Option<File>,
    own_pid: i32,
    text: Vec<u8>,
}

impl Children {
    /// Of the calling thread, which must be the only one of its process.
    pub(super) fn new(own_pid: i32) -> Self {
        Self {
            file: File::open("/proc/thread-self/children").ok(),
            own_pid,
            text: vec![0; 4096],
        }
    }

    /// Returns the children, in the order in which they became ours. The dead are among them until
    /// they are reaped, so that no one is missed: what a dying process abandons is here before the
    /// process itself counts as dead.
    ///
    /// Source: `proc_pid_task_children(5)`.
    pub(super) fn list(&mut self) -> Vec<i32> {
        let Some(file) = &self.file else {
            let everyone = process::all().into_iter();
            let own = everyone.filter(|process| process.parent == self.own_pid);
            return own.map(|process| process.pid).collect();
        };
        let mut length = 0;
        // The kernel hands out a page at most at a time.
        while let Ok(count @ 1..) = file.read_at(&mut self.text[length..], length as u64) {
            length += count;
            if length == self.text.len() {
                self.text.resize(2 * length, 0);
            }
        }
        process::parse_children(&String::from_utf8_lossy(&self.text[..length]))
    }
}

/// Returns a child that has exited, or `None` if there is none. The same one again until it is
/// reaped.
pub(super) fn find_exited() -> Option<i32> {
    wait_for(libc::P_ALL, 0)
}

/// Returns whether this child has exited and can be reaped.
pub(super) fn has_exited(pid: i32) -> bool {
    wait_for(libc::P_PID, pid.cast_unsigned()).is_some()
}

/// Source: `waitid(2)`.
fn wait_for(kind: libc::idtype_t, id: libc::id_t) -> Option<i32> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: the pointer is valid for the call.
    if unsafe { libc::waitid(kind, id, info.as_mut_ptr(), options) } != 0 {
        return None;
    }
    // SAFETY: all zeros is valid, and stays where no child has exited. Of an exit it has the pid.
    let pid = unsafe { info.assume_init().si_pid() };
    (pid != 0).then_some(pid)
}
