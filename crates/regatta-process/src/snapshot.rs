//! What the processes of a command are doing, as a table for people. Knows nothing of why somebody wants to see it.

use std::fmt;
use std::fs::File;
use std::io::Read;

use crate::process::{Process, ticks_per_second};
use crate::process_table::Member;

/// How many processes are shown; the others are counted.
const MAX_PROCESSES: usize = 200;

/// How much of a command line is shown.
const MAX_COMMAND_CHARS: usize = 200;

/// How much of a command line is read: enough for as many characters as are shown, however wide.
const MAX_COMMAND_BYTES: u64 = 4 * MAX_COMMAND_CHARS as u64 + 4;

/// How deep the table is indented at most.
const MAX_INDENT: usize = 20;

/// The processes of a command at one moment.
///
/// Its `Display` is a table: a heading and a line for each process, children indented below their parents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    rows: Vec<Row>,
    /// Processes for which there was no room.
    omitted: usize,
}

/// The cells of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    pid: String,
    parent: String,
    state: String,
    /// The function of the kernel in which it waits.
    waits_in: String,
    cpu: String,
    threads: String,
    command: String,
}

impl Snapshot {
    pub(crate) fn new(tree: &[Member<'_>]) -> Self {
        let ticks_per_second = ticks_per_second();
        let shown = tree.iter().take(MAX_PROCESSES);
        Self {
            rows: shown.map(|it| Row::new(it, ticks_per_second)).collect(),
            omitted: tree.len().saturating_sub(MAX_PROCESSES),
        }
    }

    /// Returns whether there was no process any more.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heading = Row::heading();
        let all = || [&heading].into_iter().chain(&self.rows);
        let width = |cell: fn(&Row) -> &String| all().map(|row| cell(row).len()).max();
        let widths = [
            width(|row| &row.pid),
            width(|row| &row.parent),
            width(|row| &row.state),
            width(|row| &row.waits_in),
            width(|row| &row.cpu),
            width(|row| &row.threads),
        ];
        let [pid, parent, state, waits_in, cpu, threads] = widths.map(Option::unwrap_or_default);
        for row in all() {
            writeln!(
                f,
                "{:>pid$}  {:>parent$}  {:<state$}  {:<waits_in$}  {:>cpu$}  {:>threads$}  {}",
                row.pid, row.parent, row.state, row.waits_in, row.cpu, row.threads, row.command,
            )?;
        }
        if self.omitted > 0 {
            writeln!(f, "and {} more", self.omitted)?;
        }
        Ok(())
    }
}

impl Row {
    fn heading() -> Self {
        Self {
            pid: "PID".to_owned(),
            parent: "PARENT".to_owned(),
            state: "STATE".to_owned(),
            waits_in: "WAITS IN".to_owned(),
            cpu: "CPU".to_owned(),
            threads: "THREADS".to_owned(),
            command: "COMMAND".to_owned(),
        }
    }

    fn new(member: &Member<'_>, ticks_per_second: u64) -> Self {
        let Member { process, depth } = *member;
        let pid = process.pid;
        let tenths = process.ticks * 10 / ticks_per_second;
        let indent = "  ".repeat(depth.min(MAX_INDENT));
        Self {
            pid: pid.to_string(),
            parent: process.parent.to_string(),
            state: match word_for(process.state) {
                Some(word) => format!("{} {word}", process.state),
                None => process.state.to_string(),
            },
            waits_in: wait_channel(pid),
            cpu: format!("{}.{}s", tenths / 10, tenths % 10),
            threads: match process.threads {
                0 | 1 => String::new(),
                threads => threads.to_string(),
            },
            command: indent + &command_line(process),
        }
    }
}

/// Returns what a state's letter stands for.
///
/// Source: `proc_pid_stat(5)`.
fn word_for(state: char) -> Option<&'static str> {
    Some(match state {
        'R' => "running",
        'S' => "sleeping",
        'D' => "uninterruptible",
        'T' => "stopped",
        't' => "traced",
        'Z' => "zombie",
        'X' | 'x' => "dead",
        'I' => "idle",
        'P' => "parked",
        _ => return None,
    })
}

/// Returns the function of the kernel in which a process waits, `-` where that is not known.
///
/// Source: `proc_pid_wchan(5)`; some kernels tell nobody, and most tell only who may debug the process.
fn wait_channel(pid: i32) -> String {
    let channel = read_start(pid, "wchan", 100).unwrap_or_default();
    match shown(&channel) {
        channel if channel.is_empty() || channel == "0" => "-".to_owned(),
        channel => channel,
    }
}

/// Returns a process's words as one line, or its name in brackets where it has none.
fn command_line(process: &Process) -> String {
    let bytes = read_start(process.pid, "cmdline", MAX_COMMAND_BYTES).unwrap_or_default();
    let words = bytes.strip_suffix(b"\0").unwrap_or(&bytes);
    if words.is_empty() {
        return format!("[{}]", shown(process.name.as_bytes()));
    }
    let words: Vec<String> = words.split(|byte| *byte == 0).map(shown).collect();
    let line = words.join(" ");
    match line.char_indices().nth(MAX_COMMAND_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Returns the first bytes of a process's file; `None` for one that is gone, or that does not show itself.
fn read_start(pid: i32, name: &str, most: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(format!("/proc/{pid}/{name}")).ok()?;
    file.take(most).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Returns bytes that somebody else chose as text that moves no cursor and begins no line.
fn shown(bytes: &[u8]) -> String {
    let mut text = String::new();
    for character in String::from_utf8_lossy(bytes).chars() {
        if character.is_control() {
            text.extend(character.escape_default());
        } else {
            text.push(character);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_is_out_of_the_ordinary() {
        // Nobody has this pid, so nothing but the table's own knowledge is shown.
        let process = Process {
            pid: i32::MAX,
            name: "work\ner".to_owned(),
            state: 'D',
            is_dead: false,
            parent: 7,
            group: 7,
            session: 7,
            ticks: 1_234,
            waited_ticks: 0,
            threads: 8,
            start: 0,
            resident_pages: 0,
        };
        let row = Row::new(
            &Member {
                process: &process,
                depth: 1,
            },
            100,
        );
        let expected = Row {
            pid: "2147483647".to_owned(),
            parent: "7".to_owned(),
            state: "D uninterruptible".to_owned(),
            waits_in: "-".to_owned(),
            cpu: "12.3s".to_owned(),
            threads: "8".to_owned(),
            command: "  [work\\ner]".to_owned(),
        };
        assert_eq!(row, expected);
    }
}
