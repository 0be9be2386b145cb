//! From what a walk found to what it holds: digests of files, from memory where nothing has changed, and the lists that
//! sets of patterns stand for.

use std::sync::{Mutex, PoisonError};

use regatta_core::manifest::{Content, Digest, Input, Manifest, Target};
use rustix::fs::FileType;

use super::hash::{Hasher, Links, digest_file};
use super::parallel::for_each;
use super::stat::now_ns;
use super::stat_cache::StatCache;
use super::tree::{Entry, Tree};

/// How much is hashed at a time.
const MANY_BYTES: usize = 8 << 10;

/// A tree whose contents are known.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) tree: Tree,
    /// Files that could not be read, as folder and place in it, and why.
    failures: Vec<((usize, usize), String)>,
}

impl Contents {
    /// Takes the digests of everything that was found: from `stats` where the file has not changed, else by reading it
    /// on all CPUs. What was read goes into `stats`.
    #[must_use]
    pub(super) fn read(mut tree: Tree, stats: &StatCache) -> Self {
        // What cannot be known as a whole is not read in part: it may be more than anybody meant.
        let mut is_needed = vec![false; tree.folders.len()];
        for (found, problem) in tree.found.iter().zip(&tree.problems) {
            for (folder, _) in found.iter().filter(|_| problem.is_none()) {
                is_needed[*folder as usize] = true;
            }
        }
        let folders: Vec<Mutex<_>> = tree.folders.iter_mut().map(Mutex::new).collect();
        let unknown = for_each(folders.len(), |folder| {
            if !is_needed[folder] {
                return Vec::new();
            }
            let mut guard = folders[folder]
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let files = guard.files.iter_mut().enumerate();
            let unknown = files.filter_map(|(place, entry)| {
                let stat = match &entry.link {
                    None => entry.stat,
                    Some(link) => link.target?,
                };
                if stat.kind() != FileType::RegularFile {
                    return None;
                }
                entry.digest = stats.find(&stat);
                entry.digest.is_none().then_some((folder, place))
            });
            unknown.collect::<Vec<_>>()
        });
        drop(folders);
        let unknown: Vec<(usize, usize)> = unknown.into_iter().flatten().collect();
        let read = for_each(unknown.len(), |index| {
            let (folder, place) = unknown[index];
            digest_entry(&tree, folder, place)
        });
        let now = now_ns();
        let mut failures = Vec::new();
        for ((folder, place), result) in unknown.into_iter().zip(read) {
            match result {
                Ok((digest, stat, started_ns)) => {
                    let entry = &mut tree.folders[folder].files[place];
                    entry.digest = Some(digest);
                    // A clock that was put back meanwhile must not make it look old.
                    entry.young = stat.is_young(started_ns.min(now));
                    if !entry.young {
                        stats.insert(&stat, digest);
                    }
                    match &mut entry.link {
                        Some(link) => link.target = Some(stat),
                        None => entry.stat = stat,
                    }
                }
                Err(error) => failures.push(((folder, place), error.to_string())),
            }
        }
        Self { tree, failures }
    }

    /// Returns the digest of all that a set matches.
    ///
    /// # Errors
    /// What could not be read, in words for people.
    pub(super) fn digest_of(&self, set: usize) -> Result<Digest, String> {
        let mut hasher = Hasher::default();
        let mut count = 0_u64;
        // An input is a handful of short pieces, and each call has its price.
        let mut pieces = Vec::with_capacity(2 * MANY_BYTES);
        self.for_each_input(set, |path, content| {
            count += 1;
            Manifest::encode_input(path, &content, &mut |part| pieces.extend_from_slice(part));
            if pieces.len() >= MANY_BYTES {
                hasher.update(&pieces);
                pieces.clear();
            }
        })?;
        hasher.update(&pieces);
        hasher.update(&count.to_le_bytes());
        Ok(hasher.finish())
    }

    /// Returns all that a set matches.
    ///
    /// # Errors
    /// As [`Self::digest_of`].
    pub(super) fn inputs_of(&self, set: usize) -> Result<Vec<Input>, String> {
        let mut inputs = Vec::new();
        self.for_each_input(set, |path, content| {
            inputs.push(Input {
                path: path.to_vec(),
                content,
            });
        })?;
        Ok(inputs)
    }

    fn for_each_input(
        &self,
        set: usize,
        mut take: impl FnMut(&[u8], Content),
    ) -> Result<(), String> {
        if let Some(problem) = &self.tree.problems[set] {
            return Err(problem.clone());
        }
        let mut path = Vec::new();
        for (folder, entry) in self.tree.entries(set) {
            folder.path_of(entry, &mut path);
            match content(entry) {
                Some(content) => take(&path, content),
                None => return Err(self.describe_failure(&path, entry)),
            }
        }
        Ok(())
    }

