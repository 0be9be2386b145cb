//! A run that make started, and whose slots are make's.

use super::{jobs, new_tools, place};
use crate::support::{Place, shell};

/// The makes that the tests have: Debian's, and the newer one.
fn makes() -> [String; 2] {
    let new = new_tools().join("make").to_string_lossy().into_owned();
    ["make".to_owned(), new]
}

/// Six suites that are jobs themselves, and six other jobs of the same make.
fn mixed(recipe: &str) -> Place {
    let suite = |n| format!("[suites.s{n}]\ncommand = 'sh job'\n");
    let suites: String = (0..6).map(suite).collect();
    let place = place(&format!(
        "[run]\njobserver = 'auto'\nmax_parallel = 8\n{suites}"
    ));
    place.write(
        "Makefile",
        &format!(
            "others = 1 2 3 4 5 6\nall: suites $(others)\n\
             suites:\n\t{recipe}\n$(others):\n\t@sh job\n.PHONY: all suites $(others)\n"
        ),
    );
    place
}

#[track_caller]
fn make(place: &Place, line: &str) -> String {
    let jobs = place.path("jobs");
    shell(place, &format!("export JOBS={}; {line}", jobs.display()))
}

#[test]
fn suites_and_other_jobs_of_make_share_its_slots() {
    for make_program in makes() {
        let place = mixed("+@regatta --progress none");
        let output = make(&place, &format!("{make_program} -j4"));
        assert!(output.starts_with("exit 0\n"), "{output}");
        // Make itself would complain of a token that is missing, or one too many.
        assert!(!output.contains("jobserver"), "{output}");
        let (count, most) = jobs(&place);
        assert_eq!(count, 12);
        assert!((3..=4).contains(&most), "{make_program}: {most} at a time");
    }
}

#[test]
fn what_suites_claim_counts_beside_the_slots_of_make() {
    for make_program in makes() {
        let suite = |n| format!("[suites.s{n}]\ncommand = 'sh job'\ncpus = 4\n");
        let suites: String = (0..5).map(suite).collect();
        let place = place(&format!(
            "[run]\njobserver = 'auto'\nmax_parallel = 8\n{suites}"
        ));
        place.write("Makefile", "suites:\n\t+@regatta --progress none\n");
        for slots in [2, 6] {
            place.write("jobs", "");
            let output = make(&place, &format!("{make_program} -j{slots}"));
            assert!(output.starts_with("exit 0\n"), "{output}");
            assert!(!output.contains("jobserver"), "{output}");
            assert_eq!(jobs(&place), (5, 2));
        }
    }
}

#[test]
fn the_jobs_of_suites_take_the_slots_of_make() {
    for make_program in makes() {
        let place = place(
            "[run]\njobserver = 'auto'\nmax_parallel = 8\n\
             [suites.a]\ncommand = '$NESTED -s -f jobs.mk'\n[suites.b]\ncommand = '$NESTED -s -f jobs.mk'\n",
        );
        place.write("jobs.mk", &super::makefile(8, "sh job"));
        place.write("Makefile", "suites:\n\t+@regatta --progress none\n");
        let line = format!("export NESTED={make_program}; {make_program} -j4");
        let output = make(&place, &line);
        assert!(output.starts_with("exit 0\n"), "{output}");
        assert!(!output.contains("jobserver"), "{output}");
        let (count, most) = jobs(&place);
        assert_eq!(count, 16);
        assert!((3..=4).contains(&most), "{make_program}: {most} at a time");
    }
}

#[test]
fn a_jobserver_out_of_reach_is_told_once_and_the_run_goes_on() {
    let place = mixed("@regatta --progress none --suites s0,s1");
    let output = make(&place, "make -j2");
    assert!(output.starts_with("exit 0\n"), "{output}");
    let told = output.matches("is out of reach").count();
    assert_eq!(told, 1, "{output}");
    assert!(
        output.contains("a `+` before the line of the recipe"),
        "{output}"
    );
}

