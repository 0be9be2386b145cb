//! What a program reads on standard output while suites run. A slow reader holds nothing up before the end; what
//! the bytes mean is not known here.

use std::io::{self, ErrorKind};
use std::time::Duration;

use crate::report::terminal::{Descriptor, Sink};

/// How long the end waits for a reader that takes nothing.
const PATIENCE: Duration = Duration::from_secs(3);

/// Standard output, for programs.
#[derive(Debug)]
pub struct MachineOutput {
    output: Descriptor,
    /// What there was no room for yet. Nothing may be left out, and it is little: events, not suites' output.
    waiting: Vec<u8>,
    /// Set by the first error: from then on nothing is written.
    error: Option<io::Error>,
}

impl MachineOutput {
    /// Returns standard output, nothing written yet.
    ///
    /// # Errors
    /// Those of `dup(2)`.
    pub fn stdout() -> io::Result<Self> {
        Ok(Self::new(Descriptor::stdout()?))
    }

    /// Returns a descriptor that nothing was written to yet.
    #[must_use]
    pub fn new(output: Descriptor) -> Self {
        Self {
            output,
            waiting: Vec::new(),
            error: None,
        }
    }

    /// Writes bytes after all that were written before, as far as there is room.
    pub fn write(&mut self, bytes: &[u8]) {
        if self.error.is_none() {
            self.waiting.extend_from_slice(bytes);
            self.offer();
        }
    }

    /// Waits until everything is written, as long as the reader takes something now and then.
    ///
    /// # Errors
    /// Why not everything could be written; a reader that is gone is no error.
    pub fn finish(mut self) -> io::Result<()> {
        while self.error.is_none() && !self.waiting.is_empty() {
            match self.output.wait(PATIENCE) {
                Ok(true) => self.offer(),
                Ok(false) => self.error = Some(ErrorKind::TimedOut.into()),
                Err(error) => self.error = Some(error),
            }
        }
        match self.error {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }

    fn offer(&mut self) {
        match self.output.offer(&self.waiting) {
            Ok(taken) => drop(self.waiting.drain(..taken)),
            Err(error) => {
                self.error = Some(error);
                self.waiting = Vec::new();
            }
        }
    }
}
