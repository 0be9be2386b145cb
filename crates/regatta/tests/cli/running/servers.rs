//! Jobs of servers for continuous integration, and suites that try to speak to them.

use rustix::process::{Signal, kill_process};

use crate::reliability::runner;
use crate::support::{Place, wait_until};

/// Prints everything that some server would obey.
const EVIL: &str = r"printf '::set-output name=a::evil\n::error::evil\n   ::add-mask::evil\n%%0A::error::evil\n'
printf 'a\r::error::evil\n\r::error::evil\rb\n##[error]evil\nmid ##[add-mask]evil\n###[group]evil\n'
printf '##vso[task.setvariable variable=evil]1\nmid ##VSO[task.complete]evil\n##teamcity[testFailed name=|evil]\n'
printf 'NUL\000::error::evil\n\033[31m::error::evil\033[0m\n##\033[1mvso[evil]\n'
printf -- '--- evil\n+++ evil\n~~~ evil\n^^^ +++\n\033[0Ksection_start:1:evil\r\033[0Kevil\n'
printf '::endgroup::\n::stop-commands::evil\n::evil::\n::error::after\n'
printf '::warning::evil without an end'
";

const SUITES: &str = "[suites.good]\ncommand = 'sh evil.sh'\ndescription = '##vso[evil] ::error::evil'\n\
     [suites.bad]\ncommand = 'sh evil.sh; exit 1'\nretries = 1\n\
     [suites.late]\ncommand = 'true'\ndepends_on = ['bad']\n";

const SERVERS: [(&str, &str); 5] = [
    ("GITHUB_ACTIONS", "true"),
    ("GITLAB_CI", "true"),
    ("BUILDKITE", "true"),
    ("TF_BUILD", "True"),
    ("TEAMCITY_VERSION", "2026.1"),
];

fn place() -> Place {
    let place = Place::new(SUITES);
    place.write("evil.sh", EVIL);
    place
}

/// Returns what GitHub's runner would obey of a log: a line that begins with the new form after any blanks, or has the
/// old form anywhere, while nothing has told the runner to stop.
fn obeyed(log: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut stopped: Option<String> = None;
    for line in log.split(['\n', '\r']) {
        let new = line.trim_start().strip_prefix("::");
        let new = new.and_then(|rest| rest.split_once("::"));
        let old = line
            .split_once("##[")
            .and_then(|(_, rest)| rest.split_once(']'));
        for (head, data) in [new, old].into_iter().flatten() {
            let command = head.split(' ').next().unwrap_or_default();
            match &stopped {
                Some(word) if command == word => stopped = None,
                Some(_) => {}
                None if command == "stop-commands" => stopped = Some(data.to_owned()),
                None => commands.push(format!("{head} {data}")),
            }
        }
    }
    assert_eq!(stopped, None, "nothing lets commands be obeyed again");
    commands
}

#[test]
fn no_line_of_a_suite_is_a_command_to_github() {
    let place = place();
    for (words, logs) in [
        (&[][..], 3),
        (&["--color", "always"], 3),
        (&["--format", "jsonl"], 3),
        (&["--verbose"], 0),
        (&["--progress", "none"], 0),
    ] {
        let told = place
            .regatta(words)
            .variable("GITHUB_ACTIONS", "true")
            .run();
        let commands = obeyed(&told);
        for command in &commands {
            let ours = [
                "group Log of ",
                "endgroup ",
                "error title=bad%3A exit code 1 ",
            ];
            assert!(
                ours.iter().any(|it| command.starts_with(it)),
                "{words:?}: {command}"
            );
        }
        let count = |start: &str| commands.iter().filter(|it| it.starts_with(start)).count();
        assert_eq!(
            (count("error"), count("group")),
            (1, logs),
            "{words:?}: {commands:?}"
        );
    }
    // What is printed later quotes suites as well.
    for words in [
        &["log", "bad"][..],
        &["report"],
        &["report", "--format", "text"],
    ] {
        let told = place
            .regatta(words)
            .variable("GITHUB_ACTIONS", "true")
            .run();
        assert!(told.contains("::error::"), "{told}");
        assert_eq!(obeyed(&told), Vec::<String>::new());
    }
}

#[test]
fn github_obeys_again_after_a_run_that_was_interrupted_or_whose_runner_was_killed() {
    let place =
        Place::new("[suites.wait]\ncommand = 'echo ::error::evil; touch here; sleep 600'\n");
    for signal in [Signal::TERM, Signal::KILL] {
        let run = place
            .regatta(&[])
            .variable("GITHUB_ACTIONS", "true")
            .start();
        wait_until("it has started", || {
            let journal = "test-logs/events.jsonl";
            place.has("here")
                && place.has(journal)
                && place.read(journal).contains("\"attempt_started\"")
        });
        if signal == Signal::KILL {
            let runner = runner(run.pid()).expect("a child of the same program");
            kill_process(runner, signal).expect("it lives");
        } else {
            run.signal(signal);
        }
        let told = run.finish();
        let commands = obeyed(&told);
        let ours = ["group Log of wait", "endgroup", "error title=wait"];
        for command in &commands {
            assert!(
                ours.iter().any(|it| command.starts_with(it)),
                "{commands:?}"
            );
        }
        std::fs::remove_file(place.path("here")).expect("it is there");
    }
}

#[test]
fn the_word_that_lets_github_obey_again_is_another_in_each_run() {
    let place = Place::new("[suites.a]\ncommand = 'true'\n");
    let word = || {
        let told = place.regatta(&[]).variable("GITHUB_ACTIONS", "true").run();
        let (_, rest) = told.split_once("::stop-commands::").expect("a stop");
        rest.lines().next().expect("a word").to_owned()
    };
    let words = [word(), word()];
    assert_ne!(words[0], words[1]);
    for word in words {
        assert!(
            word.len() == 39 && word.bytes().all(|it| it.is_ascii_digit()),
            "{word}"
        );
    }
}

