//! A reader on a thread of its own, for what takes too long to read between two other things.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::Builder;

use regatta_core::cases::CaseList;
use regatta_core::id::AttemptId;

use super::attempt::Question;

/// What an attempt told.
pub type Answer = (AttemptId, Option<Box<CaseList>>);

/// Reads the cases of attempts, one attempt after the other. The thread starts with the first question.
pub struct Reader {
    notify: Option<Box<dyn Fn() + Send>>,
    questions: Option<Sender<(AttemptId, Question)>>,
    answers: Option<Receiver<Answer>>,
    /// Attempts that were asked about and have no answer yet.
    asked: VecDeque<AttemptId>,
}

impl Reader {
    /// Returns a reader that starts no thread yet; `notify` is called when there are answers.
    #[must_use]
    pub fn new(notify: impl Fn() + Send + 'static) -> Self {
        Self {
            notify: Some(Box::new(notify)),
            questions: None,
            answers: None,
            asked: VecDeque::new(),
        }
    }

    /// Asks for the cases of an attempt. Where there is no thread to spare, the question comes back.
    ///
    /// # Errors
    /// The question, which nobody will answer.
    pub fn ask(&mut self, attempt: AttemptId, question: Question) -> Result<(), Box<Question>> {
        self.start();
        let Some(questions) = &self.questions else {
            return Err(Box::new(question));
        };
        match questions.send((attempt, question)) {
            Ok(()) => {
                self.asked.push_back(attempt);
                Ok(())
            }
            Err(returned) => Err(Box::new(returned.0.1)),
        }
    }

    /// Returns the answers that are there.
    pub fn answers(&mut self) -> Vec<Answer> {
        let mut answers = Vec::new();
        while let Some(receiver) = &self.answers {
            match receiver.try_recv() {
                Ok(answer) => {
                    self.asked.retain(|it| *it != answer.0);
                    answers.push(answer);
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    // It is gone, and what it was asked stays without an answer.
                    (self.questions, self.answers) = (None, None);
                    answers.extend(self.asked.drain(..).map(|attempt| (attempt, None)));
                }
            }
        }
        answers
    }

    fn start(&mut self) {
        let Some(notify) = self.notify.take() else {
            return;
        };
        let (questions, asked) = channel::<(AttemptId, Question)>();
        let (answered, answers) = channel();
        let started = Builder::new().name("cases".into()).spawn(move || {
            // Also when this thread dies: then somebody has to notice.
            let notify = Notify(notify);
            while let Ok((attempt, question)) = asked.recv() {
                let list = question.answer().map(Box::new);
                if answered.send((attempt, list)).is_err() {
                    return;
                }
                (notify.0)();
            }
            drop(answered);
        });
        if started.is_ok() {
            (self.questions, self.answers) = (Some(questions), Some(answers));
        }
    }
}

/// Calls its function once more when it goes.
struct Notify(Box<dyn Fn() + Send>);

impl Drop for Notify {
    fn drop(&mut self) {
        (self.0)();
    }
}
