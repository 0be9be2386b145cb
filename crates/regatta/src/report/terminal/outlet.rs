//! Between text and sink: keeps what a slow reader did not take yet, up to a bound.

use std::io;
use std::time::Duration;

use super::sink::Sink;
use crate::report::ci::Guard;

/// How much waits for a slow reader before lines are left out.
const CAPACITY: usize = 1 << 20;

/// How long the end waits for a reader that takes nothing.
const PATIENCE: Duration = Duration::from_secs(3);

/// Writes in order, never waits before the end, and leaves out whole lines rather than holding up a run.
#[derive(Debug)]
pub(super) struct Outlet<S> {
    sink: S,
    /// What the sink had no room for, from `taken` on.
    backlog: Vec<u8>,
    /// How much of `backlog` the sink has taken since.
    taken: usize,
    /// Lines left out since the last one that was not.
    dropped: u64,
    /// Set by the first error: from then on nothing is written.
    closed: Option<io::Error>,
    /// What text passes on its way.
    guard: Guard,
}

/// Whether text may be left out when a reader is too slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// Line by line.
    Expendable,
    /// No: it is short, or moves the cursor, or is what the run was made for.
    Essential,
}

impl<S: Sink> Outlet<S> {
    pub(super) fn new(sink: S) -> Self {
        Self {
            sink,
            backlog: Vec::new(),
            taken: 0,
            dropped: 0,
            closed: None,
            guard: Guard::None,
        }
    }

    /// Lets text pass a guard.
    pub(super) fn guarded(self, guard: Guard) -> Self {
        Self { guard, ..self }
    }

    pub(super) fn sink(&self) -> &S {
        &self.sink
    }

    #[cfg(test)]
    pub(super) fn sink_mut(&mut self) -> &mut S {
        &mut self.sink
    }

    /// Returns whether text waits for a slow reader.
    pub(super) fn is_stalled(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// Offers what waits; returns whether nothing waits any more.
    pub(super) fn drain(&mut self) -> bool {
        if self.backlog.is_empty() {
            return true;
        }
        self.taken += offer(
            &mut self.sink,
            &mut self.closed,
            &self.backlog[self.taken..],
        );
        if self.taken == self.backlog.len() || self.closed.is_some() {
            self.backlog = Vec::new();
            self.taken = 0;
        } else if self.taken > CAPACITY / 4 {
            self.backlog.drain(..self.taken);
            self.taken = 0;
        }
        self.backlog.is_empty()
    }

    /// Writes text after all that was written before.
    pub(super) fn write(&mut self, text: &str, weight: Weight) {
        let guard = std::mem::take(&mut self.guard);
        self.write_unguarded(&guard.apply(text), weight);
        self.guard = guard;
    }

    /// Writes text of our own that is to be obeyed.
    pub(super) fn write_unguarded(&mut self, text: &str, weight: Weight) {
        let mut rest = text.as_bytes();
        if self.drain() && self.dropped == 0 {
            let taken = offer(&mut self.sink, &mut self.closed, rest);
            rest = &rest[taken..];
            if taken > 0 && weight == Weight::Expendable {
                // The reader already has the beginning of this line.
                let line = rest.split_inclusive(|&byte| byte == b'\n').next();
                let length = line.map_or(0, <[u8]>::len);
                self.keep(&rest[..length]);
                rest = &rest[length..];
            }
        }
        if self.closed.is_some() || rest.is_empty() {
            return;
        }
        match weight {
            Weight::Essential => self.keep(rest),
            Weight::Expendable => {
                for line in rest.split_inclusive(|&byte| byte == b'\n') {
                    if self.backlog.len() - self.taken + line.len() <= CAPACITY {
                        self.keep(line);
                    } else {
                        self.dropped += 1;
                    }
                }
            }
        }
        self.drain();
    }

    /// Waits until everything is written, as long as the reader takes something now and then. A person who pauses
    /// the text to read it is waited for.
    ///
    /// # Errors
    /// What the sink said when it failed, or how much a reader that stalled has not taken; a reader that is gone is no
    /// error.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.tell_dropped();
        while !self.drain() {
            match self.sink.wait(PATIENCE) {
                Ok(true) => {}
                Ok(false) if self.sink.may_be_paused() => {}
                Ok(false) => return Err(self.describe_loss()),
                Err(error) => self.close(error),
            }
        }
        match self.closed.take() {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }

    fn describe_loss(&self) -> io::Error {
        let rest = self.backlog[self.taken..].split_inclusive(|&byte| byte == b'\n');
        let lines = match rest.count() {
            1 => "the last line is".to_owned(),
            count => format!("the last {count} lines are"),
        };
        let words = format!("its reader takes nothing more, so {lines} missing");
        io::Error::new(io::ErrorKind::TimedOut, words)
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.tell_dropped();
        self.backlog.extend_from_slice(bytes);
    }

    fn tell_dropped(&mut self) {
        if self.dropped > 0 {
            let lines = if self.dropped == 1 { "line" } else { "lines" };
            let notice = format!(
                "  ({} {lines} left out: the reader was too slow)\n",
                self.dropped
            );
            self.backlog.extend_from_slice(notice.as_bytes());
            self.dropped = 0;
        }
    }

    fn close(&mut self, error: io::Error) {
        self.closed = Some(error);
        self.backlog = Vec::new();
        self.taken = 0;
    }
}

/// Offers bytes to a sink that is not closed; an error closes it.
fn offer<S: Sink>(sink: &mut S, closed: &mut Option<io::Error>, bytes: &[u8]) -> usize {
    if closed.is_some() {
        return bytes.len();
    }
    sink.offer(bytes).unwrap_or_else(|error| {
        *closed = Some(error);
        bytes.len()
    })
}

#[cfg(test)]
mod tests {
    use super::super::sink::Memory;
    use super::*;

