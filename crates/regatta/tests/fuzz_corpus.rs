//! The bodies that fuzzers drive, over the corpus that is kept.

use std::fs;
use std::path::Path;

#[path = "../../../fuzz/bodies.rs"]
mod bodies;

/// Runs `body` over every file of a corpus and returns how many there were.
fn run(corpus: &str, body: fn(&[u8])) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let entries = fs::read_dir(folder.join(corpus)).expect("the corpus is there");
    let files = entries.map(|entry| entry.expect("the corpus can be read").path());
    files
        .map(|file| {
            let bytes =
                fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            body(&bytes);
        })
        .count()
}

#[test]
fn no_configuration_of_the_corpus_breaks_a_promise() {
    assert!(run("config", bodies::config) >= 20);
}

#[test]
fn no_journal_of_the_corpus_breaks_a_promise() {
    assert!(run("journal", bodies::journal) >= 4);
}

#[test]
fn nothing_kept_of_the_corpus_breaks_a_promise() {
    assert!(run("cache", bodies::cache) >= 8);
}

#[test]
fn no_test_cases_of_the_corpus_break_a_promise() {
    for (corpus, body, least) in [
        ("junit", bodies::junit as fn(&[u8]), 10),
        ("tap", bodies::tap, 4),
        ("go_json", bodies::go_json, 2),
        ("libtest", bodies::libtest, 2),
    ] {
        assert!(run(corpus, body) >= least, "{corpus}");
    }
}
