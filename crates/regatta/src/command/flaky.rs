//! `regatta flaky`: which suites pass and fail although nothing changes, the evidence, and what to do until they are
//! mended.

use std::fmt::Write as _;
use std::time::Duration;

use clap::ArgMatches;
use jiff::civil::Date;
use jiff::{ToSpan, Zoned};
use serde::Serialize;

use super::case_figures::{CaseEntries, CaseFigures, CaseJson, flaky_lines, to_json};
use super::figures::{Known, NOTHING_YET, count, minute, open, print_json, rfc3339, seconds};
use super::history::{Figures, read_entries};
use super::output::print;
use crate::cli::{CommandFailure, FigureFormat, FlakyArgs, PlaceArgs};
use crate::history::{Facts, Interval, Standing, SuiteRow, wilson};

/// For how long a quarantine is proposed.
const QUARANTINE_DAYS: i64 = 14;

pub(super) fn flaky(
    place: &PlaceArgs,
    args: &FlakyArgs,
    matches: &ArgMatches,
) -> Result<u8, CommandFailure> {
    let known = open(place, matches)?;
    let findings = Findings::read(&known)?;
    match args.format {
        FigureFormat::Json => print_json(&findings.to_json())?,
        FigureFormat::Text if findings.runs == 0 => print(NOTHING_YET)?,
        FigureFormat::Text => print(&findings.render())?,
    }
    Ok(0)
}

struct Findings {
    runs: usize,
    /// The most failing first.
    flaky: Vec<Flake>,
    /// By name.
    broken: Vec<Figures>,
    /// Flaky test cases, the most failing first.
    cases: Vec<CaseFigures>,
    expires: Date,
}

/// A flaky suite.
struct Flake {
    figures: Figures,
    owner: Option<String>,
    failures: u32,
    attempts: u32,
    interval: Interval,
}

impl Findings {
    fn read(known: &Known) -> Result<Self, CommandFailure> {
        let mut runs = 0;
        let mut cases = CaseEntries::default();
        let entries = read_entries(known, |run| {
            runs += 1;
            let facts = Facts::of(run);
            let suites = run.suites.iter().filter(|it| !it.cases.is_empty());
            // Of suites that are gone nobody wants to know.
            let declared = |it: &&SuiteRow| {
                known
                    .config
                    .suites
                    .iter()
                    .any(|suite| suite.name == it.name)
            };
            suites.filter(declared).for_each(|it| cases.add(it, facts));
        })?;
        let mut cases = cases.figures();
        cases.retain(CaseFigures::is_flaky);
        let figures = entries.iter().map(|(name, runs)| Figures::of(name, runs));
        let (flaky, others): (Vec<_>, Vec<_>) =
            figures.partition(|it| it.evidence.standing == Standing::Flaky);
        let broken = others.into_iter();
        let broken = broken.filter(|it| it.evidence.standing == Standing::Broken);
        let mut flaky: Vec<Flake> = flaky
            .into_iter()
            .filter_map(|figures| Flake::of(figures, known))
            .collect();
        flaky.sort_by(|a, b| b.share().total_cmp(&a.share()));
        Ok(Self {
            runs,
            flaky,
            broken: broken.collect(),
            cases,
            expires: Zoned::now().date().saturating_add(QUARANTINE_DAYS.days()),
        })
    }

    fn render(&self) -> String {
        let mut text = String::new();
        let mut write = |line: String| writeln!(text, "{line}").expect("a String takes all");
        let runs = count(self.runs, "run");
        if self.flaky.is_empty() {
            write(format!("No suite was flaky in {runs}."));
        } else {
            write(format!("Flaky in {runs}:"));
        }
        for flake in &self.flaky {
            let evidence = &flake.figures.evidence;
            write(format!("\n  {}", flake.figures.name));
            write(format!(
                "    {} of {} failed without a change: {}, most likely {} to {}",
                flake.failures,
                count(flake.attempts as usize, "attempt"),
                percent(flake.share()),
                percent(flake.interval.low),
                percent(flake.interval.high)
            ));
            let last = evidence.last_flake_us.map_or_else(String::new, |at| {
                format!(", the last time in the run of {}", minute(at))
            });
            write(format!(
                "    the verdict changed {} with nothing else changed{last}",
                times(evidence.flips)
            ));
            if evidence.wasted > Duration::ZERO {
                let wasted = seconds(evidence.wasted);
                write(format!("    attempts that a retry made good took {wasted}"));
            }
        }
        if !self.broken.is_empty() {
            write("\nBroken, not flaky:".to_owned());
        }
        for broken in &self.broken {
            let evidence = &broken.evidence;
            let since = evidence.failing_since_us.map(minute).unwrap_or_default();
            let failing = count(evidence.failing as usize, "run");
            let name = &broken.name;
            write(format!(
                "  {name} fails since the run of {since}, {failing} so far"
            ));
        }
        flaky_lines(&self.cases).into_iter().for_each(&mut write);
        if !self.flaky.is_empty() {
            write(
                "\nUntil they are mended, these lines in quarantine.toml keep them from failing runs:"
                    .to_owned(),
            );
            for flake in &self.flaky {
                write(format!("\n{}", flake.quarantine(self.expires)));
            }
        }
        text
    }

