//! `regatta history SUITE`: one suite, run by run, with a bar for each.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use super::case_figures::{self, CaseEntries, CaseFigures, CaseJson, failed_lines};
use super::figures::{
    Known, NOTHING_YET, count, failure, minute, print_json, rfc3339, seconds, word,
};
use super::history::{Figures, FiguresJson, latest_in_words, pass_rate, trend_in_words};
use super::output::print;
use crate::cli::{CommandFailure, FigureFormat};
use crate::diagnostic::{find_similar, quote};
use crate::history::{Entry, Facts, Figures as RowFigures, RunRow, SuiteRow, Word};
use crate::report::terminal::{Symbols, choose_symbols};

/// How many runs have a bar, and how many columns the longest takes.
const MOST_BARS: usize = 30;
const BAR_COLUMNS: u32 = 30;

/// All runs of one suite, the newest last.
#[derive(Default)]
struct SuiteHistory {
    /// Each run, without its suites, and what became of this one.
    runs: Vec<(RunRow, SuiteRow)>,
    /// The same for the figures.
    entries: Vec<Entry>,
    /// Its test cases that failed, the most failing first.
    cases: Vec<CaseFigures>,
}

pub(super) fn suite(known: &Known, name: &str, format: FigureFormat) -> Result<u8, CommandFailure> {
    let history = read(known, name)?;
    if history.runs.is_empty() {
        check_name(known, name)?;
    }
    match format {
        FigureFormat::Json => print_json(&to_json(name, &history))?,
        FigureFormat::Text if history.runs.is_empty() && known.store.is_none() => {
            print(NOTHING_YET)?;
        }
        FigureFormat::Text if history.runs.is_empty() => {
            print(&format!("Suite {} was not run yet.\n", quote(name)))?;
        }
        FigureFormat::Text => {
            let symbols = choose_symbols(|name| std::env::var(name).ok());
            print(&render(name, &history, symbols))?;
        }
    }
    Ok(0)
}

fn read(known: &Known, name: &str) -> Result<SuiteHistory, CommandFailure> {
    let mut history = SuiteHistory::default();
    let mut cases = CaseEntries::default();
    if let Some(store) = &known.store {
        let add = |mut run: RunRow| {
            let facts = Facts::of(&run);
            let suites = std::mem::take(&mut run.suites);
            if let Some(suite) = suites.into_iter().find(|it| it.name == name) {
                cases.add(&suite, facts);
                history.entries.push(Entry::of(&suite, facts));
                history.runs.push((run, suite));
            }
        };
        store.visit_runs(add).map_err(failure)?;
    }
    history.cases = cases.figures();
    Ok(history)
}

/// Refuses a name that neither the history nor the configuration knows.
fn check_name(known: &Known, name: &str) -> Result<(), CommandFailure> {
    let declared = known.config.suites.iter().map(|it| it.name.clone());
    let mut names: Vec<String> = declared.collect();
    if names.iter().any(|it| it == name) {
        return Ok(());
    }
    if let Some(store) = &known.store {
        names.extend(store.suite_names().map_err(failure)?);
    }
    let similar = find_similar(name, names.iter().map(String::as_str));
    let hint = match similar {
        Some(similar) => format!("did you mean `{similar}`?"),
        None => "`regatta history` shows those it knows".to_owned(),
    };
    Err(CommandFailure::Usage(format!(
        "there is no suite {} in the configuration or the history; {hint}",
        quote(name)
    )))
}

fn figures(name: &str, history: &SuiteHistory) -> Option<Figures> {
    let entries = &history.entries;
    (!entries.is_empty()).then(|| Figures::of(name, entries))
}

