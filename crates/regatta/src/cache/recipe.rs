//! What is asked of a suite whose result may be reused, in the words of this module alone.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use regatta_core::id::TaskId;
use regatta_core::shard::Shard;

use super::tree::PatternSet;
use crate::log_dir::file_stem;

/// Everything that decides the result of a suite, before anybody has looked at a file.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// The suite's name. It decides nothing.
    pub suite: String,
    /// Which part of the suite it is, `None` for all of it.
    pub shard: Option<Shard>,
    /// What runs: a line for a shell, or a program and its arguments.
    pub command: Command,
    /// From the configuration's folder.
    pub dir: PathBuf,
    /// Variables that it declares for itself.
    pub env: BTreeMap<String, String>,
    /// Which files decide it, from the configuration's folder.
    pub inputs: PatternSet,
    /// Which files it makes, from `dir`.
    pub outputs: PatternSet,
    /// Which files other suites make, of the run or not.
    pub foreign: Arc<[Claim]>,
    /// Variables that it sees and that decide it.
    pub env_inputs: Vec<String>,
    /// Variables that it sees.
    pub pass_env: Vec<String>,
    /// Programs that decide it.
    pub tools: Vec<String>,
    /// The suites that it depends on, and their tasks; none for one that is not part of the run.
    pub dependencies: Vec<(String, Option<TaskId>)>,
    /// Whether a kept result may be used.
    pub may_use: bool,
    /// Whether a result is kept.
    pub may_keep: bool,
}

/// The files that a suite makes.
#[derive(Debug)]
pub struct Claim {
    /// Whose they are.
    pub suite: String,
    /// From the configuration's folder.
    pub dir: PathBuf,
    /// Which files, from `dir`.
    pub outputs: PatternSet,
}

/// What runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A line for `/bin/sh -c`.
    Shell(String),
    /// A program and its arguments.
    Argv(Vec<String>),
}

impl Recipe {
    /// Returns the suite's folder in a project.
    #[must_use]
    pub fn folder(&self, root: &Path) -> PathBuf {
        root.join(&self.dir)
    }

    /// Returns what its log and its newest result are called.
    #[must_use]
    pub fn stem(&self) -> Cow<'_, str> {
        file_stem(&self.suite, self.shard)
    }

    /// Returns another suite that makes a file of this suite as well.
    ///
    /// *Shape*: `path` is from the suite's folder.
    pub(super) fn rival(&self, path: &[u8]) -> Option<&str> {
        let path = plain(&self.dir.join(OsStr::from_bytes(path)));
        let makes = |it: &&Claim| {
            let rest = path.strip_prefix(plain(&it.dir));
            rest.is_ok_and(|rest| it.outputs.takes(rest.as_os_str().as_bytes()))
        };
        let mut others = self.foreign.iter().filter(|it| it.suite != self.suite);
        others.find(makes).map(|it| it.suite.as_str())
    }

    /// Returns the names of the variables beside the base that it sees.
    pub(super) fn visible_names(&self) -> Vec<String> {
        self.env_inputs
            .iter()
            .chain(&self.pass_env)
            .cloned()
            .collect()
    }
}

/// Returns the same place by names alone: `./a` is `a`.
pub(super) fn plain(path: &Path) -> PathBuf {
    let names = path.components();
    names.filter(|it| *it != Component::CurDir).collect()
}
