//! Scheduler scripts: a plan in a line, what each attempt does, and all that comes out.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{keep_going, millis, plan, render, repeating};
use insta::assert_snapshot;
use regatta_core::event::{Event, StopSignal};
use regatta_core::expand::{SuiteSpec, expand};
use regatta_core::id::{AttemptId, PoolId, SuiteId, TaskId};
use regatta_core::plan::{Claim, Plan, Pool, Quarantine, Suite};
use regatta_core::schedule::{Effect, Input, Policy, Pressure, Scheduler};
use regatta_core::sim::{Hit, Performance, WhenStopped, simulate, simulate_amid};
use regatta_core::terms::{Backoff, Expect, FailFast, FlakyVerdict, Retries, Reuse, Terms, Until};
use regatta_core::time::Time;
use regatta_core::verdict::{AttemptReport, Exit, Verdict};

/// Runs the plan, every attempt taking a second and exiting with what `code` says.
fn run(slots: u64, text: &str, terms: &Terms, code: impl Fn(&str, u32) -> i32) -> String {
    run_under(keep_going(), slots, text, terms, code)
}

fn run_under(
    policy: Policy,
    slots: u64,
    text: &str,
    terms: &Terms,
    code: impl Fn(&str, u32) -> i32,
) -> String {
    let plan = plan(slots, text, terms);
    let trace = simulate(&plan, policy, &[], |attempt: AttemptId| {
        Performance::exits(millis(1000), code(plan.name(attempt.task), attempt.number))
    });
    render(&plan, &trace)
}

