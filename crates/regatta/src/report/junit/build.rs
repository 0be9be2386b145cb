//! From a record to a JUnit document: which cases a suite has, and what is said of each.

use std::time::Duration;

use jiff::Timestamp;
use regatta_core::id::{Id, TaskId};
use regatta_core::time::Time;
use regatta_core::verdict::{Failure, Verdict};

use super::cases::own_cases;
use super::document::{CaseElement, CaseResult, Document, Finding, Severity, SuiteElement};
use super::names::Names;
use crate::report::plain::{one_line, plain};
use crate::report::record::{AttemptEnd, AttemptRecord, Record, RunState, describe_failure};
use crate::report::source::Source;
use crate::report::terminal::{describe_failure_in_history, describe_run};

/// Of so many earlier attempts of a suite the output is told.
const OUTPUTS: usize = 5;

/// The name of the element that speaks for the run itself. No suite has a blank in its name.
const RUN_ELEMENT: &str = "regatta run";

pub(super) fn build(source: &Source<'_>) -> Document {
    let record = source.record;
    let mut names = Names::default();
    let tasks = (0..record.tasks.len()).map(TaskId::from_index);
    // What has no word yet has nothing to tell while the run goes on.
    let has_word = |task: &TaskId| {
        source.state != RunState::Running || record.tasks[task.index()].verdict.is_some()
    };
    let suites = tasks
        .filter(has_word)
        .map(|task| Teller { source, task }.suite_element(&mut names));
    let mut document = Document {
        name: one_line(&record.header.project),
        time: record.finished.map_or(record.latest, |it| it.at).0,
        suites: suites.collect(),
    };
    let counts = document.counts();
    if let Some(finding) = find_trouble(source, counts.failures + counts.errors > 0) {
        document
            .suites
            .push(run_element(record, finding, &mut names));
    }
    document
}

/// Returns why the run as a whole is no pass, where its suites do not say so.
fn find_trouble(source: &Source<'_>, has_failure: bool) -> Option<Finding> {
    let record = source.record;
    let exit_code = record.finished.map(|it| it.exit_code);
    let (kind, message) = match (source.state, exit_code) {
        (RunState::Running, _) => ("running", "The run has not finished".to_owned()),
        (RunState::Finished, Some(0)) => return None,
        (RunState::Finished, _) if has_failure => return None,
        (RunState::Finished, _) => ("incomplete", describe_run(record, record.summary()).1),
        (RunState::Interrupted, _) => ("interrupted", describe_run(record, record.summary()).1),
    };
    Some(Finding {
        severity: Severity::Error,
        kind,
        text: message.clone(),
        message,
        output: None,
    })
}

fn run_element(record: &Record, finding: Finding, names: &mut Names) -> SuiteElement {
    let class = "regatta".to_owned();
    SuiteElement {
        name: RUN_ELEMENT.into(),
        timestamp: Some(wall_clock(record, Time::BEGIN)),
        host: one_line(&record.header.host.name),
        time: Duration::ZERO,
        properties: Vec::new(),
        cases: vec![CaseElement {
            name: names.take(&class, "run"),
            class,
            time: None,
            result: CaseResult::Broken(finding),
            reruns: Vec::new(),
            output: None,
        }],
        output: None,
    }
}

/// Tells one suite.
pub(super) struct Teller<'a> {
    pub(super) source: &'a Source<'a>,
    pub(super) task: TaskId,
}

