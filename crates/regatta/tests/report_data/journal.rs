//! Written and read back, whole, torn and damaged.

use std::fs;
use std::io::BufReader;
use std::os::unix::fs::symlink;

use proptest::prelude::*;
use regatta::report::journal::{
    Journal, JournalFault, JournalWriter, parse_journal, read_journal, unfinished_run,
};
use regatta_core::event::Event;
use regatta_core::port::Subscriber;
use regatta_core::time::Time;
use regatta_core::verdict::Verdict;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::sample::{Sample, exited, suite, time};
use crate::strategy::run;

fn small() -> Sample {
    Sample::new(vec![suite("core-unit", &[])])
        .only((10, 20), 0, exited(0, Verdict::Passed))
        .finish(30, 0)
}

fn read(bytes: &[u8]) -> Result<Journal, JournalFault> {
    parse_journal(BufReader::new(bytes))
}

/// Asserts that exactly the lines before `damaged`, counted from 0, are read from `bytes`.
fn assert_prefix(sample: &Sample, bytes: &[u8], damaged: usize) {
    match read(bytes) {
        Ok(journal) => {
            assert_eq!(journal.header, sample.header);
            assert_eq!(journal.events, sample.events[..damaged - 1]);
            let torn = journal.torn.expect("the damage is noticed");
            assert_eq!(torn.line, damaged as u64 + 1, "{}", torn.why);
        }
        Err(JournalFault::NoHeader(_)) => assert_eq!(damaged, 0),
        Err(fault) => panic!("{fault}"),
    }
}

fn count_lines(bytes: &[u8]) -> usize {
    bytes.split(|&byte| byte == b'\n').count() - 1
}

#[test]
fn a_journal_cut_at_any_byte_keeps_the_lines_before() {
    let sample = small();
    let whole = sample.render();
    assert!(matches!(read(b""), Err(JournalFault::Empty)));
    for length in 1..whole.len() {
        let cut = &whole[..length];
        let lines = count_lines(cut);
        if cut.ends_with(b"\n") {
            let journal = read(cut).unwrap();
            assert_eq!(journal.events, sample.events[..lines - 1]);
            assert_eq!(journal.torn, None);
        } else {
            assert_prefix(&sample, cut, lines);
        }
    }
}

#[test]
fn a_flipped_bit_of_the_last_line_is_noticed_wherever_it_is() {
    let sample = small();
    let mut bytes = sample.render();
    let last = sample.events.len();
    let start = bytes.len()
        - bytes
            .split_inclusive(|&it| it == b'\n')
            .next_back()
            .unwrap()
            .len();
    for index in start..bytes.len() {
        for bit in 0..8 {
            bytes[index] ^= 1_u8 << bit;
            assert_prefix(&sample, &bytes, last);
            bytes[index] ^= 1_u8 << bit;
        }
    }
}

proptest! {
    #[test]
    fn what_was_written_is_read(sample in run(12)) {
        let journal = read(&sample.render()).unwrap();
        prop_assert_eq!(journal.header, sample.header);
        prop_assert_eq!(journal.events, sample.events);
        prop_assert_eq!(journal.torn, None);
    }

    #[test]
    fn a_flipped_bit_anywhere_costs_its_line_and_the_rest(
        sample in run(6),
        place in any::<prop::sample::Index>(),
        bit in 0_u32..8,
    ) {
        let mut bytes = sample.render();
        let index = place.index(bytes.len());
        let damaged = count_lines(&bytes[..index]);
        bytes[index] ^= 1_u8 << bit;
        assert_prefix(&sample, &bytes, damaged);
    }

    #[test]
    fn a_lost_line_costs_the_rest(sample in run(6), place in any::<prop::sample::Index>()) {
        let bytes = sample.render();
        let mut lines: Vec<&[u8]> = bytes.split_inclusive(|&it| it == b'\n').collect();
        prop_assume!(lines.len() > 2);
        let lost = 1 + place.index(lines.len() - 2);
        lines.remove(lost);
        assert_prefix(&sample, &lines.concat(), lost);
    }

    #[test]
    fn garbage_is_an_error_and_no_panic(bytes in any::<Vec<u8>>()) {
        prop_assert!(read(&bytes).is_err());
    }
}

