//! The questions, and where the answers stand. What follows from them is the caller's business.

use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};

use super::limits::{Limit, find_count};

/// The memory of this machine, as far as this process may use it.
#[derive(Clone, Debug)]
pub struct SystemMemory {
    /// Before all paths; anything but `/` is for tests.
    root: PathBuf,
    /// Looked for when they are needed first.
    limits: OnceCell<Vec<Limit>>,
}

impl SystemMemory {
    /// Looks at nothing yet. `root` is `/`, or a folder with a `proc` and whatever that names, which stands for a machine.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            limits: OnceCell::new(),
        }
    }

    /// Returns how many bytes can be had without anybody being killed or swapped out: of the machine, and of every group
    /// that limits this process, the least. `None` where nothing is told.
    ///
    /// Source: `MemAvailable` in `proc_meminfo(5)`.
    #[must_use]
    pub fn available_bytes(&self) -> Option<u64> {
        let machine = self.machine_bytes();
        let groups = self.limits().filter_map(Limit::left);
        machine.into_iter().chain(groups).min()
    }

    /// Returns for how much of the last ten seconds some task of this machine, or of this process's group, waited for
    /// memory, in hundredths of a percent, whichever is more. `None` where the kernel does not count that.
    ///
    /// Source: the kernel's `accounting/psi.rst`.
    #[must_use]
    pub fn pressure(&self) -> Option<u32> {
        let machine = fs::read_to_string(self.root.join("proc/pressure/memory")).ok();
        let group = self.limits().find_map(Limit::pressure);
        let texts = [machine, group].into_iter().flatten();
        texts.filter_map(|text| parse_pressure(&text)).max()
    }

    /// Returns how many processes were killed because memory had run out: of this process's group where that is counted,
    /// else of the machine. Counted before the process gets its signal.
    #[must_use]
    pub fn kills(&self) -> Option<u64> {
        let group = self.limits().find_map(Limit::kills);
        group.or_else(|| {
            let counters = fs::read_to_string(self.root.join("proc/vmstat")).ok()?;
            find_count(&counters, "oom_kill")
        })
    }

    fn limits(&self) -> impl Iterator<Item = &Limit> {
        let limits = self.limits.get_or_init(|| Limit::find_all(&self.root));
        limits.iter()
    }

    fn machine_bytes(&self) -> Option<u64> {
        let text = fs::read_to_string(self.root.join("proc/meminfo")).ok()?;
        let line = text
            .lines()
            .find_map(|it| it.strip_prefix("MemAvailable:"))?;
        let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kibibytes * 1024)
    }
}

/// Returns `avg10` of the line about some tasks, which is a percentage with two decimals.
fn parse_pressure(text: &str) -> Option<u32> {
    let line = text.lines().find_map(|it| it.strip_prefix("some "))?;
    let average = line.split(' ').find_map(|it| it.strip_prefix("avg10="))?;
    let (whole, hundredths) = average.split_once('.')?;
    let [whole, hundredths]: [u32; 2] = [whole.parse().ok()?, hundredths.parse().ok()?];
    whole.checked_mul(100)?.checked_add(hundredths)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine made of files.
    struct Machine(tempfile::TempDir);

    impl Machine {
        fn new(files: &[(&str, &str)]) -> Self {
            let machine = Self(tempfile::tempdir().unwrap());
            for (path, text) in files {
                machine.write(path, text);
            }
            machine
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn memory(&self) -> SystemMemory {
            SystemMemory::new(self.0.path())
        }
    }

    const MEMINFO: (&str, &str) = (
        "proc/meminfo",
        "MemTotal:       2097152 kB\nMemAvailable:   1048576 kB\n",
    );
    const UNIFIED: (&str, &str) = (
        "proc/self/mountinfo",
        "29 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
    );
    const HYBRID: (&str, &str) = (
        "proc/self/mountinfo",
        "40 31 0:37 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
         41 31 0:38 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
         42 31 0:39 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
    );

    #[test]
    fn a_machine_that_tells_nothing_has_no_answers() {
        let memory = Machine::new(&[]).memory();
        assert_eq!(memory.available_bytes(), None);
        assert_eq!((memory.pressure(), memory.kills()), (None, None));
    }

    #[test]
    fn the_least_of_the_machine_and_all_groups_is_available() {
        let machine = Machine::new(&[MEMINFO, UNIFIED, ("proc/self/cgroup", "0::/a/b\n")]);
        assert_eq!(machine.memory().available_bytes(), Some(1 << 30));
        machine.write("sys/fs/cgroup/a/b/memory.max", "max\n");
        machine.write("sys/fs/cgroup/a/b/memory.current", "5\n");
        assert_eq!(machine.memory().available_bytes(), Some(1 << 30));
        machine.write("sys/fs/cgroup/a/memory.max", "1000000\n");
        machine.write("sys/fs/cgroup/a/memory.current", "400000\n");
        assert_eq!(machine.memory().available_bytes(), Some(600_000));
        machine.write(
            "sys/fs/cgroup/a/memory.stat",
            "anon 7\ninactive_file 100000\n",
        );
        assert_eq!(machine.memory().available_bytes(), Some(700_000));
        machine.write("sys/fs/cgroup/a/memory.current", "2000000\n");
        assert_eq!(machine.memory().available_bytes(), Some(0));
    }

    #[test]
    fn groups_of_the_first_version_limit_as_well() {
        let groups = ("proc/self/cgroup", "4:memory:/x/y\n3:cpu:/z\n0::/\n");
        let machine = Machine::new(&[MEMINFO, HYBRID, groups]);
        let group = "sys/fs/cgroup/memory/x";
        machine.write(
            &format!("{group}/y/memory.limit_in_bytes"),
            "9223372036854771712",
        );
        machine.write(&format!("{group}/y/memory.usage_in_bytes"), "100");
        machine.write(&format!("{group}/memory.limit_in_bytes"), "1000");
        machine.write(&format!("{group}/memory.usage_in_bytes"), "300");
        machine.write(
            &format!("{group}/memory.stat"),
            "inactive_file 1\ntotal_inactive_file 50\n",
        );
        assert_eq!(machine.memory().available_bytes(), Some(750));
    }

    #[test]
    fn pressure_is_that_of_the_machine_or_of_the_group() {
        let machine = Machine::new(&[UNIFIED, ("proc/self/cgroup", "0::/a\n")]);
        machine.write(
            "proc/pressure/memory",
            "some avg10=1.05 avg60=9.00 avg300=9.00 total=5\nfull avg10=0.50 avg60=0.00 avg300=0.00 total=1\n",
        );
        assert_eq!(machine.memory().pressure(), Some(105));
        machine.write(
            "sys/fs/cgroup/a/memory.pressure",
            "some avg10=37.10 avg60=0.00 avg300=0.00 total=5\n",
        );
        assert_eq!(machine.memory().pressure(), Some(3710));
    }

    #[test]
    fn kills_are_counted_by_the_group_or_else_by_the_machine() {
        let machine = Machine::new(&[UNIFIED, ("proc/self/cgroup", "0::/a/b\n")]);
        machine.write("proc/vmstat", "oom_kill_disable 7\noom_kill 3\n");
        assert_eq!(machine.memory().kills(), Some(3));
        machine.write("sys/fs/cgroup/a/memory.events", "oom 2\noom_kill 1\n");
        assert_eq!(machine.memory().kills(), Some(1));
    }
}
