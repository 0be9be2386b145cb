//! From a checked configuration and a selection to the plan of a run, and to what starts its suites.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use regatta_core::id::{Id, IdMap, PoolId, SuiteId, TaskId};
use regatta_core::past::Past;
use regatta_core::plan::{self, Claim, Plan, Pool, SelectedAs, TaskSpec};
use regatta_core::rank::{Effort, expect, rank};
use regatta_core::terms::Terms;

use crate::backend::{Launch, Visible};
use crate::config::{Command, Config, MaxParallel, Suite};
use crate::definition;
use crate::recipes::reuse_of;
use crate::select::Selection;
use crate::shell;

/// The pool from which every task takes its `cpus`.
pub const SLOTS: PoolId = PoolId(0);

/// Descriptors that the runner keeps for itself, and those that one running suite costs it.
const OWN_DESCRIPTORS: u64 = 24;
const DESCRIPTORS_PER_SUITE: u64 = 4;

/// How long a suite's `on_timeout` may take.
const EXAMINATION: Duration = Duration::from_secs(10);

/// A plan, and what starts each of its tasks.
#[derive(Debug, Clone)]
pub struct Project {
    /// What runs after what, and how much at a time.
    pub plan: Arc<Plan>,
    /// How each task is started.
    pub launches: IdMap<TaskId, Launch>,
    /// How many slots there are.
    pub max_parallel: u32,
    /// What was known of each suite, as it was given.
    pub past: Vec<Past>,
}

/// Returns the plan of the selected suites: one task a suite, in the order of the file, each with its place in the order
/// of starting.
///
/// *Shape*: `look_back` is given the suites of the plan and returns what is known of each, or nothing at all.
///
/// # Panics
/// The configuration was not checked: it has a cycle, or a NUL byte in a command.
#[must_use]
pub fn plan(
    config: &Config,
    selection: &Selection,
    max_parallel: u32,
    look_back: impl FnOnce(&[plan::Suite]) -> Vec<Past>,
) -> Project {
    let chosen: Vec<&Suite> = selection
        .suites
        .iter()
        .map(|&index| &config.suites[index])
        .collect();
    let task_of: BTreeMap<&str, TaskId> = chosen
        .iter()
        .enumerate()
        .map(|(index, suite)| (suite.name.as_str(), TaskId::from_index(index)))
        .collect();
    let (pools, pool_of) = pools(config, &chosen, max_parallel);
    let specs = chosen.iter().enumerate().map(|(index, suite)| TaskSpec {
        suite: SuiteId::from_index(index),
        // Under --no-deps a dependency may not be part of the run.
        dependencies: suite
            .depends_on
            .iter()
            .filter_map(|name| task_of.get(name.as_str()).copied())
            .collect(),
        claims: claims(suite, &pool_of),
        terms: terms(suite),
    });
    let specs = specs.collect();
    let mut suites = declared_suites(config, selection);
    for (declared, suite) in suites.iter_mut().zip(&chosen) {
        declared.digest = definition::digest(suite);
    }
    let past = look_back(&suites);
    let expected = expect(&suites, &past);
    let mut plan = Plan::new(suites, specs, pools)
        .expect("a checked configuration has no cycles and names only what exists");
    for task in plan.tasks.values_mut() {
        task.expected = expected[task.suite.index()];
    }
    rank(&mut plan, Effort::USUAL);
    Project {
        plan: Arc::new(plan),
        launches: chosen
            .iter()
            .map(|suite| launch(suite, &config.root))
            .collect(),
        max_parallel,
        past,
    }
}

/// Returns the selected suites as reports show them, in the order of the file.
#[must_use]
pub fn declared_suites(config: &Config, selection: &Selection) -> Vec<plan::Suite> {
    let indices = selection.suites.iter();
    let suites = indices.map(|index| {
        let origin = match selection.added.binary_search(index) {
            Ok(_) => SelectedAs::Dependency,
            Err(_) => SelectedAs::Requested,
        };
        declared(&config.suites[*index], origin)
    });
    suites.collect()
}

/// Returns the slots, the declared groups and those that suites merely name, and where each group is.
fn pools<'c>(
    config: &'c Config,
    chosen: &[&'c Suite],
    max_parallel: u32,
) -> (Vec<Pool>, BTreeMap<&'c str, PoolId>) {
    let pool = |name: &str, capacity: u32| Pool {
        name: name.to_owned(),
        capacity: u64::from(capacity),
    };
    let mut pools = vec![pool("slots", max_parallel)];
    let mut pool_of = BTreeMap::new();
    let declared = config.groups.iter();
    let declared = declared.map(|group| (group.name.as_str(), group.capacity));
    let named = chosen.iter().flat_map(|suite| &suite.parallel_group);
    for (name, capacity) in declared.chain(named.map(|name| (name.as_str(), 1))) {
        pool_of.entry(name).or_insert_with(|| {
            pools.push(pool(name, capacity));
            PoolId::from_index(pools.len() - 1)
        });
    }
    (pools, pool_of)
}

/// Returns how many slots a run gets: what was asked for, but no more than there are descriptors for.
///
/// *Units*: `cpus` are the CPUs this process may use, `descriptors` its soft limit of open files.
#[must_use]
pub fn slots(wish: MaxParallel, cpus: u32, descriptors: u64) -> u32 {
    let wanted = match wish {
        MaxParallel::Auto => cpus,
        MaxParallel::Count(count) => count,
        MaxParallel::Percent(percent) => {
            let share = u64::from(cpus) * u64::from(percent) / 100;
            u32::try_from(share).unwrap_or(u32::MAX)
        }
    };
    let affordable = descriptors.saturating_sub(OWN_DESCRIPTORS) / DESCRIPTORS_PER_SUITE;
    wanted
        .min(u32::try_from(affordable).unwrap_or(u32::MAX))
        .max(1)
}

