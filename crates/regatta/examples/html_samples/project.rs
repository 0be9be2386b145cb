//! Projects that never were: so many suites with names, times, dependencies and fates, the same every time.

use std::fmt::Write;
use std::time::Duration;

/// What the suites are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    /// As anywhere.
    Plain,
    /// In Hebrew and Arabic.
    RightToLeft,
    /// As somebody would call them who wants to break a page.
    Hostile,
}

/// How the suites end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Most pass.
    Mixed,
    /// None passes.
    AllFail,
}

/// How one suite ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Passes,
    Fails,
    Crashes,
    Flaky,
    Cached,
}

/// A project.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) name: &'static str,
    pub(crate) count: usize,
    pub(crate) names: Names,
    pub(crate) fate: Fate,
}

const AREAS: [&str; 10] = [
    "auth", "billing", "search", "gateway", "mailer", "storage", "proxy", "report", "web", "cli",
];
const CATEGORIES: [&str; 4] = ["unit", "integration", "acceptance", "lint"];
const WORDS: [&str; 6] = ["בדיקה", "שרת", "مخزن", "اختبار", "חיפוש", "بوابة"];

impl Project {
    pub(crate) fn new(name: &'static str, count: usize) -> Self {
        Self {
            name,
            count,
            names: Names::Plain,
            fate: Fate::Mixed,
        }
    }

    /// Returns a number below `limit` that only depends on the two others.
    pub(crate) fn draw(index: usize, salt: u64, limit: u64) -> u64 {
        let mut x = (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            ^ salt.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        for _ in 0..3 {
            x ^= x >> 29;
            x = x.wrapping_mul(0x94d0_49bb_1331_11eb);
        }
        (x >> 11) % limit
    }

    pub(crate) fn suite_name(&self, index: usize) -> String {
        let category = Self::category(index);
        match self.names {
            Names::Plain => {
                let area = AREAS[index % AREAS.len()];
                match index / AREAS.len() {
                    0 => format!("{area}-{category}"),
                    more => format!("{area}-{category}-{more}"),
                }
            }
            Names::RightToLeft => format!("{}-{index}", WORDS[index % WORDS.len()]),
            Names::Hostile => format!("</script><img src=x onerror=alert({index})>&'\"{index}"),
        }
    }

    pub(crate) fn description(&self, index: usize) -> String {
        match self.names {
            Names::Plain => format!(
                "Checks {} the way its users meet it",
                AREAS[index % AREAS.len()]
            ),
            Names::RightToLeft => format!("בודק את ה{}", WORDS[index % WORDS.len()]),
            Names::Hostile => "<!--<script>alert(1)</script>\u{2028}".into(),
        }
    }

    pub(crate) fn category(index: usize) -> &'static str {
        CATEGORIES[usize::try_from(Self::draw(index, 1, 4)).unwrap_or_default()]
    }

    pub(crate) fn groups(index: usize) -> Vec<String> {
        match Self::draw(index, 2, 12) {
            0 | 1 => vec!["database".into()],
            2 => vec!["browser".into()],
            _ => Vec::new(),
        }
    }

    pub(crate) fn dependencies(index: usize) -> Vec<usize> {
        if index < 6 || Self::draw(index, 3, 5) < 3 {
            return Vec::new();
        }
        let near = (index as u64).min(30);
        let mut before: Vec<usize> = (0..=Self::draw(index, 4, 2))
            .map(|salt| {
                index - 1 - usize::try_from(Self::draw(index, 5 + salt, near)).unwrap_or_default()
            })
            .collect();
        before.sort_unstable();
        before.dedup();
        before
    }

    pub(crate) fn time(index: usize) -> Duration {
        let draw = Self::draw(index, 7, 1_000);
        Duration::from_millis(300 + draw * draw * 45 / 1_000)
    }

    pub(crate) fn end(&self, index: usize) -> End {
        if self.fate == Fate::AllFail {
            return if index % 9 == 4 {
                End::Crashes
            } else {
                End::Fails
            };
        }
        match index {
            it if it % 19 == 5 => End::Fails,
            it if it % 37 == 11 => End::Crashes,
            it if it % 13 == 3 => End::Flaky,
            it if it % 9 == 2 => End::Cached,
            _ => End::Passes,
        }
    }

    /// Returns what a suite prints.
    pub(crate) fn log(&self, name: &str, fails: bool) -> String {
        let mut log = String::new();
        for number in 1..=30 {
            let _ = writeln!(log, "\x1b[32mok\x1b[0m {number} - case {number} of {name}");
        }
        if self.names == Names::Hostile {
            log += "</script><script>alert(document.domain)</script><!-- ]]>\n";
        }
        if self.names == Names::RightToLeft {
            log += "שגיאה: הקובץ לא נמצא\n";
        }
        if fails {
            log += "\x1b[1;31mnot ok 31\x1b[0m - keeps what was written\n";
            log += "  \x1b[31massertion failed\x1b[0m: left == right\n   left: \x1b[33m`Some(3)`\x1b[0m\n  right: \x1b[36m`None`\x1b[0m\n";
            log += "  at src/store.rs:142:9\n\x1b[41;97m FAIL \x1b[0m 1 of 31 cases\n";
        } else {
            log += "\x1b[2m31 passed\x1b[0m\n";
        }
        log
    }
}
