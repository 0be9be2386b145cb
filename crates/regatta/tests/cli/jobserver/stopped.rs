//! What a suite took and never gave back.

use super::{makefile, old_path, place};

#[test]
fn the_tokens_of_a_suite_that_was_killed_are_there_for_the_next() {
    // `hog` has all slots but the bystander's when its time is over, and is killed with all it started. The bystander runs
    // all the while, so nobody ever sees the slots idle; `after` passes only with three of the four.
    let place = place(
        "[run]\njobserver = 'pipe'\nmax_parallel = 4\ngrace_period = 0\n\
         [suites.bystander]\ncommand = 'until [ -e after ]; do sleep 0.01; done'\n\
         [suites.hog]\ncommand = 'make -s -f hog.mk'\ntimeout = 4\nparallel_group = 'turn'\n\
         [suites.after]\ncommand = 'make -s && touch after'\nparallel_group = 'turn'\n",
    );
    place.write(
        "hog.mk",
        &makefile(3, "sh meeting 3 $@ && touch all-at-once; exec sleep 600"),
    );
    place.write("Makefile", &makefile(3, "sh meeting 3 after$@"));
    let run = place.regatta(&["--progress", "none"]);
    let run = run.variable("PATH", &old_path());
    let output = run
        .variable("MEETING", &place.path("m").to_string_lossy())
        .run();
    assert!(output.starts_with("exit 1\n"), "{output}");
    assert!(place.has("all-at-once"), "{output}");
    let outcomes = place.outcomes();
    assert!(outcomes.contains("hog: failed, timeout"), "{outcomes}");
    assert!(outcomes.contains("after: passed"), "{outcomes}");
    assert!(outcomes.contains("bystander: passed"), "{outcomes}");
}

#[test]
fn each_attempt_begins_with_nothing_taken() {
    // Every attempt takes a token and keeps it. There are as many attempts as would leave none.
    let place = place(
        "[run]\njobserver = 'fifo'\nmax_parallel = 2\nretries = 3\n[suites.thief]\ncommand = '''
         fifo=${MAKEFLAGS##*fifo:}; token=$(head -c 1 \"$fifo\"); echo \"got $token\"
         [ \"${REGATTA_ATTEMPT##*/}\" -eq 4 ]'''\n",
    );
    let output = place.regatta(&["--progress", "none"]).run();
    assert!(output.starts_with("exit 0\n"), "{output}");
    for log in ["thief.attempt-1.log", "thief.attempt-3.log", "thief.log"] {
        assert_eq!(place.read(&format!("test-logs/{log}")), "got +\n");
    }
}
