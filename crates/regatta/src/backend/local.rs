//! Attempts on this machine: files and variables around a command, and what becomes of it.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use regatta_core::event::StopSignal;
use regatta_core::id::{AttemptId, IdMap, TaskId};
use regatta_core::schedule::{Circumstances, Occasion};
use regatta_core::terms::Leftovers;
use regatta_core::time::Time;
use regatta_core::verdict::{
    AttemptReport, Exit, FirstError, Leftover, LogReport, Sharding, Status as AttemptStatus,
    Verdict,
};
use regatta_process::fault::{self, Operation};
use regatta_process::{
    Command, Ended, Follow, Guardian, Happening, Keyboard, LeftoverPolicy, Outer, Signal,
    SpawnError, Status, Supervisor, Waker, counts_storage,
};

use super::case_desk::{CaseDesk, Left};
use super::diagnosis::Sighting;
use super::environment::{Attempted, Inherited, examining};
use super::examiner::{Examination, Examiner};
use super::excerpt;
use super::first_error::find_first_error;
use super::launch::{Launch, Told};
use super::outputs_dir::OutputsDirs;
use super::private_dir::PrivateDirs;
use super::usage::usage_of;
use crate::jobserver::{Broker, Forms, Pools, Share, Standing, Terms, Wish, Withheld};
use crate::memory::{Casualties, system_memory};
use crate::report::rounds::KEPT_FAILURES;

/// How many lines of a failed attempt's output go into the event stream.
const EXCERPT_LINES: usize = 10;

/// Where and as whom a run's suites are started.
#[derive(Debug, Clone)]
pub struct Workplace {
    /// The run's id.
    pub run_id: String,
    /// The log directory, absolute; it exists.
    pub log_dir: PathBuf,
    /// The folder of the project, absolute.
    pub root: PathBuf,
    /// Whether the output of suites is wanted while they run.
    pub follow: Follow,
    /// Names of variables that configure this program and are not passed on.
    pub own_variables: Vec<String>,
}

/// Runs attempts as processes of this machine.
pub struct Local {
    supervisor: Supervisor,
    /// Shares slots with the jobs of attempts, where that is wanted. It goes after everyone who has a token.
    broker: Option<Broker>,
    workplace: Workplace,
    launches: IdMap<TaskId, Launch>,
    inherited: Inherited,
    private_dirs: PrivateDirs,
    outputs_dirs: OutputsDirs,
    /// Attempts that were told to end. What is alive when such a command has exited was told so a moment ago and
    /// is no leftover.
    stopped: BTreeSet<AttemptId>,
    /// The slot of each attempt that runs.
    slots: IdMap<TaskId, u32>,
    /// When the latest attempt of each task started.
    started: IdMap<TaskId, Instant>,
    casualties: Casualties,
    /// Whether what goes from and to storage is counted; found out with the first attempt that took a while.
    counts_storage: OnceCell<bool>,
    examiner: Examiner,
    /// What becomes of each task's log when another attempt follows.
    old_logs: IdMap<TaskId, OldLog>,
    desk: CaseDesk,
    happenings: Vec<Happening>,
}

/// The log of a task's attempt that another one follows.
#[derive(Debug, Default)]
struct OldLog {
    /// How many logs of earlier attempts are there.
    kept: usize,
    /// Whether the log of the latest attempt that is over goes with the next start.
    is_expendable: bool,
}

/// Something that happened to an attempt or to the run.
#[derive(Debug)]
pub enum Occurrence {
    /// An attempt printed something.
    Printed(AttemptId),
    /// An attempt printed this; only where output is followed.
    Output(AttemptId, Vec<u8>),
    /// The examination of an attempt is over.
    Examined(AttemptId),
    /// The command of an attempt has exited; what it told is being read, and `Finished` follows.
    Exited(AttemptId),
    /// An attempt is over.
    Finished(AttemptId, Box<AttemptReport>),
    /// The user sent a signal.
    Signal(StopSignal),
    /// The user pressed a key.
    Key(u8),
    /// Whether the user can press keys has changed.
    Keyboard(Keyboard),
    /// The terminal has another size.
    Resized,
    /// A waker was used.
    Woken,
    /// The user wants a pause.
    Suspended,
    /// The pause is over.
    Resumed,
    /// Nobody waits for the end of the run any more.
    Abandoned,
}

