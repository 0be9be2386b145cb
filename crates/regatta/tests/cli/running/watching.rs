//! `regatta watch`: what a saved file touches runs again.

use std::os::unix::fs::symlink;

use rustix::process::Signal;

use crate::support::{Place, wait_until};

/// Each suite tells in a file how often it ran. Results are not reused: they would leave no trace there.
const SUITES: &str = r#"
[run]
log_dir = "logs"
[suites.api]
command = "echo ran >> runs/api"
inputs = ["api/**"]
cache = "off"
[suites.web]
command = "echo ran >> runs/web"
inputs = ["web/**"]
cache = "off"
"#;

fn place(configuration: &str) -> Place {
    let place = Place::new(configuration);
    place.write(".gitignore", "/logs\n/runs\n");
    for file in ["api/a", "web/b", "runs/made"] {
        place.write(file, "one\n");
    }
    place
}

fn runs(place: &Place, suite: &str) -> usize {
    let path = format!("runs/{suite}");
    if place.has(&path) {
        place.read(&path).lines().count()
    } else {
        0
    }
}

/// Waits until no run goes on: its report is there and says so.
fn wait_for_end(place: &Place, suite: &str, count: usize) {
    wait_until("the suite runs", || runs(place, suite) >= count);
    wait_until("the run ends", || {
        let report = place.read("logs/test-report.json");
        report.contains("\"state\": \"finished\"") && !is_locked(place)
    });
}

/// Whether a process holds the log folder.
fn is_locked(place: &Place) -> bool {
    let lock = std::fs::File::open(place.path("logs/.lock")).expect("a lock");
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_err()
}

#[test]
fn a_saved_file_runs_what_it_touches_and_nothing_else() {
    let place = place(SUITES);
    let watch = place.regatta(&["watch"]).start();
    wait_for_end(&place, "api", 1);
    wait_for_end(&place, "web", 1);
    place.write("api/new/file", "");
    wait_for_end(&place, "api", 2);
    place.write("web/b", "two\n");
    wait_for_end(&place, "web", 2);
    assert_eq!(runs(&place, "api"), 2);
    watch.signal(Signal::TERM);
    let told = watch.finish();
    assert!(told.starts_with("signal 15\n"), "{told}");
    assert!(told.contains("\napi/new/file changed: api\n"), "{told}");
    assert!(told.contains("\nweb/b changed: web\n"), "{told}");
    assert!(
        told.contains("\nWaiting for changes. Ctrl-C quits.\n"),
        "{told}"
    );
}

#[test]
fn a_run_that_is_out_of_date_is_ended_and_begins_anew() {
    let patient = SUITES.replace(
        "echo ran >> runs/api",
        "echo ran >> runs/api; test -e runs/go || sleep 600; echo end >> runs/ends",
    );
    let place = place(&patient);
    let watch = place.regatta(&["watch", "--suites", "api"]).start();
    wait_until("it runs", || runs(&place, "api") == 1);
    place.write("runs/go", "");
    place.write("api/a", "two\n");
    wait_for_end(&place, "ends", 1);
    assert_eq!(runs(&place, "api"), 2);
    watch.signal(Signal::INT);
    assert!(watch.finish().starts_with("signal 2\n"));
}

#[test]
fn a_broken_configuration_is_waited_for() {
    let place = place(SUITES);
    let watch = place.regatta(&["watch"]).start();
    wait_for_end(&place, "api", 1);
    wait_for_end(&place, "web", 1);
    place.write("regatta.toml", "[suites.api\n");
    // The file in `web` is told together with what mends the configuration, or before.
    place.write("web/b", "two\n");
    place.write(
        "regatta.toml",
        &format!("{SUITES}\n[suites.new]\ncommand = 'echo ran >> runs/new'\n"),
    );
    wait_for_end(&place, "new", 1);
    assert!(runs(&place, "api") >= 2);
    watch.signal(Signal::TERM);
    let told = watch.finish();
    assert!(told.contains("\nregatta.toml changed\n"), "{told}");
}

#[test]
fn a_suite_that_writes_its_own_input_is_not_run_for_ever() {
    let selfish = SUITES.replace(
        "echo ran >> runs/api",
        "echo ran >> runs/api; date +%N >> api/a",
    );
    let place = place(&selfish);
    let output = std::fs::File::create(place.path("runs/out")).expect("a file");
    let watch = place.regatta(&["watch"]).start_into(output);
    // The first run, and one for each time that it was taken for news.
    wait_for_end(&place, "api", 5);
    // Its user may have saved it after all, so the last words are no green.
    let passed_over = "\nNot run again since api/a changed: a suite may have written that.\n";
    wait_until("it is told", || {
        place.read("runs/out").contains(passed_over)
    });
    let count = runs(&place, "web");
    place.write("web/b", "two\n");
    wait_for_end(&place, "web", count + 1);
    assert_eq!(runs(&place, "api"), 5);
    watch.signal(Signal::TERM);
    let told = watch.finish();
    assert!(
        told.contains("`api/a` changes whenever api runs, so it is passed over"),
        "{told}"
    );
}

