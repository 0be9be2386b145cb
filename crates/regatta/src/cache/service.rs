//! A keeper on a thread of its own: the loop asks, goes on, and is woken when there is an answer.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::{Builder, JoinHandle};

use regatta_core::id::TaskId;

use super::keeper::Keeper;
use super::question::{Attempted, Probed};

/// What the keeper says.
#[derive(Debug)]
pub enum Answer {
    /// Whether a kept result holds for a task.
    Probed(Probed),
    /// A result was kept, or was not for this reason.
    Kept(TaskId, Option<String>),
}

/// Asks a keeper without waiting for him.
#[derive(Debug)]
pub struct Service {
    jobs: Option<Sender<Job>>,
    answers: Receiver<Answer>,
    thread: Option<JoinHandle<Vec<String>>>,
    is_hurried: Arc<AtomicBool>,
    /// Tasks that were asked about.
    asked: BTreeSet<TaskId>,
    /// Tasks whose result is being kept.
    keeping: BTreeSet<TaskId>,
}

#[derive(Debug)]
enum Job {
    Probe(Vec<TaskId>),
    Keep(TaskId, Attempted),
}

impl Service {
    /// Starts a keeper; `notify` is called when there are answers. On a machine without a thread to spare every task is
    /// a miss.
    #[must_use]
    pub fn start(keeper: Keeper, notify: impl Fn() + Send + 'static) -> Self {
        let (jobs, todo) = channel();
        let (sender, answers) = channel();
        let is_hurried = Arc::new(AtomicBool::new(false));
        let hurry = Arc::clone(&is_hurried);
        let thread = Builder::new().spawn(move || {
            // Also when this thread dies: then somebody has to notice.
            let notify = Notify(notify);
            work(keeper, &todo, &sender, &hurry, &notify)
        });
        Self {
            jobs: Some(jobs),
            answers,
            thread: thread.ok(),
            is_hurried,
            asked: BTreeSet::new(),
            keeping: BTreeSet::new(),
        }
    }

    /// Asks about tasks; the answers come later.
    pub fn probe(&mut self, tasks: Vec<TaskId>) {
        self.asked.extend(&tasks);
        self.send(Job::Probe(tasks));
    }

    /// Wants a result kept.
    pub fn keep(&mut self, task: TaskId, attempted: Attempted) {
        self.keeping.insert(task);
        self.send(Job::Keep(task, attempted));
    }

    /// Returns the answers that are there.
    pub fn answers(&mut self) -> Vec<Answer> {
        let mut answers = Vec::new();
        loop {
            match self.answers.try_recv() {
                Ok(answer) => {
                    match &answer {
                        Answer::Probed(probed) => self.asked.remove(&probed.task),
                        Answer::Kept(task, _) => self.keeping.remove(task),
                    };
                    answers.push(answer);
                }
                Err(TryRecvError::Empty) => return answers,
                Err(TryRecvError::Disconnected) => {
                    // The keeper is gone, and nobody else will answer.
                    let reason = "kept results cannot be looked for";
                    let asked = std::mem::take(&mut self.asked).into_iter();
                    answers.extend(
                        asked.map(|task| {
                            Answer::Probed(Probed::miss(task, None, reason.to_owned()))
                        }),
                    );
                    self.keeping.clear();
                    return answers;
                }
            }
        }
    }

    /// Returns whether nothing is under way.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.asked.is_empty() && self.keeping.is_empty()
    }

    /// Lets the keeper write down what was learned, and returns what went wrong, each fit for a warning.
    #[must_use]
    pub fn finish(mut self) -> Vec<String> {
        self.jobs = None;
        let result = self.thread.take().map(JoinHandle::join);
        match result {
            Some(Ok(warnings)) => warnings,
            Some(Err(_)) => vec!["kept results could not be looked for".into()],
            None => vec!["kept results are not used: there is no thread to spare".into()],
        }
    }

    fn send(&mut self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // Where nobody listens, the answers say so.
            let _ = jobs.send(job);
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Whoever drops it unfinished does not want to wait.
        self.is_hurried.store(true, Ordering::Relaxed);
    }
}

/// Calls its function once more when it goes.
struct Notify<F: Fn()>(F);

impl<F: Fn()> Drop for Notify<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn work<F: Fn()>(
    mut keeper: Keeper,
    todo: &Receiver<Job>,
    answers: &Sender<Answer>,
    is_hurried: &AtomicBool,
    notify: &Notify<F>,
) -> Vec<String> {
    keeper.recall();
    while let Ok(job) = todo.recv() {
        if is_hurried.load(Ordering::Relaxed) {
            return Vec::new();
        }
        // Nobody listens any more once the run is over.
        match job {
            Job::Probe(tasks) => {
                for probed in keeper.probe(&tasks) {
                    let _ = answers.send(Answer::Probed(probed));
                }
            }
            Job::Keep(task, attempted) => {
                let refused = keeper.keep(task, &attempted);
                let _ = answers.send(Answer::Kept(task, refused));
            }
        }
        (notify.0)();
    }
    keeper.close()
}
