//! Digests of bytes and of files.

use std::fs::File;
use std::io::{self, Read};

use regatta_core::manifest::Digest;
use rustix::fs::{FileType, Mode, OFlags, fstat, openat};
use sha2::{Digest as _, Sha256};

use super::stat::FileStat;

/// How much of a file is read at a time.
const PIECE_BYTES: usize = 128 << 10;

/// How often a file is read again that changed meanwhile.
const ATTEMPTS: usize = 3;

/// A digest that grows piece by piece.
#[derive(Clone, Default)]
pub(super) struct Hasher(Sha256);

impl Hasher {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(super) fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// Returns the digest of these bytes.
#[must_use]
pub fn digest(bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::default();
    hasher.update(bytes);
    hasher.finish()
}

/// Returns the digest of all that is left to read.
pub(super) fn digest_rest(file: &mut impl Read) -> io::Result<Digest> {
    let mut hasher = Hasher::default();
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(hasher.finish()),
            Ok(count) => hasher.update(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Whether a link at the end of a path is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Links {
    Followed,
    Refused,
}

/// Returns the digest of a file's content, and what the file looked like when it had that content.
///
/// # Errors
/// It is no regular file, cannot be read, or does not stand still.
pub(super) fn digest_file(
    folder: impl std::os::fd::AsFd,
    path: &[u8],
    links: Links,
) -> io::Result<(Digest, FileStat)> {
    // A pipe that took the file's place must not keep anybody waiting.
    let mut flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    if links == Links::Refused {
        flags |= OFlags::NOFOLLOW;
    }
    for _ in 0..ATTEMPTS {
        let mut file = File::from(openat(&folder, path, flags, Mode::empty())?);
        let before = FileStat::new(&fstat(&file)?);
        if before.kind() != FileType::RegularFile {
            return Err(io::Error::other("it is no regular file"));
        }
        let digest = digest_rest(&mut file)?;
        if FileStat::new(&fstat(&file)?) == before {
            return Ok((digest, before));
        }
    }
    Err(io::Error::other("it changes while it is read"))
}
