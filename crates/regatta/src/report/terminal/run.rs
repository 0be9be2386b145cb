//! A run as the text needs it: what is known, what runs, and what its suites print.

use std::collections::BTreeMap;

use regatta_core::event::{Event, RunHeader};
use regatta_core::forecast::Outlook;
use regatta_core::id::{AttemptId, Id, TaskId};
use regatta_core::time::Time;
use regatta_core::verdict::Verdict;

use crate::report::record::Record;

use super::assembler::Assembler;
use super::case_lines::SHOWN_CASES;
use super::fold::Fold;
use super::lines::Lines;
use super::look::Tone;
use super::options::Options;
use super::page::Page;
use super::progress::Progress;
use super::prospect::Prospect;

/// How wide the column of names before the suites' output may become.
const WIDEST_NAME: usize = 24;

/// What is known of a run.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) record: Record,
    pub(super) progress: Progress,
    /// When it will end, where somebody wants to know.
    prospect: Option<Prospect>,
    /// Unfinished lines of output.
    assemblers: BTreeMap<AttemptId, Assembler>,
    /// How wide the names before output lines are.
    name_column: usize,
    /// Tasks that something else blocked just now and that no line has told of yet.
    pub(super) fold: Fold,
    /// Whether the summary has been written.
    pub(super) is_over: bool,
}

impl Run {
    pub(super) fn new(header: RunHeader, outlook: Option<Outlook>) -> Self {
        let progress = Progress::new(&header);
        let prospect = outlook.map(|outlook| Prospect::new(outlook, header.tasks.len()));
        let record = Record::new(header);
        let tasks = (0..record.tasks.len()).map(TaskId::from_index);
        let names = tasks.map(|task| record.label(task).len());
        let name_column = names.max().unwrap_or(0).min(WIDEST_NAME);
        Self {
            progress,
            prospect,
            record,
            assemblers: BTreeMap::new(),
            name_column,
            fold: Fold::default(),
            is_over: false,
        }
    }

    /// Takes an event. The end of an attempt ends its last line of output.
    pub(super) fn apply(&mut self, page: &mut Page, at: Time, event: &Event) {
        self.record.apply(at, event);
        self.forget_passed_cases(event);
        self.progress.apply(at, event);
        if let Some(prospect) = &mut self.prospect {
            prospect.apply(at, event);
        }
        let ended = match event {
            Event::AttemptFinished { attempt, .. } => Some(*attempt),
            // What it printed was not printed now, and no attempt ends.
            Event::TaskFinished {
                task,
                verdict: Verdict::Cached,
            } => Some(AttemptId {
                task: *task,
                number: 1,
            }),
            _ => None,
        };
        if let Some(attempt) = ended
            && let Some(assembler) = self.assemblers.remove(&attempt)
        {
            let prefix = self.prefix(page, attempt);
            assembler.finish(|line| write_output_line(page, &prefix, line));
        }
    }

    /// Forgets test cases that nothing will be written of; the record that reports are made from has them as well.
    fn forget_passed_cases(&mut self, event: &Event) {
        let told = match event {
            Event::AttemptFinished {
                attempt, report, ..
            } if report.cases.is_some() => attempt.task,
            Event::Probed {
                task,
                cases: Some(_),
                ..
            } => *task,
            _ => return,
        };
        if let Some(task) = self.record.tasks.get_mut(told.index()) {
            task.keep_failed_cases(SHOWN_CASES);
        }
    }

    /// Has the progress say when the run will end.
    pub(super) fn look_ahead(&mut self, at: Time) {
        let prospect = self.prospect.as_mut();
        self.progress.end = prospect.and_then(|prospect| prospect.find_end(at));
    }

    /// Writes each line that more output of an attempt completes.
    pub(super) fn write_output(&mut self, page: &mut Page, attempt: AttemptId, bytes: &[u8]) {
        let prefix = self.prefix(page, attempt);
        let assembler = self.assemblers.entry(attempt).or_default();
        assembler.push(bytes, |line| write_output_line(page, &prefix, line));
    }

    /// Returns what stands before each line of an attempt's output.
    fn prefix(&self, page: &Page, attempt: AttemptId) -> String {
        let is_known = attempt.task.index() < self.record.tasks.len();
        let name = is_known.then(|| self.record.label(attempt.task));
        let name = name.as_deref().unwrap_or_default();
        let column = self.name_column;
        let name = format!("{name:column$} |");
        format!("{} ", page.paint(Tone::Detail, name))
    }

    /// Writes what was held back to be told together.
    pub(super) fn write_held_back(&mut self, page: &mut Page, options: &Options) {
        let fold = std::mem::take(&mut self.fold);
        fold.write(page, self.lines(options));
    }

    pub(super) fn lines<'a>(&'a self, options: &Options) -> Lines<'a> {
        Lines {
            record: &self.record,
            progress: &self.progress,
            counter: options.counter,
            done: self.progress.done.total,
        }
    }
}

fn write_output_line(page: &mut Page, prefix: &str, line: &[u8]) {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // A terminal would have overwritten all but the last state of a progress bar.
    let line = line.rsplit(|&byte| byte == b'\r').next().unwrap_or(line);
    let line = String::from_utf8_lossy(line);
    let line = page.look.clean(&line).into_owned();
    page.line(format_args!("{prefix}{line}"));
}
