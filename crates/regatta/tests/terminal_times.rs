//! Times that are expected, seen on the screen of an emulated terminal: when the run ends, how long suites usually take,
//! and, after the run, how far it was from its floor.

#![expect(clippy::unwrap_used, reason = "a fixture that fails fails its test")]

mod terminal_support;

use std::time::Duration;

use regatta::report::terminal::{Memory, Mode, Options, Size, Symbols, Terminal};
use regatta_core::event::GroupHeader;
use regatta_core::id::{Id, PoolId, SuiteId};
use regatta_core::past::{Past, Usual};
use regatta_core::plan::{Claim, Plan, Pool, TaskSpec};
use regatta_core::port::Subscriber;
use regatta_core::rank::expect;
use regatta_core::terms::Terms;
use terminal_support::{Script, at, suite};

/// Returns a script of suites of which is known how many seconds each usually takes; 0 for a new one.
fn script(seconds: &[(&str, u64)]) -> Script {
    let suites = seconds.iter().map(|(name, _)| suite("unit", name, "all"));
    let mut script = Script::new(suites.collect());
    script.header.past = seconds
        .iter()
        .map(|&(_, seconds)| Past {
            usual: (seconds > 0).then(|| Usual {
                duration: Duration::from_secs(seconds),
                spread: Duration::from_secs(seconds) / 20,
            }),
            ..Past::default()
        })
        .collect();
    script
}

/// Returns the plan of a script's suites on two slots.
fn plan(script: &Script) -> Plan {
    let header = &script.header;
    let specs = (0..header.suites.len()).map(|index| TaskSpec {
        suite: SuiteId::from_index(index),
        dependencies: Vec::new(),
        claims: vec![Claim {
            pool: PoolId(0),
            amount: 1,
        }],
        terms: Terms::default(),
    });
    let pool = Pool {
        name: "slots".into(),
        capacity: 2,
    };
    let mut plan = Plan::new(header.suites.clone(), specs.collect(), vec![pool]).unwrap();
    let expected = expect(&header.suites, &header.past);
    for (task, expected) in plan.tasks.values_mut().zip(expected) {
        task.expected = expected;
    }
    plan
}

/// Returns the rows of the region when a script has been told.
fn region(script: &Script, columns: u16, symbols: Symbols, ms: u64) -> Vec<String> {
    let options = Options {
        mode: Mode::Live,
        size: Size { columns, rows: 30 },
        symbols,
        ..Options::default()
    };
    let mut terminal = Terminal::new(options, Memory::default());
    terminal.foresee(&plan(script));
    terminal.handle_event(at(0), &script.started());
    for (time, event) in &script.events {
        terminal.handle_event(*time, event);
    }
    terminal.tick(at(ms));
    let mut emulator = vt100::Parser::new(30, columns, 100);
    let text = String::from_utf8(terminal.sink().bytes.clone()).unwrap();
    emulator.process(text.replace('\n', "\r\n").as_bytes());
    let contents = emulator.screen().contents();
    let rows: Vec<&str> = contents.lines().filter(|row| !row.is_empty()).collect();
    let start = rows
        .iter()
        .rposition(|row| row.contains(" 20s,") || row.contains(" running"));
    rows[start.unwrap()..]
        .iter()
        .map(|row| (*row).to_owned())
        .collect()
}

/// Two suites run, two are queued: 60 + 50 and 90 + 10 seconds on two slots.
fn half_way() -> Script {
    let mut script = script(&[("a", 60), ("b", 90), ("c", 50), ("d", 10)]);
    script.start(0, "a");
    script.start(0, "b");
    script
}

#[test]
fn the_end_is_shown_as_a_range() {
    assert_eq!(
        region(&half_way(), 80, Symbols::Unicode, 20_000),
        [
            "░░░░░░░░░░░░░░░ 0/4 20s, done in 1m 21s–1m 38s, 2 running, 2 queued",
            "  a     20s / ~1m 00s  all",
            "  b     20s / ~1m 30s  all",
        ]
    );
    assert_eq!(
        region(&half_way(), 80, Symbols::Ascii, 20_000)[0],
        "[...............] 0/4 20s, done in 1m 21s-1m 38s, 2 running, 2 queued"
    );
}

#[test]
fn a_failure_is_more_important_than_the_end_and_the_end_than_the_rest() {
    let mut script = half_way();
    script.fail(19_000, "a", 1, &[]);
    script.start(19_000, "c");
    let row = |columns| region(&script, columns, Symbols::Unicode, 20_000)[0].clone();
    assert_eq!(row(50), "1/4 20s, done in 1m 02s–1m 20s, 1 failed");
    assert_eq!(row(34), "1/4 20s, 1 failed, 2 running");
}

