//! What is said to a server at each event of a run, in the words of that server.

use regatta_core::event::Event;
use regatta_core::id::{Id, TaskId};
use regatta_core::time::Time;
use regatta_core::verdict::{Status, Verdict};

use super::annotations::find_annotations;
use super::guard::Guard;
use super::part::Part;
use super::service::Service;
use super::{azure, buildkite, github, gitlab, teamcity};
use crate::report::plain::one_line;
use crate::report::record::{AttemptRecord, Record};
use crate::report::source::Source;

/// Speaks to one server about one run.
#[derive(Debug, Clone)]
pub struct Voice {
    service: Service,
    /// Unguessable digits, for a server that needs such a word.
    word: String,
    /// The folder from which the server counts paths; `None` for that of the configuration.
    checkout: Option<String>,
    logs: Logs,
}

/// Whether the logs of suites are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logs {
    /// Each in a part that can be folded.
    Shown,
    /// They are not, or have been line by line.
    Hidden,
}

impl Voice {
    /// Returns a voice that has not spoken yet. `word` is of digits, and nobody else knows it.
    #[must_use]
    pub fn new(service: Service, word: String, checkout: Option<String>, logs: Logs) -> Self {
        Self {
            service,
            word,
            checkout,
            logs,
        }
    }

    /// Returns which server it speaks to.
    #[must_use]
    pub fn service(&self) -> Service {
        self.service
    }

    /// Returns what foreign text has to pass.
    #[must_use]
    pub fn guard(&self) -> Guard {
        match self.service {
            Service::GitHub => Guard::Word(self.word.clone()),
            Service::GitLab => Guard::None,
            Service::Buildkite => Guard::Headings(buildkite::HEADINGS),
            Service::Azure => Guard::Prefixes(azure::PREFIXES),
            Service::TeamCity => Guard::Prefixes(teamcity::PREFIXES),
        }
    }

    /// Returns the lines before everything else.
    #[must_use]
    pub fn opening(&self, project: &str) -> String {
        match self.service {
            Service::GitHub => github::stop(&self.word),
            Service::Buildkite => buildkite::shown(&format!("Suites of {}", one_line(project))),
            Service::TeamCity => teamcity::open_run(&one_line(project)),
            Service::GitLab | Service::Azure => String::new(),
        }
    }

    /// Returns the lines after everything else, whatever ended the run.
    #[must_use]
    pub fn closing(&self, project: &str) -> String {
        match self.service {
            Service::GitHub => github::resume(&self.word),
            Service::TeamCity => teamcity::close_run(&one_line(project)),
            Service::GitLab | Service::Buildkite | Service::Azure => String::new(),
        }
    }

    /// Returns the line before a text that is no run but may quote suites.
    #[must_use]
    pub fn opening_of_text(&self) -> String {
        match self.service {
            Service::GitHub => github::stop(&self.word),
            _ => String::new(),
        }
    }

    /// Returns the line behind such a text, which may not have ended its last line.
    #[must_use]
    pub fn closing_of_text(&self) -> String {
        match self.service {
            Service::GitHub => format!("\n{}", github::resume(&self.word)),
            _ => String::new(),
        }
    }

    /// Returns what is said before people are told of an event. The event is part of the record.
    #[must_use]
    pub fn before(&self, event: &Event, source: &Source<'_>) -> Vec<Part> {
        if !matches!(event, Event::RunFinished { .. }) {
            return Vec::new();
        }
        let annotations = find_annotations(source.record, self.checkout.as_deref());
        let commands = match self.service {
            Service::GitHub => self.obeyed(&github::annotate(&annotations)),
            Service::Azure => azure::annotate(&annotations),
            // Its headings have no end, so that logs stand in the way of nothing only here.
            Service::Buildkite => return self.all_logs(source),
            Service::GitLab | Service::TeamCity => String::new(),
        };
        let lines = match annotations.left_out {
            0 => String::new(),
            1 => "1 more error is in the summary\n".to_owned(),
            more => format!("{more} more errors are in the summary\n"),
        };
        if commands.is_empty() {
            return Vec::new();
        }
        vec![Part {
            open: commands,
            lines,
            close: String::new(),
        }]
    }