#[test]
fn off_is_off_under_make_too() {
    let place = mixed("@regatta --progress none --suites s0,s1");
    let text = place.read("regatta.toml").replace("'auto'", "'off'");
    place.write("regatta.toml", &text);
    let output = make(&place, "make -j2");
    assert!(
        output.starts_with("exit 0\n") && !output.contains("jobserver"),
        "{output}"
    );
}

/// Lets a suite kill this process while three tokens are borrowed. Four more jobs then need every slot to meet.
#[track_caller]
fn check_that_tokens_come_back(victim: &str, end: &str) {
    for make_program in makes() {
        let place = place(&format!(
            "[run]\njobserver = 'auto'\nmax_parallel = 8\n\
             [suites.a]\ncommand = 'sh meeting 3 a; kill -KILL {victim}; exec sleep 600'\n\
             [suites.b]\ncommand = 'sh meeting 3 b; exec sleep 600'\n\
             [suites.c]\ncommand = 'sh meeting 3 c; exec sleep 600'\n"
        ));
        place.write(
            "Makefile",
            "later = 1 2 3 4\nall: $(later)\nsuites:\n\t-+@regatta --progress none\n\
             $(later): suites\n\t@MEETING=later sh meeting 4 $@\n.PHONY: all suites $(later)\n",
        );
        let meeting = place.path("m");
        let line = format!("export MEETING={}; {make_program} -j4", meeting.display());
        let output = make(&place, &line);
        assert!(output.starts_with("exit 0\n"), "{output}");
        assert!(output.contains(end), "{output}");
        assert!(!output.contains("jobserver"), "{output}");
    }
}

#[test]
fn tokens_come_back_from_a_runner_that_is_killed() {
    check_that_tokens_come_back("$PPID", "Error 3");
}

#[test]
fn tokens_come_back_when_the_guardian_is_killed() {
    let guardian = "$(cut -d \" \" -f 4 /proc/$PPID/stat)";
    check_that_tokens_come_back(guardian, "Killed (ignored)");
}

#[test]
fn a_run_inside_a_suite_shares_the_slots_of_the_run_around_it() {
    for form in ["fifo", "pipe"] {
        let outer =
            |name| format!("[suites.{name}]\ncommand = 'regatta -C {name} --progress none'\n");
        let run = format!("[run]\njobserver = '{form}'\nmax_parallel = 4\n");
        let place = place(&(run + &outer("x") + &outer("y")));
        let inner = |n| format!("[suites.s{n}]\ncommand = 'sh ../job'\n");
        let inner: String = (0..6).map(inner).collect();
        for folder in ["x", "y"] {
            let run = format!("[run]\njobserver = '{form}'\nmax_parallel = 8\n");
            place.write(&format!("{folder}/regatta.toml"), &(run + &inner));
        }
        let output = make(&place, "regatta --progress none");
        assert!(output.starts_with("exit 0\n"), "{output}");
        let (count, most) = jobs(&place);
        assert_eq!(count, 12);
        assert!((3..=4).contains(&most), "{form}: {most} at a time");
    }
}

#[test]
fn tokens_come_back_from_a_run_that_is_interrupted() {
    for make_program in makes() {
        let place = place(
            "[run]\njobserver = 'auto'\nmax_parallel = 8\n\
             [suites.a]\ncommand = 'sh meeting 2 a; kill -TERM $(cat test-logs/pid); exec sleep 600'\n\
             [suites.b]\ncommand = 'sh meeting 2 b; exec sleep 600'\n",
        );
        // Whoever leads the recipe is the guardian, by `exec`.
        place.write(
            "Makefile",
            "all:\n\t-+@mkdir -p test-logs; echo $$$$ >test-logs/pid; exec regatta --progress none\n",
        );
        let meeting = place.path("m");
        let line = format!("export MEETING={}; {make_program} -j4", meeting.display());
        let output = make(&place, &line);
        assert!(output.contains("Terminated (ignored)"), "{output}");
        assert!(!output.contains("jobserver"), "{output}");
    }
}
