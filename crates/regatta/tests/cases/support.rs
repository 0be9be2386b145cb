//! Cases as short lines of text, which tests can compare.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use regatta::cases::{Collector, Room, parse};
use regatta_core::cases::{Case, CaseFormat, CaseList, CaseOutcome};

pub(crate) fn fixture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/fixtures");
    folder.join(name)
}

/// Reads a text in a format.
pub(crate) fn read(text: &[u8], format: CaseFormat) -> Option<CaseList> {
    let mut collector = Collector::new(format, Room::OF_AN_ATTEMPT);
    parse(text, format, &mut collector);
    collector.finish()
}

/// Returns a list as text: the counts, a line a case, and what could not be read.
pub(crate) fn render(list: Option<CaseList>) -> String {
    let Some(list) = list else {
        return "nothing\n".into();
    };
    let counts = list.counts;
    let mut text = format!(
        "{} cases: {} passed, {} failed, {} skipped\n",
        counts.total, counts.passed, counts.failed, counts.skipped
    );
    for case in &list.cases {
        writeln!(text, "{}", line(case)).expect("a String takes all");
    }
    if list.left_out > 0 {
        writeln!(text, "{} left out", list.left_out).expect("a String takes all");
    }
    if let Some(trouble) = &list.trouble {
        writeln!(text, "trouble: {trouble}").expect("a String takes all");
    }
    text
}

fn line(case: &Case) -> String {
    let outcome = match case.outcome {
        CaseOutcome::Passed => "passed ",
        CaseOutcome::Failed => "failed ",
        CaseOutcome::Error => "error  ",
        CaseOutcome::Skipped => "skipped",
    };
    let mut line = format!("{outcome} {} | {}", case.class, case.name);
    if let Some(file) = &case.file {
        write!(line, " ({file}").expect("a String takes all");
        if let Some(number) = case.line {
            write!(line, ":{number}").expect("a String takes all");
        }
        line.push(')');
    }
    if let Some(duration) = case.duration {
        write!(line, " {}us", duration.as_micros()).expect("a String takes all");
    }
    if let Some(message) = &case.message {
        let first = message.trim().lines().next().unwrap_or_default();
        let more = message.trim().lines().count() - 1;
        write!(line, ": {first}").expect("a String takes all");
        if more > 0 {
            write!(line, " [+{more}]").expect("a String takes all");
        }
    }
    line
}
