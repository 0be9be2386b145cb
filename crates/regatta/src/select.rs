//! Which suites a run is about: filters over a configuration. Pure; reads no clock, file or history.

use std::collections::{BTreeMap, BTreeSet};

use globset::Glob;

use crate::config::{Config, Suite};
use crate::diagnostic::{Diagnostic, Diagnostics, Source, find_similar, quote};

/// What the command line asks for. Each list holds names and globs; an empty list asks for nothing
/// in particular. A suite must satisfy every list.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    /// Categories, one of which the suite is in.
    pub categories: Vec<String>,
    /// Suites.
    pub suites: Vec<String>,
    /// Tags, one of which the suite bears.
    pub tags: Vec<String>,
    /// Suites to leave out.
    pub exclude: Vec<String>,
    /// The only suites that may be asked for, where not all may.
    pub only: Option<BTreeSet<String>>,
    /// Whether slow categories are left out.
    pub fast: Fast,
    /// What happens to suites that selected ones depend on.
    pub dependencies: Dependencies,
}

/// Whether the categories in `fast_excludes` are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fast {
    /// They are.
    Yes,
    /// They are not.
    #[default]
    No,
}

/// What happens to suites that selected ones depend on and that were not asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dependencies {
    /// They come along.
    #[default]
    Add,
    /// They do not run; the suites that depend on them do.
    Leave,
}

/// The suites of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Indices into [`Config::suites`], ascending; empty when no suite satisfies every filter.
    pub suites: Vec<usize>,
    /// Those of `suites` that are there only because others depend on them; ascending.
    pub added: Vec<usize>,
}

/// Returns the suites that satisfy every filter, and what they depend on.
///
/// # Errors
///
/// Every name that does not exist, every glob that matches nothing, and every dependency that
/// another filter leaves out.
pub fn select(config: &Config, filters: &Filters) -> Result<Selection, Diagnostics> {
    let mut problems = Vec::new();
    let chosen = Chosen::new(config, filters, &mut problems);
    let requested: Vec<usize> = (0..config.suites.len())
        .filter(|index| chosen.requests(*index) && chosen.find_remover(*index).is_none())
        .collect();
    let selection = match filters.dependencies {
        Dependencies::Leave => Selection {
            suites: requested,
            added: Vec::new(),
        },
        Dependencies::Add => add_dependencies(config, &requested, &chosen, &mut problems),
    };
    if problems.is_empty() {
        Ok(selection)
    } else {
        let source = Source::new("the selection".to_owned(), String::new());
        Err(Diagnostics::new(source, problems))
    }
}

/// What each filter asks for; `None` where it asks for nothing in particular.
struct Chosen<'a> {
    suites: &'a [Suite],
    categories: Option<BTreeSet<&'a str>>,
    names: Option<BTreeSet<&'a str>>,
    tags: Option<BTreeSet<&'a str>>,
    only: Option<&'a BTreeSet<String>>,
    excluded: BTreeSet<&'a str>,
    slow: BTreeSet<&'a str>,
}

impl<'a> Chosen<'a> {
    fn new(config: &'a Config, filters: &'a Filters, problems: &mut Vec<Diagnostic>) -> Self {
        let suites = &config.suites;
        let names: BTreeSet<&str> = suites.iter().map(|suite| suite.name.as_str()).collect();
        let tags = suites.iter().flat_map(|suite| &suite.tags);
        let tags: BTreeSet<&str> = tags.map(String::as_str).collect();
        let categories = config.categories.iter();
        let categories = categories.map(|category| category.name.as_str()).collect();
        let slow = match filters.fast {
            Fast::Yes => config.run.fast_excludes.value.as_slice(),
            Fast::No => &[],
        };
        Self {
            suites,
            categories: find_all("category", &filters.categories, &categories, problems),
            names: find_all("suite", &filters.suites, &names, problems),
            tags: find_all("tag", &filters.tags, &tags, problems),
            only: filters.only.as_ref(),
            excluded: find_all("suite", &filters.exclude, &names, problems).unwrap_or_default(),
            slow: categories_in(slow, &categories),
        }
    }

    fn requests(&self, index: usize) -> bool {
        let suite = &self.suites[index];
        let among = |set: &Option<BTreeSet<&str>>, name: &str| {
            set.as_ref().is_none_or(|set| set.contains(name))
        };
        let has_tag =
            |tags: &BTreeSet<&str>| suite.tags.iter().any(|tag| tags.contains(tag.as_str()));
        among(&self.categories, &suite.category)
            && among(&self.names, &suite.name)
            && self.only.is_none_or(|names| names.contains(&suite.name))
            && self.tags.as_ref().is_none_or(has_tag)
    }

