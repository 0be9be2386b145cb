//! The words about a failure in the light of the runs before: new, going on, or one of a flaky suite.

use regatta_core::id::{Id, TaskId};
use regatta_core::past::{FlakyRate, Past};
use regatta_core::verdict::{Failure, Verdict};

use crate::report::record::Record;

/// Returns what the runs before say about the failure of a task; `None` where there is no history, and for what says
/// nothing about the suite.
pub(in crate::report) fn describe_failure_in_history(
    record: &Record,
    task: TaskId,
) -> Option<String> {
    let verdict = record.tasks[task.index()].verdict_or_interrupted();
    match verdict {
        Verdict::Failed(Failure::Infrastructure(_)) => None,
        Verdict::Failed(_) => Some(describe(record.past(task)?)),
        _ => None,
    }
}

/// Returns one sentence without its full stop, for a suite that failed now.
pub(super) fn describe(past: &Past) -> String {
    let Past { runs, failing, .. } = *past;
    match (failing, past.flaky) {
        (0, Some(rate)) => format!("Known flaky: {}", describe_rate(rate)),
        (_, Some(rate)) => {
            let streak = describe_streak(failing);
            format!("{streak}, and known flaky: {}", describe_rate(rate))
        }
        (1.., None) => describe_streak(failing),
        (0, None) => match runs {
            0 => "New: it has not run before".into(),
            1 => "New: it passed in the run before".into(),
            _ => format!("New: it passed in the last of {runs} runs before"),
        },
    }
}

/// The run that failed now counts as well.
fn describe_streak(failing: u32) -> String {
    format!("Failing for {} runs now", failing.saturating_add(1))
}

fn describe_rate(rate: FlakyRate) -> String {
    let FlakyRate { failures, attempts } = rate;
    let percent = 100.0 * f64::from(failures) / f64::from(attempts.max(1));
    format!("{failures} of {attempts} attempts failed ({percent:.1} %)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_new_or_goes_on_or_is_flaky() {
        let rate = Some(FlakyRate {
            failures: 3,
            attempts: 40,
        });
        for (runs, failing, flaky, expected) in [
            (0, 0, None, "New: it has not run before"),
            (1, 0, None, "New: it passed in the run before"),
            (12, 0, None, "New: it passed in the last of 12 runs before"),
            (1, 1, None, "Failing for 2 runs now"),
            (12, 3, None, "Failing for 4 runs now"),
            (40, 0, rate, "Known flaky: 3 of 40 attempts failed (7.5 %)"),
            (
                40,
                2,
                rate,
                "Failing for 3 runs now, and known flaky: 3 of 40 attempts failed (7.5 %)",
            ),
        ] {
            let past = Past {
                runs,
                failing,
                flaky,
                ..Past::default()
            };
            assert_eq!(describe(&past), expected);
        }
    }
}