#[test]
fn a_newer_format_is_named() {
    let mut sample = small();
    sample.header.format = 7;
    let fault = read(&sample.render()).unwrap_err();
    assert!(matches!(fault, JournalFault::NewerFormat(7)), "{fault}");
}

#[test]
fn a_task_that_the_header_does_not_have_ends_the_reading() {
    let sample = small().word(40, 1, Verdict::Passed);
    assert_prefix(&sample, &sample.render(), sample.events.len());
}

#[test]
fn a_task_without_a_suite_is_no_header() {
    let bytes = small().render();
    let text = String::from_utf8(bytes).unwrap();
    let (body, _) = text.split_once(",\"crc\"").unwrap();
    let body = body.replace("\"tasks\":[0]", "\"tasks\":[1]");
    let sum = crc32fast::hash(body.as_bytes());
    let fault = read(format!("{body},\"crc\":\"{sum:08x}\"}}\n").as_bytes()).unwrap_err();
    assert!(fault.to_string().contains("has no suite"), "{fault}");
}

#[test]
fn the_writer_replaces_the_journal_of_the_run_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    let sample = small();
    for _ in 0..2 {
        let mut writer = JournalWriter::create(&path).unwrap();
        let first = Event::RunStarted(Box::new(sample.header.clone()));
        writer.handle_event(Time::BEGIN, &first);
        for (at, event) in &sample.events {
            writer.handle_event(*at, event);
        }
        assert!(writer.error().is_none());
    }
    assert_eq!(fs::read(&path).unwrap(), sample.render());
    assert_eq!(read_journal(&path).unwrap().events, sample.events);
}

#[test]
fn the_writer_follows_no_link_and_waits_for_no_reader() {
    let folder = tempfile::tempdir().unwrap();
    let (target, link) = (folder.path().join("precious"), folder.path().join("link"));
    fs::write(&target, "kept").unwrap();
    symlink(&target, &link).unwrap();
    assert!(JournalWriter::create(&link).is_err());
    assert_eq!(fs::read_to_string(&target).unwrap(), "kept");

    let pipe = folder.path().join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).unwrap();
    assert!(JournalWriter::create(&pipe).is_err());
    let error = read_journal(&pipe).unwrap_err().to_string();
    assert!(error.contains("pipe`: it is not a file"), "{error}");
}

#[test]
fn a_full_disk_is_remembered_and_nothing_panics() {
    let mut writer = JournalWriter::create("/dev/full".as_ref()).unwrap();
    let first = Event::RunStarted(Box::new(small().header));
    writer.handle_event(Time::BEGIN, &first);
    let kind = writer.error().map(std::io::Error::kind);
    assert_eq!(kind, Some(std::io::ErrorKind::StorageFull));
    writer.handle_event(time(1), &small().events[0].1);
    assert!(writer.error().is_some());
    writer.flush();
    assert!(writer.error().is_some());
}

#[test]
fn a_run_without_an_end_is_told_from_one_with() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    assert_eq!(unfinished_run(&path), None);
    let sample = small();
    let whole = sample.render();
    let run_id = Some(sample.header.run_id.clone());
    fs::write(&path, &whole).unwrap();
    assert_eq!(unfinished_run(&path), None);
    let header = whole.iter().position(|&it| it == b'\n').unwrap() + 1;
    for length in header..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(unfinished_run(&path), run_id, "{length}");
    }
    for length in 0..header - 1 {
        fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(unfinished_run(&path), None, "{length}");
    }
    let link = folder.path().join("link");
    symlink(&path, &link).unwrap();
    assert_eq!(unfinished_run(&link), None);
}
