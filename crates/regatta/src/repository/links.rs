//! Symbolic links among the files that git knows, and which of them lead to something that changed.
//!
//! A link is read as what it leads to, and git tells of a change only under the name of the file that has it. In doubt
//! a link counts as changed.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use super::changes::{Change, Extent};

/// How git writes that something is a link.
const LINK_MODE: &[u8] = b"120000 ";

/// Adds the links that lead to a change, or to where git does not look.
///
/// *Shape*: `known` holds what `git ls-files --stage -z` prints, an entry each; paths are from `top`.
pub(super) fn follow_links<'k>(
    top: &Path,
    known: impl Iterator<Item = &'k [u8]>,
    changes: &mut Vec<Change>,
) {
    let mut watched: BTreeSet<PathBuf> = BTreeSet::new();
    let mut links: Vec<PathBuf> = Vec::new();
    for entry in known {
        let Some(tab) = entry.iter().position(|byte| *byte == b'\t') else {
            continue;
        };
        let path = PathBuf::from(OsStr::from_bytes(&entry[tab + 1..]));
        if entry.starts_with(LINK_MODE) {
            links.push(path.clone());
        }
        watched.insert(path);
    }
    links.dedup();
    let canonical_top = top.canonicalize().unwrap_or_else(|_| top.to_owned());
    let mut links: Vec<(PathBuf, Vec<PathBuf>)> = links
        .into_iter()
        .filter_map(|link| Some((targets(&canonical_top, &link)?, link)))
        .map(|(targets, link)| (link, targets))
        .collect();
    // A link may lead to another one.
    loop {
        let before = links.len();
        links.retain(|(link, targets)| {
            let target = targets.iter().find(|target| {
                is_unknown(&canonical_top, target, &watched)
                    || changes.iter().any(|change| meets(change, target))
            });
            let Some(target) = target else { return true };
            let extent = if canonical_top.join(target).is_dir() {
                Extent::Folder
            } else {
                Extent::File
            };
            let path = link.clone();
            changes.push(Change { path, extent });
            false
        });
        if links.len() == before {
            return;
        }
    }
}

/// Returns what a link leads to, by its words and in the end; absolute where that is not below `top`. `None` for what
/// is a link no more, which is a change of its own.
fn targets(top: &Path, link: &Path) -> Option<Vec<PathBuf>> {
    let place = top.join(link);
    let text = fs::read_link(&place).ok()?;
    let mut by_words = PathBuf::new();
    for component in place.parent()?.join(text).components() {
        match component {
            Component::ParentDir => drop(by_words.pop()),
            Component::CurDir => {}
            name => by_words.push(name),
        }
    }
    let in_the_end = place.canonicalize().ok();
    let targets = [Some(by_words), in_the_end];
    let below_top = |it: PathBuf| it.strip_prefix(top).map(Path::to_owned).unwrap_or(it);
    Some(targets.into_iter().flatten().map(below_top).collect())
}

/// Returns whether there is something that git does not know, so that nobody can tell whether it changed.
fn is_unknown(top: &Path, target: &Path, watched: &BTreeSet<PathBuf>) -> bool {
    if target.is_absolute() {
        return true;
    }
    let is_watched = || {
        let mut following = watched.range(target.to_owned()..);
        following.next().is_some_and(|it| it.starts_with(target))
            // A link on the way is judged by itself.
            || target.ancestors().skip(1).any(|it| watched.contains(it))
    };
    top.join(target).symlink_metadata().is_ok() && !is_watched()
}

fn meets(change: &Change, target: &Path) -> bool {
    let is_around = change.extent == Extent::Folder && target.starts_with(&change.path);
    is_around || change.path.starts_with(target)
}
