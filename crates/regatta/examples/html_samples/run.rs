//! Plays a project through the scheduler, and tells what a runner would have measured.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use regatta::report::record::Record;
use regatta_core::cases::{Case, CaseCounts, CaseList, CaseOutcome};
use regatta_core::event::{
    CategoryHeader, Event, FORMAT_OF_ONE_ROUND, Host, Repository, RunHeader,
};
use regatta_core::id::{AttemptId, Id, PoolId, SuiteId, TaskId};
use regatta_core::past::{FlakyRate, Glance, Mark, Past, Trail, Usual};
use regatta_core::plan::{Basis, Claim, Plan, Pool, Suite, TaskSpec};
use regatta_core::rank::{Effort, rank};
use regatta_core::schedule::Policy;
use regatta_core::sim::{Hit, Performance, simulate};
use regatta_core::terms::{FailFast, Repeat, Retries, Reuse, Terms};
use regatta_core::time::Time;
use regatta_core::verdict::{AttemptReport, Exit, LogReport, Sample, Status, Usage, UsageMethod};

use super::project::{End, Names, Project};

const SLOTS: u32 = 8;

/// Returns the record of a run of the project.
pub(crate) fn play(project: &Project) -> Record {
    let suites: Vec<Suite> = (0..project.count).map(|it| suite(project, it)).collect();
    let policy = Policy {
        fail_fast: FailFast::Off,
        max_fail: None,
        repeat: Repeat::once(),
        seed: 7,
    };
    let plan = Arc::new(plan(project, &suites));
    let trace = simulate(&plan, policy, &[], |attempt| perform(project, attempt));
    let mut record = Record::new(header(project, suites));
    let repository = Repository {
        commit: "5f0c2b7d9e6a4813b1f7c5e2a9d80437162e5f8c".into(),
        branch: Some("main".into()),
        dirty: true,
    };
    record.apply(Time::BEGIN, &Event::RepositoryRead(repository));
    let mut started = BTreeMap::new();
    for (at, event) in trace.events() {
        match event {
            Event::AttemptStarted { attempt, .. } => {
                started.insert(*attempt, at);
                record.apply(at, event);
            }
            Event::AttemptFinished {
                attempt,
                verdict,
                report,
            } => {
                let ran = started.get(attempt).map_or(Duration::ZERO, |it| at - *it);
                let report = measure(project, *attempt, (report, ran));
                let event = Event::AttemptFinished {
                    attempt: *attempt,
                    verdict: verdict.clone(),
                    report: Box::new(report),
                };
                record.apply(at, &event);
            }
            Event::TaskFinished { task, verdict } => {
                let was_asked = plan.tasks[*task].terms.reuse == Reuse::Possible;
                if was_asked && verdict.status() != Status::Skipped {
                    record.apply(at, &probed(*task, project));
                }
                record.apply(at, event);
            }
            _ => record.apply(at, event),
        }
    }
    let summary = record.summary();
    let end = Event::RunFinished {
        summary,
        exit_code: u8::from(summary.failed > 0),
    };
    record.apply(trace.end, &end);
    record
}

/// Returns what the cache would have said, which a simulation does not tell.
fn probed(task: TaskId, project: &Project) -> Event {
    let hit = project.end(task.index()) == End::Cached;
    let (reason, saved) = if hit {
        ("2026-11-23 17:03", Project::time(task.index()))
    } else {
        ("`src/store.rs` has changed", Duration::ZERO)
    };
    Event::Probed {
        task,
        key: Some(format!(
            "{:064x}",
            Project::draw(task.index(), 20, u64::MAX)
        )),
        hit,
        reason: reason.into(),
        saved,
        elided_bytes: 0,
        cases: None,
    }
}

fn suite(project: &Project, index: usize) -> Suite {
    let before = Project::dependencies(index);
    Suite {
        name: project.suite_name(index),
        description: project.description(index),
        category: Project::category(index).into(),
        tags: vec!["nightly".into()],
        owner: Some("team-platform".into()),
        depends_on: before
            .into_iter()
            .map(|it| project.suite_name(it))
            .collect(),
        parallel_group: Project::groups(index),
        command_line: format!("make test-{index}"),
        ..Suite::default()
    }
}

fn plan(project: &Project, suites: &[Suite]) -> Plan {
    let pool = |name: &str, capacity| Pool {
        name: name.into(),
        capacity,
    };
    let claim = |pool| Claim {
        pool: PoolId(pool),
        amount: 1,
    };
    let specs = suites.iter().enumerate().map(|(index, suite)| {
        let groups = suite.parallel_group.iter();
        let groups = groups.map(|name| claim(if name == "database" { 1 } else { 2 }));
        let flaky = project.end(index) == End::Flaky;
        TaskSpec {
            suite: SuiteId::from_index(index),
            dependencies: (Project::dependencies(index).into_iter())
                .map(TaskId::from_index)
                .collect(),
            claims: groups.chain([claim(0)]).collect(),
            terms: Terms {
                retries: Retries {
                    count: u32::from(flaky),
                    ..Retries::none()
                },
                reuse: if project.end(index) == End::Cached || index % 3 == 0 {
                    Reuse::Possible
                } else {
                    Reuse::Never
                },
                ..Terms::default()
            },
        }
    });
    let pools = vec![
        pool("slots", SLOTS.into()),
        pool("database", 1),
        pool("browser", 1),
    ];
    let plan = Plan::new(suites.to_vec(), specs.collect(), pools);
    let mut plan = plan.expect("dependencies lead back");
    for (index, task) in plan.tasks.values_mut().enumerate() {
        task.expected.duration = Project::time(index);
        task.expected.basis = Basis::Seen;
    }
    rank(&mut plan, Effort::USUAL);
    plan
}

