//! The lanes of a plan as rows of bars, as long as the suites take.

use std::time::Duration;

use regatta_core::forecast::{Course, Step};
use regatta_core::plan::Plan;

use super::text::full_name;
use crate::report::terminal::{Symbols, short};

/// How many lanes are drawn.
const MOST_LANES: usize = 24;

/// What bars are made of.
struct Strokes {
    begin: char,
    line: char,
    end: char,
    /// A bar that has room for one character.
    dot: char,
    /// Behind what does not fit.
    cut: char,
}

const UNICODE: Strokes = Strokes {
    begin: '├',
    line: '─',
    end: '┤',
    dot: '│',
    cut: '…',
};

const ASCII: Strokes = Strokes {
    begin: '[',
    line: '-',
    end: ']',
    dot: '|',
    cut: '~',
};

/// Returns a row with the time, and a row a lane, of at most `columns` cells.
///
/// *Shape*: no row ends in blanks; empty where nothing takes any time.
pub(super) fn render_lanes(
    plan: &Plan,
    course: &Course,
    columns: usize,
    symbols: Symbols,
) -> Vec<String> {
    let strokes = match symbols {
        Symbols::Unicode => &UNICODE,
        Symbols::Ascii => &ASCII,
    };
    let count = (course.lanes as usize).min(MOST_LANES);
    let label = count.to_string().len();
    let room = columns.saturating_sub(label + 3).max(10);
    if course.end.is_zero() {
        return Vec::new();
    }
    let pen = Pen {
        plan,
        end: course.end,
        strokes,
    };
    let mut rows = vec![format!("  {:label$} {}", "", scale(course.end, room))];
    for lane in 0..count {
        let steps = course.steps.iter().filter(|it| it.lane as usize == lane);
        let mut cells: Vec<char> = vec![' '; room];
        let mut free = 0;
        for step in steps {
            free = pen.draw(step, &mut cells, free);
        }
        let bars: String = cells.into_iter().collect();
        rows.push(format!("  {:>label$} {}", lane + 1, bars.trim_end()));
    }
    let more = course.lanes as usize - count;
    if more > 0 {
        rows.push(format!("  {:label$} + {more} more", ""));
    }
    rows
}

/// Returns the times at the beginning, in the middle and at the end.
fn scale(end: Duration, room: usize) -> String {
    let (first, middle, last) = ("0s", short(end / 2), short(end));
    let mut row = first.to_owned();
    for (at, text) in [(room / 2, middle), (room - last.len().min(room), last)] {
        // A short run's halves may read alike, and two labels need a gap.
        if at > row.len() && !row.ends_with(&text) {
            row = format!("{row:at$}{text}");
        }
    }
    row
}

/// Draws bars.
struct Pen<'p> {
    plan: &'p Plan,
    /// When the row ends.
    end: Duration,
    strokes: &'static Strokes,
}

impl Pen<'_> {
    /// Draws the bar of a step at `free` or behind, and returns where the next one may begin.
    fn draw(&self, step: &Step, cells: &mut [char], free: usize) -> usize {
        let first = place(step.start, self.end, cells.len()).max(free);
        let first = first.min(cells.len());
        let last = place(step.end, self.end, cells.len()).clamp(first, cells.len());
        match &mut cells[first..last] {
            // It takes no time that could be seen; whatever comes next may have the cell.
            [] => {
                if let Some(cell) = cells.get_mut(first) {
                    *cell = self.strokes.dot;
                }
            }
            [dot] => *dot = self.strokes.dot,
            [begin, inside @ .., end] => {
                *begin = self.strokes.begin;
                *end = self.strokes.end;
                inside.fill(self.strokes.line);
                write_name(&full_name(self.plan, step.task), inside, self.strokes.cut);
            }
        }
        last
    }
}

/// Writes as much of a name as tells something.
fn write_name(name: &str, inside: &mut [char], cut: char) {
    let room = inside.len();
    let length = name.chars().count();
    if room == 0 || (length > room && room < 3) {
        return;
    }
    for (cell, character) in inside.iter_mut().zip(name.chars()) {
        *cell = character;
    }
    if length > room {
        inside[room - 1] = cut;
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place among a few hundred cells"
)]
fn place(at: Duration, end: Duration, cells: usize) -> usize {
    (at.as_secs_f64() / end.as_secs_f64() * cells as f64).round() as usize
}
