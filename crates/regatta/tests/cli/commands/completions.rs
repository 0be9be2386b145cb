//! `completions`: the scripts, and what the program answers when a shell asks.

use insta::assert_snapshot;

use crate::support::{Place, shell};

const SUITES: &str = "[suites.memstore-unit]\ncommand = 'true'\ncategory = 'unit'\ntags = ['go']\n\
     [suites.memcache-unit]\ncommand = 'true'\ncategory = 'unit'\n\
     [suites.lint-go]\ncommand = 'true'\ncategory = 'lint'\n";

#[test]
fn every_shell_gets_a_script() {
    let place = Place::empty();
    for name in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = place.regatta(&["completions", name]).run();
        assert!(script.starts_with("exit 0\n--- stdout ---\n"), "{script}");
        assert!(
            script.contains("COMPLETE") && script.contains("regatta"),
            "{script}"
        );
    }
    assert_snapshot!(place.regatta(&["completions", "tcsh"]).run(), @"
    exit 2
    --- stderr ---
    error: invalid value 'tcsh' for '<SHELL>'
      [possible values: bash, elvish, fish, powershell, zsh]

      tip: a similar value exists: 'zsh'

    For more information, try '--help'.
    ");
}

/// Asks as bash does when the tabulator key is hit after these words.
fn completed(place: &Place, words: &str) -> String {
    let script = format!(
        "source <(regatta completions bash)\n\
         function_name=$(complete -p regatta | sed 's/.*-F \\([^ ]*\\).*/\\1/')\n\
         COMP_WORDS=(regatta {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMP_TYPE=9\n\
         COMP_LINE=\"${{COMP_WORDS[*]}}\"; COMP_POINT=${{#COMP_LINE}}\n\
         $function_name regatta \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\" 2>/dev/null\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    let answer = shell(place, &script);
    let printed = answer.strip_prefix("exit 0\n--- stdout ---\n");
    printed.unwrap_or_else(|| panic!("{answer}")).to_owned()
}

#[test]
fn names_are_completed_in_bash() {
    let place = Place::new(SUITES);
    assert_eq!(
        completed(&place, "--suites mem"),
        "memcache-unit\nmemstore-unit\n"
    );
    assert_eq!(
        completed(&place, "run --suites lint-go,mems"),
        "lint-go,memstore-unit\n"
    );
    assert_eq!(completed(&place, "log l"), "lint-go\n");
    assert_eq!(completed(&place, "--categories u"), "unit\n");
    assert_eq!(completed(&place, "list --tags ''"), "go\n");
    assert_eq!(completed(&place, "--suites zzz"), "\n");
    assert_eq!(completed(&place, "comp"), "compare\ncompletions\n");
    assert_eq!(completed(&place, "--max-p"), "--max-parallel\n");
}

#[test]
fn a_configuration_that_cannot_be_read_completes_nothing() {
    let place = Place::new("[suites.a\n");
    assert_eq!(completed(&place, "--suites a"), "\n");
}
