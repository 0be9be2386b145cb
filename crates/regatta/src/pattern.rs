//! Patterns that name files below a folder: `src/**/*.rs`, `Cargo.toml`, `!src/generated/**`.
//!
//! A pattern without wildcards names a file, or a folder with everything in it. Reading directories, and what git
//! ignores, is not known here.

use globset::{GlobBuilder, GlobMatcher};
use thiserror::Error;

/// Characters that make a name a glob.
const WILDCARDS: [char; 5] = ['*', '?', '[', '{', '\\'];

/// A pattern that was understood.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    sense: Sense,
    /// The names before the first wildcard, with `/` between them.
    base: String,
    tail: Tail,
    /// How many names a match has after the base at most; `None` for any number.
    depth: Option<usize>,
}

/// What a match means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    /// The file counts.
    Include,
    /// The file does not count, whatever other patterns say; for a folder, neither does anything in it.
    Exclude,
}

/// What follows the base.
#[derive(Debug, Clone)]
enum Tail {
    /// Nothing: the base itself, and all below it.
    Whole,
    /// Everything below the base.
    All,
    /// Everything below the base whose path ends like this.
    Suffix(String),
    /// What the rest of the path has to be.
    Glob(Box<GlobMatcher>),
}

/// A pattern that cannot be followed. Each message fits after "the pattern".
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatternError {
    /// It has no characters.
    #[error("is empty")]
    Empty,
    /// It begins at the root of the file system.
    #[error("is absolute")]
    Absolute,
    /// It leads out of the folder.
    #[error("leaves its folder by `..`")]
    Above,
    /// It is no glob.
    #[error("is no glob: {0}")]
    Glob(String),
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// It is empty, leads out of its folder, or is no glob.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let (sense, path) = match text.strip_prefix('!') {
            Some(path) => (Sense::Exclude, path),
            None => (Sense::Include, text),
        };
        if path.is_empty() {
            return Err(PatternError::Empty);
        }
        if path.starts_with('/') {
            return Err(PatternError::Absolute);
        }
        let names: Vec<&str> = path
            .split('/')
            .filter(|name| !name.is_empty() && *name != ".")
            .collect();
        if names.contains(&"..") {
            return Err(PatternError::Above);
        }
        let wild = names.iter().position(|name| name.contains(WILDCARDS));
        let (base, rest) = names.split_at(wild.unwrap_or(names.len()));
        Ok(Self {
            text: text.to_owned(),
            sense,
            base: base.join("/"),
            tail: read_tail(rest)?,
            depth: depth(rest),
        })
    }

    /// Returns the pattern as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns what a match means.
    #[must_use]
    pub fn sense(&self) -> Sense {
        self.sense
    }

    /// Returns the names before the first wildcard, with `/` between them; empty for the folder itself.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Returns how many names a match has after the base at most; `None` for any number.
    #[must_use]
    pub fn depth(&self) -> Option<usize> {
        self.depth
    }

    /// Returns whether everything below the base matches.
    #[must_use]
    pub fn takes_all(&self) -> bool {
        matches!(self.tail, Tail::Whole | Tail::All)
    }

    /// Returns whether the path that is left after the base, and the `/` behind that, completes the pattern.
    #[must_use]
    pub fn matches_below_base(&self, rest: &[u8]) -> bool {
        match &self.tail {
            Tail::Whole | Tail::All => true,
            Tail::Suffix(suffix) => rest.ends_with(suffix.as_bytes()),
            Tail::Glob(glob) => {
                use std::os::unix::ffi::OsStrExt;
                glob.is_match(std::ffi::OsStr::from_bytes(rest))
            }
        }
    }

    /// Returns whether a whole path matches, or lies in a folder that a pattern without wildcards names.
    #[must_use]
    pub fn matches(&self, path: &[u8]) -> bool {
        if self.base.is_empty() {
            return self.matches_below_base(path);
        }
        match path.strip_prefix(self.base.as_bytes()) {
            Some([]) => matches!(self.tail, Tail::Whole),
            Some([b'/', rest @ ..]) => self.matches_below_base(rest),
            _ => false,
        }
    }

    /// Returns whether a path, or a folder on the way to it, matches.
    #[must_use]
    pub fn matches_path_or_folder(&self, path: &[u8]) -> bool {
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        let mut folders = ends.map(|(end, _)| &path[..end]);
        self.matches(path) || folders.any(|folder| self.matches(folder))
    }
}

