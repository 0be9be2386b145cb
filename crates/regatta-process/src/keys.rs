//! A terminal that hands over each key at once and does not print it, and the way back from that.

use std::os::fd::AsFd;

use rustix::process::getpgrp;
use rustix::stdio::stdin;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, isatty, tcgetattr, tcgetpgrp, tcsetattr,
};

/// The most keys that are taken at once. More were pasted.
const MOST_AT_ONCE: usize = 2;

/// The terminal of stdin while keys come from it. Dropping it undoes that.
pub(crate) struct Keys {
    before: Termios,
}

/// What a look at the terminal brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pressed {
    /// Keys, as the terminal sends them; perhaps none that count.
    Keys(Vec<u8>),
    /// The terminal is gone, or somebody else's by now; it would be readable for ever.
    Gone,
}

impl Keys {
    /// Returns nothing where stdin is no terminal, and where this process is in the background: the terminal is
    /// somebody else's then.
    pub(crate) fn take() -> Option<Self> {
        let input = stdin();
        if !isatty(input) || !is_in_foreground() {
            return None;
        }
        let before = tcgetattr(input).ok()?;
        tcsetattr(input.as_fd(), OptionalActions::Now, &raw_modes(&before)).ok()?;
        Some(Self { before })
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // In the background the modes are those of whoever has the terminal now.
        if is_in_foreground() {
            let _ = tcsetattr(stdin(), OptionalActions::Now, &self.before);
        }
    }
}

/// Reads what was pressed, once keys were taken. To be called when there is something to read.
pub(crate) fn read_keys() -> Pressed {
    if !is_in_foreground() {
        return Pressed::Gone;
    }
    let mut bytes = [0; 64];
    match rustix::io::read(stdin(), &mut bytes) {
        Ok(0) | Err(_) => Pressed::Gone,
        Ok(count) => {
            let keys = without_sequences(&bytes[..count]);
            let is_pasted = keys.len() > MOST_AT_ONCE;
            Pressed::Keys(if is_pasted { Vec::new() } else { keys })
        }
    }
}

/// Returns the bytes that are keys of their own: arrows and the like send an escape, a letter or bracket and more.
///
/// *Source*: ECMA-48, section 5.4.
fn without_sequences(bytes: &[u8]) -> Vec<u8> {
    let mut keys = Vec::new();
    let mut rest = bytes.iter().copied();
    while let Some(byte) = rest.next() {
        match byte {
            b'\x1b' => {
                if matches!(rest.next(), Some(b'[' | b'O')) {
                    let _ = rest.find(|it| (0x40..=0x7e).contains(it));
                }
            }
            byte => keys.push(byte),
        }
    }
    keys
}

/// The modes that a terminal had, kept by a process that does not read from it.
#[derive(Debug)]
pub(crate) struct Modes(Termios);

impl Modes {
    /// Returns nothing where stdin is no terminal.
    pub(crate) fn of_stdin() -> Option<Self> {
        tcgetattr(stdin()).ok().map(Self)
    }

    /// Puts them back if whoever took the keys died without doing so. A terminal whose modes somebody else has changed since
    /// is left alone.
    pub(crate) fn restore(&self) {
        let now = tcgetattr(stdin());
        let expected = raw_modes(&self.0);
        if now.is_ok_and(|now| is_alike(&now, &expected)) {
            let _ = tcsetattr(stdin(), OptionalActions::Now, &self.0);
        }
    }
}

fn raw_modes(before: &Termios) -> Termios {
    let mut modes = before.clone();
    // Ctrl-C and Ctrl-Z still send their signals, and lines still end where they should.
    modes.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
    modes.special_codes[SpecialCodeIndex::VMIN] = 1;
    modes.special_codes[SpecialCodeIndex::VTIME] = 0;
    modes
}

fn is_alike(one: &Termios, other: &Termios) -> bool {
    one.input_modes == other.input_modes
        && one.output_modes == other.output_modes
        && one.local_modes == other.local_modes
}

fn is_in_foreground() -> bool {
    tcgetpgrp(stdin()).is_ok_and(|group| group == getpgrp())
}

#[cfg(test)]
mod tests {
    use super::without_sequences;

    #[test]
    fn arrows_are_no_letters() {
        for (bytes, expected) in [
            (&b"p"[..], &b"p"[..]),
            (b"\x1b[A", b""),
            (b"\x1b[1;5Cp", b"p"),
            (b"\x1bOPt", b"t"),
            (b"\x1bq", b""),
            (b"\x1b", b""),
        ] {
            assert_eq!(without_sequences(bytes), expected, "{bytes:?}");
        }
    }
}
