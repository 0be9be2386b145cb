//! The state of the git repository around a project, asked of `git` itself.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Builder;

use regatta_core::event::Repository;

/// Asks in the background, since a large repository takes its time; `notify` is called when the answer is
/// there. Returns `None` outside a repository, and where the machine has no thread to spare. The answer
/// itself is `None` when `git` gives none.
pub fn ask(
    folder: &Path,
    notify: impl FnOnce() + Send + 'static,
) -> Option<Receiver<Option<Repository>>> {
    let inside = folder.ancestors().any(|it| it.join(".git").exists());
    if !inside {
        return None;
    }
    let folder = folder.to_owned();
    let (sender, receiver) = sync_channel(1);
    let answer = move || {
        // Nobody listens any more once the run is over.
        let _ = sender.send(read(&folder));
        notify();
    };
    // A machine that is short of processes is short of threads, and git would not start either.
    Builder::new().spawn(answer).ok()?;
    Some(receiver)
}

/// Reads commit, branch and cleanliness with one call, without touching the index, and without a monitor of
/// the file system: git would start one that stays, which looks like something a suite left behind.
fn read(folder: &Path) -> Option<Repository> {
    let output = Command::new("git")
        .args([
            "--no-optional-locks",
            "-c",
            "core.fsmonitor=false",
            "status",
            "--porcelain=v2",
            "--branch",
        ])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output.status.success().then_some(())?;
    parse(&String::from_utf8_lossy(&output.stdout))
}

/// Reads what `git status --porcelain=v2 --branch` prints; see git-status(1). A repository without a commit
/// has no state worth naming.
fn parse(text: &str) -> Option<Repository> {
    let header = |name: &str| {
        let mut lines = text.lines();
        lines.find_map(|line| line.strip_prefix("# branch.")?.strip_prefix(name))
    };
    let commit = header("oid ")?;
    if commit == "(initial)" {
        return None;
    }
    let branch = header("head ").filter(|it| *it != "(detached)");
    Some(Repository {
        commit: commit.to_owned(),
        branch: branch.map(str::to_owned),
        dirty: text.lines().any(|line| !line.starts_with('#')),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_branch_a_dirty_one_and_a_detached_head_are_told_apart() {
        let clean = "# branch.oid 1234abcd\n# branch.head main\n# branch.upstream origin/main\n";
        let state = parse(clean).unwrap();
        assert_eq!(state.commit, "1234abcd");
        assert_eq!(state.branch.as_deref(), Some("main"));
        assert!(!state.dirty);
        assert!(parse(&format!("{clean}? new.txt\n")).unwrap().dirty);
        let detached = "# branch.oid 1234abcd\n# branch.head (detached)\n1 .M N... 1 2 3 4 5 f\n";
        let state = parse(detached).unwrap();
        assert_eq!((state.branch, state.dirty), (None, true));
    }

    #[test]
    fn a_repository_without_a_commit_has_no_state() {
        assert_eq!(parse("# branch.oid (initial)\n# branch.head main\n"), None);
        assert_eq!(parse(""), None);
    }
}
