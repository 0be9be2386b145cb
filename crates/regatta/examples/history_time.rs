//! Times the history alone: writing a run and reading what is known before one, with many suites and with one.
//!
//! No example of use but a part of the benchmark: `make bench BENCH="--only history"`. Works in the folder that is its
//! only argument, and prints one JSON object of milliseconds: the medians of some rounds.

use std::fs;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use regatta::history::{Here, History};
use regatta::report::journal::LineRenderer;
use regatta::report::record::Record;
use regatta_core::event::{Event, FORMAT, Host, RunHeader, Summary};
use regatta_core::id::{AttemptId, Id, SuiteId, TaskId};
use regatta_core::plan::Suite;
use regatta_core::terms::FailFast;
use regatta_core::time::Time;
use regatta_core::verdict::{AttemptReport, Exit, Usage, UsageMethod, Verdict};

/// Enough to fill what is remembered of each suite.
const ROUNDS: usize = 40;
const MANY: usize = 10_000;

fn main() {
    let folder = std::env::args_os().nth(1).expect("a folder");
    let folder = PathBuf::from(folder);
    let mut figures = Vec::new();
    for (name, suites) in [("many", MANY), ("one", 1)] {
        let (write, read) = time(&folder.join(name), suites);
        figures.push(format!(
            "\"write_{name}_ms\": {write:.3}, \"read_{name}_ms\": {read:.3}"
        ));
    }
    writeln!(stdout(), "{{{}}}", figures.join(", ")).expect("somebody reads it");
}

/// Returns what writing a run takes and what reading takes, in milliseconds.
fn time(folder: &Path, suites: usize) -> (f64, f64) {
    fs::create_dir_all(folder).expect("a folder");
    let journal = folder.join("events.jsonl");
    let history = History::of(folder);
    let (mut writes, mut reads) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let record = record(round, suites, &journal);
        let header = &record.header;
        let named: Vec<(&str, &str)> = header
            .suites
            .iter()
            .map(|it| (&*it.name, &*it.digest))
            .collect();
        let here = Here {
            host: &header.host.name,
            cpus: header.host.cpus,
            profile: None,
        };
        let begin = Instant::now();
        let known = history.pasts(&named, &here);
        reads.push(begin.elapsed());
        assert!(
            known.is_empty() == (round == 0),
            "a later round knows the ones before"
        );
        let begin = Instant::now();
        let recorded = history.record(&record, &journal).expect("a history");
        writes.push(begin.elapsed());
        assert_eq!(recorded.warning, None);
    }
    (median(writes), median(reads))
}

fn median(mut durations: Vec<Duration>) -> f64 {
    durations.sort();
    durations[durations.len() / 2].as_secs_f64() * 1000.0
}

/// Returns the record of a run in which every suite passed, and writes its journal.
fn record(round: usize, suites: usize, journal: &Path) -> Record {
    let suite = |index: usize| Suite {
        name: format!("suite-{index}"),
        digest: format!("{index:064x}"),
        ..Suite::default()
    };
    let header = RunHeader {
        format: FORMAT,
        run_id: format!("20231012T150345.{round:06}-1"),
        version: "0.1.0".into(),
        timestamp: "2023-10-12T17:03:45.500000+02:00".into(),
        wall_us: 1_697_123_025_500_000 + i64::try_from(round).unwrap_or_default(),
        monotonic_us: 0,
        host: Host {
            name: "slipway".into(),
            os: "linux-x86_64".into(),
            cpus: 2,
        },
        project: "many".into(),
        root: String::new(),
        log_dir: "test-logs".into(),
        max_parallel: 2,
        fail_fast: FailFast::Off,
        profile: None,
        repeat: None,
        selection: None,
        rerun_prefix: "regatta".into(),
        categories: Vec::new(),
        suites: (0..suites).map(suite).collect(),
        tasks: (0..suites).map(SuiteId::from_index).collect(),
        past: Vec::new(),
        outstanding: Vec::new(),
        groups: Vec::new(),
        resources: None,
        part: None,
        merged: None,
    };
    let mut renderer = LineRenderer::default();
    let mut lines = Vec::new();
    let mut record = Record::new(header.clone());
    let mut tell = |at: Time, event: &Event| {
        lines.extend_from_slice(renderer.render_line(at, event));
        record.apply(at, event);
    };
    tell(Time::BEGIN, &Event::RunStarted(Box::new(header)));
    for index in 0..suites {
        let attempt = AttemptId {
            task: TaskId::from_index(index),
            number: 1,
        };
        let begin = Time(Duration::from_micros(index as u64 * 500));
        let end = Time(begin.0 + Duration::from_micros(900 + (index * round) as u64 % 97));
        tell(
            begin,
            &Event::AttemptStarted {
                attempt,
                slot: 0,
                queued: Duration::ZERO,
            },
        );
        let report = AttemptReport {
            usage: Some(Usage {
                cpu: Duration::from_micros(700),
                max_rss_bytes: 1_900_544,
                method: UsageMethod::Wait4,
                ..Usage::default()
            }),
            ..AttemptReport::bare(Exit::Code(0))
        };
        tell(
            end,
            &Event::AttemptFinished {
                attempt,
                verdict: Verdict::Passed,
                report: Box::new(report),
            },
        );
        let task = attempt.task;
        tell(
            end,
            &Event::TaskFinished {
                task,
                verdict: Verdict::Passed,
            },
        );
    }
    let finish = Event::RunFinished {
        summary: Summary::default(),
        exit_code: 0,
    };
    let at = record.latest;
    let mut tell = |event: &Event| {
        lines.extend_from_slice(renderer.render_line(at, event));
        record.apply(at, event);
    };
    tell(&finish);
    fs::write(journal, lines).expect("a journal");
    record
}
