//! Configurations that say something wrong: all mistakes are told, and nothing runs.

use insta::assert_snapshot;

use crate::support::Place;

#[test]
fn c1_an_empty_configuration() {
    let place = Place::new("");
    assert_snapshot!(place.regatta(&[]).run(), @"
    exit 4
    --- stderr ---
    error: regatta.toml declares no suites; add a [suites.NAME] table with a `command`
    ");
    assert!(!place.has("test-logs"));
}

#[test]
fn c2_a_syntax_error_on_line_7() {
    let place = Place::new(
        "[suites.a]\ncommand = 'touch ran'\n\n\n[suites.b]\ncommand = 'touch ran'\ntimeout = = 3\n",
    );
    assert_snapshot!(place.regatta(&[]).run(), @"
    exit 2
    --- stderr ---
    error: extra `=`, expected nothing
     --> regatta.toml:7:11
      |
    7 | timeout = = 3
      |           ^
      = help: correct the TOML syntax; then the keys and values are checked

    1 error in regatta.toml; nothing was run
    ");
    assert_eq!(place.names(""), ["regatta.toml"]);
}

#[test]
fn c3_unknown_keys_and_bad_values_all_at_once() {
    let place = Place::new(
        "[suites.a]\ncommand = 'touch ran'\ntimout = 3\nretries = -1\n\
         [suites.b]\ncommand = 'touch ran'\ntimeout = 0\n\
         [suites.c]\ncommand = 'touch ran'\ntimeout = -1\n\
         [suites.d]\ncommand = 'touch ran'\ntimeout = '5 parsecs'\n\
         [suites.e]\ncommand = 'touch ran'\ntimeout = 1e400\n",
    );
    assert_snapshot!(place.regatta(&[]).run(), @r#"
    exit 2
    --- stderr ---
    error: unknown key `timout` in suite `a`
     --> regatta.toml:3:1
      |
    3 | timout = 3
      | ^^^^^^
      = help: did you mean `timeout`?

    error: `retries` of suite `a` cannot be `-1`
     --> regatta.toml:4:11
      |
    4 | retries = -1
      |           ^^
      = help: use a whole number from 0 to 10000, or a table such as { count = 2, delay = "1s" }

    error: `timeout` of suite `b` cannot be `0`
     --> regatta.toml:7:11
      |
    7 | timeout = 0
      |           ^
      = help: use seconds above 0 such as 300 or 2.5, or text such as "500ms", "5m", "1m 30s" or "1h", or "none"

    error: `timeout` of suite `c` cannot be `-1`
      --> regatta.toml:10:11
       |
    10 | timeout = -1
       |           ^^
       = help: use seconds above 0 such as 300 or 2.5, or text such as "500ms", "5m", "1m 30s" or "1h", or "none"

    error: `timeout` of suite `d` cannot be `'5 parsecs'`
      --> regatta.toml:13:11
       |
    13 | timeout = '5 parsecs'
       |           ^^^^^^^^^^^
       = help: use seconds above 0 such as 300 or 2.5, or text such as "500ms", "5m", "1m 30s" or "1h", or "none"

    error: `timeout` of suite `e` cannot be `1e400`
      --> regatta.toml:16:11
       |
    16 | timeout = 1e400
       |           ^^^^^
       = help: use seconds above 0 such as 300 or 2.5, or text such as "500ms", "5m", "1m 30s" or "1h", or "none"

    6 errors in regatta.toml; nothing was run
    "#);
    assert_eq!(place.names(""), ["regatta.toml"]);
}

#[test]
fn c4_dependencies_that_cannot_be() {
    let place = Place::new(
        "[suites.api]\ncommand = 'touch ran'\ndepends_on = ['seed']\n\
         [suites.seed]\ncommand = 'touch ran'\ndepends_on = ['web']\n\
         [suites.web]\ncommand = 'touch ran'\ndepends_on = ['api']\n\
         [suites.self]\ncommand = 'touch ran'\ndepends_on = ['self']\n\
         [suites.lost]\ncommand = 'touch ran'\ndepends_on = ['seeed']\n",
    );
    assert_snapshot!(place.regatta(&[]).run(), @"
    exit 2
    --- stderr ---
    error: dependency cycle: `api` -> `seed` -> `web` -> `api`
     --> regatta.toml:3:15: `api` depends on `seed`
     --> regatta.toml:6:15: `seed` depends on `web`
     --> regatta.toml:9:15: `web` depends on `api`
      = help: remove one of these three entries

    error: suite `self` depends on itself
      --> regatta.toml:12:15
       |
    12 | depends_on = ['self']
       |               ^^^^^^
       = help: remove the entry

    error: suite `lost` depends on `seeed`, but no suite has that name
      --> regatta.toml:15:15
       |
    15 | depends_on = ['seeed']
       |               ^^^^^^^
       = help: did you mean `seed`, defined at regatta.toml:4?

    3 errors in regatta.toml; nothing was run
    ");
    assert_eq!(place.names(""), ["regatta.toml"]);
}

#[test]
fn c5_names_that_cannot_be_files() {
    let endless = "x".repeat(5000);
    let names = [
        "../x",
        "a/b",
        &endless,
        "a\\nb",
        "🚀",
        "Foo",
        "foo",
        "test-report",
    ];
    let suite = |name: &str| format!("[suites.\"{name}\"]\ncommand = 'touch ran'\n");
    let place = Place::new(&names.map(suite).concat());
    assert_snapshot!(place.regatta(&[]).run(), @r#"
    exit 2
    --- stderr ---
    error: suite name `../x` cannot be a file name
     --> regatta.toml:1:1
      |
    1 | [suites."../x"]
      | ^^^^^^^^^^^^^^^
      = help: use letters, digits, `.`, `_` and `-`; each suite's log is `<log_dir>/<name>.log`

    error: suite name `a/b` cannot be a file name
     --> regatta.toml:3:1
      |
    3 | [suites."a/b"]
      | ^^^^^^^^^^^^^^
      = help: use letters, digits, `.`, `_` and `-`; each suite's log is `<log_dir>/<name>.log`

    error: suite name `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` is too long
     --> regatta.toml:5:1
      |
    5 | [suites."xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      = help: use at most 100 bytes

    error: suite name `a\nb` cannot be a file name
     --> regatta.toml:7:1
      |
    7 | [suites."a\nb"]
      | ^^^^^^^^^^^^^^^
      = help: use letters, digits, `.`, `_` and `-`; each suite's log is `<log_dir>/<name>.log`

    error: suite name `🚀` cannot be a file name
     --> regatta.toml:9:1
      |
    9 | [suites."🚀"]
      | ^^^^^^^^^^^^^
      = help: use letters, digits, `.`, `_` and `-`; each suite's log is `<log_dir>/<name>.log`

    error: suite names `foo` and `Foo` differ only in case
      --> regatta.toml:13:1
       |
    13 | [suites."foo"]
       | ^^^^^^^^^^^^^^
       = help: rename one; `Foo` is defined at regatta.toml:11, and some file systems take both for one file

    error: suite name `test-report` is taken by the run's own report
      --> regatta.toml:15:1
       |
    15 | [suites."test-report"]
       | ^^^^^^^^^^^^^^^^^^^^^^
       = help: choose another name

    7 errors in regatta.toml; nothing was run
    "#);
    assert_eq!(place.names(""), ["regatta.toml"]);
}

#[test]
fn no_configuration_anywhere() {
    let place = Place::empty();
    assert_snapshot!(place.regatta(&[]).run(), @"
    exit 2
    --- stderr ---
    error: there is no regatta.toml in `[PLACE]` or above it; write one, or name it with --config
    ");
}
