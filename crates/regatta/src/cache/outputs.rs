//! What a suite makes: found after a pass, kept, and brought back when the pass is reused.
//!
//! Bringing back changes nothing before all of it is there and checked, and never leaves the suite's folder: each
//! folder on the way is opened by itself, and none through a link.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use regatta_core::manifest::{Content, Digest, Input};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, mkdirat, openat, renameat, statat};
use rustix::io::Errno;

use super::contents::Contents;
use super::entry::{Output, OutputKind, is_inside, link_is_inside};
use super::stat_cache::StatCache;
use super::store::{Store, copy};
use super::tree::PatternSet;
use super::walk::{Manner, walk};

/// What lies where a suite's outputs lie.
#[derive(Debug)]
pub(super) struct Made {
    /// In the order of the walk.
    pub(super) outputs: Vec<Output>,
    /// Of everything there, also of what cannot be kept.
    pub(super) digest: Digest,
    /// Why not all of it can be kept: a pipe, say, or a link that leads out of the folder.
    pub(super) refused: Option<String>,
}

/// Looks at what there is.
///
/// # Errors
/// It cannot be read, or lies behind a link.
pub(super) fn look(dir: &Path, patterns: &PatternSet, stats: &StatCache) -> Result<Made, String> {
    let mut made = Made {
        outputs: Vec::new(),
        digest: super::hash::digest(b""),
        refused: None,
    };
    if patterns.includes.is_empty() {
        return Ok(made);
    }
    let tree = walk(dir, std::slice::from_ref(patterns), Manner::Outputs);
    let contents = Contents::read(tree, stats);
    made.digest = contents.digest_of(0)?;
    for input in contents.inputs_of(0)? {
        match keepable(&input) {
            Ok(kind) => made.outputs.push(Output {
                path: input.path,
                kind,
            }),
            Err(why) => {
                let name = String::from_utf8_lossy(&input.path).into_owned();
                made.refused.get_or_insert(format!("output `{name}` {why}"));
            }
        }
    }
    Ok(made)
}

/// Returns what an output is, or why it cannot be kept, to follow its name.
fn keepable(input: &Input) -> Result<OutputKind, String> {
    if !is_inside(&input.path) {
        return Err("has a name that cannot be kept".into());
    }
    match &input.content {
        Content::File { mode, digest } if mode & !0o777 == 0 => Ok(OutputKind::File {
            mode: *mode,
            digest: *digest,
        }),
        Content::File { .. } => Err("lends somebody's rights".into()),
        Content::Link { text, .. } if link_is_inside(&input.path, text) => {
            Ok(OutputKind::Link(text.clone()))
        }
        Content::Link { text, .. } => {
            let text = String::from_utf8_lossy(text);
            Err(format!(
                "is a link to `{text}`, outside of the suite's folder"
            ))
        }
        Content::Folder { .. } => Ok(OutputKind::Folder),
        Content::Special => Err("is neither file, link nor folder".into()),
    }
}

/// Keeps the contents of outputs.
///
/// # Errors
/// One cannot be read or written, or is not what it was a moment ago.
pub(super) fn keep(store: &Store, dir: &Path, outputs: &[Output]) -> io::Result<()> {
    let root = open_folder(CWD, dir.as_os_str().as_encoded_bytes(), OFlags::empty())?;
    for output in outputs {
        let OutputKind::File { digest, .. } = output.kind else {
            continue;
        };
        let (parent, name) = open_parent(&root, &output.path, Missing::Refused)?;
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let mut file = File::from(openat(&parent, name, flags, Mode::empty())?);
        if store.keep_content(&mut file)? != digest {
            let name = String::from_utf8_lossy(&output.path).into_owned();
            return Err(io::Error::other(format!("output `{name}` changed")));
        }
    }
    Ok(())
}

