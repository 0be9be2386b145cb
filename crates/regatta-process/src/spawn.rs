//! Starts one process: in a group of its own, stdin at its end, stdout and stderr into one pipe,
//! signals as if nobody had touched them. Reads nothing and waits for nobody.
//!
//! The child shares this process's memory until it executes its program, as with `posix_spawn(3)`, but without what
//! that does for every child anew: a stack, a look at the limit of descriptors for each of them, and two calls for
//! each of the 64 signals. See `docs/design/spawn.md`.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::ptr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::Pid;

use crate::Command;
use crate::fault::{self, Operation};
use crate::usage::reap;

/// The pauses between the attempts when the system is short of processes or memory.
const PAUSES: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(50)];

/// What a child needs before it executes its program is a few calls deep.
const STACK_BYTES: usize = 64 << 10;

/// The numbers of all signals, see signal(7).
const SIGNALS: std::ops::RangeInclusive<c_int> = 1..=64;

/// Everything about starting a process that is the same for all commands.
pub(crate) struct Launcher {
    /// One description of `/dev/null`, opened once and shared: nothing can be changed in it.
    null: OwnedFd,
    /// The signals that a child would treat otherwise than by default.
    touched_signals: Vec<c_int>,
    /// Where children run until they execute their program, one after another: this process stands still meanwhile.
    stack: Box<[MaybeUninit<u128>]>,
}

impl Launcher {
    /// Takes note of which signals this process handles or ignores by now.
    pub(crate) fn new() -> io::Result<Self> {
        let null = rustix::fs::open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self {
            null,
            touched_signals: SIGNALS.filter(|signal| is_touched(*signal)).collect(),
            stack: Box::new_uninit_slice(STACK_BYTES / size_of::<u128>()),
        })
    }

    /// Starts the command and returns its pid, which is also its group.
    ///
    /// Errors: `WouldBlock` and `OutOfMemory` after three attempts; otherwise the error of entering
    /// the directory or of executing the program, which look alike.
    pub(crate) fn launch(
        &mut self,
        program: &CStr,
        command: &Command,
        output: BorrowedFd<'_>,
    ) -> io::Result<Pid> {
        let dir = CString::new(command.dir.as_os_str().as_bytes())?;
        let argv = pointers(&command.argv);
        let env = pointers(&command.env);
        let kept = command.descriptors.iter().map(AsRawFd::as_raw_fd);
        let kept: Vec<c_int> = kept.collect();
        let mut pauses = PAUSES.iter();
        loop {
            let mut start = Start {
                program: program.as_ptr(),
                argv: argv.as_ptr(),
                env: env.as_ptr(),
                dir: dir.as_ptr(),
                input: self.null.as_raw_fd(),
                output: output.as_raw_fd(),
                kept: &kept,
                touched_signals: &self.touched_signals,
                error: 0,
            };
            let launched = fault::check(Operation::Fork)
                .map_err(io::Error::from)
                .and_then(|()| start_child(&mut self.stack, &mut start));
            match (launched, pauses.next()) {
                (Err(error), Some(pause)) if is_shortage(&error) => thread::sleep(*pause),
                (result, _) => return result,
            }
        }
    }
}

/// What a child reads and writes of this process's memory. All pointers are valid while it does: strings that end in
/// NUL, and arrays of such strings that end in null.
struct Start<'l> {
    program: *const c_char,
    argv: *const *const c_char,
    env: *const *const c_char,
    dir: *const c_char,
    input: c_int,
    output: c_int,
    /// Stay open beside the three.
    kept: &'l [c_int],
    touched_signals: &'l [c_int],
    /// The errno of what failed, 0 for nothing.
    error: c_int,
}

