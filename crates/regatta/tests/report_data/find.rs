//! Past runs by the names people give them.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use regatta::report::find::{FindRunError, PastRun, find_run};
use regatta::report::json::render_report;
use regatta::report::record::RunState;
use tempfile::TempDir;

use crate::golden::{crashed, interrupted, passed};

/// Returns a log directory with a journal and its report.
fn log_dir(journal: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("events.jsonl"), journal).expect("a journal");
    let record = passed().record();
    let report = render_report(&record, RunState::Finished);
    fs::write(folder.path().join("test-report.json"), report).expect("a report");
    folder
}

fn find(name: impl AsRef<OsStr>, log_dir: &Path) -> Result<PastRun, FindRunError> {
    find_run(Some(name.as_ref()), log_dir)
}

#[test]
fn a_run_is_found_by_each_of_its_names() {
    let folder = log_dir(&passed().render());
    let (logs, elsewhere) = (folder.path(), Path::new("elsewhere"));
    let journal = logs.join("events.jsonl");
    let found = [
        find_run(None, logs),
        find("20231012T150345-7q2m", logs),
        find(logs, elsewhere),
        find(&journal, elsewhere),
        find(logs.join("test-report.json"), elsewhere),
    ];
    for run in found {
        let run = run.unwrap();
        assert_eq!(run.journal, journal);
        assert_eq!(run.record.tasks.len(), 4);
        assert_eq!((run.state, run.torn), (RunState::Finished, None));
    }
}

#[test]
fn a_run_without_a_proper_end_is_interrupted() {
    let folder = log_dir(&interrupted().render());
    let run = find_run(None, folder.path()).unwrap();
    assert_eq!((run.state, run.torn), (RunState::Interrupted, None));

    let (sample, bytes) = crashed();
    let folder = log_dir(&bytes);
    let run = find_run(None, folder.path()).unwrap();
    assert_eq!(run.state, RunState::Interrupted);
    let last_line = sample.events.len() as u64 + 1;
    assert_eq!(run.torn.map(|torn| torn.line), Some(last_line));
}

#[test]
fn what_is_not_found_is_said_with_its_place() {
    let folder = log_dir(&passed().render());
    let logs = folder.path();
    let journal = logs.join("events.jsonl");
    let message = |result: Result<PastRun, FindRunError>| result.unwrap_err().to_string();
    assert_eq!(
        message(find("20240101T000000-aaaa", logs)),
        format!(
            "find the run `20240101T000000-aaaa`: there is no such path, and the journal `{}` is of the run `20231012T150345-7q2m`",
            journal.display()
        )
    );
    assert_eq!(
        message(find("x", Path::new("elsewhere"))),
        "find the run `x`: there is no such path, and there is no journal `elsewhere/events.jsonl`"
    );
    assert_eq!(
        message(find_run(None, Path::new("elsewhere"))),
        "find a run: there is no journal `elsewhere/events.jsonl`"
    );
    fs::write(&journal, "").unwrap();
    assert_eq!(
        message(find_run(None, logs)),
        format!("read the journal `{}`: it is empty", journal.display())
    );
}

#[test]
fn a_report_is_not_taken_for_the_run_of_another_journal() {
    let mut later = passed();
    later.header.run_id = "20231012T160000-b2b2".into();
    let folder = log_dir(&later.render());
    let report = folder.path().join("test-report.json");
    let error = find(&report, folder.path()).unwrap_err();
    assert!(
        matches!(&error, FindRunError::NotBesideReport { .. }),
        "{error}"
    );
    fs::write(&report, "[]").unwrap();
    let error = find(&report, folder.path()).unwrap_err();
    assert!(
        matches!(&error, FindRunError::UnreadableReport { .. }),
        "{error}"
    );
}
