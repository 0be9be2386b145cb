//! The subscriber that writes a run for people. It owns what is pending, what is drawn and when to draw again; what
//! the lines say is decided elsewhere.

use std::io;
use std::time::Duration;

use regatta_core::event::{Event, RunHeader};
use regatta_core::forecast::Outlook;
use regatta_core::id::AttemptId;
use regatta_core::plan::Plan;
use regatta_core::port::Subscriber;
use regatta_core::time::Time;
use regatta_core::verdict::Status;

use super::ability::TabProgress;
use super::footer::write_footer;
use super::header::write_header;
use super::look::Look;
use super::options::{Mode, Options, Size, Verbose};
use super::outlet::{Outlet, Weight};
use super::page::Page;
use super::region::{FRAME, IDLE_FRAME, Region, render_region};
use super::run::Run;
use super::sink::Sink;
use super::tab::Tab;
use super::wish::{KeyHints, Starts, write_failures, write_slots, write_starts, write_status};
use crate::report::ci::Part;

/// How often a run without a region says what still runs.
const STILL_RUNNING: Duration = Duration::from_secs(30);

/// How much text waits for the next frame before it is written without one.
const PENDING: usize = 256 << 10;

/// How many failures are told with the ends of their logs where words are dear.
const MOST_TOLD: u32 = 5;

/// Tells the terminal to show everything up to [`END_FRAME`] at once. One that does not know it passes it over.
const BEGIN_FRAME: &str = "\u{1b}[?2026h";
const END_FRAME: &str = "\u{1b}[?2026l";

/// Writes a run as text for people.
#[derive(Debug)]
pub struct Terminal<S: Sink> {
    options: Options,
    outlet: Outlet<S>,
    /// Lines that are not written yet.
    page: Page,
    /// What is known of the run, once it has begun.
    run: Option<Run>,
    /// What its end will be foreseen by.
    outlook: Option<Outlook>,
    region: Region,
    tab: Tab,
    /// Failures whose output was shown, where that is bounded.
    told_failures: u32,
    /// When the sink was last given something or asked whether it has room.
    last_write: Option<Time>,
    /// Whether something happened that the region does not show yet.
    stale: bool,
    /// When the next line about what still runs is due.
    still_running: Time,
}

impl<S: Sink> Terminal<S> {
    /// Starts with nothing written.
    pub fn new(options: Options, sink: S) -> Self {
        let look = Look::new(options.symbols, options.colour);
        let mut page = Page::new(look);
        page.links.clone_from(&options.links);
        let outlet = Outlet::new(sink).guarded(options.guard.clone());
        Self {
            options,
            outlet,
            page,
            tab: Tab::default(),
            told_failures: 0,
            run: None,
            outlook: None,
            region: Region::default(),
            last_write: None,
            stale: false,
            still_running: Time::BEGIN + STILL_RUNNING,
        }
    }

    /// Takes the plan of the run before it begins, to show when it will end.
    pub fn foresee(&mut self, plan: &Plan) {
        // Elsewhere nothing that is written says how long it will take.
        if self.options.mode == Mode::Live {
            self.outlook = Some(Outlook::new(plan));
        }
    }

    /// Takes output of an attempt, in pieces of any size. Does nothing unless output is to be shown.
    pub fn handle_output(&mut self, at: Time, attempt: AttemptId, bytes: &[u8]) {
        if self.options.verbose == Verbose::Off {
            return;
        }
        if let Some(run) = &mut self.run {
            run.write_output(&mut self.page, attempt, bytes);
            self.commit(at);
        }
    }

    /// Writes a part that is meant for whoever reads the text by machine, after all that is pending.
    pub fn write_aside(&mut self, at: Time, part: &Part) {
        if !self.page.text.is_empty() {
            self.outlet.write(&self.page.text, Weight::Expendable);
            self.page.text.clear();
        }
        self.outlet.write_unguarded(&part.open, Weight::Essential);
        self.outlet.write(&part.lines, Weight::Expendable);
        self.outlet.write_unguarded(&part.close, Weight::Essential);
        self.last_write = Some(at);
    }

    /// Takes the new size of the terminal. The region follows with the next frame.
    pub fn handle_resize(&mut self, columns: u16, rows: u16) {
        self.options.size = Size { columns, rows };
        self.stale = true;
    }

    /// Takes whether the user can press keys.
    pub fn show_keys(&mut self, hints: KeyHints) {
        if let Some(run) = &mut self.run {
            run.progress.hints = hints;
            self.stale = true;
        }
    }

