//! Runs that never were: a header and a script of events, for tests.

use std::time::Duration;

use regatta::report::journal::{Journal, LineRenderer};
use regatta::report::record::Record;
use regatta_core::event::{
    CategoryHeader, Event, FORMAT_OF_ONE_ROUND, Host, Repository, RunHeader,
};
use regatta_core::id::{AttemptId, Id, SuiteId, TaskId};
use regatta_core::plan::Suite;
use regatta_core::terms::FailFast;
use regatta_core::time::Time;
use regatta_core::verdict::{AttemptReport, Exit, Usage, UsageMethod, Verdict};

/// A run, event by event.
#[derive(Debug)]
pub(crate) struct Sample {
    /// The first event.
    pub(crate) header: RunHeader,
    /// The others.
    pub(crate) events: Vec<(Time, Event)>,
}

impl Sample {
    /// Begins a run of these suites, each one task.
    pub(crate) fn new(suites: Vec<Suite>) -> Self {
        Self {
            header: header(suites),
            events: Vec::new(),
        }
    }

    /// Adds an event.
    pub(crate) fn event(mut self, at_ms: u64, event: Event) -> Self {
        self.events.push((time(at_ms), event));
        self
    }

    /// Adds the state of a repository.
    pub(crate) fn repository(self, at_ms: u64) -> Self {
        let repository = Repository {
            commit: "5f0c2b7d9e6a4813b1f7c5e2a9d80437162e5f8c".into(),
            branch: Some("main".into()),
            dirty: true,
        };
        self.event(at_ms, Event::RepositoryRead(repository))
    }

    /// Adds the start of an attempt.
    pub(crate) fn start(self, at_ms: u64, task: u32, number: u32) -> Self {
        self.event(
            at_ms,
            Event::AttemptStarted {
                attempt: attempt(task, number),
                slot: task,
                queued: Duration::from_millis(at_ms / 2),
            },
        )
    }

    /// Adds the end of an attempt.
    pub(crate) fn end(self, at_ms: u64, attempt: AttemptId, end: (AttemptReport, Verdict)) -> Self {
        let (report, verdict) = end;
        self.event(
            at_ms,
            Event::AttemptFinished {
                attempt,
                verdict,
                report: Box::new(report),
            },
        )
    }

    /// Adds the final word on a task.
    pub(crate) fn word(self, at_ms: u64, task: u32, verdict: Verdict) -> Self {
        self.event(
            at_ms,
            Event::TaskFinished {
                task: TaskId(task),
                verdict,
            },
        )
    }

    /// Adds the only attempt of a task, and its word.
    pub(crate) fn only(
        self,
        span_ms: (u64, u64),
        task: u32,
        end: (AttemptReport, Verdict),
    ) -> Self {
        let (from, to) = span_ms;
        let verdict = end.1.clone();
        self.start(from, task, 1)
            .end(to, attempt(task, 1), end)
            .word(to, task, verdict)
    }

    /// Puts what came before in the order of time, and adds the end of the run with its counts.
    pub(crate) fn finish(mut self, at_ms: u64, exit_code: u8) -> Self {
        self.events.sort_by_key(|(at, _)| *at);
        let summary = self.record().summary();
        self.event(at_ms, Event::RunFinished { summary, exit_code })
    }

    /// Returns the journal's bytes.
    pub(crate) fn render(&self) -> Vec<u8> {
        let mut renderer = LineRenderer::default();
        let first = Event::RunStarted(Box::new(self.header.clone()));
        let mut bytes = renderer.render_line(Time::BEGIN, &first).to_vec();
        for (at, event) in &self.events {
            bytes.extend_from_slice(renderer.render_line(*at, event));
        }
        bytes
    }

    /// Returns what is known at this point.
    pub(crate) fn record(&self) -> Record {
        Journal {
            header: self.header.clone(),
            events: self.events.clone(),
            bytes: self.render().len() as u64,
            torn: None,
        }
        .record()
    }
}

/// Returns a suite of the category that its name ends in.
pub(crate) fn suite(name: &str, depends_on: &[&str]) -> Suite {
    Suite {
        name: name.into(),
        description: format!("Stands for {name}"),
        category: name.rsplit('-').next().unwrap_or_default().into(),
        depends_on: depends_on.iter().copied().map(Into::into).collect(),
        command_line: format!("make {name}"),
        ..Suite::default()
    }
}

/// Returns the id of an attempt.
pub(crate) fn attempt(task: u32, number: u32) -> AttemptId {
    AttemptId {
        task: TaskId(task),
        number,
    }
}

/// Returns an end with everything measured that an exit leaves to measure.
pub(crate) fn exited(code: i32, verdict: Verdict) -> (AttemptReport, Verdict) {
    let report = AttemptReport {
        usage: Some(Usage {
            cpu: Duration::from_micros(1_234_567),
            max_rss_bytes: 9_437_184,
            method: UsageMethod::Wait4,
            ..Usage::default()
        }),
        ..AttemptReport::bare(Exit::Code(code))
    };
    (report, verdict)
}

/// Returns an end of which only the exit is known.
pub(crate) fn bare(exit: Exit, verdict: Verdict) -> (AttemptReport, Verdict) {
    (AttemptReport::bare(exit), verdict)
}

/// Returns a moment of a run.
pub(crate) fn time(at_ms: u64) -> Time {
    Time(Duration::from_millis(at_ms))
}

fn header(suites: Vec<Suite>) -> RunHeader {
    RunHeader {
        format: FORMAT_OF_ONE_ROUND,
        run_id: "20231012T150345-7q2m".into(),
        version: "0.1.0".into(),
        timestamp: "2023-10-12T17:03:45.500000+02:00".into(),
        wall_us: 1_697_123_025_500_000,
        monotonic_us: 86_400_000_000,
        host: Host {
            name: "slipway".into(),
            os: "linux x86_64".into(),
            cpus: 8,
        },
        project: "prism".into(),
        root: "/home/crew/prism".into(),
        log_dir: "test-logs".into(),
        max_parallel: 8,
        fail_fast: FailFast::Off,
        profile: None,
        repeat: None,
        selection: None,
        rerun_prefix: "regatta".into(),
        categories: vec![CategoryHeader {
            name: "unit".into(),
            title: "Unit".into(),
            icon: "🧪".into(),
        }],
        tasks: (0..suites.len()).map(SuiteId::from_index).collect(),
        suites,
        past: Vec::new(),
        outstanding: Vec::new(),
        groups: Vec::new(),
        resources: None,
        part: None,
        merged: None,
    }
}
