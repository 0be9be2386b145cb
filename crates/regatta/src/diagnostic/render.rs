//! Diagnostics as text: message, place, excerpt with carets, advice, and one closing line.
//!
//! Carets are placed by display width, columns are counted in characters; the two differ for wide
//! characters and tabs.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthChar as _;

use super::diagnostics::{Diagnostic, Place};
use super::source::{Position, Source};
use super::words::acts_on_terminal;

/// Whether the text carries ANSI colours. The words are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// No escape sequence at all.
    Plain,
    /// Escape sequences around what should stand out.
    Ansi,
}

/// More mistakes than this are of one kind, and nobody reads on; they are counted all the same.
const MOST_SHOWN: usize = 1_000;
/// Excerpts are cut to this many columns around the mistake.
const EXCERPT_WIDTH: usize = 100;
/// Columns kept in front of a mistake that is cut out of a long line.
const EXCERPT_LEAD: usize = 30;
/// Columns that a tab takes in an excerpt.
const TAB: &str = "    ";

pub(super) fn render(source: &Source, list: &[Diagnostic], colour: Colour) -> String {
    let mut printer = Printer {
        source,
        palette: Palette::new(colour),
        text: String::new(),
    };
    for diagnostic in list.iter().take(MOST_SHOWN) {
        printer.print(diagnostic);
    }
    if list.len() > MOST_SHOWN {
        printer.line(format_args!("(the first {MOST_SHOWN} are shown)\n"));
    }
    printer.close(list.len());
    printer.text
}

/// The styles of the parts of a diagnostic; all empty without colour.
struct Palette {
    error: Style,
    strong: Style,
    frame: Style,
}

impl Palette {
    fn new(colour: Colour) -> Self {
        let plain = Style::new();
        match colour {
            Colour::Plain => Self {
                error: plain,
                strong: plain,
                frame: plain,
            },
            Colour::Ansi => Self {
                error: AnsiColor::Red.on_default().bold(),
                strong: plain.bold(),
                frame: AnsiColor::Blue.on_default().bold(),
            },
        }
    }
}

struct Printer<'a> {
    source: &'a Source,
    palette: Palette,
    text: String,
}

impl Printer<'_> {
    fn print(&mut self, diagnostic: &Diagnostic) {
        let Palette { error, strong, .. } = self.palette;
        let message = &diagnostic.message;
        self.line(format_args!(
            "{error}error{error:#}{strong}: {message}{strong:#}"
        ));

        let positions: Vec<Position> = diagnostic
            .places
            .iter()
            .map(|place| self.source.position(place.span.start))
            .collect();
        let last_line = positions.iter().map(|position| position.line).max();
        let gutter = last_line.unwrap_or(1).to_string().len();
        for (place, position) in diagnostic.places.iter().zip(positions) {
            self.print_place(place, position, gutter);
        }
        for (kind, text) in [("note", &diagnostic.note), ("help", &diagnostic.help)] {
            if let Some(text) = text {
                let Palette { frame, strong, .. } = self.palette;
                self.line(format_args!(
                    "{:gutter$} {frame}={frame:#} {strong}{kind}{strong:#}: {text}",
                    ""
                ));
            }
        }
        self.text.push('\n');
    }

    fn print_place(&mut self, place: &Place, position: Position, gutter: usize) {
        let Palette { error, frame, .. } = self.palette;
        let name = self.source.name();
        let Position { line, column } = position;
        let label = place
            .label
            .as_ref()
            .map_or(String::new(), |label| format!(": {label}"));
        self.line(format_args!(
            "{:gutter$}{frame}-->{frame:#} {name}:{line}:{column}{label}",
            ""
        ));
        if place.label.is_none() {
            let Excerpt {
                text,
                before,
                carets,
            } = cut_excerpt(self.source, place, line);
            let carets = "^".repeat(carets);
            self.line(format_args!("{:gutter$} {frame}|{frame:#}", ""));
            self.line(format_args!("{frame}{line:gutter$} |{frame:#} {text}"));
            self.line(format_args!(
                "{:gutter$} {frame}|{frame:#} {:before$}{error}{carets}{error:#}",
                "", ""
            ));
        }
    }

    fn close(&mut self, count: usize) {
        let name = self.source.name();
        let errors = if count == 1 { "error" } else { "errors" };
        self.line(format_args!("{count} {errors} in {name}; nothing was run"));
    }

    /// Appends one line, without the blanks at its end.
    fn line(&mut self, arguments: std::fmt::Arguments<'_>) {
        self.text
            .write_fmt(arguments)
            .expect("writing to a string cannot fail");
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
    }
}

/// One line of the text made fit to print, and where the carets go.
struct Excerpt {
    text: String,
    /// Columns in front of the first caret.
    before: usize,
    /// Number of carets, at least one.
    carets: usize,
}

fn cut_excerpt(source: &Source, place: &Place, line: usize) -> Excerpt {
    let range = source.line_range(line);
    // A span may come from a parser that counts bytes and stops in the middle of a character.
    let start = place.span.start.clamp(range.start, range.end);
    let start = source.text().floor_char_boundary(start);
    let end = place.span.end.clamp(start, range.end);
    let end = source.text().ceil_char_boundary(end);
    let (_, too_long) = keep_start(&source.text()[range.clone()], EXCERPT_WIDTH);
    let front_start = if too_long {
        range.start + find_lead(&source.text()[range.start..start])
    } else {
        range.start
    };
    let (front, _) = keep_start(&source.text()[front_start..start], EXCERPT_WIDTH);
    let (marked, cut_marked) = keep_start(&source.text()[start..end], EXCERPT_WIDTH);
    let room = EXCERPT_WIDTH.saturating_sub(width(&front) + width(&marked));
    let (rest, cut_rest) = keep_start(&source.text()[end..range.end], room);

    let lead = if front_start > range.start { "…" } else { "" };
    let tail = if cut_marked || cut_rest { "…" } else { "" };
    let rest = if cut_marked { "" } else { &rest };
    Excerpt {
        before: width(lead) + width(&front),
        carets: width(&marked).max(1),
        text: format!("{lead}{front}{marked}{rest}{tail}"),
    }
}

/// Returns the byte of `front` from which on a long line is shown.
fn find_lead(front: &str) -> usize {
    let mut backwards = front.char_indices().rev();
    let lead = backwards.nth(EXCERPT_LEAD - 1);
    lead.map_or(0, |(index, _)| index)
}

/// Returns as much of `text` as fits into `room` columns, made visible, and whether something was cut.
fn keep_start(text: &str, room: usize) -> (String, bool) {
    let mut kept = String::new();
    let mut used = 0;
    for character in text.chars() {
        let visible = match character {
            '\t' => TAB.to_owned(),
            _ if acts_on_terminal(character) => '\u{fffd}'.to_string(),
            _ => character.to_string(),
        };
        used += width(&visible);
        if used > room {
            return (kept, true);
        }
        kept.push_str(&visible);
    }
    (kept, false)
}

fn width(text: &str) -> usize {
    text.chars()
        .map(|character| character.width().unwrap_or(0))
        .sum()
}
