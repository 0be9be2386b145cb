//! Writes pages of runs that never were, for the browser tests of the HTML report and for looking at.
//!
//! No example of use. Works in the folder that is its first argument; `--times` prints what rendering takes instead.

mod project;
mod run;

use std::fs;
use std::io::{Write, stdout};
use std::path::Path;
use std::time::Duration;

use regatta::report::html::{LogTail, LogTails, Surroundings, render_page};
use regatta::report::record::Record;
use regatta_core::id::{Id, TaskId};
use rustix::time::{ClockId, clock_gettime};

use project::{Fate, Names, Project};
use run::play;

fn main() {
    let argument = std::env::args().nth(1).expect("a folder, or --times");
    if argument == "--times" {
        return print_times();
    }
    let folder = Path::new(&argument);
    fs::create_dir_all(folder).expect("a folder");
    for project in samples() {
        let record = play(&project);
        let tails = tails(&record, &project);
        let page = render(&record, &tails);
        let name = format!("{}.html", project.name);
        fs::write(folder.join(&name), &page).expect("a file");
        writeln!(stdout(), "{name} {}", page.len()).expect("somebody reads it");
    }
}

fn samples() -> [Project; 7] {
    let forty = || Project::new("forty", 40);
    [
        Project::new("none", 0),
        Project::new("one", 1),
        forty(),
        Project::new("many", 2_000),
        Project {
            fate: Fate::AllFail,
            ..Project::new("all-failed", 40)
        },
        Project {
            names: Names::RightToLeft,
            ..Project::new("right-to-left", 40)
        },
        Project {
            names: Names::Hostile,
            ..Project::new("hostile", 40)
        },
    ]
}

fn render(record: &Record, tails: &LogTails) -> String {
    let surroundings = Surroundings {
        tails,
        logs: Some("logs/"),
    };
    render_page(record, &surroundings)
}

/// Returns a log for every attempt that ended.
fn tails(record: &Record, project: &Project) -> LogTails {
    let mut tails = LogTails::new();
    for (index, task) in record.tasks.iter().enumerate() {
        let id = TaskId::from_index(index);
        for attempt in &task.attempts {
            let failed = attempt
                .end
                .as_ref()
                .is_some_and(|it| it.report.excerpt.len() > 1);
            // Two thousand logs would be more than a page holds.
            if failed || index < 100 {
                let bytes = project.log(&record.suite(id).name, failed).into_bytes();
                let tail = LogTail {
                    bytes,
                    bytes_before: if failed { 123_456 } else { 0 },
                };
                tails.insert((id, attempt.number), tail);
            }
        }
    }
    tails
}

/// Returns what this thread has had of a processor, which does not depend on who else wants one.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

/// Prints the time of rendering runs of several sizes as one JSON object of milliseconds of a processor: the medians of some
/// rounds.
fn print_times() {
    let mut figures = Vec::new();
    for count in [1, 1_000, 10_000] {
        let record = play(&Project::new("times", count));
        let tails = LogTails::new();
        let mut times: Vec<Duration> = (0..15)
            .map(|_| {
                let begin = processor_time();
                assert!(render(&record, &tails).len() > 1_000);
                processor_time().saturating_sub(begin)
            })
            .collect();
        times.sort_unstable();
        let median = times[times.len() / 2].as_secs_f64() * 1e3;
        figures.push(format!("\"render_{count}_ms\": {median:.3}"));
    }
    writeln!(stdout(), "{{{}}}", figures.join(", ")).expect("somebody reads it");
}
