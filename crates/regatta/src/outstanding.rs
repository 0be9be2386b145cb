//! Which suites are outstanding: those that have not passed since they last failed, were skipped or were never seen.
//!
//! Pure but for [`last_words`], which reads what the last run left. Which of them run is decided by the selection.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use regatta_core::id::{Id, TaskId};
use regatta_core::verdict::Status;

use crate::report::journal::{JOURNAL_NAME, JournalError, read_journal};

/// The word of the newest run that included a suite. A suite without one was never seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastWord {
    /// It passed, at the first attempt or after others.
    Passed,
    /// It failed.
    Failed,
    /// Nothing was said: it was blocked, cancelled or interrupted, or said itself that it does not apply.
    Skipped,
}

impl From<Status> for LastWord {
    fn from(status: Status) -> Self {
        match status {
            Status::Passed => Self::Passed,
            Status::Failed => Self::Failed,
            Status::Skipped => Self::Skipped,
        }
    }
}

/// Returns the suites that are outstanding: only a pass lets one leave, and a new one joins.
#[must_use]
pub fn find_outstanding<'n>(
    suites: impl Iterator<Item = &'n str>,
    last_words: &BTreeMap<String, LastWord>,
) -> BTreeSet<String> {
    let passed = |name: &str| last_words.get(name) == Some(&LastWord::Passed);
    suites
        .filter(|name| !passed(name))
        .map(str::to_owned)
        .collect()
}

/// Returns the word on each suite that the last run in a log directory included; none where nothing has run yet. It is
/// what is left to ask where there is no history.
///
/// # Errors
/// There is a journal, and not even its first line can be read.
pub fn last_words(log_dir: &Path) -> Result<BTreeMap<String, LastWord>, JournalError> {
    let path = log_dir.join(JOURNAL_NAME);
    if path.symlink_metadata().is_err() {
        return Ok(BTreeMap::new());
    }
    let record = read_journal(&path)?.record();
    let record = record.by_suite();
    let words = record.tasks.iter().enumerate().map(|(index, task)| {
        let name = record.suite(TaskId::from_index(index)).name.clone();
        (name, LastWord::from(task.status()))
    });
    Ok(words.collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use regatta_core::verdict::{Failure, Reason, Verdict};

    use super::*;

    fn is_outstanding(word: Option<LastWord>) -> bool {
        let words = word.map(|word| ("a".to_owned(), word)).into_iter();
        !find_outstanding(["a"].into_iter(), &words.collect()).is_empty()
    }

    #[test]
    fn only_a_pass_lets_a_suite_leave() {
        let failed = Verdict::Failed;
        let skipped = Verdict::Skipped;
        let limit = Duration::from_secs(1);
        let table = [
            (Some(Verdict::Passed), false),
            (Some(Verdict::Flaky), false),
            (Some(failed(Failure::ExitCode(1))), true),
            (Some(failed(Failure::Signal(11))), true),
            (Some(failed(Failure::Timeout(limit))), true),
            (Some(failed(Failure::IdleTimeout(limit))), true),
            (Some(failed(Failure::SpawnError("no".into()))), true),
            (Some(failed(Failure::Leftovers(1))), true),
            (Some(failed(Failure::UnexpectedPass)), true),
            // It passed, and is declared to fail then.
            (Some(failed(Failure::Flaky)), true),
            (Some(failed(Failure::Infrastructure("no".into()))), true),
            (Some(skipped(Reason::Blocked(TaskId(0)))), true),
            (Some(skipped(Reason::Cancelled)), true),
            (Some(skipped(Reason::Interrupted)), true),
            // It has not passed; whether it applies by now is for the suite to say.
            (Some(skipped(Reason::Condition(77))), true),
            // Never seen, or new.
            (None, true),
        ];
        for (verdict, expected) in table {
            let word = verdict.as_ref().map(|it| LastWord::from(it.status()));
            assert_eq!(is_outstanding(word), expected, "{verdict:?}");
        }
    }

    proptest! {
        #[test]
        fn running_what_is_outstanding_again_and_again_converges(
            known in prop::collection::btree_map("[a-f]", 0_u8..3, 0..6),
            suites in prop::collection::btree_set("[a-h]", 1..8),
            mended_after in 1_usize..4,
        ) {
            let mut words: BTreeMap<String, LastWord> = known.into_iter().map(|(name, word)| {
                let word = [LastWord::Passed, LastWord::Failed, LastWord::Skipped][usize::from(word)];
                (name, word)
            }).collect();
            let mut before = None;
            for run in 1..=mended_after {
                let names = suites.iter().map(String::as_str);
                let outstanding = find_outstanding(names, &words);
                // Nothing that has passed comes back, and nothing that has not is lost.
                for name in &suites {
                    let passed = words.get(name) == Some(&LastWord::Passed);
                    prop_assert_eq!(outstanding.contains(name), !passed);
                }
                if let Some(before) = before {
                    prop_assert!(outstanding.is_subset(&before));
                }
                for name in &outstanding {
                    let word = if run == mended_after { LastWord::Passed } else { LastWord::Failed };
                    words.insert(name.clone(), word);
                }
                before = Some(outstanding);
            }
            let names = suites.iter().map(String::as_str);
            prop_assert!(find_outstanding(names, &words).is_empty());
            // A new suite joins.
            let names = suites.iter().map(String::as_str).chain(["new"]);
            prop_assert_eq!(find_outstanding(names, &words), BTreeSet::from(["new".to_owned()]));
        }
    }
}