    /// Returns the flag that leaves the suite out whatever asks for it.
    fn find_remover(&self, index: usize) -> Option<&'static str> {
        let suite = &self.suites[index];
        if self.excluded.contains(suite.name.as_str()) {
            Some("--exclude")
        } else if self.slow.contains(suite.category.as_str()) {
            Some("--fast")
        } else {
            None
        }
    }
}

fn categories_in<'a>(wanted: &[String], known: &BTreeSet<&'a str>) -> BTreeSet<&'a str> {
    wanted
        .iter()
        .filter_map(|name| known.get(name.as_str()).copied())
        .collect()
}

/// Returns the known names that `wanted` names or matches, `None` when it is empty.
fn find_all<'a>(
    kind: &str,
    wanted: &[String],
    known: &BTreeSet<&'a str>,
    problems: &mut Vec<Diagnostic>,
) -> Option<BTreeSet<&'a str>> {
    if wanted.is_empty() {
        return None;
    }
    let mut found = BTreeSet::new();
    for name in wanted {
        // A name comes first, so that one with a glob's characters can be given as it is.
        if let Some(known) = known.get(name.as_str()) {
            found.insert(*known);
        } else if name.contains(['*', '?', '[', '{']) {
            match find_matches(kind, name, known) {
                Ok(matches) => found.extend(matches),
                Err(problem) => problems.push(problem),
            }
        } else {
            problems.push(unknown_name(kind, name, known));
        }
    }
    Some(found)
}

fn find_matches<'a>(
    kind: &str,
    pattern: &str,
    known: &BTreeSet<&'a str>,
) -> Result<Vec<&'a str>, Diagnostic> {
    let glob = Glob::new(pattern).map_err(|error| {
        let message = format!("{} is not a glob: {}", quote(pattern), error.kind());
        Diagnostic::nowhere(message).help("`*`, `?` and `[abc]` may be used")
    })?;
    let glob = glob.compile_matcher();
    let matches: Vec<&str> = known
        .iter()
        .copied()
        .filter(|name| glob.is_match(name))
        .collect();
    if matches.is_empty() {
        let message = format!("{} matches no {kind}", quote(pattern));
        return Err(Diagnostic::nowhere(message).help("`regatta list` shows all of them"));
    }
    Ok(matches)
}

fn unknown_name(kind: &str, name: &str, known: &BTreeSet<&str>) -> Diagnostic {
    let help = match find_similar(name, known.iter().copied()) {
        Some(similar) => format!("did you mean {}?", quote(similar)),
        None => "`regatta list` shows all of them".to_owned(),
    };
    Diagnostic::nowhere(format!("unknown {kind} {}", quote(name))).help(help)
}

/// Returns `requested` with everything it depends on, however far.
fn add_dependencies(
    config: &Config,
    requested: &[usize],
    chosen: &Chosen<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Selection {
    let numbered = config.suites.iter().enumerate();
    let by_name: BTreeMap<&str, usize> = numbered
        .map(|(index, suite)| (suite.name.as_str(), index))
        .collect();
    let mut selected: BTreeSet<usize> = requested.iter().copied().collect();
    let mut added = BTreeSet::new();
    let mut open = requested.to_vec();
    while let Some(index) = open.pop() {
        let suite = &config.suites[index];
        for name in &suite.depends_on {
            let Some(dependency) = by_name.get(name.as_str()).copied() else {
                continue;
            };
            if let Some(flag) = chosen.find_remover(dependency) {
                problems.push(removed_dependency(&suite.name, name, flag));
            } else if selected.insert(dependency) {
                added.insert(dependency);
                open.push(dependency);
            }
        }
    }
    Selection {
        suites: selected.into_iter().collect(),
        added: added.into_iter().collect(),
    }
}

fn removed_dependency(suite: &str, dependency: &str, flag: &str) -> Diagnostic {
    let suite = quote(suite);
    let message = format!(
        "suite {suite} depends on {}, which {flag} leaves out",
        quote(dependency)
    );
    Diagnostic::nowhere(message).help(format!(
        "leave {suite} out too with --exclude, or run it alone with --no-deps"
    ))
}
