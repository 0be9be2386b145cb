//! From a checked configuration and a selection to the plan of a run, and to what starts its suites.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use regatta_core::expand::{SuiteSpec, expand};
use regatta_core::forecast::{Course, Floor, find_longest_path};
use regatta_core::id::{Id, IdMap, PoolId, SuiteId, TaskId};
use regatta_core::past::Past;
use regatta_core::plan::{self, Basis, Claim, Expectation, Plan, Pool, SelectedAs};
use regatta_core::rank::{Effort, expect, rank};
use regatta_core::shard::{Shard, names_a_shard};
use regatta_core::terms::Terms;
use regatta_process::SystemMemory;

use crate::backend::{Launch, Part, Told, Visible};
use crate::cases::Wanted;
use crate::config::{Cases, Command, Config, JobserverUse, MaxParallel, Suite};
use crate::definition;
use crate::memory::{Wish, budget};
use crate::processors::Processors;
use crate::recipes::reuse_of;
use crate::select::Selection;
use crate::shell;

/// The pool from which every task takes its `cpus`.
pub const SLOTS: PoolId = PoolId(0);

/// Descriptors that the runner keeps for itself, and those that one running suite costs it.
const OWN_DESCRIPTORS: u64 = 24;
const DESCRIPTORS_PER_SUITE: u64 = 4;

/// What one costs more whose jobs share the slots.
const DESCRIPTORS_PER_JOBSERVER: u64 = 3;

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
    /// Bytes of memory that the suites share, where that can matter.
    pub memory_bytes: Option<u64>,
}

/// What a machine has for a run.
#[derive(Debug, Clone, Copy)]
pub struct Means<'m> {
    /// How many slots there are.
    pub slots: u32,
    /// Where it is told how much memory there is.
    pub memory: &'m SystemMemory,
}

impl Project {
    /// Lets every task take one of the tokens of another jobserver as well, whose guest the run is, and returns their pool.
    ///
    /// What a suite declares as its `cpus` is a matter of this run's own slots: a guest that waited for several tokens at
    /// once, and held some meanwhile, could wait for another such guest for ever.
    #[must_use]
    pub fn become_guest(&mut self) -> PoolId {
        let plan = Arc::make_mut(&mut self.plan);
        let tokens = Pool {
            name: "tokens".to_owned(),
            capacity: u64::from(self.max_parallel),
        };
        let pool = PoolId::from_index(plan.pools.len());
        plan.pools = plan.pools.values().cloned().chain([tokens]).collect();
        for task in plan.tasks.values_mut() {
            // Last: who lacks a token lacks nothing else.
            task.claims.push(Claim { pool, amount: 1 });
        }
        pool
    }
}

/// Returns the plan of the selected suites: a task for each shard of each suite, in the order of the file, each with its
/// place in the order of starting.
///
/// *Shape*: `look_back` is given the suites of the plan and returns what is known of each, or nothing at all.
///
/// # Panics
/// The configuration was not checked: it has a cycle, or a NUL byte in a command.
#[must_use]
pub fn plan(
    config: &Config,
    selection: &Selection,
    means: Means<'_>,
    look_back: impl FnOnce(&[plan::Suite]) -> Vec<Past>,
) -> Project {
    let chosen = chosen(config, selection);
    let max_parallel = means.slots;
    let mut suites = declared_suites(config, selection);
    for (declared, suite) in suites.iter_mut().zip(&chosen) {
        declared.digest = definition::digest(suite);
    }
    let past = look_back(&suites);
    let wishes = wishes(&chosen, &past);
    let memory = budget(&wishes, max_parallel, || means.memory.available_bytes());
    for (declared, share) in suites
        .iter_mut()
        .zip(memory.iter().flat_map(|it| &it.shares))
    {
        declared.memory = *share;
    }
    let expected = expect(&suites, &past);
    let memory_bytes = memory.map(|it| it.bytes);
    let mut plan = lay_out(config, &chosen, suites, (max_parallel, memory_bytes));
    for task in plan.tasks.values_mut() {
        task.expected = share(expected[task.suite.index()], task.shard);
    }
    rank(&mut plan, Effort::USUAL);
    let tasks = plan.tasks.values();
    let launches = tasks.map(|task| {
        let suite = chosen[task.suite.index()];
        Launch {
            threads: (config.run.thread_hints.value).then(|| suite.cpus.min(max_parallel)),
            ..launch(suite, task.shard, &config.root)
        }
    });
    Project {
        launches: launches.collect(),
        plan: Arc::new(plan),
        max_parallel,
        past,
        memory_bytes,
    }
}

