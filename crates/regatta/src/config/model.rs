//! The checked configuration, as the rest of the program sees it. Knows nothing of TOML.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use regatta_core::cases::CaseFormat;
use regatta_core::plan::Quarantine;
use regatta_core::terms::{Expect, FailFast, FlakyVerdict, Leftovers, Retries};

use super::setting::Setting;
use super::value::MaxParallel;
use crate::diagnostic::Source;
use crate::pattern::Pattern;

/// A configuration without mistakes.
#[derive(Debug, Clone)]
pub struct Config {
    /// Absolute folder that the paths of the file are relative to.
    pub root: PathBuf,
    /// The file that was read, absolute.
    pub file: PathBuf,
    /// The text of the file, for messages about places in it.
    pub source: Source,
    /// The file as messages name it: the shortest path to it.
    pub file_name: String,
    /// The profile that was chosen.
    pub profile: Option<String>,
    /// Settings of the run.
    pub run: Run,
    /// Every category that is declared or used, in display order.
    pub categories: Vec<Category>,
    /// Every group that is declared or used: declared ones first, then by first use.
    pub groups: Vec<Group>,
    /// Every suite, in the order of the file.
    pub suites: Vec<Suite>,
}

/// Settings of a run, and where each came from.
#[derive(Debug, Clone)]
pub struct Run {
    /// How many slots suites share.
    pub max_parallel: Setting<MaxParallel>,
    /// What the first failure does to the rest.
    pub fail_fast: Setting<FailFast>,
    /// Folder of logs and reports, as given: the file's are relative to the root, a flag's or
    /// variable's to the working directory.
    pub log_dir: Setting<PathBuf>,
    /// Categories that `--fast` leaves out.
    pub fast_excludes: Setting<Vec<String>>,
    /// How slots are shared with the jobs that suites start.
    pub jobserver: Setting<JobserverUse>,
    /// Whether suites are told how many threads their `cpus` allow.
    pub thread_hints: Setting<bool>,
    /// Whether each run leaves an HTML page in its log directory.
    pub html_report: Setting<bool>,
    /// What a suite gets that says nothing itself.
    pub terms: Terms,
}

/// The terms under which a suite runs, and where each came from.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Running time of one attempt, above zero; `None` for no limit.
    pub timeout: Setting<Option<Duration>>,
    /// Time between the polite signal and SIGKILL; zero kills at once.
    pub grace_period: Setting<Duration>,
    /// Running time after which the suite is called slow; `None` for never.
    pub slow_after: Setting<Option<Duration>>,
    /// Silence after which an attempt fails; `None` for no limit.
    pub idle_timeout: Setting<Option<Duration>>,
    /// Attempts after the first, and the pauses before them.
    pub retries: Setting<Retries>,
    /// Verdict of a pass that needed a retry.
    pub flaky: Setting<FlakyVerdict>,
    /// What happens to processes that outlive the command.
    pub leftovers: Setting<Leftovers>,
    /// Largest log, at least 1.
    pub max_log_bytes: Setting<u64>,
}

/// A category and how it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// The name that suites and filters use.
    pub name: String,
    /// Display name: as given, else the name in capitals.
    pub title: String,
    /// Shown in front of its suites.
    pub icon: String,
}

/// A group that admits so many suites at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The name that suites use.
    pub name: String,
    /// At least 1.
    pub capacity: u32,
}

/// What the user declares: a name and a command.
#[derive(Debug, Clone)]
pub struct Suite {
    /// Fit to be a file name; unique without regard to case.
    pub name: String,
    /// What runs.
    pub command: Command,
    /// Shown beside the name; may be empty.
    pub description: String,
    /// Name of one of [`Config::categories`].
    pub category: String,
    /// As given.
    pub tags: Vec<String>,
    /// Who looks after the suite.
    pub owner: Option<String>,
    /// Working directory as given, relative to the root.
    pub dir: PathBuf,
    /// Variables set for the suite.
    pub env: BTreeMap<String, String>,
    /// Names of other suites; no duplicates, no cycles.
    pub depends_on: Vec<String>,
    /// Names of [`Config::groups`], without duplicates.
    pub parallel_group: Vec<String>,
    /// Slots it takes, at least 1; not clamped.
    pub cpus: u32,
    /// Bytes of memory it takes, at least 1, where it says so; not clamped.
    pub memory: Option<u64>,
    /// How many parts of it run as tasks of their own, 1 to 1000; `None` where the file does not say, and then the
    /// placeholders of shards are no placeholders.
    pub shards: Option<u32>,
    /// What the exit is expected to say.
    pub expect: Expect,
    /// Exit code that means skipped, 1 to 255.
    pub skip_exit_code: Option<i32>,
    /// Where it tells of its test cases.
    pub cases: Cases,
    /// What looks at an attempt that ran into a limit before it is told to end.
    pub on_timeout: Option<Setting<Command>>,
    /// What decides its result; `None` for a suite that runs every time.
    pub reuse: Option<Reuse>,
    /// The suite's own terms over the run's.
    pub terms: Terms,
    /// Its entry in `quarantine.toml`.
    pub quarantine: Option<Box<Quarantine>>,
    /// Line of the file that declares the suite, from 1.
    pub line: usize,
}

impl Suite {
    /// Returns how many tasks it is, at least 1.
    #[must_use]
    pub fn tasks(&self) -> u32 {
        self.shards.unwrap_or(1)
    }
}

/// Where a suite tells of its test cases.
#[derive(Debug, Clone)]
pub enum Cases {
    /// Wherever they are found.
    Auto,
    /// Nowhere.
    Off,
    /// In one format.
    In {
        /// The format.
        format: CaseFormat,
        /// In which files, relative to its folder; `None` for the XML file it is told of, or its log.
        files: Option<Pattern>,
    },
}

/// What decides a suite's result, and what is done with it.
#[derive(Debug, Clone)]
pub struct Reuse {
    /// Which files decide it, relative to the root; at least one includes.
    pub inputs: Vec<InputPattern>,
    /// Which files the suite makes, relative to its folder.
    pub outputs: Vec<Pattern>,
    /// Variables that it sees and that decide its result.
    pub env_inputs: Vec<String>,
    /// Variables that it sees.
    pub pass_env: Vec<String>,
    /// Programs that decide its result.
    pub tools: Vec<String>,
    /// Whether a result is kept and used.
    pub cache: CacheUse,
}

/// A pattern, and where the file has it.
#[derive(Debug, Clone)]
pub struct InputPattern {
    /// What it matches.
    pub pattern: Pattern,
    /// Bytes of the text.
    pub span: Range<usize>,
}

/// Whether results are kept and used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheUse {
    /// They are used and kept.
    On,
    /// They are used; no new one is kept.
    Read,
    /// Neither.
    Off,
}

/// How the slots of a run are shared with the jobs that its suites start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobserverUse {
    /// They are not.
    Off,
    /// In the form that the `make` understands which a suite would find.
    Auto,
    /// Through a FIFO, as make does from 4.4 on.
    Fifo,
    /// Through two inherited descriptors, as make did before.
    Pipe,
}

/// What a suite runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A line for `/bin/sh -c`, not blank.
    Shell(String),
    /// A program and its arguments; the program is not empty.
    Argv(Vec<String>),
}
