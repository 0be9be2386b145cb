//! Selection: which suites each combination of filters leaves, and what is refused.

use std::fs;

use regatta::config::{self, Config, Overrides};
use regatta::select::{Dependencies, Fast, Filters, Selection, select};

const CONFIGURATION: &str = r#"
[run]
fast_excludes = ["acceptance"]

[suites.core]
command = "true"
category = "unit"
tags = ["rust", "quick"]

[suites.redis]
command = "true"
category = "unit"
tags = ["go"]

[suites.lint]
command = "true"
category = "lint"
tags = ["quick"]

[suites.seed]
command = "true"
depends_on = ["core"]

[suites.acceptance-redis]
command = "true"
category = "acceptance"
tags = ["go"]
depends_on = ["seed", "redis"]

[suites.report]
command = "true"
category = "report"
depends_on = ["acceptance-redis"]
"#;

fn read() -> Config {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("regatta.toml");
    fs::write(&file, CONFIGURATION).expect("a temporary file can be written");
    let document = config::load(&file).expect("the configuration is TOML");
    config::resolve(&document, &Overrides::default()).expect("the configuration is right")
}

fn list(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Returns the names of the selection, those that came along in brackets.
fn show(config: &Config, filters: &Filters) -> String {
    let Selection { suites, added } = select(config, filters).expect("the filters are right");
    let names = suites.iter().map(|index| {
        let name = &config.suites[*index].name;
        if added.contains(index) {
            format!("[{name}]")
        } else {
            name.clone()
        }
    });
    names.collect::<Vec<_>>().join(" ")
}

fn refuse(filters: &Filters) -> String {
    let refused = select(&read(), filters).expect_err("the filters must be refused");
    refused.to_string()
}

#[test]
fn no_filter_selects_everything_in_file_order() {
    let all = "core redis lint seed acceptance-redis report";
    assert_eq!(show(&read(), &Filters::default()), all);
}

#[test]
fn filters_take_names_and_globs_and_intersect() {
    let config = read();
    let filters = |categories: &[&str], suites: &[&str], tags: &[&str], exclude: &[&str]| Filters {
        categories: list(categories),
        suites: list(suites),
        tags: list(tags),
        exclude: list(exclude),
        ..Filters::default()
    };
    let cases = [
        (filters(&["unit"], &[], &[], &[]), "core redis"),
        (filters(&["unit", "l*"], &[], &[], &[]), "core redis lint"),
        (filters(&[], &["redis", "lint"], &[], &[]), "redis lint"),
        (filters(&[], &["{core,lint}"], &[], &[]), "core lint"),
        (filters(&[], &["?edis"], &[], &[]), "redis"),
        (filters(&[], &[], &["quick"], &[]), "core lint"),
        (filters(&["unit"], &[], &["quick"], &[]), "core"),
        (filters(&["unit"], &[], &[], &["r*"]), "core"),
        (filters(&["test"], &[], &[], &[]), "[core] seed"),
        (filters(&["lint"], &["core"], &[], &[]), ""),
    ];
    for (filters, expected) in cases {
        assert_eq!(show(&config, &filters), expected, "{filters:?}");
    }
}

#[test]
fn dependencies_come_along_however_far_unless_left() {
    let config = read();
    let mut filters = Filters {
        suites: list(&["report"]),
        ..Filters::default()
    };
    let with_all = "[core] [redis] [seed] [acceptance-redis] report";
    assert_eq!(show(&config, &filters), with_all);
    filters.dependencies = Dependencies::Leave;
    assert_eq!(show(&config, &filters), "report");
}

#[test]
fn fast_leaves_out_the_slow_categories() {
    let filters = Filters {
        fast: Fast::Yes,
        exclude: list(&["report"]),
        ..Filters::default()
    };
    assert_eq!(show(&read(), &filters), "core redis lint seed");
}

#[test]
fn unknown_names_are_told_all_at_once() {
    let filters = Filters {
        categories: list(&["untit", "*x*"]),
        suites: list(&["cores", "nothing-like-it"]),
        tags: list(&["quik"]),
        exclude: list(&["[a", "lnit"]),
        ..Filters::default()
    };
    insta::assert_snapshot!(refuse(&filters), @"
    error: unknown category `untit`
      = help: did you mean `unit`?

    error: `*x*` matches no category
      = help: `regatta list` shows all of them

    error: unknown suite `cores`
      = help: did you mean `core`?

    error: unknown suite `nothing-like-it`
      = help: `regatta list` shows all of them

    error: unknown tag `quik`
      = help: did you mean `quick`?

    error: `[a` is not a glob: unclosed character class; missing ']'
      = help: `*`, `?` and `[abc]` may be used

    error: unknown suite `lnit`
      = help: did you mean `lint`?

    7 errors in the selection; nothing was run
    ");
}

#[test]
fn a_dependency_that_is_left_out_is_named_with_who_needs_it() {
    let mut filters = Filters {
        suites: list(&["report"]),
        exclude: list(&["core"]),
        ..Filters::default()
    };
    insta::assert_snapshot!(refuse(&filters), @"
    error: suite `seed` depends on `core`, which --exclude leaves out
      = help: leave `seed` out too with --exclude, or run it alone with --no-deps

    1 error in the selection; nothing was run
    ");
    filters.exclude.clear();
    filters.fast = Fast::Yes;
    insta::assert_snapshot!(refuse(&filters), @"
    error: suite `report` depends on `acceptance-redis`, which --fast leaves out
      = help: leave `report` out too with --exclude, or run it alone with --no-deps

    1 error in the selection; nothing was run
    ");
    filters.dependencies = Dependencies::Leave;
    assert_eq!(show(&read(), &filters), "report");
}
