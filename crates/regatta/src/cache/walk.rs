//! One walk over a folder for many sets of patterns: each directory is read once, each file that somebody wants is
//! looked at once, on all CPUs.
//!
//! Contents are not read here, and nothing is said about why a set is wanted.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use regatta_core::manifest::Digest;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawDir, openat, readlinkat, statat};
use rustix::io::Errno;

use super::ignored::{FILE_NAME, Ignored, Kind};
use super::parallel::on_all_threads;
use super::stat::FileStat;
use crate::pattern::{Pattern, Sense};

/// Folders that no pattern enters unless it names them.
const PRIVATE: [&[u8]; 2] = [b".git", b".regatta"];

/// Patterns that together say which files somebody wants.
#[derive(Debug, Clone, Default)]
pub struct PatternSet {
    /// What is wanted.
    pub includes: Vec<Pattern>,
    /// What is not, whatever the others say.
    pub excludes: Vec<Pattern>,
}

/// How a folder is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// For inputs: without what git ignores, and through a link that a pattern names on its way.
    Inputs,
    /// For outputs: whatever git thinks of them, and through no link.
    Outputs,
}

/// What a walk found.
#[derive(Debug)]
pub(super) struct Tree {
    /// The folder that was walked, `None` if it could not be opened.
    pub(super) root: Option<OwnedFd>,
    /// Each after the folder it is in, in the order of a walk that visits names in byte order.
    pub(super) folders: Vec<Folder>,
    /// By set: the folders where it matches something, and what.
    pub(super) found: Vec<Vec<(u32, Matches)>>,
    /// By set: whether each include matched some file.
    pub(super) matched: Vec<Vec<bool>>,
    /// By set: what could not be read, the first in the order of paths.
    pub(super) problems: Vec<Option<String>>,
}

/// A folder and the files in it that somebody wants.
#[derive(Debug, Default)]
pub(super) struct Folder {
    /// From the root, without a `/` at the end; empty for the root.
    pub(super) path: Box<[u8]>,
    /// In byte order of their names.
    pub(super) files: Vec<Entry>,
}

/// Something in a folder.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: Box<[u8]>,
    pub(super) stat: FileStat,
    /// What its content is, once that is known.
    pub(super) digest: Option<Digest>,
    /// Whether it was so young when it was hashed that another change might not show.
    pub(super) young: bool,
    /// Of a link: its text, and what it leads to if that is a file.
    pub(super) link: Option<Box<Link>>,
}

#[derive(Debug)]
pub(super) struct Link {
    pub(super) text: Vec<u8>,
    pub(super) target: Option<FileStat>,
}

/// Which entries of a folder a set matches.
#[derive(Debug, Clone)]
pub(super) enum Matches {
    All,
    /// By their place, ascending.
    Some(Vec<u32>),
}

impl PatternSet {
    /// Sorts patterns by what they mean.
    #[must_use]
    pub fn new<'p>(patterns: impl IntoIterator<Item = &'p Pattern>) -> Self {
        let patterns = patterns.into_iter().cloned();
        let (includes, excludes) = patterns.partition(|it| it.sense() == Sense::Include);
        Self { includes, excludes }
    }

    fn excludes_entry(&self, path: &[u8]) -> bool {
        self.excludes.iter().any(|it| it.matches(path))
    }

    fn excludes_on_the_way(&self, path: &[u8]) -> bool {
        self.excludes
            .iter()
            .any(|it| it.matches_path_or_folder(path))
    }
}

impl Tree {
    /// Returns every entry that a set matches, with its folder, in the order of the walk.
    pub(super) fn entries(&self, set: usize) -> impl Iterator<Item = (&Folder, &Entry)> {
        self.found[set].iter().flat_map(|(folder, matches)| {
            let folder = &self.folders[*folder as usize];
            let (all, some): (&[Entry], &[u32]) = match matches {
                Matches::All => (&folder.files, &[]),
                Matches::Some(places) => (&[], places),
            };
            let some = some.iter().map(|&place| &folder.files[place as usize]);
            all.iter().chain(some).map(move |entry| (folder, entry))
        })
    }

    /// Returns the places of the includes of a set that matched no file.
    pub(super) fn unmatched(&self, set: usize) -> impl Iterator<Item = usize> {
        let matched = self.matched[set].iter().enumerate();
        matched
            .filter(|(_, found)| !**found)
            .map(|(place, _)| place)
    }
}

