//! What a program that serves its user waits for, in one place: keys, signals, the end of the one process that it
//! starts, and other threads. That process ends with this one, but nobody is supervised: for that there is the
//! `Supervisor`.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal as SystemSignal, getpid, getppid, kill_process, pidfd_open,
    set_parent_process_death_signal,
};
use rustix::stdio::stdin;

use crate::keys::Keys;
use crate::signal::{Notice, PAUSE, REQUESTS, SignalPipe, is_ignored};
use crate::usage::reap;
use crate::{Signal, Status, Waker};

/// Something that came into sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// The user pressed a key; the byte is as the terminal sends it.
    Key(u8),
    /// The user, or the system, wants this program to end.
    Signal(Signal),
    /// A waker was used.
    Woken,
    /// The process that was watched is over.
    Ended(Status),
}

/// Waits for what may come. While it lives, keys arrive without Enter where stdin is a terminal.
pub struct Lookout {
    signals: SignalPipe,
    waker: Waker,
    keys: Option<Keys>,
    child: Option<Child>,
}

struct Child {
    pid: Pid,
    /// Readable once it is over.
    pidfd: OwnedFd,
}

impl Lookout {
    /// Starts receiving: `SIGINT`, `SIGTERM` and `SIGHUP`, unless they were ignored from the start; and `SIGWINCH` and
    /// `SIGTSTP`, which are passed on to the process that is watched, whatever group it is in.
    ///
    /// # Errors
    ///
    /// Too few descriptors.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            signals: SignalPipe::new(REQUESTS.into_iter().chain([PAUSE]))?,
            waker: Waker::new()?,
            keys: Keys::take(),
            child: None,
        })
    }

    /// Returns whether the user can press keys.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        self.keys.is_some()
    }

    /// Returns a handle that ends a wait from another thread.
    #[must_use]
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Starts a process and watches it: its end is told once, and it is reaped with that. If this process dies before,
    /// whichever way, the other is asked to end. To be called by the main thread.
    ///
    /// # Errors
    ///
    /// The program cannot be started, or too few descriptors are left.
    pub fn start(&mut self, command: &mut Command) -> io::Result<()> {
        end_with_this_process(command)?;
        let child = command.spawn()?;
        let pid = Pid::from_child(&child);
        let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
        self.child = Some(Child { pid, pidfd });
        Ok(())
    }

    /// Sends a signal to the process that is watched, if there is one. Its end is told all the same.
    pub fn signal(&self, signal: Signal) {
        self.pass_on(signal.to_rustix());
    }

    /// Blocks until something comes into sight or the time is over, and returns what did, signals first. No time-out
    /// means no limit.
    ///
    /// # Errors
    ///
    /// The system refuses to wait.
    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<Vec<Sight>> {
        let timeout = timeout.and_then(|it| Timespec::try_from(it).ok());
        let mut sights = Vec::new();
        let [has_signal, is_woken, has_keys, has_ended] = self.poll(timeout.as_ref())?;
        if has_signal {
            for notice in self.signals.read() {
                match notice {
                    Notice::Stop(signal) => sights.push(Sight::Signal(signal)),
                    Notice::Resized => self.pass_on(SystemSignal::WINCH),
                    Notice::Suspend => self.pause(),
                    Notice::Resume | Notice::KeysTaken | Notice::KeysGone => {}
                }
            }
        }
        if has_keys {
            let mut bytes = [0; 64];
            let count = rustix::io::read(stdin(), &mut bytes).unwrap_or(0);
            sights.extend(bytes[..count].iter().copied().map(Sight::Key));
            if count == 0 {
                // The terminal is gone, and would be readable for ever.
                self.keys = None;
            }
        }
        if is_woken {
            self.waker.reset();
            sights.push(Sight::Woken);
        }
        if has_ended && let Some(child) = self.child.take() {
            let (status, _) = reap(child.pid)?;
            sights.push(Sight::Ended(status));
        }
        Ok(sights)
    }

    fn pass_on(&self, signal: SystemSignal) {
        if let Some(child) = &self.child {
            // It is not reaped before its end is told, so the number is its own.
            let _ = kill_process(child.pid, signal);
        }
    }

    /// Stops the process that is watched, then this one; when this one goes on, so does the other.
    fn pause(&mut self) {
        self.pass_on(SystemSignal::TSTP);
        // The shell that gets the terminal now wants it as it was.
        let had_keys = self.keys.take().is_some();
        let _ = kill_process(getpid(), SystemSignal::STOP);
        if had_keys {
            self.keys = Keys::take();
        }
        self.pass_on(SystemSignal::CONT);
    }

    /// Returns whether there is something of signals, waker, keys and child.
    fn poll(&self, timeout: Option<&Timespec>) -> io::Result<[bool; 4]> {
        let input = stdin();
        let mut watched = vec![
            (0, PollFd::new(&self.signals, PollFlags::IN)),
            (1, PollFd::new(&self.waker, PollFlags::IN)),
        ];
        if self.keys.is_some() {
            watched.push((2, PollFd::new(&input, PollFlags::IN)));
        }
        if let Some(child) = &self.child {
            watched.push((3, PollFd::new(&child.pidfd, PollFlags::IN)));
        }
        let (places, mut descriptors): (Vec<usize>, Vec<PollFd<'_>>) = watched.into_iter().unzip();
        match poll(&mut descriptors, timeout) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut ready = [false; 4];
        for (place, descriptor) in places.into_iter().zip(&descriptors) {
            ready[place] = !descriptor.revents().is_empty();
        }
        Ok(ready)
    }
}

/// Makes the kernel ask what a command starts to end when the thread that starts it is over. The child sees to that
/// before it executes its program, so that no moment is left in which nobody would ask.
///
/// Source: `PR_SET_PDEATHSIG(2const)`. It stays over `execve`, unless that gives other rights.
fn end_with_this_process(command: &mut Command) -> io::Result<()> {
    let parent = getpid();
    // What this process was told to ignore, the other ignores as well.
    let signal = if is_ignored(SystemSignal::TERM.as_raw())? {
        SystemSignal::KILL
    } else {
        SystemSignal::TERM
    };
    let prepare = move || {
        set_parent_process_death_signal(Some(signal))?;
        // It may have died already. Then this one has another parent, and gets no signal any more.
        if getppid() == Some(parent) {
            Ok(())
        } else {
            Err(Errno::SRCH.into())
        }
    };
    // SAFETY: between fork and exec it does nothing but two calls of the system.
    unsafe { command.pre_exec(prepare) };
    Ok(())
}
