//! Writing the journal: one `write` a line, so that a crash tears the last line at most.
//!
//! It never stops a run: the first error is kept for whoever decides the exit code.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use regatta_core::event::Event;
use regatta_core::port::Subscriber;
use regatta_core::time::Time;
use rustix::fs::{Mode, OFlags, open};

use super::line::LineRenderer;
use super::read::Journal;

/// The journal of the run that goes on.
#[derive(Debug)]
pub struct JournalWriter {
    file: File,
    renderer: LineRenderer,
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
        let file = open(path, flags, Mode::from_raw_mode(0o666))?;
        Ok(Self {
            file: file.into(),
            renderer: LineRenderer::default(),
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
            error: None,
        })
    }

    /// Closes the journal and returns why it ends before the run did, if it does.
    #[must_use]
    pub fn into_error(self) -> Option<io::Error> {
        self.error
    }

    /// Returns why the journal ends before the run did, if it does.
    #[must_use]
    pub fn error(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }
}

impl Subscriber for JournalWriter {
    fn handle_event(&mut self, at: Time, event: &Event) {
        // After a hole in the numbers a reader trusts nothing, so what follows an error is not worth writing.
        if self.error.is_none() {
            let line = self.renderer.render_line(at, event);
            self.error = self.file.write_all(line).err();
        }
    }
}
