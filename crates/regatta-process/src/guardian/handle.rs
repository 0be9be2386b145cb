//! What has to be done to the process itself before anything else runs in it, and this process's
//! end of the connection to its guardian. Knows no command.

use std::ffi::c_void;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use rustix::fs::{Mode, OFlags};
use rustix::process::{
    Pid, Resource, Rlimit, WaitOptions, getpid, getrlimit, set_child_subreaper, setrlimit, setsid,
    waitpid,
};

use super::Channel;
use super::keeper::Keeper;
use crate::spawn::IGNORED_SIGNALS;

/// A second process that starts all commands for this one and ends them when this one is gone,
/// whatever ended it.
///
/// Dropping it ends every command that still runs.
#[derive(Debug)]
pub struct Guardian {
    /// What kept the second process from coming to life is reported by the first that needs it.
    pub(crate) link: io::Result<Link>,
}

/// The connection to a guardian that lives, or did.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) channel: Channel,
    /// Also the number of its session, which all commands and most of their offspring share.
    pub(crate) pid: Pid,
}

impl Guardian {
    /// Forks the guardian. To be called first thing in `main`, before any thread starts.
    ///
    /// Descriptors inherited from whoever started this process, from 3 on, are marked so that no
    /// command inherits them in turn. Kernels before 5.11 cannot do that; there they stay as they
    /// are. The soft limit of open files is raised to the hard one for this process alone:
    /// commands run under the one it was started with.
    ///
    /// Source: `close_range(2)`.
    #[must_use]
    pub fn start() -> Self {
        // SAFETY: marking a descriptor close-on-exec changes nothing for those who use it here.
        // The result is ignored on purpose, as said above.
        unsafe {
            libc::syscall(
                libc::SYS_close_range,
                3,
                libc::c_uint::MAX,
                libc::CLOSE_RANGE_CLOEXEC,
            );
        }
        let link = Link::establish();
        raise_descriptor_limit();
        Self { link }
    }
}

/// Returns how many descriptors this process may have open at a time.
///
/// A running command takes two, and one more for a moment to start.
///
/// Source: the soft limit `RLIMIT_NOFILE` of `getrlimit(2)`; `u64::MAX` if there is none.
#[must_use]
pub fn descriptor_limit() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

impl Link {
    fn establish() -> io::Result<Self> {
        let (here, there) = Channel::pair()?;
        // SAFETY: where this process has one thread, as asked for, the child may do anything. Of
        // several threads only this one goes on in the child, and then all it relies on is the C
        // library, whose allocator stays usable.
        match unsafe { libc::fork() } {
            0 => guard(here, there),
            pid => Ok(Self {
                channel: here,
                pid: Pid::from_raw(pid)
                    .filter(|_| pid > 0)
                    .ok_or_else(io::Error::last_os_error)?,
            }),
        }
    }
}

impl Drop for Link {
    /// Lets the guardian end everyone, and waits until it has.
    fn drop(&mut self) {
        self.channel.close();
        while let Err(rustix::io::Errno::INTR) = waitpid(Some(self.pid), WaitOptions::empty()) {}
    }
}

fn raise_descriptor_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    // The limit there was does as well.
    let _ = setrlimit(Resource::Nofile, raised);
}

/// What the child of the fork does, all its life. Nothing may escape from here: above are the
/// frames of a program that it is not.
fn guard(theirs: Channel, channel: Channel) -> ! {
    let _ = catch_unwind(AssertUnwindSafe(|| {
        std::mem::forget(theirs);
        if isolate(&channel).is_ok() {
            Keeper::new(channel).run();
        }
    }));
    // SAFETY: it returns to nobody, and runs none of what the program registered for its exit.
    unsafe { libc::_exit(0) }
}

/// Cuts every tie to whoever started the program but the channel: a terminal's signals do not
/// arrive, and nobody waits for the end of a pipe that this process would hold.
fn isolate(channel: &Channel) -> io::Result<()> {
    setsid()?;
    set_child_subreaper(Some(getpid()))?;
    set_signals();
    let kept = channel.as_fd().as_raw_fd().cast_unsigned();
    close_range(3, kept - 1);
    close_range(kept + 1, libc::c_uint::MAX);
    let read_end = rustix::fs::open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::stdio::dup2_stdin(&read_end)?;
    let write_end = rustix::fs::open("/dev/null", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::stdio::dup2_stdout(&write_end)?;
    rustix::stdio::dup2_stderr(&write_end)?;
    Ok(())
}

/// Lets none of the signals by which a user ends programs reach this process, and keeps back
/// `SIGCHLD` until it is asked for. What whoever started the program chose for other signals is
/// undone, since commands would inherit it.
fn set_signals() {
    extern "C" fn wake(_: libc::c_int) {}
    for number in 1..=libc::SIGRTMAX() {
        // The kernel's own form of an action, with room to spare. All zeros is the default one.
        // The C library would refuse the two signals it keeps for itself.
        let default = [0_u64; 8];
        // SAFETY: no handler is involved. It fails for the two that cannot be changed.
        unsafe {
            let none = ptr::null_mut::<c_void>();
            libc::syscall(
                libc::SYS_rt_sigaction,
                number,
                &raw const default,
                none,
                8_usize,
            );
        }
    }
    for number in IGNORED_SIGNALS {
        // SAFETY: no handler is involved.
        unsafe { libc::signal(number, libc::SIG_IGN) };
    }
    // SAFETY: the handler does nothing, and the set and the action are plain data, valid when zero.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = wake as extern "C" fn(libc::c_int) as libc::sighandler_t;
        action.sa_flags = libc::SA_NOCLDSTOP;
        libc::sigaction(libc::SIGCHLD, &raw const action, ptr::null_mut());
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigaddset(&raw mut set, libc::SIGCHLD);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const set, ptr::null_mut());
    }
}

/// Closes the descriptors from `first` to `last`.
fn close_range(first: libc::c_uint, last: libc::c_uint) {
    if first > last {
        return;
    }
    // SAFETY: whoever owned them is not part of this process any more and drops none of them.
    let status = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    if status != 0 {
        // Kernels before 5.9. What is open there has a low number.
        for number in first..=last.min(1023) {
            // SAFETY: as above.
            unsafe { libc::close(number.cast_signed()) };
        }
    }
}
