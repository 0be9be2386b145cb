//! The disk with the logs is full: verdicts stay right, and journal and report come before logs.

use std::fmt::Write as _;

use regatta::report::journal::read_journal;
use regatta_core::event::Event;
use serde_json::Value;

use super::support::Place;

const WORDS: [&str; 4] = ["--log-dir", "disk", "--progress", "none"];

/// Prints nine megabytes.
const FLOOD: &str = "
[suites.flood]
command = 'head -c 9000000 /dev/zero | tr \"\\0\" x && touch flooded'
";

/// Returns a place with these suites and, after the one that floods, as many others with this command.
fn place(suites: &str, others: usize, command: &str) -> Place {
    let mut text = suites.to_owned();
    for number in 0..others {
        write!(
            text,
            "[suites.s{number}]\ncommand = '{command}'\ndepends_on = ['flood']\n"
        )
        .expect("a String takes all");
    }
    Place::new(&text)
}

/// Checks that journal and report are whole, and returns the report.
#[track_caller]
fn whole_report(place: &Place, exit_code: u8) -> Value {
    let journal = read_journal(&place.path("kept/events.jsonl")).expect("a journal");
    assert_eq!(journal.torn, None);
    let last = journal.events.last().expect("events");
    let Event::RunFinished {
        exit_code: told, ..
    } = last.1
    else {
        panic!("the journal has no end: {last:?}");
    };
    assert_eq!(told, exit_code);
    let report: Value = serde_json::from_str(&place.read("kept/test-report.json")).expect("JSON");
    assert_eq!(report["state"], "finished");
    assert_eq!(report["exit_code"], exit_code);
    report
}

#[test]
fn l6_a_flood_costs_its_own_log_and_no_other() {
    let place = place(FLOOD, 20, "echo a line; echo another line");
    let output = place.regatta(&WORDS).on_disk_of(1024).run();
    assert!(output.starts_with("exit 3\n"), "{output}");
    assert!(place.has("flooded"));
    assert_eq!(whole_report(&place, 3)["summary"]["passed"], 21);
    for number in 0..20 {
        let log = place.read(&format!("kept/s{number}.log"));
        assert_eq!(log, "a line\nanother line\n", "{number}");
    }
    let told = "warning: a log could not be written whole: flood: write log file: No space left on device (os error 28)\n";
    assert!(output.contains(told), "{output}");
    assert_eq!(output.matches("warning: ").count(), 2, "{output}");
}

#[test]
fn l6_logs_are_cut_back_to_make_room() {
    let suites =
        format!("{FLOOD}depends_on = ['count']\n[suites.count]\ncommand = 'seq 1 100000'\n");
    let place = place(&suites, 60, "echo a line; echo another line");
    let output = place.regatta(&WORDS).on_disk_of(1024).run();
    assert!(output.starts_with("exit 3\n"), "{output}");
    assert_eq!(whole_report(&place, 3)["summary"]["passed"], 62);
    let log = place.read("kept/count.log");
    let (head, rest) = log
        .split_once("\n[... ")
        .unwrap_or_else(|| panic!("{output}"));
    let (removed, tail) = rest
        .split_once(" bytes removed to make room on the disk ...]\n")
        .expect("its end");
    assert!(
        head.starts_with("1\n2\n3\n") && tail.ends_with("\n99999\n100000\n"),
        "{log}"
    );
    let removed: usize = removed.parse().expect("a number");
    // What `seq` prints in all.
    assert_eq!(head.len() + removed + tail.len(), 588_895);
    let told = format!(
        "warning: the disk is full: {removed} bytes of `count.log` gave way to the journal or the report\n"
    );
    assert!(output.contains(&told), "{output}");
}

#[test]
fn l6_where_suites_print_nothing_a_full_disk_costs_nothing() {
    let fill = "[suites.flood]\ncommand = 'cat /dev/zero 2>/dev/null > disk/ballast; true'\n";
    let place = place(fill, 40, "true");
    let output = place.regatta(&WORDS).on_disk_of(1024).run();
    assert!(output.starts_with("exit 0\n"), "{output}");
    // Nobody asked for the page.
    let (_, told) = output.split_once("--- stderr ---\n").unwrap_or_default();
    let told: Vec<&str> = told.lines().collect();
    assert!(
        told.iter().all(|it| it.is_empty()
            || it.starts_with("warning: the disk is full: there is no `")
                && it.ends_with("/report.html`")),
        "{output}"
    );
    assert_eq!(whole_report(&place, 0)["summary"]["passed"], 41);
}

#[test]
fn l6_where_nothing_helps_stderr_says_so() {
    // The stub fits, and the journal's first line beside it does not.
    let place = place(
        "[suites.flood]\ncommand = 'true'\n",
        300,
        "touch $REGATTA_SUITE.ran",
    );
    let output = place.regatta(&WORDS).on_disk_of(232).run();
    assert!(output.starts_with("exit 3\n"), "{output}");
    assert!(
        output.contains("warning: the journal could not be written: No space left on device"),
        "{output}"
    );
}
