//! The processors this run may use, why there are not more, and how many slots that makes. Knows no suites.

use std::fs;

use rustix::thread::sched_getaffinity;

use crate::config::MaxParallel;

/// The processors of this machine, as far as this process may use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Processors {
    /// Those it may use, at least 1.
    pub usable: u32,
    /// Those it may run on, one after another perhaps: a quota may keep it from using all of them at a time.
    pub allowed: u32,
    /// All that the machine has.
    pub online: u32,
}

impl Processors {
    /// Looks at affinity, quota and machine.
    #[must_use]
    pub fn look() -> Self {
        // The standard library knows affinity and the quotas of both versions of cgroups.
        let usable = std::thread::available_parallelism();
        let usable = usable.map_or(1, |count| u32::try_from(count.get()).unwrap_or(u32::MAX));
        let allowed = sched_getaffinity(None).map_or(usable, |set| set.count());
        let online = fs::read_to_string("/sys/devices/system/cpu/online");
        let online = online.ok().and_then(|list| count_listed(list.trim()));
        let allowed = allowed.max(usable);
        Self {
            usable,
            allowed,
            online: online.unwrap_or(allowed).max(allowed),
        }
    }

    /// Returns how many slots a wish comes to.
    #[must_use]
    pub fn slots(self, wish: MaxParallel) -> u32 {
        match wish {
            MaxParallel::Auto => self.usable,
            MaxParallel::Count(count) => count,
            MaxParallel::Percent(percent) => {
                let share = u64::from(self.usable) * u64::from(percent) / 100;
                u32::try_from(share).unwrap_or(u32::MAX)
            }
        }
    }

    /// Returns why a wish comes to so many slots, in words for people; `None` where it names the number itself.
    #[must_use]
    pub fn explain(self, wish: MaxParallel, slots: u32) -> Option<String> {
        if slots < self.slots(wish) {
            return Some("as many as open files allow".to_owned());
        }
        let limit = self.limit();
        match wish {
            MaxParallel::Count(_) => None,
            MaxParallel::Auto => Some(limit),
            MaxParallel::Percent(percent) => Some(format!("{percent}% of {limit}")),
        }
    }

    /// Returns what keeps this process from using more.
    fn limit(self) -> String {
        let Self {
            usable,
            allowed,
            online,
        } = self;
        let plural = if online == 1 { "" } else { "s" };
        if usable < allowed {
            format!("cgroup quota, {usable} of {online} CPU{plural}")
        } else if allowed < online {
            format!("CPU affinity, {usable} of {online} CPU{plural}")
        } else if online == 1 {
            "the only CPU".to_owned()
        } else {
            format!("all {online} CPUs")
        }
    }
}

/// Returns how many numbers a list such as `0-3,8` has.
fn count_listed(list: &str) -> Option<u32> {
    let counts = list.split(',').map(|range| {
        let (low, high) = range.split_once('-').unwrap_or((range, range));
        let [low, high]: [u32; 2] = [low.parse().ok()?, high.parse().ok()?];
        high.checked_sub(low)?.checked_add(1)
    });
    counts.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explain(numbers: (u32, u32, u32), wish: MaxParallel, slots: u32) -> String {
        let (usable, allowed, online) = numbers;
        let processors = Processors {
            usable,
            allowed,
            online,
        };
        processors.explain(wish, slots).unwrap_or_default()
    }

    #[test]
    fn what_limits_the_slots_is_told() {
        let (auto, half) = (MaxParallel::Auto, MaxParallel::Percent(50));
        for (numbers, wish, slots, expected) in [
            ((8, 8, 8), auto, 8, "all 8 CPUs"),
            ((1, 1, 1), auto, 1, "the only CPU"),
            ((2, 2, 16), auto, 2, "CPU affinity, 2 of 16 CPUs"),
            ((4, 16, 16), auto, 4, "cgroup quota, 4 of 16 CPUs"),
            ((8, 8, 8), half, 4, "50% of all 8 CPUs"),
            ((2, 2, 16), half, 1, "50% of CPU affinity, 2 of 16 CPUs"),
            ((8, 8, 8), MaxParallel::Count(3), 3, ""),
            (
                (8, 8, 8),
                MaxParallel::Count(300),
                250,
                "as many as open files allow",
            ),
        ] {
            assert_eq!(explain(numbers, wish, slots), expected);
        }
    }

    #[test]
    fn lists_of_processors_are_counted() {
        for (list, expected) in [
            ("0", Some(1)),
            ("0-7", Some(8)),
            ("0-3,8,10-11", Some(7)),
            ("", None),
            ("3-1", None),
        ] {
            assert_eq!(count_listed(list), expected, "{list}");
        }
    }

    #[test]
    fn this_machine_has_processors() {
        let Processors {
            usable,
            allowed,
            online,
        } = Processors::look();
        assert!(1 <= usable && usable <= allowed && allowed <= online);
    }
}
