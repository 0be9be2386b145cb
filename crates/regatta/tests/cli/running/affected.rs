//! `--affected`: only what a change touches, with the reason for each suite.

use std::process::Command;

use insta::assert_snapshot;

use crate::support::Place;

const SUITES: &str = r#"
[suites.api]
command = "true"
inputs = ["api/**", "!api/docs"]
[suites.web]
command = "true"
inputs = ["web/**"]
depends_on = ["api"]
[suites.lint]
command = "true"
inputs = ["**/*.rs"]
[suites.all]
command = "true"
"#;

fn git(place: &Place, words: &[&str]) {
    let done = Command::new("git")
        .args(["-c", "user.name=T", "-c", "user.email=t@example.org"])
        .args(words)
        .current_dir(place.root())
        .output()
        .expect("git");
    assert!(done.status.success(), "{words:?}: {done:?}");
}

/// Returns a checkout of a project in which everything is committed.
fn checkout() -> Place {
    let place = Place::new(SUITES);
    place.write(".gitignore", "/test-logs\n*.key\n");
    for file in ["api/a.rs", "api/docs/b.md", "web/c.js"] {
        place.write(file, "one\n");
    }
    git(&place, &["init", "-q", "-b", "main"]);
    git(&place, &["add", "-A"]);
    git(&place, &["commit", "-qm", "first"]);
    place
}

fn affected(place: &Place, words: &[&str]) -> String {
    let words = [&["--affected", "--list"], words].concat();
    let run = place.regatta(&words).run_unchecked();
    let stderr = run.split_once("--- stderr ---\n").expect("reasons");
    stderr.1.to_owned()
}

#[test]
fn each_suite_says_what_touches_it() {
    let place = checkout();
    assert_snapshot!(affected(&place, &[]), @"
    affected: 1 of 4 suites
      all: it declares no inputs
    ");
    place.write("api/docs/b.md", "two\n");
    place.write("web/new.js", "");
    assert_snapshot!(affected(&place, &[]), @"
    affected: 2 of 4 suites
      web: web/new.js changed
      all: it declares no inputs
    ");
    place.write("api/a.rs", "two\n");
    assert_snapshot!(affected(&place, &[]), @"
    affected: 4 of 4 suites
      api: api/a.rs changed
      web: web/new.js changed
      lint: api/a.rs changed
      all: it declares no inputs
    ");
    git(&place, &["checkout", "-q", "--", "web"]);
    git(&place, &["clean", "-qfd", "web"]);
    assert_snapshot!(affected(&place, &[]), @"
    affected: 4 of 4 suites
      api: api/a.rs changed
      web: it depends on api
      lint: api/a.rs changed
      all: it declares no inputs
    ");
}

#[test]
fn only_what_is_affected_runs() {
    let place = checkout();
    place.write("web/c.js", "two\n");
    let words = ["--affected", "--progress", "none", "--no-deps"];
    assert!(place.regatta(&words).run().starts_with("exit 0\n"));
    assert_eq!(place.suites(), "web all");
    // What it depends on comes along as ever.
    place.regatta(&["--affected=HEAD", "--suites", "web"]).run();
    assert_eq!(place.suites(), "api web");
    let variable = place
        .regatta(&["--no-deps"])
        .variable("REGATTA_AFFECTED", "1");
    variable.run();
    assert_eq!(place.suites(), "web all");
    let variable = place.regatta(&[]).variable("REGATTA_AFFECTED", "0");
    variable.run();
    assert_eq!(place.suites(), "api web lint all");
}

#[test]
fn where_nothing_is_affected_that_is_said_and_no_mistake() {
    let place = checkout();
    place.write(
        "regatta.toml",
        "[suites.api]\ncommand = 'true'\ninputs = ['api/**']\n",
    );
    git(&place, &["commit", "-qam", "one suite"]);
    assert_snapshot!(place.regatta(&["--affected"]).run_unchecked(), @"
    exit 0
    --- stdout ---
    Nothing is affected: no input of any suite has changed

    --- stderr ---
    affected: 0 of 1 suites
    ");
}

#[test]
fn what_cannot_be_judged_runs() {
    let place = checkout();
    let keyed = SUITES.replace("\"web/**\"", "\"web/**\", \"web.key\"");
    place.write("regatta.toml", &keyed);
    place.write("web.key", "");
    assert!(affected(&place, &[]).contains("\n  api: regatta.toml changed\n"));
    git(&place, &["commit", "-qam", "a key"]);
    assert_snapshot!(affected(&place, &[]), @"
    affected: 2 of 4 suites
      web: git does not watch its input web.key
      all: it declares no inputs
    ");
    let bare = Place::new(SUITES);
    for file in ["api/a.rs", "web/c.js"] {
        bare.write(file, "one\n");
    }
    assert_snapshot!(affected(&bare, &["--suites", "web"]), @"
    affected: 4 of 4 suites
      api: this is no git checkout
      web: this is no git checkout
      lint: this is no git checkout
      all: this is no git checkout
    ");
    assert_snapshot!(place.regatta(&["--affected=v9"]).run_unchecked(), @"
    exit 2
    --- stderr ---
    error: `--affected`: `v9` is no commit of this repository
    ");
}

#[test]
fn suites_of_a_file_that_git_ignores_run() {
    let place = checkout();
    git(&place, &["rm", "-q", "--cached", "regatta.toml"]);
    place.write(".git/info/exclude", "regatta.toml\n");
    git(&place, &["commit", "-qm", "private"]);
    assert_snapshot!(affected(&place, &[]), @"
    affected: 4 of 4 suites
      api: git does not watch regatta.toml
      web: git does not watch regatta.toml
      lint: git does not watch regatta.toml
      all: git does not watch regatta.toml
    ");
}
