//! Signals, in both directions: those a process receives become bytes that can be waited for, and
//! those it sends have a name here. Knows no command.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;
use std::sync::Arc;

use rustix::pipe::{PipeFlags, pipe_with};
use signal_hook::SigId;
use signal_hook::low_level::{emulate_default_handler, exit, register, unregister};

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
    /// Returns the number of the system.
    #[must_use]
    pub fn number(self) -> i32 {
        self.to_rustix().as_raw()
    }

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
    die_by_number(signal.to_rustix().as_raw())
}

pub(crate) fn die_by_number(number: i32) -> ! {
    // It returns only for signals whose default is harmless; nobody died by those.
    let _ = emulate_default_handler(number);
    exit(128 + number)
}

/// What a signal says to a process that supervises others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// It is asked to stop. Never `Signal::Kill`.
    Stop(Signal),
    /// The terminal changed its size.
    Resized,
    /// It is asked to pause, as Ctrl-Z does.
    Suspend,
    /// It goes on after a pause. No signal says this: whoever paused does.
    Resume,
    /// Keys are read from the terminal from now on. No signal says this either.
    KeysTaken,
    /// No key will be read any more.
    KeysGone,
}

/// Every notice, with the byte that stands for it.
const BYTES: [(Notice, u8); 8] = [
    (Notice::Stop(Signal::Interrupt), b'I'),
    (Notice::Stop(Signal::Terminate), b'T'),
    (Notice::Stop(Signal::Hangup), b'H'),
    (Notice::Resized, b'W'),
    (Notice::Suspend, b'Z'),
    (Notice::Resume, b'C'),
    (Notice::KeysTaken, b'k'),
    (Notice::KeysGone, b'g'),
];

impl Notice {
    pub(crate) fn to_byte(self) -> u8 {
        let mut known = BYTES.iter();
        let entry = known.find(|(notice, _)| *notice == self);
        entry.map_or(0, |(_, byte)| *byte)
    }

    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        let mut known = BYTES.iter();
        known.find(|(_, it)| *it == byte).map(|(notice, _)| *notice)
    }
}

/// The signals by which users end programs or change their terminal.
pub(crate) const REQUESTS: [(i32, Notice); 4] = [
    (libc::SIGINT, Notice::Stop(Signal::Interrupt)),
    (libc::SIGTERM, Notice::Stop(Signal::Terminate)),
    (libc::SIGHUP, Notice::Stop(Signal::Hangup)),
    (libc::SIGWINCH, Notice::Resized),
];

/// The signal by which users pause programs.
pub(crate) const PAUSE: (i32, Notice) = (libc::SIGTSTP, Notice::Suspend);

/// Receives signals from its creation until it is dropped, as one byte each.
pub(crate) struct SignalPipe {
    reader: OwnedFd,
    registrations: Vec<SigId>,
}

impl SignalPipe {
    /// Starts receiving. A signal that whoever started this process chose to ignore stays ignored.
    pub(crate) fn new(signals: impl IntoIterator<Item = (i32, Notice)>) -> io::Result<Self> {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        let mut pipe = Self {
            reader,
            registrations: Vec::new(),
        };
        let writer = Arc::new(writer);
        for (number, notice) in signals {
            if is_ignored(number)? {
                continue;
            }
            let writer = Arc::clone(&writer);
            let byte = notice.to_byte();
            // A full pipe loses the byte; the thousands before it say the same.
            let note = move || {
                let _ = rustix::io::write(&writer, &[byte]);
            };
            // SAFETY: the action is one plain write(2), without locks, allocation or errno.
            pipe.registrations.push(unsafe { register(number, note) }?);
        }
        Ok(pipe)
    }

