//! K1 and K2: whatever decides a result makes the suite run again when it changes, and the reason names it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use super::{reason, run, run_with, runs};
use crate::support::Place;

const SUITE: &str = "
[suites.a]
command = 'echo ran >> ran; cat src/a.txt'
inputs = ['src/**', '!src/ignored', 'config.txt']
env_inputs = ['MODE']
pass_env = ['PROXY']
tools = ['tool', './version.sh now']
";

/// A suite whose result is kept, and that is found again.
fn kept() -> Place {
    let place = Place::new(SUITE);
    place.write("src/a.txt", "one");
    place.write("src/sub/b.txt", "two");
    place.write("src/ignored", "never mind");
    place.write("config.txt", "x");
    place.write("elsewhere", "y");
    symlink("a.txt", place.path("src/link")).expect("a link");
    place.write("bin/tool", "#!/bin/sh\n");
    place.write("version.sh", "#!/bin/sh\ncat version\n");
    place.write("version", "1.0");
    for program in ["bin/tool", "version.sh"] {
        fs::set_permissions(place.path(program), Permissions::from_mode(0o755)).expect("ours");
    }
    assert_eq!(rerun(&place), "passed");
    assert_eq!(rerun(&place), "cached");
    assert_eq!(runs(&place), 1);
    place
}

fn rerun(place: &Place) -> String {
    let path = format!("{}:/usr/bin:/bin", place.path("bin").display());
    run_with(place, &[], &[("PATH", &path)])
}

/// Changes something, and checks that the suite runs and why, and that the new result is kept as well.
#[track_caller]
fn check_miss(place: &Place, expected: &str) {
    let before = runs(place);
    assert_eq!(rerun(place), "passed");
    assert_eq!(reason(place), expected);
    assert_eq!(rerun(place), "cached");
    assert_eq!(runs(place), before + 1);
}

#[test]
fn k1_a_changed_file_is_a_miss_and_the_way_back_a_hit() {
    let place = kept();
    place.write("src/a.txt", "other");
    // The link leads to it.
    check_miss(&place, "src/a.txt changed, and 1 more file");
    place.write("src/a.txt", "one");
    assert_eq!(rerun(&place), "cached");
}

#[test]
fn k1_a_changed_mode_is_a_miss() {
    let place = kept();
    fs::set_permissions(place.path("config.txt"), Permissions::from_mode(0o755)).expect("ours");
    check_miss(&place, "the mode of config.txt changed from 644 to 755");
}

#[test]
fn k1_a_link_that_leads_elsewhere_is_a_miss() {
    let place = kept();
    fs::remove_file(place.path("src/link")).expect("a link");
    symlink("sub/b.txt", place.path("src/link")).expect("a link");
    check_miss(&place, "link src/link leads to sub/b.txt now");
}

#[test]
fn k1_a_new_file_is_a_miss_and_so_is_one_that_is_gone() {
    let place = kept();
    place.write("src/sub/c.txt", "three");
    check_miss(&place, "src/sub/c.txt is new");
    fs::remove_file(place.path("src/sub/b.txt")).expect("a file");
    check_miss(&place, "src/sub/b.txt is gone");
    fs::create_dir(place.path("src/empty")).expect("a folder");
    check_miss(&place, "src/empty is new");
    let mode = Permissions::from_mode(0o700);
    fs::set_permissions(place.path("src/empty"), mode).expect("ours");
    check_miss(&place, "the mode of src/empty changed from 755 to 700");
}

#[test]
fn k1_a_variable_is_a_miss_and_unset_is_not_empty() {
    let place = kept();
    let with = |variables: &[(&str, &str)]| {
        let path = format!("{}:/usr/bin:/bin", place.path("bin").display());
        run_with(
            &place,
            &[],
            &[&[("PATH", path.as_str())], variables].concat(),
        )
    };
    assert_eq!(with(&[("MODE", "")]), "passed");
    assert_eq!(reason(&place), "variable MODE is set now");
    assert_eq!(with(&[("MODE", "fast")]), "passed");
    assert_eq!(reason(&place), "variable MODE changed");
    assert_eq!(
        with(&[("MODE", "fast"), ("PROXY", "p"), ("OTHER", "o")]),
        "cached"
    );
    assert_eq!(with(&[("MODE", "fast"), ("LC_ALL", "C")]), "passed");
    assert_eq!(reason(&place), "variable LC_ALL is new");
}

#[test]
fn k1_a_tool_is_a_miss_by_its_file_or_by_its_words() {
    let place = kept();
    place.write("bin/tool", "#!/bin/sh\n# newer\n");
    check_miss(&place, "tool `tool` changed");
    place.write("version", "2.0");
    check_miss(&place, "tool `./version.sh now` changed");
    fs::remove_file(place.path("bin/tool")).expect("a file");
    assert_eq!(rerun(&place), "passed");
    assert_eq!(reason(&place), "tool `tool` is not in the PATH");
}

