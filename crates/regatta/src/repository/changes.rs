//! Which files of a project differ from another commit. What that means for a suite is not known here.
//!
//! In doubt a path counts as changed, and where git cannot tell at all, that is said.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::conversions::find_hidden;
use super::doubtful::find_unseen;
use super::git::{ask_git, ask_git_for_line, call_git, is_checkout};
use super::links::follow_links;

/// The branches that others are merged into, by the names they usually have.
const MAIN_BRANCHES: [&str; 4] = ["origin/main", "origin/master", "main", "master"];

/// What differs from a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// The commit, in full.
    pub base: String,
    /// What changed below the project's folder; sorted, without repeats.
    pub changes: Vec<Change>,
}

/// Something that changed, or that nobody can tell about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// From the project's folder.
    pub path: PathBuf,
    /// How much of it.
    pub extent: Extent,
}

/// How much a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// One file, which may be gone.
    File,
    /// Anything in a folder: git does not look into other repositories.
    Folder,
}

/// Changes that are not known.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChangesError {
    /// The user named a commit that there is not.
    #[error("`{0}` is no commit of this repository")]
    NoSuchCommit(String),
    /// There is nothing to compare with, for this reason. Everything may have changed.
    #[error("{0}")]
    Unknowable(String),
}

/// Returns what differs between `base` and the files as they are, untracked ones included. Without a `base` it is
/// where the current branch left the main branch.
///
/// # Errors
/// [`ChangesError`] says whether the user has to mend something.
pub fn find_changes(folder: &Path, base: Option<&str>) -> Result<Changes, ChangesError> {
    let unknowable = |why: &str| ChangesError::Unknowable(why.to_owned());
    if !is_checkout(folder) {
        return Err(unknowable("this is no git checkout"));
    }
    let top = ask_git_for_line(folder, &["rev-parse", "--show-toplevel"])
        .ok_or_else(|| unknowable("git does not tell where the checkout begins"))?;
    let top = Path::new(&top);
    if ask_git_for_line(top, &["rev-parse", "--is-shallow-repository"]).as_deref() != Some("false")
    {
        return Err(unknowable("the clone is shallow, so its past is not known"));
    }
    let base = match base {
        Some(base) => {
            find_commit(top, base).ok_or_else(|| ChangesError::NoSuchCommit(base.to_owned()))?
        }
        None => find_fork(top)
            .ok_or_else(|| unknowable("no main branch is found; name a commit to compare with"))?,
    };
    let prefix = find_prefix(folder, top)
        .ok_or_else(|| unknowable("git does not tell where in the checkout the project is"))?;
    let paths =
        list_changes(top, &base).ok_or_else(|| unknowable("git cannot list the changes"))?;
    let mut changes: Vec<Change> = paths
        .into_iter()
        .filter_map(|change| {
            // What changed around the project is no file of its own, but a whole folder may contain it.
            let is_around = change.extent == Extent::Folder && prefix.starts_with(&change.path);
            let path = if is_around {
                PathBuf::new()
            } else {
                change.path.strip_prefix(&prefix).ok()?.to_owned()
            };
            Some(Change { path, ..change })
        })
        .collect();
    changes.sort();
    changes.dedup();
    Ok(Changes { base, changes })
}

/// Returns those of some paths, from the project's folder, that git ignores and therefore does not know. `None` where it
/// does not say.
#[must_use]
pub fn find_ignored(folder: &Path, paths: &BTreeSet<&str>) -> Option<BTreeSet<String>> {
    if paths.is_empty() {
        return Some(BTreeSet::new());
    }
    let mut arguments = vec!["-c", "core.quotePath=false", "check-ignore", "--"];
    arguments.extend(paths);
    let answer = call_git(folder, &arguments)?;
    // It fails with 1 where nothing is ignored, and with more where it cannot tell.
    answer.status.code().filter(|code| *code <= 1)?;
    let printed = String::from_utf8(answer.stdout).ok()?;
    // A name between quotes is one with a character that would need more care than it is worth.
    let names = printed
        .lines()
        .map(|name| (!name.starts_with('"')).then(|| name.to_owned()));
    names.collect()
}

