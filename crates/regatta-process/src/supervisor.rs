//! The one place where this process blocks: a set of pipes, signals, wakes and what the guardian
//! tells. Decides nothing: when to stop a command, and what its end means, is the caller's
//! business.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::slice;
use std::thread;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, Event, EventData, EventFlags};
use rustix::io::Errno;

use crate::guardian::{Inbox, Link, Reply, Request, SpawnRequest};
use crate::log::Log;
use crate::loss::{self, Trace};
use crate::mark::{RUN_MARK, find_mark};
use crate::output::Output;
use crate::program::Program;
use crate::signal::SignalPipe;
use crate::{
    Command, Ended, Follow, Guardian, Happening, Leftover, Signal, SpawnError, Status, Usage, Waker,
};

/// What one read takes at most, and thereby what one pipe may cost the others.
const BUFFER_BYTES: usize = 256 * 1024;

/// How much of its output a running command shows.
const RECENT_BYTES: usize = 8 * 1024;

/// How many events one look at the set takes. More stay for the next look.
const MAX_EVENTS: usize = 64;

/// The pauses between the attempts when the system is short of processes or memory.
const PAUSES: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(50)];

/// The tokens of the set: these three, then the serial number of each command.
const SIGNALS: u64 = 0;
const WAKER: u64 = 1;
const GUARDIAN: u64 = 2;
const FIRST_SERIAL: u64 = 3;

/// Runs commands and tells what happens to them, on the caller's thread.
///
/// Dropping it ends every command that still runs.
pub struct Supervisor {
    /// `None` once the guardian has died.
    link: Option<Link>,
    trace: Trace,
    epoll: OwnedFd,
    signals: SignalPipe,
    waker: Waker,
    /// By serial number, which unlike a key is never used twice: an event that arrives late, when
    /// the command it is about is over, concerns nobody.
    running: BTreeMap<u64, Running>,
    next_serial: u64,
    /// Shared by all pipes.
    buffer: Box<[u8]>,
    /// For what the guardian sends.
    inbox: Inbox,
    events: Vec<Event>,
}

struct Running {
    key: u64,
    program: Program,
    /// The request to start it, for another attempt when the system was short of something.
    request: Vec<u8>,
    pauses: slice::Iter<'static, Duration>,
    output: Output,
    follow: Follow,
}

/// The end of a command as far as its processes go.
struct Departure {
    status: Status,
    usage: Usage,
    leftovers: Vec<Leftover>,
}

impl Supervisor {
    /// Starts receiving the signals meant for this process: `SIGINT`, `SIGTERM`, `SIGHUP` and
    /// `SIGWINCH`, unless they were ignored from the start.
    ///
    /// # Errors
    ///
    /// Too few descriptors or processes, or a system without `epoll`.
    pub fn new(guardian: Guardian) -> io::Result<Self> {
        let link = guardian.link?;
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let signals = SignalPipe::new()?;
        let waker = Waker::new()?;
        watch(&epoll, &signals, SIGNALS)?;
        watch(&epoll, &waker, WAKER)?;
        watch(&epoll, &link.channel, GUARDIAN)?;
        Ok(Self {
            trace: Trace {
                session: link.pid.as_raw_pid(),
                mark: None,
            },
            link: Some(link),
            epoll,
            signals,
            waker,
            running: BTreeMap::new(),
            next_serial: FIRST_SERIAL,
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            inbox: Inbox::new(),
            events: Vec::with_capacity(MAX_EVENTS),
        })
    }

