//! When the run will end. It follows which suites are over and which run since when, and looks ahead once a second.

use std::time::Duration;

use regatta_core::event::Event;
use regatta_core::forecast::{Outlook, Stand};
use regatta_core::id::{Id, TaskId};
use regatta_core::time::Time;

/// How long a look ahead holds: it costs a millisecond, and shows whole seconds.
const LASTING: Duration = Duration::from_secs(1);

/// The end of a run, as far as it can be foreseen.
#[derive(Debug)]
pub(super) struct Prospect {
    outlook: Outlook,
    /// When each task started that runs; the rest is ahead or over.
    tasks: Vec<Progress>,
    looked: Option<Time>,
    end: Option<End>,
}

/// How it is with a task.
#[derive(Debug, Clone, Copy)]
enum Progress {
    Ahead,
    Running(Time),
    Over,
}

/// The moments between which a run will probably end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) early: Time,
    pub(super) late: Time,
}

impl Prospect {
    /// Starts before a run of so many tasks.
    pub(super) fn new(outlook: Outlook, tasks: usize) -> Self {
        Self {
            outlook,
            tasks: vec![Progress::Ahead; tasks],
            looked: None,
            end: None,
        }
    }

    /// Takes what an event changes.
    pub(super) fn apply(&mut self, at: Time, event: &Event) {
        match event {
            Event::AttemptStarted { attempt, .. } => self.set(attempt.task, Progress::Running(at)),
            // Until its word is said it may run again.
            Event::AttemptFinished { attempt, .. } => self.set(attempt.task, Progress::Ahead),
            Event::TaskFinished { task, .. } => self.set(*task, Progress::Over),
            _ => {}
        }
    }

    /// Returns when the run will end, looking ahead anew where the last look is old. `None` while too little is known.
    pub(super) fn find_end(&mut self, at: Time) -> Option<End> {
        if self.looked.is_none_or(|looked| at >= looked + LASTING) {
            self.looked = Some(at);
            let stands: Vec<Stand> = (self.tasks.iter())
                .map(|task| match *task {
                    Progress::Ahead => Stand::Ahead,
                    Progress::Running(since) => Stand::Running(at - since),
                    Progress::Over => Stand::Over,
                })
                .collect();
            let range = self.outlook.find_range(&stands);
            self.end = range.map(|range| End {
                early: at + range.early,
                late: at + range.late,
            });
        }
        self.end
    }

    fn set(&mut self, task: TaskId, progress: Progress) {
        if let Some(it) = self.tasks.get_mut(task.index()) {
            *it = progress;
        }
    }
}
