//! Reaps a process and says how it ended and what it consumed.

use std::io;
use std::mem::MaybeUninit;
use std::time::Duration;

use rustix::process::{Pid, WaitOptions, waitpid};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It exited by itself with this code, 0 to 255.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
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
    /// The peak resident size of the largest single process. It is never below what this process
    /// held at the spawn, because the kernel counts the memory a child shares until it executes.
    pub max_rss_bytes: u64,
}

/// Reaps a child that has exited. Its pid, and its group id unless members are left, are free for
/// reuse afterwards.
///
/// Source: `wait4(2)`.
pub(crate) fn reap(child: Pid) -> io::Result<(Status, Usage)> {
    let mut raw_status = 0;
    let mut raw_usage = MaybeUninit::<libc::rusage>::zeroed();
    loop {
        // SAFETY: both pointers are valid for the call.
        let reaped = unsafe {
            libc::wait4(
                child.as_raw_pid(),
                &raw mut raw_status,
                0,
                raw_usage.as_mut_ptr(),
            )
        };
        if reaped == child.as_raw_pid() {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    // SAFETY: wait4 succeeded and filled it in; all zeros is valid as well.
    let raw_usage = unsafe { raw_usage.assume_init() };
    let status = if libc::WIFSIGNALED(raw_status) {
        Status::Signal(libc::WTERMSIG(raw_status))
    } else {
        Status::Code(libc::WEXITSTATUS(raw_status))
    };
    let usage = Usage {
        user: duration(raw_usage.ru_utime),
        system: duration(raw_usage.ru_stime),
        max_rss_bytes: u64::try_from(raw_usage.ru_maxrss).unwrap_or(0) * 1024,
    };
    Ok((status, usage))
}

/// Reaps a child that nobody waits for, if it is dead, and returns whether it was.
pub(crate) fn reap_if_dead(child: i32) -> bool {
    let reaped = waitpid(Pid::from_raw(child), WaitOptions::NOHANG);
    reaped.is_ok_and(|status| status.is_some())
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let microseconds = u64::try_from(time.tv_usec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(microseconds)
}