impl Folder {
    /// Writes the path of an entry over `path`.
    pub(super) fn path_of(&self, entry: &Entry, path: &mut Vec<u8>) {
        path.clear();
        if !self.path.is_empty() {
            path.extend_from_slice(&self.path);
            path.push(b'/');
        }
        path.extend_from_slice(&entry.name);
    }
}

/// Walks `root` for all sets at once.
#[must_use]
pub(super) fn walk(root: &Path, sets: &[PatternSet], manner: Manner) -> Tree {
    let mut tree = Tree {
        root: None,
        folders: Vec::new(),
        found: vec![Vec::new(); sets.len()],
        matched: sets
            .iter()
            .map(|it| vec![false; it.includes.len()])
            .collect(),
        problems: vec![None; sets.len()],
    };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = match openat(CWD, root, flags, Mode::empty()) {
        Ok(folder) => folder,
        Err(error) => {
            for problem in &mut tree.problems {
                *problem = Some(format!("cannot read `{}`: {error}", root.display()));
            }
            return tree;
        }
    };
    let walker = Walker {
        root: folder,
        sets,
        manner,
        queue: Mutex::default(),
        changed: Condvar::new(),
    };
    let mut names = NameNode::default();
    let mut active = Vec::new();
    for (set, patterns) in sets.iter().enumerate() {
        for (include, pattern) in patterns.includes.iter().enumerate() {
            let start = Active {
                set: index(set),
                include: index(include),
                depth: pattern.depth(),
            };
            if pattern.base().is_empty() {
                active.push(start);
            } else {
                names.add(pattern.base().as_bytes(), start);
            }
        }
    }
    let ignored = match manner {
        Manner::Inputs => Ignored::above(root),
        Manner::Outputs => None,
    };
    walker.push(vec![Job {
        path: Vec::new(),
        names: Some(&names),
        active,
        ignored,
    }]);
    let parts = on_all_threads(|| walker.work());
    let mut visits: Vec<Visit> = parts.into_iter().flatten().collect();
    visits.sort_unstable_by(|a, b| compare_paths(&a.folder.path, &b.folder.path));
    for (place, visit) in visits.into_iter().enumerate() {
        for (set, matches) in visit.found {
            tree.found[set as usize].push((index(place), matches));
        }
        for (set, include) in visit.matched {
            tree.matched[set as usize][include as usize] = true;
        }
        for (set, problem) in visit.problems {
            tree.problems[set as usize].get_or_insert(problem);
        }
        tree.folders.push(visit.folder);
    }
    tree.root = Some(walker.root);
    tree
}

/// Compares name by name, so that what is in a folder follows the folder.
fn compare_paths(a: &[u8], b: &[u8]) -> std::cmp::Ordering {
    let is_slash = |byte: &u8| *byte == b'/';
    a.split(is_slash).cmp(b.split(is_slash))
}

/// Names that lead to the bases of patterns.
#[derive(Debug, Default)]
struct NameNode {
    below: BTreeMap<Vec<u8>, NameNode>,
    /// Patterns whose base this is.
    starts: Vec<Active>,
}

impl NameNode {
    fn add(&mut self, base: &[u8], start: Active) {
        let mut node = self;
        for name in base.split(|&byte| byte == b'/') {
            node = node.below.entry(name.to_vec()).or_default();
        }
        node.starts.push(start);
    }
}

/// A pattern that may match something in the folder at hand.
#[derive(Debug, Clone, Copy)]
struct Active {
    set: u32,
    include: u32,
    /// How many more names a match may have.
    depth: Option<usize>,
}

/// A folder to be read.
struct Job<'n> {
    path: Vec<u8>,
    names: Option<&'n NameNode>,
    active: Vec<Active>,
    ignored: Option<Arc<Ignored>>,
}

/// What reading a folder brought.
#[derive(Default)]
struct Visit {
    folder: Folder,
    found: Vec<(u32, Matches)>,
    matched: Vec<(u32, u32)>,
    problems: Vec<(u32, String)>,
}

#[derive(Default)]
struct Queue<'n> {
    jobs: Vec<Job<'n>>,
    /// Threads that read a folder and may find more of them.
    busy: usize,
}

