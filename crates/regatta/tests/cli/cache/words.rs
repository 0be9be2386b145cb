//! What people are told: patterns that match nothing, why a suite would run, and how much is kept.

use super::run;
use crate::support::Place;

#[test]
fn a_pattern_that_matches_nothing_is_refused_before_anything_runs() {
    let place = Place::new(
        "
[suites.unit]
command = 'touch ran'
inputs = ['src/**/*.rss', 'in', 'made/**']
depends_on = ['make']
[suites.make]
command = 'touch ran'
inputs = ['in']
outputs = ['made']
",
    );
    place.write("in", "");
    place.write("src/a.rs", "");
    let run = place.regatta(&[]).run();
    insta::assert_snapshot!(run, @"
    exit 2
    --- stderr ---
    error: input pattern `src/**/*.rss` of suite `unit` matches no file
     --> regatta.toml:4:11
      |
    4 | inputs = ['src/**/*.rss', 'in', 'made/**']
      |           ^^^^^^^^^^^^^^
      = note: a file that does not exist cannot tell that something changed
      = help: correct the pattern, or remove it; what git ignores counts only if a pattern names it, or the folder it is in

    1 error in regatta.toml; nothing was run
    ");
    for words in [&["check"][..], &["explain", "unit"], &["-n"]] {
        assert_eq!(place.regatta(words).run(), run);
    }
    assert!(!place.has("ran") && !place.has("test-logs"));
}

#[test]
fn explain_says_what_would_happen_and_why() {
    let place = Place::new(
        "
[suites.a]
command = ['cat', 'in']
inputs = ['in', 'src']
env = { MODE = 'fast' }
[suites.plain]
command = 'true'
",
    );
    place.write("in", "");
    place.write("src/x", "");
    let explain = |suite: &str| {
        let text = place
            .regatta(&["explain", suite])
            .variable("PATH", "/usr/bin:/bin")
            .run();
        let digests =
            |word: &str| word.len() >= 12 && word.bytes().all(|it| it.is_ascii_hexdigit());
        let words = text.split(' ').map(|word| {
            let (first, rest) = word.split_at(word.find('\n').unwrap_or(word.len()));
            if digests(first) {
                format!("[DIGEST]{rest}")
            } else {
                word.to_owned()
            }
        });
        words.collect::<Vec<_>>().join(" ")
    };
    insta::assert_snapshot!(explain("plain"), @"
    exit 0
    --- stdout ---
    plain would run: it declares no `inputs`, so it runs every time
    ");
    insta::assert_snapshot!(explain("a"), @"
    exit 0
    --- stdout ---
    a would run: no result of it is kept

    key [DIGEST]
      command    cat in
      dir        .
      variable   CI = not set
      variable   LANG = C.UTF-8
      variable   MODE = fast
      variable   PATH = /usr/bin:/bin
      shard      all of it
      platform   linux x86_64
      /bin/sh    [DIGEST]
      3 inputs:
        [DIGEST] 0644 in
        -            0755 src/
        [DIGEST] 0644 src/x
    ");
    let run = |place: &Place| place.regatta(&[]).variable("PATH", "/usr/bin:/bin").run();
    run(&place);
    let text = explain("a");
    assert!(
        text.contains("a would come from the cache: passed on "),
        "{text}"
    );
    place.write("in", "new");
    place.write("src/y", "");
    let text = explain("a");
    let head: Vec<&str> = text.lines().take(7).collect();
    insta::assert_snapshot!(head.join("\n"), @"
    exit 0
    --- stdout ---
    a would run: in changed, and 1 more file

    changed since its newest kept result:
      in changed
      src/y is new
    ");
    insta::assert_snapshot!(place.regatta(&["explain", "b"]).run(), @"
    exit 2
    --- stderr ---
    error: unknown suite `b`
      = help: did you mean `a`?

    1 error in the selection; nothing was run
    ");
}

#[test]
fn the_store_can_be_measured_tidied_and_cleared() {
    let place = Place::new("[suites.a]\ncommand = 'true'\ninputs = ['in']\n");
    place.write("in", "");
    let cache = |word: &str| place.anonymise(&place.regatta(&["cache", word]).run());
    insta::assert_snapshot!(cache("gc"), @"
    exit 0
    --- stdout ---
    nothing is kept in [PLACE]/.regatta/cache
    ");
    run(&place, &[]);
    assert!(cache("stat").contains("1 result, "), "{}", cache("stat"));
    assert!(cache("gc").contains("removed 0 results"), "{}", cache("gc"));
    assert!(cache("clear").contains("removed 1 result, "));
    insta::assert_snapshot!(cache("stat"), @"
    exit 0
    --- stdout ---
    0 results, 0 B in [PLACE]/.regatta/cache, of at most 2.0 GiB
    ");
    assert_eq!(run(&place, &[]), "passed");
}

#[test]
fn git_does_not_see_the_store() {
    let place = Place::new("[suites.a]\ncommand = 'true'\ninputs = ['in']\n");
    place.write("in", "");
    run(&place, &[]);
    assert_eq!(place.read(".regatta/.gitignore"), "*\n");
}
