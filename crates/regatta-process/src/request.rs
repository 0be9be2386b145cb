//! What the user asks of a run by signals: from the guardian where there is one, else from the
//! system itself.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use crate::guardian::{Link, Word};
use crate::signal::{Notice, REQUESTS, SignalPipe};
use crate::{Guardian, Happening, Keyboard};

pub(crate) enum Requests {
    Guarded(Link),
    Own(SignalPipe),
}

impl Requests {
    pub(crate) fn new(guardian: &Guardian) -> io::Result<Self> {
        Ok(match guardian.link()? {
            Some(link) => Self::Guarded(link),
            None => Self::Own(SignalPipe::new(REQUESTS)?),
        })
    }

    /// Appends what came in since the last call, in order.
    pub(crate) fn read(&self, happenings: &mut Vec<Happening>) {
        match self {
            Self::Guarded(link) => happenings.push(match link.receive_word() {
                Some(Word::Notice(notice)) => happening_of(notice),
                Some(Word::Key(key)) => Happening::Key(key),
                None => Happening::Abandoned,
            }),
            Self::Own(pipe) => happenings.extend(pipe.read().into_iter().map(happening_of)),
        }
    }

    /// Tells the guardian that it may pause, now that everything below is paused.
    pub(crate) fn confirm_pause(&self) {
        if let Self::Guarded(link) = self {
            link.confirm_pause();
        }
    }
}

impl AsFd for Requests {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Guarded(link) => link.as_fd(),
            Self::Own(pipe) => pipe.as_fd(),
        }
    }
}

fn happening_of(notice: Notice) -> Happening {
    match notice {
        Notice::Stop(signal) => Happening::Signal(signal),
        Notice::Resized => Happening::Resized,
        Notice::Suspend => Happening::Suspended,
        Notice::Resume => Happening::Resumed,
        Notice::KeysTaken => Happening::Keyboard(Keyboard::Here),
        Notice::KeysGone => Happening::Keyboard(Keyboard::Gone),
    }
}