fn perform(project: &Project, attempt: AttemptId) -> Performance {
    let index = attempt.task.index();
    let time = Project::time(index);
    let end = project.end(index);
    let code = match end {
        End::Fails => 1,
        End::Flaky if attempt.number == 1 => 1,
        _ => 0,
    };
    let mut performance = Performance::exits(time, code);
    if end == End::Crashes {
        performance.exit = Exit::Signal(11);
    }
    if end == End::Cached {
        performance.probe = (Duration::from_millis(12), Hit::Yes);
    }
    performance
}

fn measure(
    project: &Project,
    attempt: AttemptId,
    (report, ran): (&AttemptReport, Duration),
) -> AttemptReport {
    let index = attempt.task.index();
    let load = 1 + u32::try_from(Project::draw(index, 11, 3)).unwrap_or_default();
    let memory = (40 + Project::draw(index, 12, 900)) << 20;
    let failed = report.exit != Exit::Code(0);
    let excerpt = if failed {
        let log = project.log(&project.suite_name(index), true);
        log.lines().skip(28).map(str::to_owned).collect()
    } else {
        Vec::new()
    };
    let samples = (1..=12_u32).map(|it| Sample {
        at: ran * it / 12,
        cpu: ran * it * load / 24,
        memory_bytes: memory * u64::from(it.min(13 - it)) / 6,
    });
    AttemptReport {
        usage: Some(Usage {
            cpu: ran * load / 2,
            max_rss_bytes: memory,
            method: UsageMethod::Sampled,
            ..Usage::default()
        }),
        log: LogReport {
            bytes: 4_200,
            ..LogReport::default()
        },
        excerpt,
        cases: index
            .is_multiple_of(2)
            .then(|| Box::new(cases(project, index, failed))),
        samples: samples.collect(),
        ..AttemptReport::bare(report.exit.clone())
    }
}

fn cases(project: &Project, index: usize, failed: bool) -> CaseList {
    let mut counts = CaseCounts::default();
    let cases = (1..=25).map(|number| {
        let outcome = match number {
            7 if failed => CaseOutcome::Failed,
            9 => CaseOutcome::Skipped,
            _ => CaseOutcome::Passed,
        };
        counts.count(outcome);
        Case {
            class: if project.names == Names::Hostile {
                "<b>".into()
            } else {
                "store".into()
            },
            name: format!("keeps what was written, {number}"),
            outcome,
            duration: Some(Duration::from_millis(Project::draw(
                number,
                index as u64,
                400,
            ))),
            message: (outcome == CaseOutcome::Failed).then(|| "left == right".into()),
            file: (outcome == CaseOutcome::Failed).then(|| "src/store.rs".into()),
            line: (outcome == CaseOutcome::Failed).then_some(142),
        }
    });
    let cases = cases.collect();
    CaseList {
        format: "junit".into(),
        counts,
        cases,
        ..CaseList::default()
    }
}

fn past(project: &Project, index: usize) -> Past {
    // One in eleven is new.
    if Project::draw(index, 30, 11) == 0 {
        return Past::default();
    }
    let usual = Project::time(index).mul_f64(0.95);
    let is_flaky = project.end(index) == End::Flaky;
    let mut trail = Trail::default();
    for run in 0..Trail::LENGTH {
        let salt = 40 + run as u64;
        let fails = Project::draw(index, salt, if is_flaky { 5 } else { 40 }) == 0;
        let percent = 90 + Project::draw(index, salt + 100, 20);
        trail.push(Mark {
            glance: if fails {
                Glance::Failed
            } else {
                Glance::Passed
            },
            took: (!fails).then(|| usual * u32::try_from(percent).unwrap_or(100) / 100),
        });
    }
    Past {
        usual: Some(Usual {
            duration: usual,
            spread: usual / 20,
        }),
        runs: 20,
        failing: u32::from(index.is_multiple_of(5)),
        flaky: is_flaky.then_some(FlakyRate {
            failures: 4,
            attempts: 24,
        }),
        memory_bytes: None,
        flips: if is_flaky { 5 } else { 0 },
        trail,
    }
}

fn header(project: &Project, suites: Vec<Suite>) -> RunHeader {
    let titles = ["unit", "integration", "acceptance", "lint"];
    RunHeader {
        format: FORMAT_OF_ONE_ROUND,
        run_id: "20261124T150345.123456-4711".into(),
        version: "0.1.0".into(),
        timestamp: "2026-11-24T17:03:45.123456+02:00".into(),
        wall_us: 1_795_532_625_123_456,
        monotonic_us: 86_400_000_000,
        host: Host {
            name: "slipway".into(),
            os: "linux-x86_64".into(),
            cpus: 8,
        },
        project: match project.names {
            Names::Plain => "prism".into(),
            Names::RightToLeft => "פריזמה".into(),
            Names::Hostile => "</title><script>alert(1)</script>".into(),
        },
        root: "/home/crew/prism".into(),
        log_dir: "test-logs".into(),
        max_parallel: SLOTS,
        fail_fast: FailFast::Off,
        profile: Some("ci".into()),
        repeat: None,
        selection: None,
        rerun_prefix: "regatta --profile ci".into(),
        categories: titles
            .map(|it| CategoryHeader {
                name: it.into(),
                title: it.into(),
                icon: String::new(),
            })
            .into(),
        tasks: (0..suites.len()).map(SuiteId::from_index).collect(),
        past: (0..suites.len()).map(|it| past(project, it)).collect(),
        suites,
        outstanding: Vec::new(),
        groups: Vec::new(),
        part: None,
        merged: None,
        resources: None,
    }
}
