//! A JUnit document as XML. It knows the names and the order of elements, and nothing of runs.

use std::time::Duration;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::document::{CaseElement, CaseResult, Counts, Document, Finding, Severity, SuiteElement};

/// Returns the document as text that ends with a newline.
pub(super) fn write(document: &Document) -> String {
    let mut page = Page(Writer::new_with_indent(Vec::new(), b' ', 2));
    page.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
    let Counts {
        tests,
        failures,
        errors,
        ..
    } = document.counts();
    page.open(
        "testsuites",
        &[
            ("name", document.name.clone()),
            ("tests", tests.to_string()),
            ("failures", failures.to_string()),
            ("errors", errors.to_string()),
            ("time", seconds(document.time)),
        ],
    );
    for suite in &document.suites {
        page.suite(suite);
    }
    page.close("testsuites");
    let mut bytes = page.0.into_inner();
    bytes.push(b'\n');
    String::from_utf8(bytes).expect("it was made of texts")
}

/// Attributes: names and values.
type Attributes<'a> = [(&'a str, String)];

struct Page(Writer<Vec<u8>>);

impl Page {
    fn suite(&mut self, suite: &SuiteElement) {
        let Counts {
            tests,
            failures,
            errors,
            skipped,
        } = suite.counts();
        let mut attributes = vec![
            ("name", suite.name.clone()),
            ("tests", tests.to_string()),
            ("failures", failures.to_string()),
            ("errors", errors.to_string()),
            ("skipped", skipped.to_string()),
            ("time", seconds(suite.time)),
            ("hostname", suite.host.clone()),
        ];
        attributes.extend(suite.timestamp.clone().map(|it| ("timestamp", it)));
        self.open("testsuite", &attributes);
        if !suite.properties.is_empty() {
            self.open("properties", &[]);
            for (name, value) in &suite.properties {
                self.empty(
                    "property",
                    &[("name", (*name).to_owned()), ("value", value.clone())],
                );
            }
            self.close("properties");
        }
        for case in &suite.cases {
            self.case(case);
        }
        self.output(suite.output.as_deref());
        self.close("testsuite");
    }

    fn case(&mut self, case: &CaseElement) {
        let mut attributes = vec![
            ("name", case.name.clone()),
            ("classname", case.class.clone()),
        ];
        attributes.extend(case.time.map(|it| ("time", seconds(it))));
        let says_nothing = matches!(case.result, CaseResult::Passed);
        if says_nothing && case.reruns.is_empty() && case.output.is_none() {
            self.empty("testcase", &attributes);
            return;
        }
        self.open("testcase", &attributes);
        let passed = match &case.result {
            CaseResult::Passed => true,
            CaseResult::Skipped(message) => {
                self.empty("skipped", &[("message", message.clone())]);
                false
            }
            CaseResult::Broken(finding) => {
                let name = match finding.severity {
                    Severity::Failure => "failure",
                    Severity::Error => "error",
                };
                self.text(name, &describe(finding), &finding.text);
                false
            }
        };
        for finding in &case.reruns {
            let name = match (passed, finding.severity) {
                (true, Severity::Failure) => "flakyFailure",
                (true, Severity::Error) => "flakyError",
                (false, Severity::Failure) => "rerunFailure",
                (false, Severity::Error) => "rerunError",
            };
            self.open(name, &describe(finding));
            self.text("stackTrace", &[], &finding.text);
            self.output(finding.output.as_deref());
            self.close(name);
        }
        self.output(case.output.as_deref());
        self.close("testcase");
    }

    fn output(&mut self, output: Option<&str>) {
        if let Some(output) = output {
            self.text("system-out", &[], output);
        }
    }

    fn text(&mut self, name: &str, attributes: &Attributes<'_>, text: &str) {
        self.open(name, attributes);
        // Blanks around it would be part of it.
        self.event(Event::Text(BytesText::new(text)));
        self.close(name);
    }

    fn empty(&mut self, name: &str, attributes: &Attributes<'_>) {
        self.event(Event::Empty(start(name, attributes)));
    }

    fn open(&mut self, name: &str, attributes: &Attributes<'_>) {
        self.event(Event::Start(start(name, attributes)));
    }

    fn close(&mut self, name: &str) {
        self.event(Event::End(BytesEnd::new(name)));
    }

    fn event(&mut self, event: Event<'_>) {
        self.0.write_event(event).expect("memory takes every text");
    }
}

fn start<'n>(name: &'n str, attributes: &Attributes<'_>) -> BytesStart<'n> {
    let mut start = BytesStart::new(name);
    for (name, value) in attributes {
        start.push_attribute((*name, value.as_str()));
    }
    start
}

fn describe(finding: &Finding) -> [(&'static str, String); 2] {
    [
        ("message", finding.message.clone()),
        ("type", finding.kind.to_owned()),
    ]
}

/// The schema wants three decimals at most.
fn seconds(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64())
}
