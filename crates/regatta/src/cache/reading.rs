//! One folder of a walk: which of its names somebody wants, and where the walk goes on.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, FileType, Stat, readlinkat, statat};
use rustix::io::Errno;

use super::passage::{FolderId, Passage};
use super::stat::FileStat;
use super::tree::{Entry, Link, Matches};
use super::walk::{Active, Job, Manner, Name, NameNode, Visit, Walker, index};
use crate::ignored::Kind;

/// Folders that no pattern enters unless it names them.
const PRIVATE: [&[u8]; 2] = [b".git", b".regatta"];

/// Reading one folder.
pub(super) struct Reading<'r, 'n> {
    pub(super) walker: &'r Walker<'r, 'n>,
    pub(super) job: &'r Job<'n>,
    pub(super) folder: OwnedFd,
    /// The folder's path with a `/`, and the name at hand behind it.
    pub(super) path: Vec<u8>,
    pub(super) prefix: usize,
    pub(super) visit: Visit,
    /// What somebody wants, in the order of the names.
    pub(super) wanted: Vec<Entry>,
    /// By set: the places of what it matches, ascending.
    pub(super) places: BTreeMap<u32, Vec<u32>>,
    /// The sets that match the name at hand.
    pub(super) sets: Vec<u32>,
    pub(super) below: Vec<Job<'n>>,
    /// By active pattern: whether it matched some file.
    pub(super) hits: Vec<bool>,
}

impl<'n> Reading<'_, 'n> {
    pub(super) fn take(&mut self, name: Name) {
        self.path.truncate(self.prefix);
        self.path.extend_from_slice(&name.name);
        let node = self.job.names.and_then(|it| it.below.get(&*name.name));
        if node.is_none() && (self.job.active.is_empty() || PRIVATE.contains(&&*name.name)) {
            return;
        }
        let kind = self.kind_of(&name);
        let asked = if kind == FileType::Directory {
            Kind::Folder
        } else {
            Kind::Other
        };
        let is_ignored = !self.job.active.is_empty()
            && (PRIVATE.contains(&&*name.name)
                || (self.job.ignored.as_ref()).is_some_and(|it| it.covers(&self.path, asked)));
        let behind = if kind == FileType::Symlink && (node.is_some() || !is_ignored) {
            self.folder_behind(&name)
        } else {
            None
        };
        let is_folder = kind == FileType::Directory || behind.is_some();
        self.sets.clear();
        if !is_ignored {
            self.match_active(is_folder);
        }
        if let Some(node) = node {
            self.match_named(node, is_folder);
            if self.walker.manner == Manner::Outputs && kind == FileType::Symlink {
                self.refuse_link(node);
            }
        }
        if is_folder {
            self.descend(node, is_ignored, behind);
        }
        if !self.sets.is_empty() {
            self.sets.sort_unstable();
            self.sets.dedup();
            self.look(name.name, kind);
        }
    }

    fn kind_of(&self, name: &Name) -> FileType {
        match name.kind {
            // Not every file system says it with the name.
            FileType::Unknown => statat(&self.folder, &*name.name, AtFlags::SYMLINK_NOFOLLOW)
                .map_or(FileType::Unknown, |it| FileType::from_raw_mode(it.st_mode)),
            kind => kind,
        }
    }

    /// Returns the folder that a link leads to, where that counts.
    fn folder_behind(&self, name: &Name) -> Option<FolderId> {
        if self.walker.manner == Manner::Outputs {
            return None;
        }
        let stat = statat(&self.folder, &*name.name, AtFlags::empty()).ok()?;
        let is_folder = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        is_folder.then(|| FolderId::new(&stat))
    }

    fn match_active(&mut self, is_folder: bool) {
        for (place, active) in self.job.active.iter().enumerate() {
            let set = &self.walker.sets[active.set as usize];
            let pattern = &set.includes[active.include as usize];
            let base = pattern.base().len();
            let skip = if base == 0 { 0 } else { base + 1 };
            let rest = &self.path[skip.min(self.path.len())..];
            if pattern.matches_below_base(rest) && !set.excludes_entry(&self.path) {
                self.sets.push(active.set);
                self.hits[place] |= !is_folder;
            }
        }
    }

    /// Matches the patterns that name this very path, whatever git thinks of it.
    fn match_named(&mut self, node: &NameNode, is_folder: bool) {
        for start in &node.starts {
            let set = &self.walker.sets[start.set as usize];
            let pattern = &set.includes[start.include as usize];
            if pattern.matches(&self.path) && !set.excludes_on_the_way(&self.path) {
                self.sets.push(start.set);
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

    fn descend(&mut self, node: Option<&'n NameNode>, is_ignored: bool, behind: Option<FolderId>) {
        let before = self.job.passage.as_ref();
        let passage = match behind {
            None => before.cloned(),
            Some(folder) => match Passage::through(&self.path, folder, before) {
                // What names lead through is as long as the names.
                None if node.is_some() => before.cloned(),
                None => return,
                passage => passage,
            },
        };
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
                passage,
            });
        }
    }

    fn look(&mut self, name: Box<[u8]>, kind: FileType) {
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
        // Where outputs are put in place, folders get the mode that the user's new folders have.
        if kind != FileType::Directory || self.walker.manner == Manner::Inputs {
            let stat = match statat(&self.folder, &*entry.name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => own_state(&stat),
                // It went away while the folder was read.
                Err(Errno::NOENT) => return,
                Err(error) => {
                    let path = String::from_utf8_lossy(&self.path).into_owned();
                    let text = format!("cannot look at `{path}`: {error}");
                    let problems = self.sets.iter().map(|&set| (set, text.clone()));
                    self.visit.problems.extend(problems);
                    return;
                }
            };
            entry.stat = stat;
            if stat.kind() == FileType::Symlink {
                let Ok(text) = readlinkat(&self.folder, &*entry.name, Vec::new()) else {
                    return;
                };
                let target = statat(&self.folder, &*entry.name, AtFlags::empty()).ok();
                entry.link = Some(Box::new(Link {
                    text: text.into_bytes(),
                    target: target.map(|it| own_state(&it)),
                }));
            }
        }
        for &set in &self.sets {
            self.places
                .entry(set)
                .or_default()
                .push(index(self.wanted.len()));
        }
        self.wanted.push(entry);
    }

    pub(super) fn finish(mut self) -> (Option<Visit>, Vec<Job<'n>>) {
        let all = self.wanted.len();
        let found = self.places.into_iter().map(|(set, places)| {
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
        self.visit.folder.files = self.wanted;
        (Some(self.visit), self.below)
    }
}

/// Returns what counts of something by itself. The times of a folder are about what is in it, those of a device about
/// who uses it.
fn own_state(stat: &Stat) -> FileStat {
    let stat = FileStat::new(stat);
    if matches!(stat.kind(), FileType::RegularFile | FileType::Symlink) {
        return stat;
    }
    FileStat {
        mode: stat.mode,
        ..FileStat::default()
    }
}
