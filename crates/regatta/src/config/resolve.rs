//! From a document and what the command line said to a checked configuration.
//!
//! Order of precedence, weakest first: default, `[run]`, profile, suite, variable, flag; the last
//! two arrive as one [`Overrides`].

use std::collections::BTreeSet;
use std::path::PathBuf;

use regatta_core::terms::{Expect, FailFast, FlakyVerdict, Retries};

use super::check_cache::check_cache;
use super::check_dependencies::check_dependencies;
use super::check_suites::{check_fast_excludes, check_names};
use super::declaration::{Root, RunTable, SuiteTable};
use super::display::{list_categories, list_groups};
use super::document::Document;
use super::layers::{default_run, overlay_run, overlay_terms};
use super::model::{CacheUse, Cases, Config, InputPattern, Reuse, Run, Suite, Terms};
use super::setting::{Ci, Origin, Setting};
use super::table::Entry;
use super::value::MaxParallel;
use crate::diagnostic::{Diagnostic, Diagnostics, Source, find_similar, quote};

/// The category of suites that name none.
pub(super) const DEFAULT_CATEGORY: &str = "test";

/// What flags and variables say; each wins over the file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// The profile to use.
    pub profile: Option<String>,
    /// Slots that suites share.
    pub max_parallel: Option<Setting<MaxParallel>>,
    /// What the first failure does.
    pub fail_fast: Option<Setting<FailFast>>,
    /// Folder of logs and reports.
    pub log_dir: Option<Setting<PathBuf>>,
    /// Retries of every suite.
    pub retries: Option<Setting<Retries>>,
    /// Verdict of passes that needed a retry.
    pub flaky: Option<Setting<FlakyVerdict>>,
    /// Whether defaults are those for continuous integration.
    pub ci: Ci,
}

/// Returns the configuration that holds for a run.
///
/// # Errors
///
/// Every mistake in the document, in profiles that were not chosen too.
pub fn resolve(document: &Document, overrides: &Overrides) -> Result<Config, Diagnostics> {
    let Document { root, source, .. } = document;
    let mut problems = document.problems.clone();
    problems.extend(check_names(root, source));
    problems.extend(check_dependencies(root, source));
    problems.extend(check_fast_excludes(root));
    problems.extend(check_cache(root));
    let profile = find_profile(root, overrides, source).unwrap_or_else(|problem| {
        problems.push(problem);
        None
    });
    if !problems.is_empty() {
        return Err(Diagnostics::new(source.clone(), problems));
    }

    let run = resolve_run(document, profile, overrides);
    let suites: Vec<Suite> = root
        .suites
        .entries()
        .iter()
        .filter_map(|entry| resolve_suite(entry, &run.terms, overrides, source))
        .collect();
    Ok(Config {
        root: document.folder.clone(),
        file: document.file.clone(),
        source: source.clone(),
        file_name: source.name().to_owned(),
        profile: overrides.profile.clone(),
        categories: list_categories(root, &suites),
        groups: list_groups(root, &suites),
        run,
        suites,
    })
}

fn find_profile<'a>(
    root: &'a Root,
    overrides: &Overrides,
    source: &Source,
) -> Result<Option<&'a Entry<RunTable>>, Diagnostic> {
    let Some(wanted) = &overrides.profile else {
        return Ok(None);
    };
    let profiles = root.profile.entries();
    if let Some(found) = profiles.iter().find(|profile| profile.name == *wanted) {
        return Ok(Some(found));
    }
    let names = profiles.iter().map(|profile| profile.name.as_str());
    let similar = find_similar(wanted, names.clone())
        .and_then(|similar| profiles.iter().find(|profile| profile.name == similar));
    let help = match similar {
        Some(profile) => {
            let line = source.line(profile.span.start);
            let (name, file) = (quote(&profile.name), source.name());
            format!("did you mean {name}, defined at {file}:{line}?")
        }
        None if profiles.is_empty() => "the file has no `[profile.NAME]`".to_owned(),
        None => format!("profiles: {}", names.collect::<Vec<_>>().join(", ")),
    };
    Err(Diagnostic::nowhere(format!("unknown profile {}", quote(wanted))).help(help))
}

