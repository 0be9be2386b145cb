//! From a record to the JSON report. It reads no clock and writes no file: the same record, the same text.

use std::time::Duration;

use regatta_core::cases::CaseList;
use regatta_core::event::{MergeHeader, PartHeader};
use regatta_core::id::{Id, TaskId};
use regatta_core::plan::Quarantine;
use regatta_core::shard::Shard;
use regatta_core::time::Time;
use regatta_core::verdict::{Outcome, Storage, Usage};

use super::model::{
    AttemptEntry, CacheEntry, CasesEntry, FlakyEntry, GitEntry, HistoryEntry, HostEntry,
    LeftoverEntry, MergedRun, MergedShard, MethodName, QuarantineEntry, Report, RoundsEntry,
    ShardEntry, ShardRun, SuiteEntry, SummaryEntry, UsageEntry, VERSION,
};
use super::render_pretty;
use crate::report::critical_path::find_critical_path;
use crate::report::journal::render_journal;
use crate::report::record::{AttemptEnd, AttemptRecord, Record, RunState, TaskRecord};

/// Returns the report of a run, as text that ends with a newline.
///
/// *Shape*: every key is always there. A run that goes on has the shape of one that was interrupted now.
#[must_use]
pub fn render_report(record: &Record, state: RunState) -> String {
    let shard = record.header.part.as_deref();
    let shard = shard.map(|part| shard_run(record, part));
    render_pretty(&report(&record.by_suite(), state, shard))
}

/// Returns a report of a record by suites.
fn report<'r>(record: &'r Record, state: RunState, shard: Option<ShardRun<'r>>) -> Report<'r> {
    let header = &record.header;
    let summary = record.summary();
    let name = |task| record.suite(task).name.as_str();
    Report {
        timestamp: &header.timestamp,
        duration: seconds(record.finished.map_or(record.latest, |it| it.at).0),
        suites: (0..record.tasks.len())
            .map(|index| suite_entry(record, TaskId::from_index(index)))
            .collect(),
        summary: SummaryEntry {
            total: summary.total,
            passed: summary.passed,
            failed: summary.failed,
            skipped: summary.skipped,
        },
        version: VERSION,
        run_id: &header.run_id,
        state,
        exit_code: record.finished.map(|finish| finish.exit_code),
        git: record.repository.as_ref().map(|repository| GitEntry {
            commit: &repository.commit,
            branch: repository.branch.as_deref(),
            dirty: repository.dirty,
        }),
        host: HostEntry {
            name: &header.host.name,
            os: &header.host.os,
            cpus: header.host.cpus,
        },
        max_parallel: header.max_parallel,
        shard,
        merged: header.merged.as_deref().map(merged_run),
        critical_path: find_critical_path(record).into_iter().map(name).collect(),
    }
}

fn shard_run<'r>(record: &Record, part: &'r PartHeader) -> ShardRun<'r> {
    ShardRun {
        number: part.number,
        count: part.count,
        plan: &part.plan,
        suites: part.parts.len(),
        journal: render_journal(record),
    }
}

fn merged_run(merged: &MergeHeader) -> MergedRun<'_> {
    let shards = merged.parts.iter().map(|part| MergedShard {
        number: part.number,
        run_id: &part.run_id,
        host: &part.host,
        suites: part.suites,
        duration: seconds(part.duration),
        exit_code: part.exit_code,
    });
    MergedRun {
        count: merged.count,
        shards: shards.collect(),
        missing: merged.missing(),
    }
}

fn suite_entry(record: &Record, task: TaskId) -> SuiteEntry<'_> {
    let suite = record.suite(task);
    let known = &record.tasks[task.index()];
    let (started, ended) = (known.started(), known.ended());
    let ends = || known.attempts.iter().filter_map(|it| it.end.as_ref());
    let last = || known.parts().iter().filter_map(latest_end);
    SuiteEntry {
        name: &suite.name,
        description: &suite.description,
        category: &suite.category,
        status: known.status().into(),
        start_time: started.map(|at| unix_seconds(record, at)),
        end_time: ended.map(|at| unix_seconds(record, at)),
        duration: started.zip(ended).map(|(from, to)| seconds(to - from)),
        return_code: known.return_code(),
        error_message: record.error_message(task),
        log_file: record.last_log_file(task),
        outcome: known.outcome().into(),
        attempts: (known.attempts.iter())
            .map(|attempt| attempt_entry(record, task, attempt))
            .collect(),
        shards: shard_entries(record, task),
        depends_on: &suite.depends_on,
        parallel_group: &suite.parallel_group,
        queue_duration: known.queued.map(seconds),
        usage: combine_usage(last().filter_map(|end| end.report.usage)).map(usage_entry),
        leftovers: ends()
            .flat_map(|end| end.report.leftovers.iter().chain(&end.report.suspects))
            .map(|leftover| LeftoverEntry {
                pid: leftover.pid,
                name: &leftover.name,
            })
            .collect(),
        log_truncated: last().any(|end| end.report.log.elided_bytes > 0)
            || (known.probe.as_ref()).is_some_and(|probe| probe.hit && probe.elided_bytes > 0),
        cache: known.probe.as_ref().map(|probe| CacheEntry {
            key: probe.key.as_deref(),
            hit: probe.hit,
            reason: &probe.reason,
        }),
        cases: known.cases().and_then(|it| cases_entry(&it)),
        tags: &suite.tags,
        owner: suite.owner.as_deref(),
        quarantined: suite.is_quarantined(),
        quarantine: suite.quarantine.as_deref().map(quarantine_entry),
        history: record.past(task).map(|past| HistoryEntry {
            runs: past.runs,
            failing: past.failing,
            flaky: past.flaky.map(|rate| FlakyEntry {
                failures: rate.failures,
                attempts: rate.attempts,
            }),
        }),
        rounds: record.header.repeat.map(|_| RoundsEntry {
            total: known.words.rounds,
            failed: known.words.failed,
            passed_attempts: known.tally.passed,
            failed_attempts: known.tally.failed,
        }),
    }
}

