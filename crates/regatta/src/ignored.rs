//! What git ignores, by the `.gitignore` files on the way to a path.

use std::path::Path;
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The name of the files that say what is ignored.
pub(super) const FILE_NAME: &[u8] = b".gitignore";

/// The rules that hold in a folder: its own before those of the folders around it.
#[derive(Debug)]
pub(super) struct Ignored {
    rules: Gitignore,
    /// How many bytes of a path lead to the folder of the rules, the `/` included.
    skip: usize,
    /// What leads from the folder of the rules to where paths begin, for rules of folders above.
    prefix: Vec<u8>,
    around: Option<Arc<Ignored>>,
}

impl Ignored {
    /// Returns the rules that hold at the top: those of the folders above it, up to the one with git's repository.
    pub(super) fn above(root: &Path) -> Option<Arc<Self>> {
        let repository = root.ancestors().find(|it| it.join(".git").exists())?;
        let mut above: Vec<&Path> = root.ancestors().skip(1).collect();
        above.retain(|it| it.starts_with(repository));
        let mut rules = None;
        for folder in above.into_iter().rev() {
            let Ok(text) = std::fs::read(folder.join(".gitignore")) else {
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
    pub(super) fn inside(around: Option<&Arc<Self>>, folder: &[u8], text: &[u8]) -> Arc<Self> {
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
    pub(super) fn covers(&self, path: &[u8], kind: Kind) -> bool {
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

/// What is asked about: some rules are about folders alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Folder,
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
}
