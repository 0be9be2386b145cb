//! Whatever the bytes, reading a configuration ends in a configuration or in diagnostics.

use std::fs;

use proptest::prelude::*;
use regatta::config::{self, Overrides};
use regatta::diagnostic::Colour;

const EVERY_KEY: &str = include_str!("config_examples/every_key.toml");

/// Fragments that, shuffled, make mistakes more interesting than random bytes do.
const FRAGMENTS: [&str; 24] = [
    "[suites.a]\n",
    "[suites.b.env]\n",
    "[[suites.a]]\n",
    "[run]\n",
    "[profile.\"é🧪\"]\n",
    "command = \"true\"\n",
    "command = [\"a\", 1]\n",
    "depends_on = [\"b\", \"a\", \"a\"]\n",
    "timeout = 1e400\n",
    "timeout = \"5 parsecs\"\n",
    "retries = { count = -1, count = 2 }\n",
    "suites.c = 1\n",
    "a.b.c = 1\n",
    "suites.a.command = \"x\"\n",
    "\"\\u0000\" = 1\n",
    "tags = [[[\n",
    "\t日本 = '''\n",
    "\r\n",
    "\u{feff}",
    "max_log = 99999999999999999999\n",
    "skip_exit_code = 0x_\n",
    "dir = 2026-01-01\n",
    "[",
    "fast_excludes = [\"\u{202e}\", \"\"]\n",
];

/// Reads the bytes as a file; returns whether they are a right configuration.
fn survive(bytes: &[u8]) -> bool {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("regatta.toml");
    fs::write(&file, bytes).expect("a temporary file can be written");
    let outcome =
        config::load(&file).and_then(|document| config::resolve(&document, &Overrides::default()));
    let Err(diagnostics) = outcome else {
        return true;
    };
    assert!(!diagnostics.list().is_empty(), "refused without a reason");
    let plain = diagnostics.render(Colour::Plain);
    assert!(plain.ends_with("; nothing was run\n"), "{plain}");
    let unfit = |character: char| character.is_control() && character != '\n';
    assert!(!plain.contains(unfit), "{plain:?}");
    false
}

#[test]
fn the_unchanged_example_is_right() {
    assert!(survive(EVERY_KEY.as_bytes()));
}

proptest! {
    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        survive(&bytes);
    }

    #[test]
    fn shuffled_fragments(picks in proptest::collection::vec(0..FRAGMENTS.len(), 0..20)) {
        let text: String = picks.into_iter().map(|pick| FRAGMENTS[pick]).collect();
        survive(text.as_bytes());
    }

    #[test]
    fn an_example_with_a_part_replaced(
        start in 0..EVERY_KEY.len(),
        length in 0_usize..40,
        replacement in "[\\PC\n\"\\[\\]{}=,.#\\\\\t]{0,12}",
    ) {
        let end = (start + length).min(EVERY_KEY.len());
        let mut bytes = EVERY_KEY.as_bytes().to_vec();
        bytes.splice(start..end, replacement.bytes());
        survive(&bytes);
    }
}
