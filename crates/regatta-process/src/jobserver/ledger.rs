//! The tokens of somebody else that a run holds, where both of its processes see them: whichever outlives the other gives
//! them back.

use std::io;
use std::os::fd::BorrowedFd;
use std::ptr::{self, NonNull};

use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};

/// Every token takes a byte, and nobody runs so many jobs.
const BYTES: usize = 4096;

/// A page shared by this process and those forked after it was made. Its first bytes are the tokens, up to the first zero.
///
/// One process at a time changes it: the guardian does only when the runner is dead.
pub(super) struct Ledger {
    page: NonNull<u8>,
}

impl Ledger {
    pub(super) fn new() -> io::Result<Self> {
        let (access, kind) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED);
        // SAFETY: the kernel chooses a place that nothing else has.
        let page = unsafe { mmap_anonymous(ptr::null_mut(), BYTES, access, kind)? };
        let page = NonNull::new(page.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { page })
    }

    /// Returns how many tokens are held.
    pub(super) fn count(&self) -> usize {
        (0..BYTES)
            .find(|index| self.byte(*index) == 0)
            .unwrap_or(BYTES)
    }

    /// Reads one token from a pipe that does not block, and returns whether there was one.
    ///
    /// The kernel writes it where it is kept, so there is no moment at which a killed process has a token that nobody
    /// knows of.
    pub(super) fn read_token(&self, pipe: BorrowedFd<'_>) -> bool {
        let count = self.count();
        // The last byte stays zero.
        if count + 1 >= BYTES {
            return false;
        }
        // SAFETY: the place is inside the page, which nobody else looks at meanwhile.
        let place = unsafe { std::slice::from_raw_parts_mut(self.page.as_ptr().add(count), 1) };
        let is_read = rustix::io::read(pipe, &mut *place) == Ok(1);
        if is_read && place[0] == 0 {
            // Nobody's token has been seen to be one, and here it would count as none.
            place[0] = b'+';
        }
        is_read
    }

    /// Takes the latest token out.
    pub(super) fn pop(&self) -> Option<u8> {
        let last = self.count().checked_sub(1)?;
        let token = self.byte(last);
        // SAFETY: the place is inside the page.
        unsafe { self.page.as_ptr().add(last).write_volatile(0) };
        Some(token)
    }

    fn byte(&self, index: usize) -> u8 {
        // SAFETY: the place is inside the page, and was zero when the page was made.
        unsafe { self.page.as_ptr().add(index).read_volatile() }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        // SAFETY: nothing of this process refers to the page any more. Others keep their view of it.
        let _ = unsafe { munmap(self.page.as_ptr().cast(), BYTES) };
    }
}
