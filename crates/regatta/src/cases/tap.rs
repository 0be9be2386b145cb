//! The Test Anything Protocol, versions 12 to 14: results with subtests, plans, YAML blocks and bailing out.
//!
//! Results that only sum up subtests are no cases of their own, unless they failed although none of those did.

use std::io::BufRead;
use std::time::Duration;

use regatta_core::cases::{Case, CaseOutcome};

use super::collector::Collector;
use super::excerpt::Excerpt;
use super::lines::Lines;
use super::place::{Place, at_start, find_place};
use super::seconds::duration;

/// How deep subtests are told apart.
const DEEPEST: usize = 64;

/// Reads all results of a stream; lines that are none are passed over.
pub(super) fn read(source: impl BufRead, collector: &mut Collector) {
    let mut lines = Lines::new(source);
    let mut stream = Stream::default();
    loop {
        match lines.next() {
            Ok(Some(line)) => stream.take(&line, collector),
            Ok(None) => break,
            Err(error) => {
                collector.note_trouble(format!("it cannot be read: {error}"));
                break;
            }
        }
    }
    stream.close_result(collector);
    stream.check_plan(collector);
}

/// Returns whether a line declares the protocol's version.
pub(super) fn is_version(line: &str) -> bool {
    let version = line.strip_prefix("TAP version ").unwrap_or_default();
    matches!(version.trim_end(), "12" | "13" | "14")
}

/// Returns how many results a plan announces, where a line is one.
pub(super) fn read_plan(line: &str) -> Option<u64> {
    let rest = line.strip_prefix("1..")?;
    let (number, rest) = rest.split_at(rest.len() - rest.trim_start_matches(is_digit).len());
    let rest = rest.trim_start();
    if !rest.is_empty() && !rest.starts_with('#') {
        return None;
    }
    number.parse().ok()
}

fn is_digit(it: char) -> bool {
    it.is_ascii_digit()
}

#[derive(Default)]
struct Stream {
    /// The result that lines below may belong to.
    open: Option<OpenResult>,
    /// The names of subtests that were announced, by the blanks before them.
    announced: Vec<(usize, String)>,
    /// What was seen at each depth, by the blanks before it.
    levels: Vec<Level>,
    plan: Option<u64>,
    results: u64,
    has_bailed_out: bool,
}

/// Results with the same blanks before them, since the last result that sums up such.
struct Level {
    indent: usize,
    failures: u64,
}

struct OpenResult {
    indent: usize,
    case: Case,
    diagnostics: Excerpt,
    block: Option<Block>,
}

/// A YAML block.
struct Block {
    /// The blanks before its keys.
    indent: usize,
    /// What the lines below the last key belong to.
    key: Key,
}

/// A key of a YAML block that is understood.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Message,
    Stack,
    Other,
}

impl Stream {
    fn take(&mut self, line: &str, collector: &mut Collector) {
        let text = line.trim_start_matches(' ');
        let indent = line.len() - text.len();
        let text = text.trim_end();
        if let Some(open) = &mut self.open
            && open.take_block_line(indent, text)
        {
            return;
        }
        if let Some(name) = text.strip_prefix("# Subtest: ") {
            self.close_result(collector);
            self.announced.retain(|(it, _)| *it < indent);
            if self.announced.len() < DEEPEST {
                self.announced.push((indent, name.to_owned()));
            }
        } else if let Some(result) = Told::read(text) {
            self.close_result(collector);
            self.open_result(indent, result);
        } else if let Some(comment) = text.strip_prefix('#') {
            self.take_comment(comment);
        } else if let Some(reason) = text.strip_prefix("Bail out!") {
            self.close_result(collector);
            let reason = reason.trim();
            let words = if reason.is_empty() {
                "no reason is given"
            } else {
                reason
            };
            collector.note_trouble(format!("it bailed out: {words}"));
            self.has_bailed_out = true;
        } else if indent == 0
            && let Some(count) = read_plan(text)
        {
            self.close_result(collector);
            // Several programs may print one after the other.
            let plan = self.plan.get_or_insert(0);
            *plan = plan.saturating_add(count);
        }
    }

