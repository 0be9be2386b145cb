//! How text looks: its symbols, its colours, and what becomes of characters that may not be shown.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::clean::clean;
use super::options::Colour;
use super::symbols::{ASCII, SymbolTable, Symbols, UNICODE};

/// The look of everything that is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) symbols: &'static SymbolTable,
    charset: Symbols,
    colour: Colour,
}

/// What a piece of text means. A colour only repeats what the words say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Tone {
    Plain,
    Good,
    Bad,
    Caution,
    Detail,
    Heading,
}

/// Text in a tone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Painted<T> {
    style: Style,
    content: T,
}

impl Look {
    pub(super) fn new(charset: Symbols, colour: Colour) -> Self {
        let symbols = match charset {
            Symbols::Unicode => &UNICODE,
            Symbols::Ascii => &ASCII,
        };
        Self {
            symbols,
            charset,
            colour,
        }
    }

    /// Returns text that is shown in a tone.
    pub(super) fn paint<T: fmt::Display>(self, tone: Tone, content: T) -> Painted<T> {
        let style = match (self.colour, tone) {
            (Colour::Plain, _) | (_, Tone::Plain) => Style::new(),
            (Colour::Styled, Tone::Good) => AnsiColor::Green.on_default(),
            (Colour::Styled, Tone::Bad) => AnsiColor::Red.on_default(),
            (Colour::Styled, Tone::Caution) => AnsiColor::Yellow.on_default(),
            (Colour::Styled, Tone::Detail) => Style::new().dimmed(),
            (Colour::Styled, Tone::Heading) => Style::new().bold(),
        };
        Painted { style, content }
    }

    /// Returns foreign text as one harmless line in characters that can be shown.
    pub(super) fn clean(self, text: &str) -> Cow<'_, str> {
        match self.charset {
            Symbols::Unicode => clean(text),
            Symbols::Ascii if text.is_ascii() => clean(text),
            Symbols::Ascii => {
                let shown = |c: char| if c.is_ascii() { c } else { '?' };
                clean(text).chars().map(shown).collect::<String>().into()
            }
        }
    }
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { style, content } = self;
        write!(f, "{style}{content}{style:#}")
    }
}

/// Returns a duration the way lines show it.
pub(in crate::report) fn seconds(duration: Duration) -> String {
    format!("{:.1}s", duration.as_secs_f64())
}

/// Returns a duration as briefly as it says something: with tenths below a minute.
#[must_use]
pub fn short(duration: Duration) -> String {
    // What rounds to a minute is one.
    if duration < Duration::from_millis(59_950) {
        seconds(duration)
    } else {
        clock(duration + Duration::from_millis(500))
    }
}

/// Returns an amount of memory with as many digits as it deserves.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "it is rounded anyway")]
pub fn short_bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut amount = bytes as f64 / 1024.0;
    let mut unit = 0;
    // What rounds to the next unit is one.
    while amount >= 1023.5 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    if amount < 9.95 && unit > 0 {
        format!("{amount:.1} {}", UNITS[unit])
    } else {
        format!("{amount:.0} {}", UNITS[unit])
    }
}

/// Returns a duration that still grows, to the second.
#[must_use]
pub fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m {seconds:02}s"),
        (hours, minutes, _) => format!("{hours}h {minutes:02}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_growing_duration_drops_what_no_longer_matters() {
        for (seconds, expected) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m 00s"),
            (3599, "59m 59s"),
            (3600, "1h 00m"),
            (90_061, "25h 01m"),
        ] {
            assert_eq!(clock(Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn memory_has_as_many_digits_as_it_deserves() {
        for (kibibytes, expected) in [
            (0, "0 KiB"),
            (900, "900 KiB"),
            (1024, "1.0 MiB"),
            (1500, "1.5 MiB"),
            (10 << 10, "10 MiB"),
            (410_000, "400 MiB"),
            ((1 << 20) - 1, "1.0 GiB"),
            (5 << 30, "5.0 TiB"),
            (7_000 << 30, "7000 TiB"),
        ] {
            assert_eq!(short_bytes(kibibytes << 10), expected);
        }
    }

    #[test]
    fn without_colour_nothing_but_the_words_is_written() {
        let plain = Look::new(Symbols::Unicode, Colour::Plain);
        let styled = Look::new(Symbols::Unicode, Colour::Styled);
        assert_eq!(plain.paint(Tone::Bad, 7).to_string(), "7");
        assert_eq!(
            styled.paint(Tone::Bad, 7).to_string(),
            "\u{1b}[31m7\u{1b}[0m"
        );
    }

    #[test]
    fn what_ascii_cannot_show_becomes_a_question_mark() {
        let look = Look::new(Symbols::Ascii, Colour::Plain);
        assert_eq!(look.clean("naïve 試験\u{1b}[31m!"), "na?ve ??!");
    }
}
