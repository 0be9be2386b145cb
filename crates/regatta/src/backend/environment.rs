//! The environment of an attempt.

use std::ffi::{CStr, CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::sync::Arc;

use super::launch::{Launch, Visible};
use crate::cache::is_base;
use crate::cases::Wanted;
use crate::jobserver::with_address;
use crate::memory::MACHINE;
use crate::shell;

/// Variables that say something about this run or about another one, and that no suite inherits.
const NOT_INHERITED: [&str; 18] = [
    "REGATTA_FAULT",
    MACHINE,
    "REGATTA_RUN_ID",
    "REGATTA_SUITE",
    ATTEMPT,
    "REGATTA_SLOT",
    EXAMINED_PID,
    "TEST_TMPDIR",
    "TEST_UNDECLARED_OUTPUTS_DIR",
    "TEST_TIMEOUT",
    "TEST_TOTAL_SHARDS",
    "TEST_SHARD_INDEX",
    "TEST_SHARD_STATUS_FILE",
    "GTEST_TOTAL_SHARDS",
    "GTEST_SHARD_INDEX",
    "GTEST_SHARD_STATUS_FILE",
    XML_FILE,
    BAZEL,
];

/// Where make, cargo and ninja look for a jobserver.
const MAKEFLAGS: &str = "MAKEFLAGS";

/// Variables that could lead past the jobserver which an attempt is given.
const JOBSERVER_VARIABLES: [&str; 3] = [MAKEFLAGS, "CARGO_MAKEFLAGS", "MFLAGS"];
/// Names the file for a report in `JUnit` XML. Many frameworks write it where the next one is set.
const XML_FILE: &str = "XML_OUTPUT_FILE";
const BAZEL: &str = "BAZEL_TEST";

/// Holds words that pytest reads before those of its command line.
const PYTEST: &str = "PYTEST_ADDOPTS";

/// Names the attempt among those of all runs.
const ATTEMPT: &str = "REGATTA_ATTEMPT";

/// Names the process that an `on_timeout` command looks at.
const EXAMINED_PID: &str = "REGATTA_PID";

/// Where programs look for the number of threads, or of processes, that they are to use.
const THREAD_HINTS: [&str; 5] = [
    "RAYON_NUM_THREADS",
    "GOMAXPROCS",
    "OMP_NUM_THREADS",
    "PYTEST_XDIST_AUTO_NUM_WORKERS",
    "CARGO_BUILD_JOBS",
];

/// What every suite inherits from this process.
pub(super) struct Inherited {
    /// Name, and the whole entry.
    entries: Vec<(OsString, Arc<CStr>)>,
    /// What whoever started this process told make.
    makeflags: Option<OsString>,
    /// What it has for pytest, without what another run put there for the suite that this run is part of.
    pytest: Option<OsString>,
}

/// What an environment tells of the attempt it is for.
pub(super) struct Attempted<'a> {
    pub(super) launch: &'a Launch,
    pub(super) run_id: &'a str,
    pub(super) number: u32,
    pub(super) slot: u32,
    pub(super) private_dir: &'a Path,
    pub(super) outputs_dir: &'a Path,
    pub(super) xml_file: &'a Path,
    /// How many slots its jobs share with others, and where the jobserver for that is.
    pub(super) jobserver: Option<(u32, &'a [u8])>,
    /// What a shard touches to say that it knows of its shard.
    pub(super) status_file: &'a Path,
}

impl Inherited {
    /// Reads the environment of this process, but for what is about a run and for `own_variables`.
    pub(super) fn new(own_variables: &[String]) -> Self {
        let outer = std::env::var_os(XML_FILE).map(|it| junit_word(&it));
        let mut pytest = None;
        let variables = std::env::vars_os().filter(|(name, _)| {
            !NOT_INHERITED.iter().any(|it| name == it)
                && !own_variables.iter().any(|it| name == it.as_str())
        });
        let entries = variables
            .filter_map(|(name, mut value)| {
                if name == PYTEST {
                    if let Some(outer) = &outer {
                        value = without_last(&value, outer);
                    }
                    pytest = Some(value.clone());
                }
                Some((name.clone(), entry(&name, &value)?))
            })
            .collect();
        Self {
            entries,
            pytest,
            makeflags: std::env::var_os(MAKEFLAGS),
        }
    }

    /// Returns the variable that says where a suite finds its programs, as it will see it.
    pub(super) fn path(launch: &Launch) -> OsString {
        let own = launch.env.get("PATH").map(OsString::from);
        own.or_else(|| std::env::var_os("PATH")).unwrap_or_default()
    }

    /// Returns whether a suite may be given a jobserver: not if it says itself what make is told.
    pub(super) fn may_share(launch: &Launch) -> bool {
        !launch.env.contains_key(MAKEFLAGS)
    }

    /// Returns the environment of an attempt: what is inherited gives way to the test variables, these to
    /// what the suite declares, and all of it to what identifies the attempt.
    pub(super) fn environment(&self, attempted: &Attempted<'_>) -> Vec<Arc<CStr>> {
        let Attempted { launch, run_id, .. } = attempted;
        let name = &launch.name;
        // Processes are told apart by the attempt, and shards of one suite run at the same time.
        let attempt = format!("{run_id}/{}/{}", launch.stem(), attempted.number);
        let identity = [
            ("REGATTA_RUN_ID", (*run_id).to_owned()),
            ("REGATTA_SUITE", name.clone()),
            (ATTEMPT, attempt),
            ("REGATTA_SLOT", attempted.slot.to_string()),
        ];
        let timeout = launch.timeout.map(|it| it.as_secs().max(1).to_string());
        let asks = matches!(launch.cases, Wanted::Whatever);
        let pytest = asks.then(|| self.pytest_words(launch, attempted.xml_file));
        let tests: [(&str, Option<&OsStr>); 5] = [
            ("TEST_TMPDIR", Some(attempted.private_dir.as_os_str())),
            (
                "TEST_UNDECLARED_OUTPUTS_DIR",
                Some(attempted.outputs_dir.as_os_str()),
            ),
            (XML_FILE, Some(attempted.xml_file.as_os_str())),
            (BAZEL, asks.then_some(OsStr::new("1"))),
            ("TEST_TIMEOUT", timeout.as_deref().map(OsStr::new)),
        ];
        let inherited = self.entries.iter();
        let mut environment: Vec<Arc<CStr>> = inherited
            .filter(|(name, _)| {
                is_visible(name, &launch.visible)
                    && !(attempted.jobserver.is_some() && is_about_jobs(name))
                    && name.to_str().is_none_or(|it| !launch.env.contains_key(it))
                    && (pytest.is_none() || name != PYTEST)
            })
            .map(|(_, entry)| Arc::clone(entry))
            .collect();
        let tests = tests
            .iter()
            .filter(|(name, _)| !launch.env.contains_key(*name));
        environment.extend(tests.filter_map(|(name, value)| entry(OsStr::new(name), (*value)?)));
        if let Some((slots, address)) = attempted.jobserver {
            let makeflags = self.makeflags.as_deref();
            let makeflags = makeflags.filter(|_| is_visible(MAKEFLAGS.as_ref(), &launch.visible));
            let makeflags = with_address(makeflags, slots, address);
            environment.extend(entry(MAKEFLAGS.as_ref(), &makeflags));
        }
        environment.extend(shard_entries(attempted));
        let declared = launch.env.iter();
        let declared = declared.filter(|(name, _)| {
            let is_extended = pytest.is_some() && *name == PYTEST;
            !is_extended && identity.iter().all(|(it, _)| name != it)
        });
        environment.extend(declared.filter_map(|(k, v)| entry(OsStr::new(k), OsStr::new(v))));
        if let Some(threads) = launch.threads {
            let threads = threads.to_string();
            let unset = THREAD_HINTS.iter().filter(|name| !has(&environment, name));
            let hints = unset.filter_map(|name| entry(OsStr::new(name), OsStr::new(&threads)));
            let hints: Vec<_> = hints.collect();
            environment.extend(hints);
        }
        environment.extend(pytest.and_then(|words| entry(OsStr::new(PYTEST), &words)));
        let identity = identity.iter();
        environment.extend(identity.filter_map(|(k, v)| entry(OsStr::new(k), OsStr::new(v))));
        environment
    }

    /// Returns the words for pytest that a suite would have, and one that has it tell of its cases. On its command line
    /// the suite may still say otherwise.
    fn pytest_words(&self, launch: &Launch, xml_file: &Path) -> OsString {
        let inherited = || {
            let is_seen = is_visible(OsStr::new(PYTEST), &launch.visible);
            self.pytest.clone().filter(|_| is_seen)
        };
        let declared = launch.env.get(PYTEST).map(OsString::from);
        let mut words = declared.or_else(inherited).unwrap_or_default();
        if !words.is_empty() {
            words.push(" ");
        }
        words.push(junit_word(xml_file.as_os_str()));
        words
    }
}

/// Returns words without the last one, if it is this one.
fn without_last(words: &OsStr, last: &OsStr) -> OsString {
    let rest = words.as_bytes().strip_suffix(last.as_bytes());
    OsStr::from_bytes(rest.map_or(words.as_bytes(), <[u8]>::trim_ascii_end)).to_owned()
}

/// Returns the word that has pytest write a report to a file.
fn junit_word(file: &OsStr) -> OsString {
    let mut word = OsString::from("--junitxml=");
    // pytest splits its words as a shell does; a path that is no text cannot be quoted, and needs no quotes.
    match file.to_str() {
        Some(file) => word.push(shell::quote(file).as_ref() as &str),
        None => word.push(file),
    }
    word
}

/// Returns what tells a shard which one it is; nothing for a whole suite.
fn shard_entries(attempted: &Attempted<'_>) -> Vec<Arc<CStr>> {
    let Attempted { launch, .. } = attempted;
    let Some(part) = launch.part else {
        return Vec::new();
    };
    let numbers = part.shard.variables();
    let numbers = numbers
        .iter()
        .map(|(name, value)| (*name, OsStr::new(value)));
    let status_file = attempted.status_file.as_os_str();
    let files = ["TEST_SHARD_STATUS_FILE", "GTEST_SHARD_STATUS_FILE"];
    let variables = numbers.chain(files.map(|name| (name, status_file)));
    variables
        .filter(|(name, _)| !launch.env.contains_key(*name))
        .filter_map(|(name, value)| entry(OsStr::new(name), value))
        .collect()
}

/// Returns the environment of a command that looks at the process `pid` of an attempt with this environment.
pub(super) fn examining(attempt: Vec<Arc<CStr>>, pid: i32) -> Vec<Arc<CStr>> {
    // Of two entries with one name the first would count.
    let kept = attempt.into_iter().filter(|it| !is_of(it, EXAMINED_PID));
    let mut environment: Vec<Arc<CStr>> = kept
        .map(|entry| {
            if is_of(&entry, ATTEMPT) {
                // Processes are told apart by this one, and those of the command are not the suite's.
                let marked = [entry.to_bytes(), b"/on_timeout"].concat();
                CString::new(marked).map_or(entry, Into::into)
            } else {
                entry
            }
        })
        .collect();
    environment.extend(entry(EXAMINED_PID.as_ref(), pid.to_string().as_ref()));
    environment
}

fn is_about_jobs(name: &OsStr) -> bool {
    JOBSERVER_VARIABLES.iter().any(|it| name == *it)
}

fn has(environment: &[Arc<CStr>], name: &str) -> bool {
    environment.iter().any(|entry| is_of(entry, name))
}

fn is_of(entry: &CStr, name: &str) -> bool {
    let value = entry.to_bytes().strip_prefix(name.as_bytes());
    value.is_some_and(|value| value.starts_with(b"="))
}

fn is_visible(name: &OsStr, visible: &Visible) -> bool {
    match visible {
        Visible::All => true,
        Visible::BaseAnd(more) => {
            is_base(name) || name.to_str().is_some_and(|it| more.contains(it))
        }
    }
}

/// Returns `NAME=value`, or `None` for one that no process can be given.
fn entry(name: &OsStr, value: &OsStr) -> Option<Arc<CStr>> {
    let mut entry = name.to_owned().into_vec();
    entry.push(b'=');
    entry.extend_from_slice(value.as_bytes());
    Some(CString::new(entry).ok()?.into())
}
