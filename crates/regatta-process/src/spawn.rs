//! Starts one process: in a group of its own, stdin as the caller has it, stdout and stderr into
//! one pipe, signals as if nobody had touched them. Reads nothing and waits for nobody.
//!
//! `posix_spawn(3)` would do the same for about ten microseconds more: it maps a stack each time
//! and asks for the action of each signal. Here both are known.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd};
use std::ptr;

use crate::guardian::SpawnRequest;

/// The signals that the calling process ignores. All others must have their default action or a
/// handler, both of which end with the execution of a program.
pub(crate) const IGNORED_SIGNALS: [c_int; 6] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGTERM,
    libc::SIGTSTP,
    libc::SIGPIPE,
];

/// More than enough for a few system calls in a row.
const STACK_BYTES: usize = 64 * 1024;

/// Starts processes, from one thread.
pub(crate) struct Launcher {
    /// What a new process runs on until it executes its program.
    stack: Box<[MaybeUninit<u8>]>,
}

/// What a new process needs to know. All pointers are to strings and arrays that end in null.
struct Plan {
    program: *const c_char,
    dir: *const c_char,
    argv: *const *const c_char,
    env: *const *const c_char,
    output: c_int,
    /// The error that kept the program from being executed, or 0.
    errno: c_int,
}

impl Launcher {
    pub(crate) fn new() -> Self {
        Self {
            stack: Box::new_uninit_slice(STACK_BYTES),
        }
    }

    /// Starts the command and returns its pid, which is also its group.
    ///
    /// Errors: `WouldBlock` and `OutOfMemory` where the system is short of something; otherwise the
    /// error of entering the directory or of executing the program, which look alike.
    ///
    /// Source: `clone(2)`.
    pub(crate) fn launch(
        &mut self,
        request: &SpawnRequest<'_>,
        output: impl AsFd,
    ) -> io::Result<i32> {
        let argv = pointers(&request.argv);
        let env = pointers(&request.env);
        let mut plan = Plan {
            program: request.program.as_ptr(),
            dir: request.dir.as_ptr(),
            argv: argv.as_ptr(),
            env: env.as_ptr(),
            output: output.as_fd().as_raw_fd(),
            errno: 0,
        };
        let top = self.stack.as_mut_ptr_range().end;
        let top = top.wrapping_sub(top.addr() % 16).cast::<c_void>();
        // SAFETY: the child has a stack of its own and shares everything else; this thread, the
        // only one, stands still until the child executes its program or exits. Until then the
        // child reads the plan and what it points to, and writes nothing but the error.
        let pid = unsafe {
            libc::clone(
                carry_out,
                top,
                libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD,
                (&raw mut plan).cast(),
            )
        };
        if pid < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the plan is alive. The compiler does not see that the child may have written.
        match unsafe { (&raw const plan.errno).read_volatile() } {
            0 => Ok(pid),
            errno => {
                // SAFETY: no status is asked for. The child has exited.
                unsafe { libc::waitpid(pid, ptr::null_mut(), 0) };
                Err(io::Error::from_raw_os_error(errno))
            }
        }
    }
}

/// What a new process does. It returns only if it failed, and exits then.
extern "C" fn carry_out(plan: *mut c_void) -> c_int {
    // SAFETY: the plan outlives this process's use of it, as its creator stands still. Only system
    // calls are made, none of which allocates or takes a lock.
    unsafe {
        let plan = plan.cast::<Plan>();
        libc::setpgid(0, 0);
        for number in IGNORED_SIGNALS {
            libc::signal(number, libc::SIG_DFL);
        }
        let mut no_signals = MaybeUninit::<libc::sigset_t>::zeroed();
        libc::sigemptyset(no_signals.as_mut_ptr());
        libc::sigprocmask(libc::SIG_SETMASK, no_signals.as_ptr(), ptr::null_mut());
        // Everything above 2 closes by itself, as all descriptors here are marked so.
        if libc::dup2((*plan).output, libc::STDOUT_FILENO) >= 0
            && libc::dup2((*plan).output, libc::STDERR_FILENO) >= 0
            && libc::chdir((*plan).dir) == 0
        {
            libc::execve((*plan).program, (*plan).argv, (*plan).env);
        }
        (&raw mut (*plan).errno).write_volatile(*libc::__errno_location());
    }
    127
}

/// Returns a null-terminated array of pointers to `strings`.
fn pointers(strings: &[&CStr]) -> Vec<*const c_char> {
    let pointers = strings.iter().map(|string| string.as_ptr());
    pointers.chain([ptr::null()]).collect()
}