/// Returns where the project is below the top of the checkout, whichever way it was reached.
fn find_prefix(folder: &Path, top: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    let top = top.canonicalize().ok()?;
    Some(folder.strip_prefix(top).ok()?.to_owned())
}

fn find_commit(top: &Path, name: &str) -> Option<String> {
    let name = format!("{name}^{{commit}}");
    let arguments = [
        "rev-parse",
        "--verify",
        "--quiet",
        "--end-of-options",
        &name,
    ];
    ask_git_for_line(top, &arguments)
}

/// Returns the newest commit that the current branch has in common with the main branch.
fn find_fork(top: &Path) -> Option<String> {
    let remote = [
        "rev-parse",
        "--abbrev-ref",
        "--verify",
        "--quiet",
        "origin/HEAD",
    ];
    let remote = ask_git_for_line(top, &remote);
    let branches = remote.iter().map(String::as_str).chain(MAIN_BRANCHES);
    let mut known = branches.filter(|branch| find_commit(top, branch).is_some());
    ask_git_for_line(top, &["merge-base", "HEAD", known.next()?])
}

/// Returns what changed, from the top of the checkout.
fn list_changes(top: &Path, base: &str) -> Option<Vec<Change>> {
    let file = |path: &[u8]| change(path, Extent::File);
    let differing = [
        // A mode and the ends of lines count for suites, whatever this checkout is told about them.
        "-c",
        "core.fileMode=true",
        "-c",
        "core.autocrlf=false",
        // A time of modification can be put back.
        "-c",
        "core.trustctime=true",
        "-c",
        "core.checkStat=default",
        "diff",
        "--name-only",
        "-z",
        "--no-renames",
        "--no-ext-diff",
        "--ignore-submodules=none",
        base,
        "--",
    ];
    let mut changes: Vec<Change> = split(&ask_git(top, &differing)?)
        // What differs and is a folder is another repository.
        .map(|path| {
            if top.join(OsStr::from_bytes(path)).is_dir() {
                change(path, Extent::Folder)
            } else {
                file(path)
            }
        })
        .collect();
    // Inputs are told from other files by these alone, and not by what one user or one checkout excludes.
    let excluding = "--exclude-per-directory=.gitignore";
    let untracked = ["ls-files", "--others", excluding, "-z"];
    changes.extend(
        split(&ask_git(top, &untracked)?).map(|path| match path.strip_suffix(b"/") {
            Some(folder) => change(folder, Extent::Folder),
            // A link to a folder, which suites read as one.
            None if top.join(OsStr::from_bytes(path)).is_dir() => change(path, Extent::Folder),
            None => file(path),
        }),
    );
    // These git was told not to look at, so nobody can tell. Those that a sparse checkout left out are not there.
    let unwatched = ask_git(top, &["ls-files", "-v", "-z"])?;
    changes.extend(split(&unwatched).filter_map(|entry| {
        let (tag, path) = (*entry.first()?, entry.get(2..)?);
        let is_hidden = tag.is_ascii_lowercase()
            || (tag == b'S' && top.join(OsStr::from_bytes(path)).symlink_metadata().is_ok());
        is_hidden.then(|| file(path))
    }));
    let known = ask_git(top, &["ls-files", "-z"])?;
    let passed_over = find_hidden(top, &known)?.into_iter();
    let passed_over = passed_over.chain(find_unseen(top)?);
    changes.extend(passed_over.map(|path| Change {
        path,
        extent: Extent::File,
    }));
    let known = ask_git(top, &["ls-files", "--stage", "-z"])?;
    follow_links(top, split(&known), &mut changes);
    Some(changes)
}

fn change(path: &[u8], extent: Extent) -> Change {
    Change {
        path: OsStr::from_bytes(path).into(),
        extent,
    }
}

