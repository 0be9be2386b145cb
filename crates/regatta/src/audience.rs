//! Everybody who is told about a run while it goes on, and what each made of it.

use std::io::{self, Write};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use regatta_core::event::Event;
use regatta_core::id::AttemptId;
use regatta_core::port::Subscriber;
use regatta_core::time::Time;

use crate::report::journal::{JournalWriter, LineRenderer};
use crate::report::record::Record;
use crate::report::terminal::{Descriptor, Terminal};

/// The subscribers of a run.
pub struct Audience {
    /// The event stream on disk: the source of every later report.
    pub journal: JournalWriter,
    /// The text for people.
    pub terminal: Terminal<Descriptor>,
    /// The event stream on standard output, where that was asked for.
    pub stream: Option<Stream>,
    /// All that happened so far.
    pub record: Record,
    /// Logs that could not be written, as `suite: reason`.
    pub log_errors: Vec<String>,
}

impl Audience {
    /// Tells everybody.
    pub fn publish(&mut self, at: Time, event: &Event) {
        self.journal.handle_event(at, event);
        self.record.apply(at, event);
        self.terminal.handle_event(at, event);
        if let Some(stream) = &mut self.stream {
            stream.handle_event(at, event);
        }
        if let Event::AttemptFinished {
            attempt, report, ..
        } = event
            && let Some(error) = &report.log.error
        {
            let name = &self.record.suite(attempt.task).name;
            self.log_errors.push(format!("{name}: {error}"));
        }
    }

    /// Shows output of an attempt to those who want to see it.
    pub fn publish_output(&mut self, at: Time, attempt: AttemptId, bytes: &[u8]) {
        self.terminal.handle_output(at, attempt, bytes);
    }
}

/// The event stream on standard output.
///
/// A thread of its own writes it, so that a reader who takes his time holds up neither suites nor time-outs. One
/// who goes away ends the stream, never the run. Dropping it waits until everything is written.
#[derive(Default)]
pub struct Stream {
    lines: LineRenderer,
    writer: Option<Writer>,
}

struct Writer {
    queue: Sender<Vec<u8>>,
    thread: JoinHandle<()>,
}

impl Writer {
    fn start() -> Self {
        let (queue, lines) = channel::<Vec<u8>>();
        let thread = thread::spawn(move || {
            let mut stdout = io::stdout().lock();
            for line in lines {
                if stdout.write_all(&line).is_err() {
                    return;
                }
            }
            // Nobody is left to be told of a failure.
            let _ = stdout.flush();
        });
        Self { queue, thread }
    }
}

impl Subscriber for Stream {
    fn handle_event(&mut self, at: Time, event: &Event) {
        let line = self.lines.render_line(at, event).to_vec();
        let writer = self.writer.get_or_insert_with(Writer::start);
        // The queue is closed when the reader has gone away.
        let _ = writer.queue.send(line);
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(Writer { queue, thread }) = self.writer.take() {
            drop(queue);
            let _ = thread.join();
        }
    }
}