    fn outlet(room: usize) -> Outlet<Memory> {
        Outlet::new(Memory {
            bytes: Vec::new(),
            room: Some(room),
        })
    }

    #[test]
    fn what_a_slow_reader_did_not_take_comes_later_and_in_order() {
        let mut outlet = outlet(4);
        outlet.write("first\n", Weight::Expendable);
        outlet.write("second\n", Weight::Expendable);
        assert!(outlet.is_stalled());
        assert_eq!(outlet.sink().bytes, b"firs");
        outlet.sink_mut().room = None;
        assert!(outlet.drain());
        assert_eq!(outlet.sink().bytes, b"first\nsecond\n");
    }

    #[test]
    fn beyond_the_bound_whole_lines_are_left_out_and_counted() {
        let mut outlet = outlet(3);
        outlet.write("a line that is cut\n", Weight::Expendable);
        let long = "x".repeat(1023) + "\n";
        for _ in 0..2000 {
            outlet.write(&long, Weight::Expendable);
        }
        outlet.write("verdict\n", Weight::Essential);
        outlet.sink_mut().room = None;
        assert!(outlet.drain());
        let text = String::from_utf8(outlet.sink().bytes.clone()).unwrap();
        let (kept, end) = text.split_at(text.find("  (").unwrap());
        assert!(kept.starts_with("a line that is cut\nxxx"));
        let count = kept.lines().filter(|line| line.len() == 1023).count();
        assert_eq!(kept.lines().count(), count + 1);
        let left_out = 2000 - count;
        assert_eq!(
            end,
            format!("  ({left_out} lines left out: the reader was too slow)\nverdict\n")
        );
        assert!(kept.len() <= CAPACITY + 3, "{}", kept.len());
    }

    #[test]
    fn a_reader_that_takes_nothing_does_not_hold_up_the_end() {
        let mut outlet = outlet(2);
        outlet.write("text\nsummary\nverdict\n", Weight::Essential);
        let error = outlet.finish().unwrap_err();
        assert_eq!(outlet.sink().bytes, b"te");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(
            error.to_string(),
            "its reader takes nothing more, so the last 3 lines are missing"
        );
    }

    /// Goes on only when it was waited for so many times.
    struct Paused(Memory, u32);

    impl Sink for Paused {
        fn offer(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.offer(bytes)
        }

        fn wait(&mut self, patience: Duration) -> io::Result<bool> {
            self.1 -= 1;
            if self.1 == 0 {
                self.0.room = None;
            }
            self.0.wait(patience)
        }

        fn may_be_paused(&self) -> bool {
            true
        }
    }

    #[test]
    fn a_person_who_pauses_the_text_misses_nothing() {
        let mut outlet = Outlet::new(Paused(outlet(2).sink, 5));
        outlet.write("text\nverdict\n", Weight::Essential);
        outlet.finish().unwrap();
        assert_eq!(outlet.sink().0.bytes, b"text\nverdict\n");
    }

    struct Broken(io::ErrorKind, u32);

    impl Sink for Broken {
        fn offer(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            self.1 += 1;
            Err(self.0.into())
        }

        fn wait(&mut self, _patience: Duration) -> io::Result<bool> {
            Err(self.0.into())
        }
    }

    #[test]
    fn after_an_error_nothing_is_offered_any_more() {
        let mut outlet = Outlet::new(Broken(io::ErrorKind::BrokenPipe, 0));
        for _ in 0..3 {
            outlet.write("text\n", Weight::Essential);
        }
        assert!(outlet.finish().is_ok());
        assert_eq!(outlet.sink().1, 1);
    }

    #[test]
    fn an_error_that_is_not_a_gone_reader_is_told_at_the_end() {
        let mut outlet = Outlet::new(Broken(io::ErrorKind::StorageFull, 0));
        outlet.write("text\n", Weight::Expendable);
        let error = outlet.finish().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
