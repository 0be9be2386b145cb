//! The one place where this process blocks: a set of pipes, exits, signals and wakes, and the
//! order in which a command is brought to its end. Decides nothing: when to stop a command, and
//! what its end means, is the caller's business.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal as SystemSignal, getpid, kill_process, kill_process_group, pidfd_open,
    set_child_subreaper,
};

use crate::brood::{Brood, Farewell, LOOK_AGAIN, PATIENCE, Ward, end_children, kill_group};
use crate::log::Log;
use crate::meter::{Meter, Pace, Tree};
use crate::output::Output;
use crate::process;
use crate::program::{explain, find_program};
use crate::request::Requests;
use crate::signal::{Deaths, keep_exit_codes};
use crate::spawn::{Launcher, is_shortage};
use crate::usage::{own_cpu, own_peak_bytes, reap, reap_if_dead};
use crate::{
    Command, Ended, Follow, Guardian, Happening, LeftoverPolicy, Signal, SpawnError, Status, Usage,
    Waker,
};

/// The entry of an environment that names the command among those of all runs.
pub(crate) const ATTEMPT_MARK: &[u8] = b"REGATTA_ATTEMPT=";

/// What one read takes at most, and thereby what one pipe may cost the others.
const BUFFER_BYTES: usize = 256 * 1024;

/// How much of its output a running command shows.
const RECENT_BYTES: usize = 8 * 1024;

/// How many events one look at the set takes. More stay for the next look.
const MAX_EVENTS: usize = 64;

/// How often everybody is stopped in a row.
const PAUSE_LOOKS: u32 = 3;

/// The tokens of the set: these four, then two for each command.
const SIGNALS: u64 = 0;
const WAKER: u64 = 1;
const DEATHS: u64 = 2;
const ATTENDED: u64 = 3;

/// The first serial number, so that its tokens follow those.
const FIRST_SERIAL: u64 = 2;

/// Runs commands and tells what happens to them, on the caller's thread.
///
/// It belongs on the main thread, to which the kernel gives the orphans of a process, and there can
/// be one in a process. Dropping it ends every process that its commands started and that still
/// runs.
pub struct Supervisor {
    launcher: Launcher,
    epoll: OwnedFd,
    requests: Requests,
    /// A process that was adopted and then died stays until it is reaped, and whoever waits for its end with it.
    deaths: Deaths,
    waker: Waker,
    /// By serial number, which unlike a key is never used twice: an event that arrives late, when
    /// the command it is about is over, concerns nobody.
    running: BTreeMap<u64, Running>,
    next_serial: u64,
    /// Commands that have exited and whose leftovers are being ended.
    ending: Vec<u64>,
    /// Commands that were to be ended and have become another user's.
    beyond: Vec<u64>,
    brood: Brood,
    /// When the commands are looked at.
    pace: Pace,
    /// Shared by all pipes.
    buffer: Box<[u8]>,
    events: Vec<Event>,
}

struct Running {
    serial: u64,
    key: u64,
    /// The command itself, and its group. Both ids are its own until it is reaped.
    pid: Pid,
    /// Readable once the command has exited, and watched until then.
    pidfd: Option<OwnedFd>,
    output: Output,
    follow: Follow,
    leftovers: LeftoverPolicy,
    meter: Meter,
}

