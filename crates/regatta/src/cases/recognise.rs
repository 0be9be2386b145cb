//! Which format a log is in, by its first lines.

use regatta_core::cases::CaseFormat;

use super::{go_json, libtest, tap};

/// How much of a log is looked at for a format that announces itself. Whatever runs the tests may print before them.
pub(super) const HEAD_BYTES: usize = 64 * 1024;

/// Returns the format that the beginning of a log is in. Where it announces none, tests of Rust may still come: a build
/// prints for long before them.
pub(super) fn recognise(head: &[u8]) -> CaseFormat {
    let head = String::from_utf8_lossy(head);
    let mut is_first = true;
    for line in head.lines() {
        let line = line.trim_end();
        if line.is_empty() {
            continue;
        }
        if tap::is_version(line) || (is_first && tap::read_plan(line).is_some()) {
            return CaseFormat::Tap;
        }
        if go_json::is_event(line) {
            return CaseFormat::GoJson;
        }
        if libtest::is_beginning(line) {
            break;
        }
        is_first = false;
    }
    CaseFormat::Libtest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_apart_by_what_announces_them() {
        for (head, expected) in [
            ("TAP version 13\nok 1\n", CaseFormat::Tap),
            (
                "> shop@1.0 test\n> node --test\n\nTAP version 13\n",
                CaseFormat::Tap,
            ),
            ("1..3\nok 1\n", CaseFormat::Tap),
            ("numbers\n1..3\n", CaseFormat::Libtest),
            (
                "go: downloading x v1\n{\"Action\":\"start\",\"Package\":\"a\"}\n",
                CaseFormat::GoJson,
            ),
            (
                "{\"ImportPath\":\"a\",\"Action\":\"build-output\"}\n",
                CaseFormat::GoJson,
            ),
            ("{\"Action\":\"created\",\"id\":3}\n", CaseFormat::Libtest),
            ("running 1 test\nTAP version 13\n", CaseFormat::Libtest),
            ("", CaseFormat::Libtest),
        ] {
            assert_eq!(recognise(head.as_bytes()), expected, "{head}");
        }
    }
}
