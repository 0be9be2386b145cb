//! The output of one command: the pipe it prints into, drained into its log. Reading never stops
//! while the command runs, whatever becomes of the log. Knows no process.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::{Errno, ioctl_fionbio, read};
use rustix::pipe::{PipeFlags, pipe_with};

use crate::LogEnd;
use crate::log::Log;

/// How many reads take everything that a pipe holds at one moment, with room to spare: a pipe may
/// be made larger than the buffer. Without a bound, a process that keeps printing would never let
/// the draining end.
const MAX_DRAIN_READS: usize = 64;

/// Both ends of a command's output and where it goes.
pub(crate) struct Output {
    reader: OwnedFd,
    /// Held until the command is over: otherwise each command would wake this process once more
    /// when its last process closes the pipe, shortly before the guardian tells its end.
    writer: OwnedFd,
    log: Log,
}

impl Output {
    pub(crate) fn new(log: Log) -> io::Result<Self> {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
        // Only this end: a command does not expect that its own writes are cut short.
        ioctl_fionbio(&reader, true)?;
        Ok(Self {
            reader,
            writer,
            log,
        })
    }

    /// Returns the end to watch.
    pub(crate) fn reader(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }

    /// Returns the end that the command prints into.
    pub(crate) fn writer(&self) -> BorrowedFd<'_> {
        self.writer.as_fd()
    }

    /// Reads once, as far as the buffer goes, and returns what came.
    pub(crate) fn read<'a>(&mut self, buffer: &'a mut [u8]) -> &'a [u8] {
        // Nothing comes when it was interrupted, or when there was nothing after all.
        let count = read(&self.reader, &mut *buffer).unwrap_or(0);
        self.log.append(&buffer[..count]);
        &buffer[..count]
    }

    /// Reads what is in the pipe now, delivers it piece by piece, and closes pipe and log, whoever
    /// else holds the pipe.
    pub(crate) fn finish(self, buffer: &mut [u8], mut deliver: impl FnMut(&[u8])) -> LogEnd {
        let Self {
            reader,
            writer,
            mut log,
        } = self;
        drop(writer);
        for _ in 0..MAX_DRAIN_READS {
            match read(&reader, &mut *buffer) {
                Ok(count @ 1..) => {
                    log.append(&buffer[..count]);
                    deliver(&buffer[..count]);
                }
                Err(Errno::INTR) => {}
                // Nothing more can come, or nothing more has come yet.
                Ok(0) | Err(_) => break,
            }
        }
        log.finish()
    }

    /// Returns at most `limit` of the last bytes read.
    pub(crate) fn recent(&self, limit: usize) -> Vec<u8> {
        self.log.recent(limit)
    }
}
