//! Which file a command executes, and why one could not be executed. Spawning answers with a bare
//! error number; the questions behind it are asked here, and only after a failure.

use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::{Command, SpawnError};

/// Where programs are when the environment has no `PATH`.
const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";

/// The file that a command executes, and where.
pub(crate) struct Program {
    /// As seen from the directory.
    pub(crate) file: CString,
    pub(crate) dir: CString,
    /// As the command names it.
    name: PathBuf,
}

impl Program {
    /// Errors: what can be seen without executing it.
    pub(crate) fn find(command: &Command) -> Result<Self, SpawnError> {
        let name = command.argv.first().map(CString::as_c_str);
        let name = name.unwrap_or_default();
        let mut program = Self {
            file: name.to_owned(),
            dir: CString::new(command.dir.as_os_str().as_bytes()).unwrap_or_default(),
            name: as_path(name).to_owned(),
        };
        if program.file.is_empty() {
            let error = io::Error::new(io::ErrorKind::NotFound, "the name is empty");
            return Err(program.blame(error));
        }
        if !program.file.to_bytes().contains(&b'/') {
            let mut entries = command.env.iter();
            let path = entries.find_map(|entry| entry.to_bytes().strip_prefix(b"PATH="));
            let found = search(&program.name, path.unwrap_or(DEFAULT_PATH), &command.dir);
            program.file = found.map_err(|error| program.blame(error))?;
        }
        let checked = access(command.dir.join("."), Access::EXEC_OK)
            .and_then(|()| access(command.dir.join(as_path(&program.file)), Access::EXEC_OK));
        match checked {
            Ok(()) => Ok(program),
            Err(error) => Err(program.explain(error.into())),
        }
    }

    /// Returns what kept it from being executed, given the error of the attempt.
    pub(crate) fn explain(&self, error: io::Error) -> SpawnError {
        let source = match check_executable(&as_path(&self.dir).join(as_path(&self.file))) {
            Err(reason) => reason,
            Ok(()) if error.kind() == io::ErrorKind::NotFound => io::Error::new(
                io::ErrorKind::NotFound,
                "the interpreter it names does not exist",
            ),
            Ok(()) => error,
        };
        self.blame(source)
    }

    /// Blames the directory if that is at fault, else the program.
    fn blame(&self, source: io::Error) -> SpawnError {
        match check_directory(as_path(&self.dir)) {
            Err(source) => SpawnError::Directory {
                path: as_path(&self.dir).to_owned(),
                source,
            },
            Ok(()) => SpawnError::Program {
                program: self.name.clone(),
                source,
            },
        }
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