fn read_tail(rest: &[&str]) -> Result<Tail, PatternError> {
    match rest {
        [] => return Ok(Tail::Whole),
        ["**"] => return Ok(Tail::All),
        ["**", last] => {
            if let Some(suffix) = last.strip_prefix('*')
                && !suffix.is_empty()
                && !suffix.contains(WILDCARDS)
            {
                return Ok(Tail::Suffix(suffix.to_owned()));
            }
        }
        _ => {}
    }
    let glob = GlobBuilder::new(&rest.join("/"))
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .map_err(|error| PatternError::Glob(error.kind().to_string()))?;
    Ok(Tail::Glob(Box::new(glob.compile_matcher())))
}

/// Returns how deep a match can lie; alternatives may hold a `/`, so that their names cannot be counted.
fn depth(rest: &[&str]) -> Option<usize> {
    let is_unbounded = |name: &&str| name.contains("**") || name.contains('{');
    match rest {
        [] => None,
        _ if rest.iter().any(is_unbounded) => None,
        _ => Some(rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(path.as_bytes())
    }

    #[test]
    fn patterns_match_what_people_expect() {
        for (pattern, good, bad) in [
            (
                "go.mod",
                &["go.mod", "go.mod/x"][..],
                &["go.mod2", "a/go.mod"][..],
            ),
            ("src", &["src", "src/a", "src/a/b"], &["srcs", "lib/src"]),
            ("./src//a/", &["src/a", "src/a/b"], &["src"]),
            (".", &["a", "a/b"], &[]),
            ("src/**", &["src/a", "src/a/b"], &["src", "lib/a"]),
            ("src/*", &["src/a", "src/.a"], &["src/a/b", "src"]),
            ("**/*.rs", &["a.rs", "a/b.rs", "a/.rs"], &["a.rsx"]),
            (
                "src/**/*.rs",
                &["src/a.rs", "src/a/b.rs"],
                &["a.rs", "src/a.c"],
            ),
            (
                "src/*.{c,h}",
                &["src/a.c", "src/a.h"],
                &["src/a.o", "src/x/a.c"],
            ),
            ("a?/[xy]", &["ab/x"], &["a/x", "ab/z", "abc/x"]),
            ("a/{b,c/d}/e", &["a/b/e", "a/c/d/e"], &["a/c/e"]),
            (r"a\*", &["a*"], &["ab"]),
        ] {
            for path in good {
                assert!(matches(pattern, path), "{pattern} and {path}");
            }
            for path in bad {
                assert!(!matches(pattern, path), "{pattern} and {path}");
            }
        }
    }

    #[test]
    fn base_and_depth_bound_where_a_match_can_be() {
        for (pattern, base, depth) in [
            ("go.mod", "go.mod", None),
            ("src/*", "src", Some(1)),
            ("src/*/x/*.c", "src", Some(3)),
            ("src/**/x", "src", None),
            ("{a/b,c}", "", None),
            ("!a/b/*", "a/b", Some(1)),
        ] {
            let parsed = Pattern::parse(pattern).unwrap();
            assert_eq!((parsed.base(), parsed.depth()), (base, depth), "{pattern}");
        }
    }

    #[test]
    fn a_folder_that_matches_takes_what_is_in_it_along() {
        let pattern = Pattern::parse("!**/node_modules").unwrap();
        assert_eq!(pattern.sense(), Sense::Exclude);
        for path in ["node_modules", "a/node_modules/x/y"] {
            assert!(pattern.matches_path_or_folder(path.as_bytes()), "{path}");
        }
        assert!(!pattern.matches_path_or_folder(b"a/node_modules2"));
    }

    #[test]
    fn what_leads_out_or_is_no_glob_is_refused() {
        for (text, part) in [
            ("", "is empty"),
            ("!", "is empty"),
            ("/etc/passwd", "is absolute"),
            ("../x", "`..`"),
            ("a/../../x", "`..`"),
            ("a[", "is no glob"),
            ("{a", "is no glob"),
        ] {
            let error = Pattern::parse(text).expect_err(text).to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
