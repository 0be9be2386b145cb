//! What commands share that look at the inputs of suites: a keeper of results, and patterns that match nothing.

use std::path::Path;

use clap::ArgMatches;
use clap::parser::ValueSource;
use regatta_core::id::Id;
use regatta_core::verdict::{Failure, Verdict};

use super::output::complain;
use super::setup;
use crate::cache::{Keeper, Settings, Store, Surroundings, Unmatched};
use crate::cli::{CacheChoice, CommandFailure, RunArgs};
use crate::config::{Config, Suite};
use crate::diagnostic::{Diagnostic, Diagnostics, quote};
use crate::drive::Outcome;
use crate::recipes::{recipes, shards_of};
use crate::report::record::Record;
use crate::select::Selection;

/// What a run wants of kept results, and who it is.
pub(super) struct Wish {
    /// Which of them are used, and whether new ones are kept.
    pub(super) choice: CacheChoice,
    /// How many of a hundred hits run all the same.
    pub(super) audit_percent: f64,
    /// The run's id.
    pub(super) run_id: String,
    /// Where logs are brought back to, absolute.
    pub(super) log_dir: std::path::PathBuf,
}

/// Returns what is wanted of kept results. A flag wins over a variable, also where one says no and the other yes.
pub(super) fn choice(args: &RunArgs, matches: &ArgMatches) -> CacheChoice {
    let on_line = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    let is_overruled = on_line("cache") && !on_line("no_cache");
    if args.no_cache && !is_overruled {
        CacheChoice::Off
    } else {
        args.cache
    }
}

/// Returns who knows whether results of these suites hold, after a look at their inputs; nobody if none of them has any
/// or nobody wants to know.
///
/// # Errors
/// Patterns that match no file, all of them.
pub(super) fn keeper(
    config: &Config,
    suites: &[&Suite],
    wish: Wish,
) -> Result<Option<Keeper>, CommandFailure> {
    let all = recipes(config, suites, &wish.log_dir);
    if all.values().all(Option::is_none) {
        return Ok(None);
    }
    let mut keeper = Keeper::new(
        Settings {
            root: config.root.clone(),
            log_dir: wish.log_dir,
            surroundings: Surroundings::of_process(&setup::own_variables()),
            may_use: matches!(wish.choice, CacheChoice::Read | CacheChoice::Rw),
            may_keep: matches!(wish.choice, CacheChoice::Write | CacheChoice::Rw),
            audit_percent: wish.audit_percent,
            run_id: wish.run_id,
        },
        all,
    );
    let shards = shards_of(suites);
    let unmatched = keeper.inspect().into_iter();
    let problems = unmatched.filter_map(|it| {
        let (suite, shard) = shards[it.task.index()];
        // All shards of a suite have the same patterns.
        let is_news = shard.is_none_or(|shard| shard.index == 0);
        describe(config, suites[suite], it).filter(|_| is_news)
    });
    let problems: Vec<Diagnostic> = problems.collect();
    if problems.is_empty() {
        Ok((wish.choice != CacheChoice::Off).then_some(keeper))
    } else {
        Err(Diagnostics::new(config.source.clone(), problems).into())
    }
}

/// Returns what is wrong with a pattern that matches nothing, unless a suite before this one may make what it matches.
fn describe(config: &Config, suite: &Suite, unmatched: Unmatched) -> Option<Diagnostic> {
    let reuse = suite.reuse.as_ref()?;
    let includes = reuse.inputs.iter();
    let mut includes = includes.filter(|it| it.pattern.sense() == crate::pattern::Sense::Include);
    let input = includes.nth(unmatched.include)?;
    if is_made_before(config, suite, input.pattern.base()) {
        return None;
    }
    let name = quote(&suite.name);
    let message = format!(
        "input pattern {} of suite {name} matches no file",
        quote(input.pattern.text())
    );
    let diagnostic = Diagnostic::at(input.span.clone(), message);
    let diagnostic =
        diagnostic.note("a file that does not exist cannot tell that something changed");
    Some(diagnostic.help(
        "correct the pattern, or remove it; what git ignores counts only if a pattern names it, or the folder it is in",
    ))
}

/// Returns whether a place lies where a suite before this one has its outputs.
fn is_made_before(config: &Config, suite: &Suite, base: &str) -> bool {
    let mut names: Vec<&String> = suite.depends_on.iter().collect();
    let mut seen = 0;
    while let Some(&name) = names.get(seen) {
        seen += 1;
        let Some(before) = config.suites.iter().find(|it| it.name == *name) else {
            continue;
        };
        names.extend(
            before
                .depends_on
                .iter()
                .filter(|it| !names.contains(it))
                .collect::<Vec<_>>(),
        );
        let outputs = before.reuse.iter().flat_map(|it| &it.outputs);
        let mut places = outputs.map(|it| {
            let place = before.dir.join(it.base());
            let names = place
                .components()
                .filter(|it| *it != std::path::Component::CurDir);
            names.collect::<std::path::PathBuf>()
        });
        if places.any(|it| Path::new(base).starts_with(it)) {
            return true;
        }
    }
    false
}

/// Returns who knows whether the results of the selected suites hold, after a look at their inputs.
pub(super) fn look_for_run(
    args: &RunArgs,
    config: &Config,
    selection: &Selection,
    choice: CacheChoice,
    run_id: &str,
) -> Result<Option<Keeper>, CommandFailure> {
    let chosen = selection.suites.iter();
    let suites: Vec<_> = chosen.map(|&index| &config.suites[index]).collect();
    let wish = Wish {
        choice,
        audit_percent: args.verify_cache.unwrap_or(0.0),
        run_id: run_id.to_owned(),
        log_dir: setup::log_dir(config),
    };
    keeper(config, &suites, wish)
}

/// Tells of suites that did not pass although a kept result says that they do, and forgets those results.
pub(super) fn tell_audits(record: &Record, outcome: &Outcome, project: &Path) {
    for (task, probed) in &outcome.audits {
        let name = record.label(*task);
        let what = match &record.tasks[task.index()].verdict {
            Some(Verdict::Failed(Failure::Infrastructure(_))) => continue,
            Some(Verdict::Failed(_)) => "failed",
            Some(Verdict::Flaky) => "passed only at a later attempt",
            _ => continue,
        };
        if let Some(key) = probed.key {
            Store::of_project(project).remove(key);
        }
        complain(&CommandFailure::Infrastructure(format!(
            "the cache was wrong about {name}: it {}, and {what} now; something that its `inputs`, `env_inputs` and `tools` do not name decides its result",
            probed.reason.split(", runs all").next().unwrap_or_default()
        )));
    }
}