    fn describe_failure(&self, path: &[u8], entry: &Entry) -> String {
        let path = String::from_utf8_lossy(path);
        let mut failures = self.failures.iter();
        let found = failures.find(|((folder, place), _)| {
            std::ptr::eq(&raw const self.tree.folders[*folder].files[*place], entry)
        });
        let why = found.map_or("its content is not known", |(_, why)| why);
        format!("cannot read `{path}`: {why}")
    }

    /// Returns the first difference between what a set matched here and what it matches in a later tree, whose
    /// contents are not looked at unless a file was so young that a change might not show.
    #[must_use]
    pub(super) fn find_change(&self, set: usize, later: &Tree, later_set: usize) -> Option<String> {
        if let Some(problem) = &later.problems[later_set] {
            return Some(problem.clone());
        }
        let mut path = Vec::new();
        let mut path_later = Vec::new();
        let mut before = self.tree.entries(set);
        let mut after = later.entries(later_set);
        loop {
            match (before.next(), after.next()) {
                (None, None) => return None,
                (Some((folder, entry)), None) => {
                    folder.path_of(entry, &mut path);
                    return Some(format!("{} went away", shown(&path)));
                }
                (None, Some((folder, entry))) => {
                    folder.path_of(entry, &mut path);
                    return Some(format!("{} appeared", shown(&path)));
                }
                (Some((folder, entry)), Some((folder_later, entry_later))) => {
                    folder.path_of(entry, &mut path);
                    folder_later.path_of(entry_later, &mut path_later);
                    if path != path_later {
                        return Some(self.name_odd_one(set, &path, &path_later));
                    }
                    let is_same = entry.stat == entry_later.stat
                        && entry.link.as_ref().map(|it| (&it.text, it.target))
                            == entry_later.link.as_ref().map(|it| (&it.text, it.target));
                    if !is_same || (entry.young && !self.still_holds(&path, entry)) {
                        return Some(format!("{} changed", shown(&path)));
                    }
                }
            }
        }
    }

    /// Of two paths in the same place, one is new or the other is gone.
    fn name_odd_one(&self, set: usize, before: &[u8], after: &[u8]) -> String {
        let mut path = Vec::new();
        let is_old = self.tree.entries(set).any(|(folder, entry)| {
            folder.path_of(entry, &mut path);
            path == after
        });
        if is_old {
            format!("{} went away", shown(before))
        } else {
            format!("{} appeared", shown(after))
        }
    }

    fn still_holds(&self, path: &[u8], entry: &Entry) -> bool {
        let links = if entry.link.is_some() {
            Links::Followed
        } else {
            Links::Refused
        };
        let root = self.tree.root.as_ref();
        let digest = root.map(|root| digest_file(root, path, links));
        matches!(digest, Some(Ok((digest, _))) if Some(digest) == entry.digest)
    }
}

fn digest_entry(
    tree: &Tree,
    folder: usize,
    place: usize,
) -> std::io::Result<(Digest, super::stat::FileStat, i64)> {
    let started_ns = now_ns();
    let folder = &tree.folders[folder];
    let entry = &folder.files[place];
    let mut path = Vec::new();
    folder.path_of(entry, &mut path);
    let links = if entry.link.is_some() {
        Links::Followed
    } else {
        Links::Refused
    };
    let root = tree.root.as_ref().ok_or(std::io::ErrorKind::NotFound)?;
    let (digest, stat) = digest_file(root, &path, links)?;
    Ok((digest, stat, started_ns))
}

/// Returns what an entry is and holds, `None` for a file whose content is not known.
fn content(entry: &Entry) -> Option<Content> {
    Some(match (&entry.link, entry.stat.kind()) {
        (Some(link), _) => Content::Link {
            text: link.text.clone(),
            target: match link.target.map(|it| (it.kind(), it.permissions())) {
                None => Target::Nothing,
                Some((FileType::RegularFile, mode)) => Target::File {
                    mode,
                    digest: entry.digest?,
                },
                Some((FileType::Directory, mode)) => Target::Folder { mode },
                Some(_) => Target::Special,
            },
        },
        (None, FileType::RegularFile) => Content::File {
            mode: entry.stat.permissions(),
            digest: entry.digest?,
        },
        (None, FileType::Directory) => Content::Folder {
            mode: entry.stat.permissions(),
        },
        (None, _) => Content::Special,
    })
}

fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}