/// Splits what is printed with `-z`.
fn split(printed: &[u8]) -> impl Iterator<Item = &[u8]> {
    let entries = printed.split(|byte| *byte == 0);
    entries.filter(|entry| !entry.is_empty())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::process::Command;

    use tempfile::TempDir;

    use super::*;

    fn git(folder: &Path, arguments: &[&str]) {
        let status = Command::new("git")
            .args(["-c", "user.name=T", "-c", "user.email=t@example.org"])
            .args(["-c", "protocol.file.allow=always"])
            .args(arguments)
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(status.status.success(), "{arguments:?}: {status:?}");
    }

    /// Returns a checkout with `app/src/a.rs`, `app/regatta.toml` and `other/b`, all committed.
    fn checkout() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path();
        git(top, &["init", "-q", "-b", "main"]);
        fs::create_dir_all(top.join("app/src")).unwrap();
        fs::create_dir(top.join("other")).unwrap();
        for file in ["app/src/a.rs", "app/regatta.toml", "other/b"] {
            fs::write(top.join(file), "one\n").unwrap();
        }
        fs::write(top.join(".gitignore"), "*.tmp\n").unwrap();
        git(top, &["add", "-A"]);
        git(top, &["commit", "-qm", "first"]);
        folder
    }

    fn changed(folder: &Path, base: Option<&str>) -> Vec<String> {
        let changes = find_changes(folder, base).unwrap().changes;
        let paths = changes.iter().map(|it| {
            let slash = if it.extent == Extent::Folder { "/" } else { "" };
            format!("{}{slash}", it.path.display())
        });
        paths.collect()
    }

    #[test]
    fn all_that_differs_below_the_project_is_told_from_its_folder() {
        let checkout = checkout();
        let app = checkout.path().join("app");
        assert_eq!(changed(&app, None), [""; 0]);
        fs::write(app.join("src/a.rs"), "two\n").unwrap();
        fs::write(app.join("new file"), "").unwrap();
        fs::write(app.join("left.tmp"), "").unwrap();
        fs::remove_file(app.join("regatta.toml")).unwrap();
        fs::write(checkout.path().join("other/b"), "two\n").unwrap();
        assert_eq!(
            changed(&app, None),
            ["new file", "regatta.toml", "src/a.rs"]
        );
        // What is staged or committed is no less changed.
        git(&app, &["add", "-A"]);
        assert_eq!(
            changed(&app, None),
            ["new file", "regatta.toml", "src/a.rs"]
        );
        git(&app, &["commit", "-qm", "second"]);
        assert_eq!(
            changed(&app, Some("HEAD~1")),
            ["new file", "regatta.toml", "src/a.rs"]
        );
        assert_eq!(changed(&app, Some("HEAD")), [""; 0]);
    }

    #[test]
    fn a_branch_is_compared_with_where_it_left_the_main_branch() {
        let checkout = checkout();
        let top = checkout.path();
        git(top, &["switch", "-qc", "topic"]);
        fs::write(top.join("mine"), "").unwrap();
        git(top, &["add", "-A"]);
        git(top, &["commit", "-qm", "mine"]);
        git(top, &["switch", "-q", "main"]);
        fs::write(top.join("theirs"), "").unwrap();
        git(top, &["add", "-A"]);
        git(top, &["commit", "-qm", "theirs"]);
        git(top, &["switch", "-q", "topic"]);
        assert_eq!(changed(top, None), ["mine"]);
    }

    #[test]
    fn a_renamed_file_is_one_gone_and_one_new() {
        let checkout = checkout();
        git(checkout.path(), &["mv", "other/b", "other/c"]);
        assert_eq!(changed(checkout.path(), None), ["other/b", "other/c"]);
    }

    #[test]
    fn another_repository_inside_counts_as_a_whole() {
        let outer = checkout();
        let inner = outer.path().join("app/vendor");
        fs::create_dir(&inner).unwrap();
        git(&inner, &["init", "-q"]);
        fs::write(inner.join("lib"), "").unwrap();
        assert_eq!(changed(outer.path(), None), ["app/vendor/"]);
        let library = checkout();
        let library = library.path().to_str().unwrap();
        git(
            outer.path(),
            &["submodule", "--quiet", "add", library, "sub"],
        );
        git(outer.path(), &["commit", "-qm", "submodule"]);
        fs::write(outer.path().join("sub/other/b"), "two\n").unwrap();
        assert_eq!(changed(outer.path(), None), ["app/vendor/", "sub/"]);
    }

    #[test]
    fn a_file_that_git_was_told_not_to_look_at_may_have_changed() {
        let checkout = checkout();
        git(
            checkout.path(),
            &["update-index", "--assume-unchanged", "other/b"],
        );
        assert_eq!(changed(checkout.path(), None), ["other/b"]);
    }

    #[test]
    fn a_link_changes_with_what_it_leads_to() {
        let checkout = checkout();
        let top = checkout.path();
        symlink("other/b", top.join("file")).unwrap();
        symlink("app/src", top.join("folder")).unwrap();
        symlink("folder/a.rs", top.join("twice")).unwrap();
        symlink("app/regatta.toml", top.join("calm")).unwrap();
        symlink("nowhere", top.join("dangling")).unwrap();
        git(top, &["add", "-A"]);
        git(top, &["commit", "-qm", "links"]);
        assert_eq!(changed(top, None), [""; 0]);
        fs::write(top.join("app/src/a.rs"), "two\n").unwrap();
        assert_eq!(changed(top, None), ["app/src/a.rs", "folder/", "twice"]);
        fs::remove_file(top.join("other/b")).unwrap();
        fs::write(top.join("nowhere"), "").unwrap();
        assert_eq!(
            changed(top, None),
            [
                "app/src/a.rs",
                "dangling",
                "file",
                "folder/",
                "nowhere",
                "other/b",
                "twice"
            ]
        );
    }

    #[test]
    fn a_link_to_where_git_does_not_look_may_have_changed() {
        let checkout = checkout();
        let top = checkout.path();
        fs::write(top.join("made.tmp"), "").unwrap();
        symlink("made.tmp", top.join("ignored")).unwrap();
        symlink("/", top.join("outside")).unwrap();
        git(top, &["add", "-A"]);
        git(top, &["commit", "-qm", "links"]);
        assert_eq!(changed(top, None), ["ignored", "outside/"]);
    }

    #[test]
    fn what_one_user_told_git_to_pass_over_has_changed_all_the_same() {
        let checkout = checkout();
        let top = checkout.path();
        fs::write(top.join(".git/info/exclude"), "private\n").unwrap();
        fs::write(top.join("private"), "").unwrap();
        git(top, &["config", "core.fileMode", "false"]);
        git(top, &["config", "core.autocrlf", "input"]);
        fs::write(top.join("other/b"), "one\r\n").unwrap();
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(top.join("app/src/a.rs"), executable).unwrap();
        assert_eq!(changed(top, None), ["app/src/a.rs", "other/b", "private"]);
    }

    #[test]
    fn an_edit_that_git_undoes_before_it_compares_is_a_change() {
        let checkout = checkout();
        let top = checkout.path();
        let attributes = "* text=auto\n*.id ident\n*.notes filter=strip\n*.big filter=lfs\n";
        fs::write(top.join(".gitattributes"), attributes).unwrap();
        git(top, &["config", "filter.strip.clean", "cat"]);
        git(top, &["config", "filter.lfs.clean", "cat"]);
        for file in ["a.id", "a.notes", "a.big"] {
            fs::write(top.join(file), "one\n").unwrap();
        }
        git(top, &["add", "-A"]);
        git(top, &["commit", "-qm", "attributes"]);
        // What keywords and filters leave out nobody can tell.
        assert_eq!(changed(top, None), ["a.id", "a.notes"]);
        fs::write(top.join("other/b"), "one\r\n").unwrap();
        // git takes it for unchanged from here on without looking.
        git(top, &["add", "-A"]);
        git(top, &["status"]);
        assert_eq!(changed(top, None), ["a.id", "a.notes", "other/b"]);
    }

    #[test]
    fn an_edit_within_the_second_of_the_last_look_is_a_change() {
        let checkout = checkout();
        let top = checkout.path();
        let file = top.join("other/b");
        let old = fs::FileTimes::new().set_modified(std::time::UNIX_EPOCH);
        let put_back = || {
            fs::File::options()
                .write(true)
                .open(&file)
                .unwrap()
                .set_times(old)
        };
        put_back().unwrap();
        symlink("one", top.join("link")).unwrap();
        git(top, &["add", "-A"]);
        git(top, &["commit", "-qm", "link"]);
        for content in ["two\n", "six\n", "ten\n"] {
            // git notes how the file looks now.
            git(top, &["status"]);
            fs::write(&file, content).unwrap();
            put_back().unwrap();
            assert_eq!(changed(top, Some("HEAD")), ["other/b"], "{content}");
            fs::write(&file, "one\n").unwrap();
            put_back().unwrap();
            assert_eq!(changed(top, Some("HEAD")), [""; 0]);
        }
    }

    #[test]
    fn a_new_link_to_a_folder_is_that_folder() {
        let checkout = checkout();
        symlink("../other", checkout.path().join("app/data")).unwrap();
        assert_eq!(changed(checkout.path(), None), ["app/data/"]);
    }

    #[test]
    fn what_git_ignores_is_told_from_what_it_knows() {
        let checkout = checkout();
        let top = checkout.path();
        fs::write(top.join("kept.tmp"), "").unwrap();
        git(top, &["add", "-f", "kept.tmp"]);
        let ignored = |paths: &[&str]| find_ignored(top, &paths.iter().copied().collect());
        let names = |names: &[&str]| Some(names.iter().map(|it| (*it).to_owned()).collect());
        // A file that git knows all the same is not ignored, and one that is not there yet may be.
        assert_eq!(
            ignored(&["a.tmp", "kept.tmp", "other/b"]),
            names(&["a.tmp"])
        );
        assert_eq!(ignored(&["other"]), names(&[]));
        assert_eq!(ignored(&["../outside"]), None);
    }

    #[test]
    fn a_project_that_is_reached_through_a_link_is_found() {
        let checkout = checkout();
        fs::write(checkout.path().join("app/src/a.rs"), "two\n").unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let link = elsewhere.path().join("link");
        symlink(checkout.path().join("app"), &link).unwrap();
        assert_eq!(changed(&link, Some("HEAD")), ["src/a.rs"]);
    }

    #[test]
    fn what_cannot_be_known_is_told_from_what_is_wrong() {
        let nowhere = tempfile::tempdir().unwrap();
        let error = find_changes(nowhere.path(), None).unwrap_err();
        assert_eq!(error.to_string(), "this is no git checkout");
        let checkout = checkout();
        for name in ["v9", "--help", "HEAD:app"] {
            let error = find_changes(checkout.path(), Some(name)).unwrap_err();
            assert_eq!(error, ChangesError::NoSuchCommit(name.to_owned()));
        }
        let from = format!("file://{}", checkout.path().display());
        git(
            nowhere.path(),
            &["clone", "-q", "--depth=1", &from, "shallow"],
        );
        let error = find_changes(&nowhere.path().join("shallow"), None).unwrap_err();
        assert!(
            error.to_string().starts_with("the clone is shallow"),
            "{error}"
        );
        git(checkout.path(), &["branch", "-qm", "trunk"]);
        let error = find_changes(checkout.path(), None).unwrap_err();
        assert!(error.to_string().starts_with("no main branch"), "{error}");
    }
}