/// Returns a plan without anything that is known of its suites.
fn lay_out(
    config: &Config,
    chosen: &[&Suite],
    suites: Vec<plan::Suite>,
    (max_parallel, memory_bytes): (u32, Option<u64>),
) -> Plan {
    let suite_of: BTreeMap<&str, SuiteId> = chosen
        .iter()
        .enumerate()
        .map(|(index, suite)| (suite.name.as_str(), SuiteId::from_index(index)))
        .collect();
    let (mut pools, pool_of) = pools(config, chosen, max_parallel);
    let memory_pool = memory_bytes.map(|capacity| {
        pools.push(Pool {
            name: "memory".into(),
            capacity,
        });
        PoolId::from_index(pools.len() - 1)
    });
    let declared = chosen.iter().zip(&suites);
    let specs = declared.map(|(suite, declared)| SuiteSpec {
        shards: suite.tasks(),
        // Under --no-deps a dependency may not be part of the run.
        dependencies: suite
            .depends_on
            .iter()
            .filter_map(|name| suite_of.get(name.as_str()).copied())
            .collect(),
        claims: claims(suite, &pool_of, memory_pool.zip(declared.memory)),
        terms: terms(suite),
    });
    let (specs, _) = expand(specs.collect());
    let mut plan = Plan::new(suites, specs, pools)
        .expect("a checked configuration has no cycles and names only what exists");
    plan.memory = memory_pool;
    plan
}

fn chosen<'c>(config: &'c Config, selection: &Selection) -> Vec<&'c Suite> {
    let indices = selection.suites.iter();
    indices.map(|&index| &config.suites[index]).collect()
}

/// How a run would go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prediction {
    /// When its last suite ends.
    pub end: Duration,
    /// How long its longest chain of dependencies takes.
    pub floor: Duration,
    /// The suites of that chain, first to last.
    pub chain: Vec<String>,
}

/// Returns how a run of these suites would go on a machine with so many slots, if each takes as long as is said. Pure,
/// and without any search for a good order.
///
/// *Shape*: `times` has one entry a selected suite, in their order.
#[must_use]
pub fn predict(
    config: &Config,
    selection: &Selection,
    max_parallel: u32,
    times: &[Duration],
) -> Prediction {
    let suites = declared_suites(config, selection);
    let mut plan = lay_out(
        config,
        &chosen(config, selection),
        suites,
        (max_parallel, None),
    );
    for task in plan.tasks.values_mut() {
        let whole = Expectation {
            duration: times.get(task.suite.index()).copied().unwrap_or_default(),
            spread: Duration::ZERO,
            basis: Basis::Seen,
        };
        task.expected = share(whole, task.shard);
    }
    rank(&mut plan, Effort::NONE);
    let chain = find_longest_path(&plan).into_iter();
    Prediction {
        end: Course::new(&plan).end,
        floor: Floor::new(&plan).path,
        chain: chain.map(|task| plan.name(task).to_owned()).collect(),
    }
}

