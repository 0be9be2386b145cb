//! The state of the git repository around a project.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::Builder;

use regatta_core::event::Repository;

use super::git::{ask_git, is_checkout};

/// A question that `git` is busy with.
pub struct Question {
    /// Where the answer will come from; it is `None` when `git` gives none.
    answer: Receiver<Option<Repository>>,
    listener: Sender<Notify>,
}

/// What is called when the answer is there.
type Notify = Box<dyn FnOnce() + Send>;

/// Asks in the background, since even a small repository takes longer than a short run has time for. Returns `None`
/// outside a repository, and where the machine has no thread to spare.
#[must_use]
pub fn ask(folder: &Path) -> Option<Question> {
    if !is_checkout(folder) {
        return None;
    }
    let folder = folder.to_owned();
    let (sender, answer) = channel();
    let (listener, listeners) = channel::<Notify>();
    let find_answer = move || {
        // Nobody listens any more once the run is over, and nobody ever did if it ended before it began.
        let _ = sender.send(read(&folder));
        if let Ok(notify) = listeners.recv() {
            notify();
        }
    };
    // A machine that is short of processes is short of threads, and git would not start either.
    Builder::new().spawn(find_answer).ok()?;
    Some(Question { answer, listener })
}

impl Question {
    /// Returns where the answer comes from; `notify` is called when it is there.
    pub fn listen(self, notify: impl FnOnce() + Send + 'static) -> Receiver<Option<Repository>> {
        // The thread is gone only if it panicked, and then there is no answer to wait for either.
        let _ = self.listener.send(Box::new(notify));
        self.answer
    }
}

/// Reads commit, branch and cleanliness with one call.
fn read(folder: &Path) -> Option<Repository> {
    let printed = ask_git(folder, &["status", "--porcelain=v2", "--branch"])?;
    parse(&String::from_utf8_lossy(&printed))
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
