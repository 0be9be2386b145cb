//! The guardian's own life: it waits for requests and for exits, and when nobody is left to ask,
//! it ends everyone it has. Single-threaded.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr;
use std::time::Duration;

use rustix::fs::fstat;
use rustix::io::Errno;
use rustix::process::{Signal, getpid};

use super::brood::{Brood, LOOK_AGAIN};
use super::owner::Ward;
use super::{Channel, Inbox, Packet, Reply, Request, SpawnRequest};
use crate::mark::{ATTEMPT_MARK, find_mark};
use crate::spawn::Launcher;

pub(super) struct Keeper {
    channel: Channel,
    launcher: Launcher,
    brood: Brood,
}

impl Keeper {
    pub(super) fn new(channel: Channel) -> Self {
        Self {
            channel,
            launcher: Launcher::new(),
            brood: Brood::new(getpid().as_raw_pid()),
        }
    }

    /// Serves until the other end is closed, then ends everyone.
    pub(super) fn run(mut self) {
        // A refusal to serve is as good as the end.
        let _ = self.serve();
        self.brood.end_all(|| {
            wait_for_child(None, Some(LOOK_AGAIN));
        });
    }

    fn serve(&mut self) -> io::Result<()> {
        let mut inbox = Inbox::new();
        loop {
            let patience = self.brood.is_busy().then_some(LOOK_AGAIN);
            let has_request = wait_for_child(Some(&self.channel), patience);
            for reply in self.brood.settle() {
                self.channel.send(&reply.encode(), None)?;
            }
            if has_request {
                let Some(Packet { bytes, descriptor }) = self.channel.receive(&mut inbox)? else {
                    return Ok(());
                };
                match Request::decode(bytes).ok_or(Errno::BADMSG)? {
                    Request::Spawn(request) => {
                        if let Err(reply) = self.spawn(&request, descriptor) {
                            self.channel.send(&reply.encode(), None)?;
                        }
                    }
                    Request::Signal { serial, number } => {
                        let signal = Signal::from_named_raw(number).ok_or(Errno::BADMSG)?;
                        self.brood.signal(serial, signal);
                    }
                }
            }
        }
    }

    fn spawn(&mut self, request: &SpawnRequest<'_>, output: Option<OwnedFd>) -> Result<(), Reply> {
        let ward = self.try_spawn(request, output);
        let ward = ward.map_err(|error| Reply::Refused {
            serial: request.serial,
            errno: error.raw_os_error().unwrap_or(libc::EIO),
        })?;
        self.brood.add(ward);
        Ok(())
    }

    fn try_spawn(
        &mut self,
        request: &SpawnRequest<'_>,
        output: Option<OwnedFd>,
    ) -> io::Result<Ward> {
        // A descriptor that finds no room here is lost on the way.
        let output = output.ok_or(Errno::MFILE)?;
        let pipe = fstat(&output)?.st_ino;
        let leader = self.launcher.launch(request, &output)?;
        let mark = find_mark(request.env.iter().copied(), ATTEMPT_MARK);
        Ok(Ward {
            serial: request.serial,
            leader,
            policy: request.policy,
            mark: mark.map(|mark: &CStr| mark.to_bytes().to_vec()),
            pipe,
            ending: None,
            start: None,
        })
    }
}

/// Blocks until a child has exited, the channel has something, or the time is over. Returns
/// whether the channel has something.
///
/// `SIGCHLD` is let in here only, so that none is missed between a look at the children and this.
///
/// Source: `ppoll(2)`.
fn wait_for_child(channel: Option<&Channel>, timeout: Option<Duration>) -> bool {
    use std::os::fd::AsFd;

    let mut poll = libc::pollfd {
        // A negative descriptor is passed over.
        fd: channel.map_or(-1, |channel| channel.as_fd().as_raw_fd()),
        events: libc::POLLIN,
        revents: 0,
    };
    let timeout = timeout.map(|timeout| libc::timespec {
        tv_sec: 0,
        tv_nsec: timeout.subsec_nanos().into(),
    });
    let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: all pointers are valid for the call, and a set of no signals is all zeros.
    unsafe {
        let no_signals: libc::sigset_t = std::mem::zeroed();
        libc::ppoll(&raw mut poll, 1, timeout, &raw const no_signals);
    }
    poll.revents != 0
}
