//! A real group with a limit on memory, where this machine lets a test make one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A group that is removed in the end.
pub(super) struct MemoryGroup {
    directory: PathBuf,
    /// Whether it is one of the first version.
    is_first: bool,
}

impl MemoryGroup {
    /// Makes a group below the one this test is in; `None` where that is not allowed, or memory is not counted.
    pub(super) fn of_bytes(bytes: u64) -> Option<Self> {
        let name = format!("regatta-test-{}-{bytes}", std::process::id());
        let (first, second) = (own_directory("memory"), own_directory(""));
        let mut homes = [(first, true), (second, false)].into_iter();
        homes.find_map(|(home, is_first)| {
            let directory = home?.join(&name);
            fs::create_dir(&directory).ok()?;
            let group = Self {
                directory,
                is_first,
            };
            let limit = if is_first {
                "memory.limit_in_bytes"
            } else {
                "memory.max"
            };
            let limited = fs::write(group.directory.join(limit), bytes.to_string());
            limited.is_ok().then_some(group)
        })
    }

    /// Returns a command that enters the group and goes on as this program.
    pub(super) fn enter(&self, program: &Path) -> Command {
        let members = self.directory.join("cgroup.procs");
        let mut inside = Command::new("/bin/sh");
        inside.args(["-c", "echo $$ > \"$0\" && exec \"$@\""]);
        inside.arg(members).arg(program);
        inside
    }

    /// Returns how many of its processes were killed for memory.
    pub(super) fn kills(&self) -> u64 {
        let file = if self.is_first {
            "memory.oom_control"
        } else {
            "memory.events"
        };
        let text = fs::read_to_string(self.directory.join(file)).expect("a count");
        let line = text.lines().find_map(|it| it.strip_prefix("oom_kill "));
        line.expect("a count").parse().expect("a number")
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.directory);
    }
}

/// Returns the directory of the group this test is in, of the hierarchy with this controller, or of the second version.
fn own_directory(controller: &str) -> Option<PathBuf> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = groups.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let is_it = fields.next()?.split(',').any(|it| it == controller);
        is_it.then(|| fields.next()).flatten()
    })?;
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let mount = mounts.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(' ').collect();
        let is_it = match controller {
            "" => fields[2] == "cgroup2",
            name => fields[2] == "cgroup" && fields[3].split(',').any(|it| it == name),
        };
        is_it.then(|| fields[1].to_owned())
    })?;
    Some(Path::new(&mount).join(group.trim_start_matches('/')))
}
