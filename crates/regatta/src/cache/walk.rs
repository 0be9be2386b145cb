//! One walk over a folder for many sets of patterns: each directory is read once, each file that somebody wants is
//! looked at once, on all CPUs.
//!
//! Contents are not read here, and nothing is said about why a set is wanted.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use rustix::fs::{CWD, FileType, Mode, OFlags, RawDir, openat};
use rustix::io::Errno;

use super::parallel::on_all_threads;
use super::passage::{MOST_FOLDERS, Passage};
use super::reading::Reading;
use super::tree::{Folder, Matches, PatternSet, Tree};
use crate::ignored::{FILE_NAME, Ignored};

/// How a folder is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// For inputs: without what git ignores, and through links to folders.
    Inputs,
    /// For outputs: whatever git thinks of them, and through no link.
    Outputs,
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
        behind_links: AtomicUsize::new(0),
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
        passage: None,
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
pub(super) struct NameNode {
    pub(super) below: BTreeMap<Vec<u8>, NameNode>,
    /// Patterns whose base this is.
    pub(super) starts: Vec<Active>,
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
pub(super) struct Active {
    pub(super) set: u32,
    pub(super) include: u32,
    /// How many more names a match may have.
    pub(super) depth: Option<usize>,
}

/// A folder to be read.
pub(super) struct Job<'n> {
    pub(super) path: Vec<u8>,
    pub(super) names: Option<&'n NameNode>,
    pub(super) active: Vec<Active>,
    pub(super) ignored: Option<Arc<Ignored>>,
    /// The links that lead here, if any.
    pub(super) passage: Option<Arc<Passage>>,
}

/// What reading a folder brought.
#[derive(Default)]
pub(super) struct Visit {
    pub(super) folder: Folder,
    pub(super) found: Vec<(u32, Matches)>,
    pub(super) matched: Vec<(u32, u32)>,
    pub(super) problems: Vec<(u32, String)>,
}

#[derive(Default)]
struct Queue<'n> {
    jobs: Vec<Job<'n>>,
    /// Threads that read a folder and may find more of them.
    busy: usize,
}

pub(super) struct Walker<'s, 'n> {
    root: OwnedFd,
    pub(super) sets: &'s [PatternSet],
    pub(super) manner: Manner,
    queue: Mutex<Queue<'n>>,
    changed: Condvar,
    /// How many folders behind links were entered.
    behind_links: AtomicUsize,
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
pub(super) struct Name {
    pub(super) name: Box<[u8]>,
    pub(super) kind: FileType,
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
        if let Some(passage) = &job.passage
            && self.behind_links.fetch_add(1, Ordering::Relaxed) >= MOST_FOLDERS
        {
            let link = String::from_utf8_lossy(&passage.first);
            let text = format!(
                "more than {MOST_FOLDERS} folders lie behind links such as `{link}`; exclude it, or name what is read there"
            );
            visit.problems = sets_of(&job).map(|set| (set, text.clone())).collect();
            return (Some(visit), Vec::new());
        }
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
        if let Some(passage) = &job.passage
            && let Some(what) = passage.forbids(&folder)
        {
            let link = String::from_utf8_lossy(&passage.first);
            let text =
                format!("{what} behind link `{link}`; exclude it, or name what is read there");
            visit.problems = sets_of(&job).map(|set| (set, text.clone())).collect();
            return (Some(visit), Vec::new());
        }
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
            wanted: Vec::with_capacity(names.len()),
            places: BTreeMap::new(),
            sets: Vec::new(),
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
    names.sort_unstable_by(|a: &Name, b| a.name.cmp(&b.name));
    Ok(names)
}

fn read_small(folder: &OwnedFd) -> io::Result<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let mut file = std::fs::File::from(openat(folder, FILE_NAME, flags, Mode::empty())?);
    let mut text = Vec::new();
    io::Read::read_to_end(&mut file, &mut text)?;
    Ok(text)
}

