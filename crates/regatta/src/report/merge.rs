//! Several runs of parts of one selection put together into the record of a run of all of it, with the proof that they
//! belong together.
//!
//! It knows records and no files. Where records come from, and what is written of the result, is decided elsewhere.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use regatta_core::event::{
    FORMAT_OF_ONE_ROUND, Host, MergeHeader, MergedPart, PartHeader, Repository, RunHeader,
};
use regatta_core::id::{Id, SuiteId, TaskId};
use regatta_core::past::Past;
use regatta_core::plan::Suite;
use regatta_core::time::Time;
use regatta_core::verdict::{Reason, Verdict};
use thiserror::Error;

use super::record::{Record, TaskRecord};
use super::suites::relocated;
use crate::shell;

/// How many hosts are named.
const HOSTS: usize = 3;

/// The record of one part, and what its user calls it.
#[derive(Debug)]
pub struct Source {
    /// The report it was read from, for people.
    pub name: String,
    /// What it tells.
    pub record: Record,
}

/// What the result is called.
#[derive(Debug, Clone)]
pub struct Title {
    /// Its id, as of a run.
    pub run_id: String,
    /// The version of the program.
    pub version: String,
    /// The log directory as reports show it.
    pub log_dir: String,
}

/// Why records do not belong together. Each message is a sentence for people.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum MergeError {
    /// There is nothing to put together.
    #[error("there is no report to merge")]
    Nothing,
    /// A run was one of all of a selection.
    #[error("`{0}` is the report of a whole run; only runs with --shard can be merged")]
    Whole(String),
    /// Two records are parts of different plans.
    #[error("`{first}` and `{second}` are no shards of one plan: {why}")]
    OtherPlan {
        /// One report.
        first: String,
        /// The other.
        second: String,
        /// What differs.
        why: String,
    },
    /// Two records are of the same part.
    #[error("`{first}` and `{second}` are both shard {number}/{count}; leave one of them out")]
    Twice {
        /// One report.
        first: String,
        /// The other.
        second: String,
        /// The number of the part.
        number: u32,
        /// How many parts there are.
        count: u32,
    },
    /// A record does not have the suites that its own plan gives it.
    #[error("`{name}` does not have the suites that its plan gives to shard {number}")]
    OtherSuites {
        /// The report.
        name: String,
        /// The number of the part.
        number: u32,
    },
}

/// Puts records together: they come from one plan, no two are of the same part, and each has the suites that the plan
/// gives it. So no suite is in two of them, and together with the parts that are missing they have the whole selection.
///
/// The suites of missing parts are in the result, as not seen. The result has no end yet.
///
/// # Errors
/// [`MergeError`] says which records do not belong together, and why.
pub fn merge(sources: Vec<Source>, title: Title) -> Result<Record, MergeError> {
    let parts = check_one_plan(&sources)?;
    let mut order: Vec<usize> = (0..sources.len()).collect();
    order.sort_by_key(|&it| parts[it].number);
    check_disjoint(&sources, &parts, &order)?;
    let whole = whole_selection(&parts[0], &sources[0].record.header.suites);
    for (source, part) in sources.iter().zip(&parts) {
        check_suites(source, part, &whole)?;
    }
    let records = sources.into_iter().zip(&parts);
    let by_number = records.map(|(source, part)| (part.number, source.record));
    let by_number = by_number.collect();
    Ok(Union::new(whole, by_number, parts[0].count).into_record(title))
}

fn check_one_plan(sources: &[Source]) -> Result<Vec<PartHeader>, MergeError> {
    let parts = sources.iter().map(|source| {
        let part = source.record.header.part.as_deref();
        part.cloned()
            .ok_or_else(|| MergeError::Whole(source.name.clone()))
    });
    let parts = parts.collect::<Result<Vec<PartHeader>, MergeError>>()?;
    let (Some(first), Some(part)) = (sources.first(), parts.first()) else {
        return Err(MergeError::Nothing);
    };
    for (other, other_part) in sources.iter().zip(&parts).skip(1) {
        let why = find_difference((&first.record, part), (&other.record, other_part));
        if let Some(why) = why {
            return Err(MergeError::OtherPlan {
                first: first.name.clone(),
                second: other.name.clone(),
                why,
            });
        }
    }
    Ok(parts)
}

