//! `regatta history`: how suites did over time.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use clap::ArgMatches;
use serde::Serialize;

use super::figures::{
    Known, NOTHING_YET, count, failure, minute, open, print_json, rfc3339, seconds, share, width,
    word,
};
use super::output::print;
use super::{history_suite, history_transfer};
use crate::cli::{CommandFailure, FigureFormat, HistoryArgs, PlaceArgs};
use crate::history::{
    Entry, Evidence, Facts, RunRow, Standing, Trend, Word, median, spread, trend, usual_memory,
    weigh,
};
use crate::report::terminal::short_bytes;

/// How many suites a list names.
const MOST_NAMED: usize = 10;

/// How many passes a usual duration is made from.
const SAMPLES: usize = 20;

/// From how many runs the memory of a suite is known, as for a run that starts.
const REMEMBERED: usize = 32;

/// Below both of these a suite is no weight for a machine.
const HEAVY_CPU: Duration = Duration::from_secs(1);
const HEAVY_BYTES: u64 = 64 << 20;

pub(super) fn history(
    place: &PlaceArgs,
    args: &HistoryArgs,
    matches: &ArgMatches,
) -> Result<u8, CommandFailure> {
    if let Some(action) = &args.action {
        return history_transfer::transfer(place, action, matches);
    }
    let known = open(place, matches)?;
    if let Some(name) = &args.suite {
        return history_suite::suite(&known, name, args.format);
    }
    let overview = Overview::read(&known)?;
    match args.format {
        FigureFormat::Json => print_json(&overview.to_json())?,
        FigureFormat::Text if overview.runs == 0 => print(NOTHING_YET)?,
        FigureFormat::Text => print(&overview.render())?,
    }
    Ok(0)
}

/// What is told of one suite.
pub(super) struct Figures {
    pub(super) name: String,
    pub(super) evidence: Evidence,
    pub(super) latest: Word,
    pub(super) trend: Trend,
    /// The usual duration of a pass and its spread, in microseconds.
    pub(super) usual: Option<(u64, u64)>,
    /// The usual CPU time.
    pub(super) cpu: Option<Duration>,
    /// The memory it takes in all but one of twenty runs.
    pub(super) memory_bytes: Option<u64>,
}

impl Figures {
    /// *Shape*: `entries` have the newest last and are not empty.
    pub(super) fn of(name: &str, entries: &[Entry]) -> Self {
        let passes: Vec<Duration> = entries.iter().filter_map(|it| it.clean).collect();
        let newest = &passes[passes.len().saturating_sub(SAMPLES)..];
        let newest: Vec<u64> = newest
            .iter()
            .map(|it| u64::try_from(it.as_micros()).unwrap_or(u64::MAX))
            .collect();
        Self {
            name: name.to_owned(),
            evidence: weigh(entries),
            latest: entries.last().expect("a suite was in some run").word,
            trend: trend(&passes),
            usual: median(&newest).map(|it| (it, spread(&newest, it))),
            cpu: usual_cpu(entries),
            memory_bytes: usual_memory(
                &entries[entries.len().saturating_sub(REMEMBERED)..],
                entries.last().and_then(|it| it.definition),
            ),
        }
    }

    /// Returns what it takes of the machine in words, empty where nobody measured that.
    pub(super) fn weight(&self) -> String {
        let memory = self.memory_bytes.map(short_bytes);
        let cpu = self.cpu.map(|it| format!("{} of CPU time", seconds(it)));
        let known: Vec<String> = memory.into_iter().chain(cpu).collect();
        known.join(", ")
    }

    /// Returns whether somebody may care what it takes.
    fn is_heavy(&self) -> bool {
        let takes_time = self.cpu.is_some_and(|it| it >= HEAVY_CPU);
        takes_time || self.memory_bytes.is_some_and(|it| it >= HEAVY_BYTES)
    }

    pub(super) fn passed(&self) -> u32 {
        self.evidence.runs - self.evidence.failures
    }

    /// Returns what is usual in words, empty for a suite that never passed.
    pub(super) fn usual(&self) -> String {
        let Some((duration, spread)) = self.usual else {
            return String::new();
        };
        let [duration, spread] = [duration, spread].map(|it| seconds(Duration::from_micros(it)));
        format!("{duration} +/- {spread}")
    }
}

