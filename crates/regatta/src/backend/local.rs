//! Attempts on this machine: files and variables around a command, and what becomes of it.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use regatta_core::event::StopSignal;
use regatta_core::id::{AttemptId, IdMap, TaskId};
use regatta_core::schedule::{Circumstances, Occasion};
use regatta_core::terms::Leftovers;
use regatta_core::verdict::{
    AttemptReport, Exit, FirstError, Leftover, LogReport, Status as AttemptStatus, Usage,
    UsageMethod, Verdict,
};
use regatta_process::fault::{self, Operation};
use regatta_process::{
    Command, Ended, Follow, Guardian, Happening, Keyboard, LeftoverPolicy, Signal, SpawnError,
    Status, Supervisor, Waker,
};

use super::diagnosis::Sighting;
use super::environment::{Attempted, Inherited, examining};
use super::examiner::{Examination, Examiner};
use super::excerpt;
use super::first_error::find_first_error;
use super::launch::Launch;
use super::outputs_dir::OutputsDirs;
use super::private_dir::PrivateDirs;
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
    /// Whether the output of suites is wanted while they run.
    pub follow: Follow,
    /// Names of variables that configure this program and are not passed on.
    pub own_variables: Vec<String>,
}

/// Runs attempts as processes of this machine.
pub struct Local {
    supervisor: Supervisor,
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
    examiner: Examiner,
    /// What becomes of each task's log when another attempt follows.
    old_logs: IdMap<TaskId, OldLog>,
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
        Ok(Self {
            supervisor: Supervisor::new(guardian)?,
            private_dirs: PrivateDirs::new(&workplace.run_id)?,
            outputs_dirs: OutputsDirs::default(),
            stopped: BTreeSet::new(),
            slots: launches.ids().map(|_| 0).collect(),
            old_logs: launches.ids().map(|_| OldLog::default()).collect(),
            inherited: Inherited::new(&workplace.own_variables),
            workplace,
            launches,
            examiner: Examiner::default(),
            happenings: Vec::new(),
        })
    }

    /// Starts an attempt.
    ///
    /// # Errors
    /// The exit of an attempt that could not be started.
    pub fn spawn(&mut self, attempt: AttemptId, slot: u32) -> Result<(), Exit> {
        self.slots[attempt.task] = slot;
        let started = self.try_spawn(attempt, slot);
        if started.is_err() {
            self.clean_up(attempt.task);
        }
        started
    }

    fn try_spawn(&mut self, attempt: AttemptId, slot: u32) -> Result<(), Exit> {
        let private_dir = self.private_dirs.prepare(slot);
        let private_dir =
            private_dir.map_err(|error| lost("create a temporary directory", &error))?;
        let launch = &self.launches[attempt.task];
        let prepared = self.outputs_dirs.prepare(&self.outputs_path(launch));
        prepared
            .and_then(|()| self.make_way(launch, attempt))
            .map_err(|error| lost("prepare the log directory", &error))?;
        let command = self.command(launch, attempt, slot, &private_dir);
        let started = self.supervisor.spawn(key(attempt), &command);
        started.map_err(|error| exit_of(&error))
    }

    /// Puts on record what an attempt does right now. Where it ran into a limit, also starts the command with which its
    /// suite wants to look at it, if there is one.
    pub fn examine(&mut self, attempt: AttemptId, circumstances: &Circumstances) -> Examination {
        let leader = self.supervisor.pid(key(attempt));
        let last_line = self.last_line(attempt);
        let launch = &self.launches[attempt.task];
        let name = format!("{}.diagnosis.log", launch.name);
        let path = self.workplace.log_dir.join(name);
        let sighting = Sighting {
            suite: &launch.name,
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
        let occurrences = happenings
            .drain(..)
            .filter_map(|happening| self.occurrence(happening))
            .collect();
        self.happenings = happenings;
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
            let name = &self.launches[task].name;
            format!("{name}: failed to write its diagnosis log: {error}")
        });
        errors.collect()
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
                if self.stopped.remove(&attempt) {
                    ended.leftovers.clear();
                }
                self.clean_up(attempt.task);
                Occurrence::Finished(attempt, Box::new(report_of(ended)))
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
                let old = format!("{}.attempt-{}.log", launch.name, attempt.number - 1);
                fault::check(Operation::Rename)?;
                ignore_missing(fs::rename(
                    self.log_path(launch),
                    self.workplace.log_dir.join(old),
                ))?;
            }
            ignore_missing(fs::remove_file(self.xml_path(launch)))?;
        }
        Ok(())
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
        slot: u32,
        private_dir: &Path,
    ) -> Command {
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
            }),
            dir: launch.dir.clone(),
            log: self.log_path(launch),
            max_log_bytes: launch.max_log_bytes,
            follow: self.workplace.follow,
            leftovers: match launch.leftovers {
                Leftovers::Kill | Leftovers::Fail => LeftoverPolicy::End,
                Leftovers::Allow => LeftoverPolicy::Allow,
            },
        }
    }

    /// Returns the command with which a suite wants to look at the process `leader` of an attempt. It leads a group of
    /// its own; what it prints is handed over instead of being logged.
    fn on_timeout(&self, attempt: AttemptId, leader: i32) -> Option<Command> {
        let launch = &self.launches[attempt.task];
        let argv = launch.on_timeout.clone()?;
        let slot = self.slots[attempt.task];
        let command = self.command(launch, attempt, slot, &self.private_dirs.path(slot));
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
        self.workplace.log_dir.join(format!("{}.log", launch.name))
    }

    fn xml_path(&self, launch: &Launch) -> PathBuf {
        self.workplace.log_dir.join(format!("{}.xml", launch.name))
    }

    fn outputs_path(&self, launch: &Launch) -> PathBuf {
        self.workplace
            .log_dir
            .join(format!("{}.outputs", launch.name))
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

fn report_of(ended: Ended) -> AttemptReport {
    AttemptReport {
        exit: match ended.status {
            Status::Code(code) => Exit::Code(code),
            Status::Signal(signal) => Exit::Signal(signal),
        },
        usage: Some(Usage {
            cpu: ended.usage.user + ended.usage.system,
            max_rss_bytes: ended.usage.max_rss_bytes,
            method: UsageMethod::Wait4,
        }),
        leftovers: named(ended.leftovers),
        suspects: named(ended.suspects),
        survivors: named(ended.survivors),
        log: LogReport {
            bytes: ended.log.bytes,
            elided_bytes: ended.log.elided_bytes,
            error: ended.log.error,
        },
        excerpt: Vec::new(),
        first_error: None,
        cases: None,
        samples: Vec::new(),
    }
}
