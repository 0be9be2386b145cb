//! A command's own jobserver: a pipe whose bytes are tokens. Whoever wants to run one more job reads a byte, and writes it
//! back when the job is over.
//!
//! Each command has a pipe of its own, so what it took and never gave back is known, and is gone with the pipe. How many
//! tokens one holds is told by the kernel, and that one was taken or given back by `inotify(7)`, which knows of reads and
//! writes of named pipes. Nobody can know who waits for a token that is not there.

use std::collections::BTreeSet;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat, open, unlink};
use rustix::io::{fcntl_dupfd_cloexec, ioctl_fionread};

use crate::fault::{self, Operation};

/// What make writes as a token, and everybody gives back as it came.
const TOKEN: u8 = b'+';

/// Descriptors that commands inherit have numbers from here on: scripts like to use the lower ones by number.
const FIRST_NUMBER: i32 = 20;

/// In which form a command is told where its tokens are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// By the path of a FIFO.
    Fifo,
    /// By the numbers of two descriptors, which it inherits.
    Pipe,
}

/// Makes purses, and tells when tokens move.
pub struct Purses {
    folder: PathBuf,
    made: u64,
    /// `None` where the user has no watch to spare.
    watch: Option<OwnedFd>,
}

impl Purses {
    /// Prepares to make purses, whose FIFOs will be in `folder`.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            made: 0,
            watch: inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok(),
        }
    }

    /// Returns a purse without tokens.
    ///
    /// # Errors
    ///
    /// Its FIFO cannot be made, or there are too few descriptors: one for a FIFO, three for a pipe.
    pub fn make(&mut self, form: Form) -> io::Result<Purse> {
        self.made += 1;
        let path = self.folder.join(format!("jobserver-{}", self.made));
        fault::check(Operation::Open)?;
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        // From here on it removes its file when it goes.
        let file = Fifo(path);
        let flags = OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let pipe = open(
            &file.0,
            flags | OFlags::RDWR | OFlags::NONBLOCK,
            Mode::empty(),
        )?;
        let watch = self.watch.as_ref();
        let wanted = WatchFlags::ACCESS | WatchFlags::MODIFY;
        let number = watch.and_then(|watch| inotify::add_watch(watch, &file.0, wanted).ok());
        // These two are opened anew, since old clients fail on a description that does not block.
        let ends = match form {
            Form::Fifo => None,
            Form::Pipe => {
                let end = |access| -> io::Result<Arc<OwnedFd>> {
                    let opened = open(&file.0, flags | access, Mode::empty())?;
                    Ok(Arc::new(fcntl_dupfd_cloexec(opened, FIRST_NUMBER)?))
                };
                Some([end(OFlags::RDONLY)?, end(OFlags::WRONLY)?])
            }
        };
        // Whoever has the descriptors needs no name.
        let file = ends.is_none().then_some(file);
        Ok(Purse {
            pipe,
            file,
            ends,
            number,
        })
    }

    /// Returns what becomes readable when tokens move, if anything does.
    #[must_use]
    pub fn watch(&self) -> Option<BorrowedFd<'_>> {
        self.watch.as_ref().map(AsFd::as_fd)
    }

    /// Returns the purses, by number, from which somebody has read since the last call, this process included.
    #[must_use]
    pub fn read_from(&self) -> BTreeSet<i32> {
        let Some(watch) = &self.watch else {
            return BTreeSet::new();
        };
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = inotify::Reader::new(watch, &mut buffer);
        let mut numbers = BTreeSet::new();
        // It ends when there is nothing more to read.
        while let Ok(event) = reader.next() {
            if event.events().contains(ReadFlags::ACCESS) {
                numbers.insert(event.wd());
            }
        }
        numbers
    }
}

/// The tokens that a command shares with the jobs it starts. Dropping it drops them all.
pub struct Purse {
    /// For this process: it never blocks, and keeps the pipe whole when nobody else has it open.
    pipe: OwnedFd,
    /// Where the name of the pipe matters.
    file: Option<Fifo>,
    /// For the command: one to read, one to write.
    ends: Option<[Arc<OwnedFd>; 2]>,
    number: Option<i32>,
}

