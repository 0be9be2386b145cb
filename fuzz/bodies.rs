//! What is fuzzed, as plain functions: a fuzzer drives them with bytes of its own, and a test of the stable
//! toolchain with those of the corpus. Each returns, or panics where a promise is broken.

use std::path::Path;

use jiff::civil::Date;
use regatta::cache::{Entry, FileStat, OutputKind, StatCache, digest, is_inside, link_is_inside};
use regatta::cases::{Collector, Room, parse};
use regatta::config::{self, Overrides, QUARANTINE_NAME};
use regatta::diagnostic::{Colour, Diagnostics};
use regatta::report::journal::parse_journal;
use regatta::report::json::render_report;
use regatta_core::cases::{CaseFormat, CaseList};
use regatta_core::manifest::Manifest;

/// Whatever the bytes, reading them as a configuration, or as the quarantine beside one, ends in a configuration or in
/// diagnostics that a terminal can show.
pub(crate) fn config(bytes: &[u8]) {
    let file = Path::new("regatta.toml");
    let resolve = |bytes: &[u8]| {
        config::load_bytes(file, bytes.to_vec())
            .and_then(|document| config::resolve(&document, &Overrides::default()))
    };
    if let Err(diagnostics) = resolve(bytes) {
        check_diagnostics(&diagnostics);
    }
    // The same bytes beside a configuration.
    let mut config = resolve(b"[suites.api]\ncommand = 'true'\n").expect("it is sound");
    let file = Path::new(QUARANTINE_NAME);
    let outcome = config::quarantine_bytes(&mut config, file, bytes.to_vec(), Date::MAX);
    if let Err(diagnostics) = outcome {
        check_diagnostics(&diagnostics);
    }
}

fn check_diagnostics(diagnostics: &Diagnostics) {
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

/// Whatever the bytes, reading them as something kept ends in nothing, or in what has these very bytes and leads nowhere
/// outside.
pub(crate) fn cache(bytes: &[u8]) {
    check_entry(bytes);
    // A fuzzer does not guess a digest, and whoever means harm computes one.
    check_entry(&[bytes, &digest(bytes).0].concat());
    if let Some(manifest) = Manifest::decode(bytes) {
        assert_eq!(manifest.encode(), bytes);
    }
    let sum = crc32fast::hash(bytes).to_le_bytes();
    for table in [bytes.to_vec(), [bytes, &sum].concat()] {
        if let Some(stats) = StatCache::decode(table) {
            assert_eq!(
                stats.find(&FileStat::default()),
                stats.find(&FileStat::default())
            );
        }
    }
}

fn check_entry(bytes: &[u8]) {
    let Some(entry) = Entry::decode(bytes) else {
        return;
    };
    assert_eq!(entry.encode(), bytes);
    for output in &entry.outputs {
        assert!(is_inside(&output.path));
        if let OutputKind::Link(text) = &output.kind {
            assert!(link_is_inside(&output.path, text));
        }
    }
}

/// Whatever the bytes, reading them as test cases of a format gives no more than may be listed, and counts that add up.
fn cases(format: CaseFormat, bytes: &[u8]) {
    let room = Room {
        cases: 50,
        text_bytes: 20_000,
    };
    let mut collector = Collector::new(format, room);
    parse(bytes, format, &mut collector);
    let Some(list) = collector.finish() else {
        return;
    };
    let counts = list.counts;
    assert_eq!(counts.total, counts.passed + counts.failed + counts.skipped);
    assert_eq!(counts.total, list.cases.len() as u64 + list.left_out);
    assert!(list.cases.len() <= room.cases);
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let texts = list.cases.iter();
    let texts =
        texts.map(|it| it.class.len() + it.name.len() + length(&it.message) + length(&it.file));
    assert!(texts.sum::<usize>() <= room.text_bytes);
    for case in &list.cases {
        assert!(case.line.is_none() || case.file.is_some());
        assert!(case.line != Some(0), "lines count from 1");
    }
    // The journal holds it as JSON.
    let text = serde_json::to_string(&list).expect("plain data is always JSON");
    let again: CaseList = serde_json::from_str(&text).expect("it was written here");
    assert_eq!(again.counts, list.counts);
    assert_eq!(again.cases.len(), list.cases.len());
}

/// Test cases as `JUnit` XML; see [`cases`].
pub(crate) fn junit(bytes: &[u8]) {
    cases(CaseFormat::Junit, bytes);
}

/// Test cases in the Test Anything Protocol.
pub(crate) fn tap(bytes: &[u8]) {
    cases(CaseFormat::Tap, bytes);
}

/// Test cases as lines of `go test -json`.
pub(crate) fn go_json(bytes: &[u8]) {
    cases(CaseFormat::GoJson, bytes);
}

/// Test cases as the text of Rust's test harness.
pub(crate) fn libtest(bytes: &[u8]) {
    cases(CaseFormat::Libtest, bytes);
}
