//! Asking the database: what is remembered of suites, and runs as they were written.

use std::collections::BTreeMap;

use regatta_core::past::{Glance, Mark, Past, Trail};
use regatta_core::verdict::{Outcome, Status};
use rusqlite::{Connection, OptionalExtension, Result, Row};

use super::case;
use super::entry::{Entry, Facts, definition, is_widespread, machine, number, profile};
use super::error::HistoryError;
use super::estimate::{Like, usual, usual_memory};
use super::flaky::{Standing, weigh};
use super::recent::Recent;
use super::row::{AttemptRow, Figures, RunRow, SuiteRow};
use super::store::Store;
use super::word::{Word, method_from_code, outcome_from_code};
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
        let mut digests = suites.iter().map(|(_, digest)| *digest);
        let mut pasts = Vec::with_capacity(suites.len());
        self.visit_recent(&names, |entries| {
            let like = Like {
                definition: digests.next().and_then(definition),
                machine: machine(here.host, here.cpus),
                profile: profile(here.profile),
            };
            pasts.push(past(entries, like));
        })?;
        Ok(pasts)
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

    /// Calls `visit` with the latest runs of each suite, the newest last. Those of ten thousand suites would be too much
    /// to hold at once.
    fn visit_recent(
        &self,
        names: &[&str],
        mut visit: impl FnMut(&[Entry]),
    ) -> Result<(), HistoryError> {
        self.ask(|connection| {
            // Both are read from one state of the database.
            let _snapshot = connection.unchecked_transaction()?;
            let recents = recents(connection, names)?;
            let mut facts: BTreeMap<u32, Facts> = BTreeMap::new();
            for run in recents.iter().flat_map(|it| &it.runs) {
                facts.entry(run.run).or_default();
            }
            let mut statement = connection.prepare(
                "SELECT started_us, host, cpus, profile, git_commit, git_dirty, passed, failed FROM run WHERE id = ?",
            )?;
            for (run, facts) in &mut facts {
                let found = statement.query_row([run], read_facts).optional()?;
                *facts = found.unwrap_or_default();
            }
            let mut entries = Vec::new();
            for recent in &recents {
                entries.clear();
                entries.extend(recent.runs.iter().map(|it| it.entry(facts[&it.run])));
                visit(&entries);
            }
            Ok(())
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
    let mut trail = Trail::default();
    for entry in &entries[entries.len().saturating_sub(Trail::LENGTH)..] {
        trail.push(mark(entry));
    }
    Past {
        usual: usual(entries, like),
        runs: evidence.runs,
        failing: evidence.failing,
        flaky: evidence
            .rate
            .filter(|_| evidence.standing == Standing::Flaky),
        memory_bytes: usual_memory(entries, like.definition),
        flips: evidence.flips,
        trail,
    }
}

fn mark(entry: &Entry) -> Mark {
    let glance = match (entry.word.status, entry.word.outcome) {
        (Status::Passed, Outcome::Cached) => Glance::Cached,
        (Status::Passed, Outcome::Flaky) => Glance::Retried,
        (Status::Passed, _) => Glance::Passed,
        (Status::Failed, _) => Glance::Failed,
        (Status::Skipped, _) => Glance::Silent,
    };
    Mark {
        glance,
        took: entry.clean,
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
             cache_key, method, user_us, processes, read_bytes, written_bytes
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
                    cases: Vec::new(),
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
                figures: read_figures(row)?,
                exit_code: row.get(8)?,
                signal: row.get(9)?,
            });
        }
    }
    case::read(connection, run, &mut suites)?;
    Ok(suites)
}