fn claims(suite: &Suite, pool_of: &BTreeMap<&str, PoolId>) -> Vec<Claim> {
    let mut groups: Vec<PoolId> = suite
        .parallel_group
        .iter()
        .map(|name| pool_of[name.as_str()])
        .collect();
    groups.sort_unstable();
    groups.dedup();
    // Groups come first: a task that lacks one waits there, and the slots need not know of it.
    let groups = groups.into_iter().map(|pool| Claim { pool, amount: 1 });
    let slots = Claim {
        pool: SLOTS,
        amount: u64::from(suite.cpus),
    };
    groups.chain([slots]).collect()
}

fn terms(suite: &Suite) -> Terms {
    let terms = &suite.terms;
    Terms {
        timeout: terms.timeout.value,
        grace_period: terms.grace_period.value,
        slow_after: terms.slow_after.value,
        idle_timeout: terms.idle_timeout.value,
        retries: terms.retries.value.clone(),
        flaky: terms.flaky.value,
        expect: suite.expect,
        skip_exit_code: suite.skip_exit_code,
        leftovers: terms.leftovers.value,
        examination: suite.on_timeout.as_ref().map(|_| EXAMINATION),
        reuse: reuse_of(suite),
    }
}

fn declared(suite: &Suite, origin: SelectedAs) -> plan::Suite {
    plan::Suite {
        name: suite.name.clone(),
        description: suite.description.clone(),
        category: suite.category.clone(),
        tags: suite.tags.clone(),
        owner: suite.owner.clone(),
        depends_on: suite.depends_on.clone(),
        parallel_group: suite.parallel_group.clone(),
        cpus: Some(suite.cpus).filter(|&cpus| cpus != 1),
        command_line: command_line(suite),
        dir: match suite.dir.to_string_lossy() {
            here if here == "." => String::new(),
            dir => dir.into_owned(),
        },
        origin,
        quarantine: suite.quarantine.clone(),
        // Only runs need it, and it takes its time.
        digest: String::new(),
    }
}

/// Returns the line to paste into a shell in the configuration's folder.
#[must_use]
pub fn command_line(suite: &Suite) -> String {
    let mut line = String::new();
    if suite.dir != Path::new(".") {
        line = format!("cd {} && ", shell::quote(&suite.dir.to_string_lossy()));
    }
    for (name, value) in &suite.env {
        line = format!("{line}{name}={} ", shell::quote(value));
    }
    let command = match &suite.command {
        Command::Argv(words) => shell::join(words.iter().map(String::as_str)),
        // A simple command reads best as it was written.
        Command::Shell(text) if suite.env.is_empty() && is_simple(text) => text.clone(),
        Command::Shell(text) => format!("sh -c {}", shell::quote(text.trim())),
    };
    line + &command
}

/// Returns whether a command line means the same after `cd … &&`, and leaves the shell it is pasted into alive.
fn is_simple(text: &str) -> bool {
    // A chain of `&&` just gets one link more.
    let chain = text.replace("&&", " ");
    let leaves = ["exit", "exec", "cd", "set"];
    !chain.contains(['|', ';', '&', '\n', '#']) && !chain.split(' ').any(|it| leaves.contains(&it))
}

fn launch(suite: &Suite, root: &Path) -> Launch {
    let on_timeout = suite.on_timeout.as_ref();
    Launch {
        name: suite.name.clone(),
        argv: argv(&suite.command),
        on_timeout: on_timeout.map(|command| argv(&command.value)),
        dir: root.join(&suite.dir),
        env: suite.env.clone(),
        visible: match &suite.reuse {
            None => Visible::All,
            Some(reuse) => {
                let more = reuse.env_inputs.iter().chain(&reuse.pass_env);
                Visible::BaseAnd(more.cloned().collect())
            }
        },
        timeout: suite.terms.timeout.value,
        max_log_bytes: suite.terms.max_log_bytes.value,
        leftovers: suite.terms.leftovers.value,
    }
}

fn argv(command: &Command) -> Vec<Arc<CStr>> {
    let words: Vec<&str> = match command {
        Command::Shell(text) => vec!["/bin/sh", "-c", text],
        Command::Argv(words) => words.iter().map(String::as_str).collect(),
    };
    words
        .into_iter()
        .map(|word| {
            let word = CString::new(word).expect("the configuration refuses NUL bytes");
            word.into()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_follow_the_wish_within_what_the_machine_allows() {
        assert_eq!(slots(MaxParallel::Auto, 8, 1024), 8);
        assert_eq!(slots(MaxParallel::Count(3), 8, 1024), 3);
        assert_eq!(slots(MaxParallel::Percent(50), 8, 1024), 4);
        assert_eq!(slots(MaxParallel::Percent(1), 8, 1024), 1);
        assert_eq!(slots(MaxParallel::Count(99_999_999), 8, 1024), 250);
        assert_eq!(slots(MaxParallel::Count(100), 8, 64), 10);
        assert_eq!(slots(MaxParallel::Count(5), 8, 3), 1);
    }

    #[test]
    fn only_what_a_shell_survives_is_pasted_as_it_was_written() {
        for text in ["go test ./...", "make && make test", "cat a > b"] {
            assert!(is_simple(text), "{text}");
        }
        for text in [
            "a; b",
            "a | b",
            "a || b",
            "a & b",
            "a\nb",
            "a # b",
            "a && exit 1",
            "cd x",
        ] {
            assert!(!is_simple(text), "{text}");
        }
    }
}