/// Returns in words why two records are not of one plan, `None` if they are.
fn find_difference(one: (&Record, &PartHeader), other: (&Record, &PartHeader)) -> Option<String> {
    if one.1.count != other.1.count {
        let (one, other) = (one.1.count, other.1.count);
        return Some(format!("one is of {one} shards, the other of {other}"));
    }
    let commit = |record: &Record| record.repository.as_ref().map(|it| it.commit.clone());
    if let (Some(one), Some(other)) = (commit(one.0), commit(other.0))
        && one != other
    {
        let short = |commit: &str| commit.get(..12).unwrap_or(commit).to_owned();
        let (one, other) = (short(&one), short(&other));
        return Some(format!("one is of commit {one}, the other of {other}"));
    }
    if one.1.plan == other.1.plan {
        return None;
    }
    let suites = |(record, part): (&Record, &PartHeader)| -> BTreeMap<String, (String, u32)> {
        let whole = whole_selection(part, &record.header.suites).into_iter();
        whole
            .map(|(suite, number)| (suite.name, (suite.digest, number)))
            .collect()
    };
    let (ones, others) = (suites(one), suites(other));
    let lacks = |from: &BTreeMap<String, (String, u32)>, name: &&String| !from.contains_key(*name);
    let names = ones.keys().filter(|it| lacks(&others, it));
    let mut single = names.chain(others.keys().filter(|it| lacks(&ones, it)));
    if let Some(name) = single.next() {
        return Some(format!("suite {name} was selected in one of them alone"));
    }
    let mut both = ones
        .iter()
        .filter_map(|(name, it)| Some((name, it, others.get(name)?)));
    if let Some((name, ..)) = both.clone().find(|(_, one, other)| one.0 != other.0) {
        return Some(format!("suite {name} is declared in another way"));
    }
    let moved = both.find(|(_, one, other)| one.1 != other.1);
    Some(match moved {
        Some((name, (_, one), (_, other))) => format!(
            "one gives suite {name} to shard {one}, the other to shard {other}, as with another regatta-timings.json"
        ),
        None => "their suites stand in another order".into(),
    })
}

fn check_disjoint(
    sources: &[Source],
    parts: &[PartHeader],
    order: &[usize],
) -> Result<(), MergeError> {
    let twins = order
        .windows(2)
        .find(|it| parts[it[0]].number == parts[it[1]].number);
    match twins {
        None => Ok(()),
        Some(twins) => Err(MergeError::Twice {
            first: sources[twins[0]].name.clone(),
            second: sources[twins[1]].name.clone(),
            number: parts[twins[0]].number,
            count: parts[twins[0]].count,
        }),
    }
}

fn check_suites(
    source: &Source,
    part: &PartHeader,
    whole: &[(Suite, u32)],
) -> Result<(), MergeError> {
    let wanted = whole.iter().filter(|(_, number)| *number == part.number);
    let wanted = wanted.map(|(suite, _)| &suite.name);
    if wanted.eq(source.record.header.suites.iter().map(|it| &it.name)) {
        return Ok(());
    }
    Err(MergeError::OtherSuites {
        name: source.name.clone(),
        number: part.number,
    })
}

/// Returns all suites of a selection in plan order, and the number of each one's part. It ends early where a part does
/// not have what its plan says.
fn whole_selection(part: &PartHeader, own: &[Suite]) -> Vec<(Suite, u32)> {
    let (mut own, mut others) = (own.iter(), part.others.iter());
    let suites = part.parts.iter().map_while(|&number| {
        let suite = if number == part.number {
            own.next()
        } else {
            others.next()
        };
        Some((suite?.clone(), number))
    });
    suites.collect()
}

/// What is put together.
struct Union {
    /// All suites, and the number of each one's part.
    suites: Vec<(Suite, u32)>,
    /// The parts that were seen.
    records: BTreeMap<u32, Record>,
    count: u32,
}