impl Teller<'_> {
    fn suite_element(&self, names: &mut Names) -> SuiteElement {
        let record = self.source.record;
        let known = &record.tasks[self.task.index()];
        let (started, ended) = (known.started(), known.ended());
        let mut cases = own_cases(self, names);
        let speaks_itself = cases.is_empty() || self.is_unexplained(&cases);
        if speaks_itself {
            cases.push(self.case_of_suite(names));
        }
        // Where the suite is a case, that one has its output.
        let output =
            (!speaks_itself && self.is_broken()).then(|| self.output(known.telling_attempt()));
        SuiteElement {
            name: self.name(),
            timestamp: started.map(|at| wall_clock(record, at)),
            host: one_line(&record.header.host.name),
            time: started
                .zip(ended)
                .map_or(Duration::ZERO, |(from, to)| to - from),
            properties: self.properties(),
            cases,
            output: output.flatten(),
        }
    }

    /// Returns the name of the suite.
    pub(super) fn name(&self) -> String {
        one_line(&self.source.record.suite(self.task).name)
    }

    /// Returns the word on the suite.
    pub(super) fn verdict(&self) -> Verdict {
        self.source.record.tasks[self.task.index()].verdict_or_interrupted()
    }

    fn is_broken(&self) -> bool {
        matches!(self.verdict(), Verdict::Failed(_))
    }

    /// Returns whether the suite ended in a way that none of its own cases accounts for.
    fn is_unexplained(&self, cases: &[CaseElement]) -> bool {
        match self.verdict() {
            Verdict::Failed(_) => !cases
                .iter()
                .any(|it| matches!(it.result, CaseResult::Broken(_))),
            Verdict::Flaky => !cases.iter().any(|it| !it.reruns.is_empty()),
            Verdict::Passed | Verdict::Cached => false,
            Verdict::Skipped(_) => true,
        }
    }

    /// Returns the one case that stands for the whole suite.
    fn case_of_suite(&self, names: &mut Names) -> CaseElement {
        let record = self.source.record;
        let name = self.name();
        let known = &record.tasks[self.task.index()];
        let telling = known.telling_attempt();
        let message = || one_line(&record.error_message(self.task).unwrap_or_default());
        let (result, output) = match self.verdict() {
            Verdict::Passed | Verdict::Cached | Verdict::Flaky => (CaseResult::Passed, None),
            Verdict::Skipped(_) => {
                let message = match self.reruns(None).last() {
                    Some(before) => format!("{}, after {}", message(), before.message),
                    None => message(),
                };
                (CaseResult::Skipped(message), self.output(telling))
            }
            Verdict::Failed(failure) => {
                let end = telling.and_then(|it| it.end.as_ref());
                let mut finding = self.finding(&failure, known.latest_number(), end);
                if let Some(entry) = record
                    .suite(self.task)
                    .quarantine
                    .as_deref()
                    .filter(|it| !it.expired)
                {
                    let reason = one_line(&entry.reason);
                    finding.message = format!(
                        "{} (quarantined until {}: {reason})",
                        finding.message, entry.expires
                    );
                }
                (CaseResult::Broken(finding), self.output(telling))
            }
        };
        // The dialect knows no tries before a skip.
        let reruns = match result {
            CaseResult::Skipped(_) => Vec::new(),
            _ => self.reruns(telling),
        };
        CaseElement {
            name: names.take(&name, &name),
            class: name,
            time: telling.and_then(AttemptRecord::duration),
            result,
            reruns,
            output,
        }
    }

    /// Returns the failed attempts besides this one; where the suite ran in shards, those of the same shard.
    fn reruns(&self, telling: Option<&AttemptRecord>) -> Vec<Finding> {
        let known = &self.source.record.tasks[self.task.index()];
        let is_other = |it: &&AttemptRecord| {
            telling.is_none_or(|telling| telling.shard == it.shard && telling.number != it.number)
        };
        let others = known.attempts.iter().filter(is_other);
        let failed = others.filter_map(|attempt| match &attempt.end.as_ref()?.verdict {
            Verdict::Failed(failure) => Some((attempt, failure)),
            _ => None,
        });
        let tell = |(index, (attempt, failure)): (usize, (&AttemptRecord, &Failure))| Finding {
            output: (index < OUTPUTS)
                .then(|| self.output(Some(attempt)))
                .flatten(),
            ..self.finding(failure, attempt.number, attempt.end.as_ref())
        };
        failed.enumerate().map(tell).collect()
    }

    fn finding(&self, failure: &Failure, number: u32, end: Option<&AttemptEnd>) -> Finding {
        let message = one_line(&describe_failure(failure, number));
        let severity = match failure {
            Failure::SpawnError(_) | Failure::Infrastructure(_) => Severity::Error,
            _ => Severity::Failure,
        };
        let mut text = message.clone();
        if let Some(words) = describe_failure_in_history(self.source.record, self.task) {
            text = format!("{text}\n{words}");
        }
        for line in end.iter().flat_map(|it| &it.report.excerpt) {
            text = format!("{text}\n{}", plain(line));
        }
        Finding {
            severity,
            kind: kind_of(failure),
            message,
            text,
            output: None,
        }
    }

    /// Returns the end of what an attempt printed.
    pub(super) fn output(&self, attempt: Option<&AttemptRecord>) -> Option<String> {
        let name = self.source.record.log_name(self.task, attempt?)?;
        let tail = (self.source.find_tail)(&name)?;
        Some(tail.render()).filter(|text| !text.is_empty())
    }

    fn properties(&self) -> Vec<(&'static str, String)> {
        let record = self.source.record;
        let suite = record.suite(self.task);
        let known = &record.tasks[self.task.index()];
        let mut properties = vec![
            ("category", one_line(&suite.category)),
            ("command", one_line(&suite.command_line)),
        ];
        let log = record.last_log_file(self.task);
        properties.extend(log.map(|it| ("log", one_line(&it))));
        properties.extend(suite.owner.as_deref().map(|it| ("owner", one_line(it))));
        if known.verdict == Some(Verdict::Cached) {
            properties.push(("cached", "true".into()));
        }
        let left_out = known.cases().map_or(0, |it| it.left_out);
        if left_out > 0 {
            properties.push(("cases_left_out", left_out.to_string()));
        }
        properties
    }
}

/// Returns the word for programs.
fn kind_of(failure: &Failure) -> &'static str {
    match failure {
        Failure::ExitCode(_) => "exit_code",
        Failure::Signal(_) => "signal",
        Failure::Timeout(_) => "timeout",
        Failure::IdleTimeout(_) => "idle_timeout",
        Failure::OutOfMemory => "out_of_memory",
        Failure::NotSharded => "not_sharded",
        Failure::SpawnError(_) => "spawn_error",
        Failure::Leftovers(_) => "leftovers",
        Failure::UnexpectedPass => "unexpected_pass",
        Failure::Flaky => "flaky",
        Failure::Infrastructure(_) => "infrastructure",
    }
}

/// Returns a moment of the run on the wall clock as it was at the start, in UTC and to the millisecond.
fn wall_clock(record: &Record, at: Time) -> String {
    let since = i64::try_from(at.0.as_micros()).unwrap_or(i64::MAX);
    let micros = record.header.wall_us.saturating_add(since);
    let timestamp = Timestamp::from_microsecond(micros).unwrap_or_default();
    format!("{timestamp:.3}")
}