impl Local {
    /// Prepares to run attempts; the signals that end a run are caught from here on.
    ///
    /// # Errors
    /// The temporary directory or the watch over processes cannot be set up.
    pub fn new(
        guardian: &Guardian,
        workplace: Workplace,
        launches: IdMap<TaskId, Launch>,
    ) -> io::Result<Self> {
        let supervisor = Supervisor::new(guardian)?;
        Ok(Self {
            desk: CaseDesk::new(supervisor.waker()),
            supervisor,
            broker: None,
            private_dirs: PrivateDirs::new(&workplace.run_id)?,
            outputs_dirs: OutputsDirs::default(),
            stopped: BTreeSet::new(),
            slots: launches.ids().map(|_| 0).collect(),
            started: launches.ids().map(|_| Instant::now()).collect(),
            casualties: Casualties::new(system_memory()),
            counts_storage: OnceCell::new(),
            old_logs: launches.ids().map(|_| OldLog::default()).collect(),
            inherited: Inherited::new(&workplace.own_variables),
            workplace,
            launches,
            examiner: Examiner::default(),
            happenings: Vec::new(),
        })
    }

    /// Shares slots with the jobs that attempts start from now on.
    ///
    /// # Errors
    /// The system cannot tell when jobs take slots.
    pub fn share_slots(
        &mut self,
        slots: u32,
        pools: Pools,
        wish: Wish,
        outer: Option<Outer>,
    ) -> io::Result<()> {
        let launches = self.launches.values();
        let sharing = launches.filter(|launch| Inherited::may_share(launch));
        let searches = sharing.map(|launch| (Inherited::path(launch), launch.dir.clone()));
        let terms = Terms {
            slots,
            pools,
            folder: self.private_dirs.root(),
            forms: Forms::new(wish, searches),
            outer,
        };
        let broker = Broker::new(terms);
        if let Some(watch) = broker.watch() {
            self.supervisor.attend(watch)?;
        }
        self.broker = Some(broker);
        Ok(())
    }

    /// Returns the pools that are shared, if any are.
    #[must_use]
    pub fn shared_pools(&self) -> Option<Pools> {
        self.broker.as_ref().map(Broker::pools)
    }

    /// Moves slots between suites and their jobs; see [`Broker::balance`].
    pub fn balance(&mut self, now: Time, standing: Standing) -> Vec<Withheld> {
        let Some(broker) = &mut self.broker else {
            return Vec::new();
        };
        let was_short = broker.is_short();
        let withheld = broker.balance(now, standing);
        if let Some(outer) = broker.outer()
            && broker.is_short() != was_short
        {
            if was_short {
                self.supervisor.neglect(outer);
            } else {
                // Where it cannot be watched, tokens come with whatever happens next.
                let _ = self.supervisor.attend(outer);
            }
        }
        withheld
    }

    /// Returns when to balance again though nothing has happened.
    #[must_use]
    pub fn next_balance(&self) -> Option<Time> {
        self.broker.as_ref().and_then(Broker::next_wakeup)
    }

    /// Starts an attempt.
    ///
    /// # Errors
    /// The exit of an attempt that could not be started.
    pub fn spawn(&mut self, attempt: AttemptId, slot: u32) -> Result<(), Exit> {
        self.slots[attempt.task] = slot;
        let started = self.try_spawn(attempt, slot);
        if started.is_err() {
            self.close_share(attempt);
            self.clean_up(attempt.task);
        }
        started
    }