    /// Returns what came in since the last call, in order.
    pub(crate) fn read(&self) -> Vec<Notice> {
        let mut bytes = [0; 64];
        let count = rustix::io::read(&self.reader, &mut bytes).unwrap_or(0);
        let notices = bytes[..count].iter();
        notices.filter_map(|it| Notice::from_byte(*it)).collect()
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

/// Tells that a child died. Unlike a handler it interrupts no call, which counts where children die all the time.
pub(crate) struct Deaths {
    reader: OwnedFd,
}

impl Deaths {
    /// Starts watching. From here on this thread and those it starts do not receive `SIGCHLD` in any other way.
    ///
    /// Source: `signalfd(2)`.
    pub(crate) fn watch() -> io::Result<Self> {
        let mut signals = MaybeUninit::<libc::sigset_t>::uninit();
        let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
        // SAFETY: the set is filled in before its use, and what signalfd returns belongs to nobody else.
        unsafe {
            libc::sigemptyset(signals.as_mut_ptr());
            libc::sigaddset(signals.as_mut_ptr(), libc::SIGCHLD);
            libc::pthread_sigmask(libc::SIG_BLOCK, signals.as_ptr(), ptr::null_mut());
            let descriptor = libc::signalfd(-1, signals.as_ptr(), flags);
            if descriptor < 0 {
                return Err(io::Error::last_os_error());
            }
            Ok(Self {
                reader: OwnedFd::from_raw_fd(descriptor),
            })
        }
    }

    /// Forgets the deaths so far.
    pub(crate) fn forget(&self) {
        // Deaths of one moment are one signal.
        let _ = rustix::io::read(&self.reader, &mut [0; size_of::<libc::signalfd_siginfo>()]);
    }
}

impl AsFd for Deaths {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}

/// Holds back the signals that ask for something, until it is dropped.
pub(crate) struct Withheld {
    before: libc::sigset_t,
}

impl Withheld {
    pub(crate) fn new() -> Self {
        let mut signals = MaybeUninit::<libc::sigset_t>::uninit();
        let mut before = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: the sets are filled in before their use.
        unsafe {
            libc::sigemptyset(signals.as_mut_ptr());
            for (number, _) in REQUESTS.into_iter().chain([PAUSE]) {
                libc::sigaddset(signals.as_mut_ptr(), number);
            }
            libc::pthread_sigmask(libc::SIG_BLOCK, signals.as_ptr(), before.as_mut_ptr());
            Self {
                before: before.assume_init(),
            }
        }
    }
}

impl Drop for Withheld {
    fn drop(&mut self) {
        // SAFETY: the set is one that the system filled in.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, ptr::null_mut());
        }
    }
}

/// Makes this process deaf to the signals by which users end and pause programs.
pub(crate) fn ignore_requests() {
    for (number, notice) in REQUESTS.into_iter().chain([PAUSE]) {
        // What changes the size does no harm.
        if notice != Notice::Resized {
            // SAFETY: ignoring involves no handler.
            unsafe { libc::signal(number, libc::SIG_IGN) };
        }
    }
}

/// Lets reads and changes of a terminal that belongs to others fail, instead of stopping this process.
pub(crate) fn survive_foreign_terminal() {
    for number in [libc::SIGTTIN, libc::SIGTTOU] {
        // SAFETY: ignoring involves no handler.
        unsafe { libc::signal(number, libc::SIG_IGN) };
    }
}

/// Makes a write that would pass the limit on the size of a file fail, like one to a full disk, instead of
/// ending this process.
pub(crate) fn survive_file_size_limit() {
    // SAFETY: ignoring involves no handler.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// Pauses this process as if nobody had ever handled the signal, and returns when it goes on: at
/// once where nobody could continue it, because no shell watches its group.
pub(crate) fn pause() {
    let mut old = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: the default action involves no handler, the pointers are valid for the calls, and
    // what is put back is what was there.
    unsafe {
        let mut default: libc::sigaction = MaybeUninit::zeroed().assume_init();
        default.sa_sigaction = libc::SIG_DFL;
        if libc::sigaction(PAUSE.0, &raw const default, old.as_mut_ptr()) == 0 {
            libc::raise(PAUSE.0);
            libc::sigaction(PAUSE.0, old.as_ptr(), ptr::null_mut());
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

pub(crate) fn is_ignored(number: i32) -> io::Result<bool> {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: nothing is set, and the pointer to the answer is valid for the call.
    if unsafe { libc::sigaction(number, ptr::null(), action.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: sigaction succeeded and filled it in; all zeros is valid as well.
    Ok(unsafe { action.assume_init() }.sa_sigaction == libc::SIG_IGN)
}
