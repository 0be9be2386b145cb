//! The plan as it is shown, letter by letter.

use std::time::Duration;

use insta::assert_snapshot;
use regatta_core::id::{Id, PoolId, SuiteId, TaskId};
use regatta_core::plan::{Basis, Claim, Expectation, Plan, Pool, Suite, TaskSpec};
use regatta_core::rank::{Effort, rank};
use regatta_core::terms::Terms;

use super::{Page, render_json, render_text};
use crate::report::terminal::Symbols;

const SLOTS: PoolId = PoolId(0);

/// Returns a plan of suites that wait for at most one other: a name, its seconds, whether that was seen, the place of
/// the other.
fn plan(slots: u64, rows: &[(&str, f64, Basis, Option<usize>)]) -> Plan {
    let suites = rows.iter().map(|(name, _, _, after)| Suite {
        name: (*name).into(),
        depends_on: after.iter().map(|&it| rows[it].0.into()).collect(),
        command_line: format!("make {name}"),
        ..Suite::default()
    });
    let specs = rows.iter().enumerate();
    let specs = specs.map(|(index, (_, _, _, after))| TaskSpec {
        suite: SuiteId::from_index(index),
        dependencies: after.iter().map(|&it| TaskId::from_index(it)).collect(),
        claims: vec![Claim {
            pool: SLOTS,
            amount: 1,
        }],
        terms: Terms::default(),
    });
    let pool = Pool {
        name: "slots".into(),
        capacity: slots,
    };
    let mut plan = Plan::new(suites.collect(), specs.collect(), vec![pool]).unwrap();
    for (task, &(_, seconds, basis, _)) in plan.tasks.values_mut().zip(rows) {
        task.expected = Expectation {
            duration: Duration::from_secs_f64(seconds),
            spread: Duration::ZERO,
            basis,
        };
    }
    rank(&mut plan, Effort::USUAL);
    plan
}

fn shop() -> Plan {
    plan(
        2,
        &[
            ("lint", 20.0, Basis::Seen, None),
            ("db", 30.0, Basis::Seen, None),
            ("api-integration", 45.0, Basis::Seen, Some(1)),
            ("spelling", 0.4, Basis::Seen, None),
            ("new", 20.0, Basis::Guessed, None),
        ],
    )
}

fn page(columns: usize, symbols: Symbols) -> Page<'static> {
    Page {
        columns,
        symbols,
        slots: SLOTS,
        slots_reason: None,
    }
}

#[test]
fn a_plan_in_80_columns() {
    assert_snapshot!(render_text(&shop(), page(80, Symbols::Unicode)), @r"
    Plan: 5 suites, 2 at a time; nothing is run

      Predicted time: 1m 15s, with guesses for 1 of 5 suites
      Floor:          1m 15s by critical path (work over 2 slots 57.7s)
      Critical path:  db → api-integration

        0s                                    37.5s                           1m 15s
      1 ├db──────────────────────────┤├api-integration─────────────────────────────┤
      2 ├lint──────────────┤├new────────────────┤│

    Suites by their start (`?`: a guessed time):
      db (0.0s to 30.0s)
        make db
      lint (0.0s to 20.0s)
        make lint
      new (20.0s to 40.0s?)
        make new
      api-integration (30.0s to 1m 15s; after db)
        make api-integration
      spelling (40.0s to 40.4s)
        make spelling
    ");
}

#[test]
fn a_plan_in_ascii_and_40_columns() {
    assert_snapshot!(render_text(&shop(), page(40, Symbols::Ascii)), @r"
    Plan: 5 suites, 2 at a time; nothing is run

      Predicted time: 1m 15s, with guesses for 1 of 5 suites
      Floor:          1m 15s by critical path (work over 2 slots 57.7s)
      Critical path:  db -> api-integration

        0s                37.5s       1m 15s
      1 [db----------][api-integration-----]
      2 [lint----][new----]|

    Suites by their start (`?`: a guessed time):
      db (0.0s to 30.0s)
        make db
      lint (0.0s to 20.0s)
        make lint
      new (20.0s to 40.0s?)
        make new
      api-integration (30.0s to 1m 15s; after db)
        make api-integration
      spelling (40.0s to 40.4s)
        make spelling
    ");
}

#[test]
fn no_row_of_lanes_is_wider_than_the_page() {
    for columns in [40, 80, 132] {
        for symbols in [Symbols::Unicode, Symbols::Ascii] {
            let text = render_text(&shop(), page(columns, symbols));
            let lanes = text.lines().skip(6).take_while(|line| !line.is_empty());
            assert!(lanes.clone().count() == 3, "{text}");
            assert!(
                lanes.map(|it| it.chars().count()).all(|it| it <= columns),
                "{text}"
            );
        }
    }
}

#[test]
fn suites_that_take_no_time_have_no_lanes() {
    let plan = plan(2, &[("a", 0.0, Basis::Seen, None)]);
    assert_snapshot!(render_text(&plan, page(80, Symbols::Unicode)), @r"
    Plan: 1 suite, 2 at a time; nothing is run

      Predicted time: 0.0s
      Floor:          0.0s by critical path (work over 2 slots 0.0s)
      Critical path:  a

    Suites by their start:
      a (0.0s to 0.0s)
        make a
    ");
}

#[test]
fn the_ends_of_a_long_path_are_named() {
    let names: Vec<String> = (0..20).map(|it| format!("s{it}")).collect();
    let rows: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(index, name)| (name.as_str(), 1.0, Basis::Seen, index.checked_sub(1)))
        .collect();
    let text = render_text(&plan(2, &rows), page(80, Symbols::Unicode));
    let path = text.lines().find(|line| line.contains("Critical path"));
    assert_snapshot!(path.unwrap(), @"  Critical path:  s0 → s1 → s2 → s3 → 12 more → s16 → s17 → s18 → s19");
}

#[test]
fn a_plan_for_programs() {
    let plan = plan(
        2,
        &[
            ("db", 1.5, Basis::Seen, None),
            ("api", 2.0, Basis::Guessed, Some(0)),
        ],
    );
    assert_snapshot!(render_json(&plan, SLOTS), @r#"
    {
      "version": 1,
      "max_parallel": 2,
      "memory_bytes": null,
      "predicted": 3.5,
      "guessed": 1,
      "floor": {
        "time": 3.5,
        "limit": "critical_path",
        "critical_path": 3.5,
        "slots": 1.75,
        "memory": null,
        "groups": {}
      },
      "critical_path": [
        "db",
        "api"
      ],
      "tasks": [
        {
          "suite": "db",
          "shard": null,
          "shards": null,
          "start": 0.0,
          "end": 1.5,
          "lane": 1,
          "expected": 1.5,
          "guessed": false,
          "depends_on": [],
          "parallel_group": [],
          "memory_bytes": null,
          "command_line": "make db"
        },
        {
          "suite": "api",
          "shard": null,
          "shards": null,
          "start": 1.5,
          "end": 3.5,
          "lane": 1,
          "expected": 2.0,
          "guessed": true,
          "depends_on": [
            "db"
          ],
          "parallel_group": [],
          "memory_bytes": null,
          "command_line": "make api"
        }
      ]
    }
    "#);
}