/// Returns what was measured beside memory, from the columns that came last.
fn read_figures(row: &Row<'_>) -> Result<Option<Figures>> {
    let method: Option<u8> = row.get(12)?;
    let Some(method) = method.and_then(method_from_code) else {
        return Ok(None);
    };
    let number =
        |column| -> Result<Option<u64>> { Ok(row.get::<_, Option<i64>>(column)?.map(unsigned)) };
    Ok(Some(Figures {
        method,
        user_us: number(13)?.unwrap_or_default(),
        processes: row.get(14)?,
        read_bytes: number(15)?,
        written_bytes: number(16)?,
    }))
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use regatta_core::verdict::{Outcome, Status};

    use super::super::record::add;
    use super::super::store::Purpose;
    use super::*;

    const HERE: Here<'_> = Here {
        host: "slipway",
        cpus: 2,
        profile: None,
    };

    /// Returns a run with a clean tree at a commit, in which each suite ended in a word, all in a second.
    fn run(number: i64, commit: &str, words: &[(&str, Status, Outcome)]) -> RunRow {
        let suite = |&(name, status, outcome): &(&str, Status, Outcome)| SuiteRow {
            name: name.to_owned(),
            definition: "ff00000000000000".into(),
            word: Word { status, outcome },
            cache_key: None,
            cases: Vec::new(),
            attempts: match status {
                Status::Skipped => Vec::new(),
                _ => vec![AttemptRow {
                    outcome,
                    duration_us: Some(1_000_000),
                    cpu_us: None,
                    max_rss_bytes: None,
                    figures: None,
                    exit_code: None,
                    signal: None,
                }],
            },
        };
        RunRow {
            run_id: format!("run-{number}"),
            started_us: number,
            duration_us: 1,
            state: RunState::Finished,
            exit_code: Some(0),
            commit: Some(commit.into()),
            branch: None,
            dirty: Some(false),
            host: "slipway".into(),
            os: "linux".into(),
            cpus: 2,
            max_parallel: 2,
            profile: None,
            selection: None,
            version: "0.1.0".into(),
            suites: words.iter().map(suite).collect(),
        }
    }

    #[test]
    fn what_is_known_of_suites_comes_in_the_order_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        let store = Store::open(&path, &folder.path().join("gate"), Purpose::Write).unwrap();
        let passed = (Status::Passed, Outcome::Passed);
        let failed = (Status::Failed, Outcome::ExitCode);
        let blocked = (Status::Skipped, Outcome::Blocked);
        let runs = [
            run(
                1,
                "x",
                &[
                    ("a", passed.0, passed.1),
                    ("b", passed.0, passed.1),
                    ("c", passed.0, passed.1),
                ],
            ),
            run(
                2,
                "x",
                &[
                    ("a", failed.0, failed.1),
                    ("b", passed.0, passed.1),
                    ("c", blocked.0, blocked.1),
                ],
            ),
            run(3, "y", &[("b", failed.0, failed.1)]),
        ];
        for run in &runs {
            store.change(|it| add(it, run, 0)).unwrap();
        }
        let digest = "ff0000000000000000";
        let asked = [
            ("never", digest),
            ("c", digest),
            ("b", digest),
            ("a", digest),
        ];
        let pasts = store.pasts(&asked, &HERE).unwrap();
        let told: Vec<_> = pasts
            .iter()
            .map(|it| {
                let usual = it.usual.map(|it| it.duration.as_secs());
                (
                    it.runs,
                    it.failing,
                    usual,
                    it.flaky.map(|it| (it.failures, it.attempts)),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (0, 0, None, None),
                (1, 0, Some(1), None),
                // Another commit may have broken it.
                (3, 1, Some(1), None),
                (2, 1, Some(1), Some((1, 2))),
            ]
        );
        let words = store.latest_words(&["never", "c", "b", "a"]).unwrap();
        let outcomes: Vec<_> = words.iter().map(|it| it.map(|it| it.outcome)).collect();
        assert_eq!(
            outcomes,
            [
                None,
                Some(Outcome::Blocked),
                Some(Outcome::ExitCode),
                Some(Outcome::ExitCode)
            ]
        );
        assert_eq!(store.run_ids().unwrap(), ["run-3", "run-2", "run-1"]);
        assert_eq!(store.find_run("run-2").unwrap().as_ref(), Some(&runs[1]));
        assert_eq!(store.find_run("run-9").unwrap(), None);
        let mut visited = Vec::new();
        store.visit_runs(|run| visited.push(run)).unwrap();
        assert_eq!(visited, runs);
    }
}
