//! What the history keeps of test cases: those that failed, and what became of them afterwards.
//!
//! A case that never failed leaves no row, so that suites with ten thousand of them cost nothing while they pass.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use regatta_core::cases::{Case, CaseOutcome};
use regatta_core::verdict::{Outcome, Status};
use rusqlite::{Connection, Result, Statement, params};
use serde::{Deserialize, Serialize};

use super::entry::{Entry, Facts, definition, number};
use super::row::SuiteRow;
use super::word::Word;
use crate::report::record::TaskRecord;

/// How many cases of one suite are kept of one run.
const MOST_OF_A_RUN: usize = 200;

/// How many runs of a suite have rows for its cases.
const RUNS_OF_A_SUITE: i64 = 32;

/// How many rows there are in all; each takes about a hundred bytes.
const MOST_ROWS: i64 = 200_000;

/// The most that is kept of a name.
const MOST_NAME_BYTES: usize = 500;

/// A test case in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseRow {
    /// What it belongs to and its own name.
    pub name: String,
    /// In how many attempts it passed or failed.
    pub attempts: u32,
    /// In how many of them it failed.
    pub failed: u32,
    /// Where it stands or failed, as `file:line`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

impl CaseRow {
    /// Returns what a run said of the case, as it would be said of a suite.
    #[must_use]
    pub fn entry(&self, suite: &SuiteRow, facts: Facts) -> Entry {
        let word = match (self.failed, self.attempts) {
            (0, _) => (Status::Passed, Outcome::Passed),
            (failed, attempts) if failed < attempts => (Status::Passed, Outcome::Flaky),
            _ => (Status::Failed, Outcome::ExitCode),
        };
        Entry {
            word: Word {
                status: word.0,
                outcome: word.1,
            },
            attempts: self.attempts,
            failed_attempts: self.failed,
            clean: None,
            wasted: Duration::ZERO,
            definition: definition(&suite.definition),
            key: suite.cache_key.as_ref().map(number),
            cpu: None,
            memory_bytes: None,
            facts,
        }
    }
}

/// Returns all cases that passed or failed in a task's attempts, those that failed first.
pub(super) fn rows_of(task: &TaskRecord) -> Vec<CaseRow> {
    let mut rows: BTreeMap<String, CaseRow> = BTreeMap::new();
    let ends = task.attempts.iter().filter_map(|it| it.end.as_ref());
    for list in ends.filter_map(|it| it.report.cases.as_ref()) {
        // Of two with one name in one attempt, the worse counts.
        let mut told: BTreeMap<String, &Case> = BTreeMap::new();
        let decided = list
            .cases
            .iter()
            .filter(|it| it.outcome != CaseOutcome::Skipped);
        for case in decided {
            let name = name_of(case);
            let is_worse = told.get(&name).is_none_or(|it| !it.outcome.has_failed());
            if is_worse {
                told.insert(name, case);
            }
        }
        for (name, case) in told {
            let row = rows.entry(name.clone()).or_insert_with(|| CaseRow {
                name,
                attempts: 0,
                failed: 0,
                place: None,
            });
            row.attempts += 1;
            row.failed += u32::from(case.outcome.has_failed());
            row.place = place_of(case).or(row.place.take());
        }
    }
    let (failed, passed): (Vec<_>, Vec<_>) = rows.into_values().partition(|it| it.failed > 0);
    failed.into_iter().chain(passed).collect()
}

fn name_of(case: &Case) -> String {
    let mut name = if case.class.is_empty() || case.class == case.name {
        case.name.clone()
    } else {
        format!("{}: {}", case.class, case.name)
    };
    name.truncate(name.floor_char_boundary(MOST_NAME_BYTES));
    name
}

fn place_of(case: &Case) -> Option<String> {
    let file = case.file.as_ref()?;
    Some(match case.line {
        Some(line) => format!("{file}:{line}"),
        None => file.clone(),
    })
}

/// Cases of suites that have failed, by suite.
#[derive(Default)]
pub(super) struct Known(BTreeMap<String, BTreeSet<String>>);

