//! Output of suites as lines of styled text: escape sequences become styles, and what would move a cursor is left out.
//!
//! A style names one of sixteen colours and never a value, so that the page chooses tints that can be read on its own
//! ground. It knows neither HTML nor where the bytes come from.

use anstyle_parse::{DefaultCharAccumulator, Params, Parser, Perform};
use serde::ser::{Serialize, SerializeSeq, Serializer};

/// Text of one style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) style: Style,
    pub(super) text: String,
}

/// One line, without its end.
///
/// Serialized as its text where nothing in it is styled, else as a list of classes and texts in turn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line(pub(super) Vec<Span>);

/// How text looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Style {
    /// From 0 to 15.
    colour: Option<u8>,
    /// From 0 to 7: bright grounds are not told apart.
    ground: Option<u8>,
    /// A bit a trait, in the order of [`TRAITS`].
    traits: u8,
}

/// The classes of traits.
const TRAITS: [&str; 4] = ["b", "d", "i", "u"];
const BOLD: u8 = 1;
const DIM: u8 = 2;
const ITALIC: u8 = 4;
const UNDERLINED: u8 = 8;

impl Style {
    /// Returns the classes of the style, empty for none.
    pub(super) fn classes(self) -> String {
        let traits = TRAITS.iter().enumerate();
        let traits = traits.filter(|(bit, _)| self.traits & (1 << bit) != 0);
        let mut classes: Vec<String> = traits.map(|(_, name)| (*name).to_owned()).collect();
        // A ground brings the colour of its text with it.
        match (self.ground, self.colour) {
            (Some(ground), _) => classes.push(format!("g{ground}")),
            (None, Some(colour)) => classes.push(format!("c{colour}")),
            (None, None) => {}
        }
        classes.join(" ")
    }

    /// Takes the parameters of one `m` sequence.
    fn select(&mut self, params: &Params) {
        let mut numbers = params.iter().flat_map(|it| it.iter().copied());
        while let Some(number) = numbers.next() {
            match number {
                0 => *self = Self::default(),
                1 => self.traits |= BOLD,
                2 => self.traits |= DIM,
                3 => self.traits |= ITALIC,
                4 | 21 => self.traits |= UNDERLINED,
                22 => self.traits &= !(BOLD | DIM),
                23 => self.traits &= !ITALIC,
                24 => self.traits &= !UNDERLINED,
                7 => self.ground = self.ground.or(Some(7)),
                27 | 49 => self.ground = None,
                30..=37 => self.colour = Some(low(number - 30)),
                38 => self.colour = extended(&mut numbers),
                39 => self.colour = None,
                40..=47 => self.ground = Some(low(number - 40)),
                48 => self.ground = extended(&mut numbers).map(|it| it % 8),
                90..=97 => self.colour = Some(low(number - 90) + 8),
                100..=107 => self.ground = Some(low(number - 100)),
                _ => {}
            }
        }
    }
}

fn low(number: u16) -> u8 {
    u8::try_from(number & 7).unwrap_or_default()
}

/// Reads what follows a 38 or 48: a place in a palette of 256, or a red, a green and a blue.
fn extended(numbers: &mut impl Iterator<Item = u16>) -> Option<u8> {
    let (red, green, blue) = match numbers.next()? {
        5 => match numbers.next()? {
            place @ 0..16 => return u8::try_from(place).ok(),
            place @ 16..232 => {
                let step = |it: u16| (it % 6) * 51;
                let place = place - 16;
                (step(place / 36), step(place / 6), step(place))
            }
            place => {
                let grey = place.saturating_sub(232) * 10 + 8;
                (grey, grey, grey)
            }
        },
        2 => (numbers.next()?, numbers.next()?, numbers.next()?),
        _ => return None,
    };
    Some(nearest(red, green, blue))
}

/// Returns the colour of the sixteen that is meant by a mixture: which parts are strong, and whether all of it is bright.
fn nearest(red: u16, green: u16, blue: u16) -> u8 {
    let strongest = red.max(green).max(blue);
    let weakest = red.min(green).min(blue);
    if strongest - weakest < 40 {
        return match strongest {
            0..64 => 0,
            64..144 => 8,
            144..216 => 7,
            _ => 15,
        };
    }
    let middle = weakest.midpoint(strongest);
    let is_strong = |it: u16| u8::from(it > middle);
    let hue = is_strong(red) | (is_strong(green) << 1) | (is_strong(blue) << 2);
    if strongest > 200 { hue + 8 } else { hue }
}

