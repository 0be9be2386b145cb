//! The plan for people: what it will take and why, its lanes, and the commands to paste.

use std::fmt::Write as _;

use regatta_core::forecast::{Course, Floor, Limit, Step, find_longest_path};
use regatta_core::id::{PoolId, TaskId};
use regatta_core::plan::{Basis, Plan, Task};

use super::lanes::render_lanes;
use crate::report::terminal::{Symbols, short, short_bytes};

/// How many names of a path are shown; the middle of a longer one is left out.
const MOST_NAMES: usize = 9;

/// Where the plan is shown.
#[derive(Debug, Clone, Copy)]
pub struct Page<'p> {
    /// How many cells a row has.
    pub columns: usize,
    /// Which characters it knows.
    pub symbols: Symbols,
    /// The pool that stands for the slots.
    pub slots: PoolId,
    /// Why there are as many as there are, where that is not plain.
    pub slots_reason: Option<&'p str>,
}

/// Returns the plan as whole lines. In the list at its end commands, and nothing else, are indented by four blanks.
#[must_use]
pub fn render_text(plan: &Plan, page: Page<'_>) -> String {
    let course = Course::new(plan);
    let reason = page.slots_reason.map(|reason| format!(" ({reason})"));
    let mut lines = vec![format!(
        "Plan: {}, {} at a time{}; nothing is run",
        count_tasks(plan),
        plan.pools[page.slots].capacity,
        reason.unwrap_or_default()
    )];
    lines.push(String::new());
    lines.push(format!("  Predicted time: {}", predicted(plan, &course)));
    lines.push(format!(
        "  Floor:          {}",
        floor(plan, &Floor::new(plan), page.slots)
    ));
    lines.push(format!("  Critical path:  {}", path(plan, page.symbols)));
    if let Some(memory) = plan.memory {
        let bytes = short_bytes(plan.pools[memory].capacity);
        lines.push(format!("  Memory:         {bytes} for suites to share"));
    }
    lines.push(String::new());
    let rows = render_lanes(plan, &course, page.columns, page.symbols);
    if !rows.is_empty() {
        lines.extend(rows);
        lines.push(String::new());
    }
    lines.push(match count_guesses(plan) {
        0 => "Suites by their start:".into(),
        _ => "Suites by their start (`?`: a guessed time):".into(),
    });
    let mut text = lines.join("\n");
    text.push('\n');
    for step in &course.steps {
        let command_line = command_line(plan, step.task);
        let entry = describe(plan, step);
        // Further lines of a command may stand between quotes, where blanks would be more than looks.
        writeln!(text, "  {entry}\n    {command_line}").expect("a String takes all");
    }
    text
}

/// Returns the line to paste for a task.
pub(super) fn command_line(plan: &Plan, task: TaskId) -> String {
    let Task { suite, shard, .. } = &plan.tasks[task];
    let line = &plan.suites[*suite].command_line;
    match shard {
        Some(shard) => shard.command_line(line),
        None => line.clone(),
    }
}

/// Returns how many suites there are, and how many tasks where that is another number.
fn count_tasks(plan: &Plan) -> String {
    let suites = count(plan.suites.len(), "suite");
    if plan.tasks.len() == plan.suites.len() {
        suites
    } else {
        format!("{suites} in {} tasks", plan.tasks.len())
    }
}

/// Returns how many suites have a time that is a guess.
pub(super) fn count_guesses(plan: &Plan) -> usize {
    // The shards of a suite share its time.
    let suites = plan.tasks.values();
    let suites = suites.filter(|it| it.shard.is_none_or(|shard| shard.index == 0));
    suites
        .filter(|it| it.expected.basis == Basis::Guessed)
        .count()
}

fn predicted(plan: &Plan, course: &Course) -> String {
    let end = short(course.end);
    match count_guesses(plan) {
        0 => end,
        all if all == plan.suites.len() => format!(
            "unknown; no suite has passed here yet, so each counts as {}",
            short(
                plan.tasks
                    .values()
                    .next()
                    .map_or(course.end, |it| it.expected.duration)
            )
        ),
        guesses => format!(
            "{end}, with guesses for {guesses} of {}",
            count(plan.suites.len(), "suite")
        ),
    }
}

/// Returns the floor and its three terms, the deciding one first.
fn floor(plan: &Plan, floor: &Floor, slots: PoolId) -> String {
    let path = ("critical path".to_owned(), floor.path, Limit::Path);
    let work = (
        format!("work over {}", count_of(plan.pools[slots].capacity, "slot")),
        floor.loads[slots],
        Limit::Pool(slots),
    );
    let group = floor.busiest_beside(slots).map(|(pool, load)| {
        let name = match plan.memory {
            Some(memory) if memory == pool => "memory".to_owned(),
            _ => format!("group {}", plan.pools[pool].name),
        };
        (name, load, Limit::Pool(pool))
    });
    let (deciding, others): (Vec<_>, Vec<_>) = [Some(path), Some(work), group]
        .into_iter()
        .flatten()
        .partition(|term| term.2 == floor.limit());
    let name = deciding.first().map_or("", |term| &term.0);
    let others = others
        .iter()
        .map(|(name, time, _)| format!("{name} {}", short(*time)));
    let others: Vec<_> = others.collect();
    format!("{} by {name} ({})", short(floor.least()), others.join(", "))
}

fn path(plan: &Plan, symbols: Symbols) -> String {
    let arrow = match symbols {
        Symbols::Unicode => " → ",
        Symbols::Ascii => " -> ",
    };
    join_path(&find_longest_path(plan), arrow, |task| {
        full_name(plan, task)
    })
}

/// Returns the name of a task's suite, and its shard where there are several.
pub(super) fn full_name(plan: &Plan, task: TaskId) -> String {
    format!("{}{}", plan.name(task), plan.label(task))
}

/// Returns the names of a path; of a long one the ends and how many stand between.
fn join_path(path: &[TaskId], arrow: &str, name: impl Fn(TaskId) -> String) -> String {
    let names: Vec<String> = path.iter().map(|&task| name(task)).collect();
    if names.len() <= MOST_NAMES {
        return names.join(arrow);
    }
    let (head, tail) = (
        &names[..MOST_NAMES / 2],
        &names[names.len() - MOST_NAMES / 2..],
    );
    let between = names.len() - head.len() - tail.len();
    [
        head.join(arrow),
        format!("{between} more"),
        tail.join(arrow),
    ]
    .join(arrow)
}

fn describe(plan: &Plan, step: &Step) -> String {
    let task = &plan.tasks[step.task];
    let suite = &plan.suites[task.suite];
    let mut notes = vec![match task.expected.basis {
        Basis::Seen => format!("{} to {}", short(step.start), short(step.end)),
        Basis::Guessed => format!("{} to {}?", short(step.start), short(step.end)),
    }];
    if !suite.depends_on.is_empty() {
        notes.push(format!("after {}", suite.depends_on.join(", ")));
    }
    if !suite.parallel_group.is_empty() {
        notes.push(format!("group {}", suite.parallel_group.join(", ")));
    }
    if let Some(bytes) = suite.memory.filter(|_| plan.memory.is_some()) {
        notes.push(format!("memory {}", short_bytes(bytes)));
    }
    format!("{} ({})", full_name(plan, step.task), notes.join("; "))
}

fn count(number: usize, noun: &str) -> String {
    count_of(number as u64, noun)
}

fn count_of(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
