//! The words about test cases that suites told of: how many, which failed and where, and what could not be read.

use std::borrow::Cow;

use regatta_core::cases::{Case, CaseCounts, CaseList};
use regatta_core::verdict::{Exit, Verdict};

use crate::report::record::{AttemptRecord, Record, TaskRecord};

use super::ends::write_detail;
use super::page::Page;

/// How many failed cases of a suite are named.
pub(super) const SHOWN_CASES: usize = 5;

/// How much is shown of what was said of a failure.
const MOST_HEADLINE: usize = 120;

/// Returns how many cases there are, and how many of them failed; `None` where there are none.
pub(super) fn describe_counts(cases: &CaseList) -> Option<String> {
    let CaseCounts {
        total,
        failed,
        skipped,
        ..
    } = cases.counts;
    if total == 0 {
        return None;
    }
    let noun = if total == 1 { "case" } else { "cases" };
    let counted = match failed {
        0 => format!("{total} {noun}"),
        failed => format!("{failed} of {total} {noun} failed"),
    };
    Some(match skipped {
        0 => counted,
        skipped => format!("{counted}, {skipped} skipped"),
    })
}

/// Returns the counts of all suites together; `None` where none told of cases.
pub(super) fn count_all(record: &Record) -> Option<CaseCounts> {
    let mut all = CaseCounts::default();
    for cases in record.tasks.iter().filter_map(TaskRecord::cases) {
        all.total += cases.counts.total;
        all.passed += cases.counts.passed;
        all.failed += cases.counts.failed;
        all.skipped += cases.counts.skipped;
    }
    (all.total > 0).then_some(all)
}

/// Returns the cases of a suite if some of them failed and its exit code says nothing of it.
pub(super) fn contradiction(task: &TaskRecord) -> Option<Cow<'_, CaseList>> {
    let cases = task.cases().filter(|it| it.counts.failed > 0)?;
    let is_clean = match task.verdict_or_interrupted() {
        Verdict::Cached => true,
        Verdict::Passed | Verdict::Flaky => task.telling_attempt().is_some_and(has_exit_code_0),
        _ => false,
    };
    is_clean.then_some(cases)
}

fn has_exit_code_0(attempt: &AttemptRecord) -> bool {
    let end = attempt.end.as_ref();
    end.is_some_and(|end| end.report.exit == Exit::Code(0))
}

/// Writes the first few cases that failed, and how many more did.
pub(super) fn write_failed_cases(page: &mut Page, cases: &CaseList) {
    let symbol = page.look.symbols.failed;
    let mut shown = 0;
    for case in cases.failed().take(SHOWN_CASES) {
        let line = describe(case);
        let line = page.look.clean(&line).into_owned();
        write_detail(page, format_args!("{symbol} {line}"));
        shown += 1;
    }
    let more = cases.counts.failed - shown.min(cases.counts.failed);
    if more > 0 && shown > 0 {
        write_detail(page, format_args!("and {more} more"));
    }
}

/// Writes what could not be read of the cases.
pub(super) fn write_trouble(page: &mut Page, cases: &CaseList) {
    let Some(trouble) = &cases.trouble else {
        return;
    };
    let words = if cases.counts.total == 0 {
        "It told of no test cases"
    } else {
        "Its test cases may not be all"
    };
    let line = page.look.clean(trouble).into_owned();
    write_detail(page, format_args!("{words}: {line}"));
}

fn describe(case: &Case) -> String {
    let mut line = if case.class.is_empty() || case.class == case.name {
        case.name.clone()
    } else {
        format!("{}: {}", case.class, case.name)
    };
    let place = match (&case.file, case.line) {
        (Some(file), Some(number)) => format!("{file}:{number}"),
        (Some(file), None) => file.clone(),
        (None, _) => String::new(),
    };
    // Tests of documentation bear their place as a name.
    let is_named = case
        .file
        .as_ref()
        .is_some_and(|it| case.name.starts_with(it));
    if !place.is_empty() && !is_named {
        line = format!("{line} ({place})");
    }
    match case.message.as_deref().and_then(|it| headline(it, &place)) {
        Some(words) => format!("{line}: {words}"),
        None => line,
    }
}

/// Returns what a message says first, beyond the place: after a panic, the words below its line.
fn headline(message: &str, place: &str) -> Option<String> {
    let panic = message
        .split_once(" panicked at ")
        .and_then(|(_, rest)| rest.split_once('\n'));
    let told = panic.map_or(message, |(_, words)| words);
    let without_place = |line: &'_ str| match line.strip_prefix(place) {
        Some(rest) if !place.is_empty() => rest.trim_start_matches(':').trim().to_owned(),
        _ => line.to_owned(),
    };
    // Go names a package before it says what is wrong with it.
    let lines = told
        .lines()
        .map(str::trim)
        .filter(|it| !it.starts_with("# "));
    let mut lines = lines.map(without_place).filter(|it| !it.is_empty());
    let mut words = lines.next()?;
    if words.ends_with(':')
        && let Some(more) = lines.next()
    {
        words = format!("{words} {more}");
    }
    if let Some((end, _)) = words.char_indices().nth(MOST_HEADLINE) {
        words.truncate(end);
        words.push('…');
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_says_most_is_shown() {
        for (message, place, expected) in [
            ("AssertionError: 3 != 2\nmore", "", "AssertionError: 3 != 2"),
            (
                "shop.cc:4\nExpected equality of:\n  267\n",
                "shop.cc:4",
                "Expected equality of: 267",
            ),
            (
                "printed\n\nthread 'a' (5) panicked at src/lib.rs:1:2:\nassertion failed",
                "src/lib.rs:1",
                "assertion failed",
            ),
            (
                "a_test.go:18: got 2, want 3",
                "a_test.go:18",
                "got 2, want 3",
            ),
            (
                "# shop/a\na/a.go:5:33: undefined: x",
                "b.go:1",
                "a/a.go:5:33: undefined: x",
            ),
            ("Timeout", "", "Timeout"),
        ] {
            assert_eq!(
                headline(message, place).as_deref(),
                Some(expected),
                "{message}"
            );
        }
        let long = headline(&"ä".repeat(500), "");
        assert_eq!(long.map(|it| it.chars().count()), Some(MOST_HEADLINE + 1));
        assert_eq!(headline(" \n", ""), None);
    }

    #[test]
    fn counts_are_told_in_few_words() {
        for (total, failed, skipped, expected) in [
            (1, 0, 0, Some("1 case")),
            (9, 0, 2, Some("9 cases, 2 skipped")),
            (9, 3, 0, Some("3 of 9 cases failed")),
            (0, 0, 0, None),
        ] {
            let counts = CaseCounts {
                total,
                passed: total - failed - skipped,
                failed,
                skipped,
            };
            let cases = CaseList {
                counts,
                ..CaseList::default()
            };
            assert_eq!(describe_counts(&cases).as_deref(), expected);
        }
    }
}
