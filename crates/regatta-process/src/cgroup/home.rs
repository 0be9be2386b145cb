//! Where this process is in the cgroup v2 hierarchy, and whether it may make groups there. Changes nothing.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::getxattr;

/// Is there where systemd runs.
///
/// Source: `sd_booted(3)`.
const MANAGER: &str = "/run/systemd/system";

/// The attributes by which a manager hands a group over, with all that is made below it.
pub(super) const DELEGATED: [&str; 2] = ["user.delegate", "trusted.delegate"];

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Home {
    /// Where the hierarchy is mounted.
    pub(super) mount: PathBuf,
    /// The directory of the group this process is in.
    pub(super) own: PathBuf,
    /// Whether that group is the topmost one that can be seen.
    is_top: bool,
}

impl Home {
    /// Returns where this process is, or `None` where there is no such hierarchy.
    ///
    /// Source: `cgroups(7)`, `proc_pid_mountinfo(5)`.
    pub(super) fn find() -> Option<Self> {
        let groups = fs::read("/proc/self/cgroup").ok()?;
        let mounts = fs::read("/proc/self/mountinfo").ok()?;
        Self::locate(&groups, &mounts)
    }

    /// Returns whether groups may be made here. Whether they can is told by trying.
    pub(super) fn is_ours(&self) -> bool {
        let is_marked = |name: &str| {
            let mut value = [0; 2];
            getxattr(&self.own, name, &mut value).is_ok_and(|length| value[..length] == *b"1")
        };
        self.is_free(Path::new(MANAGER), is_marked) && !self.is_limited()
    }

    /// Returns whether nobody else manages this group: there is no manager, or it has handed the group over. The topmost
    /// one it keeps to itself, marked or not, as the mark may be that of a manager above it.
    fn is_free(&self, manager: &Path, is_marked: impl Fn(&str) -> bool) -> bool {
        !manager.exists() || (!self.is_top && DELEGATED.into_iter().any(is_marked))
    }

    /// Returns whether this very group has a limit for memory or CPU. Programs that look for one often look no further
    /// than their own group, so one between them and the limit would hide it.
    fn is_limited(&self) -> bool {
        ["memory.max", "cpu.max"].into_iter().any(|name| {
            let limit = fs::read_to_string(self.own.join(name));
            limit.is_ok_and(|limit| !limit.starts_with("max"))
        })
    }

    fn locate(groups: &[u8], mounts: &[u8]) -> Option<Self> {
        let (mount, own) = locate_group(groups, mounts)?;
        Some(Self {
            is_top: unified_group(groups)? == Path::new("/"),
            mount,
            own,
        })
    }
}

/// Returns where the hierarchy is mounted, and there the directory of the group this process is in, by what `/proc` says
/// of its groups and mounts.
pub(crate) fn locate_group(groups: &[u8], mounts: &[u8]) -> Option<(PathBuf, PathBuf)> {
    let group = unified_group(groups)?;
    find_mounted(&group, mounts, |fields| {
        fields.first() == Some(&b"cgroup2".as_slice())
    })
}

/// Returns the same for the hierarchy of the first version that counts memory.
pub(crate) fn locate_memory_group(groups: &[u8], mounts: &[u8]) -> Option<(PathBuf, PathBuf)> {
    let has_memory = |list: &[u8]| list.split(|byte| *byte == b',').any(|it| it == b"memory");
    let mut lines = groups.split(|byte| *byte == b'\n');
    let group = lines.find_map(|line| {
        let mut fields = line.splitn(3, |byte| *byte == b':').skip(1);
        fields.next().filter(|it| has_memory(it))?;
        fields.next().map(path)
    });
    find_mounted(&group?, mounts, |fields| {
        // The kind, the source, the options.
        fields.first() == Some(&b"cgroup".as_slice())
            && fields.get(2).is_some_and(|it| has_memory(it))
    })
}

fn unified_group(groups: &[u8]) -> Option<PathBuf> {
    let mut groups = groups.split(|byte| *byte == b'\n');
    groups.find_map(|line| line.strip_prefix(b"0::")).map(path)
}

