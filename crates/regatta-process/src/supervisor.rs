//! The one place where this process blocks: a set of pipes, exits, signals and wakes, and the
//! order in which a command is brought to its end. Decides nothing: when to stop a command, and
//! what its end means, is the caller's business.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal as SystemSignal, pidfd_open};

use crate::log::Log;
use crate::output::Output;
use crate::program::{explain, find_program};
use crate::signal::{SignalPipe, keep_exit_codes};
use crate::spawn::{Launcher, is_shortage};
use crate::usage::reap;
use crate::{
    Command, Ended, Follow, Guardian, Happening, LeftoverPolicy, Signal, SpawnError, Waker, group,
};

/// What one read takes at most, and thereby what one pipe may cost the others.
const BUFFER_BYTES: usize = 256 * 1024;

/// How much of its output a running command shows.
const RECENT_BYTES: usize = 8 * 1024;

/// How many events one look at the set takes. More stay for the next look.
const MAX_EVENTS: usize = 64;

/// How often a killed group is asked whether it is gone, and how long at most. Usually it takes
/// less than a millisecond; a process stuck in the kernel may take forever.
const GONE_POLL: Duration = Duration::from_millis(1);
const GONE_PATIENCE: Duration = Duration::from_secs(2);

/// The tokens of the set: these two, then two for each command, from 2 on.
const SIGNALS: u64 = 0;
const WAKER: u64 = 1;

/// Runs commands and tells what happens to them, on the caller's thread.
///
/// Dropping it ends every command that still runs.
pub struct Supervisor {
    launcher: Launcher,
    epoll: OwnedFd,
    signals: SignalPipe,
    waker: Waker,
    /// By serial number, which unlike a key is never used twice: an event that arrives late, when
    /// the command it is about is over, concerns nobody.
    running: BTreeMap<u64, Running>,
    next_serial: u64,
    /// Commands that are over but for the death of the group they left behind.
    departing: Vec<Departing>,
    /// Shared by all pipes.
    buffer: Box<[u8]>,
    events: Vec<Event>,
    _guardian: Guardian,
}

struct Running {
    key: u64,
    /// The command itself, and its group. Both ids are its own until it is reaped.
    pid: Pid,
    /// Readable once the command has exited. Held open because it is watched.
    _pidfd: OwnedFd,
    output: Output,
    follow: Follow,
    leftovers: LeftoverPolicy,
}

struct Departing {
    key: u64,
    group: Pid,
    ended: Ended,
    give_up: Instant,
}

impl Supervisor {
    /// Starts receiving the signals meant for this process: `SIGINT`, `SIGTERM`, `SIGHUP` and
    /// `SIGWINCH`, unless they were ignored from the start.
    ///
    /// # Errors
    ///
    /// Too few descriptors, or a system without `epoll`.
    pub fn new(guardian: Guardian) -> io::Result<Self> {
        keep_exit_codes()?;
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let signals = SignalPipe::new()?;
        let waker = Waker::new()?;
        watch(&epoll, &signals, SIGNALS)?;
        watch(&epoll, &waker, WAKER)?;
        Ok(Self {
            launcher: Launcher::new()?,
            epoll,
            signals,
            waker,
            running: BTreeMap::new(),
            next_serial: 1,
            departing: Vec::new(),
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            events: Vec::with_capacity(MAX_EVENTS),
            _guardian: guardian,
        })
    }

    /// Starts a command. Until it has exited, `key` must not be given to another.
    ///
    /// # Errors
    ///
    /// See `SpawnError`. The log file is created, or emptied, even if the rest fails.
    pub fn spawn(&mut self, key: u64, command: &Command) -> Result<(), SpawnError> {
        let log =
            Log::create(&command.log, command.max_log_bytes).map_err(|source| SpawnError::Log {
                path: command.log.clone(),
                source,
            })?;
        let program = find_program(command)?;
        let (output, writer) = Output::new(log).map_err(short_of("create a pipe"))?;
        let pid = self
            .launcher
            .launch(&program, command, writer.as_fd())
            .map_err(|error| {
                if is_shortage(&error) {
                    short_of("create a process")(error)
                } else {
                    explain(command, &program, error)
                }
            })?;
        drop(writer);
        let serial = self.next_serial;
        let pidfd = self.watch_command(serial, pid, &output).map_err(|error| {
            group::signal(pid, SystemSignal::KILL);
            let _ = reap(pid);
            short_of("watch a process")(error)
        })?;
        self.next_serial += 1;
        self.running.insert(
            serial,
            Running {
                key,
                pid,
                _pidfd: pidfd,
                output,
                follow: command.follow,
                leftovers: command.leftovers,
            },
        );
        Ok(())
    }

    /// Sends a signal to the whole group of a command, and lets it go on if it was stopped, since
    /// a stopped process acts on nothing but `Signal::Kill`. Does nothing for an unknown key.
    pub fn signal(&mut self, key: u64, signal: Signal) {
        if let Some(command) = self.find(key) {
            group::signal(command.pid, signal.to_rustix());
            if signal != Signal::Kill {
                group::signal(command.pid, SystemSignal::CONT);
            }
        }
    }

