//! Writing runs: rows, what is remembered of each suite, and the end of what is too old. One transaction.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, Result, params};

use super::case::CaseWriter;
use super::recent::{Recent, Remembered};
use super::row::{RunRow, SuiteRow};
use super::word::{method_code, outcome_code};
use crate::report::record::RunState;

/// What is kept: runs that are not too many, not too old and not too large together. The newest always stays.
const MOST_RUNS: i64 = 2_000;
const OLDEST_US: i64 = 180 * 24 * 3600 * 1_000_000;
const MOST_BYTES: i64 = 512 * 1024 * 1024;

/// About what a row of `attempt` takes, with its share of the pages above it.
const BYTES_PER_ATTEMPT: usize = 64;

/// Adds a run that has just ended, and drops what is too old. Returns the ids of the runs that were dropped.
///
/// A run that is there already stays as it is.
pub(super) fn add(connection: &Connection, run: &RunRow, journal: u64) -> Result<Vec<String>> {
    let Some(id) = insert_run(connection, run, journal)? else {
        return Ok(Vec::new());
    };
    let mut writer = SuiteWriter::new(connection)?;
    for suite in &run.suites {
        writer.write(id, suite, Memory::Extend)?;
    }
    writer.cases.finish()?;
    retain(connection, run.started_us)
}

/// Adds runs of any time, and makes what is remembered of each suite anew. Returns how many were not there before.
pub(super) fn absorb(connection: &Connection, runs: &[(RunRow, u64)]) -> Result<usize> {
    let mut added = 0;
    for (run, journal) in runs {
        let Some(id) = insert_run(connection, run, *journal)? else {
            continue;
        };
        added += 1;
        let mut writer = SuiteWriter::new(connection)?;
        for suite in &run.suites {
            writer.write(id, suite, Memory::Leave)?;
        }
        writer.cases.finish()?;
    }
    if added > 0 {
        remember_anew(connection)?;
    }
    Ok(added)
}

/// Returns the row's number, `None` if the run is there already.
fn insert_run(connection: &Connection, run: &RunRow, journal: u64) -> Result<Option<i64>> {
    let attempts: usize = run.suites.iter().map(|it| it.attempts.len().max(1)).sum();
    let bytes = journal.saturating_add((attempts * BYTES_PER_ATTEMPT) as u64);
    let inserted = connection.execute(
        "INSERT INTO run (run_id, started_us, duration_us, is_finished, exit_code, git_commit, git_branch, git_dirty,
             host, os, cpus, max_parallel, profile, selection, version, passed, failed, bytes)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run_id) DO NOTHING",
        params![
            run.run_id,
            run.started_us,
            signed(run.duration_us),
            run.state == RunState::Finished,
            run.exit_code,
            run.commit,
            run.branch,
            run.dirty,
            run.host,
            run.os,
            run.cpus,
            run.max_parallel,
            run.profile,
            run.selection,
            run.version,
            run.passed(),
            run.failed(),
            signed(bytes),
        ],
    )?;
    Ok((inserted > 0).then(|| connection.last_insert_rowid()))
}

/// What becomes of what is remembered of a suite.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Memory {
    /// The run is added to it: it is the latest.
    Extend,
    /// It is made anew later.
    Leave,
}

/// The statements that write suites, prepared once for all of a run.
struct SuiteWriter<'c> {
    find: rusqlite::Statement<'c>,
    begin: rusqlite::Statement<'c>,
    remember: rusqlite::Statement<'c>,
    attempt: rusqlite::Statement<'c>,
    cases: CaseWriter<'c>,
}

impl<'c> SuiteWriter<'c> {
    fn new(connection: &'c Connection) -> Result<Self> {
        Ok(Self {
            find: connection.prepare("SELECT id, recent FROM suite WHERE name = ?")?,
            begin: connection
                .prepare("INSERT INTO suite (name, recent) VALUES (?, ?) RETURNING id")?,
            remember: connection.prepare("UPDATE suite SET recent = ? WHERE id = ?")?,
            attempt: connection.prepare(
                "INSERT INTO attempt (run, suite, number, word, outcome, duration_us, cpu_us, max_rss_bytes, exit_code,
                     signal, definition, cache_key, method, user_us, processes, read_bytes, written_bytes)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?,
            cases: CaseWriter::new(connection),
        })
    }

