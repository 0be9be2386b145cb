//! Starts one process: in a group of its own, stdin at its end, stdout and stderr into one pipe,
//! signals as if nobody had touched them. Reads nothing and waits for nobody.

use std::ffi::{CStr, CString, c_char};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::ptr;
use std::thread;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::Pid;

use crate::Command;
use crate::fault::{self, Operation};

/// The pauses between the attempts when the system is short of processes or memory.
const PAUSES: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(50)];

/// Everything about starting a process that is the same for all commands.
pub(crate) struct Launcher {
    attributes: Attributes,
    /// One description of `/dev/null`, opened once and shared: nothing can be changed in it.
    null: OwnedFd,
}

impl Launcher {
    pub(crate) fn new() -> io::Result<Self> {
        let null = rustix::fs::open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self {
            attributes: Attributes::new()?,
            null,
        })
    }

    /// Starts the command and returns its pid, which is also its group.
    ///
    /// Errors: `WouldBlock` and `OutOfMemory` after three attempts; otherwise the error of entering
    /// the directory or of executing the program, which look alike.
    ///
    /// Source: `posix_spawn(3)`.
    pub(crate) fn launch(
        &self,
        program: &CStr,
        command: &Command,
        output: BorrowedFd<'_>,
    ) -> io::Result<Pid> {
        let dir = CString::new(command.dir.as_os_str().as_bytes())?;
        let mut actions = Actions::new()?;
        // Everything above 2 closes by itself, as all descriptors here are marked so.
        actions.duplicate(self.null.as_raw_fd(), libc::STDIN_FILENO)?;
        actions.duplicate(output.as_raw_fd(), libc::STDOUT_FILENO)?;
        actions.duplicate(output.as_raw_fd(), libc::STDERR_FILENO)?;
        actions.enter(&dir)?;
        let argv = pointers(&command.argv);
        let env = pointers(&command.env);
        let try_once = || {
            fault::check(Operation::Fork)?;
            let mut pid = 0;
            // SAFETY: every pointer is valid for the call: the arrays end in null, and their
            // strings, like those the actions refer to, outlive it. posix_spawn only reads them.
            check(unsafe {
                libc::posix_spawn(
                    &raw mut pid,
                    program.as_ptr(),
                    &raw const actions.raw,
                    &raw const *self.attributes.raw,
                    argv.as_ptr(),
                    env.as_ptr(),
                )
            })?;
            Ok(Pid::from_raw(pid).expect("a child has a pid"))
        };
        let mut pauses = PAUSES.iter();
        loop {
            match (try_once(), pauses.next()) {
                (Err(error), Some(pause)) if is_shortage(&error) => thread::sleep(*pause),
                (result, _) => return result,
            }
        }
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
fn pointers(strings: &[CString]) -> Vec<*mut c_char> {
    let pointers = strings.iter().map(|string| string.as_ptr().cast_mut());
    pointers.chain([ptr::null_mut()]).collect()
}

/// A group of its own, an empty signal mask, and the default action for every signal: this process
/// ignores `SIGPIPE`, like every Rust program, and may have been started ignoring others.
struct Attributes {
    /// On the heap, because it may not move while it is initialised.
    raw: Box<libc::posix_spawnattr_t>,
}

impl Attributes {
    fn new() -> io::Result<Self> {
        let flags = libc::POSIX_SPAWN_SETPGROUP
            | libc::POSIX_SPAWN_SETSIGDEF
            | libc::POSIX_SPAWN_SETSIGMASK;
        let flags = i16::try_from(flags).expect("three low bits");
        let mut raw = Box::new(MaybeUninit::<libc::posix_spawnattr_t>::uninit());
        // SAFETY: init gets room for the attributes and fills it in; an error of it is reported
        // before anything reads them.
        let mut raw = unsafe {
            check(libc::posix_spawnattr_init(raw.as_mut_ptr()))?;
            raw.assume_init()
        };
        let mut signals = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: the attributes are initialised, and each signal set is filled in before its use;
        // it is a plain array of bits.
        unsafe {
            // Not sigfillset: that leaves out the two signals the C library keeps for itself, and
            // those posix_spawn would pass on ignored.
            signals.as_mut_ptr().write_bytes(0xff, 1);
            check(libc::posix_spawnattr_setsigdefault(
                &raw mut *raw,
                signals.as_ptr(),
            ))?;
            libc::sigemptyset(signals.as_mut_ptr());
            check(libc::posix_spawnattr_setsigmask(
                &raw mut *raw,
                signals.as_ptr(),
            ))?;
            check(libc::posix_spawnattr_setpgroup(&raw mut *raw, 0))?;
            check(libc::posix_spawnattr_setflags(&raw mut *raw, flags))?;
        }
        Ok(Self { raw })
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: they were initialised and are not used again.
        unsafe { libc::posix_spawnattr_destroy(&raw mut *self.raw) };
    }
}

/// What the new process does before it executes the program.
struct Actions {
    raw: libc::posix_spawn_file_actions_t,
}

impl Actions {
    fn new() -> io::Result<Self> {
        let mut raw = MaybeUninit::<libc::posix_spawn_file_actions_t>::uninit();
        // SAFETY: init gets room for the actions and fills it in; an error of it is reported
        // before anything reads them. They hold no pointer to themselves and may move.
        unsafe {
            check(libc::posix_spawn_file_actions_init(raw.as_mut_ptr()))?;
            Ok(Self {
                raw: raw.assume_init(),
            })
        }
    }

    fn duplicate(&mut self, from: i32, to: i32) -> io::Result<()> {
        // SAFETY: the actions are initialised.
        check(unsafe { libc::posix_spawn_file_actions_adddup2(&raw mut self.raw, from, to) })
    }

    fn enter(&mut self, dir: &CStr) -> io::Result<()> {
        // SAFETY: the actions are initialised and take a copy of the string.
        check(unsafe {
            libc::posix_spawn_file_actions_addchdir_np(&raw mut self.raw, dir.as_ptr())
        })
    }
}

impl Drop for Actions {
    fn drop(&mut self) {
        // SAFETY: they were initialised and are not used again.
        unsafe { libc::posix_spawn_file_actions_destroy(&raw mut self.raw) };
    }
}

/// Turns the status of a function that returns its error number into a result.
fn check(status: i32) -> io::Result<()> {
    if status == 0 {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(status))
    }
}