/// Brings back those of `wanted` that are not there as they were. All of them are fetched and checked before any is put
/// in place.
///
/// # Errors
/// A content is missing or damaged, or a place cannot be had: a link on the way, or a folder where a file belongs.
/// Unless that happened between two files, nothing has changed.
pub(super) fn restore(
    store: &Store,
    dir: &Path,
    wanted: &[Output],
    there: &Made,
) -> io::Result<()> {
    let known: BTreeSet<(&[u8], &OutputKind)> = there
        .outputs
        .iter()
        .map(|it| (&*it.path, &it.kind))
        .collect();
    let missing: Vec<&Output> = wanted
        .iter()
        .filter(|it| !known.contains(&(&*it.path, &it.kind)))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let root = open_folder(CWD, dir.as_os_str().as_encoded_bytes(), OFlags::empty())?;
    // 1. Whatever is in the way shows before anything is made.
    for output in &missing {
        check_place(&root, output)?;
    }
    // 2. Everything is fetched.
    store.prepare()?;
    let mut staged = Staged::default();
    for output in &missing {
        staged.fetch(store, output)?;
    }
    // 3. It is put in place.
    for (output, path) in missing.iter().zip(&staged.paths) {
        let (parent, name) = open_parent(&root, &output.path, Missing::Made)?;
        match path {
            Some(path) => renameat(CWD, path, &parent, name)?,
            None => match mkdirat(&parent, name, Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            },
        }
    }
    Ok(())
}

/// Files and links under temporary names, by output; folders have none. What was not put in place goes with this.
#[derive(Default)]
struct Staged {
    paths: Vec<Option<PathBuf>>,
}

impl Staged {
    fn fetch(&mut self, store: &Store, output: &Output) -> io::Result<()> {
        match &output.kind {
            OutputKind::Folder => self.paths.push(None),
            OutputKind::Link(text) => {
                use std::os::unix::ffi::OsStrExt;
                let path = store.temporary_path();
                std::os::unix::fs::symlink(std::ffi::OsStr::from_bytes(text), &path)?;
                self.paths.push(Some(path));
            }
            OutputKind::File { mode, digest } => {
                let mut content = store.content(*digest)?;
                let (mut file, path) = store.create()?;
                self.paths.push(Some(path));
                if copy(&mut content, &mut file)? != *digest {
                    return Err(io::Error::other(
                        "a content of it changed while it was read",
                    ));
                }
                file.set_permissions(fs::Permissions::from_mode(*mode))?;
            }
        }
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        for path in self.paths.iter().flatten() {
            // Most are where they belong by now.
            let _ = fs::remove_file(path);
        }
    }
}

/// What to do about a folder that is not there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Refused,
    Made,
}

/// Returns an error if an output cannot be put in its place.
fn check_place(root: &OwnedFd, output: &Output) -> io::Result<()> {
    let refuse = |why: &str| {
        let path = String::from_utf8_lossy(&output.path).into_owned();
        Err(io::Error::other(format!("output `{path}` {why}")))
    };
    let (parent, name) = match open_parent(root, &output.path, Missing::Refused) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return refuse(&format!("has no folder to lie in: {error}")),
    };
    let kind = match statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => FileType::from_raw_mode(stat.st_mode),
        Err(Errno::NOENT) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    match (&output.kind, kind) {
        (OutputKind::Folder, FileType::Directory) => Ok(()),
        (OutputKind::Folder, _) => refuse("is a folder, and something else is in its place"),
        (_, FileType::Directory) => refuse("is no folder, and one is in its place"),
        _ => Ok(()),
    }
}

/// Opens the folder of an output, name by name, and returns it with the output's own name.
fn open_parent<'p>(
    root: &OwnedFd,
    path: &'p [u8],
    missing: Missing,
) -> io::Result<(OwnedFd, &'p [u8])> {
    let mut names: Vec<&[u8]> = path.split(|&byte| byte == b'/').collect();
    let last = names.pop().unwrap_or_default();
    let mut folder = open_folder(root, b".", OFlags::empty())?;
    for name in names {
        if missing == Missing::Made {
            match mkdirat(&folder, name, Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
        folder = open_folder(&folder, name, OFlags::NOFOLLOW).map_err(|error| {
            if error.raw_os_error() == Some(Errno::NOTDIR.raw_os_error())
                || error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
            {
                let name = String::from_utf8_lossy(name).into_owned();
                io::Error::other(format!("`{name}` on the way to it is no folder of its own"))
            } else {
                error
            }
        })?;
    }
    Ok((folder, last))
}

fn open_folder(at: impl std::os::fd::AsFd, path: &[u8], flags: OFlags) -> io::Result<OwnedFd> {
    let flags = flags | OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(openat(at, path, flags, Mode::empty())?)
}