    fn open_result(&mut self, indent: usize, result: Told) {
        if indent == 0 {
            self.results += 1;
        }
        let mut below = self.levels.iter().filter(|it| it.indent > indent);
        let has_subtests = below.clone().next().is_some();
        let has_failure_below = below.any(|it| it.failures > 0);
        self.levels.retain(|it| it.indent <= indent);
        let failures = u64::from(result.outcome.has_failed());
        if let Some(level) = self.levels.iter_mut().find(|it| it.indent == indent) {
            level.failures += failures;
        } else if self.levels.len() < DEEPEST {
            self.levels.push(Level { indent, failures });
        }
        let above = self.announced.iter().filter(|(it, _)| *it < indent);
        let class: Vec<&str> = above.map(|(_, name)| name.as_str()).collect();
        let class = class.join(" > ");
        self.announced.retain(|(it, _)| *it < indent);
        if has_subtests && (has_failure_below || !result.outcome.has_failed()) {
            return;
        }
        let name = match result.name.as_str() {
            "" => format!("test {}", result.number.unwrap_or(self.results)),
            name => name.to_owned(),
        };
        self.open = Some(OpenResult {
            indent,
            case: Case {
                class,
                name,
                outcome: result.outcome,
                duration: result.duration,
                message: result.reason,
                file: None,
                line: None,
            },
            diagnostics: Excerpt::default(),
            block: None,
        });
    }

    /// Takes what is said of a failure below it, as Perl's tests do.
    fn take_comment(&mut self, comment: &str) {
        if let Some(open) = &mut self.open
            && open.case.outcome.has_failed()
        {
            let comment = comment.strip_prefix(' ').unwrap_or(comment);
            open.diagnostics.push_line(comment);
        }
    }

    fn close_result(&mut self, collector: &mut Collector) {
        if let Some(open) = self.open.take() {
            collector.add(open.finish());
        }
    }

    fn check_plan(&self, collector: &mut Collector) {
        let results = self.results;
        match self.plan {
            _ if self.has_bailed_out => {}
            Some(plan) if plan != results => {
                collector.note_trouble(format!("{plan} results were planned, and {results} came"));
            }
            None if results > 0 => {
                collector.note_trouble("there is no plan, so some may be missing");
            }
            _ => {}
        }
    }
}

/// A line that begins with `ok` or `not ok`.
struct Told {
    number: Option<u64>,
    name: String,
    outcome: CaseOutcome,
    /// Why it was skipped, or is yet to be done.
    reason: Option<String>,
    duration: Option<Duration>,
}

impl Told {
    fn read(line: &str) -> Option<Self> {
        let (rest, mut outcome) = match line.strip_prefix("not ok") {
            Some(rest) => (rest, CaseOutcome::Failed),
            None => (line.strip_prefix("ok")?, CaseOutcome::Passed),
        };
        if !rest.is_empty() && !rest.starts_with(' ') {
            return None;
        }
        let rest = rest.trim_start();
        let digits = rest.len() - rest.trim_start_matches(is_digit).len();
        let (number, after) = rest.split_at(digits);
        let is_number = digits > 0 && (after.is_empty() || after.starts_with(' '));
        let (number, rest) = if is_number {
            (number.parse().ok(), after.trim_start())
        } else {
            (None, rest)
        };
        let rest = rest.strip_prefix('-').unwrap_or(rest).trim_start();
        let (name, directive) = split_directive(rest);
        let mut told = Self {
            number,
            name: unescape(name.trim_end()),
            outcome,
            reason: None,
            duration: None,
        };
        let mut words = directive.splitn(2, ' ');
        let word = words.next().unwrap_or_default();
        let reason = words.next().unwrap_or_default().trim();
        let is = |start: &str| {
            word.get(..start.len())
                .is_some_and(|it| it.eq_ignore_ascii_case(start))
        };
        if let Some(time) = word.strip_prefix("time=") {
            told.duration = read_time(time);
        } else if is("skip") || (is("todo") && outcome.has_failed()) {
            outcome = CaseOutcome::Skipped;
            told.reason = (!reason.is_empty()).then(|| reason.to_owned());
        }
        told.outcome = outcome;
        Some(told)
    }
}