impl Known {
    /// Leaves of the cases of a suite those that failed now or before.
    pub(super) fn sift(&mut self, suite: &mut SuiteRow) {
        if suite.cases.is_empty() {
            return;
        }
        let known = self.0.entry(suite.name.clone()).or_default();
        let failed = suite.cases.iter().filter(|it| it.failed > 0);
        known.extend(failed.map(|it| it.name.clone()));
        suite.cases.retain(|it| known.contains(&it.name));
        suite.cases.truncate(MOST_OF_A_RUN);
    }
}

/// Writes the cases of suites; its statements are prepared with the first.
pub(super) struct CaseWriter<'c> {
    connection: &'c Connection,
    statements: Option<Statements<'c>>,
}

struct Statements<'c> {
    known: Statement<'c>,
    insert: Statement<'c>,
    forget: Statement<'c>,
}

impl<'c> Statements<'c> {
    fn new(connection: &'c Connection) -> Result<Self> {
        Ok(Self {
            known: connection
                .prepare("SELECT DISTINCT name FROM case_word WHERE suite = ? AND failed > 0")?,
            insert: connection.prepare(
                "INSERT OR IGNORE INTO case_word (run, suite, name, attempts, failed, place) VALUES (?, ?, ?, ?, ?, ?)",
            )?,
            forget: connection.prepare(
                "DELETE FROM case_word WHERE suite = ?1 AND run <= (
                     SELECT DISTINCT run FROM case_word WHERE suite = ?1 ORDER BY run DESC LIMIT 1 OFFSET ?2)",
            )?,
        })
    }
}

impl<'c> CaseWriter<'c> {
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self {
            connection,
            statements: None,
        }
    }

    /// Writes those of a suite that failed in this run or in an earlier one that is kept.
    pub(super) fn write(&mut self, run: i64, suite: i64, cases: &[CaseRow]) -> Result<()> {
        if cases.is_empty() {
            return Ok(());
        }
        let statements = match &mut self.statements {
            Some(statements) => statements,
            none => none.insert(Statements::new(self.connection)?),
        };
        let known = statements.known.query_map([suite], |row| row.get(0))?;
        let known: BTreeSet<String> = known.collect::<Result<_>>()?;
        let is_kept = |it: &&CaseRow| it.failed > 0 || known.contains(&it.name);
        let mut written = 0;
        for case in cases.iter().filter(is_kept).take(MOST_OF_A_RUN) {
            let CaseRow {
                name,
                attempts,
                failed,
                place,
            } = case;
            let row = params![run, suite, name, attempts, failed, place];
            written += statements.insert.execute(row)?;
        }
        if written > 0 {
            statements.forget.execute(params![suite, RUNS_OF_A_SUITE])?;
        }
        Ok(())
    }

    /// Drops the oldest rows where there are too many.
    pub(super) fn finish(self) -> Result<()> {
        if self.statements.is_some() {
            let sql = "DELETE FROM case_word WHERE run <= (SELECT run FROM case_word ORDER BY run DESC LIMIT 1 OFFSET ?)";
            self.connection.execute(sql, [MOST_ROWS])?;
        }
        Ok(())
    }
}

