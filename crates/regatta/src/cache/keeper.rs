//! Decides for the tasks of one run whether a kept result holds, and keeps new ones.
//!
//! A result holds when everything that decided it is the same: see [`regatta_core::manifest`]. Whatever is in doubt is a
//! miss. Nothing here fails a run: what goes wrong is a warning, and the suite runs.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use regatta_core::id::{Id, IdMap, TaskId};
use regatta_core::manifest::{Digest, Fact, Manifest, summarise};
use regatta_process::fault::{self, Operation};
use rustix::fs::OFlags;

use super::contents::Contents;
use super::entry::{Entry, Log};
use super::environment::Surroundings;
use super::facts::{Gatherer, ToolMemory, dependency_fact};
use super::hash::{Hasher, digest};
use super::outputs::{self, Made};
use super::parallel::for_each;
use super::recipe::Recipe;
use super::stat_cache::StatCache;
use super::store::{Found, LIMIT_BYTES, Store};
use super::walk::{Manner, PatternSet, Tree, walk};

/// Logs up to this length are part of their entry.
const MOST_INLINE_BYTES: u64 = 8 << 10;

/// How long a first look at the inputs counts as a look at them now.
const FRESH: Duration = Duration::from_secs(1);

/// What a run wants of kept results.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The configuration's folder.
    pub root: PathBuf,
    /// Where logs are brought back to, absolute.
    pub log_dir: PathBuf,
    /// The variables of this process.
    pub surroundings: Surroundings,
    /// Whether kept results are used.
    pub may_use: bool,
    /// Whether new results are kept.
    pub may_keep: bool,
    /// How many of a hundred hits run all the same.
    pub audit_percent: f64,
    /// The run's id; decides which.
    pub run_id: String,
}

