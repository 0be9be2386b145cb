//! One operation of the runner fails, whichever it is: nothing is lost without a word, and nothing turns green.
//!
//! Each test makes the first operation of its kind fail, then the second, and goes on until a run has none left to fail.

use std::fs;

use regatta::report::journal::read_journal;
use regatta_core::event::Event;
use serde_json::Value;

use super::support::Place;

/// Suites that pass: at once, at the second attempt, and after another one.
const GREEN: &str = "
[suites.pass]
command = 'echo ran >> ran; echo pass'
[suites.retry]
command = 'echo retry; test -e once || { touch once; exit 1; }'
retries = 1
[suites.after]
command = 'echo after; echo x > $TEST_TMPDIR/x; echo x > $TEST_UNDECLARED_OUTPUTS_DIR/x'
depends_on = ['pass']
";

/// A suite that does not.
const RED: &str = "
[suites.red]
command = 'echo red; exit 1'
";

/// More operations of a kind than any of these runs has.
const LIMIT: u32 = 200;

/// A run whose suites do the same every time, and all there is to know of it.
struct Sweep {
    place: Place,
    /// What the suites deserve.
    exit_code: i32,
    /// Name and content of what an earlier run left in the log directory.
    before: Vec<(String, String)>,
    /// What the report says of the suites when nothing fails.
    outcomes: String,
}

impl Sweep {
    /// Suites that all pass, where a green run has been before.
    fn green() -> Self {
        let mut sweep = Self::new(Place::new(GREEN), 0);
        let names = sweep.place.names("test-logs");
        let files = names
            .iter()
            .map(|it| format!("test-logs/{it}"))
            .filter(|it| sweep.place.path(it).is_file());
        sweep.before = files
            .map(|it| (it.clone(), sweep.place.read(&it)))
            .collect();
        assert!(sweep.before("test-report.json").is_some());
        sweep
    }

    /// The same beside one that fails, where nothing has been before.
    fn red() -> Self {
        Self::new(Place::new(&format!("{GREEN}{RED}")), 1)
    }

    fn new(place: Place, exit_code: i32) -> Self {
        let output = place.regatta(&["--progress", "none"]).run();
        assert!(
            output.starts_with(&format!("exit {exit_code}\n")),
            "{output}"
        );
        Self {
            outcomes: place.outcomes(),
            place,
            exit_code,
            before: Vec::new(),
        }
    }

    fn before(&self, name: &str) -> Option<&str> {
        let wanted = format!("test-logs/{name}");
        let mut before = self.before.iter();
        let (_, content) = before.find(|(it, _)| *it == wanted)?;
        Some(content)
    }

    /// Returns what the log directory holds under this name, if it does.
    fn now(&self, name: &str) -> Option<String> {
        let name = format!("test-logs/{name}");
        self.place.has(&name).then(|| self.place.read(&name))
    }

    /// Runs with every operation of a kind failing in turn, and checks what holds whichever it is.
    fn each(&self, operation: &str, error: &str, price: Price) {
        for number in 1..LIMIT {
            self.clear();
            let fault = format!("{operation}:{number}:{error}");
            let output = self
                .place
                .regatta(&["--progress", "none"])
                .variable("REGATTA_FAULT", &fault)
                .run_unchecked();
            let context = format!("REGATTA_FAULT={fault}\n{output}");
            let first = output.lines().next().unwrap_or_default();
            let code = first.strip_prefix("exit ").and_then(|it| it.parse().ok());
            let code: i32 = code.unwrap_or_else(|| panic!("{context}"));
            let has_struck = output.contains("injected fault: ");
            if !has_struck || price == Price::Nothing {
                assert_eq!(code, self.exit_code, "{context}");
                assert_eq!(self.place.outcomes(), self.outcomes, "{context}");
            }
            self.check(code, &context);
            if !has_struck {
                assert!(number > 1, "nothing could fail: {context}");
                return;
            }
        }
        panic!("it goes on for ever");
    }

    fn clear(&self) {
        for name in ["test-logs", "once", "ran"] {
            let path = self.place.path(name);
            let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
        }
        for (name, content) in &self.before {
            self.place.write(name, content);
        }
    }

    /// What a refused operation may never lead to.
    fn check(&self, code: i32, context: &str) {
        assert!(
            code == self.exit_code || code == 3,
            "this is neither the suites' verdict nor trouble: {context}"
        );
        self.place.check_nothing_is_left();
        let is_explained = ["error: ", "warning: ", "lost by the runner"]
            .iter()
            .any(|it| context.contains(it));
        assert!(code != 3 || is_explained, "nobody says why: {context}");
        let report = self.now("test-report.json");
        if let Some(old) = self.before("test-report.json")
            && report.as_deref() == Some(old)
        {
            self.check_untouched(code, context);
            return;
        }
        self.check_report(code, context);
        self.check_journal(code, context);
        self.check_logs(code, context);
        if let Some(text) = self.now(".gitignore") {
            assert_eq!(text, "*\n", "{context}");
        }
    }

    /// A run that was refused before it began leaves the one before it alone.
    fn check_untouched(&self, code: i32, context: &str) {
        assert_eq!(code, 3, "{context}");
        assert!(context.contains("error: "), "{context}");
        assert!(!self.place.has("ran"), "a suite ran: {context}");
        let was_its_turn = context.contains("cannot write the report");
        assert!(!was_its_turn, "the old report is still there: {context}");
        let journal = self.now("events.jsonl");
        assert_eq!(journal.as_deref(), self.before("events.jsonl"), "{context}");
    }

