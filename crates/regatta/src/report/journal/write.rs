//! Writing the journal: one `write` a line, so that a crash tears the last line at most.
//!
//! It never stops a run. What cannot be written waits in memory and is tried again with the next event, since a reader
//! trusts nothing after a hole in the numbers; how to make room on a full disk is not known here.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use regatta_core::event::Event;
use regatta_core::port::Subscriber;
use regatta_core::time::Time;
use regatta_process::fault::{self, Operation};
use rustix::fs::{Mode, OFlags, open};

use super::line::LineRenderer;
use super::read::Journal;

/// Above this the buffer is given back: only the header of a large plan needs more.
const KEPT_BYTES: usize = 64 * 1024;

/// The journal of the run that goes on.
#[derive(Debug)]
pub struct JournalWriter {
    file: File,
    renderer: LineRenderer,
    /// What the file has not taken yet, from the middle of a line perhaps: nothing, as long as all goes well.
    waiting: Vec<u8>,
    /// Why something waits.
    error: Option<io::Error>,
}

impl JournalWriter {
    /// Opens the journal at `path`, empty: that of an earlier run is gone from here on.
    ///
    /// # Errors
    /// The folder is missing or not writable, or something at `path` is no file to write to: a symbolic
    /// link is refused, not followed, and a pipe without a reader is not waited for.
    pub fn create(path: &Path) -> io::Result<Self> {
        let flags = OFlags::WRONLY
            | OFlags::APPEND
            | OFlags::CREATE
            | OFlags::TRUNC
            | OFlags::NOFOLLOW
            | OFlags::NONBLOCK
            | OFlags::CLOEXEC;
        fault::check(Operation::Open)?;
        let file = open(path, flags, Mode::from_raw_mode(0o666))?;
        Ok(Self {
            file: file.into(),
            renderer: LineRenderer::default(),
            waiting: Vec::new(),
            error: None,
        })
    }

    /// Opens the journal at `path` to go on where it was left; what cannot be trusted in it is cut off.
    ///
    /// # Errors
    /// As for [`Self::create`].
    pub fn resume(path: &Path, journal: &Journal) -> io::Result<Self> {
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(open(path, flags, Mode::empty())?);
        file.set_len(journal.bytes)?;
        let lines = 1 + journal.events.len() as u64;
        Ok(Self {
            file,
            renderer: LineRenderer::resume(&journal.header, lines),
            waiting: Vec::new(),
            error: None,
        })
    }

    /// Closes the journal and returns why it is behind the run, if it is.
    #[must_use]
    pub fn into_error(self) -> Option<io::Error> {
        self.error
    }

    /// Tries once more to write what could not be written before.
    pub fn flush(&mut self) {
        let (taken, error) = write(&self.file, &self.waiting);
        self.waiting.drain(..taken);
        self.waiting.shrink_to(KEPT_BYTES);
        self.error = error;
    }

    /// Returns why the journal is behind the run, if it is.
    #[must_use]
    pub fn error(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }
}

impl Subscriber for JournalWriter {
    fn handle_event(&mut self, at: Time, event: &Event) {
        let line = self.renderer.render_line(at, event);
        self.waiting.extend_from_slice(line);
        self.flush();
    }
}

/// Returns how much of `bytes` the file took, and why not all of it.
fn write(mut file: &File, bytes: &[u8]) -> (usize, Option<io::Error>) {
    let mut taken = 0;
    while taken < bytes.len() {
        let written = fault::check(Operation::Write)
            .map_err(io::Error::from)
            .and_then(|()| file.write(&bytes[taken..]));
        match written {
            Ok(0) => return (taken, Some(ErrorKind::WriteZero.into())),
            Ok(count) => taken += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return (taken, Some(error)),
        }
    }
    (taken, None)
}