/// Kept results, for one run.
#[derive(Debug)]
pub struct Keeper {
    settings: Settings,
    recipes: IdMap<TaskId, Option<Recipe>>,
    /// Every set of inputs, each once.
    sets: Vec<PatternSet>,
    /// By task: its set.
    set_of: IdMap<TaskId, usize>,
    store: Store,
    stats: StatCache,
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
struct Pending {
    contents: Arc<Contents>,
    /// Its set in `contents`.
    set: usize,
    key: Digest,
    facts: Vec<Fact>,
}

/// The answer about one task.
#[derive(Debug, Clone)]
pub struct Probed {
    /// Which task.
    pub task: TaskId,
    /// The digest of all that decides its result, if that could be known.
    pub key: Option<Digest>,
    /// Whether a kept result holds, and all of it is in place.
    pub hit: bool,
    /// Why not, for people, empty where nothing was ever kept; or when it was made.
    pub reason: String,
    /// How long the attempt took whose result holds.
    pub saved: Duration,
    /// Bytes that are missing in the log that was brought back.
    pub elided_bytes: u64,
    /// Whether a kept result holds, and the suite runs all the same so that it shows whether it should.
    pub is_audit: bool,
}

/// What is measured of an attempt whose result is to be kept.
#[derive(Debug, Clone, Copy)]
pub struct Attempted {
    /// How long it took.
    pub duration: Duration,
    /// Bytes that its log does not have.
    pub elided_bytes: u64,
}

/// What decides a task's result now, and what is kept for it.
#[derive(Debug)]
pub struct Explanation {
    /// Everything that decides it.
    pub manifest: Manifest,
    /// Its key.
    pub key: Digest,
    /// What a run would do with it.
    pub probed: Probed,
    /// What has changed since the newest kept result of the suite.
    pub changes: Vec<regatta_core::manifest::Change>,
}

/// A pattern that matches no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unmatched {
    /// Whose it is.
    pub task: TaskId,
    /// Its place among the suite's includes.
    pub include: usize,
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
    pub fn keep(&mut self, task: TaskId, attempted: Attempted) -> Option<String> {
        let pending = self.pending.remove(&task)?;
        let recipe = self.recipes[task].as_ref()?;
        let set = &self.sets[self.set_of[task]];
        let now = walk(
            &self.settings.root,
            std::slice::from_ref(set),
            Manner::Inputs,
        );
        if let Some(change) = pending.contents.find_change(pending.set, &now, 0) {
            return Some(format!("{change} while it ran"));
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
        let known = Known {
            key: pending.key,
            outputs: made.digest,
        };
        if self.settings.may_keep && recipe.may_keep {
            match self.write(recipe, &pending, &made.outputs, attempted) {
                Ok(()) => {
                    self.latest_news.insert(recipe.suite.clone(), pending.key);
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
        if saved
            .as_ref()
            .is_err_and(|it| it.kind() == io::ErrorKind::NotFound)
        {
            saved = self
                .store
                .prepare()
                .and_then(|()| self.store.save_stats(&self.stats));
        }
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
            changes = self.changes_since_latest(&recipe.suite, &manifest);
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
                match self.bring_back(recipe, &entry) {
                    Ok(outputs) => {
                        return Look::Hit {
                            key,
                            outputs,
                            entry,
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
                let changes = self.changes_since_latest(&recipe.suite, &manifest);
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

    fn describe_miss(&self, recipe: &Recipe, changes: &[regatta_core::manifest::Change]) -> String {
        if !self.settings.may_use || !recipe.may_use {
            return "kept results are not used".into();
        }
        if changes.is_empty() && self.latest.contains_key(&recipe.suite) {
            return "its kept result is gone".into();
        }
        summarise(changes)
    }

    fn changes_since_latest(
        &self,
        suite: &str,
        now: &Manifest,
    ) -> Vec<regatta_core::manifest::Change> {
        let latest = self.latest.get(suite).copied();
        let Some(Found::Entry(entry)) = latest.map(|key| self.store.find(key)) else {
            return Vec::new();
        };
        let manifest = self.store.content_bytes(entry.manifest).ok();
        let manifest = manifest.and_then(|it| Manifest::decode(&it));
        manifest.map_or_else(Vec::new, |before| now.changes_since(&before))
    }

    /// Puts outputs and log where the suite would have left them; returns the digest of all outputs there are then.
    fn bring_back(&self, recipe: &Recipe, entry: &Entry) -> io::Result<Digest> {
        let dir = recipe.folder(&self.settings.root);
        let look = || outputs::look(&dir, &recipe.outputs, &self.stats).map_err(io::Error::other);
        let mut made = look()?;
        if !entry.outputs.iter().all(|it| made.outputs.contains(it)) {
            outputs::restore(&self.store, &dir, &entry.outputs, &made)?;
            made = look()?;
            if let Some(missing) = entry.outputs.iter().find(|it| !made.outputs.contains(it)) {
                let path = String::from_utf8_lossy(&missing.path).into_owned();
                return Err(io::Error::other(format!(
                    "output `{path}` is not in its place"
                )));
            }
        }
        let path = self.settings.log_dir.join(format!("{}.log", recipe.suite));
        let mut flags = File::options();
        flags.write(true).create(true).truncate(true);
        flags.custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
        fault::check(Operation::Open)?;
        let mut content = match &entry.log {
            Log::Inline(bytes) => {
                fault::check(Operation::Write)?;
                flags.open(path)?.write_all(bytes)?;
                return Ok(made.digest);
            }
            Log::Content(digest) => self.store.content(*digest)?,
        };
        fault::check(Operation::Write)?;
        io::copy(&mut content, &mut flags.open(path)?)?;
        Ok(made.digest)
    }

    fn settle(
        &mut self,
        task: TaskId,
        look: Look,
        contents: &Arc<Contents>,
        set_in: &BTreeMap<usize, usize>,
    ) -> Probed {
        let suite = self.recipes[task].as_ref().map(|it| it.suite.clone());
        let suite = suite.unwrap_or_default();
        match look {
            Look::Unknowable(reason) => Probed::miss(task, None, reason),
            Look::Hit {
                key,
                outputs,
                entry,
            } => {
                self.known.insert(task, Known { key, outputs });
                if self.latest.get(&suite) != Some(&key) {
                    self.latest_news.insert(suite, key);
                }
                Probed {
                    hit: true,
                    saved: entry.duration,
                    elided_bytes: entry.elided_bytes,
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

    fn write(
        &self,
        recipe: &Recipe,
        pending: &Pending,
        made: &[super::entry::Output],
        attempted: Attempted,
    ) -> io::Result<()> {
        self.store.prepare()?;
        let inputs = pending
            .contents
            .inputs_of(pending.set)
            .map_err(io::Error::other)?;
        let manifest = Manifest {
            facts: pending.facts.clone(),
            inputs,
        };
        outputs::keep(&self.store, &recipe.folder(&self.settings.root), made)?;
        let entry = Entry {
            key: pending.key,
            suite: recipe.suite.clone(),
            run_id: self.settings.run_id.clone(),
            stored_at: super::stat::now_ns() / 1_000_000_000,
            duration: attempted.duration,
            elided_bytes: attempted.elided_bytes,
            log: self.keep_log(&recipe.suite)?,
            manifest: self.store.keep_bytes(&manifest.encode())?,
            outputs: made.to_vec(),
        };
        self.store.keep(&entry)
    }

    fn keep_log(&self, suite: &str) -> io::Result<Log> {
        let mut log = File::open(self.settings.log_dir.join(format!("{suite}.log")))?;
        if log.metadata()?.len() > MOST_INLINE_BYTES {
            return Ok(Log::Content(self.store.keep_content(&mut log)?));
        }
        let mut bytes = Vec::new();
        log.read_to_end(&mut bytes)?;
        Ok(Log::Inline(bytes))
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

impl Probed {
    /// Returns that no result holds.
    #[must_use]
    pub fn miss(task: TaskId, key: Option<Digest>, reason: String) -> Self {
        Self {
            task,
            key,
            hit: false,
            reason,
            saved: Duration::ZERO,
            elided_bytes: 0,
            is_audit: false,
        }
    }
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