pub(super) fn index(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use proptest::prelude::*;

    use super::*;
    use crate::pattern::Pattern;

    fn set(patterns: &[&str]) -> PatternSet {
        let patterns: Vec<Pattern> = patterns
            .iter()
            .map(|it| Pattern::parse(it).unwrap())
            .collect();
        PatternSet::new(&patterns)
    }

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        folder
    }

    fn found(root: &Path, patterns: &[&[&str]], manner: Manner) -> Vec<String> {
        let sets: Vec<PatternSet> = patterns.iter().map(|it| set(it)).collect();
        let tree = walk(root, &sets, manner);
        let lists = (0..sets.len()).map(|set| {
            let mut path = Vec::new();
            let entries = tree.entries(set).map(|(folder, entry)| {
                folder.path_of(entry, &mut path);
                String::from_utf8(path.clone()).unwrap()
            });
            entries.collect::<Vec<_>>().join(" ")
        });
        lists.collect()
    }

    #[test]
    fn one_walk_serves_many_sets_each_with_its_own_files() {
        let root = folder(&["a.rs", "src/b.rs", "src/c.md", "src/x/d.rs", "lib/e.rs"]);
        let lists = found(
            root.path(),
            &[
                &["**/*.rs"],
                &["src"],
                &["src/**", "!**/*.md", "!src/x"],
                &["src/*", "lib/e.rs"],
                &["a.rs", "src/x/d.rs"],
                &["nothing"],
            ],
            Manner::Inputs,
        );
        assert_eq!(
            lists,
            [
                "a.rs lib/e.rs src/b.rs src/x/d.rs",
                "src src/b.rs src/c.md src/x src/x/d.rs",
                "src/b.rs",
                "lib/e.rs src/b.rs src/c.md src/x",
                "a.rs src/x/d.rs",
                "",
            ]
        );
    }

    #[test]
    fn what_git_ignores_is_left_out_unless_a_pattern_names_it_or_its_folder() {
        let root = folder(&[
            "a",
            "x.log",
            "build/out",
            "build/x.log",
            "sub/y.log",
            "sub/keep.log",
            ".git/HEAD",
        ]);
        fs::write(root.path().join(".gitignore"), "*.log\nbuild/\n").unwrap();
        fs::write(root.path().join("sub/.gitignore"), "!keep.log\n").unwrap();
        let lists = found(
            root.path(),
            &[
                &["**"],
                &["**", "x.log"],
                &["build/**"],
                &["build"],
                &[".git/HEAD"],
            ],
            Manner::Inputs,
        );
        let plain = ".gitignore a sub sub/.gitignore sub/keep.log";
        assert_eq!(lists[0], plain);
        assert_eq!(
            lists[1],
            ".gitignore a sub x.log sub/.gitignore sub/keep.log"
        );
        assert_eq!(lists[2..], ["build/out", "build build/out", ".git/HEAD"]);
        let all = found(root.path(), &[&["build/**", "sub/*"]], Manner::Outputs);
        assert_eq!(
            all,
            ["build/out build/x.log sub/.gitignore sub/keep.log sub/y.log"]
        );
    }

    #[test]
    fn links_are_entries_and_lead_on_for_inputs_but_not_for_outputs() {
        let root = folder(&["real/a", "other"]);
        symlink("real", root.path().join("link")).unwrap();
        symlink("gone", root.path().join("real/dangling")).unwrap();
        symlink("..", root.path().join("real/back")).unwrap();
        let patterns: &[&[&str]] = &[
            &["*"],
            &["link/*"],
            &["link"],
            &["real/**/a"],
            &["**", "!**/back"],
            &["link/back/other"],
            &["**/dangling", "!link"],
        ];
        assert_eq!(
            found(root.path(), patterns, Manner::Inputs),
            [
                "link other real",
                "link/a link/back link/dangling",
                "link link/a link/back link/dangling link/back/link link/back/other link/back/real link/back/real/a link/back/real/back link/back/real/dangling",
                "real/a real/back/link/a real/back/real/a",
                "link other real link/a link/dangling real/a real/dangling",
                "link/back/other",
                "real/dangling real/back/link/dangling real/back/real/dangling",
            ]
        );
        let sets = [set(&["link/**"])];
        let tree = walk(root.path(), &sets, Manner::Outputs);
        let problem = tree.problems[0].as_deref().unwrap();
        assert!(
            problem.starts_with("`link` is a symbolic link"),
            "{problem}"
        );
    }

    #[test]
    fn patterns_that_match_no_file_are_known() {
        let root = folder(&["a", "src/b"]);
        fs::create_dir(root.path().join("empty")).unwrap();
        let sets = [
            set(&["a", "*.c", "src/**", "empty/**", "empty"]),
            set(&["**"]),
        ];
        let tree = walk(root.path(), &sets, Manner::Inputs);
        assert_eq!(tree.unmatched(0).collect::<Vec<_>>(), [1, 3, 4]);
        assert_eq!(tree.unmatched(1).count(), 0);
    }

    #[test]
    fn a_root_that_is_gone_is_a_problem_of_every_set() {
        let tree = walk(
            Path::new("/nowhere/at/all"),
            &[set(&["a"]), set(&["b"])],
            Manner::Inputs,
        );
        assert!(tree.problems.iter().all(Option::is_some));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whatever the tree, the walk finds exactly the files that the patterns match one by one.
        #[test]
        fn the_walk_finds_what_the_patterns_match(
            files in prop::collection::btree_set("[ab](/[ab]){0,3}/[xy]\\.[ch]", 0..20),
            chosen in prop::collection::vec(0_usize..8, 1..4),
        ) {
            let pool = ["a/**", "**/*.c", "a/*/*.h", "b", "a/b/x.c", "*/*.c", "!a/b/**", "!**/y.*"];
            let files: Vec<&str> = files.iter().map(String::as_str).collect();
            let root = folder(&files);
            let patterns: Vec<&str> = chosen.iter().map(|&it| pool[it]).collect();
            let wanted = set(&patterns);
            let expected: Vec<&str> = files.iter().copied().filter(|file| {
                let path = file.as_bytes();
                wanted.includes.iter().any(|it| it.matches(path))
                    && !wanted.excludes.iter().any(|it| it.matches_path_or_folder(path))
            }).collect();
            let lists = found(root.path(), &[&patterns], Manner::Inputs);
            let mut seen: Vec<&str> = lists[0].split(' ').filter(|it| it.contains('.')).collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, expected);
        }
    }
}