    fn check_report(&self, code: i32, context: &str) {
        let is_lost = context.contains("cannot write the report");
        if self.now("test-report.json").is_none() {
            assert!(code != 0, "the report is missing: {context}");
            let is_refused = context.contains("error: ") && !self.place.has("ran");
            assert!(is_lost || is_refused, "{context}");
            return;
        }
        self.place.check_report();
        let report = self.place.report();
        let suites = report["suites"].as_array().expect("suites");
        let all_passed = suites.iter().all(|it| it["status"] == "passed");
        if report["exit_code"] == 0 || code == 0 {
            assert!(all_passed, "green by accident: {context}\n{report:#}");
        }
        if code == 0 {
            assert_eq!(report["exit_code"], 0, "{context}");
        }
        if report["state"] == "running" {
            assert!(is_lost && code != 0, "it does not run any more: {context}");
        }
        if !is_lost && report["exit_code"] != Value::Null {
            assert_eq!(report["exit_code"], code, "{context}");
        }
    }

    fn check_journal(&self, code: i32, context: &str) {
        let is_blamed = context.contains("cannot write the journal");
        let path = self.place.path("test-logs/events.jsonl");
        if self.now("events.jsonl").as_deref() == self.before("events.jsonl") {
            assert!(code == 3 && !self.place.has("ran"), "{context}");
            return;
        }
        let whole = match read_journal(&path) {
            Ok(journal) => {
                let lines = self.place.read("test-logs/events.jsonl").lines().count();
                let is_at_end = |line: u64| line == lines as u64;
                assert!(
                    journal.torn.as_ref().is_none_or(|it| is_at_end(it.line)),
                    "torn in the middle: {context}"
                );
                let last = journal.events.last();
                journal.torn.is_none() && matches!(last, Some((_, Event::RunFinished { .. })))
            }
            Err(_) => false,
        };
        let is_refused = context.contains("error: ") && !self.place.has("ran");
        assert!(whole || is_blamed || is_refused, "{context}");
        assert!(whole || code != 0, "the journal is lost: {context}");
    }

    fn check_logs(&self, code: i32, context: &str) {
        let is_blamed = [
            "error: ",
            "a log could not be written",
            "lost by the runner",
            "the disk is full",
        ]
        .iter()
        .any(|it| context.contains(it));
        let logs = [
            ("pass.log", "pass\n"),
            ("after.log", "after\n"),
            ("after.outputs/x", "x\n"),
            ("retry.attempt-1.log", "retry\n"),
            ("retry.log", "retry\n"),
            ("red.log", "red\n"),
        ];
        for (log, text) in logs {
            let is_expected = log != "red.log" || self.exit_code == 1;
            let is_whole = self.now(log).is_some_and(|it| it == text);
            if is_expected && !is_whole {
                assert!(is_blamed && code != 0, "{log} is lost: {context}");
            }
        }
    }
}

/// What a failure may cost.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Price {
    /// Whatever somebody is told of.
    Told,
    /// Nothing at all.
    Nothing,
}

/// Fails each operation of a kind in turn, with each of the errors.
fn sweep(operation: &str, errors: &[&str], price: Price) {
    for sweep in [Sweep::green(), Sweep::red()] {
        for error in errors {
            sweep.each(operation, error, price);
        }
    }
}

#[test]
fn a_write_that_fails_is_made_good_or_told() {
    sweep("write", &["ENOSPC", "EDQUOT", "EIO"], Price::Told);
}

#[test]
fn an_open_that_fails_is_made_good_or_told() {
    sweep("open", &["EMFILE", "ENOSPC", "EACCES"], Price::Told);
}

#[test]
fn a_rename_that_fails_is_made_good_or_told() {
    sweep("rename", &["EIO", "ENOSPC"], Price::Told);
}

#[test]
fn an_fsync_that_fails_is_made_good_or_told() {
    sweep("fsync", &["EIO", "ENOSPC"], Price::Told);
}

#[test]
fn a_fork_that_fails_once_is_not_noticed() {
    sweep("fork", &["EAGAIN", "ENOMEM"], Price::Nothing);
}

#[test]
fn a_fault_that_nobody_can_follow_is_refused() {
    let place = Place::new("[suites.a]\ncommand = 'touch ran'\n");
    let refused = |fault: &str| place.regatta(&[]).variable("REGATTA_FAULT", fault).run();
    insta::assert_snapshot!(refused("write:0:EIO"), @"
    exit 2
    --- stderr ---
    error: REGATTA_FAULT: k counts from 1 in the fault `write:0:EIO`
    ");
    insta::assert_snapshot!(refused("write:1:EWHAT"), @"
    exit 2
    --- stderr ---
    error: REGATTA_FAULT: `EWHAT` is no errno of a fault; choose one of EACCES, EAGAIN, EDQUOT, EIO, EMFILE, ENFILE, ENOMEM, ENOSPC, EROFS
    ");
    insta::assert_snapshot!(refused("write"), @"
    exit 2
    --- stderr ---
    error: REGATTA_FAULT: `write` is no fault; write operation:k:errno, such as write:3:ENOSPC
    ");
    assert!(!place.has("ran"));
}

#[test]
fn a_fault_is_not_passed_on_to_suites() {
    let place = Place::new("[suites.a]\ncommand = 'env'\n");
    let run = place.regatta(&["--progress", "none"]);
    run.variable("REGATTA_FAULT", "fork:9:EAGAIN").run();
    let environment = place.read("test-logs/a.log");
    assert!(environment.contains("REGATTA_RUN_ID="), "{environment}");
    assert!(!environment.contains("REGATTA_FAULT"), "{environment}");
}
