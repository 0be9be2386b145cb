//! Files that change whenever the suites which they touch run: most likely these write them. Without a limit such a
//! suite would be run for ever.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How often in a row a file may change while a suite runs that it touches. A user who saves so often has seen that
/// the run begins anew, and is told when it does not.
const LIMIT: u32 = 4;

/// How often files changed in a row while suites ran that they touch.
#[derive(Debug, Default)]
pub struct Echoes {
    counts: BTreeMap<PathBuf, u32>,
}

/// What a change is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    /// News.
    News,
    /// The first change beyond the limit, which the user is told of.
    LimitReached,
    /// One of more.
    Known,
}

impl Echoes {
    /// Takes a change of a file while nothing ran that it touches: somebody else wrote it.
    pub fn note_quiet(&mut self, file: &Path) {
        self.counts.remove(file);
    }

    /// Takes a change of a file while a suite runs that it touches, or has just ended.
    pub fn note_busy(&mut self, file: &Path) -> Echo {
        let count = self.counts.entry(file.to_owned()).or_default();
        *count = count.saturating_add(1);
        match *count {
            0..=LIMIT => Echo::News,
            count if count == LIMIT + 1 => Echo::LimitReached,
            _ => Echo::Known,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_its_suite_writes_is_passed_over_until_somebody_else_does() {
        let mut echoes = Echoes::default();
        let file = Path::new("out.txt");
        for _ in 0..2 {
            for _ in 0..LIMIT {
                assert_eq!(echoes.note_busy(file), Echo::News);
            }
            assert_eq!(echoes.note_busy(file), Echo::LimitReached);
            assert_eq!(echoes.note_busy(file), Echo::Known);
            assert_eq!(echoes.note_busy(Path::new("other")), Echo::News);
            echoes.note_quiet(file);
            echoes.note_quiet(Path::new("other"));
        }
    }
}
