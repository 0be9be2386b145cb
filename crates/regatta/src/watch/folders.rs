//! The folders of a project that are watched, and what they tell: batches of paths, each after a moment of quiet.
//!
//! Folders that git ignores are not watched, since builds write thousands of files there. Links are followed where a
//! suite may read through them. What a change means is not known here.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use ignore::WalkBuilder;
use notify::event::{EventKind, ModifyKind};
use notify::{Config, ErrorKind, Event, RecommendedWatcher, RecursiveMode, Watcher};

use super::links::Links;
use crate::ignored::IgnoredPaths;

/// How long nothing must have changed before a batch is told. Editors and git write several files in a row.
const QUIET: Duration = Duration::from_millis(60);

/// How many files and folders behind a link are looked through. A link to the root of the system is followed no further.
const MOST_BEHIND_A_LINK: usize = 100_000;

/// After this long a batch is told although changes go on.
const PATIENCE: Duration = Duration::from_millis(500);

/// The watched folders of a project.
pub struct Folders {
    /// The project's folder, as its user calls it.
    called: PathBuf,
    /// The same without links on the way, as all paths here are until they are told.
    root: PathBuf,
    scope: Scope,
    ignored: IgnoredPaths,
    links: Links,
    /// Folders that links lead to, and that are watched with all below them.
    followed: BTreeSet<PathBuf>,
    /// All folders that are watched. One that goes takes with it what was in it, of which nobody tells.
    watched: BTreeSet<PathBuf>,
    watcher: RecommendedWatcher,
    events: Receiver<notify::Result<Event>>,
    pending: Batch,
    /// When the first and the last of the pending changes came.
    since: Option<(Instant, Instant)>,
}

/// What is watched beside, and what is not. All paths are absolute.
#[derive(Clone)]
pub struct Scope {
    /// Folders that are never watched: they hold what runs write.
    pub left_out: Vec<PathBuf>,
    /// Files and folders that are watched even if git ignores them: somebody named them.
    pub named: Vec<PathBuf>,
    /// Whether some suite may read what lies at a path or below it, so that a link there is followed.
    pub is_read: Arc<dyn Fn(&Path) -> bool>,
}

/// What is left out of a folder that is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rules {
    /// What git ignores.
    Project,
    /// What the folder itself tells git to ignore: it lies behind a link, where the rules around it do not count.
    Inside,
    /// Nothing, as somebody named it.
    Nothing,
}

/// What changed.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Paths of files, absolute.
    pub files: BTreeSet<PathBuf>,
    /// Paths of folders, absolute, of which anything may have changed: they are gone, or lead elsewhere.
    pub folders: BTreeSet<PathBuf>,
    /// Whether changes were missed, so that any file may have changed.
    pub is_incomplete: bool,
}

impl Folders {
    /// Begins to watch everything below `root` that git does not ignore, as far as `scope` says nothing else; `wake` is
    /// called from another thread when something was told.
    ///
    /// # Errors
    /// The system has no more watches, or none at all.
    pub fn watch(root: &Path, scope: Scope, wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let (sender, events) = channel();
        let tell = move |event| {
            // Nobody listens any more at the very end.
            let _ = sender.send(event);
            wake();
        };
        let watcher = RecommendedWatcher::new(tell, Config::default()).map_err(to_io)?;
        let called = root.to_owned();
        let root = root.canonicalize()?;
        let settled = |paths: Vec<PathBuf>| {
            let paths = paths.iter().map(|it| rebase(it, &called, &root));
            paths.collect()
        };
        let scope = Scope {
            left_out: settled(scope.left_out),
            named: settled(scope.named),
            ..scope
        };
        let mut folders = Self {
            ignored: IgnoredPaths::around(&root),
            called,
            root,
            scope,
            links: Links::default(),
            followed: BTreeSet::new(),
            watched: BTreeSet::new(),
            watcher,
            events,
            pending: Batch::default(),
            since: None,
        };
        folders.add_all()?;
        Ok(folders)
    }

    /// Takes what was told so far. Returns a batch once it is complete.
    ///
    /// # Errors
    /// A new folder cannot be watched.
    pub fn take_batch(&mut self) -> io::Result<Option<Batch>> {
        while let Ok(event) = self.events.try_recv() {
            self.note(event)?;
        }
        if self.patience().is_some_and(|it| it.is_zero()) {
            self.since = None;
            let batch = std::mem::take(&mut self.pending);
            let called = |paths: BTreeSet<PathBuf>| {
                let paths = paths.iter().map(|it| rebase(it, &self.root, &self.called));
                paths.collect()
            };
            return Ok(Some(Batch {
                files: called(batch.files),
                folders: called(batch.folders),
                is_incomplete: batch.is_incomplete,
            }));
        }
        Ok(None)
    }

