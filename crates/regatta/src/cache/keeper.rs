//! Decides for the tasks of one run whether a kept result holds, and keeps new ones.
//!
//! A result holds when everything that decided it is the same: see [`regatta_core::manifest`]. Whatever is in doubt is a
//! miss. Nothing here fails a run: what goes wrong is a warning, and the suite runs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use regatta_core::cases::CaseList;
use regatta_core::id::{Id, IdMap, TaskId};
use regatta_core::manifest::{Change, Digest, Fact, Manifest, summarise};

use super::contents::Contents;
use super::entry::{Entry, OutputKind};
use super::facts::{Gatherer, ToolMemory, dependency_fact};
use super::hash::{Hasher, digest};
use super::outputs::{self, Made};
use super::parallel::for_each;
use super::question::{Attempted, Explanation, Probed, Settings, Unmatched};
use super::recipe::Recipe;
use super::stat_cache::StatCache;
use super::store::{Found, LIMIT_BYTES, Store};
use super::tree::{PatternSet, Tree};
use super::walk::{Manner, walk};

/// How long a first look at the inputs counts as a look at them now.
const FRESH: Duration = Duration::from_secs(1);

/// Kept results, for one run.
#[derive(Debug)]
pub struct Keeper {
    pub(super) settings: Settings,
    recipes: IdMap<TaskId, Option<Recipe>>,
    /// Every set of inputs, each once.
    sets: Vec<PatternSet>,
    /// By task: its set.
    set_of: IdMap<TaskId, usize>,
    pub(super) store: Store,
    pub(super) stats: StatCache,
    /// A first look at all sets, and when it was taken.
    first: Option<(Tree, Instant)>,
    /// Tasks whose result is there: what others may build on.
    known: BTreeMap<TaskId, Known>,
    /// Tasks that run now.
    pending: BTreeMap<TaskId, Pending>,
    /// The newest result of each suite, and those that are news.
    latest: BTreeMap<String, Digest>,
    latest_news: BTreeMap<String, Digest>,
    has_kept: bool,
    warnings: Vec<String>,
}

/// A result that is there.
#[derive(Debug, Clone, Copy)]
struct Known {
    key: Digest,
    outputs: Digest,
}

/// A task that runs, and what was seen before.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) contents: Arc<Contents>,
    /// Its set in `contents`.
    pub(super) set: usize,
    pub(super) key: Digest,
    pub(super) facts: Vec<Fact>,
}

impl Keeper {
    /// Returns a keeper that has not looked at anything yet.
    #[must_use]
    pub fn new(settings: Settings, recipes: IdMap<TaskId, Option<Recipe>>) -> Self {
        let mut sets: Vec<PatternSet> = Vec::new();
        let mut known = BTreeMap::new();
        let set_of = recipes.values().map(|recipe| {
            let Some(recipe) = recipe else { return 0 };
            *known.entry(name_of(&recipe.inputs)).or_insert_with(|| {
                sets.push(recipe.inputs.clone());
                sets.len() - 1
            })
        });
        let set_of = set_of.collect();
        let store = Store::of_project(&settings.root);
        Self {
            stats: StatCache::default(),
            latest: BTreeMap::new(),
            settings,
            recipes,
            sets,
            set_of,
            store,
            first: None,
            known: BTreeMap::new(),
            pending: BTreeMap::new(),
            latest_news: BTreeMap::new(),
            has_kept: false,
            warnings: Vec::new(),
        }
    }

    /// Returns the keeper for a run whose logs lie here.
    #[must_use]
    pub fn for_logs_in(mut self, log_dir: &Path) -> Self {
        log_dir.clone_into(&mut self.settings.log_dir);
        self
    }

    /// Looks at all inputs, and returns the patterns that match nothing.
    pub fn inspect(&mut self) -> Vec<Unmatched> {
        let tree = walk(&self.settings.root, &self.sets, Manner::Inputs);
        let mut unmatched = Vec::new();
        for task in self.recipes.ids().filter(|&it| self.recipes[it].is_some()) {
            let set = self.set_of[task];
            if tree.problems[set].is_none() {
                let includes = tree.unmatched(set);
                unmatched.extend(includes.map(|include| Unmatched { task, include }));
            }
        }
        self.first = Some((tree, Instant::now()));
        unmatched
    }

    /// Returns how many files the first look found.
    #[must_use]
    pub fn inputs(&self) -> usize {
        let folders = self.first.iter().flat_map(|(tree, _)| &tree.folders);
        folders.map(|it| it.files.len()).sum()
    }

    /// Reads what earlier runs left.
    pub fn recall(&mut self) {
        self.stats = self.store.load_stats();
        self.latest = self.store.load_latest();
    }