fn latest_end(task: &TaskRecord) -> Option<&AttemptEnd> {
    task.attempts.last()?.end.as_ref()
}

/// Returns what several shards used together: they share no time, and not necessarily the same moment's memory.
fn combine_usage(mut usages: impl Iterator<Item = Usage>) -> Option<Usage> {
    let first = usages.next()?;
    Some(usages.fold(first, |sum, it| Usage {
        cpu: sum.cpu.saturating_add(it.cpu),
        user: sum.user.saturating_add(it.user),
        system: sum.system.saturating_add(it.system),
        max_rss_bytes: sum.max_rss_bytes.max(it.max_rss_bytes),
        processes: sum.processes.max(it.processes),
        storage: sum.storage.zip(it.storage).map(|(sum, it)| Storage {
            read_bytes: sum.read_bytes.saturating_add(it.read_bytes),
            written_bytes: sum.written_bytes.saturating_add(it.written_bytes),
        }),
        ..sum
    }))
}

fn shard_entries(record: &Record, task: TaskId) -> Vec<ShardEntry> {
    let shards = record.tasks[task.index()].shards.iter();
    let entries = (1..).zip(shards).map(|(number, shard)| {
        let (started, ended) = (shard.started(), shard.ended());
        ShardEntry {
            number,
            status: shard.status().into(),
            outcome: shard.outcome().into(),
            start_time: started.map(|at| unix_seconds(record, at)),
            end_time: ended.map(|at| unix_seconds(record, at)),
            duration: started.zip(ended).map(|(from, to)| seconds(to - from)),
            return_code: shard.return_code(),
            log_file: record.shard_log_file(task, number),
        }
    });
    entries.collect()
}

fn cases_entry(cases: &CaseList) -> Option<CasesEntry> {
    let counts = cases.counts;
    (counts.total > 0).then_some(CasesEntry {
        total: counts.total,
        passed: counts.passed,
        failed: counts.failed,
        skipped: counts.skipped,
    })
}

fn quarantine_entry(entry: &Quarantine) -> QuarantineEntry<'_> {
    QuarantineEntry {
        reason: &entry.reason,
        owner: &entry.owner,
        issue: &entry.issue,
        expires: &entry.expires,
        expired: entry.expired,
    }
}

fn attempt_entry(record: &Record, task: TaskId, attempt: &AttemptRecord) -> AttemptEntry {
    let end = attempt.end.as_ref();
    let ended = end.filter(|_| attempt.was_started());
    AttemptEntry {
        number: attempt.number,
        shard: attempt.shard.map(Shard::number),
        start_time: attempt.started.map(|at| unix_seconds(record, at)),
        end_time: ended.map(|end| unix_seconds(record, end.at)),
        outcome: end
            .map_or(Outcome::Interrupted, |end| end.verdict.outcome())
            .into(),
        return_code: attempt.return_code(),
        log_file: record.log_file(task, attempt),
    }
}

fn usage_entry(usage: Usage) -> UsageEntry {
    // Journals of older versions tell only both together.
    let is_split = usage.user + usage.system > Duration::ZERO || usage.cpu.is_zero();
    UsageEntry {
        cpu_seconds: seconds(usage.cpu),
        max_rss_bytes: usage.max_rss_bytes,
        method: usage.method.into(),
        user_seconds: is_split.then(|| seconds(usage.user)),
        system_seconds: is_split.then(|| seconds(usage.system)),
        cpu_method: usage.cpu_method.into(),
        processes: usage.processes,
        processes_method: usage.processes.map(|_| MethodName::Sampled),
        read_bytes: usage.storage.map(|it| it.read_bytes),
        written_bytes: usage.storage.map(|it| it.written_bytes),
        storage_method: usage.storage.map(|_| MethodName::Wait4),
    }
}

/// Returns a moment of the run on the wall clock as it was at the start, so that no later change of that
/// clock bends a duration.
#[expect(
    clippy::cast_precision_loss,
    reason = "2^53 microseconds are 285 years"
)]
fn unix_seconds(record: &Record, at: Time) -> f64 {
    let since = i64::try_from(at.0.as_micros()).unwrap_or(i64::MAX);
    record.header.wall_us.saturating_add(since) as f64 / 1e6
}

#[expect(
    clippy::cast_precision_loss,
    reason = "2^53 microseconds are 285 years"
)]
fn seconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1e6
}
