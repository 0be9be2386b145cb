//! Suites and their jobs together take no more slots than there are, and no fewer where there is work.

use super::{jobs, makefile, new_path, old_path, place};
use crate::support::Place;

/// Three suites, each with the same command.
fn three(form: &str, command: &str) -> Place {
    let suites = ["a", "b", "c"].map(|name| format!("[suites.{name}]\ncommand = '{command}'\n"));
    let run = format!("[run]\njobserver = '{form}'\nmax_parallel = 5\n");
    place(&(run + &suites.concat()))
}

#[track_caller]
fn run(place: &Place, path: &str) {
    let mut run = place.regatta(&["--progress", "none"]);
    // Where rustup keeps its toolchains.
    for name in ["HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
        if let Ok(value) = std::env::var(name) {
            run = run.variable(name, &value);
        }
    }
    let jobs = place.path("jobs");
    let run = run.variable("JOBS", &jobs.to_string_lossy());
    let output = run.variable("PATH", path).run();
    let log = || place.read("test-logs/a.log");
    assert!(output.starts_with("exit 0\n"), "{output}\n{}", log());
}

/// Checks that no suite was told of trouble with its jobserver.
#[track_caller]
fn check_logs(place: &Place) {
    for name in ["a", "b", "c"] {
        let log = place.read(&format!("test-logs/{name}.log"));
        assert!(!log.contains("jobserver"), "{log}");
    }
}

#[test]
fn nested_makes_share_the_slots_through_pipes() {
    let place = three("pipe", "make --no-print-directory");
    place.write("Makefile", &makefile(8, "sh job"));
    run(&place, &old_path());
    check_logs(&place);
    let (count, most) = jobs(&place);
    assert_eq!(count, 24);
    assert!((4..=5).contains(&most), "{most} at a time");
}

#[test]
fn nested_makes_share_the_slots_through_fifos() {
    let place = three("auto", "make --no-print-directory");
    place.write("Makefile", &makefile(8, "sh job"));
    run(&place, &new_path());
    check_logs(&place);
    let (count, most) = jobs(&place);
    assert_eq!(count, 24);
    assert!((4..=5).contains(&most), "{most} at a time");
}

#[test]
fn nested_ninjas_share_the_slots() {
    let place = three("fifo", "ninja --quiet -f $REGATTA_SUITE.ninja");
    for suite in ["a", "b", "c"] {
        let jobs = (0..8).map(|n| format!("build {suite}{n}: job\n"));
        let rule = "rule job\n  command = sh job\n".to_owned();
        let text = rule + &jobs.collect::<String>();
        place.write(
            &format!("{suite}.ninja"),
            &format!("builddir = {suite}\n{text}"),
        );
    }
    run(&place, &new_path());
    let (count, most) = jobs(&place);
    assert_eq!(count, 24);
    assert!((4..=5).contains(&most), "{most} at a time");
}

#[test]
fn nested_cargos_share_the_slots() {
    for form in ["pipe", "fifo"] {
        let place = place(&format!(
            "[run]\njobserver = '{form}'\nmax_parallel = 3\n[suites.a]\ncommand = 'cargo build --offline'\n\
             env = {{ RUSTC_WRAPPER = './wrapper' }}\n"
        ));
        let wrapper = "#!/bin/sh\ncase \"$*\" in\n*--crate-name\\ member*) sh \"${JOBS%jobs}job\" 0.3;;\nesac\nexec \"$@\"\n";
        place.write_program("wrapper", wrapper);
        place.write(
            "Cargo.toml",
            "[workspace]\nmembers = ['member*']\nresolver = '3'\n",
        );
        for n in 0..6 {
            let manifest =
                format!("[package]\nname = 'member{n}'\nversion = '0.1.0'\nedition = '2024'\n");
            place.write(&format!("member{n}/Cargo.toml"), &manifest);
            place.write(&format!("member{n}/src/lib.rs"), "");
        }
        run(&place, &old_path());
        let (count, most) = jobs(&place);
        assert_eq!(count, 6, "{form}");
        assert!((2..=3).contains(&most), "{form}: {most} at a time");
    }
}

