//! A run as a script: suites, and what happens to them when.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::time::Duration;

use regatta::report::terminal::{Memory, Options, Terminal};
use regatta_core::event::{
    CancelReason, CategoryHeader, Event, FORMAT_OF_ONE_ROUND, Host, RunHeader, StopCause,
    StopSignal, Summary,
};
use regatta_core::id::{AttemptId, Id, SuiteId, TaskId};
use regatta_core::plan::Suite;
use regatta_core::port::Subscriber;
use regatta_core::terms::FailFast;
use regatta_core::time::Time;
use regatta_core::verdict::{AttemptReport, Exit, Failure, FirstError, Reason, Verdict};

/// Events in order, addressed by the names of suites; times are milliseconds of the run.
pub(crate) struct Script {
    pub(crate) header: RunHeader,
    pub(crate) events: Vec<(Time, Event)>,
    attempts: Vec<u32>,
    summary: Summary,
}

/// Returns a moment of a run.
pub(crate) fn at(ms: u64) -> Time {
    Time(Duration::from_millis(ms))
}

/// Returns a suite of the script.
pub(crate) fn suite(category: &str, name: &str, description: &str) -> Suite {
    Suite {
        name: name.into(),
        description: description.into(),
        category: category.into(),
        ..Suite::default()
    }
}

/// Returns the categories that scripts use.
pub(crate) fn categories() -> Vec<CategoryHeader> {
    let category = |name: &str, icon: &str| CategoryHeader {
        name: name.into(),
        title: name.into(),
        icon: icon.into(),
    };
    vec![
        category("unit", "🧪"),
        category("lint", "🔍"),
        category("acceptance", "🔬"),
        category("integration", "🔗"),
    ]
}

impl Script {
    pub(crate) fn new(suites: Vec<Suite>) -> Self {
        let tasks: Vec<_> = (0..suites.len()).map(SuiteId::from_index).collect();
        let header = RunHeader {
            format: FORMAT_OF_ONE_ROUND,
            run_id: "run".into(),
            version: "0.0.0".into(),
            timestamp: "2025-10-12T14:23:45Z".into(),
            wall_us: 0,
            monotonic_us: 0,
            host: Host {
                name: "host".into(),
                os: "linux".into(),
                cpus: 8,
            },
            project: "prism".into(),
            root: "/prism".into(),
            log_dir: "test-logs".into(),
            max_parallel: 8,
            fail_fast: FailFast::Off,
            profile: None,
            repeat: None,
            selection: None,
            rerun_prefix: "regatta".into(),
            categories: categories(),
            suites,
            tasks,
            past: Vec::new(),
            outstanding: Vec::new(),
            groups: Vec::new(),
            resources: None,
            part: None,
            merged: None,
        };
        Self {
            attempts: vec![0; header.tasks.len()],
            header,
            events: Vec::new(),
            summary: Summary::default(),
        }
    }

    pub(crate) fn task(&self, name: &str) -> TaskId {
        let suites = self.header.suites.iter();
        let index = suites.clone().position(|suite| suite.name == name);
        TaskId::from_index(index.unwrap())
    }

    pub(crate) fn attempt(&self, name: &str) -> AttemptId {
        let task = self.task(name);
        let number = self.attempts[task.index()];
        AttemptId { task, number }
    }

    pub(crate) fn push(&mut self, ms: u64, event: Event) {
        self.events.push((at(ms), event));
    }

    pub(crate) fn start(&mut self, ms: u64, name: &str) {
        let task = self.task(name);
        self.attempts[task.index()] += 1;
        let attempt = self.attempt(name);
        let queued = Duration::ZERO;
        let slot = 0;
        self.push(
            ms,
            Event::AttemptStarted {
                attempt,
                slot,
                queued,
            },
        );
    }

    pub(crate) fn slow(&mut self, ms: u64, name: &str, last_line: Option<&str>) {
        let event = Event::Slow {
            attempt: self.attempt(name),
            running: Duration::from_mins(1),
            last_line: last_line.map(Into::into),
        };
        self.push(ms, event);
    }

