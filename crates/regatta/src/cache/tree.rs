//! What a walk is asked for and what it finds: sets of patterns, and folders with the files that somebody wants.

use std::os::fd::OwnedFd;

use regatta_core::manifest::Digest;

use super::stat::FileStat;
use crate::pattern::{Pattern, Sense};

/// Patterns that together say which files somebody wants.
#[derive(Debug, Clone, Default)]
pub struct PatternSet {
    /// What is wanted.
    pub includes: Vec<Pattern>,
    /// What is not, whatever the others say.
    pub excludes: Vec<Pattern>,
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
    /// Of a link: its text, and what it leads to.
    pub(super) link: Option<Box<Link>>,
}

#[derive(Debug)]
pub(super) struct Link {
    pub(super) text: Vec<u8>,
    /// `None` if that is nothing. Of what is no file only kind and permissions are known, since what is in a folder counts for itself.
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

    pub(super) fn takes(&self, path: &[u8]) -> bool {
        self.includes.iter().any(|it| it.matches(path)) && !self.excludes_on_the_way(path)
    }

    pub(super) fn excludes_entry(&self, path: &[u8]) -> bool {
        self.excludes.iter().any(|it| it.matches(path))
    }

    pub(super) fn excludes_on_the_way(&self, path: &[u8]) -> bool {
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
