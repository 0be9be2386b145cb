//! Looks at attempts that are slow or ran into a limit, and runs what their suites want to look with. Owns their
//! diagnosis logs while they are written; decides neither when to look nor how long that may take.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use regatta_core::id::{AttemptId, TaskId};
use regatta_process::{Command, Ended, ProcessTable, Signal, Snapshot, Supervisor};

use super::diagnosis::{Beginning, DiagnosisLog, End, Sighting};

/// Whether a command of the suite still looks at an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Examination {
    /// All that was to be seen was seen.
    Over,
    /// A command runs.
    GoesOn,
}

/// The examinations of a run.
#[derive(Default)]
pub(super) struct Examiner {
    /// Suites with a diagnosis log of this run, and the first error of writing each.
    logs: BTreeMap<TaskId, Option<io::Error>>,
    /// The commands that run, and where their output goes.
    running: BTreeMap<AttemptId, Run>,
    /// One look at the machine serves all that is examined at one moment.
    processes: Option<ProcessTable>,
}

struct Run {
    /// The supervisor's key of the command.
    key: u64,
    log: DiagnosisLog,
}

impl Examiner {
    /// Returns what the processes of a command are doing; nothing for one that is over.
    pub(super) fn look(&mut self, leader: Option<i32>) -> Snapshot {
        let Some(leader) = leader else {
            return Snapshot::default();
        };
        let processes = self.processes.get_or_insert_with(ProcessTable::read);
        processes.snapshot(leader)
    }

    /// Lets the moment pass: the next look is a new one.
    pub(super) fn blink(&mut self) {
        self.processes = None;
    }

    /// Writes what was seen into the diagnosis log at `path`, and returns the log, to be closed or gone on with.
    pub(super) fn record(
        &mut self,
        task: TaskId,
        path: &Path,
        sighting: &Sighting<'_>,
    ) -> DiagnosisLog {
        let beginning = if self.logs.contains_key(&task) {
            Beginning::Continued
        } else {
            Beginning::New
        };
        self.logs.entry(task).or_default();
        let mut log = DiagnosisLog::open(path, beginning);
        log.write_sighting(sighting);
        log
    }

    /// Closes a log that nothing follows in.
    pub(super) fn close(&mut self, task: TaskId, log: DiagnosisLog) {
        self.note_error(task, log.into_error());
    }

    /// Starts a command that looks at an attempt, under a key of its own.
    pub(super) fn start(
        &mut self,
        attempt: AttemptId,
        key: u64,
        command: &Command,
        mut log: DiagnosisLog,
        supervisor: &mut Supervisor,
    ) -> Examination {
        match supervisor.spawn(key, command) {
            Ok(()) => {
                log.write_output_heading();
                self.running.insert(attempt, Run { key, log });
                Examination::GoesOn
            }
            Err(error) => {
                log.write_refusal(&error);
                self.close(attempt.task, log);
                Examination::Over
            }
        }
    }

    /// Takes output of the command that looks at an attempt.
    pub(super) fn note_output(&mut self, attempt: AttemptId, bytes: &[u8]) {
        if let Some(run) = self.running.get_mut(&attempt) {
            run.log.write_output(bytes);
        }
    }

    /// Takes the end of the command that looks at an attempt. Returns `None` if nobody waits for it any more.
    pub(super) fn finish(&mut self, attempt: AttemptId, ended: &Ended) -> Option<AttemptId> {
        let run = self.running.remove(&attempt)?;
        self.note_error(attempt.task, run.log.finish(End::Exited(ended.status)));
        Some(attempt)
    }

    /// Kills the command that looks at an attempt, if one does. Its end is of no interest any more.
    pub(super) fn cut_short(
        &mut self,
        attempt: AttemptId,
        reason: &'static str,
        supervisor: &mut Supervisor,
    ) {
        if let Some(run) = self.running.remove(&attempt) {
            supervisor.signal(run.key, Signal::Kill);
            self.note_error(attempt.task, run.log.finish(End::Killed(reason)));
        }
    }

    /// Returns the suites whose diagnosis log is not whole, and why.
    pub(super) fn errors(&self) -> impl Iterator<Item = (TaskId, &io::Error)> {
        let logs = self.logs.iter();
        logs.filter_map(|(task, error)| Some((*task, error.as_ref()?)))
    }

    fn note_error(&mut self, task: TaskId, error: Option<io::Error>) {
        let known = self.logs.entry(task).or_default();
        if known.is_none() {
            *known = error;
        }
    }
}