impl Supervisor {
    /// Starts receiving the signals meant for this run: `SIGINT`, `SIGTERM`, `SIGHUP` and
    /// `SIGWINCH`, unless they were ignored from the start; with a guardian `SIGTSTP` as well.
    ///
    /// # Errors
    ///
    /// Too few descriptors, or a system without `epoll`.
    pub fn new(guardian: &Guardian) -> io::Result<Self> {
        keep_exit_codes()?;
        set_child_subreaper(Some(getpid()))?;
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let requests = Requests::new(guardian)?;
        let deaths = Deaths::watch()?;
        let waker = Waker::new()?;
        watch(&epoll, &requests, SIGNALS)?;
        watch(&epoll, &waker, WAKER)?;
        watch(&epoll, &deaths, DEATHS)?;
        Ok(Self {
            launcher: Launcher::new()?,
            epoll,
            requests,
            deaths,
            waker,
            running: BTreeMap::new(),
            next_serial: FIRST_SERIAL,
            ending: Vec::new(),
            beyond: Vec::new(),
            brood: Brood::new(),
            pace: Pace::new(Instant::now()),
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            events: Vec::with_capacity(MAX_EVENTS),
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
            kill_group(pid.as_raw_pid());
            let _ = reap(pid);
            short_of("watch a process")(error)
        })?;
        self.next_serial += 1;
        let now = Instant::now();
        self.pace.expect(now);
        let mark = find_mark(&command.env);
        self.brood
            .add(Ward::new(serial, pid.as_raw_pid(), mark, output.inode()));
        self.running.insert(
            serial,
            Running {
                serial,
                key,
                pid,
                pidfd: Some(pidfd),
                output,
                follow: command.follow,
                leftovers: command.leftovers,
                meter: Meter::new(now),
            },
        );
        Ok(())
    }

    /// Sends a signal to the whole group of a command, and lets it go on if it was stopped, since
    /// a stopped process acts on nothing but `Signal::Kill`. Does nothing for an unknown key, and
    /// for a command that has exited already, whose leftovers are being ended.
    pub fn signal(&mut self, key: u64, signal: Signal) {
        if let Some(command) = self.find(key).filter(|command| command.pidfd.is_some()) {
            send(command.pid, signal.to_rustix());
            if signal != Signal::Kill {
                send(command.pid, SystemSignal::CONT);
            } else if kill_process(command.pid, SystemSignal::KILL) == Err(Errno::PERM) {
                // It has become another user's. Nothing this process does will ever end it.
                let serial = command.serial;
                self.beyond.push(serial);
            }
        }
    }

    /// Stops every process of every command, wherever it went, and then this run as a whole, as the
    /// user's shell expects it; returns at once. `Happening::Resumed` says when to call `resume`.
    pub fn pause(&mut self) {
        // Who forks meanwhile is found by another look.
        for _ in 0..PAUSE_LOOKS {
            self.send_to_all(SystemSignal::STOP);
        }
        self.pace.pause(Instant::now());
        self.requests.confirm_pause();
    }

    /// Lets everybody go on after a pause.
    pub fn resume(&mut self) {
        let pause = self.pace.resume(Instant::now());
        for command in self.running.values_mut() {
            command.meter.skip(pause);
        }
        self.send_to_all(SystemSignal::CONT);
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
            let mut events = std::mem::take(&mut self.events);
            // By token. That somebody died comes first: a look at what a command left behind then answers it.
            events.sort_unstable_by_key(|event| event.data.u64());
            for event in &events {
                self.handle(*event, happenings)?;
            }
            self.events = events;
            self.look_again(happenings)?;
            self.give_up(happenings);
            self.brood.reap_expected();
            self.take_look();
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

    /// Returns the process id of a running command, which is its own until its exit was told; `None` for an unknown
    /// key, and for a command that has exited already, whose leftovers are being ended.
    #[must_use]
    pub fn pid(&self, key: u64) -> Option<i32> {
        let command = self.find(key)?;
        let is_running = command.pidfd.is_some();
        is_running.then(|| command.pid.as_raw_pid())
    }

    /// Lets waits report `Happening::Readable` for as long as there is something to read from a descriptor of the
    /// caller's. One that is attended to already must not be given again.
    ///
    /// # Errors
    ///
    /// The system cannot watch it.
    pub fn attend(&self, source: impl AsFd) -> io::Result<()> {
        watch(&self.epoll, source, ATTENDED)
    }

    /// Attends to a descriptor no longer.
    pub fn neglect(&self, source: impl AsFd) {
        // It fails when nobody attended to it.
        let _ = epoll::delete(&self.epoll, source);
    }

    /// Returns a handle that ends a wait from another thread.
    #[must_use]
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Returns how many commands have started and not yet been reported as exited.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running.len()
    }