    /// Returns how long it takes until the next batch is complete if nothing else changes; `None` while there is none.
    #[must_use]
    pub fn patience(&self) -> Option<Duration> {
        let (first, last) = self.since?;
        let due = (last + QUIET).min(first + PATIENCE);
        Some(due.saturating_duration_since(Instant::now()))
    }

    fn note(&mut self, event: notify::Result<Event>) -> io::Result<()> {
        let Ok(event) = event else {
            self.note_loss();
            return Ok(());
        };
        if event.need_rescan() {
            self.note_loss();
            // Folders that were made meanwhile are not known.
            return self.add_all();
        }
        if matches!(event.kind, EventKind::Access(_)) {
            return Ok(());
        }
        let is_new = matches!(event.kind, EventKind::Create(_) | EventKind::Modify(_));
        let is_about_place = matches!(
            event.kind,
            EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
        );
        for path in event.paths {
            if path.ends_with(".gitignore") {
                self.ignored.forget();
            }
            if starts_with_any(&path, &self.scope.left_out) {
                continue;
            }
            let Some(mut names) = self.links.names_of(&path) else {
                self.note_loss();
                continue;
            };
            if path.starts_with(&self.root) {
                names.insert(path.clone());
            }
            let was_folder = is_about_place && self.forget_folder(&path);
            if is_about_place {
                names.extend(self.links.leading_past(&path));
            }
            names.retain(|name| {
                starts_with_any(name, &self.scope.named) || !self.ignored.holds(name)
            });
            for name in names {
                if was_folder || (is_about_place && self.links.led_to_folder(&name)) {
                    self.pending.folders.insert(name.clone());
                }
                self.note_name(&path, name, is_new)?;
            }
        }
        Ok(())
    }

    /// Forgets a folder that has come, gone or moved, and returns whether it was watched.
    fn forget_folder(&mut self, path: &Path) -> bool {
        self.followed.retain(|it| !it.starts_with(path));
        let was_watched = self.watched.contains(path);
        self.watched.retain(|it| !it.starts_with(path));
        was_watched
    }

    /// Takes a change of what is at `path`, under one of its names.
    fn note_name(&mut self, path: &Path, name: PathBuf, is_new: bool) -> io::Result<()> {
        let is_link = name.is_symlink();
        if is_link {
            self.follow(&name)?;
        } else if is_new && name.is_dir() {
            self.add(path, self.rules_of(path))?;
        }
        if is_new && name.is_dir() {
            self.note_files(&name);
        }
        if is_link || !name.is_dir() {
            self.note_file(name);
        }
        Ok(())
    }

    /// Watches all there is to watch.
    fn add_all(&mut self) -> io::Result<()> {
        let root = self.root.clone();
        self.add(&root, Rules::Project)?;
        for path in self.scope.named.clone() {
            self.add_named(&path)?;
        }
        Ok(())
    }

    /// Watches a folder and those in it, and follows the links there.
    fn add(&mut self, folder: &Path, rules: Rules) -> io::Result<()> {
        let most = if rules == Rules::Inside {
            MOST_BEHIND_A_LINK
        } else {
            usize::MAX
        };
        for path in self.walk(folder, rules).take(most) {
            if path.is_symlink() && path != folder {
                self.follow(&path)?;
            } else if path.is_dir() {
                self.add_one(&path)?;
            }
        }
        Ok(())
    }

    /// Watches what a link leads to, if a suite may read it.
    fn follow(&mut self, link: &Path) -> io::Result<()> {
        let is_read = |name: &Path| (self.scope.is_read)(&rebase(name, &self.root, &self.called));
        let names = self.links.names_of(link).unwrap_or_default();
        if !is_read(link) && !names.iter().any(|it| is_read(it)) {
            return Ok(());
        }
        let targets = self.links.follow(link);
        for folder in targets.around {
            self.add_one(&folder)?;
        }
        // A folder that was added before has all below it watched; a link back into it would not come to an end.
        match targets.folder {
            Some(folder) if self.followed.insert(folder.clone()) => {
                self.add(&folder, Rules::Inside)
            }
            _ => Ok(()),
        }
    }

