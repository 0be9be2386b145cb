//! Reading a journal back: everything up to the first line that cannot be trusted.
//!
//! It knows what a well-formed stream is, and leaves what the stream means to the record.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use regatta_core::event::{CancelReason, Event, FORMAT, RunHeader};
use regatta_core::id::{Id, TaskId};
use regatta_core::time::Time;
use regatta_core::verdict::{Reason, Verdict};
use serde::Deserialize;
use thiserror::Error;

use super::line::{Place, find_task, is_whole};
use crate::report::record::Record;

/// The longest line that is read: a header of some hundred thousand suites.
const MAX_LINE_BYTES: u64 = 128 * 1024 * 1024;

/// What a journal tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Journal {
    /// What was known when the run started: the content of the first line.
    pub header: RunHeader,
    /// What happened after that, in order. Every task it names is in the header.
    pub events: Vec<(Time, Event)>,
    /// How many bytes of the file are told here.
    pub bytes: u64,
    /// Where reading stopped, when that was before the end of the file.
    pub torn: Option<TornAt>,
}

/// The first line that cannot be trusted. It and all that follow are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornAt {
    /// Counts from 1.
    pub line: u64,
    /// What is wrong with it.
    pub why: String,
}

/// A journal that tells nothing.
#[derive(Debug, Error)]
#[error("read the journal `{}`: {fault}", path.display())]
pub struct JournalError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: JournalFault,
}

/// Why a journal tells nothing.
#[derive(Debug, Error)]
pub enum JournalFault {
    /// The file cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The run was ended before it wrote anything.
    #[error("it is empty")]
    Empty,
    /// Without its first line the rest has no meaning.
    #[error("its first line does not open a run: {0}")]
    NoHeader(String),
    /// A newer program wrote it, and can read it.
    #[error("it has format {0}, and this version of regatta knows formats up to {FORMAT}")]
    NewerFormat(u32),
}

impl Journal {
    /// Returns the record of the run, as far as the journal tells it.
    #[must_use]
    pub fn record(&self) -> Record {
        let mut record = Record::new(self.header.clone());
        for (at, event) in &self.events {
            record.apply(*at, event);
        }
        record
    }
}

/// Reads the journal at `path`.
///
/// # Errors
/// [`JournalError`] when not even the first line can be read; a damaged line after it is no error.
pub fn read_journal(path: &Path) -> Result<Journal, JournalError> {
    open_file(path)
        .map_err(JournalFault::Io)
        .and_then(|file| parse_journal(BufReader::new(file)))
        .map_err(|fault| JournalError {
            path: path.to_owned(),
            fault,
        })
}

/// Reads a journal from any source of bytes.
///
/// # Errors
/// [`JournalFault`] when not even the first line can be read; a damaged line after it is no error.
pub fn parse_journal(mut source: impl BufRead) -> Result<Journal, JournalFault> {
    let mut line = Vec::new();
    if !read_line(&mut source, &mut line)? {
        return Err(JournalFault::Empty);
    }
    let header = parse_header(&line)?;
    let tasks = header.tasks.len();
    let mut journal = Journal {
        header,
        events: Vec::new(),
        bytes: line.len() as u64,
        torn: None,
    };
    let mut seq = 1;
    while read_line(&mut source, &mut line)? {
        match parse_line(&line, seq, tasks) {
            Ok(event) => {
                journal.events.push(event);
                journal.bytes += line.len() as u64;
            }
            Err(why) => {
                journal.torn = Some(TornAt { line: seq + 1, why });
                break;
            }
        }
        seq += 1;
    }
    Ok(journal)
}

fn open_file(path: &Path) -> io::Result<File> {
    // Opening a pipe would wait for someone to write into it.
    if path.metadata()?.is_file() {
        File::open(path)
    } else {
        Err(io::Error::other("it is not a file"))
    }
}

/// Reads the next line with its newline, and returns whether there was one.
fn read_line(source: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let length = source.take(MAX_LINE_BYTES).read_until(b'\n', line)?;
    Ok(length > 0)
}

fn parse_header(line: &[u8]) -> Result<RunHeader, JournalFault> {
    #[derive(Deserialize)]
    struct Opening {
        format: u32,
    }
    let body = check_line(line, 0).map_err(JournalFault::NoHeader)?.0;
    let opening: Result<Opening, _> = serde_json::from_slice(body);
    match opening {
        Ok(opening) if opening.format > FORMAT => Err(JournalFault::NewerFormat(opening.format)),
        _ => match serde_json::from_slice(body) {
            Ok(Event::RunStarted(header)) if is_consistent(&header) => Ok(*header),
            Ok(Event::RunStarted(_)) => Err(JournalFault::NoHeader(
                "one of its tasks has no suite".into(),
            )),
            Ok(_) => Err(JournalFault::NoHeader("it tells another event".into())),
            Err(error) => Err(JournalFault::NoHeader(error.to_string())),
        },
    }
}

fn is_consistent(header: &RunHeader) -> bool {
    let mut suites = header.tasks.iter();
    suites.all(|suite| suite.index() < header.suites.len())
}

fn parse_line(line: &[u8], seq: u64, tasks: usize) -> Result<(Time, Event), String> {
    let (body, at) = check_line(line, seq)?;
    let event: Event = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let mut named = find_task(&event).into_iter().chain(find_blocker(&event));
    if named.any(|task| task.index() >= tasks) {
        return Err("it names a task that the run does not have".into());
    }
    Ok((at, event))
}

/// Returns the line without its newline, and its time, once its sum and its place are right.
fn check_line(line: &[u8], seq: u64) -> Result<(&[u8], Time), String> {
    let body = line.strip_suffix(b"\n").ok_or("it has no end")?;
    if !is_whole(body) {
        return Err("its checksum does not match".into());
    }
    let place: Place = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    if place.seq != seq {
        return Err(format!("it has number {} instead of {seq}", place.seq));
    }
    Ok((body, place.at))
}

fn find_blocker(event: &Event) -> Option<TaskId> {
    match event {
        Event::AttemptFinished { verdict, .. }
        | Event::TaskRoundFinished { verdict, .. }
        | Event::TaskFinished { verdict, .. } => match verdict {
            Verdict::Skipped(Reason::Blocked(by)) => Some(*by),
            _ => None,
        },
        Event::RunCancelled { reason } => match reason {
            CancelReason::FailFast(task) | CancelReason::MaxFail(task) => Some(*task),
            CancelReason::Interrupt(_) => None,
        },
        _ => None,
    }
}