/// Adds their cases to the suites of a run, which come with their numbers.
pub(super) fn read(
    connection: &Connection,
    run: i64,
    suites: &mut [(i64, SuiteRow)],
) -> Result<()> {
    let sql = "SELECT suite, name, attempts, failed, place FROM case_word WHERE run = ? ORDER BY suite, name";
    // A database that no run has written to since there are cases has none.
    let Ok(mut statement) = connection.prepare(sql) else {
        return Ok(());
    };
    let mut rows = statement.query([run])?;
    let mut place_of: Option<BTreeMap<i64, usize>> = None;
    while let Some(row) = rows.next()? {
        let places = place_of.get_or_insert_with(|| {
            let numbers = suites.iter().map(|(number, _)| *number);
            numbers
                .enumerate()
                .map(|(place, number)| (number, place))
                .collect()
        });
        if let Some(&place) = places.get(&row.get(0)?) {
            suites[place].1.cases.push(CaseRow {
                name: row.get(1)?,
                attempts: row.get(2)?,
                failed: row.get(3)?,
                place: row.get(4)?,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use regatta_core::cases::CaseList;
    use regatta_core::time::Time;
    use regatta_core::verdict::{AttemptReport, Exit, Verdict};

    use super::super::schema::migrate;
    use super::*;
    use crate::report::record::{AttemptEnd, AttemptRecord};

    fn case(name: &str, outcome: CaseOutcome) -> Case {
        Case {
            class: "shop".into(),
            name: name.into(),
            outcome,
            duration: None,
            message: None,
            file: Some("a.py".into()),
            line: Some(3),
        }
    }

    fn attempt(number: u32, cases: Vec<Case>) -> AttemptRecord {
        let list = CaseList {
            cases,
            ..CaseList::default()
        };
        AttemptRecord {
            number,
            shard: None,
            slot: 0,
            queued: Duration::ZERO,
            started: Some(Time::BEGIN),
            end: Some(AttemptEnd {
                at: Time::BEGIN,
                verdict: Verdict::Passed,
                report: AttemptReport {
                    cases: Some(Box::new(list)),
                    ..AttemptReport::bare(Exit::Code(0))
                },
            }),
        }
    }

    fn row(name: &str, attempts: u32, failed: u32) -> CaseRow {
        CaseRow {
            name: name.into(),
            attempts,
            failed,
            place: None,
        }
    }

    fn database() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        migrate(&connection).unwrap();
        connection
    }

    fn rows(connection: &Connection) -> Vec<(i64, String, u32)> {
        let sql = "SELECT run, name, failed FROM case_word ORDER BY run, name";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        rows.unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn attempts_of_a_case_add_up_and_the_worse_of_two_namesakes_counts() {
        use CaseOutcome::{Error, Failed, Passed, Skipped};
        let task = TaskRecord {
            attempts: vec![
                attempt(
                    1,
                    vec![case("a", Failed), case("b", Passed), case("b", Error)],
                ),
                attempt(
                    2,
                    vec![
                        case("a", Passed),
                        case("b", Passed),
                        case("c", Skipped),
                        case("d", Passed),
                    ],
                ),
            ],
            ..TaskRecord::default()
        };
        let told: Vec<_> = rows_of(&task)
            .into_iter()
            .map(|it| (it.name, it.attempts, it.failed, it.place.unwrap()))
            .collect();
        let expected = [("shop: a", 2, 1), ("shop: b", 2, 1), ("shop: d", 1, 0)];
        let expected = expected.map(|(name, attempts, failed)| {
            (name.to_owned(), attempts, failed, "a.py:3".to_owned())
        });
        assert_eq!(told, expected);
    }

    #[test]
    fn a_case_has_rows_from_its_first_failure_on() {
        let connection = database();
        let mut writer = CaseWriter::new(&connection);
        for (run, failed) in [(1, 0), (2, 1), (3, 0)] {
            let cases = [row("a", 1, failed), row("b", 1, 0)];
            writer.write(run, 7, &cases).unwrap();
        }
        writer.write(4, 8, &[row("a", 1, 0)]).unwrap();
        writer.finish().unwrap();
        assert_eq!(rows(&connection), [(2, "a".into(), 1), (3, "a".into(), 0)]);
    }

    #[test]
    fn rows_are_few_however_many_fail_and_however_often() {
        let connection = database();
        let mut writer = CaseWriter::new(&connection);
        for run in 1..=40 {
            let cases: Vec<CaseRow> = (0..1_000)
                .map(|it| row(&format!("{it:04}"), 1, 1))
                .collect();
            writer.write(run, 7, &cases).unwrap();
        }
        writer.finish().unwrap();
        let rows = rows(&connection);
        assert_eq!(rows.len(), 200 * 32);
        assert_eq!((rows[0].0, rows[rows.len() - 1].0), (9, 40));
    }

    #[test]
    fn journals_that_are_read_again_leave_the_same_cases() {
        let suite = |cases: Vec<CaseRow>| SuiteRow {
            name: "s".into(),
            definition: String::new(),
            word: Word {
                status: Status::Passed,
                outcome: Outcome::Passed,
            },
            cache_key: None,
            cases,
            attempts: Vec::new(),
        };
        let mut known = Known::default();
        let mut names = Vec::new();
        for failed in [0, 1, 0] {
            let mut suite = suite(vec![row("a", 1, failed), row("b", 1, 0)]);
            known.sift(&mut suite);
            names.push(suite.cases.len());
        }
        assert_eq!(names, [0, 1, 1]);
    }
}
