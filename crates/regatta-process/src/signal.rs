//! Signals, in both directions: those this process receives become bytes in a pipe, and those it
//! sends have a name here. Knows no command.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr;
use std::sync::Arc;

use rustix::pipe::{PipeFlags, pipe_with};
use signal_hook::SigId;
use signal_hook::low_level::{emulate_default_handler, exit, register, unregister};

use crate::Happening;

/// A signal that asks to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// `SIGINT`, as Ctrl-C sends it.
    Interrupt,
    /// `SIGTERM`, the polite request.
    Terminate,
    /// `SIGHUP`, the terminal is gone.
    Hangup,
    /// `SIGKILL`, which cannot be refused.
    Kill,
}

impl Signal {
    pub(crate) fn to_rustix(self) -> rustix::process::Signal {
        match self {
            Self::Interrupt => rustix::process::Signal::INT,
            Self::Terminate => rustix::process::Signal::TERM,
            Self::Hangup => rustix::process::Signal::HUP,
            Self::Kill => rustix::process::Signal::KILL,
        }
    }
}

/// Ends this process by the signal, so that whoever waits for it sees that death.
pub fn die_by(signal: Signal) -> ! {
    let number = signal.to_rustix().as_raw();
    // It returns only for signals whose default is harmless, and those are not among ours.
    let _ = emulate_default_handler(number);
    exit(128 + number)
}

/// Receives the signals meant for this process, from its creation until it is dropped.
pub(crate) struct SignalPipe {
    reader: OwnedFd,
    registrations: Vec<SigId>,
}

impl SignalPipe {
    /// Starts receiving. A signal that whoever started this process chose to ignore stays ignored.
    pub(crate) fn new() -> io::Result<Self> {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        let mut pipe = Self {
            reader,
            registrations: Vec::new(),
        };
        let writer = Arc::new(writer);
        for (number, byte) in [
            (libc::SIGINT, b'I'),
            (libc::SIGTERM, b'T'),
            (libc::SIGHUP, b'H'),
            (libc::SIGWINCH, b'W'),
        ] {
            if is_ignored(number)? {
                continue;
            }
            let writer = Arc::clone(&writer);
            // A full pipe loses the byte; the thousands before it say the same.
            let note = move || {
                let _ = rustix::io::write(&writer, &[byte]);
            };
            // SAFETY: the action is one plain write(2), without locks, allocation or errno.
            pipe.registrations.push(unsafe { register(number, note) }?);
        }
        Ok(pipe)
    }

    /// Appends what came in since the last call, in order.
    pub(crate) fn read(&self, happenings: &mut Vec<Happening>) {
        let mut bytes = [0; 64];
        let count = rustix::io::read(&self.reader, &mut bytes).unwrap_or(0);
        for byte in &bytes[..count] {
            happenings.push(match byte {
                b'I' => Happening::Signal(Signal::Interrupt),
                b'T' => Happening::Signal(Signal::Terminate),
                b'H' => Happening::Signal(Signal::Hangup),
                _ => Happening::Resized,
            });
        }
    }
}

impl AsFd for SignalPipe {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}

impl Drop for SignalPipe {
    fn drop(&mut self) {
        for registration in self.registrations.drain(..) {
            unregister(registration);
        }
    }
}

/// Makes the exits of children observable even if whoever started this process chose to ignore
/// `SIGCHLD`: the kernel would reap them all by itself, and their codes would be lost.
pub(crate) fn keep_exit_codes() -> io::Result<()> {
    if is_ignored(libc::SIGCHLD)? {
        // SAFETY: the default action involves no handler.
        unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
    }
    Ok(())
}

fn is_ignored(number: i32) -> io::Result<bool> {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: nothing is set, and the pointer to the answer is valid for the call.
    if unsafe { libc::sigaction(number, ptr::null(), action.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: sigaction succeeded and filled it in; all zeros is valid as well.
    Ok(unsafe { action.assume_init() }.sa_sigaction == libc::SIG_IGN)
}