    fn open_share(&mut self, attempt: AttemptId) -> io::Result<Option<Share>> {
        let launch = &self.launches[attempt.task];
        let broker = self.broker.as_mut();
        let Some(broker) = broker.filter(|_| Inherited::may_share(launch)) else {
            return Ok(None);
        };
        broker.open(
            attempt,
            launch.cpus,
            (&Inherited::path(launch), &launch.dir),
        )
    }

    fn close_share(&mut self, attempt: AttemptId) {
        if let Some(broker) = &mut self.broker {
            broker.close(attempt);
        }
    }

    fn try_spawn(&mut self, attempt: AttemptId, slot: u32) -> Result<(), Exit> {
        let private_dir = self.private_dirs.prepare(slot);
        let private_dir =
            private_dir.map_err(|error| lost("create a temporary directory", &error))?;
        let launch = &self.launches[attempt.task];
        if launch.part.is_some() {
            let prepared = self.private_dirs.prepare_status_file(slot);
            prepared.map_err(|error| lost("prepare the status file of a shard", &error))?;
        }
        let prepared = self.outputs_dirs.prepare(&self.outputs_path(launch));
        prepared
            .and_then(|()| self.make_way(launch, attempt))
            .map_err(|error| lost("prepare the log directory", &error))?;
        let share = self.open_share(attempt);
        let share = share.map_err(|error| lost("share slots with its jobs", &error))?;
        let launch = &self.launches[attempt.task];
        let command = self.command(launch, attempt, (slot, &private_dir), share.as_ref());
        self.started[attempt.task] = Instant::now();
        self.desk
            .prepare(attempt.task, &self.launches[attempt.task]);
        let started = self.supervisor.spawn(key(attempt), &command);
        started.map_err(|error| exit_of(&error))
    }

    /// Puts on record what an attempt does right now. Where it ran into a limit, also starts the command with which its
    /// suite wants to look at it, if there is one.
    pub fn examine(&mut self, attempt: AttemptId, circumstances: &Circumstances) -> Examination {
        let leader = self.supervisor.pid(key(attempt));
        let last_line = self.last_line(attempt);
        let stem = self.launches[attempt.task].stem();
        let name = format!("{stem}.diagnosis.log");
        let path = self.workplace.log_dir.join(name);
        let sighting = Sighting {
            suite: &stem,
            attempt: attempt.number,
            circumstances: *circumstances,
            last_line,
            snapshot: self.examiner.look(leader),
        };
        let log = self.examiner.record(attempt.task, &path, &sighting);
        let command = leader
            .filter(|_| circumstances.occasion != Occasion::Slow)
            .and_then(|leader| self.on_timeout(attempt, leader));
        if let Some(command) = command {
            let key = examination_key(attempt);
            self.examiner
                .start(attempt, key, &command, log, &mut self.supervisor)
        } else {
            self.examiner.close(attempt.task, log);
            Examination::Over
        }
    }

    /// Takes the word on an attempt that is over. Its log stays beside those to come if it failed, as far as the record
    /// keeps such attempts.
    pub fn note_verdict(&mut self, attempt: AttemptId, verdict: &Verdict) {
        let old = &mut self.old_logs[attempt.task];
        old.is_expendable = verdict.status() != AttemptStatus::Failed || old.kept >= KEPT_FAILURES;
        old.kept += usize::from(!old.is_expendable);
    }

    /// Sends a signal to everything an attempt started. Whoever still looks at it has had time enough.
    pub fn signal(&mut self, attempt: AttemptId, signal: StopSignal) {
        let reason = "the suite was told to end before it was done";
        self.examiner
            .cut_short(attempt, reason, &mut self.supervisor);
        self.stopped.insert(attempt);
        self.supervisor.signal(key(attempt), system_signal(signal));
    }

    /// Stops everything that runs, and this run with it, until the user goes on.
    pub fn pause(&mut self) {
        self.supervisor.pause();
    }

    /// Lets everything go on after a pause.
    pub fn resume(&mut self) {
        self.supervisor.resume();
    }