/// Returns where a hierarchy is mounted in which this group can be seen, and the directory of the group. `is_it` is
/// given what a line has after its dash.
fn find_mounted(
    group: &Path,
    mounts: &[u8],
    is_it: impl Fn(&[&[u8]]) -> bool,
) -> Option<(PathBuf, PathBuf)> {
    let mounts = mounts.split(|byte| *byte == b'\n');
    let mut mounts = mounts.filter_map(|line| parse_mount(line, &is_it));
    mounts.find_map(|(top, mount)| {
        // Not below it where only another part of the hierarchy is mounted.
        let inside = group.strip_prefix(&top).ok()?;
        let is_plain = |part| matches!(part, Component::Normal(_));
        // A group outside of what can be seen begins with `..`.
        let is_seen = inside.components().all(is_plain);
        is_seen.then(|| (mount.clone(), mount.join(inside)))
    })
}

/// Returns which part of a hierarchy is mounted and where, if the line is about the right one.
fn parse_mount(line: &[u8], is_it: impl Fn(&[&[u8]]) -> bool) -> Option<(PathBuf, PathBuf)> {
    let fields: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
    // The number of fields before the dash varies.
    let dash = fields.iter().position(|field| *field == b"-")?;
    is_it(&fields[dash + 1..]).then_some((path(&unescape(fields[3])), path(&unescape(fields[4]))))
}

fn path(bytes: &[u8]) -> PathBuf {
    OsString::from_vec(bytes.to_vec()).into()
}

/// Blanks, line ends and backslashes come as a backslash with three octal digits.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        let digits = after.first_chunk::<3>().filter(|_| *first == b'\\');
        let code = digits.and_then(|it| u8::from_str_radix(str::from_utf8(it).ok()?, 8).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[3..] } else { after };
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIFIED: &str = "29 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw";
    const HYBRID: &str = "31 24 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
         40 31 0:37 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
         41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw";

    #[test]
    fn the_own_group_is_found_wherever_the_hierarchy_is_mounted() {
        for (groups, mounts, expected) in [
            ("0::/a/b", UNIFIED, Some("/sys/fs/cgroup/a/b")),
            ("0::/", UNIFIED, Some("/sys/fs/cgroup")),
            (
                "4:memory:/x\n0::/a\n",
                HYBRID,
                Some("/sys/fs/cgroup/unified/a"),
            ),
            // Only a part of it is mounted, the right one or another.
            (
                "0::/a/b",
                "1 2 0:3 /a /m rw - cgroup2 none rw",
                Some("/m/b"),
            ),
            ("0::/ab", "1 2 0:3 /a /m rw - cgroup2 none rw", None),
            (
                "0::/a",
                "1 2 0:3 / /my\\040groups\\134 rw - cgroup2 none rw",
                Some("/my groups\\/a"),
            ),
            // Out of sight.
            ("0::/../a", UNIFIED, None),
            ("0::/a/../../b", UNIFIED, None),
            ("0::/a", "1 2 0:3 /../.. /m rw - cgroup2 none rw", None),
            // None at all.
            ("4:memory:/x", HYBRID, None),
            ("0::/a", "1 2 0:3 / /m rw - cgroup cgroup rw", None),
            ("", "", None),
        ] {
            let found = Home::locate(groups.as_bytes(), mounts.as_bytes());
            let found = found.map(|home| home.own);
            assert_eq!(found, expected.map(PathBuf::from), "{groups} in {mounts}");
        }
    }

    fn home(group: &str) -> Home {
        Home::locate(format!("0::{group}").as_bytes(), UNIFIED.as_bytes()).unwrap()
    }

    #[test]
    fn a_manager_is_asked_where_there_is_one() {
        let managed = tempfile::tempdir().unwrap();
        let (with, without) = (managed.path(), managed.path().join("no"));
        for name in DELEGATED {
            assert!(home("/a").is_free(with, |it| it == name));
            assert!(!home("/").is_free(with, |it| it == name));
        }
        assert!(!home("/a").is_free(with, |_| false));
        assert!(home("/a").is_free(&without, |_| false));
        assert!(home("/").is_free(&without, |_| false));
    }

    #[test]
    fn a_limit_is_not_hidden_from_those_who_look_for_it() {
        let own = tempfile::tempdir().unwrap();
        let home = Home {
            mount: own.path().to_owned(),
            own: own.path().to_owned(),
            is_top: false,
        };
        assert!(!home.is_limited());
        for (name, unlimited, limited) in [
            ("memory.max", "max\n", "536870912\n"),
            ("cpu.max", "max 100000\n", "200000 100000\n"),
        ] {
            let file = own.path().join(name);
            fs::write(&file, limited).unwrap();
            assert!(home.is_limited(), "{name}");
            fs::write(&file, unlimited).unwrap();
            assert!(!home.is_limited(), "{name}");
        }
    }
}