fn usual_cpu(entries: &[Entry]) -> Option<Duration> {
    let known = entries.iter().rev().filter_map(|it| it.cpu).take(SAMPLES);
    let known: Vec<u64> = known
        .map(|it| u64::try_from(it.as_micros()).unwrap_or(u64::MAX))
        .collect();
    median(&known).map(Duration::from_micros)
}

/// Returns where durations go in words.
pub(super) fn trend_in_words(trend: Trend) -> String {
    match trend {
        Trend::Unknown => "too few passes for a trend".to_owned(),
        Trend::Steady => "steady".to_owned(),
        Trend::Slower { from, to } => {
            format!("slower: {} now, {} before", seconds(to), seconds(from))
        }
        Trend::Faster { from, to } => {
            format!("faster: {} now, {} before", seconds(to), seconds(from))
        }
    }
}

/// Returns the runs of every suite of the configuration, the newest last, and calls `visit` with every run.
pub(super) fn read_entries(
    known: &Known,
    mut visit: impl FnMut(&RunRow),
) -> Result<BTreeMap<String, Vec<Entry>>, CommandFailure> {
    let mut entries: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    let names = known.config.suites.iter().map(|it| it.name.as_str());
    let names: std::collections::BTreeSet<&str> = names.collect();
    if let Some(store) = &known.store {
        let add = |run: RunRow| {
            visit(&run);
            let facts = Facts::of(&run);
            for suite in &run.suites {
                if names.contains(suite.name.as_str()) {
                    let entries = entries.entry(suite.name.clone()).or_default();
                    entries.push(Entry::of(suite, facts));
                }
            }
        };
        store.visit_runs(add).map_err(failure)?;
    }
    Ok(entries)
}

struct Overview {
    runs: usize,
    /// When the oldest and the newest started.
    span_us: (i64, i64),
    /// By name.
    suites: Vec<Figures>,
}

impl Overview {
    fn read(known: &Known) -> Result<Self, CommandFailure> {
        let mut runs = 0;
        let mut span_us = (i64::MAX, i64::MIN);
        let entries = read_entries(known, |run| {
            runs += 1;
            span_us.0 = span_us.0.min(run.started_us);
            span_us.1 = span_us.1.max(run.started_us);
        })?;
        let suites = entries.iter();
        Ok(Self {
            runs,
            span_us,
            suites: suites.map(|(name, runs)| Figures::of(name, runs)).collect(),
        })
    }

    fn render(&self) -> String {
        let mut text = format!(
            "{} of {}, from {} to {}\n",
            count(self.runs, "run"),
            count(self.suites.len(), "suite"),
            minute(self.span_us.0),
            minute(self.span_us.1)
        );
        let mut slowest: Vec<&Figures> =
            self.suites.iter().filter(|it| it.usual.is_some()).collect();
        slowest.sort_by_key(|it| std::cmp::Reverse(it.usual));
        Self::list(&mut text, "Slowest", &slowest, |it| {
            format!("{:<18}  {}", it.usual(), trend_in_words(it.trend))
        });
        let mut failing: Vec<&Figures> = self
            .suites
            .iter()
            .filter(|it| it.evidence.failures > 0)
            .collect();
        failing.sort_by(|a, b| {
            let share =
                |it: &Figures| f64::from(it.evidence.failures) / f64::from(it.evidence.runs);
            share(b)
                .total_cmp(&share(a))
                .then(b.evidence.failures.cmp(&a.evidence.failures))
        });
        Self::list(&mut text, "Most failing", &failing, pass_rate);
        let slower = self
            .suites
            .iter()
            .filter(|it| matches!(it.trend, Trend::Slower { .. }));
        let slower: Vec<&Figures> = slower.collect();
        Self::list(&mut text, "Slower than before", &slower, |it| {
            trend_in_words(it.trend)
        });
        let faster = self
            .suites
            .iter()
            .filter(|it| matches!(it.trend, Trend::Faster { .. }));
        let faster: Vec<&Figures> = faster.collect();
        Self::list(&mut text, "Faster than before", &faster, |it| {
            trend_in_words(it.trend)
        });
        let heavy = self.suites.iter().filter(|it| it.is_heavy());
        let mut heavy: Vec<&Figures> = heavy.collect();
        heavy.sort_by_key(|it| std::cmp::Reverse((it.memory_bytes, it.cpu)));
        Self::list(&mut text, "Heaviest", &heavy, Figures::weight);
        let steady = self
            .suites
            .iter()
            .filter(|it| it.evidence.failures == 0 && it.evidence.runs > 0);
        let steady = steady.count();
        writeln!(
            text,
            "\n{} of {} never failed.",
            steady,
            count(self.suites.len(), "suite")
        )
        .expect("a String takes all");
        text
    }

