//! The guardian's own life: it passes signals on, waits, and sweeps up. One thread, no files, no
//! knowledge of commands.

use std::os::fd::{AsFd, OwnedFd};
use std::process::exit;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{
    Pid, PidfdFlags, Signal as SystemSignal, WaitId, WaitIdOptions, kill_process, pidfd_open,
    waitid,
};

use rustix::stdio::stdin;

use super::link::{Link, Message};
use super::start::Loss;
use crate::Status;
use crate::brood::end_children;
use crate::cgroup::Group;
use crate::keys::{Keys, Pressed, read_keys};
use crate::signal::{
    Deaths, Notice, SignalPipe, die_by, die_by_number, pause, survive_foreign_terminal,
};
use crate::usage::reap;

/// How many requests to stop a user makes before nobody waits any longer.
const PATIENT_REQUESTS: u32 = 2;

pub(super) struct Watch {
    link: Link,
    signals: SignalPipe,
    runner: Pid,
    /// The one the runner is in.
    group: Option<Group>,
    /// Whether the runner obeys notices. Before, there is nothing it could do in good order.
    is_heard: bool,
    will: Option<Vec<u8>>,
    conclusion: Option<Status>,
    held: Vec<OwnedFd>,
    requests: u32,
    /// The keys of the user, where the runner wants them and the terminal is ours.
    keys: Option<Keys>,
    wants_keys: bool,
}

impl Watch {
    pub(super) fn new(link: Link, signals: SignalPipe, runner: Pid, group: Option<Group>) -> Self {
        Self {
            link,
            signals,
            runner,
            group,
            is_heard: false,
            will: None,
            conclusion: None,
            held: Vec::new(),
            requests: 0,
            keys: None,
            wants_keys: false,
        }
    }

    /// Stays until the runner is over, and ends this process.
    pub(super) fn run(mut self, mourn: impl FnOnce(&Loss) -> u8) -> ! {
        self.wait();
        let status = reap(self.runner).map_or(Status::Signal(libc::SIGKILL), |(status, _)| status);
        // What the runner has said last.
        while self.has_message() && self.heed_message() {}
        self.end_everyone();
        self.leave_keys();
        if let Some(will) = self.will.take() {
            exit(i32::from(mourn(&Loss { will, status })));
        }
        match self.conclusion.unwrap_or(status) {
            Status::Code(code) => exit(code),
            Status::Signal(number) => die_by_number(number),
        }
    }

    fn wait(&mut self) {
        let Ok(over) = pidfd_open(self.runner, PidfdFlags::empty()) else {
            // Too old a kernel, or too few descriptors: the signals stay undelivered, the end is
            // waited for all the same.
            return;
        };
        let deaths = Deaths::watch().ok();
        let mut is_linked = true;
        loop {
            // One that was hung up would be reported at once and for ever.
            let link = if is_linked {
                self.link.as_fd()
            } else {
                over.as_fd()
            };
            let input = stdin();
            let mut sources = [
                // One that is not wanted stands for another that is looked at anyway.
                match self.keys {
                    Some(_) => PollFd::new(&input, PollFlags::IN),
                    None => PollFd::new(&self.signals, PollFlags::IN),
                },
                PollFd::new(&self.signals, PollFlags::IN),
                PollFd::new(&over, PollFlags::IN),
                PollFd::from_borrowed_fd(link, PollFlags::IN),
                PollFd::from_borrowed_fd(
                    deaths.as_ref().map_or(over.as_fd(), AsFd::as_fd),
                    PollFlags::IN,
                ),
            ];
            // It fails when a signal arrives, which the next look sees.
            let _ = poll(&mut sources, None);
            let [keys, signals, over, link, _] = sources.map(|source| !source.revents().is_empty());
            if let Some(deaths) = &deaths {
                deaths.forget();
                self.wake_runner();
            }
            if signals {
                // What the runner had to say before counts: it may be heard by now.
                while self.has_message() && self.heed_message() {}
                for notice in self.signals.read() {
                    self.heed(notice);
                }
            }
            if over {
                return;
            }
            if keys {
                // If the runner has left the keys before they were typed, they are not for it.
                while self.has_message() && self.heed_message() {}
                self.pass_keys_on();
            }
            if link && is_linked && self.has_message() {
                is_linked = self.heed_message();
            }
        }
    }

