//! `regatta merge`: the reports of shards into one, with the proof that nothing is missing or told twice.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{IsTerminal, stdout};
use std::path::{Path, PathBuf};

use regatta_core::event::{Event, MergeHeader};
use regatta_core::id::{Id, TaskId};
use regatta_core::port::Subscriber;
use regatta_core::time::Time;
use regatta_core::verdict::Outcome;
use serde::Deserialize;

use super::exit_code::exit_code;
use super::figures::count;
use super::output::{complain, notice, print, warn};
use super::run::check_replaceable;
use super::run_header::{host_name, new_run_id};
use super::run_pages::PageWishes;
use super::run_reports::ReportFiles;
use crate::cli::{CommandFailure, MergeArgs, PlaceArgs};
use crate::log_dir::{
    Claim, ClaimError, Claimant, Holder, LogDir, OnBusy, Place, Room, claim, pid_namespace,
};
use crate::report::journal::{JOURNAL_NAME, JournalWriter, parse_journal, retell};
use crate::report::json::REPORT_NAME;
use crate::report::merge::{Gaps, Source, Title, merge as merge_records};
use crate::report::record::Record;
use crate::report::terminal::{
    Colour, Memory, Mode, Options, Terminal, choose_colour, choose_symbols, short,
};

/// Where the result goes unless the user says otherwise.
const MERGED: &str = "test-logs/merged";

/// The exit code of a run that is knowingly incomplete, and of one that lost something.
const INCOMPLETE: u8 = 5;
const INFRASTRUCTURE: u8 = 3;

/// A report, and where it was.
struct Input {
    folder: PathBuf,
    source: Source,
}

pub(super) fn merge(place: &PlaceArgs, args: &MergeArgs) -> Result<u8, CommandFailure> {
    let inputs = read_all(&args.reports)?;
    let given = place.log_dir.clone().unwrap_or_else(|| MERGED.into());
    let path = std::path::absolute(&given).unwrap_or_else(|_| given.clone());
    for input in &inputs {
        refuse_own_input(input, &path)?;
    }
    let title = Title {
        run_id: new_run_id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        log_dir: given.to_string_lossy().into_owned(),
    };
    let (folders, sources): (Vec<PathBuf>, Vec<Source>) =
        inputs.into_iter().map(|it| (it.folder, it.source)).unzip();
    let shards = sources.iter().zip(folders);
    let shards: Vec<Shard> = shards.map(|(it, folder)| Shard::new(it, folder)).collect();
    let mut record = merge_records(sources, title)
        .map_err(|error| CommandFailure::Usage(format!("{error}; nothing was merged")))?;
    for target in &args.report {
        check_replaceable(&target.path)?;
    }
    let claim = claim_folder(&path, &given, &record)?;
    let mut troubles = adopt_logs(&claim.place.path, &record, &shards)?;
    let event = conclude(&mut record, &shards, &troubles);
    let at = record.latest;
    record.apply(at, &event);
    troubles.extend(write_journal(&claim.place.path, &record));
    let lost = write_reports(args, &claim.place.path, &record);
    print(&describe(&record, &shards))?;
    print(&render_summary(&record, place, &claim.place))?;
    for trouble in &troubles {
        warn(trouble);
    }
    for failure in &lost {
        complain(failure);
    }
    let code = record.finished.map_or(INFRASTRUCTURE, |it| it.exit_code);
    let is_whole = troubles.is_empty() && lost.is_empty();
    Ok(if code == 0 && !is_whole {
        INFRASTRUCTURE
    } else {
        code
    })
}

/// What is told of one shard.
struct Shard {
    /// The report as the user named it.
    name: String,
    folder: PathBuf,
    number: u32,
    /// Its suites that left a log.
    logged: BTreeSet<String>,
    exit_code: Option<u8>,
}

impl Shard {
    fn new(source: &Source, folder: PathBuf) -> Self {
        let record = &source.record;
        let part = record.header.part.as_deref();
        let tasks = (0..record.tasks.len()).map(TaskId::from_index);
        let logged = tasks.filter(|&task| {
            let known = &record.tasks[task.index()];
            known.started().is_some() || known.outcome() == Outcome::Cached
        });
        Self {
            name: source.name.clone(),
            folder,
            number: part.map_or(0, |it| it.number),
            logged: logged.map(|task| record.suite(task).name.clone()).collect(),
            exit_code: record.finished.map(|it| it.exit_code),
        }
    }
}

