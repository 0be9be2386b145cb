//! What decides a result and is no input file, as facts of a manifest.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Seek};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use regatta_core::manifest::{Digest, Fact, FactKind};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::CWD;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use super::environment::Surroundings;
use super::hash::{Links, digest, digest_file};
use super::recipe::{Command, Recipe, plain};
use super::stat::{FileStat, now_ns};
use super::stat_cache::StatCache;

/// How long a tool may take to say what it is.
const TOOL_PATIENCE: Duration = Duration::from_secs(10);

/// What a tool prints is shown to people up to this length, and compared by its digest beyond.
const MOST_WORDS_BYTES: usize = 400;

/// The shell of commands that are a line.
const SHELL: &str = "/bin/sh";

/// Who gathers facts, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gatherer<'g> {
    /// The configuration's folder.
    pub root: &'g Path,
    /// The variables of this process.
    pub surroundings: &'g Surroundings,
    /// What is known of files.
    pub stats: &'g StatCache,
    /// What tools have said already, this time.
    pub tools: &'g ToolMemory,
}

/// What tools said, by all that may change what they say.
#[derive(Debug, Default)]
pub(super) struct ToolMemory(Mutex<BTreeMap<String, Arc<OnceLock<ToolWords>>>>);

/// What a tool said, or what is wrong with it.
type ToolWords = Result<Vec<u8>, String>;

impl ToolMemory {
    /// Returns what a tool said, and asks it only if nobody has.
    fn recall(&self, about: String, ask: impl FnOnce() -> ToolWords) -> ToolWords {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let words = Arc::clone(memory.entry(about).or_default());
        drop(memory);
        words.get_or_init(ask).clone()
    }
}

impl Gatherer<'_> {
    /// Returns the facts about a suite, but for those about the suites it depends on.
    ///
    /// # Errors
    /// A tool cannot say what it is, in words for people.
    pub(super) fn facts(&self, recipe: &Recipe) -> Result<Vec<Fact>, String> {
        let mut facts = vec![
            fact(FactKind::Command, "", Some(command_words(&recipe.command))),
            fact(FactKind::Directory, "", Some(self.directory(&recipe.dir))),
        ];
        facts.extend(self.variables(recipe));
        let shard = recipe.shard.map(|it| it.to_string().into_bytes());
        facts.push(fact(FactKind::Shard, "", shard));
        let platform = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
        facts.push(fact(FactKind::Platform, "", Some(platform.into_bytes())));
        let shell = self.file(Path::new(SHELL));
        let shell = shell.map_err(|error| format!("cannot read {SHELL}: {error}"))?;
        facts.push(fact(
            FactKind::Shell,
            "",
            Some(shell.to_string().into_bytes()),
        ));
        for tool in &recipe.tools {
            let dir = recipe.dir.display();
            let (env, names) = (&recipe.env, recipe.visible_names());
            let about = format!("{tool:?} {dir} {env:?} {names:?}");
            let value = self.tools.recall(about, || self.tool(tool, recipe));
            let value = value.map_err(|error| format!("tool `{tool}` {error}"))?;
            facts.push(fact(FactKind::Tool, tool, Some(value)));
        }
        Ok(facts)
    }

    /// Returns where a suite runs: what it is called, and where a link leads, what it is.
    fn directory(&self, dir: &Path) -> Vec<u8> {
        // `a/./b` and `a//b` are the same place.
        let names: PathBuf = dir.components().collect();
        let mut words = names.as_os_str().as_bytes().to_vec();
        // Hardly any lies behind a link, and many suites run in the project's own folder.
        let mut way = plain(dir);
        let mut has_link = false;
        while !has_link && !way.as_os_str().is_empty() {
            has_link = self.root.join(&way).is_symlink();
            way.pop();
        }
        if !has_link {
            return words;
        }
        let place = |path: &Path| path.canonicalize().ok();
        let found = place(self.root).zip(place(&self.root.join(dir)));
        // A project that was moved is the same as before.
        let real = found.map(|(root, it)| it.strip_prefix(&root).map(Path::to_owned).unwrap_or(it));
        if let Some(real) = real {
            words.extend_from_slice(b" -> ");
            words.extend_from_slice(real.as_os_str().as_bytes());
        }
        words
    }

    fn variables(&self, recipe: &Recipe) -> Vec<Fact> {
        let mut variables: BTreeMap<OsString, Option<&OsStr>> = self.surroundings.deciding();
        for name in &recipe.env_inputs {
            variables.insert(name.into(), self.surroundings.value(name));
        }
        // What a suite declares wins over what it inherits.
        for (name, value) in &recipe.env {
            variables.insert(name.into(), Some(OsStr::new(value)));
        }
        let facts = variables.into_iter().map(|(name, value)| Fact {
            kind: FactKind::Variable,
            name: name.as_bytes().to_vec(),
            value: value.map(|it| it.as_bytes().to_vec()),
        });
        facts.collect()
    }

    /// Returns what a tool is: the digest of the file that a name stands for, or what a command prints.
    fn tool(&self, tool: &str, recipe: &Recipe) -> Result<Vec<u8>, String> {
        if tool.trim().contains(char::is_whitespace) {
            return self.words_of(tool, recipe);
        }
        let path = self.find_program(tool.trim(), recipe);
        let path = path.ok_or("is not in the PATH")?;
        let digest = self
            .file(&path)
            .map_err(|error| format!("cannot be read: {error}"))?;
        Ok(digest.to_string().into_bytes())
    }

    fn find_program(&self, name: &str, recipe: &Recipe) -> Option<PathBuf> {
        let folder = recipe.folder(self.root);
        if name.contains('/') {
            return Some(folder.join(name));
        }
        let own = recipe.env.get("PATH").map(OsStr::new);
        let path = own.or_else(|| self.surroundings.value("PATH"))?;
        let places = std::env::split_paths(path).map(|it| folder.join(it).join(name));
        let is_program = |path: &PathBuf| {
            use std::os::unix::fs::PermissionsExt;
            let metadata = path.metadata();
            metadata.is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
        };
        places.into_iter().find(is_program)
    }

    fn words_of(&self, tool: &str, recipe: &Recipe) -> Result<Vec<u8>, String> {
        let mut process = Process::new(SHELL);
        process
            .arg("-c")
            .arg(tool)
            .current_dir(recipe.folder(self.root));
        process.env_clear().process_group(0);
        process.envs(self.surroundings.visible(&recipe.visible_names()));
        process.envs(&recipe.env);
        let words =
            run_briefly(&mut process).map_err(|error| format!("cannot be run: {error}"))??;
        if words.len() <= MOST_WORDS_BYTES {
            return Ok(words);
        }
        Ok(digest(&words).to_string().into_bytes())
    }

    /// Returns the digest of a file outside of the inputs, through links.
    fn file(&self, path: &Path) -> io::Result<Digest> {
        let stat = FileStat::new(&rustix::fs::stat(path)?);
        if let Some(digest) = self.stats.find(&stat) {
            return Ok(digest);
        }
        let started_ns = now_ns();
        let bytes = path.as_os_str().as_bytes();
        let (digest, stat) = digest_file(CWD, bytes, Links::Followed)?;
        if !stat.is_young(started_ns) {
            self.stats.insert(&stat, digest);
        }
        Ok(digest)
    }
}