#[test]
fn a_dependent_starts_when_all_its_dependencies_passed() {
    assert_snapshot!(run(2, "a b c<a,b", &Terms::default(), |_, _| 0), @"
    0.000 spawn a#1 in slot 0
    0.000 spawn b#1 in slot 1
    0.000   started a#1 after 0ns
    0.000   started b#1 after 0ns
    1.000   finished a#1 Passed
    1.000   done a Passed
    1.000   finished b#1 Passed
    1.000   done b Passed
    1.000 spawn c#1 in slot 0
    1.000   started c#1 after 0ns
    2.000   finished c#1 Passed
    2.000   done c Passed
    ");
}

#[test]
fn a_task_that_waits_for_its_group_holds_no_slot() {
    assert_snapshot!(run(2, "a@db b@db c", &Terms::default(), |_, _| 0), @"
    0.000 spawn a#1 in slot 0
    0.000 spawn c#1 in slot 1
    0.000   started a#1 after 0ns
    0.000   started c#1 after 0ns
    1.000   finished a#1 Passed
    1.000   done a Passed
    1.000 spawn b#1 in slot 0
    1.000   finished c#1 Passed
    1.000   done c Passed
    1.000   started b#1 after 1s
    2.000   finished b#1 Passed
    2.000   done b Passed
    ");
}

#[test]
fn a_weight_above_the_limit_is_clamped_and_runs_alone() {
    assert_snapshot!(run(2, "a big*9 c", &Terms::default(), |_, _| 0), @"
    0.000 spawn a#1 in slot 0
    0.000 spawn c#1 in slot 1
    0.000   started a#1 after 0ns
    0.000   started c#1 after 0ns
    1.000   finished a#1 Passed
    1.000   done a Passed
    1.000   finished c#1 Passed
    1.000   done c Passed
    1.000 spawn big#1 in slot 0
    1.000   started big#1 after 1s
    2.000   finished big#1 Passed
    2.000   done big Passed
    ");
}

#[test]
fn what_depends_on_a_failure_is_blocked_all_the_way() {
    assert_snapshot!(run(1, "a b<a c<b d", &Terms::default(), |name, _| {
        i32::from(name == "a")
    }), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    1.000   finished a#1 Failed(ExitCode(1))
    1.000   done a Failed(ExitCode(1))
    1.000   done b Skipped(Blocked(TaskId(0)))
    1.000   done c Skipped(Blocked(TaskId(1)))
    1.000 spawn d#1 in slot 0
    1.000   started d#1 after 1s
    2.000   finished d#1 Passed
    2.000   done d Passed
    ");
}

#[test]
fn a_retry_frees_its_slot_during_the_pause_and_keeps_its_number() {
    let terms = Terms {
        retries: Retries {
            delay: millis(1500),
            backoff: Backoff::Exponential,
            ..Retries::immediate(2)
        },
        ..Terms::default()
    };
    let code = |name: &str, number| i32::from(name == "a" && number < 3);
    assert_snapshot!(run(1, "a b", &terms, code), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    1.000   finished a#1 Failed(ExitCode(1))
    1.000   retry a#2 in 1.5s
    1.000 spawn b#1 in slot 1
    1.000   started b#1 after 1s
    2.000   finished b#1 Passed
    2.000   done b Passed
    2.500 spawn a#2 in slot 0
    2.500   started a#2 after 0ns
    3.500   finished a#2 Failed(ExitCode(1))
    3.500   retry a#3 in 3s
    6.500 spawn a#3 in slot 0
    6.500   started a#3 after 0ns
    7.500   finished a#3 Passed
    7.500   done a Flaky
    ");
}

#[test]
fn a_pass_after_a_retry_can_be_declared_a_failure() {
    let terms = Terms {
        retries: Retries::immediate(1),
        flaky: FlakyVerdict::Fail,
        ..Terms::default()
    };
    assert_snapshot!(run(1, "a", &terms, |_, number| i32::from(number == 1)), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    1.000   finished a#1 Failed(ExitCode(1))
    1.000   retry a#2 in 0ns
    1.000 spawn a#2 in slot 0
    1.000   started a#2 after 0ns
    2.000   finished a#2 Passed
    2.000   done a Failed(Flaky)
    ");
}

#[test]
fn an_expected_failure_that_passes_is_a_failure() {
    let terms = Terms {
        expect: Expect::Fail,
        ..Terms::default()
    };
    assert_snapshot!(run(2, "a b", &terms, |name, _| i32::from(name == "a")), @"
    0.000 spawn a#1 in slot 0
    0.000 spawn b#1 in slot 1
    0.000   started a#1 after 0ns
    0.000   started b#1 after 0ns
    1.000   finished a#1 Passed
    1.000   done a Passed
    1.000   finished b#1 Failed(UnexpectedPass)
    1.000   done b Failed(UnexpectedPass)
    ");
}

#[test]
fn a_skip_code_blocks_dependents_without_failing_anything() {
    let terms = Terms {
        skip_exit_code: Some(77),
        ..Terms::default()
    };
    assert_snapshot!(run(1, "a b<a", &terms, |_, _| 77), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    1.000   finished a#1 Skipped(Condition(77))
    1.000   done a Skipped(Condition(77))
    1.000   done b Skipped(Blocked(TaskId(0)))
    ");
}

#[test]
fn fail_fast_now_ends_what_runs_and_starts_nothing() {
    let policy = Policy {
        fail_fast: FailFast::Now,
        ..keep_going()
    };
    let plan = plan(2, "a b c d<a", &Terms::default());
    let trace = simulate(&plan, policy, &[], |attempt| {
        match plan.name(attempt.task) {
            "a" => Performance::exits(millis(1000), 1),
            _ => Performance::exits(millis(5000), 0),
        }
    });
    assert_snapshot!(render(&plan, &trace), @"
    0.000 spawn a#1 in slot 0
    0.000 spawn b#1 in slot 1
    0.000   started a#1 after 0ns
    0.000   started b#1 after 0ns
    1.000   finished a#1 Failed(ExitCode(1))
    1.000   done a Failed(ExitCode(1))
    1.000   done d Skipped(Blocked(TaskId(0)))
    1.000   cancelled FailFast(TaskId(0))
    1.000   done c Skipped(Cancelled)
    1.000   stopping b#1 Cancelled
    1.000 signal b#1 Terminate
    1.000   finished b#1 Skipped(Cancelled)
    1.000   done b Skipped(Cancelled)
    ");
}

#[test]
fn fail_fast_soon_lets_finish_what_runs_and_does_not_retry_it() {
    let policy = Policy {
        fail_fast: FailFast::Soon,
        ..keep_going()
    };
    let terms = Terms {
        retries: Retries::immediate(1),
        ..Terms::default()
    };
    let plan = plan(2, "a b c", &terms);
    let trace = simulate(&plan, policy, &[], |attempt| {
        match plan.name(attempt.task) {
            "a" => Performance::exits(millis(1000), 1),
            _ => Performance::exits(millis(3000), 1),
        }
    });
    assert_snapshot!(render(&plan, &trace), @"
    0.000 spawn a#1 in slot 0
    0.000 spawn b#1 in slot 1
    0.000   started a#1 after 0ns
    0.000   started b#1 after 0ns
    1.000   finished a#1 Failed(ExitCode(1))
    1.000   retry a#2 in 0ns
    1.000 spawn a#2 in slot 0
    1.000   started a#2 after 0ns
    2.000   finished a#2 Failed(ExitCode(1))
    2.000   done a Failed(ExitCode(1))
    2.000   cancelled FailFast(TaskId(0))
    2.000   done c Skipped(Cancelled)
    3.000   finished b#1 Failed(ExitCode(1))
    3.000   done b Failed(ExitCode(1))
    ");
}

#[test]
fn max_fail_stops_starting_at_the_last_failure_allowed() {
    let policy = Policy {
        max_fail: Some(2),
        ..keep_going()
    };
    assert_snapshot!(run_under(
        policy,
        1,
        "a b c d",
        &Terms::default(),
        |name, _| i32::from(name != "a")
    ), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    1.000   finished a#1 Passed
    1.000   done a Passed
    1.000 spawn b#1 in slot 0
    1.000   started b#1 after 1s
    2.000   finished b#1 Failed(ExitCode(1))
    2.000   done b Failed(ExitCode(1))
    2.000 spawn c#1 in slot 0
    2.000   started c#1 after 2s
    3.000   finished c#1 Failed(ExitCode(1))
    3.000   done c Failed(ExitCode(1))
    3.000   cancelled MaxFail(TaskId(2))
    3.000   done d Skipped(Cancelled)
    ");
}

#[test]
fn the_shards_of_a_suite_are_one_failure_and_dependents_wait_for_all_of_them() {
    let spec = |dependencies: &[u32]| SuiteSpec {
        shards: 2,
        dependencies: dependencies.iter().copied().map(SuiteId).collect(),
        claims: vec![Claim {
            pool: PoolId(0),
            amount: 1,
        }],
        terms: Terms::default(),
    };
    let suite = |name: &str| Suite {
        name: name.into(),
        ..Suite::default()
    };
    let (specs, _) = expand(vec![spec(&[]), spec(&[]), spec(&[1])]);
    let suites = ["a", "b", "c"].map(suite).into();
    let slots = Pool {
        name: "slots".into(),
        capacity: 1,
    };
    let plan = Arc::new(Plan::new(suites, specs, vec![slots]).unwrap());
    let policy = Policy {
        max_fail: Some(2),
        ..keep_going()
    };
    let trace = simulate(&plan, policy, &[], |attempt: AttemptId| {
        Performance::exits(millis(1000), i32::from(plan.name(attempt.task) == "a"))
    });
    assert_snapshot!(render(&plan, &trace), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    1.000   finished a#1 Failed(ExitCode(1))
    1.000   done a Failed(ExitCode(1))
    1.000 spawn a#1 in slot 0
    1.000   started a#1 after 1s
    2.000   finished a#1 Failed(ExitCode(1))
    2.000   done a Failed(ExitCode(1))
    2.000 spawn b#1 in slot 0
    2.000   started b#1 after 2s
    3.000   finished b#1 Passed
    3.000   done b Passed
    3.000 spawn b#1 in slot 0
    3.000   started b#1 after 3s
    4.000   finished b#1 Passed
    4.000   done b Passed
    4.000 spawn c#1 in slot 0
    4.000   started c#1 after 0ns
    5.000   finished c#1 Passed
    5.000   done c Passed
    5.000 spawn c#1 in slot 0
    5.000   started c#1 after 1s
    6.000   finished c#1 Passed
    6.000   done c Passed
    ");
}

#[test]
fn a_time_out_asks_politely_and_then_ends_by_force() {
    let terms = Terms {
        timeout: Some(millis(1000)),
        grace_period: millis(300),
        ..Terms::default()
    };
    let plan = plan(2, "obeys ignores", &terms);
    let trace = simulate(&plan, keep_going(), &[], |attempt| Performance {
        when_stopped: match plan.name(attempt.task) {
            "obeys" => WhenStopped::EndsAfter(millis(100)),
            _ => WhenStopped::Ignores,
        },
        ..Performance::exits(millis(9000), 0)
    });
    assert_snapshot!(render(&plan, &trace), @"
    0.000 spawn obeys#1 in slot 0
    0.000 spawn ignores#1 in slot 1
    0.000   started obeys#1 after 0ns
    0.000   started ignores#1 after 0ns
    1.000 examine obeys#1 Timeout, silent for 1s
    1.000   stopping obeys#1 Timeout
    1.000 signal obeys#1 Terminate
    1.000 examine ignores#1 Timeout, silent for 1s
    1.000   stopping ignores#1 Timeout
    1.000 signal ignores#1 Terminate
    1.100   finished obeys#1 Failed(Timeout(1s))
    1.100   done obeys Failed(Timeout(1s))
    1.300   stopping ignores#1 Timeout
    1.300 signal ignores#1 Kill
    1.300   finished ignores#1 Failed(Timeout(1s))
    1.300   done ignores Failed(Timeout(1s))
    ");
}

#[test]
fn a_time_out_does_not_count_the_time_in_a_queue() {
    let terms = Terms {
        timeout: Some(millis(1500)),
        ..Terms::default()
    };
    assert_snapshot!(run(1, "a b c", &terms, |_, _| 0), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    1.000   finished a#1 Passed
    1.000   done a Passed
    1.000 spawn b#1 in slot 0
    1.000   started b#1 after 1s
    2.000   finished b#1 Passed
    2.000   done b Passed
    2.000 spawn c#1 in slot 0
    2.000   started c#1 after 2s
    3.000   finished c#1 Passed
    3.000   done c Passed
    ");
}

#[test]
fn without_grace_force_follows_at_once() {
    let terms = Terms {
        timeout: Some(millis(1000)),
        grace_period: Duration::ZERO,
        ..Terms::default()
    };
    let plan = plan(1, "a", &terms);
    let trace = simulate(&plan, keep_going(), &[], |_| Performance {
        when_stopped: WhenStopped::Ignores,
        ..Performance::exits(millis(9000), 0)
    });
    assert_snapshot!(render(&plan, &trace), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    1.000 examine a#1 Timeout, silent for 1s
    1.000   stopping a#1 Timeout
    1.000 signal a#1 Terminate
    1.000   stopping a#1 Timeout
    1.000 signal a#1 Kill
    1.000   finished a#1 Failed(Timeout(1s))
    1.000   done a Failed(Timeout(1s))
    ");
}

#[test]
fn silence_is_counted_from_the_last_output() {
    let terms = Terms {
        idle_timeout: Some(millis(1000)),
        ..Terms::default()
    };
    let plan = plan(2, "talks silent", &terms);
    let trace = simulate(&plan, keep_going(), &[], |attempt| Performance {
        prints_every: (plan.name(attempt.task) == "talks").then(|| millis(700)),
        ..Performance::exits(millis(2500), 0)
    });
    assert_snapshot!(render(&plan, &trace), @"
    0.000 spawn talks#1 in slot 0
    0.000 spawn silent#1 in slot 1
    0.000   started talks#1 after 0ns
    0.000   started silent#1 after 0ns
    1.000 examine silent#1 IdleTimeout, silent for 1s
    1.000   stopping silent#1 IdleTimeout
    1.000 signal silent#1 Terminate
    1.000   finished silent#1 Failed(IdleTimeout(1s))
    1.000   done silent Failed(IdleTimeout(1s))
    2.500   finished talks#1 Passed
    2.500   done talks Passed
    ");
}

#[test]
fn slowness_is_told_once() {
    let terms = Terms {
        slow_after: Some(millis(400)),
        ..Terms::default()
    };
    assert_snapshot!(run(1, "a", &terms, |_, _| 0), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    0.400   slow a#1
    0.400 examine a#1 slow, silent for 400ms
    1.000   finished a#1 Passed
    1.000   done a Passed
    ");
}

#[test]
fn one_interrupt_is_polite_and_two_are_not() {
    let plan = plan(2, "obeys ignores waits", &Terms::default());
    let interrupts = [
        (Time(millis(500)), StopSignal::Interrupt),
        (Time(millis(900)), StopSignal::Interrupt),
    ];
    let trace = simulate(&plan, keep_going(), &interrupts, |attempt| Performance {
        when_stopped: match plan.name(attempt.task) {
            "obeys" => WhenStopped::EndsAfter(millis(10)),
            _ => WhenStopped::Ignores,
        },
        ..Performance::exits(millis(9000), 0)
    });
    assert_snapshot!(render(&plan, &trace), @"
    0.000 spawn obeys#1 in slot 0
    0.000 spawn ignores#1 in slot 1
    0.000   started obeys#1 after 0ns
    0.000   started ignores#1 after 0ns
    0.500   cancelled Interrupt(Interrupt)
    0.500   done waits Skipped(Interrupted)
    0.500   stopping obeys#1 Interrupted
    0.500 signal obeys#1 Interrupt
    0.500   stopping ignores#1 Interrupted
    0.500 signal ignores#1 Interrupt
    0.510   finished obeys#1 Skipped(Interrupted)
    0.510   done obeys Skipped(Interrupted)
    0.900   stopping ignores#1 Interrupted
    0.900 signal ignores#1 Kill
    0.900   finished ignores#1 Skipped(Interrupted)
    0.900   done ignores Skipped(Interrupted)
    ");
}

#[test]
fn what_cannot_be_started_fails_and_the_others_run() {
    let plan = plan(1, "a b", &Terms::default());
    let trace = simulate(&plan, keep_going(), &[], |attempt| Performance {
        exit: match plan.name(attempt.task) {
            "a" => Exit::NotStarted("no such file".into()),
            _ => Exit::Code(0),
        },
        ..Performance::exits(millis(1000), 0)
    });
    assert_snapshot!(render(&plan, &trace), @r#"
    0.000 spawn a#1 in slot 0
    0.000   finished a#1 Failed(SpawnError("no such file"))
    0.000   done a Failed(SpawnError("no such file"))
    0.000 spawn b#1 in slot 0
    0.000   started b#1 after 0ns
    1.000   finished b#1 Passed
    1.000   done b Passed
    "#);
}

#[test]
fn an_exit_zero_after_the_time_out_is_no_pass() {
    let terms = Terms {
        timeout: Some(millis(1000)),
        ..Terms::default()
    };
    let plan = plan(1, "a", &terms);
    let trace = simulate(&plan, keep_going(), &[], |_| Performance {
        when_stopped: WhenStopped::Ignores,
        ..Performance::exits(millis(1200), 0)
    });
    assert_snapshot!(render(&plan, &trace), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    1.000 examine a#1 Timeout, silent for 1s
    1.000   stopping a#1 Timeout
    1.000 signal a#1 Terminate
    1.200   finished a#1 Failed(Timeout(1s))
    1.200   done a Failed(Timeout(1s))
    ");
}

/// Terms under which an attempt may run for a second and be examined for another half.
fn examined() -> Terms {
    Terms {
        timeout: Some(millis(1000)),
        grace_period: millis(300),
        examination: Some(millis(500)),
        ..Terms::default()
    }
}

#[test]
fn an_examination_delays_the_first_signal_until_it_is_over_or_late() {
    let plan = plan(3, "quick hangs deaf", &examined());
    let trace = simulate(&plan, keep_going(), &[], |attempt| {
        let name = plan.name(attempt.task);
        Performance {
            examined_in: (name == "quick").then(|| millis(200)),
            when_stopped: match name {
                "deaf" => WhenStopped::Ignores,
                _ => WhenStopped::EndsAfter(Duration::ZERO),
            },
            ..Performance::exits(millis(9000), 0)
        }
    });
    assert_snapshot!(render(&plan, &trace), @"
    0.000 spawn quick#1 in slot 0
    0.000 spawn hangs#1 in slot 1
    0.000 spawn deaf#1 in slot 2
    0.000   started quick#1 after 0ns
    0.000   started hangs#1 after 0ns
    0.000   started deaf#1 after 0ns
    1.000 examine quick#1 Timeout, silent for 1s
    1.000 examine hangs#1 Timeout, silent for 1s
    1.000 examine deaf#1 Timeout, silent for 1s
    1.200   stopping quick#1 Timeout
    1.200 signal quick#1 Terminate
    1.200   finished quick#1 Failed(Timeout(1s))
    1.200   done quick Failed(Timeout(1s))
    1.500   stopping hangs#1 Timeout
    1.500 signal hangs#1 Terminate
    1.500   stopping deaf#1 Timeout
    1.500 signal deaf#1 Terminate
    1.500   finished hangs#1 Failed(Timeout(1s))
    1.500   done hangs Failed(Timeout(1s))
    1.800   stopping deaf#1 Timeout
    1.800 signal deaf#1 Kill
    1.800   finished deaf#1 Failed(Timeout(1s))
    1.800   done deaf Failed(Timeout(1s))
    ");
}

#[test]
fn silence_is_examined_too() {
    let terms = Terms {
        timeout: None,
        idle_timeout: Some(millis(1000)),
        ..examined()
    };
    let plan = plan(1, "a", &terms);
    let trace = simulate(&plan, keep_going(), &[], |_| Performance {
        examined_in: Some(millis(300)),
        ..Performance::exits(millis(9000), 0)
    });
    assert_snapshot!(render(&plan, &trace), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    1.000 examine a#1 IdleTimeout, silent for 1s
    1.300   stopping a#1 IdleTimeout
    1.300 signal a#1 Terminate
    1.300   finished a#1 Failed(IdleTimeout(1s))
    1.300   done a Failed(IdleTimeout(1s))
    ");
}

#[test]
fn an_exit_during_the_examination_ends_a_suite_that_was_too_slow_all_the_same() {
    let plan = plan(1, "a", &examined());
    let trace = simulate(&plan, keep_going(), &[], |_| Performance {
        examined_in: Some(millis(400)),
        ..Performance::exits(millis(1200), 0)
    });
    assert_snapshot!(render(&plan, &trace), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    1.000 examine a#1 Timeout, silent for 1s
    1.200   finished a#1 Failed(Timeout(1s))
    1.200   done a Failed(Timeout(1s))
    ");
}

#[test]
fn an_examination_of_an_earlier_attempt_does_not_end_the_next() {
    let terms = Terms {
        retries: Retries::immediate(1),
        ..examined()
    };
    let plan = plan(1, "a", &terms);
    let trace = simulate(&plan, keep_going(), &[], |attempt| Performance {
        examined_in: (attempt.number == 1).then(|| millis(1700)),
        ..Performance::exits(millis(9000), 0)
    });
    assert_snapshot!(render(&plan, &trace), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    1.000 examine a#1 Timeout, silent for 1s
    1.500   stopping a#1 Timeout
    1.500 signal a#1 Terminate
    1.500   finished a#1 Failed(Timeout(1s))
    1.500   retry a#2 in 0ns
    1.500 spawn a#2 in slot 0
    1.500   started a#2 after 0ns
    2.500 examine a#2 Timeout, silent for 1s
    3.000   stopping a#2 Timeout
    3.000 signal a#2 Terminate
    3.000   finished a#2 Failed(Timeout(1s))
    3.000   done a Failed(Timeout(1s))
    ");
}

#[test]
fn an_interrupt_does_not_wait_for_an_examination() {
    let plan = plan(1, "a", &examined());
    let interrupts = [
        (Time(millis(1100)), StopSignal::Interrupt),
        (Time(millis(1200)), StopSignal::Interrupt),
    ];
    let trace = simulate(&plan, keep_going(), &interrupts, |_| Performance {
        examined_in: Some(millis(150)),
        when_stopped: WhenStopped::Ignores,
        ..Performance::exits(millis(9000), 0)
    });
    assert_snapshot!(render(&plan, &trace), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    1.000 examine a#1 Timeout, silent for 1s
    1.100   cancelled Interrupt(Interrupt)
    1.100   stopping a#1 Timeout
    1.100 signal a#1 Interrupt
    1.200   stopping a#1 Timeout
    1.200 signal a#1 Kill
    1.200   finished a#1 Failed(Timeout(1s))
    1.200   done a Failed(Timeout(1s))
    ");
}

#[test]
fn fail_fast_does_not_wait_for_an_examination() {
    let policy = Policy {
        fail_fast: FailFast::Now,
        ..keep_going()
    };
    let plan = plan(2, "a b", &examined());
    let trace = simulate(&plan, policy, &[], |attempt| {
        match plan.name(attempt.task) {
            "a" => Performance {
                examined_in: None,
                ..Performance::exits(millis(9000), 0)
            },
            _ => Performance {
                examined_in: Some(millis(100)),
                ..Performance::exits(millis(9000), 1)
            },
        }
    });
    assert_snapshot!(render(&plan, &trace), @"
    0.000 spawn a#1 in slot 0
    0.000 spawn b#1 in slot 1
    0.000   started a#1 after 0ns
    0.000   started b#1 after 0ns
    1.000 examine a#1 Timeout, silent for 1s
    1.000 examine b#1 Timeout, silent for 1s
    1.100   stopping b#1 Timeout
    1.100 signal b#1 Terminate
    1.100   finished b#1 Failed(Timeout(1s))
    1.100   done b Failed(Timeout(1s))
    1.100   cancelled FailFast(TaskId(1))
    1.100   stopping a#1 Timeout
    1.100 signal a#1 Terminate
    1.100   finished a#1 Failed(Timeout(1s))
    1.100   done a Failed(Timeout(1s))
    ");
}

#[test]
fn a_round_begins_when_all_words_of_the_last_are_said_and_numbers_go_on() {
    let policy = repeating(Some(2), Until::Done);
    assert_snapshot!(run_under(policy, 2, "a b<a", &Terms::default(), |_, _| 0), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    1.000   finished a#1 Passed
    1.000   word a in round 1 Passed
    1.000 spawn b#1 in slot 0
    1.000   started b#1 after 0ns
    2.000   finished b#1 Passed
    2.000   word b in round 1 Passed
    2.000   round 1 over: 2 passed, 0 failed, 0 skipped
    2.000 spawn a#2 in slot 0
    2.000   started a#2 after 0ns
    3.000   finished a#2 Passed
    3.000   word a in round 2 Passed
    3.000 spawn b#2 in slot 0
    3.000   started b#2 after 0ns
    4.000   finished b#2 Passed
    4.000   word b in round 2 Passed
    4.000   round 2 over: 2 passed, 0 failed, 0 skipped
    4.000   done a Passed
    4.000   done b Passed
    ");
}

#[test]
fn the_worst_word_of_all_rounds_is_final_and_what_it_blocked_is_skipped() {
    let policy = repeating(Some(3), Until::Done);
    let code = |name: &str, number| i32::from(name == "a" && number == 2) * 4;
    assert_snapshot!(run_under(policy, 2, "a b<a", &Terms::default(), code), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    1.000   finished a#1 Passed
    1.000   word a in round 1 Passed
    1.000 spawn b#1 in slot 0
    1.000   started b#1 after 0ns
    2.000   finished b#1 Passed
    2.000   word b in round 1 Passed
    2.000   round 1 over: 2 passed, 0 failed, 0 skipped
    2.000 spawn a#2 in slot 0
    2.000   started a#2 after 0ns
    3.000   finished a#2 Failed(ExitCode(4))
    3.000   word a in round 2 Failed(ExitCode(4))
    3.000   word b in round 2 Skipped(Blocked(TaskId(0)))
    3.000   round 2 over: 0 passed, 1 failed, 1 skipped
    3.000 spawn a#3 in slot 0
    3.000   started a#3 after 0ns
    4.000   finished a#3 Passed
    4.000   word a in round 3 Passed
    4.000 spawn b#2 in slot 0
    4.000   started b#2 after 0ns
    5.000   finished b#2 Passed
    5.000   word b in round 3 Passed
    5.000   round 3 over: 2 passed, 0 failed, 0 skipped
    5.000   done a Failed(ExitCode(4))
    5.000   done b Skipped(Blocked(TaskId(0)))
    ");
}

#[test]
fn retries_count_within_a_round() {
    let policy = repeating(Some(2), Until::Done);
    let terms = Terms {
        retries: Retries {
            delay: millis(100),
            backoff: Backoff::Exponential,
            ..Retries::immediate(1)
        },
        ..Terms::default()
    };
    let code = |_: &str, number| i32::from(number % 2 == 1);
    assert_snapshot!(run_under(policy, 1, "a", &terms, code), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    1.000   finished a#1 Failed(ExitCode(1))
    1.000   retry a#2 in 100ms
    1.100 spawn a#2 in slot 0
    1.100   started a#2 after 0ns
    2.100   finished a#2 Passed
    2.100   word a in round 1 Flaky
    2.100   round 1 over: 1 passed, 0 failed, 0 skipped
    2.100 spawn a#3 in slot 0
    2.100   started a#3 after 0ns
    3.100   finished a#3 Failed(ExitCode(1))
    3.100   retry a#4 in 100ms
    3.200 spawn a#4 in slot 0
    3.200   started a#4 after 0ns
    4.200   finished a#4 Passed
    4.200   word a in round 2 Flaky
    4.200   round 2 over: 1 passed, 0 failed, 0 skipped
    4.200   done a Flaky
    ");
}

#[test]
fn until_a_failure_the_round_of_the_failure_is_finished_and_the_last() {
    let policy = repeating(None, Until::Failure);
    let code = |name: &str, number| i32::from(name == "a" && number == 2);
    assert_snapshot!(run_under(policy, 1, "a b", &Terms::default(), code), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    1.000   finished a#1 Passed
    1.000   word a in round 1 Passed
    1.000 spawn b#1 in slot 0
    1.000   started b#1 after 1s
    2.000   finished b#1 Passed
    2.000   word b in round 1 Passed
    2.000   round 1 over: 2 passed, 0 failed, 0 skipped
    2.000 spawn a#2 in slot 0
    2.000   started a#2 after 0ns
    3.000   finished a#2 Failed(ExitCode(1))
    3.000   word a in round 2 Failed(ExitCode(1))
    3.000 spawn b#2 in slot 0
    3.000   started b#2 after 1s
    4.000   finished b#2 Passed
    4.000   word b in round 2 Passed
    4.000   round 2 over: 1 passed, 1 failed, 0 skipped
    4.000   done a Failed(ExitCode(1))
    4.000   done b Passed
    ");
}

#[test]
fn fail_fast_ends_all_rounds() {
    let policy = Policy {
        fail_fast: FailFast::Now,
        ..repeating(Some(9), Until::Done)
    };
    let code = |_: &str, number| i32::from(number == 2);
    assert_snapshot!(run_under(policy, 1, "a b", &Terms::default(), code), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    1.000   finished a#1 Passed
    1.000   word a in round 1 Passed
    1.000 spawn b#1 in slot 0
    1.000   started b#1 after 1s
    2.000   finished b#1 Passed
    2.000   word b in round 1 Passed
    2.000   round 1 over: 2 passed, 0 failed, 0 skipped
    2.000 spawn a#2 in slot 0
    2.000   started a#2 after 0ns
    3.000   finished a#2 Failed(ExitCode(1))
    3.000   word a in round 2 Failed(ExitCode(1))
    3.000   cancelled FailFast(TaskId(0))
    3.000   word b in round 2 Skipped(Cancelled)
    3.000   round 2 over: 0 passed, 1 failed, 1 skipped
    3.000   done a Failed(ExitCode(1))
    3.000   done b Skipped(Cancelled)
    ");
}

#[test]
fn max_fail_counts_over_all_rounds() {
    let policy = Policy {
        max_fail: Some(2),
        ..repeating(Some(9), Until::Done)
    };
    assert_snapshot!(run_under(policy, 1, "a", &Terms::default(), |_, _| 1), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    1.000   finished a#1 Failed(ExitCode(1))
    1.000   word a in round 1 Failed(ExitCode(1))
    1.000   round 1 over: 0 passed, 1 failed, 0 skipped
    1.000 spawn a#2 in slot 0
    1.000   started a#2 after 0ns
    2.000   finished a#2 Failed(ExitCode(1))
    2.000   word a in round 2 Failed(ExitCode(1))
    2.000   cancelled MaxFail(TaskId(0))
    2.000   round 2 over: 0 passed, 1 failed, 0 skipped
    2.000   done a Failed(ExitCode(1))
    ");
}

#[test]
fn an_interrupt_ends_rounds_without_a_limit() {
    let plan = plan(1, "a b", &Terms::default());
    let interrupts = [(Time(millis(2500)), StopSignal::Interrupt)];
    let policy = repeating(None, Until::Failure);
    let trace = simulate(&plan, policy, &interrupts, |_| {
        Performance::exits(millis(1000), 0)
    });
    assert_snapshot!(render(&plan, &trace), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    1.000   finished a#1 Passed
    1.000   word a in round 1 Passed
    1.000 spawn b#1 in slot 0
    1.000   started b#1 after 1s
    2.000   finished b#1 Passed
    2.000   word b in round 1 Passed
    2.000   round 1 over: 2 passed, 0 failed, 0 skipped
    2.000 spawn a#2 in slot 0
    2.000   started a#2 after 0ns
    2.500   cancelled Interrupt(Interrupt)
    2.500   word b in round 2 Skipped(Interrupted)
    2.500   stopping a#2 Interrupted
    2.500 signal a#2 Interrupt
    2.500   finished a#2 Skipped(Interrupted)
    2.500   word a in round 2 Skipped(Interrupted)
    2.500   round 2 over: 0 passed, 0 failed, 2 skipped
    2.500   done a Skipped(Interrupted)
    2.500   done b Skipped(Interrupted)
    ");
}

#[test]
fn a_quarantined_failure_ends_nothing_and_still_blocks() {
    let policy = Policy {
        fail_fast: FailFast::Now,
        max_fail: Some(1),
        ..keep_going()
    };
    let plan = quarantined(1, "a b<a c", false);
    let trace = simulate(&plan, policy, &[], |attempt| {
        let code = i32::from(plan.name(attempt.task) == "a");
        Performance::exits(millis(1000), code)
    });
    assert_snapshot!(render(&plan, &trace), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    1.000   finished a#1 Failed(ExitCode(1))
    1.000   done a Failed(ExitCode(1))
    1.000   done b Skipped(Blocked(TaskId(0)))
    1.000 spawn c#1 in slot 0
    1.000   started c#1 after 1s
    2.000   finished c#1 Passed
    2.000   done c Passed
    ");
}

#[test]
fn an_expired_quarantine_protects_nobody() {
    let policy = Policy {
        fail_fast: FailFast::Soon,
        ..keep_going()
    };
    let plan = quarantined(1, "a b", true);
    let trace = simulate(&plan, policy, &[], |_| Performance::exits(millis(1000), 1));
    assert_snapshot!(render(&plan, &trace), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    1.000   finished a#1 Failed(ExitCode(1))
    1.000   done a Failed(ExitCode(1))
    1.000   cancelled FailFast(TaskId(0))
    1.000   done b Skipped(Cancelled)
    ");
}

#[test]
fn until_a_failure_a_quarantined_one_is_a_failure_too() {
    let plan = quarantined(1, "a", false);
    let policy = repeating(Some(9), Until::Failure);
    let trace = simulate(&plan, policy, &[], |_| Performance::exits(millis(1000), 1));
    assert_snapshot!(render(&plan, &trace), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    1.000   finished a#1 Failed(ExitCode(1))
    1.000   word a in round 1 Failed(ExitCode(1))
    1.000   round 1 over: 0 passed, 1 failed, 0 skipped
    1.000   done a Failed(ExitCode(1))
    ");
}

/// Returns a plan whose first suite is in quarantine.
fn quarantined(slots: u64, text: &str, expired: bool) -> Arc<Plan> {
    let mut plan = Arc::unwrap_or_clone(plan(slots, text, &Terms::default()));
    plan.suites[SuiteId(0)].quarantine = Some(Box::new(Quarantine {
        expired,
        ..Quarantine::default()
    }));
    Arc::new(plan)
}

#[test]
fn what_is_probed_takes_no_slot_and_a_hit_never_runs() {
    let terms = Terms {
        reuse: Reuse::Possible,
        ..Terms::default()
    };
    let plan = plan(1, "hit miss<hit", &terms);
    let trace = simulate(&plan, keep_going(), &[], |attempt| Performance {
        probe: match plan.name(attempt.task) {
            "hit" => (millis(10), Hit::Yes),
            _ => (millis(20), Hit::No),
        },
        ..Performance::exits(millis(1000), 0)
    });
    assert_snapshot!(render(&plan, &trace), @"
    0.000 probe hit
    0.010   done hit Cached
    0.010 probe miss
    0.030 spawn miss#1 in slot 0
    0.030   started miss#1 after 0ns
    1.030   finished miss#1 Passed
    1.030 store miss
    1.030   done miss Passed
    ");
}

#[test]
fn what_is_probed_when_the_run_is_cut_short_never_starts() {
    let terms = Terms {
        reuse: Reuse::Possible,
        ..Terms::default()
    };
    let plan = plan(1, "a", &terms);
    let interrupt = [(Time(millis(5)), StopSignal::Interrupt)];
    let trace = simulate(&plan, keep_going(), &interrupt, |_| Performance {
        probe: (millis(10), Hit::Yes),
        ..Performance::exits(millis(1000), 0)
    });
    assert_snapshot!(render(&plan, &trace), @"
    0.000 probe a
    0.005   cancelled Interrupt(Interrupt)
    0.005   done a Skipped(Interrupted)
    ");
}

#[test]
fn who_asks_for_several_rounds_sees_the_suites_run() {
    let terms = Terms {
        reuse: Reuse::Possible,
        ..Terms::default()
    };
    let policy = repeating(Some(2), Until::Done);
    let text = run_under(policy, 1, "a", &terms, |_, _| 0);
    assert_eq!(text.matches("spawn a#").count(), 2, "{text}");
    assert!(!text.contains("probe") && !text.contains("store"), "{text}");
}

#[test]
fn who_was_killed_for_memory_runs_again_alone_when_nobody_else_could() {
    let plan = plan(2, "large other third after<third", &Terms::default());
    let trace = simulate(&plan, keep_going(), &[], |attempt| {
        match (plan.name(attempt.task), attempt.number) {
            ("large", 1) => Performance::killed_for_memory(millis(100)),
            ("large", _) => Performance::exits(millis(500), 0),
            _ => Performance::exits(millis(300), 0),
        }
    });
    assert_snapshot!(render(&plan, &trace), @"
    0.000 spawn large#1 in slot 0
    0.000 spawn other#1 in slot 1
    0.000   started large#1 after 0ns
    0.000   started other#1 after 0ns
    0.100   finished large#1 Failed(OutOfMemory)
    0.100   retry large#2 in 0ns
    0.100 spawn third#1 in slot 2
    0.100   started third#1 after 100ms
    0.300   finished other#1 Passed
    0.300   done other Passed
    0.400   finished third#1 Passed
    0.400   done third Passed
    0.400 spawn after#1 in slot 1
    0.400   started after#1 after 0ns
    0.700   finished after#1 Passed
    0.700   done after Passed
    0.700 spawn large#2 in slot 0
    0.700   started large#2 after 600ms
    1.200   finished large#2 Passed
    1.200   done large Passed
    ");
}

#[test]
fn who_is_killed_for_memory_although_it_is_alone_has_failed_whatever_its_retries() {
    let terms = Terms {
        retries: Retries::immediate(3),
        ..Terms::default()
    };
    let plan = plan(2, "large", &terms);
    let trace = simulate(&plan, keep_going(), &[], |_| {
        Performance::killed_for_memory(millis(100))
    });
    assert_snapshot!(render(&plan, &trace), @"
    0.000 spawn large#1 in slot 0
    0.000   started large#1 after 0ns
    0.100   finished large#1 Failed(OutOfMemory)
    0.100   retry large#2 in 0ns
    0.100 spawn large#2 in slot 0
    0.100   started large#2 after 0ns
    0.200   finished large#2 Failed(OutOfMemory)
    0.200   done large Failed(OutOfMemory)
    ");
}

#[test]
fn the_attempt_alone_takes_none_of_the_retries() {
    let terms = Terms {
        retries: Retries::immediate(1),
        ..Terms::default()
    };
    let plan = plan(2, "large", &terms);
    let trace = simulate(&plan, keep_going(), &[], |attempt| match attempt.number {
        1 => Performance::killed_for_memory(millis(100)),
        2 => Performance::exits(millis(100), 1),
        _ => Performance::exits(millis(100), 0),
    });
    assert_snapshot!(render(&plan, &trace), @"
    0.000 spawn large#1 in slot 0
    0.000   started large#1 after 0ns
    0.100   finished large#1 Failed(OutOfMemory)
    0.100   retry large#2 in 0ns
    0.100 spawn large#2 in slot 0
    0.100   started large#2 after 0ns
    0.200   finished large#2 Failed(ExitCode(1))
    0.200   retry large#3 in 0ns
    0.200 spawn large#3 in slot 0
    0.200   started large#3 after 0ns
    0.300   finished large#3 Passed
    0.300   done large Flaky
    ");
}

#[test]
fn pressure_lets_only_one_run_and_its_end_lets_the_others_start() {
    let plan = plan(3, "a b c d e", &Terms::default());
    let around = vec![
        (Time(millis(50)), Input::Pressure(Pressure::High)),
        (Time(millis(350)), Input::Pressure(Pressure::Normal)),
    ];
    let trace = simulate_amid(&plan, keep_going(), around, |attempt| {
        match plan.name(attempt.task) {
            "a" => Performance::exits(millis(100), 0),
            _ => Performance::exits(millis(200), 0),
        }
    });
    assert_snapshot!(render(&plan, &trace), @"
    0.000 spawn a#1 in slot 0
    0.000 spawn b#1 in slot 1
    0.000 spawn c#1 in slot 2
    0.000   started a#1 after 0ns
    0.000   started b#1 after 0ns
    0.000   started c#1 after 0ns
    0.100   finished a#1 Passed
    0.100   done a Passed
    0.200   finished b#1 Passed
    0.200   done b Passed
    0.200   finished c#1 Passed
    0.200   done c Passed
    0.200 spawn d#1 in slot 0
    0.200   started d#1 after 200ms
    0.350 spawn e#1 in slot 1
    0.350   started e#1 after 350ms
    0.400   finished d#1 Passed
    0.400   done d Passed
    0.550   finished e#1 Passed
    0.550   done e Passed
    ");
}

#[test]
fn an_attempt_whose_command_has_exited_is_judged_by_that_however_long_it_is_read() {
    let terms = Terms {
        timeout: Some(millis(1000)),
        ..Terms::default()
    };
    let attempt = AttemptId {
        task: TaskId(0),
        number: 1,
    };
    let report = || Box::new(AttemptReport::bare(Exit::Code(0)));
    let mut scheduler = Scheduler::new(plan(1, "a b", &terms), keep_going());
    let mut effects = Vec::new();
    for (at, input) in [
        (0, Input::Begin),
        (0, Input::Started(attempt)),
        (900, Input::Exited(attempt)),
    ] {
        scheduler.handle(Time(millis(at)), input, &mut effects);
    }
    assert_eq!(scheduler.next_wakeup(), None);
    effects.clear();
    for input in [
        Input::Wakeup,
        Input::Printed(attempt),
        Input::Examined(attempt),
        Input::Interrupt(StopSignal::Interrupt),
        Input::Interrupt(StopSignal::Interrupt),
    ] {
        scheduler.handle(Time(millis(3000)), input, &mut effects);
    }
    let is_about_it = |it: &Effect| matches!(it, Effect::Signal { .. } | Effect::Spawn { .. });
    assert!(!effects.iter().any(is_about_it), "{effects:?}");
    let finished = Input::Finished(attempt, report());
    scheduler.handle(Time(millis(3000)), finished, &mut effects);
    assert!(effects.contains(&Effect::Emit(Event::TaskFinished {
        task: attempt.task,
        verdict: Verdict::Passed,
    })));
    let summary = scheduler.summary().expect("nothing is left to run");
    assert_eq!((summary.passed, summary.skipped), (1, 1));
}

fn run_with_wishes(slots: u64, text: &str, wishes: &[(u64, Input)]) -> String {
    let plan = plan(slots, text, &Terms::default());
    let wishes: Vec<_> = wishes
        .iter()
        .map(|(at, wish)| (Time(millis(*at)), wish.clone()))
        .collect();
    let trace = simulate_amid(&plan, keep_going(), wishes, |_| {
        Performance::exits(millis(1000), 0)
    });
    render(&plan, &trace)
}

#[test]
fn what_runs_goes_on_while_nothing_may_start() {
    let wishes = [(500, Input::Hold), (3000, Input::Resume)];
    assert_snapshot!(run_with_wishes(1, "a b", &wishes), @"
    0.000 spawn a#1 in slot 0
    0.000   started a#1 after 0ns
    1.000   finished a#1 Passed
    1.000   done a Passed
    3.000 spawn b#1 in slot 0
    3.000   started b#1 after 3s
    4.000   finished b#1 Passed
    4.000   done b Passed
    ");
}

#[test]
fn fewer_slots_wait_for_what_runs_and_more_are_filled_at_once() {
    let wishes = [(500, Input::Slots(1)), (1500, Input::Slots(3))];
    assert_snapshot!(run_with_wishes(2, "a b c d e", &wishes), @"
    0.000 spawn a#1 in slot 0
    0.000 spawn b#1 in slot 1
    0.000   started a#1 after 0ns
    0.000   started b#1 after 0ns
    1.000   finished a#1 Passed
    1.000   done a Passed
    1.000   finished b#1 Passed
    1.000   done b Passed
    1.000 spawn c#1 in slot 0
    1.000   started c#1 after 1s
    1.500 spawn d#1 in slot 1
    1.500 spawn e#1 in slot 2
    1.500   started d#1 after 1.5s
    1.500   started e#1 after 1.5s
    2.000   finished c#1 Passed
    2.000   done c Passed
    2.500   finished d#1 Passed
    2.500   done d Passed
    2.500   finished e#1 Passed
    2.500   done e Passed
    ");
}

#[test]
fn there_are_never_fewer_slots_than_one_suite_takes() {
    let wishes = [(0, Input::Slots(1))];
    assert_snapshot!(run_with_wishes(4, "wide*3", &wishes), @"
    0.000 spawn wide#1 in slot 0
    0.000   started wide#1 after 0ns
    1.000   finished wide#1 Passed
    1.000   done wide Passed
    ");
}
