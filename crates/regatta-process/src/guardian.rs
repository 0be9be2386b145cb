//! What has to be done to the process itself before anything else runs in it. Knows no command.

use rustix::process::{Resource, getrlimit};

/// Proof that this process was prepared for supervising others.
#[derive(Debug)]
pub struct Guardian {
    _private: (),
}

impl Guardian {
    /// Prepares this process. To be called first thing in `main`, before any thread starts.
    ///
    /// Descriptors inherited from whoever started this process, from 3 on, are marked so that no
    /// command inherits them in turn. Kernels before 5.11 cannot do that; there they stay as they
    /// are.
    ///
    /// Source: `close_range(2)`.
    #[must_use]
    pub fn start() -> Self {
        // SAFETY: marking a descriptor close-on-exec changes nothing for those who use it here.
        // The result is ignored on purpose, as said above.
        unsafe {
            libc::syscall(
                libc::SYS_close_range,
                3,
                libc::c_uint::MAX,
                libc::CLOSE_RANGE_CLOEXEC,
            );
        }
        Self { _private: () }
    }
}

/// Returns how many descriptors this process may have open at a time.
///
/// A running command takes three, and needs no more to start.
///
/// Source: the soft limit `RLIMIT_NOFILE` of `getrlimit(2)`; `u64::MAX` if there is none.
#[must_use]
pub fn descriptor_limit() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}
