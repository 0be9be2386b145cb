//! Whether to colour. It knows the conventions of the environment, not what is coloured.

/// What the user asked for by flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColourChoice {
    /// Whatever suits the environment.
    Auto,
    /// Colour, wherever the text goes.
    Always,
    /// No colour.
    Never,
}

/// Returns whether text is coloured. The first of these that says something decides: the flag,
/// `REGATTA_COLOR`, `NO_COLOR`, `FORCE_COLOR` or `CLICOLOR_FORCE`, `CLICOLOR=0`, `TERM=dumb`, and last whether
/// the text goes to a terminal.
///
/// *Source*: no-color.org; bixense.com/clicolors; force-color.org. An `auto` by flag or variable stands for the rest
/// of the list.
pub fn choose_colour(
    flag: Option<ColourChoice>,
    variable: impl Fn(&str) -> Option<String>,
    is_terminal: bool,
) -> bool {
    let says = |name: &str| variable(name).filter(|value| !value.is_empty());
    let forces = |name: &str| says(name).is_some_and(|value| value != "0");
    let named = || match says("REGATTA_COLOR")?.as_str() {
        "always" => Some(ColourChoice::Always),
        "never" => Some(ColourChoice::Never),
        "auto" => Some(ColourChoice::Auto),
        _ => None,
    };
    match flag.or_else(named) {
        Some(ColourChoice::Always) => return true,
        Some(ColourChoice::Never) => return false,
        Some(ColourChoice::Auto) | None => {}
    }
    if says("NO_COLOR").is_some() {
        false
    } else if forces("FORCE_COLOR") || forces("CLICOLOR_FORCE") {
        true
    } else if says("CLICOLOR").as_deref() == Some("0") || says("TERM").as_deref() == Some("dumb") {
        false
    } else {
        is_terminal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_says_something_decides() {
        use ColourChoice::{Always, Auto, Never};
        type Row = (
            Option<ColourChoice>,
            &'static [(&'static str, &'static str)],
            bool,
            bool,
        );
        let table: &[Row] = &[
            (None, &[], true, true),
            (None, &[], false, false),
            (
                Some(Always),
                &[("NO_COLOR", "1"), ("TERM", "dumb")],
                false,
                true,
            ),
            (Some(Never), &[("REGATTA_COLOR", "always")], true, false),
            (Some(Auto), &[("REGATTA_COLOR", "always")], false, false),
            (Some(Auto), &[("FORCE_COLOR", "1")], false, true),
            (
                None,
                &[("REGATTA_COLOR", "always"), ("NO_COLOR", "1")],
                false,
                true,
            ),
            (
                None,
                &[("REGATTA_COLOR", "never"), ("FORCE_COLOR", "1")],
                true,
                false,
            ),
            (None, &[("REGATTA_COLOR", "auto")], true, true),
            (None, &[("REGATTA_COLOR", "")], true, true),
            (
                None,
                &[("NO_COLOR", "1"), ("FORCE_COLOR", "1")],
                true,
                false,
            ),
            (None, &[("NO_COLOR", "0")], true, false),
            (None, &[("NO_COLOR", "")], true, true),
            (
                None,
                &[("FORCE_COLOR", "1"), ("CLICOLOR", "0")],
                false,
                true,
            ),
            (None, &[("FORCE_COLOR", "0")], false, false),
            (None, &[("FORCE_COLOR", "0")], true, true),
            (None, &[("FORCE_COLOR", "")], false, false),
            (
                None,
                &[("CLICOLOR_FORCE", "1"), ("TERM", "dumb")],
                false,
                true,
            ),
            (None, &[("CLICOLOR_FORCE", "0")], false, false),
            (None, &[("CLICOLOR", "0")], true, false),
            (None, &[("CLICOLOR", "1")], false, false),
            (None, &[("CLICOLOR", "1")], true, true),
            (None, &[("TERM", "dumb")], true, false),
            (None, &[("TERM", "xterm-256color")], true, true),
        ];
        for (flag, environment, is_terminal, expected) in table {
            let variable = |name: &str| {
                let found = environment.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            let chosen = choose_colour(*flag, variable, *is_terminal);
            assert_eq!(chosen, *expected, "{flag:?} {environment:?} {is_terminal}");
        }
    }
}
