//! What a suite is, as one digest: two runs of a suite can be compared only while it stays the same.
//!
//! Taken over what decides whether an attempt passes. Words for people are left out, and so is what only decides how
//! often an attempt is made, how a stop looks or how much of the output is kept: a run with `--retries 3`, or one in CI
//! with its shorter grace period, tells about the same suite. It reads no file; what a command does is not known here.

use std::fmt::Write as _;

use regatta_core::terms::{Expect, Leftovers};
use sha2::{Digest, Sha256};

use crate::config::{Command, Suite};

/// Raised when the same declaration begins to mean something else.
const VERSION: u8 = 1;

/// Returns the digest of a suite's definition.
///
/// *Shape*: 64 hexadecimal digits: SHA-256 over fields in a fixed order, each preceded by its length, so that no two
/// definitions are the same row of bytes.
#[must_use]
pub fn digest(suite: &Suite) -> String {
    let mut fields = Fields(Sha256::new());
    fields.0.update([VERSION]);
    match &suite.command {
        Command::Shell(text) => fields.list("shell", [text.as_str()].into_iter()),
        Command::Argv(words) => fields.list("argv", words.iter().map(String::as_str)),
    }
    fields.text(&suite.dir.to_string_lossy());
    let variables = suite.env.iter();
    fields.list(
        "env",
        variables.flat_map(|(name, value)| [&**name, &**value]),
    );
    let needs = suite.depends_on.iter();
    fields.list("depends_on", needs.map(String::as_str));
    let groups = suite.parallel_group.iter();
    fields.list("groups", groups.map(String::as_str));
    fields.number(u64::from(suite.cpus));
    for limit in [&suite.terms.timeout, &suite.terms.idle_timeout] {
        // No limit is zero microseconds of one, which nobody can declare.
        let micros = limit.value.map_or(0, |it| it.as_micros());
        fields.number(u64::try_from(micros).unwrap_or(u64::MAX));
    }
    fields.text(match suite.expect {
        Expect::Pass => "pass",
        Expect::Fail => "fail",
    });
    fields.number(u64::try_from(suite.skip_exit_code.unwrap_or_default()).unwrap_or_default());
    fields.text(match suite.terms.leftovers.value {
        Leftovers::Kill => "kill",
        Leftovers::Fail => "fail",
        Leftovers::Allow => "allow",
    });
    // One shard is the whole suite, which needs no word of it.
    if suite.tasks() > 1 {
        fields.text("shards");
        fields.number(u64::from(suite.tasks()));
    }
    let mut text = String::with_capacity(64);
    for byte in fields.0.finalize() {
        write!(text, "{byte:02x}").expect("a String takes all");
    }
    text
}

/// What was digested so far.
struct Fields(Sha256);

impl Fields {
    fn number(&mut self, number: u64) {
        self.0.update(number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.update(text);
    }

    fn list<'t>(&mut self, kind: &str, texts: impl Iterator<Item = &'t str> + Clone) {
        self.text(kind);
        self.number(texts.clone().count() as u64);
        for text in texts {
            self.text(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::config::{self, Overrides};

    fn digest_of(declaration: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("regatta.toml");
        let text = format!("[suites.other]\ncommand = 'true'\n[suites.a]\n{declaration}\n");
        std::fs::write(&file, text).unwrap();
        let config = config::resolve(&config::load(&file).unwrap(), &Overrides::default()).unwrap();
        let suite = config.suites.iter().find(|it| it.name == "a").unwrap();
        digest(suite)
    }

    #[test]
    fn what_changes_an_attempt_changes_the_digest() {
        let definitions = [
            "command = 'a b'",
            "command = ['a b']",
            "command = ['a', 'b']",
            "command = ['a', 'b']\nenv = { X = '1' }",
            "command = ['a', 'b']\nenv = { X1 = '' }",
            "command = 'a b'\ndir = 'sub'",
            "command = 'a b'\ntimeout = 3",
            "command = 'a b'\nidle_timeout = 3",
            "command = 'a b'\nexpect = 'fail'",
            "command = 'a b'\nskip_exit_code = 3",
            "command = 'a b'\nleftovers = 'fail'",
            "command = 'a b'\ncpus = 2",
            "command = 'a b'\nshards = 2",
            "command = 'a b'\nshards = 3",
            "command = 'a b'\ndepends_on = ['other']",
            "command = 'a b'\nparallel_group = 'other'",
        ];
        let digests: BTreeSet<String> = definitions.iter().map(|it| digest_of(it)).collect();
        assert_eq!(digests.len(), definitions.len());
    }

    #[test]
    fn words_and_retries_change_nothing() {
        let plain = digest_of("command = 'a'");
        for more in [
            "description = 'x'",
            "tags = ['x']",
            "owner = 'x'",
            "category = 'x'",
            "retries = 3",
            "shards = 1",
            "flaky = 'fail'",
            "grace_period = 1",
            "slow_after = 7",
            "memory = '1 GiB'",
            "max_log = '1 KiB'",
        ] {
            assert_eq!(
                digest_of(&format!("command = 'a'\n{more}")),
                plain,
                "{more}"
            );
        }
    }
}
