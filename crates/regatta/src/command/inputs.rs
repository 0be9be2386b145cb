//! What commands share that look at the inputs of suites: a keeper of results, and patterns that match nothing.

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::setup;
use crate::cache::{Keeper, Settings, Surroundings, Unmatched};
use crate::cli::{CacheChoice, CommandFailure, RunArgs};
use crate::config::{Config, Suite};
use crate::diagnostic::{Diagnostic, Diagnostics, quote};
use crate::recipes::recipes;

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
    let problems: Vec<Diagnostic> = keeper
        .inspect()
        .into_iter()
        .filter_map(|it| describe(config, suites, it))
        .collect();
    if problems.is_empty() {
        Ok((wish.choice != CacheChoice::Off).then_some(keeper))
    } else {
        Err(Diagnostics::new(config.source.clone(), problems).into())
    }
}

/// Returns what is wrong with a pattern that matches nothing, unless a suite before this one may make what it matches.
fn describe(config: &Config, suites: &[&Suite], unmatched: Unmatched) -> Option<Diagnostic> {
    use regatta_core::id::Id;
    let suite = suites[unmatched.task.index()];
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
        if places.any(|it| std::path::Path::new(base).starts_with(it)) {
            return true;
        }
    }
    false
}