/// Returns what to expect of a shard: its part of what is known of the whole suite, whose time is the work of all shards.
fn share(whole: Expectation, shard: Option<Shard>) -> Expectation {
    let parts = shard.map_or(1, |shard| shard.count);
    Expectation {
        duration: whole.duration / parts,
        spread: whole.spread / parts,
        ..whole
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

/// Returns how much memory each suite is thought to take, in each of its tasks.
///
/// *Shape*: one entry a suite, with the number of its tasks.
fn wishes(chosen: &[&Suite], past: &[Past]) -> Vec<(Wish, u32)> {
    let suites = chosen.iter().enumerate();
    let wishes = suites.map(|(index, suite)| {
        let learned = past.get(index).and_then(|it| it.memory_bytes);
        let wish = match (suite.memory, learned) {
            (Some(bytes), _) => Wish::Declared(bytes),
            (None, Some(bytes)) => Wish::Learned(bytes),
            (None, None) => Wish::Unknown,
        };
        (wish, suite.tasks())
    });
    wishes.collect()
}

/// Returns how many slots a run gets: what was asked for, but no more than there are descriptors for.
///
/// *Units*: `descriptors` is the soft limit of open files.
#[must_use]
pub fn slots(
    wish: MaxParallel,
    jobserver: JobserverUse,
    processors: Processors,
    descriptors: u64,
) -> u32 {
    let wanted = processors.slots(wish);
    wanted.min(most_slots(jobserver, descriptors)).max(1)
}

/// Returns how many slots a run can have at most, whatever is asked for: as many as there are descriptors for, at least 1.
///
/// *Units*: `descriptors` is the soft limit of open files.
#[must_use]
pub fn most_slots(jobserver: JobserverUse, descriptors: u64) -> u32 {
    let each = match jobserver {
        JobserverUse::Off => DESCRIPTORS_PER_SUITE,
        _ => DESCRIPTORS_PER_SUITE + DESCRIPTORS_PER_JOBSERVER,
    };
    let affordable = descriptors.saturating_sub(OWN_DESCRIPTORS) / each;
    u32::try_from(affordable).unwrap_or(u32::MAX).max(1)
}

/// `memory` is the pool of that and what the suite takes of it.
fn claims(
    suite: &Suite,
    pool_of: &BTreeMap<&str, PoolId>,
    memory: Option<(PoolId, u64)>,
) -> Vec<Claim> {
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
    // A suite that needs much memory waits for that, and the slots need not know of it either.
    let memory = memory.map(|(pool, amount)| Claim { pool, amount });
    groups.chain(memory).chain([slots]).collect()
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
        memory: None,
        shards: Some(suite.tasks()).filter(|&shards| shards != 1),
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
    // What is left of placeholders is for whoever knows which shard is meant.
    let filled = match suite.shards {
        Some(1) => fill(&suite.command, Shard::WHOLE),
        _ => suite.command.clone(),
    };
    let command = match &filled {
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

fn launch(suite: &Suite, shard: Option<Shard>, root: &Path) -> Launch {
    let on_timeout = suite.on_timeout.as_ref();
    let command = match suite.shards {
        None => argv(&suite.command),
        Some(_) => argv(&fill(&suite.command, shard.unwrap_or(Shard::WHOLE))),
    };
    Launch {
        name: suite.name.clone(),
        part: shard.map(|shard| Part {
            shard,
            told: told(&suite.command),
        }),
        argv: command,
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
        cpus: suite.cpus,
        cases: wanted(&suite.cases),
        leftovers: suite.terms.leftovers.value,
        threads: None,
    }
}

/// Returns a command with the placeholders of shards replaced.
fn fill(command: &Command, shard: Shard) -> Command {
    match command {
        Command::Shell(text) => Command::Shell(shard.fill(text)),
        Command::Argv(words) => Command::Argv(words.iter().map(|it| shard.fill(it)).collect()),
    }
}

fn told(command: &Command) -> Told {
    let by_words = match command {
        Command::Shell(text) => names_a_shard(text),
        Command::Argv(words) => words.iter().any(|it| names_a_shard(it)),
    };
    if by_words {
        Told::ByWords
    } else {
        Told::ByVariables
    }
}

/// Returns where the test cases of a suite are looked for.
fn wanted(cases: &Cases) -> Wanted {
    match cases {
        Cases::Off => Wanted::Nothing,
        Cases::Auto => Wanted::Whatever,
        Cases::In {
            format,
            files: None,
        } => Wanted::Usual(*format),
        Cases::In {
            format,
            files: Some(pattern),
        } => Wanted::Files(*format, Box::new(pattern.clone())),
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
        let eight = Processors {
            usable: 8,
            allowed: 8,
            online: 8,
        };
        let off = |wish, descriptors| slots(wish, JobserverUse::Off, eight, descriptors);
        assert_eq!(off(MaxParallel::Auto, 1024), 8);
        assert_eq!(off(MaxParallel::Count(3), 1024), 3);
        assert_eq!(off(MaxParallel::Percent(50), 1024), 4);
        assert_eq!(off(MaxParallel::Percent(1), 1024), 1);
        assert_eq!(off(MaxParallel::Count(99_999_999), 1024), 250);
        assert_eq!(off(MaxParallel::Count(100), 64), 10);
        assert_eq!(off(MaxParallel::Count(5), 3), 1);
        assert_eq!(
            slots(MaxParallel::Count(100), JobserverUse::Pipe, eight, 94),
            10
        );
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
