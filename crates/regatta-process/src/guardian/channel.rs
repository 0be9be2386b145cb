//! A connection that carries whole packets, and descriptors with them, between two processes.
//! Knows nothing of what a packet says.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read, Seek, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::cmsg_space;
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, Shutdown, SocketFlags, SocketType, recvmsg, sendmsg, shutdown,
    socketpair,
};

/// What goes through the socket itself. Far below what a socket takes by default, which is about
/// 200 KiB; a longer packet travels as a file.
const MAX_INLINE_BYTES: usize = 64 * 1024;

/// A packet of this length stands for the file that comes with it. No real packet is so short.
const STAND_IN: &[u8] = &[0];

/// The most descriptors a packet brings: one of its own, and the file of a long one.
const MAX_DESCRIPTORS: usize = 2;

/// One end of a connection. The other end sees when it is closed, by whatever cause.
#[derive(Debug)]
pub(crate) struct Channel {
    socket: OwnedFd,
}

/// Room for what is received. A packet that comes through the socket costs no more than its own
/// length, however large the room.
pub(crate) struct Inbox {
    inline: Box<[u8]>,
    long: Vec<u8>,
}

/// A packet that was received.
pub(crate) struct Packet<'a> {
    /// What the sender sent.
    pub(crate) bytes: &'a [u8],
    /// The descriptor that came with it, marked close-on-exec.
    pub(crate) descriptor: Option<OwnedFd>,
}

impl Channel {
    /// Returns the two ends of a new connection.
    pub(crate) fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )?;
        Ok((Self { socket: one }, Self { socket: other }))
    }

    /// Sends a packet of at least two bytes. Waits while the other end is behind.
    pub(crate) fn send(&self, bytes: &[u8], descriptor: Option<BorrowedFd<'_>>) -> io::Result<()> {
        if bytes.len() <= MAX_INLINE_BYTES {
            return self.send_inline(bytes, descriptor.as_slice());
        }
        let mut file = File::from(memfd_create("packet", MemfdFlags::CLOEXEC)?);
        file.write_all(bytes)?;
        file.rewind()?;
        let descriptors: Vec<BorrowedFd<'_>> =
            descriptor.into_iter().chain([file.as_fd()]).collect();
        self.send_inline(STAND_IN, &descriptors)
    }

    /// Waits for the next packet. `None` means that the other end is closed and nothing is left.
    pub(crate) fn receive<'a>(&self, inbox: &'a mut Inbox) -> io::Result<Option<Packet<'a>>> {
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let count = loop {
            let mut slices = [IoSliceMut::new(&mut inbox.inline)];
            match recvmsg(
                &self.socket,
                &mut slices,
                &mut control,
                RecvFlags::CMSG_CLOEXEC,
            ) {
                Ok(message) => break message.bytes,
                Err(Errno::INTR) => {}
                // The other end was closed before it had read everything.
                Err(Errno::CONNRESET) => break 0,
                Err(error) => return Err(error.into()),
            }
        };
        let mut descriptors = control
            .drain()
            .filter_map(|message| match message {
                RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
                _ => None,
            })
            .flatten();
        if count == 0 {
            return Ok(None);
        }
        let mut descriptor = descriptors.next();
        if inbox.inline[..count] != *STAND_IN {
            let bytes = &inbox.inline[..count];
            return Ok(Some(Packet { bytes, descriptor }));
        }
        let file = descriptors.next().or_else(|| descriptor.take());
        // Without a free descriptor here the file is lost on the way.
        let file = file.ok_or(Errno::MFILE)?;
        inbox.long.clear();
        File::from(file).read_to_end(&mut inbox.long)?;
        let bytes = &inbox.long;
        Ok(Some(Packet { bytes, descriptor }))
    }

    /// Closes the connection for both ends, even if a copy of this end is held elsewhere.
    pub(crate) fn close(&self) {
        // It fails only where it is closed already.
        let _ = shutdown(&self.socket, Shutdown::Both);
    }

    fn send_inline(&self, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() {
            control.push(SendAncillaryMessage::ScmRights(descriptors));
        }
        loop {
            let slices = [IoSlice::new(bytes)];
            match sendmsg(&self.socket, &slices, &mut control, SendFlags::NOSIGNAL) {
                Err(Errno::INTR) => {}
                result => return Ok(result.map(drop)?),
            }
        }
    }
}

impl Inbox {
    pub(crate) fn new() -> Self {
        Self {
            inline: vec![0; MAX_INLINE_BYTES].into_boxed_slice(),
            long: Vec::new(),
        }
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read, Write};
    use std::os::fd::AsFd;

    use rustix::pipe::pipe;

    use super::{Channel, Inbox, MAX_INLINE_BYTES};

    #[test]
    fn packets_of_every_length_arrive_whole_with_their_descriptor() {
        let (sender, receiver) = Channel::pair().unwrap();
        let mut inbox = Inbox::new();
        for length in [2, 1000, MAX_INLINE_BYTES, MAX_INLINE_BYTES + 1, 5_000_000] {
            let sent: Vec<u8> = (0..=250).cycle().take(length).collect();
            let (reader, writer) = pipe().unwrap();
            sender.send(&sent, Some(writer.as_fd())).unwrap();
            drop(writer);
            let packet = receiver.receive(&mut inbox).unwrap().unwrap();
            assert!(packet.bytes == sent, "{length}");
            File::from(packet.descriptor.unwrap())
                .write_all(b"through")
                .unwrap();
            let mut text = String::new();
            File::from(reader).read_to_string(&mut text).unwrap();
            assert_eq!(text, "through");
        }
        for length in [2, 100_000] {
            sender.send(&vec![7; length], None).unwrap();
            let packet = receiver.receive(&mut inbox).unwrap().unwrap();
            assert_eq!(packet.bytes.len(), length);
            assert!(packet.descriptor.is_none());
        }
    }

    #[test]
    fn what_was_sent_before_the_end_still_arrives() {
        let (sender, receiver) = Channel::pair().unwrap();
        sender.send(b"last", None).unwrap();
        drop(sender);
        let mut inbox = Inbox::new();
        assert_eq!(
            receiver.receive(&mut inbox).unwrap().unwrap().bytes,
            b"last"
        );
        assert!(receiver.receive(&mut inbox).unwrap().is_none());
        assert!(receiver.send(b"late", None).is_err());
    }
}