impl Union {
    fn new(mut suites: Vec<(Suite, u32)>, records: BTreeMap<u32, Record>, count: u32) -> Self {
        // Whoever ran a suite knows best what held for it.
        let mut own: BTreeMap<u32, std::slice::Iter<'_, Suite>> = (records.iter())
            .map(|(number, record)| (*number, record.header.suites.iter()))
            .collect();
        for (suite, number) in &mut suites {
            if let Some(known) = own.get_mut(number).and_then(Iterator::next) {
                suite.clone_from(known);
            }
        }
        Self {
            suites,
            records,
            count,
        }
    }

    fn into_record(self, title: Title) -> Record {
        let mut tasks = Vec::new();
        let mut suite_of = Vec::new();
        let mut places: BTreeMap<u32, Vec<TaskId>> = (self.records.iter())
            .map(|(number, record)| (*number, vec![TaskId(0); record.tasks.len()]))
            .collect();
        let mut next_own: BTreeMap<u32, usize> = BTreeMap::new();
        let mut sources: Vec<Option<(u32, usize)>> = Vec::new();
        for (index, (suite, number)) in self.suites.iter().enumerate() {
            let own = next_own.entry(*number).or_default();
            let own_suite = SuiteId::from_index(*own);
            *own += 1;
            if let Some(record) = self.records.get(number) {
                let of_suite = record.header.tasks.iter().enumerate();
                for (task, _) in of_suite.filter(|(_, it)| **it == own_suite) {
                    let place = TaskId::from_index(suite_of.len());
                    if let Some(places) = places.get_mut(number) {
                        places[task] = place;
                    }
                    suite_of.push(SuiteId::from_index(index));
                    sources.push(Some((*number, task)));
                }
            } else {
                let missing = suite.shards.unwrap_or(1).max(1) as usize;
                suite_of.resize(suite_of.len() + missing, SuiteId::from_index(index));
                sources.resize(sources.len() + missing, None);
            }
        }
        let begin = self.begin();
        for source in sources {
            let found = source.and_then(|(number, task)| {
                let record = self.records.get(&number)?;
                let mut known = relocated(record.tasks.get(task)?, places.get(&number)?);
                delay(&mut known, record.header.wall_us - begin);
                Some(known)
            });
            tasks.push(found.unwrap_or_else(|| TaskRecord {
                verdict: Some(Verdict::Skipped(Reason::NotSeen)),
                ..TaskRecord::default()
            }));
        }
        let header = self.header(title, suite_of);
        let latest = self.records.values().map(|record| {
            let end = record.finished.map_or(record.latest, |it| it.at);
            end + micros(record.header.wall_us - begin)
        });
        Record {
            tasks,
            repository: self.repository(),
            latest: latest.max().unwrap_or(Time::BEGIN),
            ..Record::new(header)
        }
    }

    /// Returns when the first part began, in microseconds since 1970.
    fn begin(&self) -> i64 {
        let begins = self.records.values().map(|it| it.header.wall_us);
        begins.min().unwrap_or_default()
    }

    fn repository(&self) -> Option<Repository> {
        let known = self.records.values().filter_map(|it| it.repository.clone());
        known.reduce(|one, other| Repository {
            dirty: one.dirty || other.dirty,
            ..one
        })
    }

    fn header(&self, title: Title, tasks: Vec<SuiteId>) -> RunHeader {
        let headers = || self.records.values().map(|it| &it.header);
        let begin = self.begin();
        let earliest = headers().find(|it| it.wall_us == begin);
        let first = earliest.expect("there is at least one record").clone();
        let has_past = headers().any(|it| !it.past.is_empty());
        let mut own: BTreeMap<u32, usize> = BTreeMap::new();
        let past = self.suites.iter().map(|(_, number)| {
            let place = own.entry(*number).or_default();
            *place += 1;
            let record = self.records.get(number);
            let known = record.and_then(|it| it.header.past.get(*place - 1));
            known.cloned().unwrap_or_default()
        });
        let past: Vec<Past> = past.collect();
        let mut outstanding: Vec<String> =
            headers().flat_map(|it| it.outstanding.clone()).collect();
        outstanding.sort_unstable();
        outstanding.dedup();
        RunHeader {
            format: FORMAT_OF_ONE_ROUND,
            run_id: title.run_id,
            version: title.version,
            log_dir: title.log_dir,
            rerun_prefix: rerun_prefix(first.profile.as_deref()),
            host: self.host(),
            max_parallel: headers().map(|it| it.max_parallel).sum(),
            suites: self.suites.iter().map(|(suite, _)| suite.clone()).collect(),
            tasks,
            past: if has_past { past } else { Vec::new() },
            outstanding,
            part: None,
            merged: Some(Box::new(self.merge_header())),
            ..first
        }
    }

