//! Making the second process, inside the group of the run where there is one. Knows nothing of what either does.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::Pid;

use crate::cgroup::Group;
use crate::usage::reap;

/// Which of the two this process is.
pub(super) enum Side {
    Runner,
    /// With the runner, which is a child of this process.
    Guardian(Pid),
}

/// The kernel's `clone_args`, which has had these fields since it knows of groups.
#[repr(C)]
#[derive(Default)]
struct CloneArgs {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

/// Does not fit into the type that the C library's constant has.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// Splits this process, which must have one thread, and must be a subreaper. With a group the runner is in it, and this
/// process stays where it was. `None` is an error of the group, not of the split.
pub(super) fn split_into(group: &Group) -> Option<Side> {
    let group = group.open()?;
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).ok()?;
    let stone = match clone_into(&group) {
        // The C library has not seen this process come, and believes it to be its parent. So it does next to nothing:
        // the one it forks is in the same group and in proper order, and goes to the guardian with the end of this one.
        0 => {
            // SAFETY: there is one thread.
            let runner = unsafe { libc::fork() };
            if runner == 0 {
                return Some(Side::Runner);
            }
            let _ = rustix::io::write(&writer, &runner.to_ne_bytes());
            // SAFETY: it does not return, and runs nothing of the parent's on the way.
            unsafe { libc::_exit(0) }
        }
        pid => Pid::from_raw(pid).filter(|_| pid > 0)?,
    };
    drop(writer);
    let mut runner = [0; size_of::<i32>()];
    let count = rustix::io::read(&reader, &mut runner);
    let _ = reap(stone);
    count.ok().filter(|count| *count == runner.len())?;
    let runner = i32::from_ne_bytes(runner);
    Pid::from_raw(runner)
        .filter(|_| runner > 0)
        .map(Side::Guardian)
}

/// Splits this process, which must have one thread.
pub(super) fn split() -> io::Result<Side> {
    // SAFETY: there is one thread, so the child may do what any process may.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(Side::Runner),
        runner => Ok(Side::Guardian(
            Pid::from_raw(runner).expect("a child has a pid"),
        )),
    }
}

/// Like `fork`, with the child in a group from its first moment. To move it there afterwards would take as long as the
/// rest of a short run: see `Group::leave`.
///
/// Source: `clone3(2)`; Linux 5.7.
fn clone_into(group: &OwnedFd) -> i32 {
    let descriptor = u64::try_from(group.as_raw_fd()).expect("an open descriptor is no error");
    let arguments = CloneArgs {
        flags: CLONE_INTO_CGROUP,
        exit_signal: u64::try_from(libc::SIGCHLD).expect("a signal has a number"),
        cgroup: descriptor,
        ..CloneArgs::default()
    };
    // SAFETY: the arguments are valid for the call, and the child gets memory and stack of its own, as with `fork`.
    let pid = unsafe {
        libc::syscall(
            libc::SYS_clone3,
            &raw const arguments,
            size_of::<CloneArgs>(),
        )
    };
    i32::try_from(pid).unwrap_or(-1)
}