    /// Writes how the run stands.
    pub fn tell_status(&mut self, at: Time) {
        self.write_held_back();
        if let Some(run) = self.run.as_ref().filter(|run| !run.is_over) {
            write_status(&mut self.page, run, at);
            run.lines(&self.options)
                .write_still_running(&mut self.page, at);
        }
        self.commit(at);
    }

    /// Writes the failures so far.
    pub fn tell_failures(&mut self, at: Time) {
        self.write_held_back();
        if let Some(run) = self.run.as_ref().filter(|run| !run.is_over) {
            write_failures(&mut self.page, run);
        }
        self.commit(at);
    }

    /// Takes whether suites start by now, and says so.
    pub fn tell_starts(&mut self, at: Time, starts: Starts) {
        if let Some(run) = self.run.as_mut().filter(|run| !run.is_over) {
            run.progress.starts = starts;
            write_starts(&mut self.page, starts);
        }
        self.stale = true;
        self.commit(at);
    }

    /// Takes how many slots there are by now, and says so.
    pub fn tell_slots(&mut self, at: Time, slots: u32) {
        if let Some(run) = self.run.as_mut().filter(|run| !run.is_over) {
            run.progress.slots = Some(slots);
            write_slots(&mut self.page, slots, run.progress.running.len());
        }
        self.stale = true;
        self.commit(at);
    }

    /// Takes the region away, so that others can use the screen. It comes back with the next frame.
    pub fn step_aside(&mut self) {
        if self.region.is_drawn() {
            let mut erase = String::new();
            self.tab.clear(&mut erase);
            self.region.erase(self.options.size.columns, &mut erase);
            self.outlet.write(&erase, Weight::Essential);
        }
        self.stale = true;
    }

    /// Leaves the screen as it is, for whoever uses it by now.
    pub fn leave(&mut self) {
        self.region = Region::default();
        self.page.text.clear();
    }

    /// Does what has become due: a frame, a line about what still runs, or another offer to a slow reader.
    pub fn tick(&mut self, at: Time) {
        self.write_held_back();
        if self.options.mode == Mode::Lines
            && at >= self.still_running
            && let Some(run) = &self.run
        {
            run.lines(&self.options)
                .write_still_running(&mut self.page, at);
            while self.still_running <= at {
                self.still_running = self.still_running + STILL_RUNNING;
            }
        }
        self.commit(at);
    }

    /// Returns when [`Self::tick`] has something to do next, `None` while only an event can bring something.
    #[must_use]
    pub fn next_tick(&self) -> Option<Time> {
        let last = self.last_write.unwrap_or(Time::BEGIN);
        if self.outlet.is_stalled() {
            return Some(last + FRAME);
        }
        let run = self.run.as_ref().filter(|run| !run.is_over)?;
        if !run.fold.is_empty() {
            return Some(last);
        }
        match self.options.mode {
            Mode::Live if self.stale || !self.page.text.is_empty() => Some(last + FRAME),
            Mode::Live => Some(last + IDLE_FRAME),
            Mode::Lines => Some(self.still_running),
            Mode::Silent | Mode::Compact => None,
        }
    }

    /// Takes the region away and writes all that is pending; a slow reader is waited for as long as it takes
    /// something every few seconds. A run that has not finished gets its summary as it stands.
    ///
    /// # Errors
    /// What writing failed with. A reader that is gone is no error: the text simply ends.
    pub fn finish(&mut self) -> io::Result<()> {
        self.write_summary();
        self.outlet.finish()
    }

    /// Returns the sink, to see what was written.
    pub fn sink(&self) -> &S {
        self.outlet.sink()
    }

    fn begin(&mut self, header: &RunHeader) {
        let mut header = header.clone();
        if let Some(log_dir) = &self.options.log_dir {
            header.log_dir.clone_from(log_dir);
        }
        if !matches!(self.options.mode, Mode::Silent | Mode::Compact) {
            write_header(&mut self.page, &header);
        }
        self.run = Some(Run::new(header, self.outlook.take()));
    }

    fn write_held_back(&mut self) {
        if let Some(run) = &mut self.run {
            run.write_held_back(&mut self.page, &self.options);
        }
    }

