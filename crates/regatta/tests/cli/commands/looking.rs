//! Looking at suites before they run: `list`, `graph`, `check`, `-n`, `man`.

use std::process::{Command, Stdio};

use insta::assert_snapshot;

use crate::support::{Place, copy_example};

const SHOP: &str = r#"
[categories.unit]
title = "Fast ones"
icon = "⚡"
[groups.port]
capacity = 2
[suites.db]
command = "make db"
description = "Database"
category = "unit"
[suites.api]
command = ["./api", "--fast", "it's"]
description = "The \"API\""
category = "unit"
tags = ["net"]
owner = "shop"
depends_on = ["db"]
parallel_group = "port"
dir = "api"
timeout = "1m 30s"
retries = 2
env = { MODE = "a b" }
[suites.web]
command = """
npm ci
npm test
"""
depends_on = ["api", "db"]
parallel_group = ["port", "screen"]
cpus = 2
timeout = "none"
"#;

#[test]
fn the_list() {
    let place = Place::new(SHOP);
    assert_snapshot!(place.regatta(&["list"]).run(), @r#"
    exit 0
    --- stdout ---
    Available Test Suites:

    FAST ONES:
      • db: Database
      • api: The "API"
        Depends on: db

    TEST:
      • web
        Depends on: api, db
    "#);
    assert_snapshot!(place.regatta(&["list", "--suites", "api", "--no-deps"]).run(), @r#"
    exit 0
    --- stdout ---
    Available Test Suites:

    FAST ONES:
      • api: The "API"
        Depends on: db
    "#);
    assert_snapshot!(place.regatta(&["list", "--categories", "nit"]).run(), @"
    exit 2
    --- stderr ---
    error: unknown category `nit`
      = help: did you mean `unit`?

    1 error in the selection; nothing was run
    ");
    let plain = place.regatta(&["list"]).variable("LANG", "C");
    assert_snapshot!(plain.run(), @r#"
    exit 0
    --- stdout ---
    Available Test Suites:

    FAST ONES:
      * db: Database
      * api: The "API"
        Depends on: db

    TEST:
      * web
        Depends on: api, db
    "#);
}

#[test]
fn the_list_for_programs() {
    let place = Place::new(SHOP);
    assert_snapshot!(place.regatta(&["list", "--format", "json"]).run(), @r#"
    exit 0
    --- stdout ---
    {
      "categories": [
        {
          "name": "unit",
          "title": "Fast ones",
          "icon": "⚡"
        },
        {
          "name": "test",
          "title": "TEST",
          "icon": "📦"
        }
      ],
      "suites": [
        {
          "name": "db",
          "description": "Database",
          "category": "unit",
          "tags": [],
          "owner": null,
          "depends_on": [],
          "parallel_group": [],
          "cpus": 1,
          "shards": 1,
          "timeout": 300.0,
          "retries": 0,
          "dir": ".",
          "command": "make db",
          "quarantine": null
        },
        {
          "name": "api",
          "description": "The \"API\"",
          "category": "unit",
          "tags": [
            "net"
          ],
          "owner": "shop",
          "depends_on": [
            "db"
          ],
          "parallel_group": [
            "port"
          ],
          "cpus": 1,
          "shards": 1,
          "timeout": 90.0,
          "retries": 2,
          "dir": "api",
          "command": "cd api && MODE='a b' ./api --fast 'it'\\''s'",
          "quarantine": null
        },
        {
          "name": "web",
          "description": "",
          "category": "test",
          "tags": [],
          "owner": null,
          "depends_on": [
            "api",
            "db"
          ],
          "parallel_group": [
            "port",
            "screen"
          ],
          "cpus": 2,
          "shards": 1,
          "timeout": null,
          "retries": 0,
          "dir": ".",
          "command": "sh -c 'npm ci\nnpm test'",
          "quarantine": null
        }
      ]
    }
    "#);
}

#[test]
fn the_list_of_a_run_heeds_the_format_of_the_run() {
    let place = Place::new(SHOP);
    let expected = place.regatta(&["list", "--format", "json"]).run();
    assert_eq!(
        place.regatta(&["--list", "--format", "json"]).run(),
        expected
    );
}

#[test]
fn the_picture_of_the_graph_shows_the_last_run() {
    let place = Place::new(SHOP);
    let picture = |words: &[&str]| {
        let words: Vec<&str> = ["graph", "--format", "svg"]
            .iter()
            .chain(words)
            .copied()
            .collect();
        place.regatta(&words).run()
    };
    let before = picture(&[]);
    assert!(before.contains("3 suites and 3 dependencies"), "{before}");
    place.regatta(&["run"]).run();
    let after = picture(&[]);
    assert!(
        after.contains("1 of 3 suites failed") && after.contains("2 blocked"),
        "{after}"
    );
    assert_eq!(picture(&["--run", "none"]), before);
    assert_eq!(picture(&["--run", "test-logs"]), after);
    let missing = place
        .regatta(&["graph", "--format", "svg", "--run", "nobody"])
        .run();
    assert!(
        missing.starts_with("exit 2") && missing.contains("`nobody`"),
        "{missing}"
    );
}

#[test]
fn the_graph() {
    let place = Place::new(SHOP);
    assert_snapshot!(place.regatta(&["graph"]).run(), @"
    exit 0
    --- stdout ---
    db
    ├── api
    │   └── web (after api, db)
    └── web (after api, db)
    ");
    assert_snapshot!(place.regatta(&["graph", "--format", "dot"]).run(), @r#"
    exit 0
    --- stdout ---
    digraph suites {
      rankdir=LR;
      node [shape=box];
      subgraph cluster_0 {
        label="Fast ones";
        "db" [tooltip="Database"];
        "api" [tooltip="The \"API\""];
      }
      subgraph cluster_1 {
        label="TEST";
        "web" [tooltip=""];
      }
      "db" -> "api";
      "api" -> "web";
      "db" -> "web";
    }
    "#);
    assert_snapshot!(place.regatta(&["graph", "--format", "mermaid"]).run(), @r#"
    exit 0
    --- stdout ---
    flowchart LR
      subgraph c0 ["Fast ones"]
        s0["db"]
        s1["api"]
      end
      subgraph c1 ["TEST"]
        s2["web"]
      end
      s0 --> s1
      s1 --> s2
      s0 --> s2
    "#);
    assert_snapshot!(place.regatta(&["graph", "--suites", "db"]).run(), @"
    exit 0
    --- stdout ---
    db
    ");
    assert_snapshot!(copy_example("prism").regatta(&["graph"]).run(), @"
    exit 0
    --- stdout ---
    proxy-unit
    core-unit
    memstore-unit
    ├── integration-go
    └── integration-rust
    redis-unit
    nats-unit
    lint-rust
    lint-go-memstore
    lint-go-redis
    lint-go-nats
    lint-go-core
    acceptance-interfaces
    acceptance-redis
    acceptance-nats
    ");
}

#[test]
fn the_check() {
    let place = Place::new(SHOP);
    assert_snapshot!(place.regatta(&["check"]).run(), @"
    exit 0
    --- stdout ---
    regatta.toml is sound: 3 suites
    ");
    assert_snapshot!(Place::new("").regatta(&["check"]).run(), @"
    exit 0
    --- stdout ---
    regatta.toml is sound: 0 suites
    ");
    let wrong = Place::new("[suites.a]\ncomand = 'true'\n");
    assert_snapshot!(wrong.regatta(&["check"]).run(), @"
    exit 2
    --- stderr ---
    error: suite `a` has no `command`
     --> regatta.toml:1:1
      |
    1 | [suites.a]
      | ^^^^^^^^^^
      = help: add `command = …`

    error: unknown key `comand` in suite `a`
     --> regatta.toml:2:1
      |
    2 | comand = 'true'
      | ^^^^^^
      = help: did you mean `command`?

    2 errors in regatta.toml; nothing was run
    ");
    assert!(!place.has("test-logs"));
}

#[test]
fn the_plan() {
    let place = Place::new(SHOP);
    assert_snapshot!(place.regatta(&["-n", "-j", "2"]).run(), @r"
    exit 0
    --- stdout ---
    Plan: 3 suites, 2 at a time; nothing is run

      Predicted time: unknown; no suite has passed here yet, so each counts as [TIME]
      Floor:          [TIME] by critical path (work over 2 slots [TIME], group port [TIME])
      Critical path:  db → api → web

        0s                                    [TIME]                              [TIME]
      1 ├db─────────────────────┤├api─────────────────────┤├web────────────────────┤

    Suites by their start (`?`: a guessed time):
      db ([TIME] to [TIME]?)
        make db
      api ([TIME] to [TIME]?; after db; group port)
        cd api && MODE='a b' ./api --fast 'it'\''s'
      web ([TIME] to [TIME]?; after api, db; group port, screen)
        sh -c 'npm ci
    npm test'
    ");
    assert_snapshot!(place.regatta(&["run", "--dry-run", "--suites", "api"]).run(), @r"
    exit 0
    --- stdout ---
    Plan: 2 suites, 2 at a time; nothing is run

      Predicted time: unknown; no suite has passed here yet, so each counts as [TIME]
      Floor:          [TIME] by critical path (work over 2 slots [TIME], group port [TIME])
      Critical path:  db → api

        0s                                    [TIME]                              [TIME]
      1 ├db──────────────────────────────────┤├api─────────────────────────────────┤

    Suites by their start (`?`: a guessed time):
      db ([TIME] to [TIME]?)
        make db
      api ([TIME] to [TIME]?; after db; group port)
        cd api && MODE='a b' ./api --fast 'it'\''s'
    ");
    assert!(!place.has("test-logs"));
}

/// Returns the commands of a plan: the lines that are indented deepest in its list.
fn planned(transcript: &str) -> Vec<&str> {
    let list = transcript.split_once("Suites by their start");
    let (_, list) = list.expect("a plan has a list");
    list.lines()
        .filter_map(|it| it.strip_prefix("    "))
        .collect()
}

#[test]
fn the_commands_of_the_plan_can_be_pasted() {
    let place = Place::new(
        "[suites.shell]\ncommand = 'echo \"$MODE\" | tr a-z A-Z'\ndir = \"it's\"\nenv = { MODE = 'a  b' }\n\
         [suites.direct]\ncommand = ['printf', '%s.', 'two words', '$HOME', '']\n",
    );
    place.write("it's/file", "");
    let plan = place.regatta(&["-n"]).run();
    assert_snapshot!(plan, @r#"
    exit 0
    --- stdout ---
    Plan: 2 suites, 2 at a time; nothing is run

      Predicted time: unknown; no suite has passed here yet, so each counts as [TIME]
      Floor:          [TIME] by critical path (work over 2 slots [TIME])
      Critical path:  shell

        0s                                    [TIME]                              [TIME]
      1 ├shell─────────────────────────────────────────────────────────────────────┤
      2 ├direct────────────────────────────────────────────────────────────────────┤

    Suites by their start (`?`: a guessed time):
      shell ([TIME] to [TIME]?)
        cd 'it'\''s' && MODE='a  b' sh -c 'echo "$MODE" | tr a-z A-Z'
      direct ([TIME] to [TIME]?)
        printf %s. 'two words' '$HOME' ''
    "#);
    let ran: Vec<String> = planned(&plan)
        .iter()
        .map(|line| {
            let mut shell = Command::new("sh");
            let output = shell
                .args(["-c", line])
                .current_dir(place.root())
                .output()
                .unwrap();
            String::from_utf8(output.stdout).unwrap()
        })
        .collect();
    assert_eq!(ran, ["A  B\n", "two words.$HOME.."]);
}

#[test]
fn the_manual_page_is_one_that_man_renders() {
    let place = Place::empty();
    let page = place.regatta(&["man"]).run();
    let page = page.strip_prefix("exit 0\n--- stdout ---\n").unwrap();
    place.write("regatta.1", page);
    let rendered = Command::new("man")
        .args(["--warnings", "-E", "ascii", "-l"])
        .arg(place.path("regatta.1"))
        .env("MANWIDTH", "100")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&rendered.stderr);
    assert!(
        rendered.status.success() && complaint.is_empty(),
        "{complaint}"
    );
    let text = String::from_utf8_lossy(&rendered.stdout);
    for word in [
        "NAME",
        "SYNOPSIS",
        "OPTIONS",
        "--max-parallel",
        "REGATTA_FAST",
        "--fail-fast",
    ] {
        assert!(text.contains(word), "{word} in {text}");
    }
}

#[test]
fn the_plan_for_programs() {
    let place = Place::new(SHOP);
    let transcript = place.regatta(&["-n", "-j", "2", "--format", "json"]).run();
    let (_, json) = transcript.split_once("--- stdout ---\n").unwrap();
    let plan: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(plan["predicted"], 3.0);
    assert_eq!(plan["guessed"], 3);
    assert_eq!(plan["floor"]["limit"], "critical_path");
    assert_eq!(plan["floor"]["groups"]["port"], 1.0);
    assert_eq!(
        plan["critical_path"],
        serde_json::json!(["db", "api", "web"])
    );
    assert_eq!(plan["tasks"][1]["suite"], "api");
    assert_eq!(plan["tasks"][1]["start"], 1.0);
    assert_eq!(plan["tasks"][1]["end"], 2.0);
    assert_eq!(plan["tasks"][1]["lane"], 1);
    assert_eq!(plan["tasks"][1]["guessed"], true);
    assert!(!place.has("test-logs"));
}
