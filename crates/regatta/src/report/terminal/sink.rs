//! Where bytes go in the end: something that takes what it has room for and never keeps its caller waiting.

use std::io;
use std::time::Duration;

/// A place for bytes.
pub trait Sink {
    /// Takes as many of the bytes as there is room for, without waiting; returns how many.
    ///
    /// # Errors
    /// Any error ends the use of the sink for good.
    fn offer(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Waits until there is room again; returns whether there is.
    ///
    /// # Errors
    /// Any error ends the use of the sink for good.
    fn wait(&mut self, patience: Duration) -> io::Result<bool>;

    /// Returns whether a person reads from it, who may pause it and go on whenever they like.
    fn may_be_paused(&self) -> bool {
        false
    }
}

/// A sink that keeps everything, for tests and for text that is wanted as a value.
#[derive(Debug, Default)]
pub struct Memory {
    /// Everything that was taken.
    pub bytes: Vec<u8>,
    /// How many more bytes it takes before it stalls, `None` for no limit.
    pub room: Option<usize>,
}

impl Sink for Memory {
    fn offer(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.room.map_or(bytes.len(), |room| room.min(bytes.len()));
        self.bytes.extend_from_slice(&bytes[..taken]);
        if let Some(room) = &mut self.room {
            *room -= taken;
        }
        Ok(taken)
    }

    fn wait(&mut self, _patience: Duration) -> io::Result<bool> {
        Ok(self.room != Some(0))
    }
}
