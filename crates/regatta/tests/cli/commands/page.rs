//! The HTML page of a run: where it goes, when it is written, and how it is made again.

use insta::assert_snapshot;
use rustix::process::{Signal, kill_process};

use crate::support::{Place, wait_until};

const MIXED: &str = "[suites.good]\ncommand = 'echo fine'\n\
     [suites.bad]\ncommand = 'echo; echo \"error: no <table>\"; exit 3'\n";

#[test]
fn a_run_leaves_a_page_beside_its_logs_and_wherever_it_is_wanted() {
    let place = Place::new(MIXED);
    place.write("out/old.html", "yesterday");
    let run = place.regatta(&[
        "--report",
        "html=out/old.html",
        "--report",
        "json=out/a.json",
    ]);
    assert!(run.run().starts_with("exit 1\n"));
    let beside = place.read("test-logs/report.html");
    assert!(beside.contains("1 of 2 suites failed"), "{beside}");
    assert!(beside.contains("error: no &lt;table&gt;"), "{beside}");
    assert!(beside.contains(r"error: no \u003ctable\u003e"), "{beside}");
    assert!(beside.contains(r#"<a href="bad.log">"#), "{beside}");
    let elsewhere = place.read("out/old.html");
    assert!(elsewhere.contains(r#"<a href="../test-logs/bad.log">"#));
    assert_eq!(
        place.read("out/a.json"),
        place.read("test-logs/test-report.json")
    );
}

#[test]
fn a_page_is_made_again_from_the_journal() {
    let place = Place::new(MIXED);
    place.regatta(&[]).run();
    let written = place.read("test-logs/report.html");
    let printed = place.regatta(&["report", "--format", "html"]).run();
    // Its links lead there from anywhere.
    assert!(printed.contains("/test-logs/bad.log\">"), "{printed}");
    place.write("test-logs/report.html", "");
    let open = place.regatta(&["report", "--format", "html", "--open"]);
    assert_snapshot!(open.variable("BROWSER", "true").run(), @"
    exit 0
    --- stdout ---
    [PLACE]/test-logs/report.html
    ");
    assert_eq!(place.read("test-logs/report.html"), written);
    let open = place.regatta(&["report", "--format", "html", "--open"]);
    assert_snapshot!(open.variable("BROWSER", "./no-such-browser").run(), @"
    exit 0
    --- stdout ---
    [PLACE]/test-logs/report.html

    --- stderr ---
    warning: cannot open the page with `./no-such-browser`: No such file or directory (os error 2); set BROWSER to a program that can
    ");
    assert_snapshot!(place.regatta(&["report", "--open"]).run(), @"
    exit 2
    --- stderr ---
    error: `--open` shows a page in a browser; use it with `--format html`
    ");
}

#[test]
fn where_no_page_is_wanted_there_is_none_of_an_earlier_run_either() {
    let place = Place::new(&format!("[run]\nhtml_report = false\n{MIXED}"));
    place.write("test-logs/report.html", "yesterday");
    place.regatta(&[]).run();
    assert!(!place.has("test-logs/report.html"));
}

#[test]
fn a_run_that_goes_on_or_was_killed_has_no_page_that_looks_like_a_result() {
    let place = Place::new(
        "[suites.waits]\ncommand = 'touch begun; while ! test -e go; do sleep 0.01; done'\n",
    );
    place.write("test-logs/report.html", "yesterday");
    let running = place.regatta(&["--progress", "none"]).start();
    wait_until("it runs", || place.has("begun"));
    let page = place.read("test-logs/report.html");
    assert!(
        page.contains("No result yet") && !page.contains("passed"),
        "{page}"
    );
    let children = format!(
        "/proc/{0}/task/{0}/children",
        running.pid().as_raw_nonzero()
    );
    let children = std::fs::read_to_string(children).expect("it has a child");
    let runner = children
        .split_whitespace()
        .next()
        .and_then(|it| it.parse().ok());
    let runner = runner
        .and_then(rustix::process::Pid::from_raw)
        .expect("the runner");
    kill_process(runner, Signal::KILL).expect("it is alive");
    assert!(running.finish_unchecked().starts_with("exit 3\n"));
    let page = place.read("test-logs/report.html");
    assert!(page.contains("1 of 1 suites failed"), "{page}");
}