#[test]
fn a_suite_alone_has_all_the_slots() {
    for (form, path) in [("pipe", old_path()), ("auto", new_path())] {
        let place = place(&format!(
            "[run]\njobserver = '{form}'\nmax_parallel = 6\n[suites.a]\ncommand = 'make -s'\n"
        ));
        place.write("Makefile", &makefile(6, "sh meeting 6 $@"));
        meet(&place, &path);
    }
}

#[test]
fn what_a_suite_claims_is_there_for_its_jobs_alone() {
    // Nothing is spare, and nothing has to be waited for.
    let place = place(
        "[run]\njobserver = 'pipe'\nmax_parallel = 4\n\
         [suites.wide]\ncommand = 'make -s'\ncpus = 3\n\
         [suites.other]\ncommand = 'until [ -e m.job2 ]; do sleep 0.01; done'\n",
    );
    place.write("Makefile", &makefile(3, "sh meeting 3 $@"));
    meet(&place, &old_path());
}

#[test]
fn slots_that_become_free_go_to_the_jobs_of_who_still_runs() {
    // Five suites and five slots: the last one only gets past its meeting when the others are over.
    let quick =
        |n| format!("[suites.q{n}]\ncommand = 'until [ -e m.job0 ]; do sleep 0.01; done'\n");
    let quick: String = (0..4).map(quick).collect();
    let place = place(&format!(
        "[run]\njobserver = 'pipe'\nmax_parallel = 5\n[suites.a]\ncommand = 'make -s'\n{quick}"
    ));
    place.write("Makefile", &makefile(5, "sh meeting 5 $@"));
    meet(&place, &old_path());
}

#[test]
fn a_token_that_nobody_takes_goes_round() {
    // Three slots, and two suites that never take the third.
    let idle =
        |n| format!("[suites.idle{n}]\ncommand = 'until [ -e m.job1 ]; do sleep 0.01; done'\n");
    let place = place(&format!(
        "[run]\njobserver = 'pipe'\nmax_parallel = 4\n{}{}[suites.make]\ncommand = 'make -s'\n",
        idle(0),
        idle(1)
    ));
    place.write("Makefile", &makefile(2, "sh meeting 2 $@"));
    meet(&place, &old_path());
}

#[test]
fn a_suite_that_becomes_ready_takes_slots_back_from_jobs() {
    // Whichever of the two waits for `first` second finds the slots taken by the jobs of `make`.
    let place = place(
        "[run]\njobserver = 'pipe'\nmax_parallel = 3\n\
         [suites.make]\ncommand = 'make -s'\n\
         [suites.first]\ncommand = 'until [ $(grep -c + jobs) -ge 3 ]; do sleep 0.01; done'\n\
         [suites.second]\ncommand = 'until [ -e third ]; do sleep 0.01; done; touch second'\ndepends_on = ['first']\n\
         [suites.third]\ncommand = 'touch third; until [ -e second ]; do sleep 0.01; done'\ndepends_on = ['first']\n",
    );
    // Jobs follow each other until both have met.
    place.write("Makefile", &makefile(2000, "[ -e second ] || sh job 0.02"));
    place.write("jobs", "");
    meet(&place, &old_path());
    let (count, most) = jobs(&place);
    assert!(most <= 2, "{most} jobs beside another suite");
    assert!(count < 1000, "{count} jobs came before a suite");
}

#[track_caller]
fn meet(place: &Place, path: &str) {
    let run = place.regatta(&["--progress", "none"]);
    let run = run.variable("PATH", path);
    let run = run.variable("JOBS", &place.path("jobs").to_string_lossy());
    let output = run
        .variable("MEETING", &place.path("m").to_string_lossy())
        .run();
    assert!(output.starts_with("exit 0\n"), "{output}");
}
