//! The beginning of the two processes, and what the runner sees of its guardian. Knows no command.

use std::io;
use std::os::fd::OwnedFd;

use rustix::process::{Resource, getpid, getrlimit, set_child_subreaper, setsid};

use super::link::{Link, Message};
use super::split::{Side, split, split_into};
use super::watch::Watch;
use crate::Status;
use crate::cgroup::Group;
use crate::keys::Modes;
use crate::signal::{
    PAUSE, REQUESTS, SignalPipe, Withheld, ignore_requests, keep_exit_codes,
    survive_file_size_limit,
};

/// The runner's view of the process that guards it.
#[derive(Debug)]
pub struct Guardian {
    /// `None` where there is no guardian.
    link: Option<Link>,
    pid: i32,
    /// The one this process is in, made for it alone.
    group: Option<Group>,
    /// Stays open as long as this process lives.
    held: Vec<OwnedFd>,
    /// How the terminal was before the guardian took its keys.
    modes: Option<Modes>,
}

/// A runner that died before it had said that nothing can be lost any more.
#[derive(Debug)]
pub struct Loss {
    /// What it had entrusted to its guardian.
    pub will: Vec<u8>,
    /// How it ended.
    pub status: Status,
}

impl Guardian {
    /// Splits this process in two and returns in the runner, which is the child. To be called
    /// before any thread starts. The guardian passes signals on, waits for the runner, and then
    /// ends every process the runner left. It ends as the runner concluded, or else as the runner did.
    /// If the runner died with something entrusted and nothing concluded, the guardian calls `mourn` and
    /// exits with what that returns.
    ///
    /// The runner leads a session without a terminal, and so do those it starts belong to one.
    /// Both adopt orphans: as long as one of the two lives, no process below them is lost.
    ///
    /// Where this process may make cgroups, the runner is in one that bears `run_id` in its name, with everyone below it.
    ///
    /// Descriptors inherited from whoever started this process, from 3 on, are marked so that no
    /// command inherits them in turn. Kernels before 5.11 cannot do that; there they stay as they
    /// are.
    ///
    /// Without the means for a second process this one is its own runner.
    ///
    /// Source: `fork(2)`, `PR_SET_CHILD_SUBREAPER(2const)`, `close_range(2)`.
    pub fn start(run_id: &str, mourn: impl FnOnce(&Loss) -> u8) -> Self {
        survive_file_size_limit();
        match Self::split(run_id, mourn) {
            Ok(guardian) => guardian,
            Err(_) => Self::absent(),
        }
    }

    /// Returns what stands for a guardian where there is none: signals go to this process itself,
    /// and its death leaves its commands alone.
    #[must_use]
    pub fn absent() -> Self {
        mark_inherited_descriptors();
        Self {
            link: None,
            pid: getpid().as_raw_pid(),
            group: None,
            held: Vec::new(),
            modes: None,
        }
    }

    fn split(run_id: &str, mourn: impl FnOnce(&Loss) -> u8) -> io::Result<Self> {
        keep_exit_codes()?;
        let (own, other) = Link::pair()?;
        // So that none falls into a gap. Nobody receives them before it is certain that there are two processes:
        // what would be left of a receiver swallows them.
        let withheld = Withheld::new();
        let pid = getpid().as_raw_pid();
        set_child_subreaper(Some(getpid()))?;
        let (side, group) = split_for(run_id)?;
        match side {
            Side::Runner => {
                drop(own);
                ignore_requests();
                drop(withheld);
                // It fails for the leader of a group, which a new process never is.
                setsid()?;
                mark_inherited_descriptors();
                Ok(Self {
                    link: Some(other),
                    pid,
                    group,
                    held: Vec::new(),
                    modes: None,
                })
            }
            Side::Guardian(runner) => {
                drop(other);
                let signals = SignalPipe::new(REQUESTS.into_iter().chain([PAUSE]));
                drop(withheld);
                Watch::new(own, signals?, runner, group).run(mourn)
            }
        }
    }

    /// Returns the process id that users know.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Leaves a note on what to do if this process dies, and a descriptor that stays open until both processes
    /// have ended. From here on signals are passed on; before, they end both processes.
    ///
    /// # Errors
    ///
    /// The note is too long, or the guardian is gone.
    pub fn entrust(&mut self, will: Vec<u8>, held: OwnedFd) -> io::Result<()> {
        if let Some(link) = &self.link {
            link.tell(Message::Entrust(will, Some(held.try_clone()?)))?;
        }
        self.held.push(held);
        Ok(())
    }

    /// Asks for the keys that the user presses, without Enter and unseen, until the run ends: `Happening::Key` brings
    /// them, after `Happening::Keyboard` has said that they can be had. The guardian gives the terminal back as it was
    /// whenever it ends or pauses, however that comes; if it is killed, the runner does.
    pub fn want_keys(&mut self) {
        if let Some(link) = &self.link
            && let Some(modes) = Modes::of_stdin()
        {
            self.modes = Some(modes);
            // Where the guardian is gone, its end shows soon enough.
            let _ = link.tell(Message::WantKeys);
        }
    }

    /// Gives the keys back. What is typed after anything that is shown after this is for whoever has the terminal next.
    pub fn leave_keys(&self) {
        if let Some(link) = self.link.as_ref().filter(|_| self.modes.is_some()) {
            let _ = link.tell(Message::LeaveKeys);
        }
    }

    /// Says that nothing can be lost any more, and how the guardian is to end once this process has. Where the guardian
    /// is gone, does what it would have done.
    pub fn conclude(&mut self, end: Status) {
        let Some(link) = &self.link else {
            return;
        };
        if link.tell(Message::Conclude(end)).is_ok() {
            return;
        }
        if let Some(modes) = &self.modes {
            modes.restore();
        }
        if let Some(group) = self.group.take() {
            group.leave();
            group.end();
            group.remove();
        }
    }

    pub(crate) fn link(&self) -> io::Result<Option<Link>> {
        self.link.as_ref().map(Link::try_clone).transpose()
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

/// Splits this process, and puts the runner into a group of its own where that is possible.
fn split_for(run_id: &str) -> io::Result<(Side, Option<Group>)> {
    if let Some(group) = Group::create(run_id) {
        if let Some(side) = split_into(&group) {
            return Ok((side, Some(group)));
        }
        group.remove();
    }
    Ok((split()?, None))
}

fn mark_inherited_descriptors() {
    // SAFETY: marking a descriptor close-on-exec changes nothing for those who use it here. The
    // result is ignored on purpose: see `Guardian::start`.
    unsafe {
        libc::syscall(
            libc::SYS_close_range,
            3,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        );
    }
}