    fn to_json(&self) -> FindingsJson<'_> {
        FindingsJson {
            runs: self.runs,
            flaky: self
                .flaky
                .iter()
                .map(|it| it.to_json(self.expires))
                .collect(),
            broken: self.broken.iter().map(BrokenJson::of).collect(),
            cases: to_json(&self.cases),
        }
    }
}

impl Flake {
    fn of(figures: Figures, known: &Known) -> Option<Self> {
        let rate = figures.evidence.rate?;
        let mut suites = known.config.suites.iter();
        let owner = suites.find(|it| it.name == figures.name)?.owner.clone();
        Some(Self {
            owner,
            failures: rate.failures,
            attempts: rate.attempts,
            interval: wilson(rate),
            figures,
        })
    }

    fn share(&self) -> f64 {
        f64::from(self.failures) / f64::from(self.attempts.max(1))
    }

    /// Returns a table of `quarantine.toml`, without a newline at its end.
    fn quarantine(&self, expires: Date) -> String {
        let text = |text: &str| toml::Value::from(text).to_string();
        let reason = format!(
            "flaky: {} of {} failed without a change",
            self.failures,
            count(self.attempts as usize, "attempt")
        );
        let owner = self.owner.as_deref().unwrap_or("who will mend it");
        // A name with a dot would be two keys without its quotes.
        let name = if self.figures.name.contains('.') {
            text(&self.figures.name)
        } else {
            self.figures.name.clone()
        };
        format!(
            "[suites.{name}]\nreason = {}\nowner = {}\nissue = \"where it is tracked\"\nexpires = \"{expires}\"",
            text(&reason),
            text(owner)
        )
    }

    fn to_json(&self, expires: Date) -> FlakeJson<'_> {
        let evidence = &self.figures.evidence;
        FlakeJson {
            name: &self.figures.name,
            failures: self.failures,
            attempts: self.attempts,
            rate: self.share(),
            rate_low: self.interval.low,
            rate_high: self.interval.high,
            flips: evidence.flips,
            last_flake: evidence.last_flake_us.and_then(rfc3339),
            retry_seconds: evidence.wasted.as_secs_f64(),
            runs: evidence.runs,
            failing: evidence.failing,
            quarantine: self.quarantine(expires),
        }
    }
}

fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

fn times(number: u32) -> String {
    match number {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{number} times"),
    }
}

#[derive(Serialize)]
struct FindingsJson<'f> {
    runs: usize,
    flaky: Vec<FlakeJson<'f>>,
    broken: Vec<BrokenJson<'f>>,
    cases: Vec<CaseJson<'f>>,
}

#[derive(Serialize)]
struct FlakeJson<'f> {
    name: &'f str,
    failures: u32,
    attempts: u32,
    rate: f64,
    rate_low: f64,
    rate_high: f64,
    flips: u32,
    last_flake: Option<String>,
    retry_seconds: f64,
    runs: u32,
    failing: u32,
    quarantine: String,
}

#[derive(Serialize)]
struct BrokenJson<'f> {
    name: &'f str,
    since: Option<String>,
    failing: u32,
    runs: u32,
}

impl<'f> BrokenJson<'f> {
    fn of(figures: &'f Figures) -> Self {
        Self {
            name: &figures.name,
            since: figures.evidence.failing_since_us.and_then(rfc3339),
            failing: figures.evidence.failing,
            runs: figures.evidence.runs,
        }
    }
}
