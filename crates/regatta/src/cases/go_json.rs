//! The lines of `go test -json`: packages, tests and subtests, and packages that could not be built.
//!
//! Tests that only sum up subtests are no cases of their own, unless they failed although none of those did. Lines that
//! are no JSON come from the build, or from a program that printed between them.

use std::collections::BTreeMap;
use std::io::BufRead;

use regatta_core::cases::{Case, CaseOutcome};
use serde::Deserialize;

use super::collector::Collector;
use super::excerpt::Excerpt;
use super::lines::Lines;
use super::place::find_place;
use super::seconds::duration;

/// How many tests may be under way at once.
const MOST_OPEN: usize = 20_000;

/// How many `/` of a name are taken for those of subtests.
const DEEPEST: usize = 32;

/// How much of the output of all tests under way is kept.
const MOST_OUTPUT_BYTES: usize = 16 << 20;

/// The name of the case that stands for a package which failed as a whole.
const WHOLE_PACKAGE: &str = "(package)";

/// Reads all events; lines that are none are passed over.
pub(super) fn read(source: impl BufRead, collector: &mut Collector) {
    let mut lines = Lines::new(source);
    let mut stream = Stream::default();
    loop {
        match lines.next() {
            Ok(Some(line)) => match read_event(&line) {
                Some(event) => stream.take(&event, collector),
                None => stream.take_text(&line, collector),
            },
            Ok(None) => break,
            Err(error) => {
                collector.note_trouble(format!("it cannot be read: {error}"));
                break;
            }
        }
    }
    stream.finish(collector);
}

/// Returns whether a line is an event of a test run.
pub(super) fn is_event(line: &str) -> bool {
    read_event(line).is_some_and(|event| !event.package.is_empty() || !event.import_path.is_empty())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    action: String,
    #[serde(default)]
    package: String,
    #[serde(default)]
    import_path: String,
    #[serde(default)]
    test: String,
    #[serde(default)]
    output: String,
    #[serde(default)]
    elapsed: f64,
}

fn read_event(line: &str) -> Option<Event> {
    line.starts_with('{')
        .then(|| serde_json::from_str(line).ok())?
}

/// The package and the test.
type Key = (String, String);

#[derive(Default)]
struct Stream {
    open: BTreeMap<Key, OpenTest>,
    /// How many failures there were, by package.
    failures: BTreeMap<String, u64>,
    /// What was printed of a package and of no test in it, for as long as the package goes on.
    printed: BTreeMap<String, Excerpt>,
    /// Lines that are no events, since the last one.
    text: Excerpt,
    output_bytes: usize,
}

struct OpenTest {
    place: u64,
    output: Excerpt,
    subtests: Subtests,
}

/// What is known of the tests within a test.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Subtests {
    None,
    Some,
    /// At least one failed.
    Failed,
}

impl Stream {
    fn take(&mut self, event: &Event, collector: &mut Collector) {
        match (&*event.action, &*event.test) {
            ("output" | "build-output", "") => self.take_package_output(event),
            ("output", _) => self.take_output(event),
            ("run", test) if !test.is_empty() => self.begin(event, collector),
            ("pass" | "fail" | "skip" | "bench", "") => self.end_package(event, collector),
            ("pass" | "fail" | "skip" | "bench", _) => self.end_test(event, collector),
            _ => {}
        }
        if !event.package.is_empty() {
            self.text = Excerpt::default();
        }
    }

    fn begin(&mut self, event: &Event, collector: &mut Collector) {
        if self.open.len() >= MOST_OPEN {
            return;
        }
        if let Some(parent) = self.parent(event)
            && parent.subtests == Subtests::None
        {
            parent.subtests = Subtests::Some;
        }
        let test = OpenTest {
            place: collector.reserve(),
            output: Excerpt::default(),
            subtests: Subtests::None,
        };
        self.open.insert(key(event), test);
    }

    fn take_output(&mut self, event: &Event) {
        // Lines about the test itself say what other events say as well.
        let line = event.output.trim_start();
        if ["=== ", "--- "].iter().any(|it| line.starts_with(it)) {
            return;
        }
        if self.output_bytes < MOST_OUTPUT_BYTES
            && let Some(test) = self.open.get_mut(&key(event))
        {
            let before = test.output.len();
            test.output.push(&event.output);
            self.output_bytes = self.output_bytes + test.output.len() - before;
        }
    }

    fn take_package_output(&mut self, event: &Event) {
        let name = package(event);
        let is_verdict = ["FAIL", "PASS", "ok  \t", "?   \t", "exit status "]
            .iter()
            .any(|it| event.output.starts_with(it));
        if !is_verdict && (self.printed.len() < MOST_OPEN || self.printed.contains_key(name)) {
            let printed = self.printed.entry(name.to_owned()).or_default();
            printed.push(&event.output);
        }
    }

