//! `JUnit` XML of any dialect: whatever has `testcase` elements, in any root, under suites of any depth.
//!
//! There is no one schema of it, so nothing is demanded but that it is XML up to some point. What comes before that point
//! counts; the case in which it ends does not, unless it had failed by then.

use std::borrow::Cow;
use std::io::BufRead;
use std::time::Duration;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use regatta_core::cases::{Case, CaseOutcome};

use super::collector::{Collector, shorten};
use super::excerpt::Excerpt;
use super::lossy::Lossy;
use super::place::{Place, find_place};
use super::seconds::duration;

/// From this depth on names of suites are not kept.
const DEEPEST_SUITE: usize = 32;

/// How much of the longest name of a suite is kept.
const MOST_SUITE_BYTES: usize = 200;

/// How much of the attribute of a failure is kept.
const MOST_HEADLINE_BYTES: usize = 2048;

/// Reads all cases of a document.
pub(super) fn read(source: impl BufRead, collector: &mut Collector) {
    let mut reader = Reader::from_reader(Lossy::new(source));
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut document = Document::default();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(element)) => document.open(&element, collector),
            Ok(Event::Empty(element)) => {
                document.open(&element, collector);
                document.close(element.local_name().as_ref(), collector);
            }
            Ok(Event::End(element)) => document.close(element.local_name().as_ref(), collector),
            Ok(Event::Text(text)) => document.take_text(&text.xml10_content()),
            Ok(Event::CData(text)) => document.take_text(&text.xml10_content()),
            Ok(Event::GeneralRef(entity)) => {
                if let Ok(Some(character)) = entity.resolve_char_ref() {
                    document.take_text(character.encode_utf8(&mut [0; 4]));
                } else {
                    document.take_text(resolve(&entity.xml10_content()).unwrap_or_default());
                }
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => {
                let line = document.describe_end();
                collector.note_trouble(format!("its XML is broken {line}: {error}"));
                return document.end_early(collector);
            }
        }
    }
    if document.case.is_some() || document.elements > 0 {
        let end = document.describe_end();
        collector.note_trouble(format!("its XML ends too early, {end}"));
        document.end_early(collector);
    } else if !document.has_suites && collector.counts().total == 0 {
        collector.note_trouble("the document has none");
    }
}

fn resolve(entity: &str) -> Option<&'static str> {
    Some(match entity {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "quot" => "\"",
        "apos" => "'",
        _ => return None,
    })
}

/// What is open at one point of a document.
#[derive(Default)]
struct Document {
    /// How many elements are open.
    elements: usize,
    suites: Vec<Suite>,
    /// Suites that are open and not kept.
    deeper: usize,
    case: Option<OpenCase>,
    has_suites: bool,
    /// The name of the last case, to tell where a document ends.
    last: String,
    unnamed: u64,
}

#[derive(Default)]
struct Suite {
    name: String,
    file: Option<String>,
}

/// A case whose end has not come yet.
struct OpenCase {
    case: Case,
    /// What is said of its failures, or of why it was skipped.
    message: Excerpt,
    /// The attribute and the text of the failure that is open.
    headline: String,
    text: Excerpt,
    /// What it printed; only where nothing else is said.
    output: Excerpt,
    /// Where the texts that come now belong, and how many elements are open within.
    place: Part,
    depth: usize,
    /// Whether lines are counted from 0.
    counts_from_zero: CountsFrom,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CountsFrom {
    Zero,
    One,
}

/// A part of a case.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Message,
    Output,
    Other,
}

impl Document {
    fn open(&mut self, element: &BytesStart<'_>, collector: &mut Collector) {
        self.elements += 1;
        let name = element.local_name();
        let name: &str = name.as_ref();
        if let Some(open) = &mut self.case {
            if name != "testcase" {
                return open.open_part(name, element);
            }
            // The end of the one before is missing.
            self.close_case(collector);
        }
        match name {
            "testcase" => self.open_case(element),
            "testsuite" | "testsuites" => {
                self.has_suites = true;
                if self.suites.len() >= DEEPEST_SUITE {
                    self.deeper += 1;
                    return;
                }
                let attributes = Attributes::of(element);
                let mut name = attributes.find("name").unwrap_or_default();
                shorten(&mut name, MOST_SUITE_BYTES);
                self.suites.push(Suite {
                    name,
                    file: attributes
                        .find("file")
                        .or_else(|| attributes.find("filepath")),
                });
            }
            _ => {}
        }
    }