    fn write(&mut self, run: i64, suite: &SuiteRow, memory: Memory) -> Result<()> {
        let found: Option<(i64, Vec<u8>)> = self
            .find
            .query_row([&suite.name], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let id = match (found, memory) {
            (Some((id, _)), Memory::Leave) => id,
            (None, Memory::Leave) => self.begin(suite, &Recent::default())?,
            (found, Memory::Extend) => {
                let (id, bytes) = found.unzip();
                let mut recent = Recent::from_bytes(&bytes.unwrap_or_default());
                recent.push(Remembered::of(
                    u32::try_from(run).unwrap_or(u32::MAX),
                    suite,
                ));
                match id {
                    Some(id) => {
                        self.remember.execute(params![recent.to_bytes(), id])?;
                        id
                    }
                    None => self.begin(suite, &recent)?,
                }
            }
        };
        self.cases.write(run, id, &suite.cases)?;
        self.write_attempts(run, id, suite)
    }

    fn begin(&mut self, suite: &SuiteRow, recent: &Recent) -> Result<i64> {
        let row = params![suite.name, recent.to_bytes()];
        self.begin.query_row(row, |row| row.get(0))
    }

    /// A suite that never ran has one row all the same, with the number 0.
    fn write_attempts(&mut self, run: i64, id: i64, suite: &SuiteRow) -> Result<()> {
        let definition = u64::from_str_radix(&suite.definition, 16);
        let definition = definition.ok().map(u64::cast_signed);
        let word = suite.word.code();
        if suite.attempts.is_empty() {
            let none = None::<i64>;
            self.attempt.execute(params![
                run,
                id,
                0,
                word,
                none,
                none,
                none,
                none,
                none,
                none,
                definition,
                suite.cache_key,
                none,
                none,
                none,
                none,
                none,
            ])?;
        }
        for (index, attempt) in suite.attempts.iter().enumerate() {
            let figures = attempt.figures;
            self.attempt.execute(params![
                run,
                id,
                i64::try_from(index + 1).unwrap_or(i64::MAX),
                word,
                outcome_code(attempt.outcome),
                attempt.duration_us.map(signed),
                attempt.cpu_us.map(signed),
                attempt.max_rss_bytes.map(signed),
                attempt.exit_code,
                attempt.signal,
                definition,
                suite.cache_key,
                figures.map(|it| method_code(it.method)),
                figures.map(|it| signed(it.user_us)),
                figures.and_then(|it| it.processes),
                figures.and_then(|it| it.read_bytes).map(signed),
                figures.and_then(|it| it.written_bytes).map(signed),
            ])?;
        }
        Ok(())
    }
}

/// Drops runs as long as there are too many, too old ones or too large ones, oldest first.
fn retain(connection: &Connection, now_us: i64) -> Result<Vec<String>> {
    let mut runs = connection.prepare(
        "SELECT id, run_id, started_us, bytes FROM run ORDER BY started_us DESC, id DESC",
    )?;
    let mut rows = runs.query([])?;
    let (mut count, mut bytes) = (0_i64, 0_i64);
    let mut dropped: Vec<(i64, String)> = Vec::new();
    while let Some(row) = rows.next()? {
        count += 1;
        bytes = bytes.saturating_add(row.get(3)?);
        let is_old = row.get::<_, i64>(2)? < now_us.saturating_sub(OLDEST_US);
        if count > 1 && (count > MOST_RUNS || bytes > MOST_BYTES || is_old) {
            dropped.push((row.get(0)?, row.get(1)?));
        }
    }
    for (id, _) in &dropped {
        connection.execute("DELETE FROM attempt WHERE run = ?", [id])?;
        connection.execute("DELETE FROM case_word WHERE run = ?", [id])?;
        connection.execute("DELETE FROM run WHERE id = ?", [id])?;
    }
    Ok(dropped.into_iter().map(|(_, run_id)| run_id).collect())
}

/// Makes what is remembered of each suite from the rows, as if the runs had ended in the order of their starts.
fn remember_anew(connection: &Connection) -> Result<()> {
    let runs: Vec<i64> = connection
        .prepare("SELECT id FROM run ORDER BY started_us, run_id")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_>>()?;
    let mut memory: BTreeMap<i64, Recent> = BTreeMap::new();
    for run in runs {
        for (suite, row) in super::query::suites_of(connection, run)? {
            let run = u32::try_from(run).unwrap_or(u32::MAX);
            memory
                .entry(suite)
                .or_default()
                .push(Remembered::of(run, &row));
        }
    }
    let mut remember = connection.prepare("UPDATE suite SET recent = ? WHERE id = ?")?;
    for (suite, recent) in &memory {
        remember.execute(params![recent.to_bytes(), suite])?;
    }
    Ok(())
}

/// Returns the ids of the runs that are there.
pub(super) fn known_runs(connection: &Connection) -> Result<BTreeSet<String>> {
    let mut statement = connection.prepare("SELECT run_id FROM run")?;
    let ids = statement.query_map([], |row| row.get(0))?;
    ids.collect()
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use regatta_core::verdict::{Outcome, Status, UsageMethod};

    use super::super::row::{AttemptRow, Figures};
    use super::super::schema::migrate;
    use super::super::word::Word;
    use super::*;

    fn database() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        migrate(&connection).unwrap();
        connection
    }

