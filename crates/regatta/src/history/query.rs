//! Asking the database: what is remembered of suites, and runs as they were written.

use std::collections::BTreeMap;

use regatta_core::past::Past;
use rusqlite::{Connection, OptionalExtension, Result, Row};

use super::entry::{Entry, Facts, definition, is_widespread, machine, number, profile};
use super::error::HistoryError;
use super::estimate::{Like, usual};
use super::flaky::{Standing, weigh};
use super::recent::Recent;
use super::row::{AttemptRow, RunRow, SuiteRow};
use super::store::Store;
use super::word::{Word, outcome_from_code};
use crate::report::record::RunState;

/// Where the run to come will run.
#[derive(Debug, Clone, Copy)]
pub struct Here<'h> {
    /// The machine's name.
    pub host: &'h str,
    /// CPUs the run can use.
    pub cpus: u32,
    /// The profile in force.
    pub profile: Option<&'h str>,
}

impl Store {
    /// Returns what is remembered of suites that are named with the digests of their definitions.
    ///
    /// *Shape*: one entry a suite, in the order asked for.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn pasts(
        &self,
        suites: &[(&str, &str)],
        here: &Here<'_>,
    ) -> Result<Vec<Past>, HistoryError> {
        let names: Vec<&str> = suites.iter().map(|(name, _)| *name).collect();
        let remembered = self.recent_entries(&names)?;
        let pasts = remembered.iter().zip(suites).map(|(entries, (_, digest))| {
            let like = Like {
                definition: definition(digest),
                machine: machine(here.host, here.cpus),
                profile: profile(here.profile),
            };
            past(entries, like)
        });
        Ok(pasts.collect())
    }

    /// Returns the word of the newest run that had each of the suites, `None` for a suite that no run had.
    ///
    /// *Shape*: one entry a suite, in the order asked for.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn latest_words(&self, names: &[&str]) -> Result<Vec<Option<Word>>, HistoryError> {
        let recents = self.ask(|connection| recents(connection, names))?;
        let words = recents.iter().map(|it| Some(it.runs.last()?.word));
        Ok(words.collect())
    }

    /// Returns the latest runs of each suite, the newest last.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn recent_entries(&self, names: &[&str]) -> Result<Vec<Vec<Entry>>, HistoryError> {
        self.ask(|connection| {
            // Both are read from one state of the database.
            let _snapshot = connection.unchecked_transaction()?;
            let recents = recents(connection, names)?;
            let runs = recents.iter().flat_map(|it| &it.runs);
            let mut facts: BTreeMap<u32, Facts> = runs.map(|it| (it.run, Facts::default())).collect();
            let mut statement = connection.prepare(
                "SELECT started_us, host, cpus, profile, git_commit, git_dirty, passed, failed FROM run WHERE id = ?",
            )?;
            for (run, facts) in &mut facts {
                let found = statement.query_row([run], read_facts).optional()?;
                *facts = found.unwrap_or_default();
            }
            let entries = recents.iter().map(|it| {
                let entries = it.runs.iter();
                entries.map(|run| run.entry(facts[&run.run])).collect()
            });
            Ok(entries.collect())
        })
    }

    /// Calls `visit` with every run, the oldest first. Two runs are never held at once.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn visit_runs(&self, mut visit: impl FnMut(RunRow)) -> Result<(), HistoryError> {
        self.ask(|connection| {
            let _snapshot = connection.unchecked_transaction()?;
            let mut statement = connection.prepare(&select_runs("ORDER BY started_us, run_id"))?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let (id, mut run) = read_run(row)?;
                let suites = suites_of(connection, id)?;
                run.suites = suites.into_iter().map(|(_, suite)| suite).collect();
                visit(run);
            }
            Ok(())
        })
    }

    /// Returns the ids of all runs, the newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn run_ids(&self) -> Result<Vec<String>, HistoryError> {
        self.ask(|connection| {
            let mut statement = connection
                .prepare("SELECT run_id FROM run ORDER BY started_us DESC, run_id DESC")?;
            statement.query_map([], |row| row.get(0))?.collect()
        })
    }

    /// Returns a run with its suites.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn find_run(&self, run_id: &str) -> Result<Option<RunRow>, HistoryError> {
        self.ask(|connection| {
            let mut statement = connection.prepare(&select_runs("WHERE run_id = ?"))?;
            let Some((id, mut run)) = statement.query_row([run_id], read_run).optional()? else {
                return Ok(None);
            };
            let suites = suites_of(connection, id)?;
            run.suites = suites.into_iter().map(|(_, suite)| suite).collect();
            Ok(Some(run))
        })
    }

    /// Returns every suite that some run had, by name.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn suite_names(&self) -> Result<Vec<String>, HistoryError> {
        self.ask(|connection| {
            let mut statement = connection.prepare("SELECT name FROM suite ORDER BY name")?;
            statement.query_map([], |row| row.get(0))?.collect()
        })
    }
}