impl Purse {
    /// Puts tokens in.
    ///
    /// # Errors
    ///
    /// The pipe is full, of far more tokens than anybody put in.
    pub fn put(&self, tokens: u32) -> io::Result<()> {
        for _ in 0..tokens {
            rustix::io::write(&self.pipe, &[TOKEN])?;
        }
        Ok(())
    }

    /// Takes out as many tokens as there are, `most` at the most, and returns how many it got.
    #[must_use]
    pub fn take(&self, most: u32) -> u32 {
        // More in the pipe than anybody put in would be a client that wrote more than it read.
        (0..most)
            .take_while(|_| rustix::io::read(&self.pipe, &mut [0]) == Ok(1))
            .map(|_| 1)
            .sum()
    }

    /// Returns how many tokens nobody has taken.
    #[must_use]
    pub fn tokens(&self) -> u32 {
        let tokens = ioctl_fionread(&self.pipe).unwrap_or(0);
        u32::try_from(tokens).unwrap_or(u32::MAX)
    }

    /// Returns where the tokens are, as the value of make's `--jobserver-auth`: not text where the path is none.
    #[must_use]
    pub fn address(&self) -> Vec<u8> {
        match (&self.file, &self.ends) {
            (Some(Fifo(path)), _) => [b"fifo:", path.as_os_str().as_encoded_bytes()].concat(),
            (None, Some([reader, writer])) => {
                format!("{},{}", reader.as_raw_fd(), writer.as_raw_fd()).into_bytes()
            }
            (None, None) => unreachable!("a purse has a file or two ends"),
        }
    }

    /// Returns the descriptors that the command has to inherit.
    #[must_use]
    pub fn descriptors(&self) -> Vec<Arc<OwnedFd>> {
        self.ends.clone().into_iter().flatten().collect()
    }

    /// Returns its number among those of [`Purses::read_from`], if it is watched.
    #[must_use]
    pub fn number(&self) -> Option<i32> {
        self.number
    }
}

/// The file of a FIFO, removed when this is dropped.
struct Fifo(PathBuf);

impl Drop for Fifo {
    fn drop(&mut self) {
        // The end of the run removes the whole folder.
        let _ = unlink(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{File, OpenOptions};
    use std::io::{Read, Write};
    use std::path::Path;

    use super::*;

    fn purses() -> (tempfile::TempDir, Purses) {
        let folder = tempfile::tempdir().unwrap();
        let purses = Purses::new(folder.path());
        (folder, purses)
    }

    fn fifo(purse: &Purse) -> File {
        let address = String::from_utf8(purse.address()).unwrap();
        let path = address.strip_prefix("fifo:").unwrap();
        OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .unwrap()
    }

    #[test]
    fn tokens_that_were_taken_are_counted_until_they_come_back() {
        let (_folder, mut purses) = purses();
        let purse = purses.make(Form::Fifo).unwrap();
        purse.put(3).unwrap();
        let mut client = fifo(&purse);
        let mut token = [0];
        client.read_exact(&mut token).unwrap();
        assert_eq!((token, purse.tokens()), ([TOKEN], 2));
        assert_eq!(purse.take(5), 2);
        assert_eq!((purse.take(1), purse.tokens()), (0, 0));
        client.write_all(&token).unwrap();
        assert_eq!(purse.take(5), 1);
    }

    #[test]
    fn who_reads_is_noticed_and_told_apart() {
        let (_folder, mut purses) = purses();
        let [read, quiet] = [(); 2].map(|()| purses.make(Form::Fifo).unwrap());
        read.put(2).unwrap();
        quiet.put(2).unwrap();
        assert!(purses.read_from().is_empty());
        fifo(&read).read_exact(&mut [0]).unwrap();
        let numbers = purses.read_from();
        assert_eq!(numbers, read.number().into_iter().collect());
        assert!(purses.read_from().is_empty());
    }

    #[test]
    fn the_file_goes_with_the_purse_and_a_pipe_has_none() {
        let (folder, mut purses) = purses();
        let files = |folder: &Path| folder.read_dir().unwrap().count();
        let fifo = purses.make(Form::Fifo).unwrap();
        let pipe = purses.make(Form::Pipe).unwrap();
        assert_eq!(files(folder.path()), 1);
        assert_eq!(pipe.descriptors().len(), 2);
        assert!(fifo.descriptors().is_empty());
        drop((fifo, pipe));
        assert_eq!(files(folder.path()), 0);
    }
}
