//! Every diagnostic of the configuration, as the user sees it.
//!
//! `diagnostics/<case>.toml` is read and must be refused with exactly `diagnostics/<case>.stderr`; those in `quarantine`
//! are read as a quarantine over [`SHOP`].
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

/// The suites that quarantines are about.
const SHOP: &str = "[suites.api]\ncommand = 'true'\n[suites.web]\ncommand = 'true'\n";

fn refuse_quarantine(file: &Path) -> String {
    let mut config = config::load_bytes(Path::new("regatta.toml"), SHOP.into())
        .and_then(|document| config::resolve(&document, &Overrides::default()))
        .expect("the shop is sound");
    let bytes = fs::read(file).expect("the case can be read");
    let day = jiff::civil::date(2026, 11, 24);
    let outcome = config::quarantine_bytes(&mut config, file, bytes, day);
    let text = outcome.expect_err("the case must be refused").to_string();
    text.replace(&file.display().to_string(), "quarantine.toml")
}

fn cases_with(folder: &str, extension: &str) -> BTreeSet<PathBuf> {
    let files = fs::read_dir(folder).expect("the folder of cases can be listed");
    files
        .map(|entry| entry.expect("the folder of cases can be listed").path())
        .filter(|file| file.extension().is_some_and(|given| given == extension))
        .map(|file| file.with_extension(""))
        .collect()
}

#[test]
fn every_case_prints_what_is_recorded() {
    let cases = check_cases(FOLDER, refuse);
    assert!(cases > 10, "the cases are gone");
}

#[test]
fn every_case_of_a_quarantine_prints_what_is_recorded() {
    let cases = check_cases("tests/diagnostics/quarantine", refuse_quarantine);
    assert!(cases >= 5, "the cases are gone");
}

fn check_cases(folder: &str, refuse: fn(&Path) -> String) -> usize {
    let cases = cases_with(folder, "toml");
    let updates = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut different = Vec::new();
    for case in &cases {
        let printed = refuse(&case.with_extension("toml"));
        let expectation = case.with_extension("stderr");
        if updates {
            fs::write(&expectation, &printed).expect("an expectation can be written");
        }
        let expected = fs::read_to_string(&expectation).unwrap_or_default();
        if printed != expected {
            different.push(format!("{}:\n{printed}", expectation.display()));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
    let expectations = cases_with(folder, "stderr");
    assert_eq!(expectations, cases, "an expectation has no case");
    cases.len()
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
