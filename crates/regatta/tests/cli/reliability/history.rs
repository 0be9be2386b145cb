//! What becomes of the history, and of runs with a broken one: promise 9, R4 and R7.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::thread;

use rusqlite::Connection;
use rustix::process::{Signal, kill_process};

use super::{as_plain_user, family, regatta};
use crate::support::{Place, wait_until};

const DATABASE: &str = ".regatta/history.db";

/// Suites of which one fails, so that an exit code that comes of anything else shows.
const MIXED: &str = "[suites.good]\ncommand = 'true'\n[suites.bad]\ncommand = 'exit 3'\n";

fn run(place: &Place) -> String {
    place.regatta(&["--progress", "none"]).run()
}

fn connect(place: &Place) -> Connection {
    Connection::open(place.path(DATABASE)).expect("a database")
}

#[track_caller]
fn count_runs(place: &Place) -> i64 {
    let connection = connect(place);
    let ask = |sql: &str| connection.query_row(sql, [], |row| row.get(0));
    ask("SELECT count(*) FROM run").expect("a table of runs")
}

#[track_caller]
fn check_integrity(place: &Place) {
    let connection = connect(place);
    let ask = |row: &rusqlite::Row<'_>| row.get(0);
    let found: String = connection
        .query_row("PRAGMA integrity_check", [], ask)
        .expect("an answer");
    assert_eq!(found, "ok");
}

/// Checks that a run failed because of its suite, and returns what it warned of.
#[track_caller]
fn warnings(output: &str) -> Vec<String> {
    assert!(output.starts_with("exit 1\n"), "{output}");
    let lines = output.lines().filter(|it| it.starts_with("warning: "));
    lines.map(str::to_owned).collect()
}

#[test]
fn a_run_leaves_its_figures_and_its_journal_and_hides_nothing_else() {
    let place = Place::new(MIXED);
    assert_eq!(warnings(&run(&place)), [""; 0]);
    assert_eq!(warnings(&run(&place)), [""; 0]);
    assert_eq!(count_runs(&place), 2);
    check_integrity(&place);
    assert_eq!(place.read(".regatta/.gitignore"), "*\n");
    let id = place.report()["run_id"].as_str().expect("an id").to_owned();
    let kept = place.read(&format!(".regatta/runs/{id}.jsonl"));
    assert_eq!(kept, place.read("test-logs/events.jsonl"));
    assert_eq!(place.names(".regatta/runs").len(), 2);
    // The second run knew of the first, and says so in its journal.
    assert!(kept.contains("\"past\":[{"), "{kept}");
}

#[test]
fn r4_a_history_that_is_garbage_is_put_aside_and_made_anew() {
    let place = Place::new(MIXED);
    run(&place);
    for suffix in ["-wal", "-shm"] {
        fs::remove_file(place.path(&format!("{DATABASE}{suffix}"))).expect("the log of SQLite");
    }
    place.write(DATABASE, &"garbage ".repeat(2000));
    assert_eq!(
        place.regatta(&["flaky"]).run(),
        "exit 3\n--- stderr ---\nerror: failed to read the history `[PLACE]/.regatta/history.db`: it is damaged (file \
         is not a database); the next run puts it aside and makes a new one\n"
    );
    assert_eq!(
        warnings(&run(&place)),
        [
            "warning: the history `[PLACE]/.regatta/history.db` was damaged (file is not a database); it is kept as \
             `[PLACE]/.regatta/history.damaged-1.db`, and a new one was made from 1 kept runs"
        ]
    );
    assert!(
        place
            .read(".regatta/history.damaged-1.db")
            .starts_with("garbage")
    );
    assert_eq!(count_runs(&place), 2);
    check_integrity(&place);
    assert_eq!(warnings(&run(&place)), [""; 0]);
}

#[test]
fn r4_a_history_that_is_torn_is_put_aside_and_made_anew() {
    let place = Place::new(MIXED);
    run(&place);
    connect(&place)
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .expect("one file");
    let mut bytes = fs::read(place.path(DATABASE)).expect("a database");
    bytes[4096..].fill(0x5a);
    fs::write(place.path(DATABASE), bytes).expect("a torn database");
    let warnings = warnings(&run(&place));
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("was damaged"), "{warnings:?}");
    assert!(place.has(".regatta/history.damaged-1.db"));
    assert_eq!(count_runs(&place), 2);
    check_integrity(&place);
}

#[test]
fn r4_a_history_that_is_empty_is_begun() {
    let place = Place::new(MIXED);
    place.write(DATABASE, "");
    assert_eq!(warnings(&run(&place)), [""; 0]);
    assert_eq!(count_runs(&place), 1);
}

#[test]
fn r4_a_history_of_an_older_schema_is_brought_up_to_date() {
    let place = Place::new(MIXED);
    run(&place);
    let connection = connect(&place);
    let added = "cache_key method user_us processes read_bytes written_bytes";
    for column in added.split(' ') {
        let drop = format!("ALTER TABLE attempt DROP COLUMN {column}");
        connection.execute_batch(&drop).expect("the schema before");
    }
    let old = "DROP TABLE case_word; PRAGMA user_version = 1;";
    connection.execute_batch(old).expect("the version before");
    drop(connection);
    assert_eq!(warnings(&run(&place)), [""; 0]);
    assert_eq!(count_runs(&place), 2);
    let version = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
    let version = connect(&place).query_row("PRAGMA user_version", [], version);
    assert!(version.expect("a version") > 1);
}