#[test]
fn a_suite_far_over_its_usual_time_is_marked() {
    let mut script = script(&[("a", 10), ("b", 10), ("new", 0)]);
    script.start(0, "a");
    script.start(13_000, "b");
    script.start(13_000, "new");
    assert_eq!(
        region(&script, 80, Symbols::Unicode, 25_000)[1..],
        [
            "  a       25s / ~10s, late  all",
            "  b       12s / ~10s        all",
            "  new     12s               all",
        ]
    );
}

#[test]
fn without_history_no_end_is_made_up() {
    let mut script = script(&[("a", 0), ("b", 0)]);
    script.start(0, "a");
    assert_eq!(
        region(&script, 80, Symbols::Unicode, 20_000),
        [
            "░░░░░░░░░░░░░░░ 0/2 20s, 1 running, 1 queued",
            "  a     20s  all"
        ]
    );
}

#[test]
fn the_end_of_a_run_that_is_late_is_still_ahead() {
    let mut script = script(&[("a", 10)]);
    script.start(0, "a");
    let row = region(&script, 80, Symbols::Unicode, 60_000)[0].clone();
    assert!(row.contains("done in 4s–41s"), "{row}");
}

/// Returns the lines of the summary about what the run waited for.
fn bounds(script: &Script) -> Vec<String> {
    let text = script.render(Options::default());
    let lines = text.lines().filter(|it| it.starts_with("  •"));
    let lines = lines.filter(|it| it.contains("path") || it.contains("Floor"));
    lines.map(str::to_owned).collect()
}

/// Three suites one after another, so that two could have run beside each other.
fn in_a_row() -> Script {
    let mut script = script(&[("a", 0), ("b", 0), ("c", 0)]);
    script.header.max_parallel = 2;
    script.header.suites[1].depends_on = vec!["a".into()];
    for (from, name) in ["a", "b", "c"].into_iter().enumerate() {
        let from = from as u64 * 2_000;
        script.start(from, name);
        script.pass(from + 2_000, name);
    }
    script.finish(6_000, 0);
    script
}

#[test]
fn the_summary_names_the_critical_path_and_the_distance_from_the_floor() {
    assert_eq!(
        bounds(&in_a_row()),
        [
            "  • Critical path: c (2.0s)",
            "  • Floor: 4.0s by the longest path; this run took 1.50 times that",
        ]
    );
}

#[test]
fn a_path_says_how_long_its_suites_waited_for_room() {
    let mut script = script(&[("a", 0), ("b", 0), ("c", 0)]);
    script.header.max_parallel = 2;
    script.header.suites[2].depends_on = vec!["a".into()];
    script.start(0, "a");
    script.start(0, "b");
    script.pass(1_000, "a");
    script.pass(5_000, "b");
    script.start(5_000, "c");
    script.pass(6_500, "c");
    script.finish(6_500, 0);
    assert_eq!(
        bounds(&script)[0],
        "  • Critical path: a → c (6.5s, 4.0s of it waiting for room)"
    );
}

#[test]
fn a_group_or_the_slots_may_be_what_a_run_waits_for() {
    let mut script = in_a_row();
    for suite in &mut script.header.suites {
        suite.parallel_group = vec!["db".into()];
    }
    assert_eq!(
        bounds(&script)[1],
        "  • Floor: 6.0s by group db; this run reached it"
    );
    script.header.groups = vec![GroupHeader {
        name: "db".into(),
        capacity: 3,
    }];
    script.header.suites[1].depends_on.clear();
    script.header.suites[2].cpus = Some(2);
    assert_eq!(
        bounds(&script)[1],
        "  • Floor: 4.0s by the work for 2 slots; this run took 1.50 times that"
    );
}

#[test]
fn a_short_run_a_single_suite_and_a_run_cut_short_have_no_floor() {
    let mut short = script(&[("a", 0), ("b", 0)]);
    for name in ["a", "b"] {
        short.start(0, name);
        short.pass(400, name);
    }
    short.finish(400, 0);
    assert!(bounds(&short).is_empty());
    let mut single = script(&[("a", 0)]);
    single.start(0, "a");
    single.pass(4_000, "a");
    single.finish(4_000, 0);
    assert!(bounds(&single).is_empty());
    let mut cut = script(&[("a", 0), ("b", 0)]);
    cut.start(0, "a");
    cut.pass(4_000, "a");
    assert!(bounds(&cut).is_empty());
}
