//! What stands behind the suites that did not pass: whom blocked ones waited for, and which failures are one.

use std::collections::BTreeMap;

use anstream::adapter::strip_str;
use regatta_core::id::{Id, TaskId};
use regatta_core::verdict::{Reason, Verdict};

use super::record::Record;

/// Fewer failures with the same message than these are told one by one.
const FEWEST_ALIKE: usize = 3;

/// Failures that are told together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// *Shape*: in plan order; never empty.
    pub tasks: Vec<TaskId>,
}

/// Puts failures together that say the same: the same end, and the same first words of an error but for numbers,
/// addresses and the suite's own name.
///
/// *Shape*: in the order of their first tasks. Failures without words stand alone.
#[must_use]
pub fn find_causes(record: &Record, failed: &[TaskId]) -> Vec<Cause> {
    let mut alike = BTreeMap::<_, Vec<TaskId>>::new();
    let mut causes = Vec::new();
    for &task in failed {
        match find_error(record, task) {
            Some(text) => {
                let name = &record.suite(task).name;
                let key = (record.error_message(task), generalise(text, name));
                alike.entry(key).or_default().push(task);
            }
            None => causes.push(Cause { tasks: vec![task] }),
        }
    }
    for tasks in alike.into_values() {
        if tasks.len() >= FEWEST_ALIKE {
            causes.push(Cause { tasks });
        } else {
            causes.extend(tasks.into_iter().map(|task| Cause { tasks: vec![task] }));
        }
    }
    causes.sort_unstable_by_key(|cause| cause.tasks[0]);
    causes
}

/// Returns the line of a task's output that says best what went wrong; `None` where nothing does.
#[must_use]
pub fn find_error(record: &Record, task: TaskId) -> Option<&str> {
    let attempt = record.tasks[task.index()].telling_attempt()?;
    let error = attempt.end.as_ref()?.report.first_error.as_ref()?;
    Some(error.text.trim())
}

/// Returns a message without what differs from one place to the next.
fn generalise(text: &str, suite: &str) -> String {
    let plain: String = strip_str(text).flat_map(str::chars).collect();
    let words = plain.replace(suite, "*");
    let words = words.split_whitespace().map(|word| {
        let mut general = String::with_capacity(word.len());
        let is_address = word.contains("0x");
        for character in word.chars() {
            if character.is_ascii_digit() || is_address && character.is_ascii_hexdigit() {
                if !general.ends_with('#') {
                    general.push('#');
                }
            } else {
                general.push(character);
            }
        }
        general
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Returns the blocked tasks by what blocked them in the first place, through any number of blocked ones between.
///
/// *Shape*: tasks in plan order; what blocks nothing has no entry.
#[must_use]
pub fn find_blocked(record: &Record) -> BTreeMap<TaskId, Vec<TaskId>> {
    let mut blocked = BTreeMap::<_, Vec<_>>::new();
    let mut roots = vec![None; record.tasks.len()];
    for index in 0..record.tasks.len() {
        let task = TaskId::from_index(index);
        let root = find_root(record, &mut roots, task);
        if root != task {
            blocked.entry(root).or_default().push(task);
        }
    }
    blocked
}

/// Follows a chain to its end. `roots` remembers the ends of chains, so that long ones are walked once.
fn find_root(record: &Record, roots: &mut [Option<TaskId>], task: TaskId) -> TaskId {
    let mut chain = Vec::new();
    let mut end = task;
    let root = loop {
        if let Some(root) = roots[end.index()] {
            break root;
        }
        match blocker(record, end) {
            // A journal that somebody wrote by hand may go round in a circle.
            Some(next) if next.index() < roots.len() && chain.len() < roots.len() => {
                chain.push(end);
                end = next;
            }
            _ => break end,
        }
    };
    for link in chain {
        roots[link.index()] = Some(root);
    }
    root
}

fn blocker(record: &Record, task: TaskId) -> Option<TaskId> {
    match record.tasks[task.index()].verdict {
        Some(Verdict::Skipped(Reason::Blocked(by))) => Some(by),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_place_to_place_is_left_out() {
        for (text, suite, expected) in [
            (
                "connect to 127.0.0.1:5432  refused",
                "api",
                "connect to #.#.#.#:# refused",
            ),
            ("api: 3 of 12 failed", "api", "*: # of # failed"),
            ("at 0x7ffe12ab and 0xdead", "api", "at #x# and #x#"),
            ("\u{1b}[31merror:\u{1b}[0m no", "api", "error: no"),
        ] {
            assert_eq!(generalise(text, suite), expected);
        }
    }
}
