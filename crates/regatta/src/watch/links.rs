//! Symbolic links in folders that are watched: the system tells of a change under the name of the file that has it, and
//! suites know that file by the name of a link. Nothing is watched here, and which links matter is not known.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// How many links lead to each other before the system gives up as well.
///
/// Source: `path_resolution(7)`.
const MOST_HOPS: usize = 40;

/// How many names of one file are found before they count as innumerable.
const MOST_NAMES: usize = 1000;

/// Links, and the places that they lead to.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// By a place, without links on the way to it: the links that lead there, or past it.
    by_place: BTreeMap<PathBuf, BTreeSet<PathBuf>>,
    /// Those that led to a folder when they were last followed.
    to_folders: BTreeSet<PathBuf>,
}

/// What has to be watched so that no change behind a link is missed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Targets {
    /// Folders in which something on the way lies.
    pub(super) around: BTreeSet<PathBuf>,
    /// The folder that the link leads to in the end.
    pub(super) folder: Option<PathBuf>,
}

impl Links {
    /// Takes a link as it is now, through all others that it leads to.
    pub(super) fn follow(&mut self, link: &Path) -> Targets {
        let mut targets = Targets::default();
        let mut place = link.to_owned();
        for _ in 0..MOST_HOPS {
            let Ok(text) = fs::read_link(&place) else {
                break;
            };
            let Some(next) = place.parent().map(|folder| folder.join(text)) else {
                break;
            };
            place = settle(&next);
            self.note(&place, link);
            targets.around.extend(nearest_folder(&place));
        }
        if place.is_dir() {
            self.to_folders.insert(link.to_owned());
            targets.folder = Some(place);
        }
        targets
    }

    /// Returns the names that links give to a path, each link used once on one way; `None` if there are too many.
    pub(super) fn names_of(&self, path: &Path) -> Option<BTreeSet<PathBuf>> {
        let mut names = BTreeSet::new();
        let mut open: Vec<(PathBuf, Vec<&Path>)> = vec![(path.to_owned(), Vec::new())];
        while let Some((path, used)) = open.pop() {
            for (place, links) in &self.by_place {
                let Ok(rest) = path.strip_prefix(place) else {
                    continue;
                };
                for link in links.iter().filter(|it| !used.contains(&it.as_path())) {
                    let name = if rest.as_os_str().is_empty() {
                        link.clone()
                    } else {
                        link.join(rest)
                    };
                    if names.insert(name.clone()) {
                        open.push((name, [&used[..], &[link.as_path()]].concat()));
                    }
                }
            }
            if names.len() > MOST_NAMES {
                return None;
            }
        }
        Some(names)
    }

    /// Returns the links that lead past a path to what lies below it, and may lead elsewhere now.
    pub(super) fn leading_past(&self, path: &Path) -> BTreeSet<PathBuf> {
        let places = self.by_place.iter();
        let below = places.filter(|(place, _)| place.starts_with(path) && *place != path);
        below.flat_map(|(_, links)| links).cloned().collect()
    }

    /// Returns whether a link led to a folder, whatever it is now.
    pub(super) fn led_to_folder(&self, link: &Path) -> bool {
        self.to_folders.contains(link)
    }

    /// Returns whether a link leads to a place that a path lies in.
    pub(super) fn lead_to(&self, path: &Path) -> bool {
        path.ancestors().any(|it| self.by_place.contains_key(it))
    }

    fn note(&mut self, place: &Path, link: &Path) {
        let links = self.by_place.entry(place.to_owned()).or_default();
        links.insert(link.to_owned());
    }
}

/// Returns the same place without links on the way to it; whether its last name is one does not matter. What does not
/// exist is taken by its words.
fn settle(path: &Path) -> PathBuf {
    if let (Some(folder), Some(name)) = (path.parent(), path.file_name())
        && let Ok(folder) = folder.canonicalize()
    {
        return folder.join(name);
    }
    let mut place = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(place.pop()),
            Component::CurDir => {}
            name => place.push(name),
        }
        // Where it exists, `..` leads out of what it is, not out of what it is called.
        if let Ok(found) = place.canonicalize() {
            place = found;
        }
    }
    place
}

fn nearest_folder(path: &Path) -> Option<PathBuf> {
    let mut around = path.ancestors().skip(1);
    around.find(|it| it.is_dir()).map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// Returns a folder with `real/deep/x`, and links to it: `a` -> `b` -> `real`, `real/up` -> `..`, `gone` -> `no/where`.
    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("real/deep")).unwrap();
        fs::write(root.join("real/deep/x"), "").unwrap();
        for (link, text) in [
            ("b", "real"),
            ("a", "b"),
            ("real/up", ".."),
            ("gone", "no/where"),
        ] {
            symlink(text, root.join(link)).unwrap();
        }
        (folder, root)
    }

    #[test]
    fn a_link_names_all_that_it_leads_to_through_others() {
        let (_folder, root) = folder();
        let mut links = Links::default();
        let targets = links.follow(&root.join("a"));
        assert_eq!(targets.folder, Some(root.join("real")));
        assert_eq!(targets.around, BTreeSet::from([root.clone()]));
        let names = |path: &str| {
            let names = links.names_of(&root.join(path)).unwrap();
            let names = names
                .iter()
                .map(|it| it.strip_prefix(&root).unwrap().display().to_string());
            names.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names("real/deep/x"), "a/deep/x");
        // It may lead elsewhere now.
        assert_eq!(names("b"), "a");
        assert_eq!(names("other"), "");
        assert!(links.lead_to(&root.join("real/deep/new")));
        assert!(!links.lead_to(&root.join("other")));
    }

    #[test]
    fn circles_come_to_an_end() {
        let (_folder, root) = folder();
        let mut links = Links::default();
        links.follow(&root.join("a"));
        links.follow(&root.join("real/up"));
        let names = links.names_of(&root.join("real/deep/x")).unwrap();
        assert!(names.contains(&root.join("a/deep/x")), "{names:?}");
        assert!(
            names.contains(&root.join("real/up/real/deep/x")),
            "{names:?}"
        );
        symlink("loop", root.join("loop")).unwrap();
        assert_eq!(links.follow(&root.join("loop")).folder, None);
    }

    #[test]
    fn what_a_link_waits_for_is_looked_for_where_it_may_come() {
        let (_folder, root) = folder();
        let mut links = Links::default();
        let targets = links.follow(&root.join("gone"));
        assert_eq!(targets.folder, None);
        assert_eq!(targets.around, BTreeSet::from([root.clone()]));
        let gone = BTreeSet::from([root.join("gone")]);
        assert_eq!(links.leading_past(&root.join("no")), gone);
        assert_eq!(links.names_of(&root.join("no/where")), Some(gone));
    }
}
