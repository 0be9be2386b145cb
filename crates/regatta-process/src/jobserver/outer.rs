//! The jobserver of the make that started this process: its tokens are borrowed one by one and given back as they came.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, fstat, open};

use super::ledger::Ledger;

/// A jobserver that belongs to somebody else. Dropping it gives back what is still held.
pub struct Outer {
    reader: OwnedFd,
    /// `None` where the reader writes as well.
    writer: Option<OwnedFd>,
    held: Ledger,
}

impl Outer {
    /// Joins the jobserver at a FIFO.
    ///
    /// # Errors
    ///
    /// There is none, or it may not be used.
    pub fn at_fifo(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let reader = open(path, flags, Mode::empty())?;
        check_pipe(&reader)?;
        Ok(Self {
            reader,
            writer: None,
            held: Ledger::new()?,
        })
    }

    /// Joins the jobserver whose pipe this process has inherited under these two numbers. They are not used beyond that.
    ///
    /// # Errors
    ///
    /// One of them is not open, or is not this end of a pipe, as when make did not take its recipe for another make.
    pub fn at_descriptors(reader: RawFd, writer: RawFd) -> io::Result<Self> {
        // Opened anew: the description is make's own, which may not expect that it no longer blocks.
        Ok(Self {
            reader: reopen(reader, OFlags::RDONLY)?,
            writer: Some(reopen(writer, OFlags::WRONLY)?),
            held: Ledger::new()?,
        })
    }

    /// Takes one token if there is one, and returns whether there was.
    #[must_use]
    pub fn take(&self) -> bool {
        self.held.read_token(self.reader.as_fd())
    }

    /// Gives back tokens, fewer if fewer are held.
    pub fn give_back(&self, tokens: usize) {
        let writer = self.writer.as_ref().unwrap_or(&self.reader);
        for _ in 0..tokens {
            // Out of the books before it goes out of the hand: killed between the two, one token is lost, which is
            // better than one too many.
            let Some(token) = self.held.pop() else {
                return;
            };
            // A pipe that everybody gives back what they took to is never full.
            let _ = rustix::io::write(writer, &[token]);
        }
    }

    /// Gives back everything, on behalf of a process that died as well.
    pub fn give_back_all(&self) {
        self.give_back(self.held());
    }

    /// Returns how many tokens are held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.count()
    }
}

impl AsFd for Outer {
    /// Returns what becomes readable when there is a token.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}

impl Drop for Outer {
    fn drop(&mut self) {
        self.give_back_all();
    }
}

/// Opens one end of an inherited pipe anew, under another number.
fn reopen(number: RawFd, access: OFlags) -> io::Result<OwnedFd> {
    let what = format!("descriptor {number}");
    let blame = |error: io::Error| io::Error::new(error.kind(), format!("{what}: {error}"));
    if number < 0 {
        return Err(blame(rustix::io::Errno::BADF.into()));
    }
    // SAFETY: it may be anybody's, or nobody's, and is only looked at.
    let inherited = unsafe { BorrowedFd::borrow_raw(number) };
    check_pipe(inherited).map_err(blame)?;
    let flags = access | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let end = open(format!("/proc/self/fd/{number}"), flags, Mode::empty());
    end.map_err(|error| blame(error.into()))
}

fn check_pipe(descriptor: impl AsFd) -> io::Result<()> {
    let kind = FileType::from_raw_mode(fstat(descriptor)?.st_mode);
    if kind == FileType::Fifo {
        Ok(())
    } else {
        Err(io::Error::other("it is no pipe"))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::pipe;
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn tokens_come_back_as_they_were() {
        let (reader, writer) = pipe().unwrap();
        rustix::io::write(&writer, b"ab").unwrap();
        let outer = Outer::at_descriptors(reader.as_raw_fd(), writer.as_raw_fd()).unwrap();
        assert!(outer.take() && outer.take() && !outer.take());
        assert_eq!(outer.held(), 2);
        outer.give_back(1);
        assert_eq!(outer.held(), 1);
        drop(outer);
        let mut tokens = [0; 8];
        assert_eq!(rustix::io::read(&reader, &mut tokens), Ok(2));
        tokens[..2].sort_unstable();
        assert_eq!(&tokens[..2], b"ab");
    }

    #[test]
    fn what_is_closed_or_no_pipe_is_refused() {
        let (reader, writer) = pipe().unwrap();
        let file = File::open("/dev/null").unwrap();
        let refused = |reader, writer| {
            let error = Outer::at_descriptors(reader, writer).err().unwrap();
            error.to_string()
        };
        let (reader, writer, file) = (reader.as_raw_fd(), writer.as_raw_fd(), file.as_raw_fd());
        assert_eq!(
            refused(reader, file),
            format!("descriptor {file}: it is no pipe")
        );
        assert!(refused(-2, -2).contains("descriptor -2: "));
        assert!(refused(1_000_000, writer).contains("descriptor 1000000: "));
        let folder = tempfile::tempdir().unwrap();
        assert!(Outer::at_fifo(&folder.path().join("none")).is_err());
        assert!(Outer::at_fifo(Path::new("/dev/null")).is_err());
    }
}