    fn watch_command(&self, serial: u64, pid: Pid, output: &Output) -> io::Result<OwnedFd> {
        let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
        watch(&self.epoll, &pidfd, exit_token(serial))?;
        if let Some(pipe) = output.pipe() {
            watch(&self.epoll, pipe, output_token(serial))?;
        }
        Ok(pidfd)
    }

    fn send_to_all(&self, signal: SystemSignal) {
        for command in self.running.values() {
            send(command.pid, signal);
        }
        for pid in process::descendants(getpid().as_raw_pid()) {
            if let Some(pid) = Pid::from_raw(pid) {
                // Whoever is gone by now needs no signal. A child's pid cannot be another's, and that of
                // somebody further down hardly can within microseconds.
                let _ = kill_process(pid, signal);
            }
        }
    }

    fn find(&self, key: u64) -> Option<&Running> {
        self.running.values().find(|command| command.key == key)
    }

    fn collect_events(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        let look = self.pace.next();
        let next = [deadline, look].into_iter().flatten().min();
        let mut patience = next.map(|next| next.saturating_duration_since(Instant::now()));
        if !self.ending.is_empty() {
            patience = Some(patience.map_or(LOOK_AGAIN, |patience| patience.min(LOOK_AGAIN)));
        }
        if !self.beyond.is_empty() {
            patience = Some(Duration::ZERO);
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
            SIGNALS => self.requests.read(happenings),
            WAKER => {
                self.waker.reset();
                happenings.push(Happening::Woken);
            }
            DEATHS => {
                self.deaths.forget();
                self.brood.expect_deaths();
            }
            ATTENDED => happenings.push(Happening::Readable),
            token if token == exit_token(token / 2) => self.handle_exit(token / 2, happenings)?,
            token => self.handle_output(token / 2, event.flags, happenings),
        }
        Ok(())
    }