#[test]
fn r4_a_history_of_a_newer_program_stays_as_it_is() {
    let place = Place::new(MIXED);
    run(&place);
    let connection = connect(&place);
    let newer = "PRAGMA user_version = 77; PRAGMA wal_checkpoint(TRUNCATE);";
    connection.execute_batch(newer).expect("a newer schema");
    drop(connection);
    let before = fs::read(place.path(DATABASE)).expect("a database");
    let warnings = warnings(&run(&place));
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("it has version 77"), "{warnings:?}");
    assert_eq!(fs::read(place.path(DATABASE)).expect("a database"), before);
    assert_eq!(count_runs(&place), 1);
    assert_eq!(place.names(".regatta/runs").len(), 1);
}

#[test]
fn r4_a_history_that_is_locked_costs_a_moment_and_a_warning() {
    let place = Place::new(MIXED);
    run(&place);
    let connection = connect(&place);
    connection
        .execute_batch("BEGIN IMMEDIATE")
        .expect("the lock");
    assert_eq!(
        warnings(&run(&place)),
        [
            "warning: this run is not in the history: failed to use the history `[PLACE]/.regatta/history.db`: another \
             process has locked it"
        ]
    );
    connection.execute_batch("ROLLBACK").expect("no lock");
    drop(connection);
    assert_eq!(warnings(&run(&place)), [""; 0]);
    assert_eq!(count_runs(&place), 2);
}

#[test]
fn r4_a_history_that_cannot_be_written_costs_a_warning() {
    let place = Place::new(MIXED);
    run(&place);
    fs::remove_dir_all(place.path("test-logs")).expect("ours");
    let modes = [
        (".regatta", 0o555),
        (".regatta/runs", 0o555),
        (DATABASE, 0o444),
    ];
    for (name, mode) in modes {
        fs::set_permissions(place.path(name), Permissions::from_mode(mode)).expect("our file");
    }
    let mut command = as_plain_user(&place, "regatta");
    let output = command
        .args(["--progress", "none"])
        .output()
        .expect("an end");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert_eq!(told.matches("warning: ").count(), 1, "{told}");
    assert!(told.contains("this run is not in the history"), "{told}");
    fs::set_permissions(place.path(".regatta"), Permissions::from_mode(0o755)).expect("ours");
    assert_eq!(count_runs(&place), 1);
}

#[test]
fn promise_9_a_project_that_cannot_have_a_history_is_run_all_the_same() {
    let place = Place::new(MIXED);
    place.write(".regatta", "a file");
    let warnings = warnings(&run(&place));
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].contains("this run is not in the history"),
        "{warnings:?}"
    );
    assert_eq!(place.read(".regatta"), "a file");
}

#[test]
fn promise_9_a_run_whose_runner_was_killed_is_recorded_by_its_guardian() {
    let place = Place::new("[suites.a]\ncommand = 'touch started; sleep 60'\n");
    let running = place.regatta(&["--progress", "none"]).start();
    // Before that is on record, nobody knows that the suite ran.
    wait_until("its start is on record", || {
        place.has("started")
            && place
                .read("test-logs/events.jsonl")
                .contains("attempt_started")
    });
    let runner = family(running.pid(), regatta())[1];
    let runner = rustix::process::Pid::from_raw(runner).expect("a process");
    kill_process(runner, Signal::KILL).expect("our runner");
    let output = running.finish();
    assert!(output.starts_with("exit 3\n"), "{output}");
    assert_eq!(count_runs(&place), 1);
    // What the runner lost is no failure of the suite.
    let history = place.regatta(&["history", "a"]).run();
    assert!(history.contains("a: last: lost by the runner"), "{history}");
}

#[test]
fn r7_twenty_processes_with_a_hundred_runs_each_share_one_history() {
    const PROCESSES: usize = 20;
    const RUNS: usize = 100;
    let place = Place::new("[suites.a]\ncommand = ['true']\n");
    // A shell that starts one after the other costs less than twenty threads of this test would.
    let script = format!(
        "i=0; while [ $i -lt {RUNS} ]; do \"$0\" --progress none --log-dir \"$1\" || exit 1; i=$((i+1)); done"
    );
    let errors = File::create(place.path("errors")).expect("a file");
    let children: Vec<_> = (0..PROCESSES)
        .map(|number| {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", &script]).arg(regatta());
            command.arg(format!("logs-{number}"));
            command
                .current_dir(place.root())
                .env("TMPDIR", place.temporary());
            command.stdin(Stdio::null()).stdout(Stdio::null());
            command.stderr(errors.try_clone().expect("the same file"));
            command.spawn().expect("a shell")
        })
        .collect();
    thread::scope(|scope| {
        for mut child in children {
            scope.spawn(move || assert!(child.wait().expect("an end").success()));
        }
    });
    assert_eq!(place.read("errors"), "");
    check_integrity(&place);
    assert_eq!(count_runs(&place), 2_000);
    place.check_nothing_is_left();
}
