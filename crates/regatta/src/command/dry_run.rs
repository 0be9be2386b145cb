//! `regatta -n`: the plan, and the commands that would run.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use regatta_core::id::TaskId;
use regatta_core::schedule::{Effect, Policy};
use regatta_core::sim::{Performance, simulate};
use regatta_core::terms::{FailFast, Repeat};
use regatta_core::time::Time;

use crate::planning::Project;

/// Returns the order in which suites would start if all took equally long, with a command to paste for each.
pub(super) fn render_plan(project: &Project) -> String {
    let plan = &project.plan;
    let policy = Policy {
        fail_fast: FailFast::Off,
        max_fail: None,
        repeat: Repeat::once(),
        seed: 0,
    };
    let trace = simulate(plan, policy, &[], |_| {
        Performance::exits(Duration::from_secs(1), 0)
    });
    let mut steps: BTreeMap<Time, Vec<TaskId>> = BTreeMap::new();
    for (at, effect) in &trace.effects {
        if let Effect::Spawn { attempt, .. } = effect {
            steps.entry(*at).or_default().push(attempt.task);
        }
    }
    let mut text = String::new();
    let mut write = |line: String| writeln!(text, "{line}").expect("a String takes all");
    let count = plan.tasks.len();
    let plural = if count == 1 { "" } else { "s" };
    let slots = project.max_parallel;
    write(format!(
        "Plan: {count} suite{plural}, {slots} at a time; nothing is run"
    ));
    for (number, tasks) in steps.values().enumerate() {
        write(format!("\nStep {}:", number + 1));
        for &task in tasks {
            let suite = &plan.suites[plan.tasks[task].suite];
            let mut notes = Vec::new();
            if !suite.depends_on.is_empty() {
                notes.push(format!("after {}", suite.depends_on.join(", ")));
            }
            if !suite.parallel_group.is_empty() {
                notes.push(format!("group {}", suite.parallel_group.join(", ")));
            }
            let notes = if notes.is_empty() {
                String::new()
            } else {
                format!(" ({})", notes.join("; "))
            };
            write(format!("  {}{notes}", suite.name));
            // Further lines may stand between quotes, where blanks would be more than looks.
            write(format!("    {}", suite.command_line));
        }
    }
    write("\nSteps assume that all suites take equally long.".to_owned());
    text
}