    /// Returns what is said after people were told of an event.
    #[must_use]
    pub fn after(&self, event: &Event, source: &Source<'_>) -> Vec<Part> {
        let task = match event {
            Event::TaskFinished { task, .. } => *task,
            Event::TaskRoundFinished {
                task,
                round,
                verdict,
            } => {
                // As people are told: a pass once.
                if *round > 1 && *verdict == Verdict::Passed {
                    return Vec::new();
                }
                *task
            }
            Event::RetryScheduled { attempt, .. } => attempt.task,
            _ => return Vec::new(),
        };
        let record = source.record;
        if task.index() >= record.tasks.len() {
            return Vec::new();
        }
        let is_final = matches!(event, Event::TaskFinished { .. });
        match self.service {
            Service::TeamCity if is_final => vec![Part::commands(teamcity::tell(source, task))],
            Service::TeamCity | Service::Buildkite => Vec::new(),
            // After several rounds each has been told.
            _ if is_final && record.header.repeat.is_some() => Vec::new(),
            _ => self.log(source, task).into_iter().collect(),
        }
    }

    /// Returns the log of the latest attempt of a task in a part of its own; nothing for one that printed nothing.
    fn log(&self, source: &Source<'_>, task: TaskId) -> Option<Part> {
        let record = source.record;
        let attempt = record.tasks[task.index()].attempts.last()?;
        let lines = self.lines(source, task, attempt)?;
        let title = title(record, task, attempt);
        let id = format!("regatta_{}_{}", task.index(), attempt.number);
        let at = |at: Option<Time>| unix_seconds(record, at.unwrap_or(record.latest));
        let (open, close) = match self.service {
            Service::GitHub => (
                self.obeyed(&github::open_group(&title)),
                self.obeyed(&github::close_group()),
            ),
            Service::GitLab => (
                gitlab::open_section(&id, at(attempt.started), &title),
                gitlab::close_section(&id, at(attempt.end.as_ref().map(|it| it.at))),
            ),
            Service::Azure => (azure::open_group(&title), azure::close_group()),
            Service::Buildkite if record.tasks[task.index()].status() == Status::Failed => {
                (buildkite::shown(&title), String::new())
            }
            Service::Buildkite => (buildkite::folded(&title), String::new()),
            Service::TeamCity => return None,
        };
        Some(Part { open, lines, close })
    }

    fn lines(&self, source: &Source<'_>, task: TaskId, attempt: &AttemptRecord) -> Option<String> {
        if self.logs == Logs::Hidden {
            return None;
        }
        let record = source.record;
        let name = record.log_name(task, attempt)?;
        // Where another attempt follows at once, the log may have moved by now.
        let moved = (source.find_tail)(&record.later_log_name(task, attempt));
        let mut text = moved.or_else(|| (source.find_tail)(&name))?.render();
        if !text.ends_with('\n') {
            text.push('\n');
        }
        Some(text).filter(|text| !text.trim().is_empty())
    }

    fn all_logs(&self, source: &Source<'_>) -> Vec<Part> {
        let tasks = (0..source.record.tasks.len()).map(TaskId::from_index);
        let logs = tasks.filter_map(|task| self.log(source, task));
        logs.chain([Part::commands(buildkite::shown("Summary"))])
            .collect()
    }

    /// Returns a command between the words that let it be obeyed.
    fn obeyed(&self, commands: &str) -> String {
        if commands.is_empty() {
            return String::new();
        }
        format!(
            "{}{commands}{}",
            github::resume(&self.word),
            github::stop(&self.word)
        )
    }
}

fn title(record: &Record, task: TaskId, attempt: &AttemptRecord) -> String {
    let name = one_line(&record.suite(task).name);
    match attempt.number {
        1 => format!("Log of {name}"),
        number => format!("Log of {name}, attempt {number}"),
    }
}

/// Returns a moment of the run on the wall clock as it was at the start.
fn unix_seconds(record: &Record, at: Time) -> i64 {
    let since = i64::try_from(at.0.as_micros()).unwrap_or(i64::MAX);
    record
        .header
        .wall_us
        .saturating_add(since)
        .div_euclid(1_000_000)
}