    fn run(number: i64) -> RunRow {
        RunRow {
            run_id: format!("run-{number:05}"),
            started_us: number,
            duration_us: 1,
            state: RunState::Finished,
            exit_code: Some(0),
            commit: None,
            branch: None,
            dirty: None,
            host: "slipway".into(),
            os: "linux".into(),
            cpus: 2,
            max_parallel: 2,
            profile: None,
            selection: None,
            version: "0.1.0".into(),
            suites: vec![SuiteRow {
                name: "a".into(),
                definition: "00000000000000ff".into(),
                word: Word {
                    status: Status::Passed,
                    outcome: Outcome::Passed,
                },
                cache_key: None,
                cases: Vec::new(),
                attempts: vec![AttemptRow {
                    outcome: Outcome::Passed,
                    duration_us: Some(1500),
                    cpu_us: Some(700),
                    max_rss_bytes: Some(3 << 20),
                    figures: Some(Figures {
                        method: UsageMethod::Sampled,
                        user_us: 600,
                        processes: Some(2),
                        read_bytes: None,
                        written_bytes: Some(512),
                    }),
                    exit_code: Some(0),
                    signal: None,
                }],
            }],
        }
    }

    fn count(connection: &Connection, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_run_is_added_once() {
        let connection = database();
        for _ in 0..2 {
            assert_eq!(add(&connection, &run(1), 0).unwrap(), [""; 0]);
        }
        assert_eq!(count(&connection, "run"), 1);
        assert_eq!(absorb(&connection, &[(run(1), 0), (run(2), 0)]).unwrap(), 1);
        let newest = "SELECT max(id) FROM run";
        let second = connection.query_row(newest, [], |row| row.get(0)).unwrap();
        let suites = super::super::query::suites_of(&connection, second).unwrap();
        assert_eq!(suites, [(1, run(2).suites.remove(0))]);
    }

    #[test]
    fn what_is_imported_is_remembered_like_what_was_run() {
        let recent = |connection: &Connection| -> Vec<u8> {
            let sql = "SELECT recent FROM suite";
            connection.query_row(sql, [], |row| row.get(0)).unwrap()
        };
        let (one, other) = (database(), database());
        let runs: Vec<(RunRow, u64)> = (0..50).map(|number| (run(number), 0)).collect();
        for (run, _) in &runs {
            add(&one, run, 0).unwrap();
        }
        absorb(&other, &runs).unwrap();
        assert_eq!(recent(&one), recent(&other));
        assert_eq!(
            Recent::from_bytes(&recent(&one)).runs.len(),
            super::super::recent::REMEMBERED
        );
    }

    #[test]
    fn too_many_runs_drop_the_oldest_with_all_they_had() {
        let connection = database();
        connection.execute_batch("BEGIN").unwrap();
        for number in 0..MOST_RUNS {
            assert_eq!(add(&connection, &run(number), 0).unwrap(), [""; 0]);
        }
        assert_eq!(add(&connection, &run(MOST_RUNS), 0).unwrap(), ["run-00000"]);
        assert_eq!(count(&connection, "run"), MOST_RUNS);
        assert_eq!(count(&connection, "attempt"), MOST_RUNS);
    }

    #[test]
    fn old_and_large_runs_go_and_the_newest_stays() {
        let connection = database();
        add(&connection, &run(0), 0).unwrap();
        let dropped = add(&connection, &run(OLDEST_US + 1), 0).unwrap();
        assert_eq!(dropped, ["run-00000"]);
        let huge = u64::try_from(MOST_BYTES).unwrap();
        let dropped = add(&connection, &run(OLDEST_US + 2), huge).unwrap();
        assert_eq!(dropped, [run(OLDEST_US + 1).run_id]);
        assert_eq!(count(&connection, "run"), 1);
    }
}
