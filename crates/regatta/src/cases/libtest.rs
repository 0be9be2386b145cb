//! The text of Rust's test harness, as one binary or `cargo test` with many of them prints it.
//!
//! What a binary says in its last line about how many tests ended how is believed; its tests are listed as far as their
//! lines can be read.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::time::Duration;

use regatta_core::cases::{Case, CaseCounts, CaseOutcome};

use super::collector::Collector;
use super::excerpt::Excerpt;
use super::lines::Lines;
use super::place::find_place;
use super::seconds::duration;

/// How many failures of one binary wait for their words.
const MOST_FAILURES: usize = 10_000;

/// How much was said of them at most.
const MOST_WORDS_BYTES: usize = 16 << 20;

/// Reads all tests; lines that tell of none are passed over.
pub(super) fn read(source: impl BufRead, collector: &mut Collector) {
    let mut lines = Lines::new(source);
    let mut text = Text::default();
    loop {
        match lines.next() {
            Ok(Some(line)) => text.take(&line, collector),
            Ok(None) => break,
            Err(error) => {
                collector.note_trouble(format!("it cannot be read: {error}"));
                break;
            }
        }
    }
    if text.binary.is_some() {
        collector.note_trouble("a test binary ended before it told its result");
        text.close_binary(collector);
    }
}

#[derive(Default)]
struct Text {
    /// What the tests that come belong to.
    class: String,
    binary: Option<Binary>,
}

/// What a binary has told so far.
#[derive(Default)]
struct Binary {
    counts: CaseCounts,
    /// Those that failed, by name.
    failures: BTreeMap<String, Failure>,
    words_bytes: usize,
    /// The failure whose words come now.
    speaking: Option<String>,
}

struct Failure {
    place: u64,
    duration: Option<Duration>,
    words: Excerpt,
}

impl Text {
    fn take(&mut self, line: &str, collector: &mut Collector) {
        if is_beginning(line) {
            self.close_binary(collector);
            self.binary = Some(Binary::default());
            return;
        }
        let Some(binary) = &mut self.binary else {
            if let Some(class) = read_class(line) {
                self.class = class;
            }
            return;
        };
        if let Some(result) = line.strip_prefix("test result: ") {
            binary.reconcile(result, collector);
            self.close_binary(collector);
        } else if let Some(test) = line.strip_prefix("test ") {
            // In the words of a failure it is only a word.
            if binary.speaking.is_none() {
                binary.take_test(test, &self.class, collector);
            }
        } else {
            binary.take_words(line);
        }
    }

    fn close_binary(&mut self, collector: &mut Collector) {
        let Some(binary) = self.binary.take() else {
            return;
        };
        for (name, failure) in binary.failures {
            let words = failure.words.into_text();
            let mut case = case(&self.class, &name, CaseOutcome::Failed);
            if case.file.is_none()
                && let Some(place) = find_place(&words, "")
            {
                (case.file, case.line) = (Some(place.file), Some(place.line));
            }
            case.duration = failure.duration;
            case.message = (!words.is_empty()).then_some(words);
            collector.put(failure.place, case);
        }
    }
}

impl Binary {
    fn take_test(&mut self, line: &str, class: &str, collector: &mut Collector) {
        let Some((name, end)) = line.rsplit_once(" ... ") else {
            return;
        };
        let (end, duration) = split_time(end);
        let name = name.strip_suffix(" - should panic").unwrap_or(name);
        let (outcome, reason) = match end {
            "ok" => (CaseOutcome::Passed, None),
            "FAILED" => (CaseOutcome::Failed, None),
            "ignored" => (CaseOutcome::Skipped, None),
            _ => match end.strip_prefix("ignored, ") {
                Some(reason) => (CaseOutcome::Skipped, Some(reason)),
                None if end.starts_with("bench:") => (CaseOutcome::Passed, None),
                // Something was printed in between, and how it ended cannot be told.
                None => return,
            },
        };
        self.counts.count(outcome);
        if outcome == CaseOutcome::Failed {
            if self.failures.len() >= MOST_FAILURES {
                return collector.count(outcome, 1);
            }
            let failure = Failure {
                place: collector.reserve(),
                duration,
                words: Excerpt::default(),
            };
            if self.failures.insert(name.to_owned(), failure).is_some() {
                collector.count(outcome, 1);
            }
            return;
        }
        let mut case = case(class, name, outcome);
        case.duration = duration;
        case.message = reason.map(str::to_owned);
        collector.add(case);
    }

