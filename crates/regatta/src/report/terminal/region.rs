//! The rows below the lines on a terminal: what they show, and how they are taken away again.
//!
//! It only moves the cursor and erases. Nothing is hidden or switched, so nothing has to be restored.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use regatta_core::id::Id;
use regatta_core::past::Usual;
use regatta_core::plan::Suite;
use regatta_core::time::Time;

use crate::report::record::Record;

use super::lines::describe_round;
use super::look::{Look, Tone, clock};
use super::options::Size;
use super::progress::{Progress, Running, State};
use super::prospect::End;
use super::row::{Row, display_width, fill};
use super::wish::{HINTS, KeyHints, Starts};

/// How long a region stands at least before it is drawn again.
pub(super) const FRAME: Duration = Duration::from_millis(100);

/// How long a region may stand while nothing happens: it shows whole seconds.
pub(super) const IDLE_FRAME: Duration = Duration::from_secs(1);

/// What makes whole seconds of a time that does not grow the nearest ones.
const HALF_A_SECOND: Duration = Duration::from_millis(500);

/// Below this many rows there is no place for a region.
const FEWEST_ROWS: u16 = 3;

/// Below this many columns the bar would leave no room for the counts.
const FEWEST_COLUMNS_FOR_BAR: usize = 60;

/// Below this many rows the keys are not named.
const FEWEST_ROWS_FOR_HINTS: u16 = 12;

/// What is drawn below the lines right now.
#[derive(Debug, Default)]
pub(super) struct Region {
    /// The cells of each row that was drawn.
    widths: Vec<usize>,
    /// The text that was drawn, to see whether anything changed.
    text: String,
}

impl Region {
    pub(super) fn is_drawn(&self) -> bool {
        !self.widths.is_empty()
    }

    /// Returns whether exactly these rows are drawn already.
    pub(super) fn shows(&self, rows: &[Row]) -> bool {
        self.widths.len() == rows.len() && self.text == join(rows)
    }

    /// Writes what takes the region away. Afterwards the cursor is where the region began.
    ///
    /// A terminal that became narrower has broken rows that no longer fit, so one of ours may be several by now.
    pub(super) fn erase(&mut self, columns: u16, out: &mut String) {
        let Some((_, above)) = self.widths.split_last() else {
            return;
        };
        let columns = usize::from(columns.max(1));
        let up: usize = above.iter().map(|it| it.div_ceil(columns).max(1)).sum();
        out.push('\r');
        if up > 0 {
            write!(out, "\u{1b}[{up}A").expect("a String takes all");
        }
        out.push_str("\u{1b}[J");
        self.widths.clear();
        self.text.clear();
    }

    /// Writes rows where the cursor is. It stays at the beginning of the last one, where the `^C` that a terminal
    /// echoes cannot make a row longer.
    pub(super) fn draw(&mut self, rows: &[Row], out: &mut String) {
        self.widths = rows.iter().map(Row::width).collect();
        self.text = join(rows);
        out.push_str(&self.text);
        out.push('\r');
    }
}

fn join(rows: &[Row]) -> String {
    let texts: Vec<_> = rows.iter().map(Row::text).collect();
    texts.join("\n")
}

/// Returns the rows that show how a run stands: a third of the terminal at most, its last column left free.
///
/// *Shape*: the counts first, then one row an attempt, the oldest first; empty where there is no place.
pub(super) fn render_region(
    record: &Record,
    progress: &Progress,
    at: Time,
    size: Size,
    look: Look,
) -> Vec<Row> {
    if size.rows < FEWEST_ROWS || size.columns < 2 {
        return Vec::new();
    }
    let limit = usize::from(size.columns) - 1;
    let mut rows = vec![counts_row(record, progress, at, Row::new(look, limit))];
    let room = usize::from(size.rows / 3).saturating_sub(1).max(1);
    let running = &progress.running;
    let shown = if running.len() <= room || room == 1 {
        running.len().min(room)
    } else {
        room - 1
    };
    let names = running[..shown]
        .iter()
        .map(|it| display_width(&name(record, it)));
    let column = names.max().unwrap_or(0).min(limit / 2);
    let usual: Vec<_> = running[..shown]
        .iter()
        .map(|it| UsualTime::new(record, it, at))
        .collect();
    let usual_column = usual.iter().map(|it| it.text.len()).max().unwrap_or(0);
    for (running, usual) in running[..shown].iter().zip(&usual) {
        let mut row = Row::new(look, limit);
        // A name that is cut still tells which one it is; without the time nobody sees which one hangs.
        let name = fill(&name(record, running), column, look.symbols.ellipsis);
        row.push(
            Tone::Plain,
            &format!("  {name} {:>7}", clock(at - running.started)),
        );
        row.push(usual.tone, &format!("{:usual_column$}", usual.text));
        rows.push(running_row(record, running, row));
    }
    let has_room_for_hints = size.rows >= FEWEST_ROWS_FOR_HINTS;
    if room > 1 && shown < running.len() {
        let mut row = Row::new(look, limit);
        let more = running.len() - shown;
        row.push(Tone::Detail, &format!("  + {more} more"));
        rows.push(row);
    }
    if progress.hints == KeyHints::Shown && has_room_for_hints {
        let mut row = Row::new(look, limit);
        row.push(Tone::Detail, HINTS);
        rows.push(row);
    }
    rows
}

