//! What servers for continuous integration read, from recorded runs.

use regatta::report::ci::{Logs, Service, Voice};
use regatta::report::record::{Record, RunState};
use regatta::report::source::Source;
use regatta::report::terminal::{Memory, Options, Terminal};
use regatta_core::event::Event;
use regatta_core::port::Subscriber;
use regatta_core::time::Time;

use crate::documents::{tail, told};
use crate::golden::{assert_golden, golden_folder, known, mixed};
use crate::sample::Sample;

/// The servers, with the names of their golden files.
const SERVICES: [(Service, &str); 5] = [
    (Service::GitHub, "github"),
    (Service::GitLab, "gitlab"),
    (Service::Buildkite, "buildkite"),
    (Service::Azure, "azure"),
    (Service::TeamCity, "teamcity"),
];

/// Returns all that a server reads of a run.
fn tell(sample: &Sample, service: Service) -> String {
    let voice = Voice::new(
        service,
        "0123456789".into(),
        Some("/home/crew".into()),
        Logs::Shown,
    );
    let options = Options {
        guard: voice.guard(),
        ..Options::default()
    };
    let mut terminal = Terminal::new(options, Memory::default());
    let mut record = Record::new(sample.header.clone());
    let header = Event::RunStarted(Box::new(sample.header.clone()));
    for (at, event) in [(Time::BEGIN, header)].iter().chain(&sample.events) {
        record.apply(*at, event);
        let source = Source {
            find_tail: &|name| (!name.contains("attempt")).then(|| tail(name)),
            ..Source::without_logs(&record, RunState::Running)
        };
        for part in voice.before(event, &source) {
            terminal.write_aside(*at, &part);
        }
        terminal.handle_event(*at, event);
        for part in voice.after(event, &source) {
            terminal.write_aside(*at, &part);
        }
    }
    terminal.finish().expect("memory takes every text");
    let text = String::from_utf8(terminal.sink().bytes.clone()).expect("text");
    let project = &sample.header.project;
    format!("{}{text}{}", voice.opening(project), voice.closing(project))
}

#[test]
fn every_server_is_told_of_a_run_in_its_own_words() {
    for (sample, name) in [(mixed(), "mixed"), (told(), "told"), (known(), "known")] {
        for (service, ending) in SERVICES {
            let path = golden_folder().join(format!("{name}.{ending}.txt"));
            assert_golden(&path, &tell(&sample, service));
        }
    }
}

#[test]
fn no_more_than_ten_errors_are_annotated_and_each_suite_has_its_first() {
    let lines = |sample: &Sample, start: &str| {
        let text = tell(sample, Service::GitHub);
        let found = text.lines().filter(|line| line.starts_with(start));
        found.map(str::to_owned).collect::<Vec<_>>()
    };
    // What blocks another suite comes first, then the plan decides.
    let errors = lines(&mixed(), "::error ");
    assert!(
        errors[0].starts_with("::error title=exit-unit%3A exit code 1::"),
        "{errors:?}"
    );
    assert_eq!(errors.len(), 9);
    let errors = lines(&told(), "::error ");
    assert_eq!(errors.len(), 3);
    let place = "::error file=prism/tests/test_store.py,line=7,title=red-unit%3A twin::";
    assert!(errors[0].starts_with(place), "{errors:?}");
    assert!(
        errors[1].starts_with("::error title=crash-unit%3A exit code 1::"),
        "{errors:?}"
    );
    assert!(
        errors[2].starts_with("::error title=red-unit%3A breaks::"),
        "{errors:?}"
    );
    assert_eq!(lines(&told(), "::warning ").len(), 1);
    let many = many();
    assert_eq!(lines(&many, "::error ").len(), 10);
    assert_eq!(lines(&many, "15 more errors are in the summary").len(), 1);
}

/// A run in which more fails than a server shows.
fn many() -> Sample {
    use crate::sample::{exited, suite};
    use regatta_core::verdict::{Failure, Verdict};
    let suites = (0..25)
        .map(|number| suite(&format!("suite-{number}"), &[]))
        .collect();
    let mut sample = Sample::new(suites);
    for task in 0..25 {
        sample = sample.only(
            (0, 100),
            task,
            exited(1, Verdict::Failed(Failure::ExitCode(1))),
        );
    }
    sample.finish(200, 1)
}