#[test]
fn k1_the_command_its_folder_and_its_variables_are_misses() {
    let place = kept();
    place.write("regatta.toml", &SUITE.replace("cat src", "cat  src"));
    check_miss(&place, "the command changed");
    place.write("regatta.toml", &format!("{SUITE}env = {{ A = 'b' }}\n"));
    check_miss(&place, "the command changed, and 1 more part");
}

#[test]
fn k1_what_decides_nothing_changes_nothing() {
    let place = kept();
    place.write("src/ignored", "other");
    place.write("elsewhere", "other");
    let more = "description = 'words'\ntimeout = 7\nretries = 2\ntags = ['t']\n";
    place.write("regatta.toml", &format!("{SUITE}{more}"));
    assert_eq!(rerun(&place), "cached");
    place.write("regatta.toml", &SUITE.replace("suites.a", "suites.renamed"));
    assert_eq!(rerun(&place), "cached");
    assert_eq!(place.read("test-logs/renamed.log"), "one");
}

#[test]
fn k2_an_edit_of_the_same_size_at_once_is_a_miss() {
    let place = kept();
    for content in ["two", "six", "ten", "one", "two"] {
        place.write("src/a.txt", content);
        let expected = if content == "one" { "cached" } else { "passed" };
        let before = place.read("test-logs/a.log");
        let outcome = rerun(&place);
        let now = place.read("test-logs/a.log");
        assert!(now.starts_with(content), "{outcome}: {before} became {now}");
        if content != "two" || before.starts_with("six") {
            assert_eq!(outcome, expected, "{content}");
        }
    }
}

#[test]
fn k2_a_time_that_was_put_back_hides_nothing() {
    let place = kept();
    let file = place.path("src/a.txt");
    let touch = |file: &std::path::Path, time: &str| {
        let done = Command::new("touch").args(["-d", time]).arg(file).status();
        assert!(done.expect("touch").success());
    };
    touch(&file, "2020-01-01 00:00:00");
    assert_eq!(rerun(&place), "cached");
    fs::write(&file, "six").expect("a file");
    touch(&file, "2020-01-01 00:00:00");
    check_miss(&place, "src/a.txt changed, and 1 more file");
}

#[test]
fn a_dependency_that_changed_is_a_miss_for_those_that_build_on_it() {
    let place = Place::new(
        "
[suites.use]
command = 'cat made/x; echo ran >> ran'
inputs = ['made/**', 'own']
depends_on = ['make']
[suites.make]
command = 'mkdir -p made; wc -c < in > made/x'
inputs = ['in']
outputs = ['made/**']
",
    );
    place.write("own", "");
    place.write("in", "abc");
    assert_eq!(run(&place, &[]), "passed passed");
    assert_eq!(run(&place, &[]), "cached cached");
    place.write("in", "abcd");
    assert_eq!(run(&place, &[]), "passed passed");
    assert_eq!(
        reason(&place),
        "suite `make`, on which it depends, changed; made/x changed"
    );
    assert_eq!(place.read("test-logs/use.log").trim(), "4");
    // What is there beside what was made is not what the result is about.
    place.write("made/more", "");
    assert_eq!(run(&place, &[]), "passed cached");
}

#[test]
fn what_depends_on_something_unknown_runs_every_time() {
    let place = Place::new(
        "
[suites.use]
command = 'true'
inputs = ['own']
depends_on = ['setup']
[suites.setup]
command = 'true'
",
    );
    place.write("own", "");
    for _ in 0..2 {
        assert_eq!(run(&place, &[]), "passed passed");
        assert_eq!(
            reason(&place),
            "it depends on setup, which declares no inputs"
        );
    }
    assert_eq!(run(&place, &["--suites", "use", "--no-deps"]), "passed");
    assert_eq!(
        reason(&place),
        "it depends on setup, which is not part of this run"
    );
}

#[test]
fn what_git_ignores_counts_only_if_it_is_named() {
    let place = Place::new(
        "
[suites.a]
command = 'echo ran >> ran'
inputs = ['src/**', 'src/named.log', 'build/**']
",
    );
    place.write(".gitignore", "*.log\n/build/\n");
    place.write("src/.gitignore", "!kept.log\n");
    for name in [
        "src/a",
        "src/x.log",
        "src/kept.log",
        "src/named.log",
        "build/out",
    ] {
        place.write(name, "1");
    }
    assert_eq!(run(&place, &[]), "passed");
    place.write("src/x.log", "2");
    assert_eq!(run(&place, &[]), "cached");
    for name in ["src/kept.log", "src/named.log", "build/out"] {
        place.write(name, "2");
        assert_eq!(run(&place, &[]), "passed");
        assert_eq!(reason(&place), format!("{name} changed"));
    }
}