#[test]
fn what_changes_behind_a_link_runs_who_reads_it() {
    let place = place(SUITES);
    let outside = tempfile::tempdir().expect("a folder");
    std::fs::write(outside.path().join("x"), "one").expect("a file");
    symlink(outside.path(), place.path("api/data")).expect("a link");
    let watch = place.regatta(&["watch"]).start();
    wait_for_end(&place, "api", 1);
    wait_for_end(&place, "web", 1);
    std::fs::write(outside.path().join("x"), "two").expect("a file");
    wait_for_end(&place, "api", 2);
    assert_eq!(runs(&place, "web"), 1);
    watch.signal(Signal::TERM);
    let told = watch.finish();
    assert!(told.contains("\napi/data/x changed: api\n"), "{told}");
}

#[test]
fn a_configuration_that_is_a_link_is_read_again_when_its_file_changes() {
    let place = place(SUITES);
    place.write("elsewhere/regatta.toml", SUITES);
    std::fs::remove_file(place.path("regatta.toml")).expect("a file");
    symlink("elsewhere/regatta.toml", place.path("regatta.toml")).expect("a link");
    let watch = place.regatta(&["watch"]).start();
    wait_for_end(&place, "api", 1);
    wait_for_end(&place, "web", 1);
    let more = format!("{SUITES}\n[suites.new]\ncommand = 'echo ran >> runs/new'\n");
    place.write("elsewhere/regatta.toml", &more);
    wait_for_end(&place, "new", 1);
    watch.signal(Signal::TERM);
    assert!(watch.finish().contains("\nregatta.toml changed\n"));
}

#[test]
fn a_configuration_that_changed_while_changes_were_missed_is_read_again() {
    let place = place(SUITES);
    let watch = place.regatta(&["watch"]).start();
    wait_for_end(&place, "api", 1);
    wait_for_end(&place, "web", 1);
    // More than the system keeps for one who does not listen.
    let limit = std::fs::read_to_string("/proc/sys/fs/inotify/max_queued_events");
    let limit: usize = limit.expect("a limit").trim().parse().expect("a number");
    watch.signal(Signal::STOP);
    for number in 0..=limit {
        let link = place.path(&format!("web/{number}"));
        symlink("b", &link).expect("a link");
        std::fs::remove_file(link).expect("the link");
    }
    let more = format!("{SUITES}\n[suites.new]\ncommand = 'echo ran >> runs/new'\n");
    place.write("regatta.toml", &more);
    watch.signal(Signal::CONT);
    wait_for_end(&place, "new", 1);
    wait_for_end(&place, "api", 2);
    watch.signal(Signal::TERM);
    let told = watch.finish();
    let title = "more changed than the system tells of: everything runs\n";
    assert!(told.contains(title), "{told}");
}

#[test]
fn a_run_ends_with_a_watch_that_was_killed() {
    let stubborn = r#"
    [run]
    log_dir = "logs"
    grace_period = "100ms"
    [suites.stubborn]
    command = "trap '' TERM; echo ran >> runs/stubborn; sleep 600 & while :; do wait; sleep 1; done"
    [suites.daemon]
    command = "setsid sleep 600 & echo ran >> runs/daemon; sleep 600"
    "#;
    let place = place(stubborn);
    let output = std::fs::File::create(place.path("runs/out")).expect("a file");
    let watch = place.regatta(&["watch"]).start_into(output);
    wait_until("both run", || {
        runs(&place, "stubborn") == 1 && runs(&place, "daemon") == 1
    });
    watch.signal(Signal::KILL);
    wait_until("the run ends as well", || !is_locked(&place));
    let told = watch.finish();
    assert!(told.starts_with("signal 9"), "{told}");
    let report = place.read("logs/test-report.json");
    assert!(report.contains("\"state\": \"interrupted\""), "{report}");
}

#[test]
fn a_pause_does_not_save_a_run_from_the_end_of_its_watch() {
    let patient = SUITES.replace("echo ran >> runs/api", "echo ran >> runs/api; sleep 600");
    let place = place(&patient);
    let watch = place.regatta(&["watch", "--suites", "api"]).start();
    wait_until("it runs", || runs(&place, "api") == 1);
    watch.signal(Signal::TSTP);
    wait_until("the watch pauses", || state(watch.pid()) == 'T');
    watch.signal(Signal::KILL);
    wait_until("the run ends as well", || !is_locked(&place));
    let told = watch.finish();
    assert!(told.starts_with("signal 9"), "{told}");
}

/// Returns the letter for what a process does.
fn state(pid: rustix::process::Pid) -> char {
    let path = format!("/proc/{}/stat", pid.as_raw_nonzero());
    let line = std::fs::read_to_string(path).expect("it is not reaped yet");
    let (_, rest) = line.rsplit_once(") ").expect("a line of the kernel's");
    rest.chars().next().expect("a state")
}

#[test]
fn what_cannot_be_watched_is_refused_at_once() {
    let place = Place::new("[suites.a]\ncomand = 'true'\n");
    let told = place.regatta(&["watch"]).run_unchecked();
    assert!(told.starts_with("exit 2\n"), "{told}");
    assert!(told.contains("did you mean `command`?"), "{told}");
}