/// Splits a description from what follows its first `#` that is not escaped and has a blank before it.
fn split_directive(text: &str) -> (&str, &str) {
    let mut hashes = text.match_indices('#');
    let at = hashes.find(|(at, _)| *at == 0 || text[..*at].ends_with(' '));
    at.map_or((text, ""), |(at, _)| {
        (&text[..at], text[at + 1..].trim_start())
    })
}

fn unescape(name: &str) -> String {
    name.replace("\\#", "#").replace("\\\\", "\\")
}

/// Reads `5.2ms` or `1.5s`.
fn read_time(text: &str) -> Option<Duration> {
    match text.strip_suffix("ms") {
        Some(millis) => read_millis(millis),
        None => read_millis(text.strip_suffix('s')?).map(|it| it.saturating_mul(1000)),
    }
}

fn read_millis(text: &str) -> Option<Duration> {
    let millis: f64 = text.trim().parse().ok()?;
    duration(millis / 1000.0)
}

impl OpenResult {
    /// Takes a line of a YAML block, and returns whether it is one.
    fn take_block_line(&mut self, indent: usize, text: &str) -> bool {
        let Some(block) = &mut self.block else {
            let begins = text == "---" && indent > self.indent;
            if begins {
                self.block = Some(Block {
                    indent,
                    key: Key::Other,
                });
            }
            return begins;
        };
        if text == "..." && indent <= block.indent {
            self.block = None;
            return true;
        }
        if text.is_empty() {
            return true;
        }
        // Somebody forgot to end it.
        if indent < block.indent {
            self.block = None;
            return false;
        }
        if indent == block.indent
            && let Some((key, value)) = text.split_once(':')
        {
            let key = self.take_key(key.trim(), value.trim());
            self.block = Some(Block { indent, key });
        } else if matches!(block.key, Key::Message | Key::Stack) {
            let surplus = indent.saturating_sub(block.indent + 2);
            let line = format!("{}{text}", " ".repeat(surplus.min(80)));
            self.diagnostics.push_line(&line);
        }
        true
    }

    fn take_key(&mut self, key: &str, value: &str) -> Key {
        let value = unquote(value);
        match key {
            "duration_ms" => self.case.duration = read_millis(value),
            "message" | "error" => {
                if !is_block_mark(value) {
                    self.diagnostics.push_line(value);
                }
                return Key::Message;
            }
            "stack" => return Key::Stack,
            "file" | "fileName" if !value.is_empty() => {
                self.case.file.get_or_insert_with(|| value.to_owned());
            }
            "line" | "lineNumber" => self.case.line = value.parse().ok(),
            "location" | "at" => {
                if let Some(place) = at_start(value) {
                    self.set_place(place);
                }
            }
            _ => {}
        }
        Key::Other
    }

    fn set_place(&mut self, Place { file, line }: Place) {
        self.case.file = Some(file);
        self.case.line = Some(line);
    }

    fn finish(mut self) -> Case {
        let text = std::mem::take(&mut self.diagnostics).into_text();
        if self.case.outcome.has_failed() {
            if let Some(place) = find_place(&text, "") {
                self.set_place(place);
            }
            self.case.message = (!text.is_empty()).then_some(text);
        }
        self.case
    }
}

/// Returns whether a value only says that a block of text follows.
fn is_block_mark(value: &str) -> bool {
    value.is_empty() || value.starts_with(['|', '>'])
}

fn unquote(value: &str) -> &str {
    let inside = |mark: char| value.strip_prefix(mark)?.strip_suffix(mark);
    inside('\'').or_else(|| inside('"')).unwrap_or(value)
}