    fn host(&self) -> Host {
        let hosts = || self.records.values().map(|it| &it.header.host);
        let mut names: Vec<&str> = hosts().map(|it| it.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let mut systems: Vec<&str> = hosts().map(|it| it.os.as_str()).collect();
        systems.sort_unstable();
        systems.dedup();
        let surplus = names.len().saturating_sub(HOSTS);
        let mut name = names[..names.len() - surplus].join(", ");
        if surplus > 0 {
            name = format!("{name} and {surplus} more");
        }
        Host {
            name,
            os: systems.join(", "),
            cpus: hosts().map(|it| it.cpus).sum(),
        }
    }

    fn merge_header(&self) -> MergeHeader {
        let parts = self.records.iter().map(|(number, record)| MergedPart {
            number: *number,
            run_id: record.header.run_id.clone(),
            host: record.header.host.name.clone(),
            suites: u32::try_from(record.header.suites.len()).unwrap_or(u32::MAX),
            duration: record.finished.map_or(record.latest, |it| it.at).0,
            exit_code: record.finished.map(|it| it.exit_code),
        });
        MergeHeader {
            count: self.count,
            parts: parts.collect(),
            suites: self.suites.iter().map(|(_, number)| *number).collect(),
        }
    }
}

/// Returns the words that lead to the configuration again, as far as they are the same on every machine.
fn rerun_prefix(profile: Option<&str>) -> String {
    let profile = profile.into_iter().flat_map(|it| ["--profile", it]);
    shell::join(["regatta"].into_iter().chain(profile))
}

/// Moves a task in time.
fn delay(task: &mut TaskRecord, by_us: i64) {
    let by = micros(by_us);
    let later = |at: &mut Time| *at = *at + by;
    for attempt in &mut task.attempts {
        attempt.started.iter_mut().for_each(later);
        attempt.end.iter_mut().for_each(|end| later(&mut end.at));
    }
    task.left_out.started.iter_mut().for_each(later);
}

fn micros(microseconds: i64) -> Duration {
    Duration::from_micros(u64::try_from(microseconds).unwrap_or_default())
}

/// What is missing of a run that was put together, in words for people.
#[derive(Debug, Clone, Copy)]
pub struct Gaps<'m>(pub &'m MergeHeader);

impl Gaps<'_> {
    /// Returns whether anything is missing.
    #[must_use]
    pub fn exist(self) -> bool {
        !self.0.missing().is_empty() || !self.0.cut_short().is_empty()
    }
}

impl fmt::Display for Gaps<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.count;
        let name = |numbers: &[u32]| {
            let shown: Vec<String> = numbers.iter().map(u32::to_string).collect();
            match &shown[..] {
                [number] => format!("shard {number} of {count}"),
                numbers => format!("shards {} of {count}", numbers.join(", ")),
            }
        };
        let be = |numbers: &[u32], one: &'static str, many: &'static str| {
            if numbers.len() == 1 { one } else { many }
        };
        let (missing, cut_short) = (self.0.missing(), self.0.cut_short());
        let mut words = Vec::new();
        if !missing.is_empty() {
            let verb = be(&missing, "is", "are");
            words.push(format!("{} {verb} missing", name(&missing)));
        }
        if !cut_short.is_empty() {
            let verb = be(&cut_short, "was", "were");
            words.push(format!("{} {verb} cut short", name(&cut_short)));
        }
        f.write_str(&words.join(", and "))
    }
}
