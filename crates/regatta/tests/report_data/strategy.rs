//! Any run that the journal's vocabulary can tell, sensible or not.

use std::time::Duration;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use regatta_core::event::{CancelReason, Event, Repository, StopCause, StopSignal, Summary};
use regatta_core::id::{AttemptId, SuiteId, TaskId};
use regatta_core::plan::Suite;
use regatta_core::time::Time;
use regatta_core::verdict::{
    self, AttemptReport, Exit, Failure, FirstError, Leftover, LogReport, Reason, Sharding, Storage,
    Usage, UsageMethod, Verdict,
};

use crate::sample::Sample;

/// How many tasks a run has.
const TASKS: u32 = 4;

/// Returns runs of four suites, the last of which depends on all others, with up to `most` events. Half of them have
/// suites in shards, and suites that are not part of the run.
pub(crate) fn run(most: usize) -> impl Strategy<Value = Sample> {
    let names = vec(any::<String>(), TASKS as usize);
    let events = vec((duration().prop_map(Time), event()), 0..most);
    let tasks = prop_oneof![
        Just((0..TASKS).map(SuiteId).collect::<Vec<_>>()),
        vec((0..TASKS).prop_map(SuiteId), TASKS as usize),
    ];
    (names, events, tasks).prop_map(|(names, events, tasks)| {
        let mut suites: Vec<Suite> = names.iter().map(|name| plain(name)).collect();
        suites[TASKS as usize - 1].depends_on = names;
        let mut sample = Sample {
            events,
            ..Sample::new(suites)
        };
        sample.header.tasks = tasks;
        sample
    })
}

fn plain(name: &str) -> Suite {
    Suite {
        // Reports promise a name; that it is a good one is the configuration's business.
        name: format!("n{name}"),
        ..Suite::default()
    }
}

fn event() -> impl Strategy<Value = Event> {
    let repository = (any::<String>(), option::of(any::<String>()), any::<bool>());
    prop_oneof![
        repository.prop_map(|(commit, branch, dirty)| Event::RepositoryRead(Repository {
            commit,
            branch,
            dirty
        })),
        probed(),
        (task(), any::<String>()).prop_map(|(task, reason)| Event::NotStored { task, reason }),
        (attempt(), any::<u32>(), duration()).prop_map(|(attempt, slot, queued)| {
            Event::AttemptStarted {
                attempt,
                slot,
                queued,
            }
        }),
        (attempt(), duration(), option::of(any::<String>())).prop_map(
            |(attempt, running, last_line)| Event::Slow {
                attempt,
                running,
                last_line
            }
        ),
        attempt().prop_map(|attempt| Event::Stopping {
            attempt,
            cause: StopCause::IdleTimeout,
            signal: StopSignal::Terminate,
        }),
        (attempt(), verdict(), report()).prop_map(|(attempt, verdict, report)| {
            Event::AttemptFinished {
                attempt,
                verdict,
                report: Box::new(report),
            }
        }),
        (attempt(), duration())
            .prop_map(|(attempt, delay)| Event::RetryScheduled { attempt, delay }),
        (task(), verdict()).prop_map(|(task, verdict)| Event::TaskFinished { task, verdict }),
        (task(), any::<u32>(), verdict()).prop_map(|(task, round, verdict)| {
            Event::TaskRoundFinished {
                task,
                round,
                verdict,
            }
        }),
        any::<u32>().prop_map(|round| Event::RoundFinished {
            round,
            summary: Summary::default(),
        }),
        task().prop_map(|task| Event::RunCancelled {
            reason: CancelReason::FailFast(task)
        }),
        any::<u8>().prop_map(|exit_code| Event::RunFinished {
            summary: Summary::default(),
            exit_code,
        }),
    ]
}