    fn open_case(&mut self, element: &BytesStart<'_>) {
        let attributes = Attributes::of(element);
        let class = attributes
            .find("classname")
            .or_else(|| attributes.find("class"));
        let class = class.unwrap_or_default();
        let name = attributes.find("name").unwrap_or_else(|| {
            self.unnamed += 1;
            format!("case {}", self.unnamed)
        });
        let file = attributes
            .find("file")
            .or_else(|| attributes.find("filepath"));
        let line: Option<u32> = attributes
            .find("line")
            .and_then(|it| it.trim().parse().ok());
        let outcome = outcome_of(&attributes);
        let is_pytest = |suite: &Suite| matches!(&*suite.name, "pytest" | "pytest tests");
        self.last.clone_from(&name);
        self.case = Some(OpenCase {
            counts_from_zero: if self.suites.iter().any(is_pytest) {
                CountsFrom::Zero
            } else {
                CountsFrom::One
            },
            case: Case {
                class: self.class(class),
                name,
                outcome,
                duration: attributes.find("time").and_then(|it| parse_seconds(&it)),
                message: None,
                line,
                file: file.or_else(|| self.suites.iter().rev().find_map(|it| it.file.clone())),
            },
            message: Excerpt::default(),
            headline: String::new(),
            text: Excerpt::default(),
            output: Excerpt::default(),
            place: Part::Other,
            depth: 0,
        });
    }

    /// Returns what a case belongs to: what it says itself, else the suites around it.
    fn class(&self, own: String) -> String {
        // Node names all of them `test`.
        if !own.is_empty() && own != "test" {
            return own;
        }
        let names: Vec<&str> = self.suites.iter().map(|it| &*it.name).collect();
        let names: Vec<&str> = names.into_iter().filter(|it| !it.is_empty()).collect();
        if names.is_empty() {
            own
        } else {
            names.join(" > ")
        }
    }

    fn close(&mut self, name: &str, collector: &mut Collector) {
        self.elements = self.elements.saturating_sub(1);
        match name {
            "testcase" => self.close_case(collector),
            "testsuite" | "testsuites" if self.case.is_none() => {
                if self.deeper > 0 {
                    self.deeper -= 1;
                } else {
                    self.suites.pop();
                }
            }
            _ => {
                if let Some(open) = &mut self.case {
                    open.close_part();
                }
            }
        }
    }

    fn close_case(&mut self, collector: &mut Collector) {
        if let Some(open) = self.case.take() {
            collector.add(open.finish());
        }
    }

    fn take_text(&mut self, text: &str) {
        if let Some(open) = &mut self.case {
            match open.place {
                Part::Message => open.text.push(text),
                Part::Output => open.output.push(text),
                Part::Other => {}
            }
        }
    }

    /// Takes what is known of the case in which the document ends.
    fn end_early(&mut self, collector: &mut Collector) {
        let has_failed = |open: &OpenCase| open.case.outcome.has_failed();
        if self.case.as_ref().is_some_and(has_failed) {
            self.close_case(collector);
        }
    }

    fn describe_end(&self) -> String {
        match (&self.case, &*self.last) {
            (_, "") => "before the first case".into(),
            (Some(_), name) => format!("in case `{name}`"),
            (None, name) => format!("after case `{name}`"),
        }
    }
}

impl OpenCase {
    fn open_part(&mut self, name: &str, element: &BytesStart<'_>) {
        self.depth += 1;
        if self.depth > 1 {
            return;
        }
        let outcome = match name {
            "failure" => CaseOutcome::Failed,
            "error" => CaseOutcome::Error,
            "skipped" | "ignored" => CaseOutcome::Skipped,
            "system-out" | "system-err" => {
                self.place = Part::Output;
                if !self.output.is_empty() {
                    self.output.push("\n");
                }
                return;
            }
            _ => return,
        };
        self.place = Part::Message;
        // What is skipped or yet to be done may fail: nobody expects better of it.
        if self.case.outcome != CaseOutcome::Skipped || outcome == CaseOutcome::Skipped {
            self.case.outcome = outcome;
        }
        self.headline = Attributes::of(element).find("message").unwrap_or_default();
        shorten(&mut self.headline, MOST_HEADLINE_BYTES);
    }

