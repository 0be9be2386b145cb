//! What a terminal can do beyond text and colours, told by the variables that terminals set. In doubt it cannot: one that does
//! not know a sequence may print it.

/// Whether the tab of the terminal shows how far the run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TabProgress {
    /// Nobody would see it.
    Hidden,
    /// It does.
    Shown,
}

/// Returns whether the terminal that an environment names opens what a text leads to.
///
/// `FORCE_HYPERLINK` decides where it is set. Within a multiplexer it is not known what stands behind it.
pub fn can_link(variable: impl Fn(&str) -> Option<String>) -> bool {
    if let Some(forced) = variable("FORCE_HYPERLINK") {
        return forced != "0";
    }
    if is_multiplexed(&variable) {
        return false;
    }
    let is_at_least = |name: &str, least: u32| {
        let version = variable(name).and_then(|it| it.parse::<u32>().ok());
        version.is_some_and(|it| it >= least)
    };
    let program = variable("TERM_PROGRAM").unwrap_or_default();
    let term = variable("TERM").unwrap_or_default();
    // VTE had a bug with them before 0.50, Konsole shows them from 20.12 on.
    is_at_least("VTE_VERSION", 5000)
        || is_at_least("KONSOLE_VERSION", 201_200)
        || variable("WT_SESSION").is_some()
        || ["iTerm.app", "WezTerm", "ghostty", "vscode", "rio"].contains(&&*program)
        || ["xterm-kitty", "xterm-ghostty", "alacritty", "foot"].contains(&&*term)
}

/// Returns whether the terminal that an environment names shows progress in its tab.
pub fn choose_tab_progress(variable: impl Fn(&str) -> Option<String>) -> TabProgress {
    let program = variable("TERM_PROGRAM").unwrap_or_default();
    let is_recent_ptyxis = variable("PTYXIS_VERSION")
        .and_then(|it| it.split('.').next()?.parse::<u32>().ok())
        .is_some_and(|it| it >= 48);
    let features = variable("TERM_FEATURES").unwrap_or_default();
    let can = variable("WT_SESSION").is_some()
        || variable("ConEmuANSI").as_deref() == Some("ON")
        || ["WezTerm", "ghostty"].contains(&&*program)
        || is_recent_ptyxis
        || has_feature(&features, "P");
    if can && !is_multiplexed(&variable) {
        TabProgress::Shown
    } else {
        TabProgress::Hidden
    }
}

/// Returns whether a program that no person watches has started this one: a coding agent, by the variables that such set.
pub fn is_automated(variable: impl Fn(&str) -> Option<String>) -> bool {
    const NAMES: [&str; 9] = [
        "AGENT",
        "AI_AGENT",
        "CLAUDECODE",
        "CLINE_ACTIVE",
        "CODEX_SANDBOX",
        "CODEX_THREAD_ID",
        "CURSOR_AGENT",
        "GEMINI_CLI",
        "OPENCODE",
    ];
    let is_set = |name: &str| variable(name).is_some_and(|it| !matches!(&*it, "" | "0" | "false"));
    NAMES.into_iter().any(is_set)
}

fn is_multiplexed(variable: &impl Fn(&str) -> Option<String>) -> bool {
    variable("TMUX").is_some() || variable("STY").is_some()
}

/// Features are names that begin with a capital, some with a number after them, without anything between.
fn has_feature(features: &str, wanted: &str) -> bool {
    let mut names = Vec::new();
    for character in features.chars() {
        if character.is_ascii_uppercase() {
            names.push(String::new());
        }
        if let Some(name) = names.last_mut().filter(|_| character.is_ascii_alphabetic()) {
            name.push(character);
        }
    }
    names.iter().any(|it| it == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names and values of an environment.
    type Variables = &'static [(&'static str, &'static str)];

    fn given(list: Variables) -> impl Fn(&str) -> Option<String> {
        move |name| {
            let found = list.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn only_what_is_known_is_trusted() {
        let table: [(Variables, bool, TabProgress); 8] = [
            (&[], false, TabProgress::Hidden),
            (&[("TERM", "xterm-256color")], false, TabProgress::Hidden),
            (&[("VTE_VERSION", "7600")], true, TabProgress::Hidden),
            (&[("TERM_PROGRAM", "ghostty")], true, TabProgress::Shown),
            (
                &[("TERM_PROGRAM", "ghostty"), ("TMUX", "/tmp/x")],
                false,
                TabProgress::Hidden,
            ),
            (&[("FORCE_HYPERLINK", "1")], true, TabProgress::Hidden),
            (
                &[("FORCE_HYPERLINK", "0"), ("WT_SESSION", "x")],
                false,
                TabProgress::Shown,
            ),
            (
                &[("TERM_FEATURES", "T3CwLrMSc7UUw9P")],
                false,
                TabProgress::Shown,
            ),
        ];
        for (list, links, progress) in table {
            assert_eq!(can_link(given(list)), links, "{list:?}");
            assert_eq!(choose_tab_progress(given(list)), progress, "{list:?}");
        }
    }

    #[test]
    fn a_feature_is_a_whole_name() {
        assert!(has_feature("T3P", "P") && !has_feature("T3Pw", "P"));
    }

    #[test]
    fn a_variable_that_says_no_is_no_agent() {
        assert!(is_automated(given(&[("CLAUDECODE", "1")])));
        assert!(!is_automated(given(&[("CLAUDECODE", "0"), ("AGENT", "")])));
        assert!(!is_automated(given(&[])));
    }
}