#[test]
fn the_summary_of_a_step_grows_by_each_run_and_stays_below_what_github_takes() {
    let place = place();
    place.write("summary.md", "from before\n");
    let summary = place.path("summary.md");
    let run = || {
        let run = place.regatta(&["--progress", "none"]);
        let run = run.variable("GITHUB_ACTIONS", "true");
        run.variable("GITHUB_STEP_SUMMARY", &summary.to_string_lossy())
            .run();
    };
    run();
    run();
    let text = place.read("summary.md");
    assert!(
        text.starts_with("from before\n## ❌ 1 of 3 suites failed\n"),
        "{text}"
    );
    assert_eq!(text.matches("## ❌ 1 of 3 suites failed\n").count(), 2);
    assert!(text.contains("| `bad` | `exit code 1` |"), "{text}");
    place.write("summary.md", &"x".repeat(900 << 10));
    run();
    assert_eq!(place.read("summary.md").len(), 900 << 10);
    // Nobody asked for it by name, so its loss is no failure.
    let run = place.regatta(&["--progress", "none", "--suites", "good"]);
    let run = run.variable("GITHUB_ACTIONS", "true");
    let told = run
        .variable("GITHUB_STEP_SUMMARY", "/nowhere/summary.md")
        .run();
    assert!(told.starts_with("exit 0\n"), "{told}");
    assert!(
        told.contains(
            "warning: the summary of the step, `/nowhere/summary.md`, could not be written"
        ),
        "{told}"
    );
}

#[test]
fn azure_and_teamcity_find_no_command_of_a_suite() {
    let place = place();
    for words in [&[][..], &["--verbose"], &["--progress", "none"]] {
        let told = place.regatta(words).variable("TF_BUILD", "True").run();
        let lower = told.to_lowercase();
        for line in lower
            .lines()
            .filter(|it| it.contains("##vso[") || it.contains("##["))
        {
            let ours = [
                "##[group]log of ",
                "##[endgroup]",
                "##vso[task.logissue type=error;]bad: exit code 1",
            ];
            let is_ours = ours.iter().any(|it| line.starts_with(it));
            assert!(is_ours && line.matches("##").count() == 1, "{line}");
        }
        let told = place
            .regatta(words)
            .variable("TEAMCITY_VERSION", "2026.1")
            .run();
        for line in told.lines().filter(|it| it.contains("##teamcity[")) {
            let is_whole = line.starts_with("##teamcity[") && line.ends_with("']");
            assert!(
                is_whole && line.matches("##teamcity[").count() == 1,
                "{line}"
            );
            let word = line["##teamcity[".len()..]
                .split(' ')
                .next()
                .expect("a word");
            assert!(
                word.starts_with("test") || word.starts_with("flow"),
                "{line}"
            );
        }
        let failed = "##teamcity[testFailed name='bad' message='exit code 1'";
        assert_eq!(told.matches(failed).count(), 1);
        assert_eq!(told.matches("##teamcity[testFailed ").count(), 1);
        assert_eq!(
            told.matches("##teamcity[testIgnored name='late'").count(),
            1
        );
    }
    let told = place
        .regatta(&["log", "bad"])
        .variable("TF_BUILD", "True")
        .run();
    assert!(
        !told.to_lowercase().contains("##vso[") && told.contains("## vso["),
        "{told}"
    );
}

#[test]
fn buildkite_and_gitlab_find_no_heading_of_a_suite() {
    let place = place();
    let told = place.regatta(&[]).variable("BUILDKITE", "true").run();
    let (_, log) = told.split_once("--- stdout ---\n").expect("text");
    let starts = ["---", "+++", "~~~", "^^^"];
    let headings = log
        .lines()
        .filter(|line| starts.iter().any(|it| line.starts_with(it)));
    assert_eq!(
        headings.collect::<Vec<_>>(),
        [
            "+++ Suites of project",
            "--- Log of good",
            "+++ Log of bad, attempt 2",
            "+++ Summary"
        ]
    );
    let told = place.regatta(&[]).variable("GITLAB_CI", "true").run();
    assert_eq!(told.matches("section_start:").count(), 3, "{told}");
    assert_eq!(told.matches("\u{1b}[0Ksection_start:").count(), 3, "{told}");
    assert_eq!(told.matches("\u{1b}[0Ksection_end:").count(), 3, "{told}");
}

#[test]
fn a_server_is_only_spoken_to_where_it_reads() {
    let place = Place::new("[suites.a]\ncommand = 'echo hello'\n");
    let plain = place.regatta(&[]).variable("CI", "true").run();
    assert!(!plain.contains("::") && !plain.contains("##"), "{plain}");
    let is_spoken_to = |told: &str| told.contains("Log of a") || told.contains("##teamcity[");
    for (name, value) in SERVERS {
        assert!(
            is_spoken_to(&place.regatta(&[]).variable(name, value).run()),
            "{name}"
        );
        let off = [
            place.regatta(&["--ci", "none"]),
            place.regatta(&[]).variable("REGATTA_CI", "none"),
            // A suite of a run around this one.
            place.regatta(&[]).variable("REGATTA_SUITE", "outer"),
        ];
        for run in off {
            let told = run.variable(name, value).run();
            assert!(
                !is_spoken_to(&told) && !told.contains("::stop"),
                "{name}: {told}"
            );
        }
    }
    let told = place
        .regatta(&["--ci", "gitlab"])
        .variable("GITHUB_ACTIONS", "true")
        .run();
    assert!(
        told.contains("section_start:") && !told.contains("::group"),
        "{told}"
    );
}