fn past(entries: &[Entry], like: Like) -> Past {
    let evidence = weigh(entries);
    Past {
        usual: usual(entries, like),
        runs: evidence.runs,
        failing: evidence.failing,
        flaky: evidence
            .rate
            .filter(|_| evidence.standing == Standing::Flaky),
    }
}

fn recents(connection: &Connection, names: &[&str]) -> Result<Vec<Recent>> {
    let mut statement = connection.prepare("SELECT recent FROM suite WHERE name = ?")?;
    let recents = names.iter().map(|name| {
        let read = |row: &Row<'_>| Ok(Recent::from_bytes(row.get_ref(0)?.as_blob()?));
        let found = statement.query_row([name], read).optional()?;
        Ok(found.unwrap_or_default())
    });
    recents.collect()
}

fn read_facts(row: &Row<'_>) -> Result<Facts> {
    let host: String = row.get(1)?;
    let named: Option<String> = row.get(3)?;
    let commit: Option<String> = row.get(4)?;
    let dirty: Option<bool> = row.get(5)?;
    Ok(Facts {
        started_us: row.get(0)?,
        machine: machine(&host, row.get(2)?),
        profile: profile(named.as_deref()),
        commit: commit.filter(|_| dirty == Some(false)).map(number),
        is_widespread: is_widespread(row.get(6)?, row.get(7)?),
    })
}

fn select_runs(rest: &str) -> String {
    format!(
        "SELECT id, run_id, started_us, duration_us, is_finished, exit_code, git_commit, git_branch, git_dirty, host, os,
             cpus, max_parallel, profile, selection, version FROM run {rest}"
    )
}

/// Returns the number of a run and the run, without its suites.
fn read_run(row: &Row<'_>) -> Result<(i64, RunRow)> {
    let state = if row.get(4)? {
        RunState::Finished
    } else {
        RunState::Interrupted
    };
    let run = RunRow {
        run_id: row.get(1)?,
        started_us: row.get(2)?,
        duration_us: unsigned(row.get(3)?),
        state,
        exit_code: row.get(5)?,
        commit: row.get(6)?,
        branch: row.get(7)?,
        dirty: row.get(8)?,
        host: row.get(9)?,
        os: row.get(10)?,
        cpus: row.get(11)?,
        max_parallel: row.get(12)?,
        profile: row.get(13)?,
        selection: row.get(14)?,
        version: row.get(15)?,
        suites: Vec::new(),
    };
    Ok((row.get(0)?, run))
}

/// Returns the suites of a run with their numbers, by name. A word that a newer program wrote is passed over.
pub(super) fn suites_of(connection: &Connection, run: i64) -> Result<Vec<(i64, SuiteRow)>> {
    let mut statement = connection.prepare(
        "SELECT suite, name, number, word, outcome, duration_us, cpu_us, max_rss_bytes, exit_code, signal, definition,
             cache_key
         FROM attempt JOIN suite ON suite.id = attempt.suite WHERE run = ? ORDER BY name, number",
    )?;
    let mut rows = statement.query([run])?;
    let mut suites: Vec<(i64, SuiteRow)> = Vec::new();
    while let Some(row) = rows.next()? {
        let Some(word) = Word::from_code(row.get(3)?) else {
            continue;
        };
        let suite: i64 = row.get(0)?;
        if suites.last().is_none_or(|(last, _)| *last != suite) {
            let definition: Option<i64> = row.get(10)?;
            suites.push((
                suite,
                SuiteRow {
                    name: row.get(1)?,
                    definition: definition
                        .map_or_else(String::new, |it| format!("{:016x}", it.cast_unsigned())),
                    word,
                    cache_key: row.get(11)?,
                    attempts: Vec::new(),
                },
            ));
        }
        let outcome: Option<u8> = row.get(4)?;
        if let (Some(outcome), Some((_, last))) =
            (outcome.and_then(outcome_from_code), suites.last_mut())
        {
            last.attempts.push(AttemptRow {
                outcome,
                duration_us: row.get::<_, Option<i64>>(5)?.map(unsigned),
                cpu_us: row.get::<_, Option<i64>>(6)?.map(unsigned),
                max_rss_bytes: row.get::<_, Option<i64>>(7)?.map(unsigned),
                exit_code: row.get(8)?,
                signal: row.get(9)?,
            });
        }
    }
    Ok(suites)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
