//! The cases that a suite told of by itself, over all its attempts: the last word on each, and the tries before it.

use std::collections::BTreeMap;

use regatta_core::cases::{Case, CaseOutcome};
use regatta_core::id::Id;
use regatta_core::verdict::{Exit, Verdict};

use super::build::Teller;
use super::document::{CaseElement, CaseResult, Finding, Severity};
use super::names::Names;
use crate::report::plain::{one_line, plain};
use crate::report::record::{AttemptRecord, TaskRecord};

/// Returns the cases of a suite; none where it told of none.
pub(super) fn own_cases(teller: &Teller<'_>, names: &mut Names) -> Vec<CaseElement> {
    let record = teller.source.record;
    let known = &record.tasks[teller.task.index()];
    let suite = teller.name();
    // Whether a red case is what was expected of the suite.
    let exit = known.telling_attempt().and_then(|it| it.end.as_ref());
    let is_inverted = teller.verdict() == Verdict::Passed
        && exit.is_some_and(|end| !matches!(end.report.exit, Exit::Code(0)));
    let mut seen = BTreeMap::new();
    let mut element = |part: &TaskRecord, case: &Case| {
        let telling = part.telling_attempt().map_or(0, |it| it.number);
        let earlier = part.attempts.iter().filter(|it| it.number < telling);
        let class = match one_line(&case.class) {
            class if class.is_empty() => suite.clone(),
            class => format!("{suite}.{class}"),
        };
        let name = match one_line(&case.name) {
            name if name.is_empty() => "unnamed".to_owned(),
            name => name,
        };
        // Of earlier attempts only failures are known. Where cases share their names, those are of the ones that fail now,
        // in their order, then of the others.
        let twins: &mut Twins = seen
            .entry((case.class.clone(), case.name.clone()))
            .or_insert_with(|| Twins {
                red: 0,
                others: count_red_twins(part, case),
            });
        let place = twins.place(case);
        let result = result_of(
            case,
            is_inverted.then_some("Failed, as was expected of the suite"),
        );
        let tries = earlier.filter_map(|attempt| find_failure(attempt, case, place));
        CaseElement {
            name: names.take(&class, &name),
            class,
            time: case.duration,
            reruns: match result {
                CaseResult::Skipped(_) => Vec::new(),
                _ => tries.collect(),
            },
            result,
            output: None,
        }
    };
    let mut elements = Vec::new();
    for part in known.parts() {
        let told = part.own_cases().into_iter().flat_map(|it| &it.cases);
        elements.extend(told.map(|case| element(part, case)));
    }
    elements
}

/// The places that cases of one name have had so far.
struct Twins {
    red: usize,
    others: usize,
}

impl Twins {
    fn place(&mut self, case: &Case) -> usize {
        let next = if case.outcome.has_failed() {
            &mut self.red
        } else {
            &mut self.others
        };
        *next += 1;
        *next - 1
    }
}

fn count_red_twins(part: &TaskRecord, case: &Case) -> usize {
    let told = part.own_cases().into_iter().flat_map(|it| &it.cases);
    let red = told.filter(|it| is_twin(it, case) && it.outcome.has_failed());
    red.count()
}

fn is_twin(one: &Case, other: &Case) -> bool {
    one.class == other.class && one.name == other.name
}

fn result_of(case: &Case, expectation: Option<&str>) -> CaseResult {
    let message = case.message.as_deref().map(one_line).unwrap_or_default();
    match (case.outcome, expectation) {
        (CaseOutcome::Passed, _) => CaseResult::Passed,
        (CaseOutcome::Skipped, _) => CaseResult::Skipped(message),
        (CaseOutcome::Failed | CaseOutcome::Error, Some(words)) => CaseResult::Skipped(
            format!("{words}: {message}")
                .trim_end_matches(": ")
                .to_owned(),
        ),
        (CaseOutcome::Failed | CaseOutcome::Error, None) => CaseResult::Broken(finding(case)),
    }
}

/// Returns how the same case failed in an earlier attempt, if it did.
fn find_failure(attempt: &AttemptRecord, case: &Case, place: usize) -> Option<Finding> {
    let failures = cases_of(attempt)
        .iter()
        .filter(|it| it.outcome.has_failed());
    let mut twins = failures.filter(|it| is_twin(it, case));
    twins.nth(place).map(finding)
}

fn cases_of(attempt: &AttemptRecord) -> &[Case] {
    let list = attempt
        .end
        .as_ref()
        .and_then(|end| end.report.cases.as_ref());
    list.map_or(&[], |list| &list.cases)
}

fn finding(case: &Case) -> Finding {
    let (severity, kind) = match case.outcome {
        CaseOutcome::Error => (Severity::Error, "error"),
        _ => (Severity::Failure, "failure"),
    };
    let told = case.message.as_deref().unwrap_or_default();
    let place = match (&case.file, case.line) {
        (Some(file), Some(line)) => format!("{}:{line}", one_line(file)),
        (Some(file), None) => one_line(file),
        (None, _) => String::new(),
    };
    // The schema has no attribute for the place, and readers look for it in the text.
    let text = format!("{place}\n{}", plain(told)).trim().to_owned();
    let first = plain(told)
        .lines()
        .find(|it| !it.trim().is_empty())
        .map(one_line);
    Finding {
        severity,
        kind,
        message: first.unwrap_or_else(|| "The suite gave no message".into()),
        text,
        output: None,
    }
}