/// Returns a fact about a suite that another one depends on.
#[must_use]
pub(super) fn dependency_fact(suite: &str, key: Digest, outputs: Digest) -> Fact {
    let value = format!("{key} {outputs}");
    fact(FactKind::Dependency, suite, Some(value.into_bytes()))
}

fn fact(kind: FactKind, name: &str, value: Option<Vec<u8>>) -> Fact {
    Fact {
        kind,
        name: name.as_bytes().to_vec(),
        value,
    }
}

/// Returns the words of a command such that no two commands have the same.
fn command_words(command: &Command) -> Vec<u8> {
    match command {
        Command::Shell(line) => [b"sh -c\0", line.as_bytes()].concat(),
        Command::Argv(words) => {
            let words = words.iter().map(|it| [it.as_bytes(), b"\0"].concat());
            [b"exec\0".to_vec(), words.collect::<Vec<_>>().concat()].concat()
        }
    }
}

/// Runs a process whose end is not far, and returns what it printed; the inner error is about what it did.
fn run_briefly(process: &mut Process) -> io::Result<Result<Vec<u8>, String>> {
    // A file and no pipe: whoever inherits a pipe can keep it open.
    let mut output = tempfile::tempfile()?;
    process.stdin(Stdio::null());
    process
        .stdout(output.try_clone()?)
        .stderr(output.try_clone()?);
    let mut child = process.spawn()?;
    let pid = Pid::from_child(&child);
    let is_over = pidfd_open(pid, PidfdFlags::empty()).and_then(|pidfd| {
        let patience = Timespec::try_from(TOOL_PATIENCE).ok();
        poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], patience.as_ref())
    });
    if !matches!(is_over, Ok(1)) {
        let _ = kill_process_group(pid, Signal::KILL);
        child.wait()?;
        let seconds = TOOL_PATIENCE.as_secs();
        return Ok(Err(format!("takes longer than {seconds} seconds")));
    }
    let status = child.wait()?;
    if !status.success() {
        return Ok(Err(format!("fails: {status}")));
    }
    output.rewind()?;
    let mut words = Vec::new();
    output.read_to_end(&mut words)?;
    Ok(Ok(words))
}