    /// Blocks until something has happened or the time is over, and appends what happened. No
    /// time-out means no limit.
    ///
    /// # Errors
    ///
    /// The system refused to wait, which has no remedy.
    pub fn wait(
        &mut self,
        timeout: Option<Duration>,
        happenings: &mut Vec<Happening>,
    ) -> io::Result<()> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let known = happenings.len();
        loop {
            self.collect_events(deadline)?;
            let events = std::mem::take(&mut self.events);
            for event in &events {
                self.handle(*event, happenings)?;
            }
            self.events = events;
            self.dismiss_departed(happenings);
            let is_late = deadline.is_some_and(|deadline| Instant::now() >= deadline);
            if happenings.len() > known || is_late {
                return Ok(());
            }
        }
    }

    /// Returns the last bytes a running command printed, 8 KiB at most; none for an unknown key.
    pub fn recent_output(&mut self, key: u64) -> Vec<u8> {
        self.find(key)
            .map(|command| command.output.recent(RECENT_BYTES))
            .unwrap_or_default()
    }

    /// Returns a handle that ends a wait from another thread.
    #[must_use]
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Returns how many commands have started and not yet been reported as exited.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running.len() + self.departing.len()
    }

    fn watch_command(&self, serial: u64, pid: Pid, output: &Output) -> io::Result<OwnedFd> {
        let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
        watch(&self.epoll, &pidfd, exit_token(serial))?;
        if let Some(pipe) = output.pipe() {
            watch(&self.epoll, pipe, output_token(serial))?;
        }
        Ok(pidfd)
    }

    fn find(&self, key: u64) -> Option<&Running> {
        self.running.values().find(|command| command.key == key)
    }

    fn collect_events(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        let mut patience =
            deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if !self.departing.is_empty() {
            patience = Some(patience.map_or(GONE_POLL, |patience| patience.min(GONE_POLL)));
        }
        // What is too long for the kernel's type is as good as no limit.
        let patience = patience.and_then(|patience| Timespec::try_from(patience).ok());
        self.events.clear();
        match epoll::wait(
            &self.epoll,
            spare_capacity(&mut self.events),
            patience.as_ref(),
        ) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn handle(&mut self, event: Event, happenings: &mut Vec<Happening>) -> io::Result<()> {
        match event.data.u64() {
            SIGNALS => self.signals.read(happenings),
            WAKER => {
                self.waker.reset();
                happenings.push(Happening::Woken);
            }
            token if token == exit_token(token / 2) => self.handle_exit(token / 2, happenings)?,
            token => self.handle_output(token / 2, event.flags, happenings),
        }
        Ok(())
    }

    fn handle_output(&mut self, serial: u64, ready: EventFlags, happenings: &mut Vec<Happening>) {
        let Some(command) = self.running.get_mut(&serial) else {
            return;
        };
        let key = command.key;
        let bytes = command.output.read(ready, &mut self.buffer);
        if !bytes.is_empty() {
            happenings.push(Happening::Printed { key });
            if command.follow == Follow::Chunks {
                happenings.push(Happening::Output {
                    key,
                    bytes: bytes.to_vec(),
                });
            }
        }
    }

    /// Brings a command to its end. The order matters:
    ///
    /// 1. What it printed is read while its group can still be looked at.
    /// 2. The group is listed and ended before the reaping, as from then on its id may be reused.
    /// 3. What the group printed until then is read, the pipe is closed whoever holds it, and the
    ///    command is reaped.
    fn handle_exit(&mut self, serial: u64, happenings: &mut Vec<Happening>) -> io::Result<()> {
        // The exit was seen through the pidfd, which reaps nothing, so the pid is still pinned.
        let Some(Running {
            key,
            pid,
            mut output,
            follow,
            leftovers: policy,
            ..
        }) = self.running.remove(&serial)
        else {
            return Ok(());
        };
        let mut deliver = |bytes: &[u8]| {
            if follow == Follow::Chunks {
                happenings.push(Happening::Output {
                    key,
                    bytes: bytes.to_vec(),
                });
            }
        };
        let is_held = output.drain(&mut self.buffer, &mut deliver);
        let mut leftovers = Vec::new();
        if is_held || policy == LeftoverPolicy::EndAndList {
            leftovers = group::members(pid);
        }
        if policy != LeftoverPolicy::Allow {
            group::signal(pid, SystemSignal::KILL);
        }
        if is_held {
            output.drain(&mut self.buffer, &mut deliver);
        }
        let (status, usage) = reap(pid)?;
        let ended = Ended {
            status,
            usage,
            leftovers,
            log: output.finish(),
        };
        if policy != LeftoverPolicy::Allow && group::is_alive(pid) {
            let give_up = Instant::now() + GONE_PATIENCE;
            self.departing.push(Departing {
                key,
                group: pid,
                ended,
                give_up,
            });
        } else {
            happenings.push(Happening::Exited { key, ended });
        }
        Ok(())
    }

    fn dismiss_departed(&mut self, happenings: &mut Vec<Happening>) {
        let is_over = |command: &mut Departing| {
            !group::is_alive(command.group) || Instant::now() >= command.give_up
        };
        for Departing { key, ended, .. } in self.departing.extract_if(.., is_over) {
            happenings.push(Happening::Exited { key, ended });
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        for command in self.running.values() {
            group::signal(command.pid, SystemSignal::KILL);
        }
        for command in self.running.values() {
            let _ = reap(command.pid);
        }
    }
}

fn exit_token(serial: u64) -> u64 {
    serial * 2
}

fn output_token(serial: u64) -> u64 {
    serial * 2 + 1
}

fn watch(epoll: &OwnedFd, source: impl AsFd, token: u64) -> io::Result<()> {
    Ok(epoll::add(
        epoll,
        source,
        EventData::new_u64(token),
        EventFlags::IN,
    )?)
}

fn short_of(what: &'static str) -> impl Fn(io::Error) -> SpawnError {
    move |source| SpawnError::Resources { what, source }
}