    /// Finds out for each task, all of whose dependencies are done, whether a kept result holds, and brings back all
    /// that belongs to those that do.
    pub fn probe(&mut self, tasks: &[TaskId]) -> Vec<Probed> {
        let (contents, set_in) = self.look_at_inputs(tasks);
        let contents = Arc::new(contents);
        let mut sets: Vec<usize> = tasks.iter().map(|&it| set_in[&self.set_of[it]]).collect();
        sets.sort_unstable();
        sets.dedup();
        let digests = for_each(sets.len(), |index| contents.digest_of(sets[index]));
        let digests: BTreeMap<usize, Result<Digest, String>> =
            sets.into_iter().zip(digests).collect();
        let tools = ToolMemory::default();
        let this = &*self;
        let looks = for_each(tasks.len(), |index| {
            let task = tasks[index];
            let set = set_in[&this.set_of[task]];
            this.look_up(task, &contents, set, &digests[&set], &tools)
        });
        let results = tasks.iter().zip(looks);
        results
            .map(|(&task, look)| self.settle(task, look, &contents, &set_in))
            .collect()
    }

    /// Keeps the result of a task that was probed and has passed cleanly since. Returns why not, if that is worth
    /// telling.
    pub fn keep(&mut self, task: TaskId, attempted: &Attempted) -> Option<String> {
        let pending = self.pending.remove(&task)?;
        let recipe = self.recipes[task].as_ref()?;
        let set = &self.sets[self.set_of[task]];
        let now = walk(
            &self.settings.root,
            std::slice::from_ref(set),
            Manner::Inputs,
        );
        if let Some(change) = pending.contents.find_change(pending.set, &now, 0) {
            return Some(format!("{change} before it was done"));
        }
        let dir = recipe.folder(&self.settings.root);
        let made = match outputs::look(&dir, &recipe.outputs, &self.stats) {
            Ok(Made {
                refused: Some(problem),
                ..
            })
            | Err(problem) => return Some(problem),
            Ok(made) => made,
        };
        // To bring back one of their results would undo the other.
        let mut files = made
            .outputs
            .iter()
            .filter(|it| it.kind != OutputKind::Folder);
        if let Some((output, rival)) = files.find_map(|it| Some((it, recipe.rival(&it.path)?))) {
            let name = String::from_utf8_lossy(&output.path);
            return Some(format!("output `{name}` is one of suite `{rival}`, too"));
        }
        let known = Known {
            key: pending.key,
            outputs: made.digest,
        };
        if self.settings.may_keep && recipe.may_keep {
            match self.write(recipe, &pending, &made.outputs, attempted) {
                Ok(()) => {
                    self.latest_news
                        .insert(recipe.stem().into_owned(), pending.key);
                    self.has_kept = true;
                }
                Err(error) => {
                    let folder = self.store.folder().display();
                    let text = format!("results cannot be kept in `{folder}`: {error}");
                    self.warn_once("results cannot be kept", text);
                }
            }
        }
        self.known.insert(task, known);
        None
    }

    /// Writes down what was learned, and returns what went wrong, each fit for a warning.
    pub fn close(mut self) -> Vec<String> {
        let mut saved = self.store.save_stats(&self.stats);
        if saved.is_ok() && !self.latest_news.is_empty() {
            saved = self.store.save_latest(&self.latest_news);
        }
        if saved.is_ok() && self.has_kept {
            saved = self.store.measure().and_then(|size| {
                if size.bytes > LIMIT_BYTES {
                    self.store.collect(LIMIT_BYTES / 10 * 9)?;
                }
                Ok(())
            });
        }
        if let Err(error) = saved
            && self.settings.may_keep
        {
            let folder = self.store.folder().display();
            let text = format!("results cannot be kept in `{folder}`: {error}");
            self.warn_once("results cannot be kept", text);
        }
        self.warnings
    }

    /// Returns what decides a task's result, given those of the tasks before it, and what is kept for it. Changes
    /// nothing.
    ///
    /// # Errors
    /// What makes it unknowable, in words for people.
    pub fn explain(&mut self, task: TaskId) -> Result<Explanation, String> {
        let (contents, set_in) = self.look_at_inputs(&[task]);
        let set = set_in[&self.set_of[task]];
        let tools = ToolMemory::default();
        let (key, facts) = self.key_of(task, &contents.digest_of(set), &tools)?;
        let inputs = contents.inputs_of(set)?;
        let manifest = Manifest { facts, inputs };
        let recipe = self.recipes[task].as_ref().ok_or("it has no inputs")?;
        let mut probed = Probed::miss(task, Some(key), String::new());
        let mut changes = Vec::new();
        let found = self.find_usable(recipe, key);
        if let Ok(Some(entry)) = found {
            probed.hit = true;
            probed.reason = made_at(&entry);
            probed.saved = entry.duration;
            let dir = recipe.folder(&self.settings.root);
            if let Ok(made) = outputs::look(&dir, &recipe.outputs, &self.stats) {
                let outputs = made.digest;
                self.known.insert(task, Known { key, outputs });
            }
        } else {
            changes = self.changes_since_latest(&recipe.stem(), &manifest);
            probed.reason = self.describe_miss(recipe, &changes);
        }
        Ok(Explanation {
            manifest,
            key,
            probed,
            changes,
        })
    }