    /// Waits until something happens or the time is over, and returns what happened.
    ///
    /// # Errors
    /// The system refuses to wait.
    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<Vec<Occurrence>> {
        self.examiner.blink();
        let mut happenings = std::mem::take(&mut self.happenings);
        self.supervisor.wait(timeout, &mut happenings)?;
        let mut occurrences: Vec<Occurrence> = happenings
            .drain(..)
            .filter_map(|happening| self.occurrence(happening))
            .collect();
        self.happenings = happenings;
        let answers = self.desk.answers().into_iter();
        let finished = answers.map(|(attempt, report)| Occurrence::Finished(attempt, report));
        occurrences.extend(finished);
        Ok(occurrences)
    }

    /// Returns the last lines that an attempt which is over printed.
    #[must_use]
    pub fn excerpt(&self, attempt: AttemptId) -> Vec<String> {
        let path = self.log_path(&self.launches[attempt.task]);
        excerpt::last_lines(&path, EXCERPT_LINES).unwrap_or_default()
    }

    /// Returns the first line that speaks of an error in what an attempt printed which is over; `excerpt` has its
    /// last lines.
    #[must_use]
    pub fn first_error(&self, attempt: AttemptId, excerpt: &[String]) -> Option<FirstError> {
        let path = self.log_path(&self.launches[attempt.task]);
        find_first_error(&path, excerpt.len()).ok().flatten()
    }

    /// Returns the last line that a running attempt printed.
    #[must_use]
    pub fn last_line(&mut self, attempt: AttemptId) -> Option<String> {
        excerpt::last_line(&self.supervisor.recent_output(key(attempt)))
    }

    /// Returns the diagnosis logs that are not whole, as `suite: reason`.
    #[must_use]
    pub fn diagnosis_errors(&self) -> Vec<String> {
        let errors = self.examiner.errors();
        let errors = errors.map(|(task, error)| {
            let name = self.launches[task].stem();
            format!("{name}: failed to write its diagnosis log: {error}")
        });
        errors.collect()
    }

    /// Returns how many processes were killed for memory that nobody here is known to have missed.
    #[must_use]
    pub fn unexplained_kills(&mut self) -> u64 {
        self.casualties.unexplained()
    }

    fn counts_storage(&self) -> bool {
        *self.counts_storage.get_or_init(counts_storage)
    }

    /// Returns a handle that ends a wait from another thread.
    #[must_use]
    pub fn waker(&self) -> Waker {
        self.supervisor.waker()
    }

    /// Returns what a happening means for the run; `None` for what only an examination is interested in.
    fn occurrence(&mut self, happening: Happening) -> Option<Occurrence> {
        Some(match happening {
            Happening::Printed { key } if is_examination(key) => return None,
            Happening::Output { key, bytes } if is_examination(key) => {
                self.examiner.note_output(attempt(key), &bytes);
                return None;
            }
            Happening::Exited { key, ended } if is_examination(key) => {
                Occurrence::Examined(self.examiner.finish(attempt(key), &ended)?)
            }
            Happening::Printed { key } => Occurrence::Printed(attempt(key)),
            Happening::Output { key, bytes } => Occurrence::Output(attempt(key), bytes),
            Happening::Exited { key, mut ended } => {
                let attempt = attempt(key);
                let reason = "the suite ended before it was done";
                self.examiner
                    .cut_short(attempt, reason, &mut self.supervisor);
                let out_of_memory = if self.stopped.remove(&attempt) {
                    ended.leftovers.clear();
                    false
                } else {
                    let started = self.started[attempt.task];
                    self.casualties.explain(started, ended.status)
                };
                self.close_share(attempt);
                let sharding = self.sharding(attempt.task);
                self.clean_up(attempt.task);
                let mut report = report_of(ended, || self.counts_storage());
                report.out_of_memory = out_of_memory;
                report.sharding = sharding;
                let launch = &self.launches[attempt.task];
                let left = Left {
                    launch,
                    xml: self.xml_path(launch),
                    log: self.log_path(launch),
                    root: &self.workplace.root,
                };
                match self.desk.take(attempt, Box::new(report), left) {
                    Some(report) => Occurrence::Finished(attempt, report),
                    None => Occurrence::Exited(attempt),
                }
            }
            Happening::Readable => {
                self.broker.as_mut()?.stir();
                return None;
            }
            Happening::Signal(Signal::Interrupt) => Occurrence::Signal(StopSignal::Interrupt),
            Happening::Signal(Signal::Hangup) => Occurrence::Signal(StopSignal::Hangup),
            Happening::Signal(_) => Occurrence::Signal(StopSignal::Terminate),
            Happening::Key(key) => Occurrence::Key(key),
            Happening::Keyboard(keyboard) => Occurrence::Keyboard(keyboard),
            Happening::Resized => Occurrence::Resized,
            Happening::Woken => Occurrence::Woken,
            Happening::Suspended => Occurrence::Suspended,
            Happening::Resumed => Occurrence::Resumed,
            Happening::Abandoned => Occurrence::Abandoned,
        })
    }