    /// Reads what the user pressed, and tells the runner.
    fn pass_keys_on(&mut self) {
        // Another source may have been ready in its place.
        if self.keys.is_none() {
            return;
        }
        match read_keys() {
            Pressed::Keys(pressed) => {
                for key in pressed {
                    self.link.pass_key(key);
                }
            }
            Pressed::Gone => {
                self.leave_keys();
                self.link.notify(Notice::KeysGone);
            }
        }
    }

    /// Takes the keys where the runner wants them and they can be had, and says so.
    fn take_keys(&mut self) {
        if !self.wants_keys {
            return;
        }
        survive_foreign_terminal();
        self.keys = Keys::take();
        self.link.notify(match self.keys {
            Some(_) => Notice::KeysTaken,
            None => Notice::KeysGone,
        });
    }

    /// Gives the terminal back as it was. To be called before this process ends or stops in any way.
    fn leave_keys(&mut self) {
        self.keys = None;
    }

    fn heed(&mut self, notice: Notice) {
        match notice {
            Notice::Stop(signal) => {
                self.requests += 1;
                if !self.is_heard {
                    let _ = kill_process(self.runner, SystemSignal::KILL);
                    let _ = reap(self.runner);
                    self.end_everyone();
                    self.leave_keys();
                    die_by(signal);
                }
                self.link.notify(notice);
                if self.requests > PATIENT_REQUESTS {
                    // The runner sees it and finishes in the dark.
                    self.leave_keys();
                    die_by(signal);
                }
            }
            Notice::Suspend if !self.is_heard => {
                let _ = kill_process(self.runner, SystemSignal::STOP);
                pause();
                let _ = kill_process(self.runner, SystemSignal::CONT);
            }
            notice => self.link.notify(notice),
        }
    }

    /// Lets the runner go on if somebody stopped it, since a stopped one keeps no time-out and obeys no notice.
    fn wake_runner(&self) {
        // It says nothing of one that is dead, and does not reap it.
        let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG;
        if let Ok(Some(_)) = waitid(WaitId::Pid(self.runner), options) {
            let _ = kill_process(self.runner, SystemSignal::CONT);
        }
    }

    /// Ends everyone whom the runner, which is gone, has left.
    fn end_everyone(&self) {
        // At once, and then one by one: here they are reaped, and where the group does not reach they are ended as well.
        if let Some(group) = &self.group {
            group.end();
        }
        end_children();
        if let Some(group) = &self.group {
            group.remove();
        }
    }

    fn has_message(&self) -> bool {
        let mut source = [PollFd::new(&self.link, PollFlags::IN)];
        let now = rustix::event::Timespec::default();
        poll(&mut source, Some(&now)).is_ok_and(|count| count > 0)
    }

    /// Returns whether there may be another.
    fn heed_message(&mut self) -> bool {
        match self.link.receive_message() {
            Some(Message::Entrust(will, held)) => {
                self.will = Some(will);
                self.held.extend(held);
                self.is_heard = true;
            }
            Some(Message::Conclude(end)) => {
                self.will = None;
                self.conclusion = Some(end);
            }
            Some(Message::Paused) => {
                // The shell that gets the terminal now wants it as it was.
                self.leave_keys();
                pause();
                self.link.notify(Notice::Resume);
                self.take_keys();
            }
            Some(Message::WantKeys) => {
                self.wants_keys = true;
                self.take_keys();
            }
            Some(Message::LeaveKeys) => {
                self.wants_keys = false;
                self.leave_keys();
            }
            None => return false,
        }
        true
    }
}
