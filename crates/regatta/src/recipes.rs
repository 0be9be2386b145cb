//! From a checked configuration to what decides the results of its suites, in the words of `cache`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use regatta_core::id::{Id, IdMap, TaskId};
use regatta_core::shard::Shard;
use regatta_core::terms::{Expect, Reuse};

use crate::cache::{Claim, Command, PatternSet, Recipe};
use crate::config::{self, CacheUse, Config, Suite};
use crate::pattern::{Pattern, Sense};

/// Characters that a pattern would not take as they are.
const SPECIAL: [char; 8] = ['*', '?', '[', ']', '{', '}', '\\', '!'];

/// Returns what decides the result of each task, `None` for those that run every time. The suites are those of the run,
/// in its order.
#[must_use]
pub fn recipes(
    config: &Config,
    suites: &[&Suite],
    log_dir: &Path,
) -> IdMap<TaskId, Option<Recipe>> {
    let shards = shards_of(suites);
    let claims = config.suites.iter().filter_map(|suite| {
        let outputs = &suite.reuse.as_ref()?.outputs;
        (!outputs.is_empty()).then(|| Claim {
            suite: suite.name.clone(),
            dir: suite.dir.clone(),
            outputs: PatternSet::new(outputs),
        })
    });
    let claims: Arc<[Claim]> = claims.collect();
    let recipes = shards.iter().map(|&(suite, shard)| {
        let suite = suites[suite];
        if reuse_of(suite) == Reuse::Never {
            return None;
        }
        let reuse = suite.reuse.as_ref()?;
        let dependencies = suite.depends_on.iter();
        Some(Recipe {
            suite: suite.name.clone(),
            shard,
            command: match &suite.command {
                config::Command::Shell(line) => Command::Shell(line.clone()),
                config::Command::Argv(words) => Command::Argv(words.clone()),
            },
            dir: suite.dir.clone(),
            env: suite.env.clone(),
            inputs: inputs(config, suite, reuse, log_dir),
            outputs: PatternSet::new(&reuse.outputs),
            foreign: Arc::clone(&claims),
            env_inputs: reuse.env_inputs.clone(),
            pass_env: reuse.pass_env.clone(),
            tools: reuse.tools.clone(),
            dependencies: dependencies
                .flat_map(|name| dependency(name, suites, &shards))
                .collect(),
            may_use: reuse.cache != CacheUse::Off,
            may_keep: reuse.cache == CacheUse::On,
        })
    });
    recipes.collect()
}

/// Returns the place of the suite of each task, and which part of it the task is.
#[must_use]
pub fn shards_of(suites: &[&Suite]) -> Vec<(usize, Option<Shard>)> {
    let tasks = suites.iter().enumerate().flat_map(|(place, suite)| {
        let count = suite.tasks();
        let shard = move |index| (count > 1).then_some(Shard { index, count });
        (0..count).map(move |index| (place, shard(index)))
    });
    tasks.collect()
}

/// Returns the tasks of a suite that another one depends on, each under a name of its own; `None` for its task where the
/// suite is not part of the run.
fn dependency(
    name: &str,
    suites: &[&Suite],
    shards: &[(usize, Option<Shard>)],
) -> Vec<(String, Option<TaskId>)> {
    let tasks = shards.iter().enumerate();
    let own = tasks.filter(|(_, (suite, _))| suites[*suite].name == name);
    let found: Vec<_> = own
        .map(|(task, (_, shard))| {
            let name = shard.map_or_else(|| name.to_owned(), |shard| format!("{name} {shard}"));
            (name, Some(TaskId::from_index(task)))
        })
        .collect();
    if found.is_empty() {
        vec![(name.to_owned(), None)]
    } else {
        found
    }
}

/// Returns whether an earlier result of a suite may be used. Only exit code 0 is ever kept, which is no pass of a suite
/// that is expected to fail; and where several shards make files at the same time, nobody knows whose a file is.
#[must_use]
pub fn reuse_of(suite: &Suite) -> Reuse {
    let Some(reuse) = &suite.reuse else {
        return Reuse::Never;
    };
    let is_shared = suite.tasks() > 1 && !reuse.outputs.is_empty();
    if suite.expect == Expect::Pass && !is_shared {
        Reuse::Possible
    } else {
        Reuse::Never
    }
}

/// Returns the suite's patterns, without what the suite itself makes and without the logs.
fn inputs(config: &Config, suite: &Suite, reuse: &config::Reuse, log_dir: &Path) -> PatternSet {
    let mut set = PatternSet::new(reuse.inputs.iter().map(|it| &it.pattern));
    let made = reuse
        .outputs
        .iter()
        .filter(|it| it.sense() == Sense::Include);
    let made = made.map(|it| suite.dir.join(it.text()));
    let made = made.filter_map(|it| exclude(&suite.dir, it.strip_prefix(&suite.dir).ok()?));
    set.excludes.extend(made);
    if let Ok(inside) = log_dir.strip_prefix(&config.root) {
        set.excludes.extend(exclude(inside, Path::new("")));
    }
    set
}

/// Returns the pattern that excludes what `pattern` matches in `folder`, whose name is taken as it is.
fn exclude(folder: &Path, pattern: &Path) -> Option<Pattern> {
    let mut text = "!".to_owned();
    let folder: PathBuf = folder.components().collect();
    for character in folder.to_str()?.chars() {
        if SPECIAL.contains(&character) {
            text.push('\\');
        }
        text.push(character);
    }
    text.push('/');
    text.push_str(pattern.to_str()?);
    Pattern::parse(&text).ok()
}
