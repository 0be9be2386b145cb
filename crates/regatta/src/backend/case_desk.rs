//! Between the exit of an attempt and its report: the test cases that it told of.
//!
//! What is short is read at once. What is long goes to a thread, and the report waits for that while everything else
//! goes on. A suite that leaves nothing costs one look for its XML file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use regatta_core::cases::CaseList;
use regatta_core::id::{AttemptId, TaskId};
use regatta_core::verdict::AttemptReport;
use regatta_process::Waker;

use super::launch::Launch;
use crate::cases::{Question, Reader, Room, Sight, Wanted};

/// Up to so many bytes are read at once: less than a millisecond.
const SHORT_BYTES: u64 = 64 * 1024;

/// How many cases the latest attempts of all suites may list together, so that a record of the run stays small.
const MOST_LISTED: usize = 100_000;

/// How many a suite may list however many others do.
const LEAST_LISTED: usize = 200;

/// Looks for the cases of attempts.
pub(super) struct CaseDesk {
    reader: Reader,
    /// Reports of attempts that are being read.
    waiting: BTreeMap<AttemptId, Box<AttemptReport>>,
    /// The files of suites that name some, as they were before their attempt.
    before: BTreeMap<TaskId, Sight>,
    /// How many cases the latest attempt of a task lists.
    listed: BTreeMap<TaskId, usize>,
}

/// Where an attempt left what it told.
pub(super) struct Left<'a> {
    pub(super) launch: &'a Launch,
    /// The XML file it was told of. It was not there before.
    pub(super) xml: PathBuf,
    pub(super) log: PathBuf,
    /// The folder of the project.
    pub(super) root: &'a Path,
}

impl CaseDesk {
    pub(super) fn new(waker: Waker) -> Self {
        Self {
            reader: Reader::new(move || waker.wake()),
            waiting: BTreeMap::new(),
            before: BTreeMap::new(),
            listed: BTreeMap::new(),
        }
    }

    /// Notes what is there before an attempt of a task.
    pub(super) fn prepare(&mut self, task: TaskId, launch: &Launch) {
        if let Wanted::Files(_, pattern) = &launch.cases {
            self.before.insert(task, Sight::take(&launch.dir, pattern));
        }
    }

    /// Takes the report of an attempt whose command has exited, and gives it back with the cases; `None` while they are
    /// being read.
    pub(super) fn take(
        &mut self,
        attempt: AttemptId,
        mut report: Box<AttemptReport>,
        left: Left<'_>,
    ) -> Option<Box<AttemptReport>> {
        let length = length_of(&report, &left);
        if length == Some(0) {
            return Some(report);
        }
        let question = Question {
            wanted: left.launch.cases.clone(),
            dir: left.launch.dir.clone(),
            before: self.before.remove(&attempt.task).unwrap_or_default(),
            xml: left.xml,
            log: left.log,
            is_log_cut: report.log.elided_bytes > 0,
            room: self.room_for(attempt.task),
            root: left.root.to_owned(),
        };
        let question = if length.is_some_and(|it| it <= SHORT_BYTES) {
            question
        } else {
            match self.reader.ask(attempt, question) {
                Ok(()) => {
                    self.waiting.insert(attempt, report);
                    return None;
                }
                // There is no thread to spare, and all the time in the world.
                Err(question) => *question,
            }
        };
        let cases = question.answer().map(Box::new);
        self.attach(attempt, &mut report, cases);
        Some(report)
    }

    /// Returns the reports that are whole by now.
    pub(super) fn answers(&mut self) -> Vec<(AttemptId, Box<AttemptReport>)> {
        if self.waiting.is_empty() {
            return Vec::new();
        }
        let answers = self.reader.answers().into_iter();
        let whole = answers.filter_map(|(attempt, cases)| {
            let mut report = self.waiting.remove(&attempt)?;
            self.attach(attempt, &mut report, cases);
            Some((attempt, report))
        });
        whole.collect()
    }

    fn attach(
        &mut self,
        attempt: AttemptId,
        report: &mut AttemptReport,
        cases: Option<Box<CaseList>>,
    ) {
        let listed = cases.as_ref().map_or(0, |it| it.cases.len());
        self.listed.insert(attempt.task, listed);
        report.cases = cases;
    }

    fn room_for(&self, task: TaskId) -> Room {
        let others = self.listed.iter().filter(|(it, _)| **it != task);
        let taken: usize = others.map(|(_, listed)| listed).sum();
        let most = Room::OF_AN_ATTEMPT;
        Room {
            cases: MOST_LISTED
                .saturating_sub(taken)
                .clamp(LEAST_LISTED, most.cases),
            ..most
        }
    }
}

/// Returns how much there is to read: nothing, something short, or more than anybody knows.
fn length_of(report: &AttemptReport, left: &Left<'_>) -> Option<u64> {
    match &left.launch.cases {
        Wanted::Nothing => Some(0),
        Wanted::Files(..) => None,
        Wanted::Usual(_) => Some(report.log.bytes.max(1) + xml_length(left)),
        Wanted::Whatever => Some(report.log.bytes + xml_length(left)),
    }
}

fn xml_length(left: &Left<'_>) -> u64 {
    // An empty file is there, too.
    fs::metadata(&left.xml).map_or(0, |it| it.len().max(1))
}