    /// Reads the inputs of some tasks, and returns the place of each of their sets in what was read.
    fn look_at_inputs(&mut self, tasks: &[TaskId]) -> (Contents, BTreeMap<usize, usize>) {
        let mut sets: Vec<usize> = tasks.iter().map(|&it| self.set_of[it]).collect();
        sets.sort_unstable();
        sets.dedup();
        let first = self
            .first
            .take()
            .filter(|(_, taken)| taken.elapsed() < FRESH);
        if let Some((tree, _)) = first {
            let places = sets.into_iter().map(|it| (it, it)).collect();
            return (Contents::read(tree, &self.stats), places);
        }
        let patterns: Vec<PatternSet> = sets.iter().map(|&it| self.sets[it].clone()).collect();
        let tree = walk(&self.settings.root, &patterns, Manner::Inputs);
        let places = sets
            .into_iter()
            .enumerate()
            .map(|(place, set)| (set, place));
        (Contents::read(tree, &self.stats), places.collect())
    }

    fn key_of(
        &self,
        task: TaskId,
        inputs: &Result<Digest, String>,
        tools: &ToolMemory,
    ) -> Result<(Digest, Vec<Fact>), String> {
        let recipe = self.recipes[task].as_ref().ok_or("it has no inputs")?;
        let mut dependencies = Vec::new();
        for (name, dependency) in &recipe.dependencies {
            let Some(dependency) = dependency else {
                return Err(format!(
                    "it depends on {name}, which is not part of this run"
                ));
            };
            let Some(known) = self.known.get(dependency) else {
                return Err(match &self.recipes[*dependency] {
                    None => format!("it depends on {name}, which declares no inputs"),
                    Some(_) => format!("it depends on {name}, whose result cannot be reused"),
                });
            };
            dependencies.push(dependency_fact(name, known.key, known.outputs));
        }
        let inputs = inputs.clone()?;
        let gatherer = Gatherer {
            root: &self.settings.root,
            surroundings: &self.settings.surroundings,
            stats: &self.stats,
            tools,
        };
        let mut facts = gatherer.facts(recipe)?;
        facts.extend(dependencies);
        let mut hasher = Hasher::default();
        Manifest::encode_key(&facts, inputs, &mut |part| hasher.update(part));
        Ok((hasher.finish(), facts))
    }

    fn look_up(
        &self,
        task: TaskId,
        contents: &Contents,
        set: usize,
        inputs: &Result<Digest, String>,
        tools: &ToolMemory,
    ) -> Look {
        let (key, facts) = match self.key_of(task, inputs, tools) {
            Ok(found) => found,
            Err(reason) => return Look::Unknowable(reason),
        };
        let Some(recipe) = &self.recipes[task] else {
            return Look::Unknowable(String::new());
        };
        let mut damage = None;
        match self.find_usable(recipe, key) {
            Ok(Some(entry)) => {
                if self.is_sampled(task) {
                    let reason = format!("{}, runs all the same to verify that", made_at(&entry));
                    return Look::Miss(Missed {
                        key,
                        facts,
                        reason,
                        damage,
                        is_audit: true,
                    });
                }
                let brought = self.bring_back(recipe, &entry);
                match brought.and_then(|outputs| Ok((outputs, self.cases(&entry)?))) {
                    Ok((outputs, cases)) => {
                        return Look::Hit {
                            key,
                            outputs,
                            entry,
                            cases,
                        };
                    }
                    Err(error) => {
                        self.store.remove(key);
                        damage = Some(Damage::Dropped(error.to_string()));
                    }
                }
            }
            Ok(None) => {}
            Err(reason) => damage = Some(reason),
        }
        let reason = match (&damage, contents.inputs_of(set)) {
            (Some(_), _) => "its kept result could not be used".into(),
            (None, Ok(inputs)) => {
                let manifest = Manifest {
                    facts: facts.clone(),
                    inputs,
                };
                let changes = self.changes_since_latest(&recipe.stem(), &manifest);
                self.describe_miss(recipe, &changes)
            }
            (None, Err(reason)) => reason,
        };
        Look::Miss(Missed {
            key,
            facts,
            reason,
            damage,
            is_audit: false,
        })
    }