fn resolve_run(
    document: &Document,
    profile: Option<&Entry<RunTable>>,
    overrides: &Overrides,
) -> Run {
    let mut run = default_run(overrides.ci);
    let source = &document.source;
    if let Some(table) = &document.root.run.0 {
        overlay_run(&mut run, &table.value, &|start| Origin::Run {
            line: source.line(start),
        });
    }
    if let Some(profile) = profile {
        overlay_run(&mut run, &profile.table, &|start| Origin::Profile {
            name: profile.name.clone(),
            line: source.line(start),
        });
    }
    override_with(&mut run.max_parallel, overrides.max_parallel.as_ref());
    override_with(&mut run.fail_fast, overrides.fail_fast.as_ref());
    override_with(&mut run.log_dir, overrides.log_dir.as_ref());
    override_terms(&mut run.terms, overrides);
    run
}

fn override_terms(terms: &mut Terms, overrides: &Overrides) {
    override_with(&mut terms.retries, overrides.retries.as_ref());
    override_with(&mut terms.flaky, overrides.flaky.as_ref());
}

fn override_with<T: Clone>(setting: &mut Setting<T>, stronger: Option<&Setting<T>>) {
    if let Some(stronger) = stronger {
        *setting = stronger.clone();
    }
}

/// Returns `None` for a suite without a command, which reading has reported.
fn resolve_suite(
    entry: &Entry<SuiteTable>,
    defaults: &Terms,
    overrides: &Overrides,
    source: &Source,
) -> Option<Suite> {
    let table = &entry.table;
    let mut terms = defaults.clone();
    overlay_terms(&mut terms, &table.terms, &|start| Origin::Suite {
        line: source.line(start),
    });
    override_terms(&mut terms, overrides);
    let mut groups = BTreeSet::new();
    let mut parallel_group = table.parallel_group.names();
    parallel_group.retain(|group| groups.insert(group.clone()));
    Some(Suite {
        name: entry.name.clone(),
        command: table.command.value()?,
        description: table.description.value().unwrap_or_default(),
        category: table
            .category
            .value()
            .unwrap_or_else(|| DEFAULT_CATEGORY.to_owned()),
        tags: table.tags.names(),
        owner: table.owner.value(),
        dir: table.dir.value().unwrap_or_else(|| ".".into()),
        env: table.env.value().unwrap_or_default(),
        depends_on: table.depends_on.names(),
        parallel_group,
        cpus: table.cpus.value().unwrap_or(1),
        memory: table.memory.value(),
        shards: table.shards.value(),
        expect: table.expect.value().unwrap_or(Expect::Pass),
        skip_exit_code: table
            .skip_exit_code
            .value()
            .and_then(|code| code.try_into().ok()),
        cases: table.cases.value().unwrap_or(Cases::Auto),
        on_timeout: table.on_timeout.0.as_ref().map(|given| Setting {
            value: given.value.clone(),
            origin: Origin::Suite {
                line: source.line(given.span.start),
            },
        }),
        reuse: resolve_reuse(table),
        terms,
        quarantine: None,
        line: source.line(entry.span.start),
    })
}

fn resolve_reuse(table: &SuiteTable) -> Option<Reuse> {
    let inputs = table.inputs.value()?.into_iter();
    let outputs = table.outputs.value().unwrap_or_default().into_iter();
    Some(Reuse {
        inputs: inputs
            .map(|it| InputPattern {
                pattern: it.value,
                span: it.span,
            })
            .collect(),
        outputs: outputs.map(|it| it.value).collect(),
        env_inputs: table.env_inputs.names(),
        pass_env: table.pass_env.names(),
        tools: table.tools.names(),
        cache: table.cache.value().unwrap_or(CacheUse::On),
    })
}
