//! Every diagnostic of the configuration, as the user sees it.
//!
//! `diagnostics/<case>.toml` is read and must be refused with exactly `diagnostics/<case>.stderr`.
//! With `UPDATE_GOLDEN=1` the expectations are written instead of compared.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use regatta::config::{self, Overrides};

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