    /// Returns the kept result that may be used, or why the one there is cannot be believed.
    fn find_usable(&self, recipe: &Recipe, key: Digest) -> Result<Option<Box<Entry>>, Damage> {
        if !self.settings.may_use || !recipe.may_use {
            return Ok(None);
        }
        match self.store.find(key) {
            Found::Entry(entry) => Ok(Some(entry)),
            Found::Nothing => Ok(None),
            Found::Damaged(reason) => Err(Damage::Dropped(reason)),
            Found::Unreadable(error) => Err(Damage::Unreadable(error.to_string())),
        }
    }

    fn describe_miss(&self, recipe: &Recipe, changes: &[Change]) -> String {
        if !self.settings.may_use || !recipe.may_use {
            return "kept results are not used".into();
        }
        if changes.is_empty() && self.latest.contains_key(recipe.stem().as_ref()) {
            return "its kept result is gone".into();
        }
        summarise(changes)
    }

    fn changes_since_latest(&self, suite: &str, now: &Manifest) -> Vec<Change> {
        let latest = self.latest.get(suite).copied();
        let Some(Found::Entry(entry)) = latest.map(|key| self.store.find(key)) else {
            return Vec::new();
        };
        let manifest = self.store.content_bytes(entry.manifest).ok();
        let manifest = manifest.and_then(|it| Manifest::decode(&it));
        manifest.map_or_else(Vec::new, |before| now.changes_since(&before))
    }

    fn settle(
        &mut self,
        task: TaskId,
        look: Look,
        contents: &Arc<Contents>,
        set_in: &BTreeMap<usize, usize>,
    ) -> Probed {
        let suite = self.recipes[task].as_ref().map(|it| it.stem().into_owned());
        let suite = suite.unwrap_or_default();
        match look {
            Look::Unknowable(reason) => Probed::miss(task, None, reason),
            Look::Hit {
                key,
                outputs,
                entry,
                cases,
            } => {
                self.known.insert(task, Known { key, outputs });
                if self.latest.get(&suite) != Some(&key) {
                    self.latest_news.insert(suite, key);
                }
                Probed {
                    hit: true,
                    saved: entry.duration,
                    elided_bytes: entry.elided_bytes,
                    cases,
                    ..Probed::miss(task, Some(key), made_at(&entry))
                }
            }
            Look::Miss(missed) => {
                match missed.damage {
                    None => {}
                    Some(Damage::Dropped(why)) => self.warnings.push(format!(
                        "the kept result of {suite} could not be used and was dropped: {why}"
                    )),
                    Some(Damage::Unreadable(why)) => {
                        let folder = self.store.folder().display();
                        let text = format!("kept results cannot be read in `{folder}`: {why}");
                        self.warn_once("kept results cannot be read", text);
                    }
                }
                let pending = Pending {
                    contents: Arc::clone(contents),
                    set: set_in[&self.set_of[task]],
                    key: missed.key,
                    facts: missed.facts,
                };
                self.pending.insert(task, pending);
                Probed {
                    is_audit: missed.is_audit,
                    ..Probed::miss(task, Some(missed.key), missed.reason)
                }
            }
        }
    }

    fn is_sampled(&self, task: TaskId) -> bool {
        let lot = format!("{} {}", self.settings.run_id, task.index());
        let lot = digest(lot.as_bytes()).0;
        let lot = u32::from_le_bytes([lot[0], lot[1], lot[2], lot[3]]);
        f64::from(lot) < f64::from(u32::MAX) * self.settings.audit_percent / 100.0
            || self.settings.audit_percent >= 100.0
    }

    fn warn_once(&mut self, about: &str, text: String) {
        if !self.warnings.iter().any(|it| it.starts_with(about)) {
            self.warnings.push(text);
        }
    }
}

/// Why a kept result could not be used.
enum Damage {
    /// It could not be believed, and is gone.
    Dropped(String),
    /// The system does not let anybody look.
    Unreadable(String),
}

/// What a look for a task's result brought.
enum Look {
    /// There can be none.
    Unknowable(String),
    /// It holds, and all of it is in place.
    Hit {
        key: Digest,
        outputs: Digest,
        entry: Box<Entry>,
        cases: Option<Box<CaseList>>,
    },
    /// None holds.
    Miss(Missed),
}

struct Missed {
    key: Digest,
    facts: Vec<Fact>,
    reason: String,
    /// Why the one that was there could not be used.
    damage: Option<Damage>,
    is_audit: bool,
}

fn made_at(entry: &Entry) -> String {
    let at = jiff::Timestamp::from_second(entry.stored_at).unwrap_or_default();
    let at = at.to_zoned(jiff::tz::TimeZone::system());
    format!(
        "passed on {} in run {}",
        at.strftime("%F at %T"),
        entry.run_id
    )
}

/// Returns what tells sets apart.
fn name_of(set: &PatternSet) -> Vec<String> {
    let patterns = set.includes.iter().chain(&set.excludes);
    patterns.map(|it| it.text().to_owned()).collect()
}
