//! The connection between guardian and runner. Each sees when the other's end closes.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::cmsg_space;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};

use crate::Status;
use crate::signal::Notice;

/// The longest message, far below what a socket takes by default.
const MAX_BYTES: usize = 64 * 1024;

/// One end of the connection.
#[derive(Debug)]
pub(crate) struct Link {
    socket: OwnedFd,
}

/// What the runner says to its guardian.
#[derive(Debug)]
pub(super) enum Message {
    /// What to do with what is lost if the runner dies, and a descriptor to hold until the end.
    Entrust(Vec<u8>, Option<OwnedFd>),
    /// Nothing can be lost any more, and the run is to end so.
    Conclude(Status),
    /// Everything is paused.
    Paused,
    /// The user may press keys.
    WantKeys,
    /// What the user types from now on is for somebody else.
    LeaveKeys,
}

/// What the guardian says to its runner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Notice(Notice),
    /// The user pressed this.
    Key(u8),
}

/// The first byte of a word about a key; no notice has it.
const KEY: u8 = b'K';

impl Link {
    pub(super) fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )?;
        Ok((Self { socket: one }, Self { socket: other }))
    }

    pub(super) fn try_clone(&self) -> io::Result<Self> {
        let socket = self.socket.try_clone()?;
        Ok(Self { socket })
    }

    /// Passes a notice on. It gets lost where the other end is gone.
    pub(super) fn notify(&self, notice: Notice) {
        let _ = self.send(&[notice.to_byte()], None);
    }

    /// Passes a key on. It gets lost where the other end is gone.
    pub(super) fn pass_key(&self, key: u8) {
        let _ = self.send(&[KEY, key], None);
    }

    /// Returns the next word, or `None` when there will be no more. To be called when there is
    /// something to read.
    pub(crate) fn receive_word(&self) -> Option<Word> {
        let (bytes, _) = self.receive()?;
        match bytes[..] {
            [KEY, key] => Some(Word::Key(key)),
            [byte, ..] => Notice::from_byte(byte).map(Word::Notice),
            [] => None,
        }
    }

    pub(super) fn tell(&self, message: Message) -> io::Result<()> {
        match message {
            Message::Entrust(will, held) => {
                let bytes = [b"E", will.as_slice()].concat();
                self.send(&bytes, held.as_ref().map(AsFd::as_fd))
            }
            Message::Conclude(Status::Code(code)) => {
                self.send(&[b"C".as_slice(), &code.to_ne_bytes()].concat(), None)
            }
            Message::Conclude(Status::Signal(number)) => {
                self.send(&[b"S".as_slice(), &number.to_ne_bytes()].concat(), None)
            }
            Message::Paused => self.send(b"P", None),
            Message::WantKeys => self.send(b"K", None),
            Message::LeaveKeys => self.send(b"L", None),
        }
    }

    /// Tells the guardian that everything is paused.
    pub(crate) fn confirm_pause(&self) {
        // It fails where the guardian is gone, which shows in another way.
        let _ = self.tell(Message::Paused);
    }

    /// Returns the next message, or `None` when there will be no more.
    pub(super) fn receive_message(&self) -> Option<Message> {
        let (bytes, descriptor) = self.receive()?;
        match bytes.split_first()? {
            (b'E', will) => Some(Message::Entrust(will.to_owned(), descriptor)),
            (b'C', code) => Some(Message::Conclude(Status::Code(number(code)?))),
            (b'S', signal) => Some(Message::Conclude(Status::Signal(number(signal)?))),
            (b'K', _) => Some(Message::WantKeys),
            (b'L', _) => Some(Message::LeaveKeys),
            (_, _) => Some(Message::Paused),
        }
    }

    fn send(&self, bytes: &[u8], descriptor: Option<BorrowedFd<'_>>) -> io::Result<()> {
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let descriptors = descriptor.as_slice();
        if !descriptors.is_empty() {
            control.push(SendAncillaryMessage::ScmRights(descriptors));
        }
        loop {
            let slices = [IoSlice::new(bytes)];
            match sendmsg(&self.socket, &slices, &mut control, SendFlags::NOSIGNAL) {
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn receive(&self) -> Option<(Vec<u8>, Option<OwnedFd>)> {
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut bytes = vec![0; MAX_BYTES];
        let count = loop {
            let mut slices = [IoSliceMut::new(&mut bytes)];
            match recvmsg(
                &self.socket,
                &mut slices,
                &mut control,
                RecvFlags::CMSG_CLOEXEC,
            ) {
                Ok(message) => break message.bytes,
                // Whoever dies with something unread resets the connection. That is told once, before what he said last.
                Err(Errno::INTR | Errno::CONNRESET) => {}
                Err(_) => break 0,
            }
        };
        if count == 0 {
            return None;
        }
        bytes.truncate(count);
        let mut descriptors = control
            .drain()
            .filter_map(|message| match message {
                RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
                _ => None,
            })
            .flatten();
        Some((bytes, descriptors.next()))
    }
}

fn number(bytes: &[u8]) -> Option<i32> {
    Some(i32::from_ne_bytes(bytes.try_into().ok()?))
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::{Link, Message};
    use crate::Status;
    use crate::signal::Notice;

    #[test]
    fn the_last_words_of_one_who_did_not_listen_arrive() {
        let (guardian, runner) = Link::pair().unwrap();
        guardian.notify(Notice::Resized);
        runner.tell(Message::Conclude(Status::Code(0))).unwrap();
        drop(runner);
        let last = guardian.receive_message();
        assert!(
            matches!(last, Some(Message::Conclude(Status::Code(0)))),
            "{last:?}"
        );
        assert!(guardian.receive_message().is_none());
    }
}