struct Walker<'s, 'n> {
    root: OwnedFd,
    sets: &'s [PatternSet],
    manner: Manner,
    queue: Mutex<Queue<'n>>,
    changed: Condvar,
}

/// A thread that reads a folder. Whatever becomes of it, the others do not wait for more from it.
struct Busy<'w, 's, 'n>(&'w Walker<'s, 'n>);

impl Drop for Busy<'_, '_, '_> {
    fn drop(&mut self) {
        let mut queue = self.0.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.busy -= 1;
        let is_over = queue.busy == 0 && queue.jobs.is_empty();
        drop(queue);
        if is_over {
            self.0.changed.notify_all();
        }
    }
}

/// A name that a folder holds, before anybody wants it.
struct Name {
    name: Box<[u8]>,
    kind: FileType,
}

impl<'n> Walker<'_, 'n> {
    fn push(&self, jobs: Vec<Job<'n>>) {
        if !jobs.is_empty() {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.jobs.extend(jobs);
            drop(queue);
            self.changed.notify_all();
        }
    }

    /// Reads folders until there are no more, whoever finds them.
    fn work(&self) -> Vec<Visit> {
        let mut visits = Vec::new();
        let mut buffer = Vec::with_capacity(64 << 10);
        loop {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            let job = loop {
                if let Some(job) = queue.jobs.pop() {
                    break job;
                }
                if queue.busy == 0 {
                    self.changed.notify_all();
                    return visits;
                }
                queue = self
                    .changed
                    .wait(queue)
                    .unwrap_or_else(PoisonError::into_inner);
            };
            queue.busy += 1;
            drop(queue);
            let busy = Busy(self);
            let (visit, below) = self.visit(job, &mut buffer);
            visits.extend(visit);
            self.push(below);
            drop(busy);
        }
    }

    fn visit(&self, mut job: Job<'n>, buffer: &mut Vec<u8>) -> (Option<Visit>, Vec<Job<'n>>) {
        let mut visit = Visit::default();
        visit.folder.path = job.path.clone().into_boxed_slice();
        let folder = self.open(&job.path);
        let names = folder.as_ref().map_err(|error| *error);
        let names = names.and_then(|folder| read_names(folder, buffer));
        let (folder, names) = match (folder, names) {
            (Ok(folder), Ok(names)) => (folder, names),
            // It went away, or is a link on the way to an output.
            (_, Err(Errno::NOENT)) => return (None, Vec::new()),
            (_, Err(error)) | (Err(error), _) => {
                let path = String::from_utf8_lossy(&job.path).into_owned();
                let text = format!("cannot read folder `{path}`: {error}");
                visit.problems = sets_of(&job).map(|set| (set, text.clone())).collect();
                return (Some(visit), Vec::new());
            }
        };
        if self.manner == Manner::Inputs && names.iter().any(|it| &*it.name == FILE_NAME) {
            // One that cannot be read ignores nothing: more files count, and none less.
            let text = read_small(&folder).unwrap_or_default();
            job.ignored = Some(Ignored::inside(job.ignored.as_ref(), &job.path, &text));
        }
        let mut reading = Reading {
            walker: self,
            job: &job,
            folder,
            path: Vec::new(),
            prefix: 0,
            visit,
            wanted: Vec::new(),
            below: Vec::new(),
            hits: vec![false; job.active.len()],
        };
        reading.path.extend_from_slice(&job.path);
        if !job.path.is_empty() {
            reading.path.push(b'/');
        }
        reading.prefix = reading.path.len();
        for name in names {
            reading.take(name);
        }
        reading.finish()
    }

    fn open(&self, path: &[u8]) -> Result<OwnedFd, Errno> {
        let mut flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        if self.manner == Manner::Outputs {
            flags |= OFlags::NOFOLLOW;
        }
        let path = if path.is_empty() { b"." } else { path };
        openat(&self.root, path, flags, Mode::empty())
    }
}

/// Reading one folder.
struct Reading<'r, 'n> {
    walker: &'r Walker<'r, 'n>,
    job: &'r Job<'n>,
    folder: OwnedFd,
    /// The folder's path with a `/`, and the name at hand behind it.
    path: Vec<u8>,
    prefix: usize,
    visit: Visit,
    /// By entry: the sets that match it.
    wanted: Vec<(Entry, Vec<u32>)>,
    below: Vec<Job<'n>>,
    /// By active pattern: whether it matched some file.
    hits: Vec<bool>,
}

