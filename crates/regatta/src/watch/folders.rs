//! The folders of a project that are watched, and what they tell: batches of paths, each after a moment of quiet.
//!
//! Folders that git ignores are not watched, since builds write thousands of files there. What a change means is not
//! known here.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use ignore::WalkBuilder;
use notify::event::EventKind;
use notify::{Config, ErrorKind, Event, RecommendedWatcher, RecursiveMode, Watcher};

use super::ignored::Ignored;

/// How long nothing must have changed before a batch is told. Editors and git write several files in a row.
const QUIET: Duration = Duration::from_millis(60);

/// After this long a batch is told although changes go on.
const PATIENCE: Duration = Duration::from_millis(500);

/// The watched folders of a project.
pub struct Folders {
    root: PathBuf,
    scope: Scope,
    ignored: Ignored,
    watcher: RecommendedWatcher,
    events: Receiver<notify::Result<Event>>,
    pending: Batch,
    /// When the first and the last of the pending changes came.
    since: Option<(Instant, Instant)>,
}

/// What is watched beside, and what is not. All paths are absolute.
#[derive(Debug, Default, Clone)]
pub struct Scope {
    /// Folders that are never watched: they hold what runs write.
    pub left_out: Vec<PathBuf>,
    /// Files and folders that are watched even if git ignores them: somebody named them.
    pub named: Vec<PathBuf>,
}

/// What changed.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Paths of files, absolute.
    pub files: BTreeSet<PathBuf>,
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
        let mut folders = Self {
            root: root.to_owned(),
            scope,
            ignored: Ignored::new(root),
            watcher,
            events,
            pending: Batch::default(),
            since: None,
        };
        let root = folders.root.clone();
        folders.add(&root)?;
        for path in folders.scope.named.clone() {
            folders.add_named(&path)?;
        }
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
            return Ok(Some(std::mem::take(&mut self.pending)));
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
            let root = self.root.clone();
            return self.add(&root);
        }
        if matches!(event.kind, EventKind::Access(_)) {
            return Ok(());
        }
        for path in event.paths {
            if path.ends_with(".gitignore") {
                self.ignored.forget();
            }
            let is_in = |folders: &[PathBuf]| folders.iter().any(|it| path.starts_with(it));
            let is_named = is_in(&self.scope.named);
            if is_in(&self.scope.left_out) || (!is_named && self.ignored.holds(&path)) {
                continue;
            }
            if path.is_dir() && !path.is_symlink() {
                if matches!(event.kind, EventKind::Create(_) | EventKind::Modify(_)) {
                    self.add(&path)?;
                    self.note_files(&path);
                }
            } else {
                self.note_file(path);
            }
        }
        Ok(())
    }

    /// Watches a folder and those in it.
    fn add(&mut self, folder: &Path) -> io::Result<()> {
        for folder in self.walk(folder).filter(|it| it.is_dir()) {
            self.add_one(&folder)?;
        }
        Ok(())
    }

    /// Watches what somebody named, whatever git thinks of it.
    fn add_named(&mut self, path: &Path) -> io::Result<()> {
        // Where it does not exist yet, it may come.
        let mut around = path.ancestors().skip(1);
        if let Some(folder) = around.find(|it| it.is_dir() && it.starts_with(&self.root)) {
            self.add_one(folder)?;
        }
        if path.is_dir() {
            self.add(path)?;
        }
        Ok(())
    }

    fn add_one(&mut self, folder: &Path) -> io::Result<()> {
        match self.watcher.watch(folder, RecursiveMode::NonRecursive) {
            Err(error) if folder.exists() => Err(to_io(error)),
            // If it was not watched, it is gone again.
            _ => Ok(()),
        }
    }

    /// Returns a folder and everything in it that is watched, links not followed.
    fn walk(&self, folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
        let left_out = self.scope.left_out.clone();
        let is_named = self.scope.named.iter().any(|it| folder.starts_with(it));
        let walk = WalkBuilder::new(folder)
            // Inputs are told from other files by `.gitignore` alone.
            .standard_filters(false)
            .git_ignore(!is_named)
            .parents(!is_named)
            .require_git(false)
            .filter_entry(move |entry| {
                entry.file_name() != ".git" && !left_out.iter().any(|it| it == entry.path())
            })
            .build();
        walk.filter_map(|entry| entry.ok().map(ignore::DirEntry::into_path))
    }

    /// What was put into a new folder before it was watched has changed as well.
    fn note_files(&mut self, folder: &Path) {
        for file in self.walk(folder).filter(|it| !it.is_dir()) {
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
    use std::sync::mpsc::{RecvTimeoutError, Sender};

    use super::*;

    /// Returns folders together with what is woken.
    fn watch(root: &Path, left_out: &[&str], named: &[&str]) -> (Folders, Receiver<()>) {
        let (sender, woken): (Sender<()>, _) = channel();
        let absolute = |paths: &[&str]| paths.iter().map(|it| root.join(it)).collect();
        let scope = Scope {
            left_out: absolute(left_out),
            named: absolute(named),
        };
        let wake = move || {
            let _ = sender.send(());
        };
        (Folders::watch(root, scope, wake).unwrap(), woken)
    }

    /// Collects until every one of the files was told, and returns all that were, from the root.
    fn collect(folders: &mut Folders, woken: &Receiver<()>, wanted: &[&str]) -> Vec<String> {
        let mut told = BTreeSet::new();
        loop {
            if let Some(batch) = folders.take_batch().unwrap() {
                told.extend(batch.files);
            }
            let names: Vec<String> = told
                .iter()
                .map(|it| it.strip_prefix(&folders.root).unwrap())
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
}
