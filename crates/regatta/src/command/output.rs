//! Printing a result.

use std::io::{self, ErrorKind, Write, stdout};

use crate::cli::CommandFailure;

/// Writes `text` to standard output. A reader that has seen enough ends the printing quietly.
pub(super) fn print(text: &str) -> Result<(), CommandFailure> {
    print_bytes(text.as_bytes())
}

/// Writes `bytes` to standard output, as they are.
pub(super) fn print_bytes(bytes: &[u8]) -> Result<(), CommandFailure> {
    let mut stdout = stdout().lock();
    tolerate_absent_reader(stdout.write_all(bytes).and_then(|()| stdout.flush()))
}

/// Turns a failed write into a failure, unless nobody reads any more.
pub(super) fn tolerate_absent_reader(result: io::Result<()>) -> Result<(), CommandFailure> {
    match result {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(stdout_failure(&error)),
        _ => Ok(()),
    }
}

/// Returns what became of a command whose result nobody got.
pub(super) fn stdout_failure(error: &io::Error) -> CommandFailure {
    CommandFailure::Infrastructure(format!("cannot write to standard output: {error}"))
}

/// Tells the user of a failure without ending the command.
pub(super) fn complain(failure: &CommandFailure) {
    // As below.
    let _ = write!(io::stderr().lock(), "{failure}");
}

/// Tells the user something that is worth knowing and stops nothing.
pub(super) fn warn(message: &str) {
    notice(&format!("warning: {message}"));
}

/// Tells the user what is going on, beside the output proper.
pub(super) fn notice(message: &str) {
    // Where stderr is gone, nobody can be told.
    let _ = writeln!(io::stderr().lock(), "{message}");
}

/// Returns the first few of some names, and how many there are beyond.
pub(super) fn list_names<'n>(names: impl IntoIterator<Item = &'n String>) -> String {
    const SHOWN: usize = 5;
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
