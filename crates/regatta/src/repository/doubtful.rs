//! Files that git takes for what it knows without reading them. It compares times by the second, unless it was built
//! otherwise, so an edit within the second in which it last looked does not show where its other time was put back.
//! Here times are compared to the nanosecond, and what differs there is read.
//!
//! Source: `Documentation/technical/racy-git.txt` of git.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::git::{ask_git, ask_git_about, ask_git_for_line};

/// A clock of a file system may tick this slowly: two edits in between have the same time.
const TICK_NS: i128 = 20_000_000;

/// A moment as files have it: seconds and nanoseconds since 1970.
type Moment = (i64, i64);

/// Returns the files that differ from git's index although their times may say otherwise to git, `None` where git does
/// not say.
///
/// *Shape*: paths are from `top`.
pub(super) fn find_unseen(top: &Path) -> Option<Vec<PathBuf>> {
    let index = ask_git_for_line(top, &["rev-parse", "--git-path", "index"])?;
    // Without an index git knows no file.
    let Ok(index) = top.join(index).metadata() else {
        return Some(Vec::new());
    };
    let written = nanoseconds((index.mtime(), index.mtime_nsec()));
    let looks = ask_git(top, &["ls-files", "--stage", "--debug", "-z"])?;
    let mut unseen = Vec::new();
    let mut doubtful = BTreeMap::new();
    for look in read_looks(&looks)? {
        let path = OsStr::from_bytes(look.path);
        let Ok(found) = top.join(path).symlink_metadata() else {
            continue;
        };
        if !is_doubtful(&look, &found, written) {
            continue;
        }
        if found.is_symlink() {
            let text = fs::read_link(top.join(path)).ok()?;
            if ask_git(top, &["cat-file", "blob", look.digest])? != text.as_os_str().as_bytes() {
                unseen.push(path.into());
            }
        } else if found.is_file() {
            doubtful.insert(look.path, look.digest);
        }
    }
    // git reads names line by line.
    let (odd, plain): (Vec<_>, Vec<_>) = doubtful
        .into_iter()
        .partition(|(path, _)| path.contains(&b'\n') || path.starts_with(b"\""));
    unseen.extend(odd.iter().map(|(path, _)| OsStr::from_bytes(path).into()));
    if plain.is_empty() {
        return Some(unseen);
    }
    let names: Vec<&[u8]> = plain.iter().map(|(path, _)| *path).collect();
    let names = [&names.join(&b'\n')[..], b"\n"].concat();
    // Where one went away meanwhile, git stops.
    let digests = ask_git_about(top, &["hash-object", "--stdin-paths"], &names)?;
    let digests = String::from_utf8(digests).ok()?;
    let pairs = plain.iter().zip(digests.lines());
    let differing = pairs.filter(|((_, known), now)| known != now);
    unseen.extend(differing.map(|((path, _), _)| OsStr::from_bytes(path).into()));
    Some(unseen)
}

/// What git saw of a file when it last looked.
#[derive(Debug, PartialEq, Eq)]
struct Look<'l> {
    path: &'l [u8],
    digest: &'l str,
    changed: Moment,
    modified: Moment,
}

/// Reads what `git ls-files --stage --debug -z` prints: mode, digest and stage, a path after a tab, and after a zero
/// byte five lines.
fn read_looks(printed: &[u8]) -> Option<Vec<Look<'_>>> {
    let mut looks = Vec::new();
    let mut rest = printed;
    while !rest.is_empty() {
        let tab = rest.iter().position(|byte| *byte == b'\t')?;
        let words = std::str::from_utf8(&rest[..tab]).ok()?;
        let end = rest.iter().position(|byte| *byte == 0)?;
        let path = &rest[tab + 1..end];
        rest = &rest[end + 1..];
        let mut lines = Vec::new();
        for _ in 0..5 {
            let end = rest.iter().position(|byte| *byte == b'\n')?;
            lines.push(std::str::from_utf8(&rest[..end]).ok()?);
            rest = &rest[end + 1..];
        }
        looks.push(Look {
            path,
            digest: words.split(' ').nth(1)?,
            changed: read_moment(lines[0], "ctime: ")?,
            modified: read_moment(lines[1], "mtime: ")?,
        });
    }
    Some(looks)
}

fn read_moment(line: &str, name: &str) -> Option<Moment> {
    let (seconds, rest) = line.trim_start().strip_prefix(name)?.split_once(':')?;
    Some((seconds.parse().ok()?, rest.parse().ok()?))
}

/// Returns whether git may believe that a file is as it was, and be wrong.
fn is_doubtful(look: &Look<'_>, found: &Metadata, index_written: i128) -> bool {
    let changed = (found.ctime(), found.ctime_nsec());
    let modified = (found.mtime(), found.mtime_nsec());
    // The index holds 32 bits of a second.
    let is_same_second = |a: Moment, b: Moment| (a.0 ^ b.0).trailing_zeros() >= 32;
    if !is_same_second(changed, look.changed) || !is_same_second(modified, look.modified) {
        // It sees that itself.
        return false;
    }
    changed.1 != look.changed.1
        || modified.1 != look.modified.1
        || nanoseconds(changed) + TICK_NS >= index_written
}

fn nanoseconds((seconds, rest): Moment) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_saw_is_read_with_any_name() {
        let printed = b"100644 d00491 0\ta\tb\n\0  ctime: 17:539\n  mtime: 16:0\n  dev: 1\tino: 2\n  \
            uid: 0\tgid: 0\n  size: 2\tflags: 0\n120000 e1 0\tc\0  ctime: 1:2\n  mtime: 3:4\n  d\n  u\n  s\n";
        let expected = |path, digest, changed, modified| Look {
            path,
            digest,
            changed,
            modified,
        };
        assert_eq!(
            read_looks(printed),
            Some(vec![
                expected(b"a\tb\n", "d00491", (17, 539), (16, 0)),
                expected(b"c", "e1", (1, 2), (3, 4)),
            ])
        );
        assert_eq!(read_looks(b"100644 d0 0\ta\0  ctime: 17"), None);
    }
}