    /// Watches what somebody named, whatever git thinks of it.
    fn add_named(&mut self, path: &Path) -> io::Result<()> {
        let inside = path.ancestors().take_while(|it| *it != self.root);
        let links: Vec<PathBuf> = inside
            .filter(|it| it.is_symlink())
            .map(Path::to_owned)
            .collect();
        for link in links.iter().rev() {
            self.follow(link)?;
        }
        // Where it does not exist yet, it may come.
        let mut around = path.ancestors().skip(1);
        if let Some(folder) = around.find(|it| it.is_dir() && it.starts_with(&self.root)) {
            self.add_one(&settle(folder))?;
        }
        if path.is_dir() {
            self.add(&settle(path), Rules::Nothing)?;
        }
        Ok(())
    }

    fn rules_of(&self, path: &Path) -> Rules {
        if starts_with_any(path, &self.scope.named) {
            Rules::Nothing
        } else if self.links.lead_to(path) {
            Rules::Inside
        } else {
            Rules::Project
        }
    }

    fn add_one(&mut self, folder: &Path) -> io::Result<()> {
        match self.watcher.watch(folder, RecursiveMode::NonRecursive) {
            Err(error) if folder.exists() => Err(to_io(error)),
            // It is gone again.
            Err(_) => Ok(()),
            Ok(()) => {
                self.watched.insert(folder.to_owned());
                Ok(())
            }
        }
    }

    /// Returns a folder and everything in it that is watched, links not followed.
    fn walk(&self, folder: &Path, rules: Rules) -> impl Iterator<Item = PathBuf> + use<> {
        let left_out = self.scope.left_out.clone();
        let walk = WalkBuilder::new(folder)
            // Inputs are told from other files by `.gitignore` alone.
            .standard_filters(false)
            .git_ignore(rules != Rules::Nothing)
            .parents(rules == Rules::Project)
            .same_file_system(rules == Rules::Inside)
            .require_git(false)
            .filter_entry(move |entry| {
                entry.file_name() != ".git" && !left_out.iter().any(|it| it == entry.path())
            })
            .build();
        walk.filter_map(|entry| entry.ok().map(ignore::DirEntry::into_path))
    }

    /// What was put into a new folder before it was watched has changed as well.
    fn note_files(&mut self, folder: &Path) {
        let rules = self.rules_of(folder);
        let files = self.walk(folder, rules);
        for file in files.filter(|it| it.is_symlink() || !it.is_dir()) {
            self.note_file(file);
        }
    }

    fn note_file(&mut self, file: PathBuf) {
        self.pending.files.insert(file);
        self.note_time();
    }

    fn note_loss(&mut self) {
        self.pending.is_incomplete = true;
        self.note_time();
    }

    fn note_time(&mut self) {
        let now = Instant::now();
        let first = self.since.map_or(now, |(first, _)| first);
        self.since = Some((first, now));
    }
}

/// Returns a path below `from` as the same path below `to`, and any other as it is.
fn rebase(path: &Path, from: &Path, to: &Path) -> PathBuf {
    match path.strip_prefix(from) {
        Ok(rest) if rest.as_os_str().is_empty() => to.to_owned(),
        Ok(rest) => to.join(rest),
        Err(_) => path.to_owned(),
    }
}

/// Returns a folder without links on the way to it.
fn settle(folder: &Path) -> PathBuf {
    folder.canonicalize().unwrap_or_else(|_| folder.to_owned())
}

fn starts_with_any(path: &Path, folders: &[PathBuf]) -> bool {
    folders.iter().any(|it| path.starts_with(it))
}

