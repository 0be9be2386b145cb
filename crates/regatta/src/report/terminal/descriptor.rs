//! A file descriptor as a sink. It knows how to write without blocking, not what is written.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use rustix::io::{Errno, write};

use super::sink::Sink;

/// What a pipe is sure to take at once when it reports room: `PIPE_BUF` of Linux, pipe(7).
const CHUNK: usize = 4096;

/// An open descriptor, usually stdout.
#[derive(Debug)]
pub struct Descriptor {
    handle: OwnedFd,
    patience: Patience,
    /// Whether a person may hold the reader up: a terminal is paused with Ctrl-S, a pager waits for keys.
    may_be_paused: bool,
}

/// What a write does when there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// It cannot happen: files have room or fail.
    NeverNeeded,
    /// It returns at once.
    Nonblocking,
    /// It would wait, so room is asked for first.
    Polled,
}

impl Descriptor {
    /// Takes over a descriptor. Its open file description, which other processes may share, is left as it is.
    #[must_use]
    pub fn new(descriptor: OwnedFd) -> Self {
        let may_be_paused = rustix::termios::isatty(&descriptor);
        let (handle, patience) = match reopen(&descriptor) {
            Reopened::Own(own) => (own, Patience::Nonblocking),
            Reopened::File => (descriptor, Patience::NeverNeeded),
            Reopened::Refused => (descriptor, Patience::Polled),
        };
        Self {
            handle,
            patience,
            may_be_paused,
        }
    }

    /// Waits at the end for as long as the reader is there, even if nothing is taken: a person may be behind it.
    pub fn expect_pauses(&mut self) {
        self.may_be_paused = true;
    }

    /// Duplicates the standard output.
    ///
    /// # Errors
    /// Those of `dup(2)`; a closed standard output is one.
    pub fn stdout() -> io::Result<Self> {
        let descriptor = io::stdout().as_fd().try_clone_to_owned()?;
        Ok(Self::new(descriptor))
    }

    fn has_room(&self, patience: Duration) -> io::Result<bool> {
        let mut ready = [PollFd::new(&self.handle, PollFlags::OUT)];
        let timeout = Timespec::try_from(patience).map_err(io::Error::other)?;
        match poll(&mut ready, Some(&timeout)) {
            // A reader that is gone also counts as room: the write then says so.
            Ok(count) => Ok(count > 0),
            Err(Errno::INTR) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }
}

impl Sink for Descriptor {
    fn offer(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = 0;
        while taken < bytes.len() {
            let rest = &bytes[taken..];
            let chunk = match self.patience {
                Patience::Polled if !self.has_room(Duration::ZERO)? => break,
                Patience::Polled => &rest[..rest.len().min(CHUNK)],
                Patience::NeverNeeded | Patience::Nonblocking => rest,
            };
            match write(&self.handle, chunk) {
                Ok(0) | Err(Errno::AGAIN) => break,
                Ok(count) => taken += count,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(taken)
    }

    fn wait(&mut self, patience: Duration) -> io::Result<bool> {
        self.has_room(patience)
    }

    fn may_be_paused(&self) -> bool {
        self.may_be_paused
    }
}

enum Reopened {
    /// A description of our own, which does not block.
    Own(OwnedFd),
    /// A regular file or a device like `/dev/null`, where nothing blocks.
    File,
    /// A socket, a terminal of another user, or a system without `/proc`.
    Refused,
}

/// Opens a pipe or a terminal once more. `O_NONBLOCK` belongs to the open file description, so setting it on the one
/// we inherited would also set it for the shell and for everyone else who shares the terminal.
fn reopen(descriptor: &OwnedFd) -> Reopened {
    let Ok(stat) = fstat(descriptor) else {
        return Reopened::Refused;
    };
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => return Reopened::File,
        FileType::CharacterDevice if !rustix::termios::isatty(descriptor) => return Reopened::File,
        FileType::CharacterDevice | FileType::Fifo => {}
        _ => return Reopened::Refused,
    }
    let path = format!("/proc/self/fd/{}", descriptor.as_raw_fd());
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    match open(path, flags, Mode::empty()) {
        Ok(own) => Reopened::Own(own),
        Err(_) => Reopened::Refused,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_pipe_that_nobody_reads_takes_what_fits_and_no_more() {
        let (mut reader, writer) = io::pipe().unwrap();
        let mut sink = Descriptor::new(writer.into());
        assert_eq!(sink.patience, Patience::Nonblocking);
        let taken = sink.offer(&vec![b'x'; 1 << 20]).unwrap();
        assert!(taken > 0 && taken < 1 << 20, "{taken}");
        assert!(!sink.wait(Duration::ZERO).unwrap());
        let mut bytes = vec![0; taken];
        reader.read_exact(&mut bytes).unwrap();
        assert!(sink.wait(Duration::ZERO).unwrap());
        assert_eq!(sink.offer(b"more").unwrap(), 4);
    }

    #[test]
    fn a_socket_cannot_be_reopened_and_is_asked_first() {
        let (_reader, writer) = UnixStream::pair().unwrap();
        let mut sink = Descriptor::new(writer.into());
        assert_eq!(sink.patience, Patience::Polled);
        let taken = sink.offer(&vec![b'x'; 16 << 20]).unwrap();
        assert!(taken > 0 && taken < 16 << 20, "{taken}");
        assert!(!sink.wait(Duration::ZERO).unwrap());
    }

    #[test]
    fn a_reader_that_is_gone_is_an_error() {
        let (reader, writer) = io::pipe().unwrap();
        let mut sink = Descriptor::new(writer.into());
        drop(reader);
        let error = sink.offer(b"x").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn a_regular_file_takes_everything() {
        let mut file = tempfile::tempfile().unwrap();
        let mut sink = Descriptor::new(file.try_clone().unwrap().into());
        assert_eq!(sink.patience, Patience::NeverNeeded);
        assert_eq!(sink.offer(&vec![b'x'; 1 << 20]).unwrap(), 1 << 20);
        assert_eq!(io::Seek::stream_position(&mut file).unwrap(), 1 << 20);
    }
}
