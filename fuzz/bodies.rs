//! What is fuzzed, as plain functions: a fuzzer drives them with bytes of its own, and a test of the stable
//! toolchain with those of the corpus. Each returns, or panics where a promise is broken.

use std::path::Path;

use regatta::config::{self, Overrides};
use regatta::diagnostic::Colour;
use regatta::report::journal::parse_journal;
use regatta::report::json::render_report;

/// Whatever the bytes, reading them as a configuration ends in a configuration or in diagnostics that a terminal can
/// show.
pub(crate) fn config(bytes: &[u8]) {
    let file = Path::new("regatta.toml");
    let outcome = config::load_bytes(file, bytes.to_vec())
        .and_then(|document| config::resolve(&document, &Overrides::default()));
    let Err(diagnostics) = outcome else { return };
    assert!(!diagnostics.list().is_empty(), "refused without a reason");
    let plain = diagnostics.render(Colour::Plain);
    assert!(plain.ends_with("; nothing was run\n"));
    assert!(!plain.contains(|c: char| c.is_control() && c != '\n'));
}

/// Whatever the bytes, reading them as a journal ends in a reason, or in events from which a report can be made.
pub(crate) fn journal(bytes: &[u8]) {
    let Ok(journal) = parse_journal(bytes) else {
        return;
    };
    let record = journal.record();
    assert_eq!(record.summary().total as usize, record.tasks.len());
    let report = render_report(&record, record.past_state());
    assert!(report.ends_with("}\n"));
}
