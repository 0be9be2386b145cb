//! Whether a path, which may be gone already, is ignored by `.gitignore` files, as for inputs. Walks see what is there;
//! this is for what was told to have changed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The rules of a project, read when they are first needed.
pub(super) struct Ignored {
    /// The folder that the outermost rules lie in.
    top: PathBuf,
    /// By folder. The rules of an inner folder win over those of an outer one.
    rules: BTreeMap<PathBuf, Gitignore>,
}

impl Ignored {
    /// Knows the rules of the checkout around `folder`, or of the folder alone.
    pub(super) fn new(folder: &Path) -> Self {
        let top = folder.ancestors().find(|it| it.join(".git").exists());
        Self {
            top: top.unwrap_or(folder).to_owned(),
            rules: BTreeMap::new(),
        }
    }

    /// Forgets the rules, which may have changed.
    pub(super) fn forget(&mut self) {
        self.rules.clear();
    }

    /// Returns whether git ignores a file, or a folder that it lies in. Outside the project nothing is ignored.
    pub(super) fn holds(&mut self, path: &Path) -> bool {
        let folders = path.ancestors().skip(1);
        let mut folders: Vec<PathBuf> = folders
            .take_while(|it| it.starts_with(&self.top))
            .map(Path::to_owned)
            .collect();
        folders.reverse();
        // What lies in an ignored folder is ignored, whatever rules it has inside.
        let inner = folders.get(1..).unwrap_or_default();
        inner.iter().any(|folder| self.decides(folder, true))
            || (!folders.is_empty() && self.decides(path, path.is_dir()))
    }

    fn decides(&mut self, path: &Path, is_folder: bool) -> bool {
        let top = self.top.clone();
        let around = path.ancestors().skip(1);
        for folder in around.take_while(|it| it.starts_with(&top)) {
            match self.rules_of(folder).matched(path, is_folder) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
        }
        false
    }

    fn rules_of(&mut self, folder: &Path) -> &Gitignore {
        self.rules.entry(folder.to_owned()).or_insert_with(|| {
            let mut builder = GitignoreBuilder::new(folder);
            // A rule that cannot be read is none.
            let _ = builder.add(folder.join(".gitignore"));
            builder.build().unwrap_or_else(|_| Gitignore::empty())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn inner_rules_win_and_ignored_folders_hide_all() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path();
        fs::create_dir_all(top.join("app/src")).unwrap();
        fs::create_dir_all(top.join(".git/info")).unwrap();
        fs::write(top.join(".git/info/exclude"), "private\n").unwrap();
        fs::write(top.join(".gitignore"), "*.log\n/target\nbuild/\n").unwrap();
        fs::write(top.join("app/.gitignore"), "!keep.log\n/out\n").unwrap();
        let mut ignored = Ignored::new(&top.join("app"));
        for (path, expected) in [
            ("app/a.log", true),
            ("app/keep.log", false),
            ("keep.log", true),
            ("target/debug/x", true),
            ("app/target/x", false),
            ("app/build/gone/x", true),
            ("app/out/x", true),
            ("app/src/out/x", false),
            ("private", false),
            ("app/src/a.rs", false),
        ] {
            assert_eq!(ignored.holds(&top.join(path)), expected, "{path}");
        }
        assert!(!ignored.holds(Path::new("/elsewhere/a.log")));
    }
}
