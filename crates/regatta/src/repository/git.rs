//! Calls of `git` that change nothing: neither the index nor, by a monitor of the file system that stays behind, the
//! list of processes.

use std::io::{Seek, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Returns whether a folder lies in a git checkout, whichever way it was reached.
pub(super) fn is_checkout(folder: &Path) -> bool {
    let folder = folder.canonicalize();
    folder.is_ok_and(|it| it.ancestors().any(|it| it.join(".git").exists()))
}

/// Returns what `git` prints in a folder, or `None` if it fails or is not there.
pub(super) fn ask_git(folder: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    let output = call_git(folder, arguments)?;
    output.status.success().then_some(output.stdout)
}

/// Returns what `git` prints in a folder when it is given this to read, or `None` if it fails or is not there.
pub(super) fn ask_git_about(folder: &Path, arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    // A file and no pipe: nobody has to write while somebody reads.
    let mut file = tempfile::tempfile().ok()?;
    file.write_all(input).ok()?;
    file.rewind().ok()?;
    let output = git(folder, arguments).stdin(file).output().ok()?;
    output.status.success().then_some(output.stdout)
}

/// Returns what came of a call of `git` in a folder, `None` if it is not there.
pub(super) fn call_git(folder: &Path, arguments: &[&str]) -> Option<Output> {
    git(folder, arguments).stdin(Stdio::null()).output().ok()
}

fn git(folder: &Path, arguments: &[&str]) -> Command {
    let mut git = Command::new("git");
    git.args(["--no-optional-locks", "-c", "core.fsmonitor=false"])
        .args(arguments)
        .current_dir(folder)
        .stderr(Stdio::null());
    git
}

/// Returns the one line that `git` prints in a folder, without its end.
pub(super) fn ask_git_for_line(folder: &Path, arguments: &[&str]) -> Option<String> {
    let printed = String::from_utf8(ask_git(folder, arguments)?).ok()?;
    Some(printed.strip_suffix('\n').unwrap_or(&printed).to_owned())
}