    /// Takes a line of the part that tells what failures said.
    fn take_words(&mut self, line: &str) {
        if let Some(name) = line.strip_prefix("---- ").and_then(read_headline) {
            self.speaking = Some(name.to_owned());
        } else if line == "failures:" {
            self.speaking = None;
        } else if let Some(name) = &self.speaking
            && self.words_bytes < MOST_WORDS_BYTES
            && let Some(failure) = self.failures.get_mut(name)
        {
            let before = failure.words.len();
            failure.words.push_line(line);
            self.words_bytes = self.words_bytes + failure.words.len() - before;
        }
    }

    /// Counts the tests whose lines could not be read.
    fn reconcile(&self, result: &str, collector: &mut Collector) {
        let count = |word: &str| -> Option<u64> {
            let (before, _) = result.split_once(word)?;
            before.trim_end().rsplit(' ').next()?.parse().ok()
        };
        for (word, outcome, seen) in [
            (" passed;", CaseOutcome::Passed, self.counts.passed),
            (" failed;", CaseOutcome::Failed, self.counts.failed),
            (" ignored;", CaseOutcome::Skipped, self.counts.skipped),
        ] {
            // Whoever claims more than this makes it up.
            let told = count(word).unwrap_or_default().min(1_000_000);
            collector.count(outcome, told.saturating_sub(seen));
        }
    }
}

/// Returns whether a binary begins to tell here.
pub(super) fn is_beginning(line: &str) -> bool {
    let rest = line.strip_prefix("running ");
    let rest = rest.and_then(|it| {
        it.strip_suffix(" tests")
            .or_else(|| it.strip_suffix(" test"))
    });
    rest.is_some_and(|number| !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit()))
}

fn read_headline(rest: &str) -> Option<&str> {
    rest.strip_suffix(" stdout ----")
        .or_else(|| rest.strip_suffix(" stderr ----"))
}

/// Reads what cargo says before it starts a binary.
fn read_class(line: &str) -> Option<String> {
    let line = line.trim_start();
    if let Some(name) = line.strip_prefix("Doc-tests ") {
        return Some(format!("{name} (doc)"));
    }
    let path = line
        .strip_prefix("Running ")?
        .strip_suffix(')')?
        .rsplit_once('(')?
        .1;
    let name = path.rsplit(['/', '\\']).next()?;
    let name = name.strip_suffix(".exe").unwrap_or(name);
    let (stem, hash) = name.rsplit_once('-').unwrap_or((name, ""));
    let is_hash = hash.len() == 16 && hash.bytes().all(|it| it.is_ascii_hexdigit());
    Some(if is_hash { stem } else { name }.to_owned())
}

/// Splits `ok <0.012s>`.
fn split_time(end: &str) -> (&str, Option<Duration>) {
    let parts = end.strip_suffix("s>").and_then(|it| it.split_once(" <"));
    match parts.and_then(|(end, time)| Some((end, time.parse().ok()?))) {
        Some((end, time)) => (end, duration(time)),
        None => (end, None),
    }
}

/// Returns a case; a test of documentation names its place, as `src/lib.rs - add (line 7)`.
fn case(class: &str, name: &str, outcome: CaseOutcome) -> Case {
    let place = name
        .strip_suffix(')')
        .and_then(|it| it.rsplit_once(" (line "));
    let place =
        place.and_then(|(rest, line)| Some((rest.split_once(" - ")?.0, line.parse().ok()?)));
    let (file, line) = place.map(|(file, line)| (file.to_owned(), line)).unzip();
    Case {
        class: class.to_owned(),
        name: name.to_owned(),
        outcome,
        duration: None,
        message: None,
        file,
        line,
    }
}
