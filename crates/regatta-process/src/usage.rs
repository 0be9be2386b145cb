//! Reaps a process and says how it ended and what it consumed.

use std::mem::MaybeUninit;
use std::time::Duration;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It exited by itself with this code, 0 to 255.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
    /// Nobody knows: the guardian died before the command did, and the command was ended then.
    Lost,
}

/// What a process and those of its children that it waited for consumed.
///
/// Source: `getrusage(2)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// CPU time in user mode.
    pub user: Duration,
    /// CPU time in the kernel.
    pub system: Duration,
    /// The peak resident size of the largest single process. It is never below what the guardian
    /// held at the spawn, because the kernel counts the memory a child shares until it executes.
    pub max_rss_bytes: u64,
}

/// An exit in the kernel's terms, small enough to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exit {
    /// The status as `wait4(2)` gives it.
    pub(crate) raw_status: i32,
    /// CPU time in user mode, in microseconds.
    pub(crate) user_us: u64,
    /// CPU time in the kernel, in microseconds.
    pub(crate) system_us: u64,
    /// The peak resident size.
    pub(crate) max_rss_bytes: u64,
}

impl Exit {
    pub(crate) fn status(self) -> Status {
        if libc::WIFSIGNALED(self.raw_status) {
            Status::Signal(libc::WTERMSIG(self.raw_status))
        } else {
            Status::Code(libc::WEXITSTATUS(self.raw_status))
        }
    }

    pub(crate) fn usage(self) -> Usage {
        Usage {
            user: Duration::from_micros(self.user_us),
            system: Duration::from_micros(self.system_us),
            max_rss_bytes: self.max_rss_bytes,
        }
    }
}

/// Reaps a child if it has exited. Its pid, and its group id unless members are left, are free for
/// reuse afterwards.
///
/// Source: `wait4(2)`.
pub(crate) fn reap(child: i32) -> Option<Exit> {
    let mut raw_status = 0;
    let mut raw_usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are valid for the call.
    let reaped = unsafe {
        libc::wait4(
            child,
            &raw mut raw_status,
            libc::WNOHANG,
            raw_usage.as_mut_ptr(),
        )
    };
    if reaped != child {
        return None;
    }
    // SAFETY: wait4 succeeded and filled it in; all zeros is valid as well.
    let raw_usage = unsafe { raw_usage.assume_init() };
    Some(Exit {
        raw_status,
        user_us: microseconds(raw_usage.ru_utime),
        system_us: microseconds(raw_usage.ru_stime),
        max_rss_bytes: u64::try_from(raw_usage.ru_maxrss).unwrap_or(0) * 1024,
    })
}

fn microseconds(time: libc::timeval) -> u64 {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let microseconds = u64::try_from(time.tv_usec).unwrap_or(0);
    seconds * 1_000_000 + microseconds
}