fn probed() -> impl Strategy<Value = Event> {
    let key = option::of(any::<String>());
    (
        task(),
        key,
        any::<bool>(),
        any::<String>(),
        duration(),
        any::<u64>(),
    )
        .prop_map(
            |(task, key, hit, reason, saved, elided_bytes)| Event::Probed {
                task,
                key,
                hit,
                reason,
                saved,
                elided_bytes,
                cases: None,
            },
        )
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        Just(Verdict::Passed),
        Just(Verdict::Cached),
        Just(Verdict::Flaky),
        any::<i32>().prop_map(|code| Verdict::Failed(Failure::ExitCode(code))),
        any::<i32>().prop_map(|signal| Verdict::Failed(Failure::Signal(signal))),
        duration().prop_map(|limit| Verdict::Failed(Failure::Timeout(limit))),
        any::<String>().prop_map(|reason| Verdict::Failed(Failure::SpawnError(reason))),
        task().prop_map(|task| Verdict::Skipped(Reason::Blocked(task))),
        Just(Verdict::Skipped(Reason::Cancelled)),
        Just(Verdict::Skipped(Reason::Interrupted)),
        Just(Verdict::Failed(Failure::NotSharded)),
        Just(Verdict::Skipped(Reason::NotSeen)),
    ]
}

fn report() -> impl Strategy<Value = AttemptReport> {
    let exit = prop_oneof![
        any::<i32>().prop_map(Exit::Code),
        any::<i32>().prop_map(Exit::Signal),
        any::<String>().prop_map(Exit::NotStarted),
        any::<String>().prop_map(Exit::Lost),
    ];
    let storage = any::<(u64, u64)>().prop_map(|(read_bytes, written_bytes)| Storage {
        read_bytes,
        written_bytes,
    });
    let times = [duration(), duration(), duration()];
    let method = || {
        prop::sample::select(
            &[
                UsageMethod::Wait4,
                UsageMethod::Sampled,
                UsageMethod::Cgroup,
            ][..],
        )
    };
    let usage = (
        times,
        any::<u64>(),
        (method(), method()),
        any::<Option<u32>>(),
        option::of(storage),
    )
        .prop_map(
            |([cpu, user, system], max_rss_bytes, (method, cpu_method), processes, storage)| {
                Usage {
                    cpu,
                    user,
                    system,
                    max_rss_bytes,
                    method,
                    cpu_method,
                    processes,
                    storage,
                }
            },
        );
    let sample = (duration(), duration(), any::<u64>());
    let sample = sample.prop_map(|(at, cpu, memory_bytes)| verdict::Sample {
        at,
        cpu,
        memory_bytes,
    });
    let course = (vec(sample, 0..3), any::<bool>());
    let leftover = (any::<i32>(), any::<String>()).prop_map(|(pid, name)| Leftover { pid, name });
    let log = (any::<u64>(), any::<u64>(), option::of(any::<String>())).prop_map(
        |(bytes, elided_bytes, error)| LogReport {
            bytes,
            elided_bytes,
            error,
        },
    );
    let first_error =
        (any::<String>(), any::<u64>(), option::of(any::<u64>())).prop_map(|(text, line, gap)| {
            Box::new(FirstError {
                lines: vec![text.clone()],
                text,
                line,
                first_line: line,
                gap,
            })
        });
    let excerpt = (vec(any::<String>(), 0..3), option::of(first_error));
    let leftovers = (
        vec(leftover.clone(), 0..3),
        vec(leftover.clone(), 0..2),
        vec(leftover, 0..2),
    );
    (exit, option::of(usage), leftovers, log, excerpt, course).prop_map(
        |(
            exit,
            usage,
            (leftovers, suspects, survivors),
            log,
            (excerpt, first_error),
            (samples, out_of_memory),
        )| AttemptReport {
            exit,
            usage,
            leftovers,
            suspects,
            survivors,
            log,
            excerpt,
            first_error,
            sharding: Sharding::default(),
            cases: None,
            samples,
            out_of_memory,
        },
    )
}

fn attempt() -> impl Strategy<Value = AttemptId> {
    (task(), 1_u32..4).prop_map(|(task, number)| AttemptId { task, number })
}

fn task() -> impl Strategy<Value = TaskId> {
    (0..TASKS).prop_map(TaskId)
}

/// Returns durations as clocks give them to the journal: whole microseconds, up to some thirty years.
fn duration() -> impl Strategy<Value = Duration> {
    (0..=1_u64 << 50).prop_map(Duration::from_micros)
}