/// Reads all reports, and tells of all that cannot be read.
fn read_all(paths: &[PathBuf]) -> Result<Vec<Input>, CommandFailure> {
    let read: Vec<Result<Input, String>> = paths.iter().map(|it| read(it)).collect();
    let faults: Vec<&String> = read.iter().filter_map(|it| it.as_ref().err()).collect();
    if let [first, rest @ ..] = &faults[..] {
        let mut message = (*first).clone();
        for fault in rest {
            write!(message, "\nerror: {fault}").expect("a String takes all");
        }
        return Err(CommandFailure::Usage(format!(
            "{message}; nothing was merged"
        )));
    }
    Ok(read.into_iter().filter_map(Result::ok).collect())
}

/// Reads the report at a path, or in a folder.
fn read(path: &Path) -> Result<Input, String> {
    #[derive(Deserialize)]
    struct Report {
        #[serde(rename = "run_id")]
        _run_id: String,
        shard: Option<ShardRun>,
    }
    #[derive(Deserialize)]
    struct ShardRun {
        journal: String,
    }
    let path = if path.is_dir() {
        path.join(REPORT_NAME)
    } else {
        path.to_owned()
    };
    let name = path.display().to_string();
    let bytes = fs::read(&path).map_err(|error| format!("cannot read `{name}`: {error}"))?;
    let report: Report = serde_json::from_slice(&bytes)
        .map_err(|error| format!("`{name}` is no report of a run: {error}"))?;
    let shard = report.shard.ok_or_else(|| {
        format!("`{name}` is the report of a whole run; only runs with --shard can be merged")
    })?;
    let journal = parse_journal(shard.journal.as_bytes())
        .map_err(|fault| format!("cannot read the journal in `{name}`: {fault}"))?;
    if let Some(torn) = &journal.torn {
        return Err(format!(
            "the journal in `{name}` is damaged at its line {}: {}",
            torn.line, torn.why
        ));
    }
    Ok(Input {
        folder: path.parent().unwrap_or(Path::new("")).to_owned(),
        source: Source {
            name,
            record: journal.record(),
        },
    })
}

/// A report in the folder that the result goes to would be replaced by it.
fn refuse_own_input(input: &Input, path: &Path) -> Result<(), CommandFailure> {
    let folder = if input.folder == Path::new("") {
        Path::new(".")
    } else {
        &input.folder
    };
    let is_same = match (folder.canonicalize(), path.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    };
    if is_same {
        let name = &input.source.name;
        return Err(CommandFailure::Usage(format!(
            "`{name}` lies in the folder that the merged report goes to; choose another with --log-dir"
        )));
    }
    Ok(())
}

fn claim_folder(path: &Path, given: &Path, record: &Record) -> Result<Claim, CommandFailure> {
    if let Some(parent) = path.parent() {
        // A run's own folder may hold the merged one, and it is there only where a run was.
        let made = fs::create_dir_all(parent);
        made.map_err(|error| infrastructure(&format!("create `{}`", parent.display()), &error))?;
    }
    let claimant = Claimant {
        holder: Holder {
            run_id: record.header.run_id.clone(),
            pid: std::process::id().cast_signed(),
            host: host_name(),
            since: jiff::Zoned::now().strftime("%H:%M:%S").to_string(),
            pid_namespace: pid_namespace(),
            lock_file: None,
        },
        outer_run: None,
        outer_suite: None,
    };
    let place = Place {
        path: path.to_owned(),
        as_given: given.to_owned(),
    };
    claim(place, &claimant, OnBusy::Fail, notice).map_err(|error| {
        let message = format!("failed to {error}");
        match error {
            ClaimError::Busy { .. } => CommandFailure::Busy(message),
            ClaimError::Foreign { .. } | ClaimError::Io { .. } => {
                CommandFailure::Infrastructure(message)
            }
        }
    })
}

/// Takes the logs over that lie beside the reports, and returns what went wrong.
fn adopt_logs(
    path: &Path,
    record: &Record,
    shards: &[Shard],
) -> Result<Vec<String>, CommandFailure> {
    let names = record.header.suites.iter().map(|it| it.name.as_str());
    let root = Path::new(&record.header.root);
    let log_dir = LogDir::prepare(path, root, names.clone())
        .and_then(|log_dir| {
            // Nobody overwrites the logs of suites that did not run now.
            for name in names {
                log_dir.remove_stale_log(name)?;
            }
            Ok(log_dir)
        })
        .map_err(|error| infrastructure(&format!("use `{}`", path.display()), &error))?;
    let mut troubles = Vec::new();
    for shard in shards.iter().filter(|it| !it.logged.is_empty()) {
        let suites = shard.logged.iter().map(String::as_str).collect();
        let folder = if shard.folder == Path::new("") {
            Path::new(".")
        } else {
            &shard.folder
        };
        match log_dir.adopt(folder, &suites) {
            Ok(0) => notice(&format!(
                "the logs of shard {} are not beside `{}`, and so not beside the merged report",
                shard.number, shard.name
            )),
            Ok(_) => {}
            Err(error) => troubles.push(format!(
                "the logs of shard {} could not be copied: {error}",
                shard.number
            )),
        }
    }
    Ok(troubles)
}

