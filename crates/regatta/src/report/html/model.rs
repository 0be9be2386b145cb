//! The shape of the data that a page carries for its script. `assets/` reads it under the same names.
//!
//! *Units*: seconds, since the run began where a moment is meant; bytes. What is empty is left out.

use serde::Serialize;

use super::ansi::Line;
use super::graph::Picture;
use super::kind::Kind;
use super::waits::Wait;

/// All of it.
#[derive(Serialize)]
pub(super) struct Data<'r> {
    pub(super) run: Run<'r>,
    /// In display order.
    pub(super) categories: Vec<Category<'r>>,
    /// The groups that waits name by their place here.
    pub(super) groups: Vec<Group>,
    /// In plan order. Others name suites by their place here.
    pub(super) suites: Vec<SuiteData<'r>>,
    /// Places of the suites that decided how long the run took, in the order they ran.
    pub(super) path: Vec<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) graph: Option<Picture>,
    pub(super) what_if: Vec<WhatIf>,
    /// The ends of logs that attempts name by their place here.
    pub(super) tails: Vec<Tail>,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) warnings: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct Run<'r> {
    pub(super) project: &'r str,
    pub(super) wall: f64,
    pub(super) slots: u32,
    pub(super) rerun: &'r str,
    /// What stands before the names of logs in links; none where no log can be reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) logs: Option<String>,
    /// Whether earlier runs were known.
    pub(super) has_past: bool,
    /// The day on which it ran, and the day up to which a new entry of the quarantine may hold.
    pub(super) day: String,
    pub(super) quarantine_until: String,
    /// The shortest time that the same suites could have taken, and what keeps it from being shorter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) floor: Option<(f64, String)>,
}

#[derive(Serialize)]
pub(super) struct Category<'r> {
    pub(super) name: &'r str,
    pub(super) title: &'r str,
    pub(super) icon: &'r str,
}

#[derive(Serialize)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) capacity: u64,
}

#[derive(Serialize)]
pub(super) struct SuiteData<'r> {
    pub(super) name: &'r str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) description: &'r str,
    pub(super) category: &'r str,
    pub(super) kind: Kind,
    /// How it ended, in words.
    pub(super) words: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) news: Option<String>,
    pub(super) command: &'r str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) tags: &'r [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) owner: Option<&'r str>,
    /// Places of the suites it depends on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) after: Vec<usize>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) groups: &'r [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cpus: Option<u32>,
    /// The suite that stands behind it being blocked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) root: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) start: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) end: Option<f64>,
    /// How long its attempts ran, together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ran: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cpu: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) memory: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) slack: Option<f64>,
    /// Its executions. Where there are very many, the first ones and the last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) attempts: Vec<Attempt>,
    /// How many attempts there were, where not all are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attempt_count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) past: Option<PastData<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cache: Option<Cache<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) not_stored: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cases: Option<Cases<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) quarantine: Option<Quarantine<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) diagnosis: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rounds: Option<Rounds>,
}

#[derive(Serialize)]
pub(super) struct Attempt {
    pub(super) number: u32,
    pub(super) kind: Kind,
    pub(super) words: String,
    pub(super) slot: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) start: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) end: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) waits: Vec<Wait>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cpu: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) memory: Option<u64>,
    /// Moment since its start, CPU time up to then, memory then.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) samples: Vec<(f64, f64, u64)>,
    /// The name of its log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) log: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tail: Option<usize>,
    /// Bytes it printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) printed: Option<u64>,
    /// Processes it left, by name and number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) leftovers: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct PastData<'r> {
    pub(super) runs: u32,
    pub(super) failing: u32,
    /// The median of recent passes, and how far single ones are from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usual: Option<(f64, f64)>,
    /// Attempts that failed although nothing had changed, and all that count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) flaky: Option<(u32, u32)>,
    pub(super) flips: u32,
    pub(super) trail: &'r regatta_core::past::Trail,
}

#[derive(Serialize)]
pub(super) struct Cache<'r> {
    pub(super) at: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<&'r str>,
    pub(super) hit: bool,
    pub(super) reason: &'r str,
    pub(super) saved: f64,
    /// The name of the log that was brought back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) log: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tail: Option<usize>,
}

#[derive(Serialize)]
pub(super) struct Cases<'r> {
    pub(super) format: &'r str,
    /// Total, passed, failed, skipped.
    pub(super) counts: [u64; 4],
    pub(super) list: Vec<CaseRow<'r>>,
    pub(super) left_out: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trouble: Option<&'r str>,
}

/// Class, name, first letter of the outcome, seconds, message, place.
#[derive(Serialize)]
pub(super) struct CaseRow<'r>(
    pub(super) &'r str,
    pub(super) &'r str,
    pub(super) char,
    pub(super) Option<f64>,
    pub(super) Option<&'r str>,
    pub(super) Option<String>,
);

#[derive(Serialize)]
pub(super) struct Quarantine<'r> {
    pub(super) reason: &'r str,
    pub(super) owner: &'r str,
    pub(super) issue: &'r str,
    pub(super) expires: &'r str,
    pub(super) expired: bool,
}

#[derive(Serialize)]
pub(super) struct Rounds {
    pub(super) total: u32,
    pub(super) failed: u32,
    pub(super) passed_attempts: u32,
    pub(super) failed_attempts: u32,
}

#[derive(Serialize)]
pub(super) struct WhatIf {
    pub(super) words: String,
    pub(super) time: f64,
    /// The suite that is split.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) suite: Option<usize>,
}

#[derive(Serialize)]
pub(super) struct Tail {
    pub(super) lines: Vec<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) first_error: Option<usize>,
    /// Bytes of the log that are not shown.
    pub(super) cut: u64,
}
