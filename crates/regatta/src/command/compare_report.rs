//! A JSON report as a run to compare: it may have come from another machine, without its journal.

use std::fs;
use std::path::Path;

use regatta_core::verdict::{Outcome, Status};
use serde::Deserialize;

use crate::cli::CommandFailure;
use crate::history::{AttemptRow, RunRow, SuiteRow, Word};
use crate::report::record::RunState;

/// What is needed of a report.
#[derive(Deserialize)]
struct Report {
    run_id: String,
    timestamp: String,
    #[serde(default)]
    git: Option<Git>,
    suites: Vec<Suite>,
}

#[derive(Deserialize)]
struct Git {
    commit: String,
    branch: Option<String>,
    dirty: bool,
}

#[derive(Deserialize)]
struct Suite {
    name: String,
    status: Status,
    outcome: Outcome,
    duration: Option<f64>,
    attempts: Vec<Attempt>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Attempt {
    outcome: Outcome,
}

#[derive(Deserialize)]
struct Usage {
    max_rss_bytes: u64,
}

pub(super) fn read_report(path: &Path) -> Result<RunRow, CommandFailure> {
    let refuse = |why: String| {
        CommandFailure::Usage(format!(
            "failed to read the report `{}`: {why}",
            path.display()
        ))
    };
    let bytes = fs::read(path).map_err(|error| refuse(error.to_string()))?;
    let report: Report =
        serde_json::from_slice(&bytes).map_err(|error| refuse(error.to_string()))?;
    let started: Option<jiff::Timestamp> = report.timestamp.parse().ok();
    let git = report.git.as_ref();
    Ok(RunRow {
        run_id: report.run_id,
        started_us: started.map_or(0, jiff::Timestamp::as_microsecond),
        duration_us: 0,
        state: RunState::Finished,
        exit_code: None,
        commit: git.map(|it| it.commit.clone()),
        branch: git.and_then(|it| it.branch.clone()),
        dirty: git.map(|it| it.dirty),
        host: String::new(),
        os: String::new(),
        cpus: 0,
        max_parallel: 0,
        profile: None,
        selection: None,
        version: String::new(),
        suites: report.suites.into_iter().map(row).collect(),
    })
}

/// A report tells the time of single attempts as moments; only a suite with one attempt is held against others, and
/// its duration is that of the suite.
fn row(suite: Suite) -> SuiteRow {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a duration; what is none becomes zero"
    )]
    let duration_us = suite.duration.map(|it| (it * 1e6).round() as u64);
    let memory = suite.usage.map(|it| it.max_rss_bytes);
    let attempts = suite.attempts.iter().map(|it| AttemptRow {
        outcome: it.outcome,
        duration_us,
        cpu_us: None,
        max_rss_bytes: memory,
        figures: None,
        exit_code: None,
        signal: None,
    });
    SuiteRow {
        name: suite.name,
        definition: String::new(),
        word: Word {
            status: suite.status,
            outcome: suite.outcome,
        },
        cache_key: None,
        cases: Vec::new(),
        attempts: attempts.collect(),
    }
}