/// Runs [`become_program`] in a child and returns when that has executed its program, or has failed.
///
/// *Source*: clone(2), `CLONE_VFORK`.
fn start_child(stack: &mut [MaybeUninit<u128>], start: &mut Start<'_>) -> io::Result<Pid> {
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    let top = stack.as_mut_ptr_range().end;
    // SAFETY: The sets are filled in before they are read. The child gets a stack of its own, whose end is aligned as
    // every u128 is, and memory that this thread does not touch before the child is done with it, which CLONE_VFORK
    // sees to. No signal is handled in the child: they are blocked until no handler is left there.
    let pid = unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
        let pid = libc::clone(
            become_program,
            top.cast(),
            flags,
            ptr::from_mut(start).cast(),
        );
        let error = io::Error::last_os_error();
        libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), ptr::null_mut());
        if pid < 0 {
            return Err(error);
        }
        Pid::from_raw(pid).expect("a child has a pid")
    };
    // SAFETY: The child wrote there before it ended, behind the compiler's back.
    match unsafe { ptr::from_ref(&start.error).read_volatile() } {
        0 => Ok(pid),
        error => {
            let _ = reap(pid);
            Err(io::Error::from_raw_os_error(error))
        }
    }
}

/// The life of a child before its program. It shares all memory with its parent, so it allocates nothing and calls
/// nothing but the system.
extern "C" fn become_program(start: *mut c_void) -> c_int {
    // SAFETY: `start_child` hands over a `Start`, which nobody else uses now.
    let start = unsafe { &mut *start.cast::<Start<'_>>() };
    // SAFETY: All pointers are valid, see `Start`. None of these calls touches memory beyond what it is given.
    let failed = unsafe {
        for signal in start.touched_signals {
            set_to_default(*signal);
        }
        let mut none = MaybeUninit::<libc::sigset_t>::uninit();
        libc::sigemptyset(none.as_mut_ptr());
        // Everything else closes by itself, as all descriptors here are marked so. The marks are the child's own.
        start
            .kept
            .iter()
            .any(|descriptor| libc::fcntl(*descriptor, libc::F_SETFD, 0) != 0)
            || libc::setpgid(0, 0) != 0
            || libc::dup2(start.input, libc::STDIN_FILENO) < 0
            || libc::dup2(start.output, libc::STDOUT_FILENO) < 0
            || libc::dup2(start.output, libc::STDERR_FILENO) < 0
            || libc::chdir(start.dir) != 0
            || libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), ptr::null_mut()) != 0
            || libc::execve(start.program, start.argv, start.env) != 0
    };
    if failed {
        // SAFETY: It is this thread's own, which the parent's is for now.
        start.error = unsafe { *libc::__errno_location() };
    }
    // SAFETY: It runs no handler of the parent's.
    unsafe { libc::_exit(127) }
}

/// The kernel's `struct sigaction`, whose first word is the handler: null for the default action. The C library's own
/// functions refuse the two signals that it keeps for itself, and those may be ignored as well.
type KernelAction = [usize; 4];

/// The size of the kernel's set of signals.
const SIGNAL_SET_BYTES: usize = 8;

/// Returns whether this process handles or ignores a signal.
fn is_touched(signal: c_int) -> bool {
    let mut action: KernelAction = [0; 4];
    let none = ptr::null::<KernelAction>();
    // SAFETY: The kernel writes one action, and there is room for one.
    let known = unsafe {
        libc::syscall(
            libc::SYS_rt_sigaction,
            signal,
            none,
            &raw mut action,
            SIGNAL_SET_BYTES,
        )
    };
    known == 0 && action[0] != 0
}

/// Lets a signal have its default action.
///
/// # Safety
/// Whoever relies on a handler of this process does not hear of the signal any more.
unsafe fn set_to_default(signal: c_int) {
    let default: KernelAction = [0; 4];
    let old = ptr::null_mut::<KernelAction>();
    // SAFETY: The kernel reads one action.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigaction,
            signal,
            &raw const default,
            old,
            SIGNAL_SET_BYTES,
        );
    }
}

/// Returns whether the same attempt may succeed later.
pub(crate) fn is_shortage(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::AGAIN | Errno::NOMEM)
    )
}

/// Returns a null-terminated array of pointers into `strings`.
fn pointers(strings: &[Arc<CStr>]) -> Vec<*const c_char> {
    let pointers = strings.iter().map(|string| string.as_ptr());
    pointers.chain([ptr::null()]).collect()
}