fn counts_row(record: &Record, progress: &Progress, at: Time, mut row: Row) -> Row {
    let look = row.look();
    let done = progress.done.total as usize;
    let total = progress.total;
    if row.room() >= FEWEST_COLUMNS_FOR_BAR - 1 {
        let cells = (row.room() / 5).min(30);
        let full = (done * cells).checked_div(total).unwrap_or(0).min(cells);
        row.push(Tone::Detail, look.symbols.bar_begin);
        row.push(Tone::Good, &look.symbols.bar_done.repeat(full));
        row.push(Tone::Detail, &look.symbols.bar_left.repeat(cells - full));
        row.push(Tone::Detail, look.symbols.bar_end);
        row.push(Tone::Plain, " ");
    }
    row.push(Tone::Heading, &format!("{done}/{total}"));
    row.push(Tone::Plain, &format!(" {}", clock(at.0)));
    if record.header.repeat.is_some() {
        let round = describe_round(record, progress.round);
        row.push(Tone::Plain, &format!(", {round}"));
    }
    if progress.starts == Starts::Wait {
        row.push(Tone::Caution, ", paused");
    }
    if let Some(slots) = progress.slots {
        row.push(Tone::Caution, &format!(", slots: {slots}"));
    }
    if let Some(end) = progress.end {
        // A failure weighs more, so its room is kept.
        let kept = match progress.done.failed {
            0 => 0,
            failed => display_width(&format!(", {failed} failed")),
        };
        let piece = format!(", {}", end_in(end, at, look));
        if display_width(&piece) + kept <= row.room() {
            row.push(Tone::Plain, &piece);
        }
    }
    // By weight: what finds no room is left out.
    let counts = [
        (Tone::Bad, progress.done.failed as usize, "failed"),
        (Tone::Plain, progress.running.len(), "running"),
        (Tone::Plain, progress.waiting(), "queued"),
        (Tone::Good, progress.done.passed as usize, "passed"),
        (Tone::Caution, progress.done.skipped as usize, "skipped"),
    ];
    for (tone, count, word) in counts {
        let piece = format!("{count} {word}");
        if count > 0 && 2 + display_width(&piece) <= row.room() {
            row.push(Tone::Plain, ", ");
            row.push(tone, &piece);
        }
    }
    row
}

/// Returns in how much time the run will end, as a range where both ends read differently.
fn end_in(end: End, at: Time, look: Look) -> String {
    let early = clock(end.early - at);
    let late = clock(end.late - at + HALF_A_SECOND);
    if early == late {
        format!("done in {late}")
    } else {
        format!("done in {early}{}{late}", look.symbols.until)
    }
}

/// Adds what there is to say of a suite that runs.
fn running_row(record: &Record, running: &Running, mut row: Row) -> Row {
    match running.state {
        State::Usual => {}
        State::Slow => row.push(Tone::Caution, " slow"),
        State::Ending => row.push(Tone::Caution, " ending"),
    }
    if running.attempt.number > 1 {
        let attempt = format!(" attempt {}", running.attempt.number);
        row.push(Tone::Caution, &attempt);
    }
    if let Some(suite) = find_suite(record, running) {
        let description = row.look().clean(&suite.description).into_owned();
        row.push(Tone::Detail, &format!("  {description}"));
    }
    row
}

/// How long a suite usually takes, beside the time that it has taken.
struct UsualTime {
    /// In ASCII; empty where nothing is known.
    text: String,
    tone: Tone,
}

impl UsualTime {
    fn new(record: &Record, running: &Running, at: Time) -> Self {
        let is_known = find_suite(record, running).is_some();
        let usual = is_known.then(|| record.usual(running.attempt.task));
        let Some(usual) = usual.flatten() else {
            return Self {
                text: String::new(),
                tone: Tone::Plain,
            };
        };
        let duration = usual.duration + HALF_A_SECOND;
        if is_far_over(at - running.started, usual) {
            Self {
                text: format!(" / ~{}, late", clock(duration)),
                tone: Tone::Caution,
            }
        } else {
            Self {
                text: format!(" / ~{}", clock(duration)),
                tone: Tone::Detail,
            }
        }
    }
}

/// Returns whether a time is no chance variation of the usual one.
fn is_far_over(elapsed: Duration, usual: Usual) -> bool {
    let Usual { duration, spread } = usual;
    let over = elapsed.saturating_sub(duration);
    over > (duration / 2).max(spread * 5).max(Duration::from_secs(2))
}

fn name<'a>(record: &'a Record, running: &Running) -> Cow<'a, str> {
    match find_suite(record, running) {
        Some(_) => record.label(running.attempt.task),
        None => Cow::Borrowed(""),
    }
}

fn find_suite<'a>(record: &'a Record, running: &Running) -> Option<&'a Suite> {
    let suite = record.header.tasks.get(running.attempt.task.index())?;
    record.header.suites.get(suite.index())
}
