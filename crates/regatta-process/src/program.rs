//! Which file a command executes, and why one could not be executed. Spawning answers with a bare
//! error number; the questions behind it are asked here, and only after a failure.

use std::borrow::Cow;
use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use rustix::fs::{Access, access};

use crate::{Command, SpawnError};

/// Where programs are when the environment has no `PATH`.
const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";

/// Returns the file to execute, as seen from the command's directory.
pub(crate) fn find_program(command: &Command) -> Result<Cow<'_, CStr>, SpawnError> {
    let Some(program) = command.argv.first().filter(|program| !program.is_empty()) else {
        return Err(blame(
            command,
            io::Error::new(io::ErrorKind::NotFound, "the name is empty"),
        ));
    };
    if program.to_bytes().contains(&b'/') {
        return Ok(Cow::Borrowed(program));
    }
    let path = command
        .env
        .iter()
        .find_map(|entry| entry.to_bytes().strip_prefix(b"PATH="));
    search(as_path(program), path.unwrap_or(DEFAULT_PATH), &command.dir)
        .map(Cow::Owned)
        .map_err(|error| blame(command, error))
}

/// Returns what kept `program` from being executed, given the error of the attempt.
pub(crate) fn explain(command: &Command, program: &CStr, error: io::Error) -> SpawnError {
    let source = match check_executable(&command.dir.join(as_path(program))) {
        Err(reason) => reason,
        Ok(()) if error.kind() == io::ErrorKind::NotFound => io::Error::new(
            io::ErrorKind::NotFound,
            "the interpreter it names does not exist",
        ),
        Ok(()) => error,
    };
    blame(command, source)
}

/// Blames the directory if that is at fault, else the program.
fn blame(command: &Command, source: io::Error) -> SpawnError {
    match check_directory(&command.dir) {
        Err(source) => SpawnError::Directory {
            path: command.dir.clone(),
            source,
        },
        Ok(()) => SpawnError::Program {
            program: command
                .argv
                .first()
                .map(|program| as_path(program).into())
                .unwrap_or_default(),
            source,
        },
    }
}

fn search(program: &Path, path: &[u8], dir: &Path) -> io::Result<CString> {
    let mut refusal = None;
    for entry in path.split(|byte| *byte == b':') {
        // An empty entry is the working directory.
        let candidate = Path::new(".").join(OsStr::from_bytes(entry)).join(program);
        match check_executable(&dir.join(&candidate)) {
            Ok(()) => return Ok(CString::new(candidate.into_os_string().into_vec())?),
            Err(error) if is_absence(&error) => {}
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    let absent = || io::Error::new(io::ErrorKind::NotFound, "not found in PATH");
    Err(refusal.unwrap_or_else(absent))
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn check_executable(path: &Path) -> io::Result<()> {
    if path.metadata()?.is_dir() {
        return Err(io::Error::from(rustix::io::Errno::ISDIR));
    }
    Ok(access(path, Access::EXEC_OK)?)
}

fn check_directory(path: &Path) -> io::Result<()> {
    if !path.metadata()?.is_dir() {
        return Err(io::Error::from(rustix::io::Errno::NOTDIR));
    }
    Ok(access(path, Access::EXEC_OK)?)
}

fn as_path(text: &CStr) -> &Path {
    Path::new(OsStr::from_bytes(text.to_bytes()))
}
