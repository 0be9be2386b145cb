//! The colours of the pictures, in light and dark.
//!
//! Hues are those of M. Okabe and K. Ito's palette for colour-blind readers ("Color Universal Design", 2008), made darker
//! or lighter until text has a contrast of 4.5 to 1 on its ground, and lines and marks 3 to 1.

use super::mark::Mark;

/// The colours of one box: its ground, its outline with its mark, and its text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ink {
    pub(super) ground: &'static str,
    pub(super) line: &'static str,
    pub(super) text: &'static str,
}

/// All colours of one theme.
#[derive(Debug)]
pub(super) struct Theme {
    pub(super) paper: &'static str,
    pub(super) text: &'static str,
    /// Text that matters less.
    pub(super) detail: &'static str,
    pub(super) wire: &'static str,
    pub(super) frame: &'static str,
    pub(super) frame_line: &'static str,
    pub(super) critical: &'static str,
    inks: [(Mark, Ink); 8],
}

impl Theme {
    pub(super) fn inks(&self) -> &[(Mark, Ink)] {
        &self.inks
    }
}

const fn ink(ground: &'static str, line: &'static str, text: &'static str) -> Ink {
    Ink { ground, line, text }
}

pub(super) static LIGHT: Theme = Theme {
    paper: "#ffffff",
    text: "#1b2430",
    detail: "#55606e",
    wire: "#7d8896",
    frame: "#f6f7f9",
    frame_line: "#8792a0",
    critical: "#1b2430",
    inks: [
        (Mark::Failed, ink("#b33c00", "#7a2900", "#ffffff")),
        (Mark::Blocked, ink("#fbf3d3", "#866800", "#4f3d00")),
        (Mark::Flaky, ink("#f9eaf4", "#a2437b", "#6b2450")),
        (Mark::Passed, ink("#e3f4ee", "#00805c", "#0b4a38")),
        (Mark::Cached, ink("#e5f0fa", "#1a6fb0", "#0f4470")),
        (Mark::Skipped, ink("#eff1f3", "#6a7582", "#414b57")),
        (Mark::NotRun, ink("#ffffff", "#7d8896", "#55606e")),
        (Mark::Declared, ink("#f3f6fa", "#5c6b7c", "#1b2430")),
    ],
};

pub(super) static DARK: Theme = Theme {
    paper: "#12171d",
    text: "#e6ebf1",
    detail: "#a3afbd",
    wire: "#77828f",
    frame: "#181e26",
    frame_line: "#6d7986",
    critical: "#f5f8fb",
    inks: [
        (Mark::Failed, ink("#ff9461", "#ffc4a6", "#2b0f00")),
        (Mark::Blocked, ink("#322a0c", "#d0a72a", "#f4dc94")),
        (Mark::Flaky, ink("#34192b", "#dd86b9", "#f5c4e1")),
        (Mark::Passed, ink("#0e2f26", "#2fb58c", "#b5ecd9")),
        (Mark::Cached, ink("#0f2a42", "#5cb0ea", "#bfe0f9")),
        (Mark::Skipped, ink("#232a32", "#8894a1", "#c3ccd6")),
        (Mark::NotRun, ink("#12171d", "#77828f", "#a3afbd")),
        (Mark::Declared, ink("#1d2630", "#8797a8", "#e6ebf1")),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the relative luminance of a colour.
    ///
    /// *Source*: WCAG 2.2, "relative luminance".
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = u8::from_str_radix(&colour[at..at + 2], 16).expect("a colour has digits");
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn everything_can_be_read_in_both_themes() {
        for theme in [&LIGHT, &DARK] {
            for (text, ground) in [
                (theme.text, theme.paper),
                (theme.detail, theme.paper),
                (theme.detail, theme.frame),
            ] {
                assert!(contrast(text, ground) >= 4.5, "{text} on {ground}");
            }
            for (line, ground) in [
                (theme.wire, theme.paper),
                (theme.frame_line, theme.paper),
                (theme.critical, theme.paper),
            ] {
                assert!(contrast(line, ground) >= 3.0, "{line} on {ground}");
            }
            for (mark, ink) in theme.inks() {
                let Ink { ground, line, text } = *ink;
                assert!(
                    contrast(text, ground) >= 4.5,
                    "{mark:?}: {text} on {ground}"
                );
                assert!(contrast(line, theme.paper) >= 3.0, "{mark:?}: {line}");
                assert!(contrast(line, theme.frame) >= 3.0, "{mark:?}: {line}");
                // The shape of a failure is drawn in the colour of its text.
                let shape = if *mark == Mark::Failed { text } else { line };
                assert!(
                    contrast(shape, ground) >= 3.0,
                    "{mark:?}: {shape} on {ground}"
                );
            }
        }
    }
}
