//! Reaps a process and says how it ended and what it consumed.

use std::io;
use std::mem::MaybeUninit;
use std::time::Duration;

use rustix::process::Pid;
use rustix::time::{ClockId, clock_gettime};

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
    /// What was read from storage, in whole blocks of 512 bytes; what the page cache had is not among it. 0 also where
    /// the kernel does not count it.
    pub read_bytes: u64,
    /// What was written towards storage, in the same units.
    pub written_bytes: u64,
}

impl Usage {
    /// Adds what another process consumed.
    pub(crate) fn add(&mut self, other: &Self) {
        self.user += other.user;
        self.system += other.system;
        self.max_rss_bytes = self.max_rss_bytes.max(other.max_rss_bytes);
        self.read_bytes += other.read_bytes;
        self.written_bytes += other.written_bytes;
    }

    fn new(raw: &libc::rusage) -> Self {
        let count = |number: libc::c_long| u64::try_from(number).unwrap_or(0);
        Self {
            user: duration(raw.ru_utime),
            system: duration(raw.ru_stime),
            max_rss_bytes: count(raw.ru_maxrss) * 1024,
            read_bytes: count(raw.ru_inblock) * BLOCK_BYTES,
            written_bytes: count(raw.ru_oublock) * BLOCK_BYTES,
        }
    }
}

/// The unit in which storage is counted here, whatever that of the device is.
const BLOCK_BYTES: u64 = 512;

/// Returns whether the kernel counts what is read from storage and written to it.
#[must_use]
pub fn counts_storage() -> bool {
    std::path::Path::new("/proc/self/io").exists()
}

/// Returns the CPU time that this thread has used.
pub(crate) fn own_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// Returns the peak resident size of this process: what a child that shared its memory is charged with at least.
///
/// Source: `getrusage(2)`.
pub(crate) fn own_peak_bytes() -> u64 {
    let mut raw = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is valid for the call, and all zeros is valid as well.
    let raw = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, raw.as_mut_ptr());
        raw.assume_init()
    };
    Usage::new(&raw).max_rss_bytes
}

/// Reaps a child that has exited. Its pid, and its group id unless members are left, are free for
/// reuse afterwards.
pub(crate) fn reap(child: Pid) -> io::Result<(Status, Usage)> {
    loop {
        match wait4(child.as_raw_pid(), 0) {
            Ok(Some(reaped)) => return Ok(reaped),
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
    }
}

/// Reaps a child that nobody waits for, if it is dead, and returns what it consumed if it was.
pub(crate) fn reap_if_dead(child: i32) -> Option<Usage> {
    let reaped = wait4(child, libc::WNOHANG).ok()?;
    reaped.map(|(_, usage)| usage)
}

/// Source: `wait4(2)`.
fn wait4(child: i32, options: libc::c_int) -> io::Result<Option<(Status, Usage)>> {
    let mut raw_status = 0;
    let mut raw_usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are valid for the call.
    let reaped =
        unsafe { libc::wait4(child, &raw mut raw_status, options, raw_usage.as_mut_ptr()) };
    if reaped == 0 {
        return Ok(None);
    }
    if reaped != child {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: wait4 succeeded and filled it in; all zeros is valid as well.
    let raw_usage = unsafe { raw_usage.assume_init() };
    let status = if libc::WIFSIGNALED(raw_status) {
        Status::Signal(libc::WTERMSIG(raw_status))
    } else {
        Status::Code(libc::WEXITSTATUS(raw_status))
    };
    Ok(Some((status, Usage::new(&raw_usage))))
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let microseconds = u64::try_from(time.tv_usec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(microseconds)
}
