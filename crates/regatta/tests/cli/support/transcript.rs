//! A command's whole answer as one text, the same on every machine and at every pace.

use std::fmt::Write as _;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Output};

use super::place::Place;

/// Returns how a command ended and all that it printed.
pub(crate) fn transcribe(output: &Output, place: &Place, program: &Path) -> String {
    let mut text = describe(output.status);
    for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        let printed = std::str::from_utf8(bytes).expect("a command prints UTF-8");
        let printed = without_reasons(&without_bounds(printed));
        if !printed.is_empty() {
            write!(text, "\n--- {name} ---\n{printed}").expect("a String takes all");
            if !printed.ends_with('\n') {
                text.push_str("\n--- no line end ---");
            }
        }
    }
    let text = text.replace(&*program.to_string_lossy(), "regatta");
    normalise(&place.anonymise(&text))
}

/// Leaves out what only a run of more than a second says of itself, since any run may take that long on a busy machine.
fn without_bounds(text: &str) -> String {
    let starts = ["  • Critical path: ", "  • Floor: ", "  • Most CPU time: "];
    let lines = text.split_inclusive('\n');
    lines
        .filter(|line| !starts.iter().any(|start| line.starts_with(start)))
        .collect()
}

/// Leaves out why there are as many slots as there are, which every machine has words of its own for.
fn without_reasons(text: &str) -> String {
    let starts = ["  • Max parallel: ", "Plan: "];
    let lines = text.split_inclusive('\n').map(|line| {
        let is_about_slots = starts.iter().any(|start| line.starts_with(start));
        let reason = is_about_slots.then(|| line.split_once(" (")).flatten();
        let rest = reason.and_then(|(before, after)| Some((before, after.split_once(')')?.1)));
        rest.map_or_else(
            || line.to_owned(),
            |(before, after)| format!("{before}{after}"),
        )
    });
    lines.collect()
}

fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit {code}"),
        (_, Some(signal)) => format!("signal {signal}"),
        _ => unreachable!("a process that is over has exited or was killed"),
    }
}

/// Replaces what differs between two runs that go the same way: `12.3s` and `1.7x` become `[TIME]` and
/// `[RATIO]`, and a run's id becomes `[RUN]`.
pub(crate) fn normalise(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|it: char| it.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        result.push_str(before);
        let inside_word = before.ends_with(|it: char| it.is_alphanumeric() || "._-".contains(it));
        let end = from
            .find(|it: char| !it.is_ascii_alphanumeric() && it != '.' && it != '-')
            .unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        result.push_str(if inside_word { word } else { replace(word) });
        rest = after;
    }
    result.push_str(rest);
    result
}

fn replace(word: &str) -> &str {
    let is_decimal = |text: &str| {
        text.split_once('.').is_some_and(|(whole, fraction)| {
            let digits =
                |part: &str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
            digits(whole) && digits(fraction)
        })
    };
    match (word.strip_suffix('s'), word.strip_suffix('x')) {
        (Some(number), _) if is_decimal(number) => "[TIME]",
        (_, Some(number)) if is_decimal(number) => "[RATIO]",
        _ if is_run_id(word) => "[RUN]",
        _ => word,
    }
}

/// Such as `20261123T055640.123456-4711`.
fn is_run_id(word: &str) -> bool {
    let shape: String = word
        .chars()
        .map(|it| if it.is_ascii_digit() { '0' } else { it })
        .collect();
    shape
        .strip_prefix("00000000T000000.000000-")
        .is_some_and(|pid| !pid.is_empty() && pid.bytes().all(|it| it == b'0'))
}

#[test]
fn only_what_differs_between_runs_is_replaced() {
    let text =
        "passed in 0.1s (2.0x), Timeout after 1s, a1.5s, 20261123T055640.123456-47 at 3:4.\n";
    let expected = "passed in [TIME] ([RATIO]), Timeout after 1s, a1.5s, [RUN] at 3:4.\n";
    assert_eq!(normalise(text), expected);
}