    /// Looks at what the commands use, if it is time to.
    fn take_look(&mut self) {
        let Some(next) = self.pace.next() else { return };
        let now = Instant::now();
        if now < next {
            return;
        }
        let cpu_before = own_cpu();
        // What is left of a command that has exited is on its way out.
        let is_due = |it: &&mut Running| it.pidfd.is_some() && Pace::is_due(now, &it.meter);
        let due: Vec<&mut Running> = self.running.values_mut().filter(is_due).collect();
        let adopted = if due.is_empty() {
            Vec::new()
        } else {
            self.brood.adopted()
        };
        for command in due {
            let own = adopted.iter().filter(|(_, of)| *of == command.serial);
            let roots = [command.pid.as_raw_pid()].into_iter();
            let tree = Tree::walk(roots.chain(own.map(|(pid, _)| *pid)).collect());
            let gone = self.brood.adopted_cpu(command.pid.as_raw_pid());
            command.meter.note(now, &tree, gone);
            Pace::look_again(now, &mut command.meter);
        }
        let running = self.running.values().filter(|it| it.pidfd.is_some());
        let cost = own_cpu().saturating_sub(cpu_before);
        self.pace.rest(now, cost, running.map(|it| &it.meter));
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
    /// 1. What it printed is read before anything that may take time.
    /// 2. Those it left behind are found and ended while the command is not reaped: from then on
    ///    its pid, which is also its group's, may be reused.
    /// 3. What they printed until then is read, the pipe is closed whoever holds it, and the
    ///    command is reaped.
    fn handle_exit(&mut self, serial: u64, happenings: &mut Vec<Happening>) -> io::Result<()> {
        // The exit was seen through the pidfd, which reaps nothing, so the pid is still pinned.
        if let Some(command) = self.running.get_mut(&serial) {
            command.pidfd = None;
            command.drain(&mut self.buffer, happenings);
            self.ending.push(serial);
            self.end(serial, happenings)?;
        }
        Ok(())
    }

    fn look_again(&mut self, happenings: &mut Vec<Happening>) -> io::Result<()> {
        for serial in self.ending.clone() {
            self.end(serial, happenings)?;
        }
        Ok(())
    }

    /// Tells the end of commands that cannot be ended. What becomes of them is nobody's business any more.
    fn give_up(&mut self, happenings: &mut Vec<Happening>) {
        for serial in std::mem::take(&mut self.beyond) {
            let Some(mut command) = self.running.remove(&serial) else {
                continue;
            };
            command.drain(&mut self.buffer, happenings);
            let survivors = self.brood.abandon(command.pid.as_raw_pid());
            happenings.push(Happening::Exited {
                key: command.key,
                ended: Ended {
                    status: Status::Signal(libc::SIGKILL),
                    usage: Usage::default(),
                    sampled: command.meter.finish(),
                    leftovers: survivors.clone(),
                    suspects: Vec::new(),
                    survivors,
                    log: command.output.finish(),
                },
            });
        }
    }

    /// Takes a look at those a command left behind, and lets it go once nobody is.
    fn end(&mut self, serial: u64, happenings: &mut Vec<Happening>) -> io::Result<()> {
        let Some(command) = self.running.get(&serial) else {
            return Ok(());
        };
        let leader = command.pid.as_raw_pid();
        let Some(farewell) = self.brood.sweep(leader, command.leftovers) else {
            return Ok(());
        };
        self.ending.retain(|it| *it != serial);
        if let Some(mut command) = self.running.remove(&serial) {
            command.drain(&mut self.buffer, happenings);
            let (status, mut usage) = reap(command.pid)?;
            let Farewell {
                leftovers,
                suspects,
                survivors,
                adopted,
            } = farewell;
            usage.add(&adopted);
            let mut sampled = command.meter.finish();
            if let Some(sampled) = &mut sampled
                && usage.max_rss_bytes > own_peak_bytes()
            {
                // What one process held for a moment between two looks. Below that peak the figure is this process's own.
                sampled.peak_bytes = sampled.peak_bytes.max(usage.max_rss_bytes);
            }
            happenings.push(Happening::Exited {
                key: command.key,
                ended: Ended {
                    status,
                    usage,
                    sampled,
                    leftovers,
                    suspects,
                    survivors,
                    log: command.output.finish(),
                },
            });
        }
        Ok(())
    }
}

impl Running {
    /// Reads what has been printed and not been read yet.
    fn drain(&mut self, buffer: &mut [u8], happenings: &mut Vec<Happening>) {
        let (key, follow) = (self.key, self.follow);
        self.output.drain(buffer, |bytes| {
            if follow == Follow::Chunks {
                happenings.push(Happening::Output {
                    key,
                    bytes: bytes.to_vec(),
                });
            }
        });
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        for command in self.running.values() {
            kill_group(command.pid.as_raw_pid());
            let _ = kill_process(command.pid, SystemSignal::KILL);
        }
        // A command may have become another user's, so nobody waits for it without end.
        let deadline = Instant::now() + PATIENCE;
        for command in self.running.values() {
            while reap_if_dead(command.pid.as_raw_pid()).is_none() && Instant::now() < deadline {
                std::thread::sleep(LOOK_AGAIN);
            }
        }
        end_children();
    }
}

/// Sends a signal to every process of the group that a command leads.
fn send(leader: Pid, signal: SystemSignal) {
    // It fails when nobody is left, or nobody who may be signalled: there is nothing to do then.
    let _ = kill_process_group(leader, signal);
}

fn find_mark(env: &[Arc<CStr>]) -> Option<Arc<CStr>> {
    let mut entries = env.iter();
    let mark = entries.find(|entry| entry.to_bytes().starts_with(ATTEMPT_MARK));
    mark.cloned()
}

/// Above that of the output: what was printed last comes before the exit.
fn exit_token(serial: u64) -> u64 {
    serial * 2 + 1
}

fn output_token(serial: u64) -> u64 {
    serial * 2
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