    /// Moves the files of the attempt before out of the way.
    fn make_way(&self, launch: &Launch, attempt: AttemptId) -> io::Result<()> {
        if attempt.number > 1 {
            // What need not be kept is overwritten.
            if !self.old_logs[attempt.task].is_expendable {
                let old = format!("{}.attempt-{}.log", launch.stem(), attempt.number - 1);
                fault::check(Operation::Rename)?;
                ignore_missing(fs::rename(
                    self.log_path(launch),
                    self.workplace.log_dir.join(old),
                ))?;
            }
            ignore_missing(remove_whatever(&self.xml_path(launch)))?;
        }
        Ok(())
    }

    /// Returns what an attempt that is over has made of its shard.
    fn sharding(&self, task: TaskId) -> Sharding {
        match self.launches[task].part {
            None => Sharding::Whole,
            Some(part) if part.told == Told::ByWords => Sharding::Taken,
            Some(_) if self.private_dirs.has_status(self.slots[task]) => Sharding::Taken,
            Some(_) => Sharding::Ignored,
        }
    }

    fn clean_up(&mut self, task: TaskId) {
        self.private_dirs.take_back(self.slots[task]);
        let outputs = self.outputs_path(&self.launches[task]);
        self.outputs_dirs.take_back(outputs);
    }

    fn command(
        &self,
        launch: &Launch,
        attempt: AttemptId,
        (slot, private_dir): (u32, &Path),
        share: Option<&Share>,
    ) -> Command {
        let slots = self.broker.as_ref().map_or(1, Broker::slots);
        Command {
            argv: launch.argv.clone(),
            env: self.inherited.environment(&Attempted {
                launch,
                run_id: &self.workplace.run_id,
                number: attempt.number,
                slot,
                private_dir,
                outputs_dir: &self.outputs_path(launch),
                xml_file: &self.xml_path(launch),
                jobserver: share.map(|it| (slots, it.address.as_slice())),
                status_file: &self.private_dirs.status_file(slot),
            }),
            dir: launch.dir.clone(),
            log: self.log_path(launch),
            max_log_bytes: launch.max_log_bytes,
            follow: self.workplace.follow,
            leftovers: match launch.leftovers {
                Leftovers::Kill | Leftovers::Fail => LeftoverPolicy::End,
                Leftovers::Allow => LeftoverPolicy::Allow,
            },
            descriptors: share.map(|it| it.descriptors.clone()).unwrap_or_default(),
        }
    }

    /// Returns the command with which a suite wants to look at the process `leader` of an attempt. It leads a group of
    /// its own; what it prints is handed over instead of being logged.
    fn on_timeout(&self, attempt: AttemptId, leader: i32) -> Option<Command> {
        let launch = &self.launches[attempt.task];
        let argv = launch.on_timeout.clone()?;
        let slot = self.slots[attempt.task];
        let private_dir = self.private_dirs.path(slot);
        // It is in a hurry, and has no jobs.
        let command = self.command(launch, attempt, (slot, &private_dir), None);
        Some(Command {
            argv,
            env: examining(command.env, leader),
            log: "/dev/null".into(),
            max_log_bytes: 0,
            follow: Follow::Chunks,
            leftovers: LeftoverPolicy::End,
            ..command
        })
    }

