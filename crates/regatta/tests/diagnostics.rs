//! Every diagnostic of the configuration, as the user sees it.
//!
//! `diagnostics/<case>.toml` is read and must be refused with exactly `diagnostics/<case>.stderr`.
//! With `UPDATE_GOLDEN=1` the expectations are written instead of compared.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use regatta::config::{self, Overrides};
use regatta::diagnostic::Colour;

const FOLDER: &str = "tests/diagnostics";

fn refuse(file: &Path) -> String {
    let outcome =
        config::load(file).and_then(|document| config::resolve(&document, &Overrides::default()));
    let text = outcome.expect_err("the case must be refused").to_string();
    text.replace(&file.display().to_string(), "regatta.toml")
}

fn cases_with(extension: &str) -> BTreeSet<PathBuf> {
    let files = fs::read_dir(FOLDER).expect("the folder of cases can be listed");
    files
        .map(|entry| entry.expect("the folder of cases can be listed").path())
        .filter(|file| file.extension().is_some_and(|given| given == extension))
        .map(|file| file.with_extension(""))
        .collect()
}

#[test]
fn every_case_prints_what_is_recorded() {
    let cases = cases_with("toml");
    assert!(cases.len() > 10, "the cases are gone");
    let updates = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut different = Vec::new();
    for case in &cases {
        let printed = refuse(&case.with_extension("toml"));
        let expectation = case.with_extension("stderr");
        if updates {
            fs::write(&expectation, &printed).unwrap();
        }
        let expected = fs::read_to_string(&expectation).unwrap_or_default();
        if printed != expected {
            different.push(format!("{}:\n{printed}", expectation.display()));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
    assert_eq!(cases_with("stderr"), cases, "an expectation has no case");
}

#[test]
fn colour_changes_no_word() {
    let file = Path::new(FOLDER).join("characters.toml");
    let document = config::load(&file).expect("the case is TOML");
    let refused = config::resolve(&document, &Overrides::default()).expect_err("and wrong");
    let coloured = refused.render(Colour::Ansi);
    assert!(coloured.contains('\u{1b}'));
    assert_eq!(
        anstream::adapter::strip_str(&coloured).to_string(),
        refused.to_string()
    );
}

#[test]
fn a_thousand_mistakes_are_shown_and_all_are_counted() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("regatta.toml");
    let suites = (0..1_001).map(|index| format!("[suites.s{index}]\n"));
    fs::write(&file, suites.collect::<String>()).expect("a temporary file can be written");
    let text = refuse(&file);
    assert_eq!(text.matches("error: suite").count(), 1_000);
    assert!(
        text.ends_with("\n1001 errors in regatta.toml; nothing was run\n"),
        "{text}"
    );
}