    fn write_summary(&mut self) {
        self.write_held_back();
        let json_report = self.options.json_report.as_deref();
        if let Some(run) = self.run.as_mut().filter(|run| !run.is_over) {
            run.is_over = true;
            write_footer(&mut self.page, &run.record, self.options.mode, json_report);
        }
        let mut text = String::new();
        self.tab.clear(&mut text);
        self.region.erase(self.options.size.columns, &mut text);
        text.push_str(&self.page.text);
        self.page.text.clear();
        if !text.is_empty() {
            self.outlet.write(&text, Weight::Essential);
        }
    }

    /// Writes what is pending if its time has come.
    fn commit(&mut self, at: Time) {
        if self.options.mode == Mode::Live {
            self.commit_frame(at);
        } else if !self.page.text.is_empty() {
            self.outlet.write(&self.page.text, Weight::Expendable);
            self.page.text.clear();
            self.last_write = Some(at);
        } else if self.outlet.is_stalled() {
            self.outlet.drain();
            self.last_write = Some(at);
        }
    }

    fn commit_frame(&mut self, at: Time) {
        let is_due = self.last_write.is_none_or(|last| at >= last + FRAME);
        if !is_due && self.page.text.len() < PENDING {
            return;
        }
        if is_due && self.outlet.drain() {
            self.write_frame(at);
        } else {
            self.write_without_region();
        }
        if is_due {
            self.last_write = Some(at);
        }
    }

    /// Writes the pending lines and the region below them in one piece.
    fn write_frame(&mut self, at: Time) {
        let rows = match &mut self.run {
            Some(run) if !run.is_over => {
                run.look_ahead(at);
                let size = self.options.size;
                render_region(&run.record, &run.progress, at, size, self.page.look)
            }
            _ => Vec::new(),
        };
        self.stale = false;
        if self.page.text.is_empty() && self.region.shows(&rows) {
            return;
        }
        let mut frame = BEGIN_FRAME.to_owned();
        if let Some(run) = self
            .run
            .as_ref()
            .filter(|_| self.options.tab_progress == TabProgress::Shown)
        {
            self.tab.show(&run.progress, &mut frame);
        }
        self.region.erase(self.options.size.columns, &mut frame);
        frame.push_str(&self.page.text);
        self.page.text.clear();
        self.region.draw(&rows, &mut frame);
        frame.push_str(END_FRAME);
        self.outlet.write(&frame, Weight::Essential);
    }

    /// Writes the pending lines for a reader that is too slow for frames.
    fn write_without_region(&mut self) {
        if self.page.text.is_empty() {
            return;
        }
        let mut erase = String::new();
        self.region.erase(self.options.size.columns, &mut erase);
        if !erase.is_empty() {
            self.outlet.write(&erase, Weight::Essential);
        }
        self.outlet.write(&self.page.text, Weight::Expendable);
        self.page.text.clear();
        self.stale = true;
    }
}

/// Returns whether an event is told to a program that reads along: what ends the run early, and the first failures. All of
/// them are in the summary.
fn is_worth_a_word(event: &Event, told: &mut u32) -> bool {
    match event {
        Event::RunCancelled { .. } => true,
        Event::TaskFinished { verdict, .. } | Event::TaskRoundFinished { verdict, .. }
            if verdict.status() == Status::Failed =>
        {
            *told += 1;
            *told <= MOST_TOLD
        }
        _ => false,
    }
}

impl<S: Sink> Subscriber for Terminal<S> {
    fn handle_event(&mut self, at: Time, event: &Event) {
        if let Event::RunStarted(header) = event {
            self.begin(header);
        } else if let Some(run) = &mut self.run {
            run.apply(&mut self.page, at, event);
            let is_told = match self.options.mode {
                Mode::Live | Mode::Lines => true,
                Mode::Compact => is_worth_a_word(event, &mut self.told_failures),
                Mode::Silent => false,
            };
            if is_told {
                let done = run.progress.done.total;
                // Over several rounds the final words have been told before.
                let is_held_back = run.record.rounds == 0 && run.fold.take(event, done);
                if !is_held_back {
                    run.write_held_back(&mut self.page, &self.options);
                    run.lines(&self.options).write_event(&mut self.page, event);
                }
            }
        }
        self.stale = true;
        if matches!(event, Event::RunFinished { .. }) {
            self.write_summary();
            self.last_write = Some(at);
        } else if !matches!(event, Event::AttemptFinished { .. }) {
            // What an attempt's end means for its suite follows at once; shown in between, the suite would be neither
            // running nor done.
            self.commit(at);
        }
    }
}

impl<S: Sink> Drop for Terminal<S> {
    /// Takes the region away, so that whatever ended the run finds a clean line.
    fn drop(&mut self) {
        self.step_aside();
    }
}