    pub(crate) fn stop(&mut self, ms: u64, name: &str) {
        let event = Event::Stopping {
            attempt: self.attempt(name),
            cause: StopCause::Cancelled,
            signal: StopSignal::Terminate,
        };
        self.push(ms, event);
    }

    /// Ends an attempt that another follows.
    pub(crate) fn retry(&mut self, ms: u64, name: &str, code: i32, delay: Duration) {
        let attempt = self.attempt(name);
        let event = Event::AttemptFinished {
            attempt,
            verdict: Verdict::Failed(Failure::ExitCode(code)),
            report: Box::new(AttemptReport::bare(Exit::Code(code))),
        };
        self.push(ms, event);
        let attempt = AttemptId {
            number: attempt.number + 1,
            ..attempt
        };
        self.push(ms, Event::RetryScheduled { attempt, delay });
    }

    /// Ends the last attempt of a suite, and the suite.
    pub(crate) fn end(&mut self, ms: u64, name: &str, verdict: Verdict, report: AttemptReport) {
        let event = Event::AttemptFinished {
            attempt: self.attempt(name),
            verdict: verdict.clone(),
            report: Box::new(report),
        };
        self.push(ms, event);
        self.decide(ms, name, verdict);
    }

    /// Ends a suite without an attempt.
    pub(crate) fn decide(&mut self, ms: u64, name: &str, verdict: Verdict) {
        self.summary.count(&verdict);
        let task = self.task(name);
        self.push(ms, Event::TaskFinished { task, verdict });
    }

    pub(crate) fn pass(&mut self, ms: u64, name: &str) {
        self.end(
            ms,
            name,
            Verdict::Passed,
            AttemptReport::bare(Exit::Code(0)),
        );
    }

    pub(crate) fn fail(&mut self, ms: u64, name: &str, code: i32, excerpt: &[&str]) {
        let verdict = Verdict::Failed(Failure::ExitCode(code));
        self.end(ms, name, verdict, printed(Exit::Code(code), excerpt));
    }

    /// Ends a suite that said `text` in the given line of its log, far from the end.
    pub(crate) fn fail_early(&mut self, ms: u64, name: &str, text: &str) {
        let mut report = printed(Exit::Code(1), &["the", "end"]);
        report.first_error = Some(Box::new(FirstError {
            text: text.into(),
            line: 8,
            lines: vec!["before".into(), text.into(), "after".into()],
            first_line: 7,
            gap: Some(40),
        }));
        self.end(ms, name, Verdict::Failed(Failure::ExitCode(1)), report);
    }

    pub(crate) fn block(&mut self, ms: u64, name: &str, by: &str) {
        let by = self.task(by);
        self.decide(ms, name, Verdict::Skipped(Reason::Blocked(by)));
    }

    pub(crate) fn cancel(&mut self, ms: u64, reason: CancelReason) {
        self.push(ms, Event::RunCancelled { reason });
    }

    pub(crate) fn finish(&mut self, ms: u64, exit_code: u8) {
        let summary = self.summary;
        self.push(ms, Event::RunFinished { summary, exit_code });
    }

    pub(crate) fn started(&self) -> Event {
        Event::RunStarted(Box::new(self.header.clone()))
    }

    /// Returns what is written of the script.
    pub(crate) fn render(&self, options: Options) -> String {
        let mut terminal = Terminal::new(options, Memory::default());
        terminal.handle_event(at(0), &self.started());
        for (time, event) in &self.events {
            terminal.handle_event(*time, event);
        }
        terminal.finish().unwrap();
        String::from_utf8(terminal.sink().bytes.clone()).unwrap()
    }
}

/// Returns the report of an attempt that printed something before its end.
pub(crate) fn printed(exit: Exit, excerpt: &[&str]) -> AttemptReport {
    AttemptReport {
        excerpt: excerpt.iter().map(|line| (*line).into()).collect(),
        ..AttemptReport::bare(exit)
    }
}
