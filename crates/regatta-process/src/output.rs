//! The output of one command: the pipe it prints into, drained into its log. Reading never stops
//! while the command runs, whatever becomes of the log. Knows no process.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::epoll::EventFlags;
use rustix::fs::fstat;
use rustix::io::{Errno, ioctl_fionbio, read};
use rustix::pipe::{PipeFlags, pipe_with};

use crate::LogEnd;
use crate::fault::{self, Operation};
use crate::log::Log;

/// How many reads take everything that a pipe holds at one moment, with room to spare: a pipe may
/// be made larger than the buffer. Without a bound, a process that keeps printing would never let
/// the draining end.
const MAX_DRAIN_READS: usize = 64;

/// The reading end of a command's output and where it goes.
pub(crate) struct Output {
    /// `None` once nobody can print any more.
    pipe: Option<OwnedFd>,
    log: Log,
}

impl Output {
    /// Returns an output together with the end a command prints into.
    pub(crate) fn new(log: Log) -> io::Result<(Self, OwnedFd)> {
        fault::check(Operation::Open)?;
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
        // Only this end: a command does not expect that its own writes are cut short.
        ioctl_fionbio(&reader, true)?;
        Ok((
            Self {
                pipe: Some(reader),
                log,
            },
            writer,
        ))
    }

    /// Returns the pipe to watch.
    pub(crate) fn pipe(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }

    /// Reads once, as far as the buffer goes, and returns what came.
    pub(crate) fn read<'a>(&mut self, ready: EventFlags, buffer: &'a mut [u8]) -> &'a [u8] {
        let Some(pipe) = &self.pipe else {
            return &[];
        };
        let mut count = 0;
        if ready.contains(EventFlags::IN) {
            match read(pipe, &mut *buffer) {
                Ok(got) => count = got,
                Err(Errno::AGAIN | Errno::INTR) => return &[],
                Err(_) => {}
            }
        }
        // Where the last writer had left before the read, the read took all there will ever be
        // unless it filled the buffer. This spares most commands the read that returns nothing.
        let is_over = count == 0 || ready.contains(EventFlags::HUP);
        if is_over && count < buffer.len() {
            self.pipe = None;
        }
        self.log.append(&buffer[..count]);
        &buffer[..count]
    }

    /// Reads what is in the pipe now and delivers it piece by piece. Returns whether somebody can
    /// still print.
    pub(crate) fn drain(&mut self, buffer: &mut [u8], mut deliver: impl FnMut(&[u8])) -> bool {
        let Some(pipe) = &self.pipe else {
            return false;
        };
        for _ in 0..MAX_DRAIN_READS {
            match read(pipe, &mut *buffer) {
                Ok(0) => {
                    self.pipe = None;
                    return false;
                }
                Ok(count) => {
                    self.log.append(&buffer[..count]);
                    deliver(&buffer[..count]);
                }
                Err(Errno::INTR) => {}
                Err(_) => break,
            }
        }
        true
    }

    /// Returns the number of the pipe, which whoever holds its other end shows; 0 once it is closed.
    pub(crate) fn inode(&self) -> u64 {
        let pipe = self.pipe.as_ref().and_then(|pipe| fstat(pipe).ok());
        pipe.map_or(0, |stat| stat.st_ino)
    }

    /// Returns at most `limit` of the last bytes read.
    pub(crate) fn recent(&self, limit: usize) -> Vec<u8> {
        self.log.recent(limit)
    }

    /// Closes pipe and log.
    pub(crate) fn finish(self) -> LogEnd {
        self.log.finish()
    }
}