    /// Starts a command. Until it has exited, or is said not to have started, `key` must not be
    /// given to another. This does not wait for the start: an obstacle that only the start itself
    /// meets is told by `Happening::NotStarted`.
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
        let program = Program::find(command)?;
        let output = Output::new(log).map_err(short_of("create a pipe"))?;
        let serial = self.next_serial;
        self.next_serial += 1;
        watch(&self.epoll, output.reader(), serial).map_err(short_of("watch a pipe"))?;
        let env: Vec<&CStr> = command.env.iter().map(CString::as_c_str).collect();
        if self.trace.mark.is_none() {
            self.trace.mark = find_mark(env.iter().copied(), RUN_MARK).map(CStr::to_owned);
        }
        let request = Request::Spawn(SpawnRequest {
            serial,
            policy: command.leftovers,
            program: &program.file,
            dir: &program.dir,
            argv: command.argv.iter().map(CString::as_c_str).collect(),
            env,
        });
        let command = Running {
            key,
            request: request.encode(),
            program,
            pauses: PAUSES.iter(),
            output,
            follow: command.follow,
        };
        self.request_start(&command)
            .map_err(short_of("ask for a process"))?;
        self.running.insert(serial, command);
        Ok(())
    }

    /// Sends a signal to the whole group of a command, and lets it go on if it was stopped, since
    /// a stopped process acts on nothing but `Signal::Kill`. Does nothing for an unknown key.
    pub fn signal(&mut self, key: u64, signal: Signal) {
        let command = self.running.iter().find(|(_, command)| command.key == key);
        let (Some((serial, _)), Some(link)) = (command, &self.link) else {
            return;
        };
        // The guardian sends it, as nobody else knows for sure whether the group is still there.
        let request = Request::Signal {
            serial: *serial,
            number: signal.to_rustix().as_raw(),
        };
        // It fails only when the guardian is dead, which ends the command anyway.
        let _ = link.channel.send(&request.encode(), None);
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
        if self.link.is_none() && !self.running.is_empty() {
            self.handle_loss(happenings);
            return Ok(());
        }
        loop {
            self.collect_events(deadline)?;
            let events = std::mem::take(&mut self.events);
            for event in &events {
                self.handle(*event, happenings);
            }
            self.events = events;
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

    /// Returns how many commands were spawned whose last happening has not been told.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// Hands a command to the guardian. A dead one takes it as well: the command is lost then,
    /// which the next wait finds out.
    fn request_start(&self, command: &Running) -> io::Result<()> {
        let Some(link) = &self.link else {
            return Ok(());
        };
        let writer = command.output.writer();
        match link.channel.send(&command.request, Some(writer)) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }

    fn find(&self, key: u64) -> Option<&Running> {
        self.running.values().find(|command| command.key == key)
    }

    fn collect_events(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        let patience = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
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

    fn handle(&mut self, event: Event, happenings: &mut Vec<Happening>) {
        match event.data.u64() {
            SIGNALS => self.signals.read(happenings),
            WAKER => {
                self.waker.reset();
                happenings.push(Happening::Woken);
            }
            GUARDIAN => match self.receive() {
                Some(reply) => self.handle_reply(reply, happenings),
                None => self.handle_loss(happenings),
            },
            serial => self.handle_output(serial, happenings),
        }
    }

    /// Waits for what the guardian has to tell next. `None` means that it is dead.
    fn receive(&mut self) -> Option<Reply> {
        let packet = self.link.as_ref()?.channel.receive(&mut self.inbox);
        // What cannot be read or understood comes from a guardian that is no good any more.
        Reply::decode(packet.ok()??.bytes)
    }

    fn handle_reply(&mut self, reply: Reply, happenings: &mut Vec<Happening>) {
        match reply {
            Reply::Refused { serial, errno } => {
                let error = io::Error::from_raw_os_error(errno);
                self.handle_refusal(serial, error, happenings);
            }
            Reply::Exited {
                serial,
                exit,
                leftovers,
            } => {
                let departure = Departure {
                    status: exit.status(),
                    usage: exit.usage(),
                    leftovers,
                };
                self.handle_departure(serial, departure, happenings);
            }
        }
    }

    /// Tries again, up to twice, where that may help.
    fn handle_refusal(
        &mut self,
        serial: u64,
        mut error: io::Error,
        happenings: &mut Vec<Happening>,
    ) {
        let Some(mut command) = self.running.remove(&serial) else {
            return;
        };
        if is_shortage(&error)
            && let Some(pause) = command.pauses.next()
        {
            thread::sleep(*pause);
            match self.request_start(&command) {
                Ok(()) => {
                    self.running.insert(serial, command);
                    return;
                }
                Err(reason) => error = reason,
            }
        }
        happenings.push(Happening::NotStarted {
            key: command.key,
            error: if is_shortage(&error) {
                short_of("create a process")(error)
            } else {
                command.program.explain(error)
            },
        });
    }

    /// Ends everyone in the guardian's place.
    fn handle_loss(&mut self, happenings: &mut Vec<Happening>) {
        self.link = None;
        loss::end_all(&self.trace);
        while let Some((serial, _)) = self.running.first_key_value() {
            let departure = Departure {
                status: Status::Lost,
                usage: Usage::default(),
                leftovers: Vec::new(),
            };
            self.handle_departure(*serial, departure, happenings);
        }
    }

    fn handle_output(&mut self, serial: u64, happenings: &mut Vec<Happening>) {
        let Some(command) = self.running.get_mut(&serial) else {
            return;
        };
        let key = command.key;
        let bytes = command.output.read(&mut self.buffer);
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

    /// Closes the books on a command none of whose processes is left, except those that may live
    /// on, or cannot die: for their sake the pipe is closed whoever holds it.
    fn handle_departure(
        &mut self,
        serial: u64,
        departure: Departure,
        happenings: &mut Vec<Happening>,
    ) {
        let Some(command) = self.running.remove(&serial) else {
            return;
        };
        let Running {
            key,
            output,
            follow,
            ..
        } = command;
        let log = output.finish(&mut self.buffer, |bytes| {
            if follow == Follow::Chunks {
                happenings.push(Happening::Output {
                    key,
                    bytes: bytes.to_vec(),
                });
            }
        });
        let ended = Ended {
            status: departure.status,
            usage: departure.usage,
            leftovers: departure.leftovers,
            log,
        };
        happenings.push(Happening::Exited { key, ended });
    }
}

/// Returns whether the same attempt may succeed later.
fn is_shortage(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::AGAIN | Errno::NOMEM)
    )
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