    fn end_test(&mut self, event: &Event, collector: &mut Collector) {
        let outcome = match &*event.action {
            "fail" => CaseOutcome::Failed,
            "skip" => CaseOutcome::Skipped,
            _ => CaseOutcome::Passed,
        };
        let test = self.open.remove(&key(event));
        if let Some(test) = &test {
            self.output_bytes -= test.output.len();
        }
        let subtests = test.as_ref().map_or(Subtests::None, |it| it.subtests);
        if outcome == CaseOutcome::Failed {
            if let Some(parent) = self.parent(event) {
                parent.subtests = Subtests::Failed;
            }
            self.note_failure(&event.package);
        }
        let says_nothing_new = match subtests {
            Subtests::None => false,
            Subtests::Some => outcome != CaseOutcome::Failed,
            Subtests::Failed => true,
        };
        if says_nothing_new {
            return;
        }
        let (place, output) = match test {
            Some(test) => (test.place, test.output.into_text()),
            None => (collector.reserve(), String::new()),
        };
        let mut case = case(event, outcome, output);
        case.duration = duration(event.elapsed);
        collector.put(place, case);
    }

    /// A package ends after its tests. Those that did not were cut short, by a panic of another one say.
    fn end_package(&mut self, event: &Event, collector: &mut Collector) {
        let name = &event.package;
        if event.action == "fail" {
            self.close_tests_of(name, collector);
            if !self.failures.contains_key(name) {
                let printed = self.printed.remove(name).unwrap_or_default();
                collector.add(whole_package(name, printed));
            }
        }
        self.printed.remove(name);
    }

    fn close_tests_of(&mut self, package: &str, collector: &mut Collector) {
        let from = (package.to_owned(), String::new());
        let of_package = self
            .open
            .range(from..)
            .take_while(|(it, _)| it.0 == package);
        let keys: Vec<Key> = of_package.map(|(it, _)| it.clone()).collect();
        for key in keys {
            let Some(test) = self.open.remove(&key) else {
                continue;
            };
            self.output_bytes -= test.output.len();
            if test.subtests != Subtests::None {
                continue;
            }
            self.note_failure(package);
            let mut output = test.output.into_text();
            if output.is_empty() {
                let printed = self.printed.get(package).cloned().unwrap_or_default();
                output = format!("it did not end\n{}", printed.into_text());
            }
            let event = Event {
                action: String::new(),
                package: key.0,
                import_path: String::new(),
                test: key.1,
                output: String::new(),
                elapsed: 0.0,
            };
            collector.put(test.place, case(&event, CaseOutcome::Error, output));
        }
    }

    /// Takes a line of the build: older versions tell there alone that a package could not be built.
    fn take_text(&mut self, line: &str, collector: &mut Collector) {
        let failed = line.strip_prefix("FAIL\t");
        let failed = failed.and_then(|rest| rest.split_once(" ["));
        match failed {
            Some((package, why)) if why.ends_with("failed]") => {
                self.note_failure(package);
                let text = std::mem::take(&mut self.text);
                collector.add(whole_package(package, text));
            }
            _ => self.text.push_line(line),
        }
    }

    fn finish(mut self, collector: &mut Collector) {
        let mut packages: Vec<String> = self.open.keys().map(|it| it.0.clone()).collect();
        packages.dedup();
        if !packages.is_empty() {
            collector.note_trouble("it ends before its tests did");
        }
        for package in packages {
            self.close_tests_of(&package, collector);
        }
    }

    fn note_failure(&mut self, package: &str) {
        if self.failures.len() < MOST_OPEN || self.failures.contains_key(package) {
            *self.failures.entry(package.to_owned()).or_default() += 1;
        }
    }

    fn parent(&mut self, event: &Event) -> Option<&mut OpenTest> {
        let (parent, _) = event.test.rsplit_once('/')?;
        // The name of a subtest may have a `/` of its own.
        let mut parent = parent;
        for _ in 0..DEEPEST {
            let key = (event.package.clone(), parent.to_owned());
            if self.open.contains_key(&key) {
                return self.open.get_mut(&key);
            }
            parent = parent.rsplit_once('/')?.0;
        }
        None
    }
}

fn key(event: &Event) -> Key {
    (event.package.clone(), event.test.clone())
}

/// Returns the package an event is about; one of a build adds the test binary's name.
fn package(event: &Event) -> &str {
    if event.package.is_empty() {
        let path = event.import_path.as_str();
        path.split_once(" [").map_or(path, |(path, _)| path)
    } else {
        &event.package
    }
}

fn case(event: &Event, outcome: CaseOutcome, output: String) -> Case {
    let place = find_place(&output, "").filter(|_| outcome != CaseOutcome::Passed);
    let (file, line) = place.map(|it| (it.file, it.line)).unzip();
    let says_something = outcome != CaseOutcome::Passed && !output.is_empty();
    Case {
        class: event.package.clone(),
        name: event.test.clone(),
        outcome,
        duration: None,
        message: says_something.then_some(output),
        file,
        line,
    }
}

fn whole_package(name: &str, printed: Excerpt) -> Case {
    let text = printed.into_text();
    let (file, line) = find_place(&text, "").map(|it| (it.file, it.line)).unzip();
    Case {
        class: name.to_owned(),
        name: WHOLE_PACKAGE.to_owned(),
        outcome: CaseOutcome::Error,
        duration: None,
        message: (!text.is_empty()).then_some(text),
        file,
        line,
    }
}
