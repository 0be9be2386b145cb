//! The lines that name the suites which take the most of the machine, where one takes much.

use std::cmp::Reverse;
use std::time::Duration;

use regatta_core::id::{Id, TaskId};
use regatta_core::verdict::Usage;

use crate::report::record::{AttemptRecord, Record, TaskRecord};

use super::look::{seconds, short_bytes};
use super::page::Page;

/// How many suites a line names.
const NAMES: usize = 3;

/// What is less is no weight for a machine of today.
const MUCH_MEMORY: u64 = 256 << 20;
const MUCH_CPU: Duration = Duration::from_secs(10);

/// A suite that keeps so many processors busy for each slot it takes is told so: others get less than their plan says.
const BUSY: f64 = 1.5;

/// Writes which suites took the most memory and the most CPU time, those that took much.
pub(super) fn write_heaviest(page: &mut Page, record: &Record) {
    let bullet = page.look.symbols.bullet;
    let memory = heaviest(record, |task| {
        let peaks = usages(task).map(|(usage, _)| usage.max_rss_bytes);
        peaks.max().filter(|bytes| *bytes >= MUCH_MEMORY)
    });
    if !memory.is_empty() {
        let names = memory.iter().map(|(task, bytes)| {
            let name = &record.suite(*task).name;
            format!("{name} {}", short_bytes(*bytes))
        });
        let names = names.collect::<Vec<_>>().join(", ");
        page.line(format_args!("  {bullet} Most memory: {names}"));
    }
    let cpu = heaviest(record, |task| {
        let times = usages(task).map(|(usage, _)| usage.cpu);
        Some(times.sum::<Duration>()).filter(|cpu| *cpu >= MUCH_CPU)
    });
    if !cpu.is_empty() {
        let names = cpu.iter().map(|(task, cpu)| {
            let name = &record.suite(*task).name;
            format!("{name} {}{}", seconds(*cpu), busy(record, *task, *cpu))
        });
        let names = names.collect::<Vec<_>>().join(", ");
        page.line(format_args!("  {bullet} Most CPU time: {names}"));
    }
}

/// Returns the first few tasks by what `weigh` makes of them, those of which it makes something.
fn heaviest<W: Ord + Copy>(
    record: &Record,
    weigh: impl Fn(&TaskRecord) -> Option<W>,
) -> Vec<(TaskId, W)> {
    let tasks = record.tasks.iter().enumerate();
    let mut heavy: Vec<(TaskId, W)> = tasks
        .filter_map(|(index, task)| Some((TaskId::from_index(index), weigh(task)?)))
        .collect();
    heavy.sort_by_key(|(task, weight)| (Reverse(*weight), *task));
    heavy.truncate(NAMES);
    heavy
}

/// Returns what each of a task's attempts used, and how long it ran.
fn usages(task: &TaskRecord) -> impl Iterator<Item = (Usage, Duration)> {
    task.attempts.iter().filter_map(|attempt| {
        let usage = attempt.end.as_ref()?.report.usage?;
        Some((usage, attempt.duration().unwrap_or_default()))
    })
}

/// Returns how many processors a task kept busy, where that is more than it takes slots.
fn busy(record: &Record, task: TaskId, cpu: Duration) -> String {
    let attempts = record.tasks[task.index()].attempts.iter();
    let ran: Duration = attempts.filter_map(AttemptRecord::duration).sum();
    let processors = cpu.as_secs_f64() / ran.as_secs_f64().max(f64::MIN_POSITIVE);
    let slots = record.suite(task).cpus.unwrap_or(1);
    if ran.is_zero() || processors < BUSY * f64::from(slots) {
        return String::new();
    }
    let plural = if slots == 1 { "" } else { "s" };
    format!(" ({processors:.1} CPUs busy at {slots} slot{plural})")
}