    fn list(
        text: &mut String,
        title: &str,
        suites: &[&Figures],
        describe: impl Fn(&Figures) -> String,
    ) {
        if suites.is_empty() {
            return;
        }
        let shown = &suites[..suites.len().min(MOST_NAMED)];
        let width = width(shown.iter().map(|it| it.name.as_str()));
        let mut write = |line: String| writeln!(text, "{line}").expect("a String takes all");
        write(format!("\n{title}"));
        for suite in shown {
            write(format!("  {:<width$}  {}", suite.name, describe(suite)));
        }
        if suites.len() > shown.len() {
            write(format!(
                "  and {} more; see --format json",
                suites.len() - shown.len()
            ));
        }
    }

    fn to_json(&self) -> OverviewJson<'_> {
        let (first, last) = self.span_us;
        OverviewJson {
            runs: self.runs,
            first: (self.runs > 0).then(|| rfc3339(first)).flatten(),
            last: (self.runs > 0).then(|| rfc3339(last)).flatten(),
            suites: self.suites.iter().map(FiguresJson::of).collect(),
        }
    }
}

/// Returns how often a suite passed, and what is to be thought of its failures.
pub(super) fn pass_rate(suite: &Figures) -> String {
    let evidence = &suite.evidence;
    let runs = count(evidence.runs as usize, "run");
    let passed = suite.passed();
    let mut text = format!(
        "passed {passed} of {runs} ({})",
        share(passed, evidence.runs)
    );
    if evidence.failing > 0 {
        let failing = evidence.failing as usize;
        write!(
            text,
            ", failed the last {}",
            if failing == 1 {
                "one".to_owned()
            } else {
                failing.to_string()
            }
        )
        .expect("a String takes all");
    }
    text + match evidence.standing {
        Standing::Flaky => ", flaky",
        Standing::Broken => ", broken",
        Standing::Steady => "",
    }
}

#[derive(Serialize)]
struct OverviewJson<'o> {
    runs: usize,
    first: Option<String>,
    last: Option<String>,
    suites: Vec<FiguresJson<'o>>,
}

/// *Units*: seconds, bytes. The CPU time is usual, the memory enough for all but one of twenty runs.
#[derive(Serialize)]
pub(super) struct FiguresJson<'o> {
    name: &'o str,
    runs: u32,
    passed: u32,
    failed: u32,
    failing: u32,
    standing: &'static str,
    latest: Word,
    usual: Option<UsualJson>,
    trend: &'static str,
    cpu_seconds: Option<f64>,
    memory_bytes: Option<u64>,
}

#[derive(Serialize)]
struct UsualJson {
    duration: f64,
    spread: f64,
}

impl<'o> FiguresJson<'o> {
    pub(super) fn of(suite: &'o Figures) -> Self {
        let seconds = |us: u64| Duration::from_micros(us).as_secs_f64();
        Self {
            name: &suite.name,
            runs: suite.evidence.runs,
            passed: suite.passed(),
            failed: suite.evidence.failures,
            failing: suite.evidence.failing,
            standing: match suite.evidence.standing {
                Standing::Steady => "steady",
                Standing::Flaky => "flaky",
                Standing::Broken => "broken",
            },
            latest: suite.latest,
            usual: suite.usual.map(|(duration, spread)| UsualJson {
                duration: seconds(duration),
                spread: seconds(spread),
            }),
            trend: match suite.trend {
                Trend::Unknown => "unknown",
                Trend::Steady => "steady",
                Trend::Slower { .. } => "slower",
                Trend::Faster { .. } => "faster",
            },
            cpu_seconds: suite.cpu.map(|it| it.as_secs_f64()),
            memory_bytes: suite.memory_bytes,
        }
    }
}

/// Returns a latest word in words, for a suite with nothing else to say.
pub(super) fn latest_in_words(suite: &Figures) -> String {
    format!("last: {}", word(suite.latest))
}