/// Returns the end of the run that was put together: what is missing weighs more than what failed.
fn conclude(record: &mut Record, shards: &[Shard], troubles: &[String]) -> Event {
    let lost = shards
        .iter()
        .filter(|it| it.exit_code == Some(INFRASTRUCTURE));
    let lost = lost.map(|it| format!("shard {} lost something", it.number));
    let troubles: Vec<String> = troubles.iter().cloned().chain(lost).collect();
    let merged = record.header.merged.as_deref();
    let exit_code = if merged.is_some_and(|it| Gaps(it).exist()) {
        INCOMPLETE
    } else {
        exit_code(record, None, &troubles)
    };
    Event::RunFinished {
        summary: record.summary(),
        exit_code,
    }
}

fn write_journal(path: &Path, record: &Record) -> Option<String> {
    let path = path.join(JOURNAL_NAME);
    let failed = |error: &std::io::Error| {
        format!(
            "the journal `{}` could not be written: {error}",
            path.display()
        )
    };
    let mut journal = match JournalWriter::create(&path) {
        Ok(journal) => journal,
        Err(error) => return Some(failed(&error)),
    };
    let header = Event::RunStarted(Box::new(record.header.clone()));
    journal.handle_event(Time::BEGIN, &header);
    for (at, event) in retell(record) {
        journal.handle_event(at, &event);
    }
    journal.into_error().map(|error| failed(&error))
}

fn write_reports(args: &MergeArgs, path: &Path, record: &Record) -> Vec<CommandFailure> {
    let names = record.header.suites.iter().map(|it| it.name.as_str());
    let mut room = Room::new(path, names);
    let reports = ReportFiles::new(&args.report, path);
    let mut lost = reports.replace(record, record.past_state(), &mut room);
    let pages = PageWishes::new(true, &args.report).pages(path);
    lost.extend(pages.write(record, &mut room).lost);
    lost
}

/// Returns what was put together, shard by shard.
fn describe(record: &Record, shards: &[Shard]) -> String {
    let Some(merged) = record.header.merged.as_deref() else {
        return String::new();
    };
    let MergeHeader {
        count: all,
        parts,
        suites,
    } = merged;
    let seen: usize = parts.iter().map(|it| it.suites as usize).sum();
    let suites_of = |number: u32| suites.iter().filter(|it| **it == number).count();
    let mut text = format!(
        "Merged {} of {}: {seen} of {}\n",
        parts.len(),
        count(*all as usize, "shard"),
        count(suites.len(), "suite")
    );
    for number in 1..=*all {
        let part = parts.iter().find(|it| it.number == number);
        let shard = shards.iter().find(|it| it.number == number);
        let own = count(suites_of(number), "suite");
        let line = match (part, shard) {
            (Some(part), Some(shard)) => {
                let end = match part.exit_code {
                    Some(code) if code <= 128 => String::new(),
                    _ => ", cut short".to_owned(),
                };
                format!("{own} in {}{end} ({})", short(part.duration), shard.name)
            }
            _ => format!("missing, with {own}"),
        };
        writeln!(text, "  {number}/{all}: {line}").expect("a String takes all");
    }
    text
}

/// Returns the summary of the whole run.
fn render_summary(record: &Record, place: &PlaceArgs, logs: &Place) -> String {
    let variable = |name: &str| std::env::var(name).ok();
    let flag = place.color.map(Into::into);
    let json_report = logs.as_given.join(REPORT_NAME);
    let options = Options {
        mode: Mode::Silent,
        colour: if choose_colour(flag, variable, stdout().is_terminal()) {
            Colour::Styled
        } else {
            Colour::Plain
        },
        symbols: choose_symbols(variable),
        log_dir: Some(record.header.log_dir.clone()),
        json_report: Some(json_report.to_string_lossy().into_owned()),
        ..Options::default()
    };
    let mut terminal = Terminal::new(options, Memory::default());
    let header = Event::RunStarted(Box::new(record.header.clone()));
    terminal.handle_event(Time::BEGIN, &header);
    for (at, event) in retell(record) {
        terminal.handle_event(at, &event);
    }
    terminal.finish().expect("memory takes every text");
    String::from_utf8_lossy(&terminal.sink().bytes).into_owned()
}

fn infrastructure(what: &str, error: &std::io::Error) -> CommandFailure {
    CommandFailure::Infrastructure(format!("cannot {what}: {error}"))
}