    fn log_path(&self, launch: &Launch) -> PathBuf {
        self.workplace
            .log_dir
            .join(format!("{}.log", launch.stem()))
    }

    fn xml_path(&self, launch: &Launch) -> PathBuf {
        self.workplace
            .log_dir
            .join(format!("{}.xml", launch.stem()))
    }

    fn outputs_path(&self, launch: &Launch) -> PathBuf {
        self.workplace
            .log_dir
            .join(format!("{}.outputs", launch.stem()))
    }
}

/// Returns the signal of the operating system that a word of the scheduler stands for.
#[must_use]
pub fn system_signal(signal: StopSignal) -> Signal {
    match signal {
        StopSignal::Interrupt => Signal::Interrupt,
        StopSignal::Terminate => Signal::Terminate,
        StopSignal::Hangup => Signal::Hangup,
        StopSignal::Kill => Signal::Kill,
    }
}

/// Set in the keys of commands that look at an attempt. No plan has tasks enough to need the bit.
const EXAMINATION: u64 = 1 << 63;

/// Returns the key under which the supervisor knows the command that looks at an attempt.
fn examination_key(attempt: AttemptId) -> u64 {
    EXAMINATION | key(attempt)
}

fn is_examination(key: u64) -> bool {
    key & EXAMINATION != 0
}

/// The key under which the supervisor knows an attempt: both numbers in one.
fn key(attempt: AttemptId) -> u64 {
    u64::from(attempt.task.0) << 32 | u64::from(attempt.number)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "each half of a key was a u32 before"
)]
fn attempt(key: u64) -> AttemptId {
    AttemptId {
        task: TaskId(((key & !EXAMINATION) >> 32) as u32),
        number: key as u32,
    }
}

/// Removes a file, or a folder that a suite put in its place.
fn remove_whatever(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => fs::remove_dir_all(path),
        result => result,
    }
}

fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

fn lost(what: &str, error: &io::Error) -> Exit {
    Exit::Lost(format!("failed to {what}: {error}"))
}

/// Tells a fault of the suite from one of this process: a log that cannot be written is the latter, and so are
/// descriptors that ran out. Processes run out for everybody.
fn exit_of(error: &SpawnError) -> Exit {
    let reason = format!("failed to {error}");
    match error {
        SpawnError::Log { .. } => Exit::Lost(reason),
        SpawnError::Resources { source, .. } if !is_about_processes(source) => Exit::Lost(reason),
        _ => Exit::NotStarted(reason),
    }
}

fn named(processes: Vec<regatta_process::Leftover>) -> Vec<Leftover> {
    let processes = processes.into_iter();
    let named = processes.map(|it| Leftover {
        pid: it.pid,
        name: it.name,
    });
    named.collect()
}

fn is_about_processes(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::OutOfMemory
    )
}

/// `counts_storage` says whether zero bytes from and to storage are zero bytes.
fn report_of(ended: Ended, counts_storage: impl FnOnce() -> bool) -> AttemptReport {
    let (usage, samples) = usage_of(&ended, counts_storage);
    AttemptReport {
        exit: match ended.status {
            Status::Code(code) => Exit::Code(code),
            Status::Signal(signal) => Exit::Signal(signal),
        },
        usage: Some(usage),
        leftovers: named(ended.leftovers),
        suspects: named(ended.suspects),
        survivors: named(ended.survivors),
        log: LogReport {
            bytes: ended.log.bytes,
            elided_bytes: ended.log.elided_bytes,
            error: ended.log.error,
        },
        excerpt: Vec::new(),
        sharding: Sharding::Whole,
        first_error: None,
        cases: None,
        samples,
        out_of_memory: false,
    }
}