    fn close_part(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 0 {
            self.close_message();
            self.place = Part::Other;
        }
    }

    /// Puts together what was said twice by many, as an attribute and once more as text.
    fn close_message(&mut self) {
        if self.place != Part::Message {
            return;
        }
        let headline = std::mem::take(&mut self.headline);
        let text = std::mem::take(&mut self.text).into_text();
        let first_line = |text: &'_ str| {
            text.trim_start()
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        let is_echo = !text.is_empty() && first_line(&text).contains(&first_line(&headline));
        for piece in [if is_echo { "" } else { headline.trim() }, &text] {
            if !piece.is_empty() {
                self.message.push_line(piece);
            }
        }
    }

    fn finish(mut self) -> Case {
        self.close_message();
        let mut case = self.case;
        let mut message = self.message.into_text();
        if message.is_empty() && case.outcome.has_failed() {
            message = self.output.into_text();
        }
        if self.counts_from_zero == CountsFrom::Zero {
            case.line = case.line.map(|it| it.saturating_add(1));
        }
        if case.outcome.has_failed()
            && let Some(Place { file, line }) = find_place(&message, &case.class)
        {
            // Where it failed says more than where it stands, if that is the same file.
            let is_same = |own: &String| own.ends_with(&file) || file.ends_with(&**own);
            if case.file.as_ref().is_none_or(is_same) {
                case.file.get_or_insert(file);
                case.line = Some(line);
            }
        }
        case.message =
            (!message.is_empty() && case.outcome != CaseOutcome::Passed).then_some(message);
        case
    }
}

fn outcome_of(attributes: &Attributes) -> CaseOutcome {
    let words = [attributes.find("status"), attributes.find("result")];
    let words: Vec<String> = words.into_iter().flatten().collect();
    let is_any = |list: &[&str]| {
        let mut words = words.iter();
        words.any(|word| list.iter().any(|it| word.eq_ignore_ascii_case(it)))
    };
    if is_any(&[
        "skipped",
        "notrun",
        "disabled",
        "suppressed",
        "ignored",
        "pending",
    ]) {
        CaseOutcome::Skipped
    } else if is_any(&["fail", "failed", "failure"]) {
        CaseOutcome::Failed
    } else if is_any(&["error", "errored", "broken"]) {
        CaseOutcome::Error
    } else {
        CaseOutcome::Passed
    }
}

/// Reads seconds as people of several countries write them: `1.5`, `1,234.5`, `1.234,5`, `0,25`.
fn parse_seconds(text: &str) -> Option<Duration> {
    let text = text.trim().trim_end_matches('s');
    let (dot, comma) = (text.rfind('.'), text.rfind(','));
    let is_grouping = |comma: usize| {
        let before = &text[..comma];
        let is_group = text.len() - comma == 4 && matches!(before.len(), 1..=3);
        is_group && !before.starts_with('0')
    };
    let number = match (dot, comma) {
        (Some(dot), Some(comma)) if dot > comma => text.replace(',', ""),
        (Some(_), Some(_)) => text.replace('.', "").replace(',', "."),
        (None, Some(comma)) if text.matches(',').count() > 1 || is_grouping(comma) => {
            text.replace(',', "")
        }
        (None, Some(_)) => text.replace(',', "."),
        _ => text.to_owned(),
    };
    duration(number.parse().ok()?)
}

/// The attributes of an element that could be read.
struct Attributes(Vec<(String, String)>);

impl Attributes {
    fn of(element: &BytesStart<'_>) -> Self {
        // A broken one ends the list, and those before it count.
        let mut attributes = element.attributes();
        let attributes = attributes.with_checks(false).map_while(Result::ok);
        let attributes = attributes.map(|it| {
            let name: &str = it.key.local_name().into_inner();
            // Whoever forgot to escape something is taken at his word.
            let value = unescape(&it.value).map_or_else(|_| it.value.to_string(), Cow::into_owned);
            (name.to_owned(), value)
        });
        Self(attributes.collect())
    }

    fn find(&self, name: &str) -> Option<String> {
        let found = self.0.iter().find(|(it, _)| it.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone())
    }
}