fn to_io(error: notify::Error) -> io::Error {
    match error.kind {
        ErrorKind::Io(error) => error,
        ErrorKind::MaxFilesWatch => io::Error::other(
            "the system has no more watches; raise fs.inotify.max_user_watches, or let git ignore what need not be watched",
        ),
        _ => io::Error::other(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::sync::mpsc::{RecvTimeoutError, Sender};

    use super::*;

    /// Returns folders together with what is woken.
    fn watch(root: &Path, left_out: &[&str], named: &[&str]) -> (Folders, Receiver<()>) {
        let (sender, woken): (Sender<()>, _) = channel();
        let absolute = |paths: &[&str]| paths.iter().map(|it| root.join(it)).collect();
        let scope = Scope {
            left_out: absolute(left_out),
            named: absolute(named),
            is_read: Arc::new(|_| true),
        };
        let wake = move || {
            let _ = sender.send(());
        };
        (Folders::watch(root, scope, wake).unwrap(), woken)
    }

    /// Collects until every one of the files was told, and returns all that were, from the root; folders with a `*`.
    fn collect(folders: &mut Folders, woken: &Receiver<()>, wanted: &[&str]) -> Vec<String> {
        let mut told = BTreeSet::new();
        loop {
            if let Some(batch) = folders.take_batch().unwrap() {
                told.extend(batch.files);
                told.extend(batch.folders.into_iter().map(|it| it.join("*")));
            }
            let names: Vec<String> = told
                .iter()
                .map(|it| it.strip_prefix(&folders.called).unwrap())
                .map(|it| it.to_string_lossy().into_owned())
                .collect();
            if wanted.iter().all(|it| names.iter().any(|name| name == it)) {
                return names;
            }
            match woken.recv_timeout(folders.patience().unwrap_or(Duration::from_secs(20))) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) if folders.patience().is_some() => {}
                Err(error) => panic!("{wanted:?} were not told, only {names:?}: {error}"),
            }
        }
    }

    #[test]
    fn what_is_written_removed_or_put_into_new_folders_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("src/deep")).unwrap();
        fs::write(root.join("src/deep/a"), "one").unwrap();
        let (mut folders, woken) = watch(&root, &[], &[]);
        fs::write(root.join("src/deep/a"), "two").unwrap();
        assert_eq!(
            collect(&mut folders, &woken, &["src/deep/a"]),
            ["src/deep/a"]
        );
        // As editors save: beside, then over it.
        fs::write(root.join("src/deep/.a.new"), "three").unwrap();
        fs::rename(root.join("src/deep/.a.new"), root.join("src/deep/a")).unwrap();
        let told = collect(&mut folders, &woken, &["src/deep/a"]);
        assert_eq!(told, ["src/deep/.a.new", "src/deep/a"]);
        fs::create_dir_all(root.join("new/er")).unwrap();
        fs::write(root.join("new/er/b"), "").unwrap();
        collect(&mut folders, &woken, &["new/er/b"]);
        fs::write(root.join("new/er/c"), "").unwrap();
        collect(&mut folders, &woken, &["new/er/c"]);
        fs::remove_file(root.join("new/er/b")).unwrap();
        collect(&mut folders, &woken, &["new/er/b"]);
    }

    #[test]
    fn what_git_ignores_and_what_runs_write_is_not_told() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::write(root.join(".gitignore"), "/target\n*.tmp\n").unwrap();
        for name in ["target", "logs", ".git"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        let (mut folders, woken) = watch(&root, &["logs"], &[]);
        for name in ["target/x", "logs/x", ".git/x", "gone.tmp", "x"] {
            fs::write(root.join(name), "").unwrap();
        }
        fs::remove_file(root.join("gone.tmp")).unwrap();
        // A build makes the folder anew.
        fs::remove_dir_all(root.join("target")).unwrap();
        fs::create_dir(root.join("target")).unwrap();
        fs::write(root.join("target/y"), "").unwrap();
        fs::write(root.join("z"), "").unwrap();
        assert_eq!(collect(&mut folders, &woken, &["x", "z"]), ["x", "z"]);
    }

    #[test]
    fn what_only_other_programs_pass_over_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join(".git/info")).unwrap();
        fs::write(root.join(".git/info/exclude"), "private\n").unwrap();
        fs::write(root.join(".ignore"), "quiet\n").unwrap();
        for name in ["private", "quiet"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        let (mut folders, woken) = watch(&root, &[], &[]);
        for name in ["private/x", "quiet/x"] {
            fs::write(root.join(name), "").unwrap();
        }
        let told = collect(&mut folders, &woken, &["private/x", "quiet/x"]);
        assert_eq!(told, ["private/x", "quiet/x"]);
    }

    #[test]
    fn what_somebody_named_is_told_although_git_ignores_it() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::write(root.join(".gitignore"), "/made\n*.key\n").unwrap();
        fs::create_dir_all(root.join("made/in")).unwrap();
        let named = ["made/in", "a.key", "made/later/x"];
        let (mut folders, woken) = watch(&root, &[], &named);
        for name in ["made/in/x", "made/y", "a.key", "b.key"] {
            fs::write(root.join(name), "").unwrap();
        }
        let told = collect(&mut folders, &woken, &["a.key", "made/in/x"]);
        assert_eq!(told, ["a.key", "made/in/x"]);
    }

    #[test]
    fn what_lies_behind_links_is_told_under_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        let root = base.join("project");
        for name in [
            "project/src",
            "project/lib",
            "project/made",
            "shared/deep",
            "single",
        ] {
            fs::create_dir_all(base.join(name)).unwrap();
        }
        fs::write(root.join(".gitignore"), "/made\n*.log\n").unwrap();
        fs::write(base.join("single/file"), "one").unwrap();
        for (link, text) in [
            ("src/data", "../../shared"),
            ("src/lib", "../lib"),
            ("src/made", "../made"),
            ("src/one", "../../single/file"),
            ("src/self", ".."),
        ] {
            symlink(text, root.join(link)).unwrap();
        }
        let (mut folders, woken) = watch(&root, &[], &[]);
        for name in [
            "shared/deep/x",
            "shared/x.log",
            "project/lib/y",
            "project/made/z",
            "single/other",
            "single/file",
        ] {
            fs::write(base.join(name), "two").unwrap();
        }
        let told = collect(
            &mut folders,
            &woken,
            &[
                "src/data/deep/x",
                "src/lib/y",
                "lib/y",
                "src/made/z",
                "src/one",
            ],
        );
        for silent in ["single/other", "src/data/x.log"] {
            assert!(!told.iter().any(|it| it == silent), "{told:?}");
        }
        // What comes later is no less there.
        fs::create_dir(base.join("shared/new")).unwrap();
        collect(&mut folders, &woken, &[]);
        fs::write(base.join("shared/new/x"), "").unwrap();
        collect(&mut folders, &woken, &["src/data/new/x"]);
    }

    #[test]
    fn a_link_that_leads_elsewhere_is_followed_there() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        let root = base.join("project");
        for name in ["project", "old/in", "new/in"] {
            fs::create_dir_all(base.join(name)).unwrap();
        }
        symlink("../current/in", root.join("data")).unwrap();
        let (mut folders, woken) = watch(&root, &[], &[]);
        symlink("old", base.join("current")).unwrap();
        collect(&mut folders, &woken, &["data"]);
        fs::write(base.join("old/in/x"), "").unwrap();
        collect(&mut folders, &woken, &["data/x"]);
        fs::remove_file(root.join("data")).unwrap();
        symlink("../new/in", root.join("data")).unwrap();
        collect(&mut folders, &woken, &["data", "data/*"]);
        fs::write(base.join("new/in/y"), "").unwrap();
        collect(&mut folders, &woken, &["data/y"]);
    }

    #[test]
    fn a_folder_that_goes_takes_what_is_in_it_along() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        let root = base.join("project");
        fs::create_dir_all(root.join("src/sub")).unwrap();
        fs::write(root.join("src/sub/x"), "").unwrap();
        let (mut folders, woken) = watch(&root, &[], &[]);
        fs::rename(root.join("src/sub"), base.join("sub")).unwrap();
        collect(&mut folders, &woken, &["src/sub/*"]);
        fs::rename(base.join("sub"), root.join("src/sub")).unwrap();
        collect(&mut folders, &woken, &["src/sub/x"]);
    }

    #[test]
    fn a_link_that_nobody_reads_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        let root = base.join("project");
        for name in ["project", "elsewhere"] {
            fs::create_dir(base.join(name)).unwrap();
        }
        symlink("../elsewhere", root.join("link")).unwrap();
        let scope = Scope {
            left_out: Vec::new(),
            named: Vec::new(),
            is_read: Arc::new(|_| false),
        };
        let folders = Folders::watch(&root, scope, || {}).unwrap();
        assert_eq!(folders.watched, BTreeSet::from([root]));
    }

    #[test]
    fn a_project_that_is_reached_through_a_link_is_told_of_by_that_name() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        fs::create_dir_all(base.join("real/src")).unwrap();
        fs::create_dir_all(base.join("real/lib")).unwrap();
        symlink("../lib", base.join("real/src/lib")).unwrap();
        symlink("real", base.join("called")).unwrap();
        let (mut folders, woken) = watch(&base.join("called"), &[], &["src/lib"]);
        fs::write(base.join("real/lib/x"), "").unwrap();
        collect(&mut folders, &woken, &["src/lib/x", "lib/x"]);
    }
}
