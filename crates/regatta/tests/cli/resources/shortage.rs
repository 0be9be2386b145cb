//! Memory that runs out: who was killed for it, and who waits.

use std::fs;

use super::{attempts, give_memory, most_at_once, place, run, spans, suite};
use crate::support::{Place, wait_until};

/// What the system does to a suite for which it has no memory: it counts that, and kills it.
const KILLED: &str = "read word count < machine/proc/vmstat; \
     echo oom_kill $((count + 1)) > machine/proc/vmstat; kill -9 $$";

fn counting(configuration: &str) -> Place {
    let place = place(configuration);
    place.write("machine/proc/vmstat", "oom_kill 3\n");
    place
}

#[test]
fn who_was_killed_for_memory_runs_again_alone_and_passes() {
    let place = counting(&format!(
        "[suites.large]\ncommand = 'case $REGATTA_ATTEMPT in */1) {KILLED};; esac'\n\
         [suites.other]\ncommand = 'sleep 0.3'\n\
         [suites.last]\ncommand = 'sleep 0.1'\ndepends_on = ['other']\n"
    ));
    let output = run(&place, &["-j", "4"]);
    assert!(output.starts_with("exit 0\n"), "{output}");
    assert_eq!(suite(&place, "large")["outcome"], "passed");
    assert_eq!(attempts(&place, "large"), "out_of_memory passed");
    let spans = spans(&place);
    let (start, _) = spans[1];
    let others = [spans[0], spans[2], spans[3]];
    assert!(others.iter().all(|(_, end)| *end <= start), "{spans:?}");
    // It says nothing of the suite, which the history does not take for flaky.
    let flaky = place.regatta(&["flaky"]).run();
    assert!(!flaky.contains("large"), "{flaky}");
}

#[test]
fn who_is_killed_alone_as_well_has_failed_whatever_its_retries() {
    let place = counting(&format!(
        "[suites.large]\ncommand = '{KILLED}'\nretries = 3\n"
    ));
    let output = run(&place, &[]);
    assert!(output.starts_with("exit 1\n"), "{output}");
    assert_eq!(suite(&place, "large")["outcome"], "out_of_memory");
    assert_eq!(attempts(&place, "large"), "out_of_memory out_of_memory");
    let message = &suite(&place, "large")["error_message"];
    assert_eq!(message, "out of memory: killed by the system");
    assert!(output.contains("large: out of memory"), "{output}");
    let history = place.regatta(&["history", "large"]).run();
    assert!(history.contains("killed for memory"), "{history}");
}

#[test]
fn a_shell_that_tells_of_the_end_of_what_it_ran_counts() {
    let place = counting(&format!(
        "[suites.large]\ncommand = \"case $REGATTA_ATTEMPT in */1) sh -c '{KILLED}'; exit $?;; esac\"\n"
    ));
    run(&place, &[]);
    assert_eq!(attempts(&place, "large"), "out_of_memory passed");
}

#[test]
fn the_lines_say_that_another_attempt_follows_alone() {
    let place = counting(&format!(
        "[suites.large]\ncommand = 'case $REGATTA_ATTEMPT in */1) {KILLED};; esac'\n"
    ));
    let machine = place.path("machine");
    let regatta = place.regatta(&["--progress", "lines"]);
    let output = regatta.variable("REGATTA_MACHINE", &machine.to_string_lossy());
    let output = output.run();
    let line = "↻ large failed (out of memory: killed by the system), attempt 2 follows, alone\n";
    assert!(output.contains(line), "{output}");
    assert!(output.contains("✓ large passed in "), "{output}");
}

#[test]
fn a_kill_that_nobody_counted_is_a_signal() {
    let place = counting("[suites.a]\ncommand = 'kill -9 $$'\n");
    run(&place, &[]);
    assert_eq!(attempts(&place, "a"), "signal");
}

#[test]
fn a_kill_that_no_verdict_tells_of_is_a_warning() {
    let place = counting("[suites.a]\ncommand = 'echo oom_kill 5 > machine/proc/vmstat; exit 2'\n");
    let output = run(&place, &[]);
    assert_eq!(attempts(&place, "a"), "exit_code");
    let warning = "warning: memory ran out while the suites ran: the system killed 2 processes beside what the verdicts say";
    assert!(output.contains(warning), "{output}");
}

#[test]
fn while_memory_is_short_one_suite_runs_at_a_time() {
    let waits = |name: &str| {
        format!("[suites.{name}]\ncommand = 'until test -e go-{name}; do sleep 0.01; done'\n")
    };
    let place = place(&["a", "b", "c", "d"].map(waits).concat());
    give_memory(&place, 1000);
    place.write(
        "machine/proc/pressure/memory",
        "some avg10=45.00 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n",
    );
    let machine = place.path("machine");
    let running = place.regatta(&["-j", "2", "--progress", "none"]);
    let running = running.variable("REGATTA_MACHINE", &machine.to_string_lossy());
    let running = running.start();
    let journal = || fs::read_to_string(place.path("test-logs/events.jsonl")).unwrap_or_default();
    let ended = |count: usize| {
        wait_until("an attempt is over", || {
            journal().matches("\"attempt_finished\"").count() == count
        });
    };
    for (index, name) in ["a", "b", "c", "d"].into_iter().enumerate() {
        place.write(&format!("go-{name}"), "");
        ended(index + 1);
    }
    let output = running.finish();
    assert!(output.starts_with("exit 0\n"), "{output}");
    // Two had started before anybody looked.
    assert_eq!(most_at_once(&place), 2);
    let spans = spans(&place);
    assert!(
        spans[1].1 <= spans[2].0 && spans[2].1 <= spans[3].0,
        "{spans:?}"
    );
    assert!(output.contains("warning: memory was short for"), "{output}");
}