impl<'n> Reading<'_, 'n> {
    fn take(&mut self, name: Name) {
        self.path.truncate(self.prefix);
        self.path.extend_from_slice(&name.name);
        let node = self.job.names.and_then(|it| it.below.get(&*name.name));
        let kind = self.kind_of(&name, node.is_some());
        let is_folder = kind == FileType::Directory;
        if node.is_none() && (self.job.active.is_empty() || PRIVATE.contains(&&*name.name)) {
            return;
        }
        let asked = if is_folder { Kind::Folder } else { Kind::Other };
        let is_ignored = !self.job.active.is_empty()
            && (PRIVATE.contains(&&*name.name)
                || (self.job.ignored.as_ref()).is_some_and(|it| it.covers(&self.path, asked)));
        let mut sets = Vec::new();
        if !is_ignored {
            self.match_active(is_folder, &mut sets);
        }
        if let Some(node) = node {
            self.match_named(node, is_folder, &mut sets);
            if self.walker.manner == Manner::Outputs && kind == FileType::Symlink {
                self.refuse_link(node);
            }
        }
        if is_folder {
            self.descend(node, is_ignored);
        }
        if !sets.is_empty() {
            sets.sort_unstable();
            sets.dedup();
            self.look(name.name, kind, sets);
        }
    }

    /// Returns what a name stands for. A link that the base of a pattern leads through stands for what it leads to.
    fn kind_of(&self, name: &Name, is_named: bool) -> FileType {
        let stat = |flags| statat(&self.folder, &*name.name, flags);
        match name.kind {
            FileType::Symlink if is_named && self.walker.manner == Manner::Inputs => {
                match stat(AtFlags::empty()) {
                    Ok(it) if FileType::from_raw_mode(it.st_mode) == FileType::Directory => {
                        FileType::Directory
                    }
                    _ => FileType::Symlink,
                }
            }
            FileType::Unknown => stat(AtFlags::SYMLINK_NOFOLLOW)
                .map_or(FileType::Unknown, |it| FileType::from_raw_mode(it.st_mode)),
            kind => kind,
        }
    }

    fn match_active(&mut self, is_folder: bool, sets: &mut Vec<u32>) {
        for (place, active) in self.job.active.iter().enumerate() {
            let set = &self.walker.sets[active.set as usize];
            let pattern = &set.includes[active.include as usize];
            let base = pattern.base().len();
            let skip = if base == 0 { 0 } else { base + 1 };
            let rest = &self.path[skip.min(self.path.len())..];
            if pattern.matches_below_base(rest) && !set.excludes_entry(&self.path) {
                sets.push(active.set);
                self.hits[place] |= !is_folder;
            }
        }
    }

    /// Matches the patterns that name this very path, whatever git thinks of it.
    fn match_named(&mut self, node: &NameNode, is_folder: bool, sets: &mut Vec<u32>) {
        for start in &node.starts {
            let set = &self.walker.sets[start.set as usize];
            let pattern = &set.includes[start.include as usize];
            if pattern.matches(&self.path) && !set.excludes_on_the_way(&self.path) {
                sets.push(start.set);
                if !is_folder {
                    self.visit.matched.push((start.set, start.include));
                }
            }
        }
    }

    /// Tells whoever wants something behind a link that outputs do not lie there.
    fn refuse_link(&mut self, node: &NameNode) {
        let mut nodes: Vec<&NameNode> = node.below.values().collect();
        let mut refused: Vec<u32> = Vec::new();
        for start in &node.starts {
            let pattern = &self.walker.sets[start.set as usize].includes[start.include as usize];
            if !pattern.matches(&self.path) {
                refused.push(start.set);
            }
        }
        while let Some(node) = nodes.pop() {
            refused.extend(node.starts.iter().map(|it| it.set));
            nodes.extend(node.below.values());
        }
        let path = String::from_utf8_lossy(&self.path).into_owned();
        let text = format!("`{path}` is a symbolic link, and outputs may not lie behind one");
        let problems = refused.into_iter().map(|set| (set, text.clone()));
        self.visit.problems.extend(problems);
    }

    fn descend(&mut self, node: Option<&'n NameNode>, is_ignored: bool) {
        let sets = self.walker.sets;
        let mut active = Vec::new();
        if !is_ignored {
            active.extend(self.job.active.iter().filter_map(|it| {
                let depth = match it.depth {
                    Some(0 | 1) => return None,
                    depth => depth.map(|it| it - 1),
                };
                let is_out = sets[it.set as usize].excludes_entry(&self.path);
                (!is_out).then_some(Active { depth, ..*it })
            }));
        }
        let starts = node.into_iter().flat_map(|it| &it.starts);
        active.extend(starts.filter(|it| !sets[it.set as usize].excludes_on_the_way(&self.path)));
        let names = node.filter(|it| !it.below.is_empty());
        if !active.is_empty() || names.is_some() {
            self.below.push(Job {
                path: self.path.clone(),
                names,
                active,
                ignored: self.job.ignored.clone(),
            });
        }
    }

    fn look(&mut self, name: Box<[u8]>, kind: FileType, sets: Vec<u32>) {
        let mut entry = Entry {
            name,
            stat: FileStat {
                mode: kind.as_raw_mode(),
                ..FileStat::default()
            },
            digest: None,
            young: false,
            link: None,
        };
        if kind != FileType::Directory {
            let stat = match statat(&self.folder, &*entry.name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => FileStat::new(&stat),
                // It went away while the folder was read.
                Err(Errno::NOENT) => return,
                Err(error) => {
                    let path = String::from_utf8_lossy(&self.path).into_owned();
                    let text = format!("cannot look at `{path}`: {error}");
                    let sets = sets.into_iter();
                    self.visit
                        .problems
                        .extend(sets.map(|set| (set, text.clone())));
                    return;
                }
            };
            entry.stat = stat;
            if stat.kind() == FileType::Symlink {
                let Ok(text) = readlinkat(&self.folder, &*entry.name, Vec::new()) else {
                    return;
                };
                let target = statat(&self.folder, &*entry.name, AtFlags::empty()).ok();
                let target = target.map(|it| FileStat::new(&it));
                entry.link = Some(Box::new(Link {
                    text: text.into_bytes(),
                    target: target.filter(|it| it.kind() == FileType::RegularFile),
                }));
            }
        }
        self.wanted.push((entry, sets));
    }

    fn finish(mut self) -> (Option<Visit>, Vec<Job<'n>>) {
        self.wanted
            .sort_unstable_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        let mut places: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (place, (_, sets)) in self.wanted.iter().enumerate() {
            for &set in sets {
                places.entry(set).or_default().push(index(place));
            }
        }
        let all = self.wanted.len();
        let found = places.into_iter().map(|(set, places)| {
            let is_all = places.len() == all;
            (
                set,
                if is_all {
                    Matches::All
                } else {
                    Matches::Some(places)
                },
            )
        });
        self.visit.found = found.collect();
        let hits = self.job.active.iter().zip(&self.hits);
        let hits = hits.filter(|(_, hit)| **hit);
        (self.visit.matched).extend(hits.map(|(it, _)| (it.set, it.include)));
        self.visit.folder.files = self.wanted.into_iter().map(|(entry, _)| entry).collect();
        (Some(self.visit), self.below)
    }
}

fn sets_of(job: &Job<'_>) -> impl Iterator<Item = u32> {
    let mut sets: Vec<u32> = job.active.iter().map(|it| it.set).collect();
    let mut nodes: Vec<&NameNode> = job.names.into_iter().collect();
    while let Some(node) = nodes.pop() {
        sets.extend(node.starts.iter().map(|it| it.set));
        nodes.extend(node.below.values());
    }
    sets.sort_unstable();
    sets.dedup();
    sets.into_iter()
}

fn read_names(folder: &OwnedFd, buffer: &mut Vec<u8>) -> Result<Vec<Name>, Errno> {
    let mut names = Vec::new();
    let mut entries = RawDir::new(folder.as_fd(), buffer.spare_capacity_mut());
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            names.push(Name {
                name: name.into(),
                kind: entry.file_type(),
            });
        }
    }
    Ok(names)
}

fn read_small(folder: &OwnedFd) -> io::Result<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let mut file = std::fs::File::from(openat(folder, FILE_NAME, flags, Mode::empty())?);
    let mut text = Vec::new();
    io::Read::read_to_end(&mut file, &mut text)?;
    Ok(text)
}

fn index(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
