//! What git ignores, by the `.gitignore` files on the way to a path, and by nothing else: not by what one user or one
//! checkout excludes. Walks ask about what they see, folder by folder; who was told of a change asks about a single path,
//! which may be gone.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The name of the files that say what is ignored.
pub const FILE_NAME: &[u8] = b".gitignore";

/// The rules that hold in a folder: its own before those of the folders around it.
#[derive(Debug)]
pub struct Ignored {
    rules: Gitignore,
    /// How many bytes of a path lead to the folder of the rules, the `/` included.
    skip: usize,
    /// What leads from the folder of the rules to where paths begin, for rules of folders above.
    prefix: Vec<u8>,
    around: Option<Arc<Ignored>>,
}

impl Ignored {
    /// Returns the rules that hold at the top: those of the folders above it, up to the one with git's repository.
    #[must_use]
    pub fn above(root: &Path) -> Option<Arc<Self>> {
        let repository = root.ancestors().find(|it| it.join(".git").exists())?;
        let mut above: Vec<&Path> = root.ancestors().skip(1).collect();
        above.retain(|it| it.starts_with(repository));
        let mut rules = None;
        for folder in above.into_iter().rev() {
            let Ok(text) = fs::read(folder.join(".gitignore")) else {
                continue;
            };
            let inside = root.strip_prefix(folder).unwrap_or(Path::new(""));
            let mut prefix = inside.as_os_str().as_encoded_bytes().to_vec();
            prefix.push(b'/');
            rules = Some(Arc::new(Self {
                rules: parse(&text),
                skip: 0,
                prefix,
                around: rules,
            }));
        }
        rules
    }

    /// Returns the rules of a folder whose `.gitignore` has this text, over those around it.
    #[must_use]
    pub fn inside(around: Option<&Arc<Self>>, folder: &[u8], text: &[u8]) -> Arc<Self> {
        Arc::new(Self {
            rules: parse(text),
            skip: if folder.is_empty() {
                0
            } else {
                folder.len() + 1
            },
            prefix: Vec::new(),
            around: around.cloned(),
        })
    }

    /// Returns whether a path is ignored; the folders on the way to it were asked about before.
    #[must_use]
    pub fn covers(&self, path: &[u8], kind: Kind) -> bool {
        let inside = &path[self.skip.min(path.len())..];
        let whole = (!self.prefix.is_empty()).then(|| [&self.prefix, inside].concat());
        let path_here = whole.as_deref().unwrap_or(inside);
        match self.rules.matched(as_path(path_here), kind == Kind::Folder) {
            Match::Ignore(_) => true,
            Match::Whitelist(_) => false,
            Match::None => self.around.as_ref().is_some_and(|it| it.covers(path, kind)),
        }
    }
}

/// The rules around single paths, read when they are first needed.
#[derive(Debug)]
pub struct IgnoredPaths {
    /// The folder that the outermost rules lie in.
    top: PathBuf,
    /// By folder, from there: the rules that hold in it.
    rules: BTreeMap<PathBuf, Option<Arc<Ignored>>>,
}

impl IgnoredPaths {
    /// Knows the rules of the checkout around `folder`, or of the folder alone.
    #[must_use]
    pub fn around(folder: &Path) -> Self {
        let top = folder.ancestors().find(|it| it.join(".git").exists());
        Self {
            top: top.unwrap_or(folder).to_owned(),
            rules: BTreeMap::new(),
        }
    }

    /// Forgets the rules, which may have changed.
    pub fn forget(&mut self) {
        self.rules.clear();
    }

    /// Returns whether git ignores a file, or a folder that it lies in. Outside the project nothing is ignored.
    pub fn holds(&mut self, path: &Path) -> bool {
        let Ok(inside) = path.strip_prefix(&self.top) else {
            return false;
        };
        let last = if path.is_dir() {
            Kind::Folder
        } else {
            Kind::Other
        };
        let ways: Vec<&Path> = inside.ancestors().collect();
        // Outermost first: what lies in an ignored folder is ignored, whatever rules it has inside. The place itself is
        // the last, and the top is none.
        let ways = ways.iter().rev().skip(1).zip(ways.iter().rev());
        for (way, folder) in ways {
            let kind = if *way == inside { last } else { Kind::Folder };
            let bytes = way.as_os_str().as_encoded_bytes();
            if (self.rules_in(folder)).is_some_and(|it| it.covers(bytes, kind)) {
                return true;
            }
        }
        false
    }

    fn rules_in(&mut self, folder: &Path) -> Option<Arc<Ignored>> {
        if let Some(rules) = self.rules.get(folder) {
            return rules.clone();
        }
        let around = folder.parent().and_then(|it| self.rules_in(it));
        let rules = match fs::read(self.top.join(folder).join(".gitignore")) {
            Ok(text) => {
                let place = folder.as_os_str().as_encoded_bytes();
                Some(Ignored::inside(around.as_ref(), place, &text))
            }
            Err(_) => around,
        };
        self.rules.insert(folder.to_owned(), rules.clone());
        rules
    }
}

/// What is asked about: some rules are about folders alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A folder.
    Folder,
    /// Anything else, a link to a folder included.
    Other,
}

fn as_path(bytes: &[u8]) -> &Path {
    use std::os::unix::ffi::OsStrExt;
    Path::new(std::ffi::OsStr::from_bytes(bytes))
}

/// Returns the rules of a text; a line that is no pattern is passed over, as git does.
fn parse(text: &[u8]) -> Gitignore {
    let mut builder = GitignoreBuilder::new("");
    let text = String::from_utf8_lossy(text);
    for line in text.trim_start_matches('\u{feff}').lines() {
        let _ = builder.add_line(None, line);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_rule_that_speaks_of_a_path_decides() {
        let top = Ignored::inside(None, b"", b"*.log\n/build/\n# a comment\n[\n");
        let below = Ignored::inside(Some(&top), b"a", b"!keep.log\n/x\n");
        for (path, kind, expected) in [
            (&b"a/b.log"[..], Kind::Other, true),
            (b"a/keep.log", Kind::Other, false),
            (b"a/x", Kind::Other, true),
            (b"a/b/x", Kind::Other, false),
            (b"build", Kind::Folder, true),
            (b"build", Kind::Other, false),
            (b"a/build", Kind::Folder, false),
        ] {
            assert_eq!(
                below.covers(path, kind),
                expected,
                "{}",
                as_path(path).display()
            );
        }
        assert!(!top.covers(b"x", Kind::Other));
    }

    #[test]
    fn inner_rules_win_and_ignored_folders_hide_all() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path();
        fs::create_dir_all(top.join("app/src")).unwrap();
        fs::create_dir_all(top.join(".git/info")).unwrap();
        fs::write(top.join(".git/info/exclude"), "private\n").unwrap();
        fs::write(top.join(".gitignore"), "*.log\n/target\nbuild/\n").unwrap();
        fs::write(top.join("app/.gitignore"), "!keep.log\n/out\n").unwrap();
        let mut ignored = IgnoredPaths::around(&top.join("app"));
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