fn render(name: &str, history: &SuiteHistory, symbols: Symbols) -> String {
    let figures = figures(name, history).expect("it was run");
    let mut text = String::new();
    let mut write =
        |line: String| writeln!(text, "{}", line.trim_end()).expect("a String takes all");
    if figures.evidence.runs > 0 {
        write(format!("{name}: {}", pass_rate(&figures)));
    } else {
        write(format!("{name}: {}", latest_in_words(&figures)));
    }
    if figures.usual.is_some() {
        write(format!(
            "A pass takes {}, {}",
            figures.usual(),
            trend_in_words(figures.trend)
        ));
    }
    let weight = figures.weight();
    if !weight.is_empty() {
        write(format!("It takes {weight}"));
    }
    write(String::new());
    let shown = &history.runs[history.runs.len().saturating_sub(MOST_BARS)..];
    if shown.len() < history.runs.len() {
        write(format!("The last {}:", count(shown.len(), "run")));
    }
    let longest = shown.iter().filter_map(|(_, suite)| suite.duration()).max();
    let longest = longest.unwrap_or_default();
    let entries = &history.entries[history.entries.len().saturating_sub(MOST_BARS)..];
    for ((run, suite), entry) in shown.iter().zip(entries) {
        let bar = bar(suite, longest, symbols);
        let took = suite.duration().map(seconds).unwrap_or_default();
        let mut note = note(suite, symbols);
        // Without a word, the figures above would seem to miss a failure.
        if entry.facts.is_widespread && entry.word.has_failed() {
            note.push_str(", as nearly all did; not counted");
        }
        let columns = BAR_COLUMNS as usize;
        write(format!(
            "  {}  {bar:<columns$}  {took:>7}  {note}",
            minute(run.started_us)
        ));
    }
    failed_lines(&history.cases)
        .into_iter()
        .for_each(&mut write);
    text
}

/// Returns a bar in eighths of a column. That of a run without a pass is drawn with another stroke.
fn bar(suite: &SuiteRow, longest: Duration, symbols: Symbols) -> String {
    let Some(duration) = suite.duration() else {
        return String::new();
    };
    let share = duration.as_secs_f64() / longest.as_secs_f64().max(f64::MIN_POSITIVE);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share is between 0 and 1"
    )]
    let eighths = ((share * f64::from(BAR_COLUMNS * 8)).round() as usize).max(1);
    let whole = eighths.div_ceil(8);
    match (symbols, suite.word.has_passed()) {
        (Symbols::Unicode, true) => {
            let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
            "█".repeat(eighths / 8) + part
        }
        (Symbols::Unicode, false) => "░".repeat(whole),
        (Symbols::Ascii, true) => "#".repeat(whole),
        (Symbols::Ascii, false) => "-".repeat(whole),
    }
}

/// Returns a mark and a word for a run that was no clean pass.
fn note(suite: &SuiteRow, symbols: Symbols) -> String {
    use regatta_core::verdict::{Outcome, Status};
    let (failed, retried, silent) = match symbols {
        Symbols::Unicode => ("✗", "~", "⊘"),
        Symbols::Ascii => ("x", "~", "-"),
    };
    let mark = match (suite.word.status, suite.word.outcome) {
        (Status::Passed, Outcome::Passed) => return String::new(),
        (Status::Passed, _) => retried,
        (Status::Failed, _) => failed,
        (Status::Skipped, _) => silent,
    };
    let mut note = format!("{mark} {}", word(suite.word));
    if suite.attempts.len() > 1 {
        write!(note, ", {}", count(suite.attempts.len(), "attempt")).expect("a String takes all");
    }
    note
}

#[derive(Serialize)]
struct SuiteJson<'h> {
    name: &'h str,
    figures: Option<FiguresJson<'h>>,
    runs: Vec<RunJson<'h>>,
    cases: Vec<CaseJson<'h>>,
}

/// *Units*: seconds, bytes.
#[derive(Serialize)]
struct RunJson<'h> {
    run_id: &'h str,
    started: Option<String>,
    #[serde(flatten)]
    word: Word,
    attempts: usize,
    duration: Option<f64>,
    cpu_seconds: Option<f64>,
    max_rss_bytes: Option<u64>,
    /// How the memory of its last attempt was measured, and what else was.
    usage: Option<RowFigures>,
    commit: Option<&'h str>,
    branch: Option<&'h str>,
    dirty: Option<bool>,
    definition: &'h str,
}

fn to_json(name: &str, history: &SuiteHistory) -> serde_json::Value {
    let figures = figures(name, history);
    let runs = history.runs.iter().map(|(run, suite)| RunJson {
        run_id: &run.run_id,
        started: rfc3339(run.started_us),
        word: suite.word,
        attempts: suite.attempts.len(),
        duration: suite.duration().map(|it| it.as_secs_f64()),
        cpu_seconds: suite.cpu().map(|it| it.as_secs_f64()),
        max_rss_bytes: suite.max_rss_bytes(),
        usage: suite.attempts.last().and_then(|it| it.figures),
        commit: run.commit.as_deref(),
        branch: run.branch.as_deref(),
        dirty: run.dirty,
        definition: &suite.definition,
    });
    let json = SuiteJson {
        name,
        figures: figures.as_ref().map(FiguresJson::of),
        runs: runs.collect(),
        cases: case_figures::to_json(&history.cases),
    };
    serde_json::to_value(json).expect("plain data is always JSON")
}