/// Returns the lines of a piece of output. A style goes on from line to line until it is ended; blank lines at the end are
/// left out.
pub(super) fn read_lines(bytes: &[u8]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut reader = Reader::default();
    let mut parser = Parser::<DefaultCharAccumulator>::new();
    let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    for line in text.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // What a terminal would have overwritten is not shown: a progress bar leaves its last state.
        let line = line.rsplit(|&byte| byte == b'\r').next().unwrap_or(line);
        let is_plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t');
        if reader.style == Style::default() && line.iter().all(is_plain) {
            let text = String::from_utf8_lossy(line).into_owned();
            lines.push(Line::plain(text));
            continue;
        }
        for byte in String::from_utf8_lossy(line).bytes() {
            parser.advance(&mut reader, byte);
        }
        // A sequence does not go on in the next line.
        parser = Parser::<DefaultCharAccumulator>::new();
        lines.push(reader.end_line());
    }
    while lines.last().is_some_and(Line::is_blank) {
        lines.pop();
    }
    lines
}

impl Line {
    fn plain(text: String) -> Self {
        let span = Span {
            style: Style::default(),
            text,
        };
        Self(if span.text.is_empty() {
            Vec::new()
        } else {
            vec![span]
        })
    }

    fn is_blank(&self) -> bool {
        self.0.iter().all(|span| span.text.trim().is_empty())
    }

    /// Returns the text alone.
    pub(super) fn text(&self) -> String {
        self.0.iter().map(|span| span.text.as_str()).collect()
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [] => serializer.serialize_str(""),
            [span] if span.style == Style::default() => serializer.serialize_str(&span.text),
            spans => {
                let mut list = serializer.serialize_seq(Some(spans.len() * 2))?;
                for span in spans {
                    list.serialize_element(&span.style.classes())?;
                    list.serialize_element(&span.text)?;
                }
                list.end()
            }
        }
    }
}

/// Collects one line.
#[derive(Default)]
struct Reader {
    style: Style,
    spans: Vec<Span>,
}

impl Reader {
    fn end_line(&mut self) -> Line {
        Line(std::mem::take(&mut self.spans))
    }

    fn add(&mut self, character: char) {
        match self.spans.last_mut() {
            Some(last) if last.style == self.style => last.text.push(character),
            _ => self.spans.push(Span {
                style: self.style,
                text: character.into(),
            }),
        }
    }
}

impl Perform for Reader {
    fn print(&mut self, character: char) {
        // Characters that change the order in which others are shown can make a line lie.
        let reorders = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if !reorders && !character.is_control() {
            self.add(character);
        }
    }

    fn execute(&mut self, byte: u8) {
        if byte == b'\t' {
            self.add('\t');
        }
    }

    fn csi_dispatch(&mut self, params: &Params, between: &[u8], ignore: bool, action: u8) {
        if action == b'm' && between.is_empty() && !ignore {
            self.style.select(params);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(bytes: &[u8]) -> String {
        serde_json::to_string(&read_lines(bytes)).unwrap()
    }

    #[test]
    fn what_is_plain_stays_a_text() {
        assert_eq!(json(b""), "[]");
        assert_eq!(json(b"one\n\ntwo\n\n \n"), r#"["one","","two"]"#);
        assert_eq!(json(b"10%\r99%\r\nend\r\n"), r#"["99%","end"]"#);
        assert_eq!(json("a\tü\u{202e}b\x07\x08".as_bytes()), r#"["a\tüb"]"#);
        assert_eq!(json(b"\xff"), "[\"\u{fffd}\"]");
    }

    #[test]
    fn escape_sequences_become_classes() {
        let table: [(&str, &str); 9] = [
            ("\x1b[31mred\x1b[0m.", r#"[["c1","red","","."]]"#),
            ("\x1b[1;92mok\x1b[22m!", r#"[["b c10","ok","c10","!"]]"#),
            (
                "\x1b[2mdim\n still\x1b[m",
                r#"[["d","dim"],["d"," still"]]"#,
            ),
            ("\x1b[41;97m FAIL \x1b[49m", r#"[["g1"," FAIL "]]"#),
            ("\x1b[7mx", r#"[["g7","x"]]"#),
            ("\x1b[38;5;196mx\x1b[38;5;244my", r#"[["c9","x","c8","y"]]"#),
            ("\x1b[38;2;0;95;0mx", r#"[["c2","x"]]"#),
            (
                "\x1b[2J\x1b[10;20Hat\x1b]8;;http://x\x07l\x1b]8;;\x07",
                r#"["atl"]"#,
            ),
            ("\x1b[4;3mx\x1b[24;23m", r#"[["i u","x"]]"#),
        ];
        for (bytes, expected) in table {
            assert_eq!(json(bytes.as_bytes()), expected, "{bytes:?}");
        }
    }

    #[test]
    fn a_sequence_that_is_cut_off_does_not_eat_the_next_line() {
        assert_eq!(json(b"a\x1b[3\nbold"), r#"["a","bold"]"#);
        assert_eq!(json(b"a\x1b]0;title\nb"), r#"["a","b"]"#);
    }
}
