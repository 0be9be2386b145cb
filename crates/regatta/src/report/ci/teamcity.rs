//! TeamCity: suites and their cases as tests of the build.
//!
//! Everything about a suite is told in one piece when it is done, so that nothing is left open by whatever ends a run.
//!
//! *Source*: "Service messages" in TeamCity's documentation.

use std::fmt::Write as _;
use std::time::Duration;

use regatta_core::cases::{Case, CaseOutcome};
use regatta_core::id::{Id, TaskId};
use regatta_core::verdict::Verdict;

use crate::report::plain::{one_line, plain};
use crate::report::record::AttemptRecord;
use crate::report::source::Source;

/// What makes a message behind two number signs.
pub(super) const PREFIXES: &[&str] = &["teamcity["];

/// The flow of the run, under which every suite has one of its own.
const RUN_FLOW: &str = "regatta";

pub(super) fn open_run(project: &str) -> String {
    message("testSuiteStarted", RUN_FLOW, &[("name", project)])
}

pub(super) fn close_run(project: &str) -> String {
    message("testSuiteFinished", RUN_FLOW, &[("name", project)])
}

/// Returns all that is told of a suite that is done.
pub(super) fn tell(source: &Source<'_>, task: TaskId) -> String {
    let record = source.record;
    let known = &record.tasks[task.index()];
    let name = one_line(&record.label(task));
    let telling = known.telling_attempt();
    let verdict = known.verdict_or_interrupted();
    let list = known.own_cases();
    let cases = list.map_or(&[][..], |it| &it.cases);
    let mut messages = message("flowStarted", &name, &[("parent", RUN_FLOW)]);
    let mut test = Test {
        text: &mut messages,
        flow: &name,
    };
    if !cases.is_empty() {
        test.say("testSuiteStarted", &[("name", &name)]);
        for case in cases {
            test.case(case, &verdict);
        }
    }
    let is_red = |it: &Case| matches!(it.outcome, CaseOutcome::Failed | CaseOutcome::Error);
    let is_explained = match verdict {
        Verdict::Failed(_) => cases.iter().any(is_red),
        Verdict::Skipped(_) => false,
        Verdict::Passed | Verdict::Cached | Verdict::Flaky => !cases.is_empty(),
    };
    if !is_explained {
        let why = one_line(&record.error_message(task).unwrap_or_default());
        test.say(
            "testStarted",
            &[("name", &name), ("captureStandardOutput", "false")],
        );
        let log = telling.and_then(|it| record.log_name(task, it));
        let tail = log
            .and_then(|it| (source.find_tail)(&it))
            .map(|it| it.render());
        if let Some(tail) = tail.filter(|it| !it.is_empty()) {
            test.say("testStdOut", &[("name", &name), ("out", &tail)]);
        }
        match verdict {
            Verdict::Failed(_) => test.say(
                "testFailed",
                &[("name", &name), ("message", &why), ("details", "")],
            ),
            Verdict::Skipped(_) => test.say("testIgnored", &[("name", &name), ("message", &why)]),
            Verdict::Passed | Verdict::Cached | Verdict::Flaky => {}
        }
        let took = telling
            .and_then(AttemptRecord::duration)
            .unwrap_or_default();
        test.finish(&name, took);
    }
    if !cases.is_empty() {
        test.say("testSuiteFinished", &[("name", &name)]);
    }
    test.say("flowFinished", &[]);
    messages
}

struct Test<'t> {
    text: &'t mut String,
    flow: &'t str,
}

impl Test<'_> {
    fn case(&mut self, case: &Case, verdict: &Verdict) {
        let name = one_line(&format!("{} {}", case.class, case.name));
        let told = plain(case.message.as_deref().unwrap_or_default());
        self.say(
            "testStarted",
            &[("name", &name), ("captureStandardOutput", "false")],
        );
        match (case.outcome, verdict) {
            (CaseOutcome::Passed, _) => {}
            (CaseOutcome::Skipped, _) => {
                self.say("testIgnored", &[("name", &name), ("message", &told)]);
            }
            (CaseOutcome::Failed | CaseOutcome::Error, Verdict::Failed(_)) => {
                let first = told.lines().next().unwrap_or_default().to_owned();
                self.say(
                    "testFailed",
                    &[("name", &name), ("message", &first), ("details", &told)],
                );
            }
            // A failed test would fail a build whose run passed.
            (CaseOutcome::Failed | CaseOutcome::Error, _) => {
                let message = format!("Failed, but its suite passed: {told}");
                self.say("testIgnored", &[("name", &name), ("message", &message)]);
            }
        }
        self.finish(&name, case.duration.unwrap_or_default());
    }

    fn finish(&mut self, name: &str, took: Duration) {
        let took = took.as_millis().to_string();
        self.say("testFinished", &[("name", name), ("duration", &took)]);
    }

    fn say(&mut self, kind: &str, attributes: &[(&str, &str)]) {
        self.text.push_str(&message(kind, self.flow, attributes));
    }
}

fn message(kind: &str, flow: &str, attributes: &[(&str, &str)]) -> String {
    let mut text = format!("##teamcity[{kind}");
    for (name, value) in attributes.iter().chain(&[("flowId", flow)]) {
        write!(text, " {name}='{}'", escape(value)).expect("a String takes all");
    }
    text.push_str("]\n");
    text
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => escaped.push_str("|n"),
            '\r' => escaped.push_str("|r"),
            '|' | '\'' | '[' | ']' => escaped.extend(['|', character]),
            ' '..='~' => escaped.push(character),
            _ => {
                // Beyond the basic plane a character is two of these.
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(escaped, "|0x{unit:04x}").expect("a String takes all");
                }
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_one_line_whatever_it_says() {
        let text = message(
            "testStdOut",
            "a",
            &[("out", "it's [1|2]\n##teamcity[x]ü🧪")],
        );
        let expected = "##teamcity[testStdOut out='it|'s |[1||2|]|n##teamcity|[x|]|0x00fc|0xd83e|0xddea' flowId='a']\n";
        assert_eq!(text, expected);
    }
}
