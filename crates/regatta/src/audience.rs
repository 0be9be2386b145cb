//! Everybody who is told about a run while it goes on, and what each made of it.

use std::io;
use std::path::PathBuf;

use regatta_core::event::Event;
use regatta_core::id::AttemptId;
use regatta_core::port::Subscriber;
use regatta_core::time::Time;

use crate::log_dir::{Room, is_lack_of_room};
use crate::machine_output::MachineOutput;
use crate::report::ci::{Guard, Part, Voice, disguise_json};
use crate::report::journal::{JournalWriter, LineRenderer};
use crate::report::record::{Record, RunState};
use crate::report::source::Source;
use crate::report::tail::read_tail;
use crate::report::terminal::{Descriptor, Terminal};

/// The subscribers of a run.
pub struct Audience {
    /// The event stream on disk: the source of every later report.
    pub journal: JournalWriter,
    /// The text for people.
    pub terminal: Terminal<Descriptor>,
    /// What is said beside it to a server that runs jobs, where there is one.
    pub voice: Option<Voice>,
    /// Where the logs are of which it tells.
    pub log_dir: PathBuf,
    /// The event stream on standard output, where that was asked for.
    pub stream: Option<Stream>,
    /// All that happened so far.
    pub record: Record,
    /// What is given up for the journal when the disk is full.
    pub room: Room,
    /// Logs that could not be written, as `suite: reason`.
    pub log_errors: Vec<String>,
    /// Processes that could not be ended, as `pid (name) of suite`.
    pub survivors: Vec<String>,
}

impl Audience {
    /// Tells everybody.
    pub fn publish(&mut self, at: Time, event: &Event) {
        self.record.apply(at, event);
        self.journal.handle_event(at, event);
        self.make_room();
        self.speak(at, |voice, source| voice.before(event, source));
        self.terminal.handle_event(at, event);
        self.speak(at, |voice, source| voice.after(event, source));
        if let Some(stream) = &mut self.stream {
            stream.handle_event(at, event);
        }
        if let Event::AttemptFinished {
            attempt, report, ..
        } = event
        {
            let name = self.record.label(attempt.task);
            let survivors = report.survivors.iter();
            self.survivors
                .extend(survivors.map(|it| format!("{} ({}) of {name}", it.pid, it.name)));
            if let Some(error) = &report.log.error {
                self.log_errors.push(format!("{name}: {error}"));
                let record = &self.record;
                self.room.relieve(|suite| record.is_running(suite));
            }
        }
    }

    /// Says what there is to say to a server, in the middle of the text for people.
    fn speak(&mut self, at: Time, say: impl Fn(&Voice, &Source<'_>) -> Vec<Part>) {
        let Some(voice) = &self.voice else { return };
        let source = Source {
            record: &self.record,
            state: RunState::Running,
            events: &[],
            find_tail: &|name| read_tail(&self.log_dir.join(name)).ok(),
        };
        for part in say(voice, &source) {
            self.terminal.write_aside(at, &part);
        }
    }

    /// Gives the journal another chance where it is behind.
    pub fn catch_up(&mut self) {
        self.journal.flush();
        self.make_room();
    }

    /// Gives up what is less dear than the journal until it could be written, as far as lack of room is to blame.
    fn make_room(&mut self) {
        while self.journal.error().is_some_and(is_lack_of_room) {
            let record = &self.record;
            if !self.room.make(|suite| record.is_running(suite)) {
                break;
            }
            self.journal.flush();
        }
    }

    /// Shows output of an attempt to those who want to see it.
    pub fn publish_output(&mut self, at: Time, attempt: AttemptId, bytes: &[u8]) {
        self.terminal.handle_output(at, attempt, bytes);
    }
}

/// The event stream on standard output.
pub struct Stream {
    lines: LineRenderer,
    output: MachineOutput,
    guard: Guard,
}

impl Stream {
    /// Starts a stream that nothing was written to yet.
    ///
    /// Where a server reads along, it gets the same JSON in words that it does not obey. The checksum of a line stays that
    /// of the line in the journal.
    #[must_use]
    pub fn new(output: MachineOutput, guard: Guard) -> Self {
        Self {
            lines: LineRenderer::default(),
            output,
            guard,
        }
    }

    /// Writes what a slow reader did not take yet.
    ///
    /// # Errors
    /// Why the stream is not whole.
    pub fn finish(self) -> io::Result<()> {
        self.output.finish()
    }
}

impl Subscriber for Stream {
    fn handle_event(&mut self, at: Time, event: &Event) {
        let line = self.lines.render_line(at, event);
        match &self.guard {
            Guard::None => self.output.write(line),
            _ => self.output.write(&disguise_json(line)),
        }
    }
}
