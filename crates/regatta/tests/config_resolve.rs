//! What holds in the end, and who said so.

use std::fs;
use std::path::Path;
use std::time::Duration;

use regatta::config::{
    self, Ci, Command, Config, JobserverUse, MaxParallel, Origin, Overrides, Setting,
};
use regatta::diagnostic::Diagnostics;
use regatta_core::terms::{Backoff, Expect, FailFast, FlakyVerdict, Leftovers, Retries};

fn read(text: &str, overrides: &Overrides) -> Result<Config, Diagnostics> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("regatta.toml");
    fs::write(&file, text).expect("a temporary file can be written");
    config::load(&file).and_then(|document| config::resolve(&document, overrides))
}

fn accept(text: &str, overrides: &Overrides) -> Config {
    read(text, overrides).expect("the configuration is right")
}

const LAYERS: &str = r#"
[run]
timeout = 1
retries = 1
max_parallel = 1
grace_period = 1
log_dir = "run"

[profile.ci]
timeout = 2
retries = 2
max_parallel = 2

[suites.silent]
command = "true"

[suites.own]
command = "true"
timeout = 3
retries = 3
"#;

#[test]
fn nothing_said_gives_the_defaults() {
    let config = accept("[suites.a]\ncommand = \"true\"\n", &Overrides::default());
    let run = &config.run;
    assert_eq!(run.max_parallel, Setting::default_value(MaxParallel::Auto));
    assert_eq!(run.fail_fast, Setting::default_value(FailFast::Off));
    assert_eq!(run.log_dir, Setting::default_value("test-logs".into()));
    let fast_excludes = vec!["acceptance".to_owned()];
    assert_eq!(run.fast_excludes, Setting::default_value(fast_excludes));
    let jobserver = JobserverUse::Off;
    assert_eq!(run.jobserver, Setting::default_value(jobserver));

    let suite = &config.suites[0];
    assert_eq!(suite.command, Command::Shell("true".to_owned()));
    assert_eq!(suite.category, "test");
    assert_eq!(suite.dir.to_str(), Some("."));
    assert_eq!((suite.cpus, suite.line), (1, 1));
    assert_eq!((suite.expect, suite.skip_exit_code), (Expect::Pass, None));
    let terms = &suite.terms;
    assert_eq!(terms.timeout.value, Some(Duration::from_mins(5)));
    assert_eq!(terms.grace_period.value, Duration::from_secs(10));
    assert_eq!(terms.slow_after.value, Some(Duration::from_mins(1)));
    assert_eq!(terms.idle_timeout.value, None);
    assert_eq!(terms.retries, Setting::default_value(Retries::none()));
    assert_eq!(terms.flaky.value, FlakyVerdict::Pass);
    assert_eq!(terms.leftovers.value, Leftovers::Kill);
    assert_eq!(terms.max_log_bytes.value, 64 << 20);
}

#[test]
fn suite_wins_over_profile_over_run() {
    let seconds = |config: &Config, suite: usize| {
        let timeout = &config.suites[suite].terms.timeout;
        (
            timeout.value.map(|limit| limit.as_secs()),
            timeout.origin.describe("regatta.toml"),
        )
    };
    let plain = accept(LAYERS, &Overrides::default());
    assert_eq!(seconds(&plain, 0), (Some(1), "regatta.toml:3 [run]".into()));
    assert_eq!(seconds(&plain, 1), (Some(3), "regatta.toml:19".into()));
    let chosen = Overrides {
        profile: Some("ci".to_owned()),
        ..Overrides::default()
    };
    let chosen = accept(LAYERS, &chosen);
    let profile = "regatta.toml:10 [profile.ci]";
    assert_eq!(seconds(&chosen, 0), (Some(2), profile.into()));
    assert_eq!(seconds(&chosen, 1), (Some(3), "regatta.toml:19".into()));
    assert_eq!(chosen.run.log_dir.origin, Origin::Run { line: 7 });
    assert_eq!(chosen.run.max_parallel.value, MaxParallel::Count(2));
}

#[test]
fn flags_and_variables_win_over_everything() {
    let overrides = Overrides {
        profile: Some("ci".to_owned()),
        retries: Some(Setting {
            value: Retries::immediate(9),
            origin: Origin::Flag("--retries".to_owned()),
        }),
        max_parallel: Some(Setting {
            value: MaxParallel::Percent(50),
            origin: Origin::Variable("REGATTA_MAX_PARALLEL".to_owned()),
        }),
        ..Overrides::default()
    };
    let config = accept(LAYERS, &overrides);
    for suite in &config.suites {
        assert_eq!(suite.terms.retries.value.count, 9);
        assert_eq!(suite.terms.retries.origin.describe("x"), "--retries");
    }
    let max_parallel = &config.run.max_parallel;
    assert_eq!(max_parallel.value.to_string(), "50%");
    assert_eq!(max_parallel.origin.describe("x"), "REGATTA_MAX_PARALLEL");
}

#[test]
fn continuous_integration_shortens_only_the_default_grace() {
    let ci = |value: &str| Ci::from_variable(Some(value.as_ref()));
    assert_eq!([ci("true"), ci("1"), ci("yes")], [Ci::Yes; 3]);
    assert_eq!(
        [ci(""), ci("0"), ci("false"), Ci::from_variable(None)],
        [Ci::No; 4]
    );

    let overrides = Overrides {
        ci: Ci::Yes,
        ..Overrides::default()
    };
    let text = "[suites.a]\ncommand = \"true\"\n[suites.b]\ncommand = \"true\"\ngrace_period = 7\n";
    let config = accept(text, &overrides);
    let grace = |suite: usize| &config.suites[suite].terms.grace_period;
    assert_eq!(
        (grace(0).value, &grace(0).origin),
        (Duration::from_secs(3), &Origin::Ci)
    );
    assert_eq!(grace(1).value, Duration::from_secs(7));
    assert_eq!(
        accept(LAYERS, &overrides).run.terms.grace_period.value,
        Duration::from_secs(1)
    );
}

#[test]
fn categories_and_groups_are_listed_in_display_order() {
    let text = r#"
[categories.lint]
title = "Style"
[categories.docs]
icon = "📖"
[groups.declared]
capacity = 3
[suites.b]
command = "true"
category = "unit"
parallel_group = ["z", "declared", "z"]
[suites.a]
command = ["true"]
parallel_group = "first"
[suites.c]
command = "true"
category = "lint"
"#;
    let config = accept(text, &Overrides::default());
    let categories: Vec<String> = config
        .categories
        .iter()
        .map(|category| format!("{} {} {}", category.name, category.title, category.icon))
        .collect();
    let expected = [
        "lint Style 🔍",
        "docs DOCS 📖",
        "unit UNIT 🧪",
        "test TEST 📦",
    ];
    assert_eq!(categories, expected);
    let groups: Vec<(&str, u32)> = config
        .groups
        .iter()
        .map(|group| (group.name.as_str(), group.capacity))
        .collect();
    assert_eq!(groups, [("declared", 3), ("z", 1), ("first", 1)]);
    let names: Vec<&str> = config
        .suites
        .iter()
        .map(|suite| suite.name.as_str())
        .collect();
    assert_eq!(names, ["b", "a", "c"]);
    assert_eq!(config.suites[0].parallel_group, ["z", "declared"]);
}

#[test]
fn retries_may_have_pauses() {
    let text = r#"
[suites.a]
command = "true"
retries = { count = 2, delay = "500ms", backoff = "exponential", max_delay = "1m", jitter = true }
"#;
    let retries = accept(text, &Overrides::default()).suites[0]
        .terms
        .retries
        .value
        .clone();
    let expected = Retries {
        count: 2,
        delay: Duration::from_millis(500),
        backoff: Backoff::Exponential,
        max_delay: Some(Duration::from_mins(1)),
        jitter: true,
    };
    assert_eq!(retries, expected);
}

#[test]
fn an_unknown_profile_is_told_with_the_mistakes_of_the_file() {
    let overrides = |name: &str| Overrides {
        profile: Some(name.to_owned()),
        ..Overrides::default()
    };
    let refused = |text: &str, name: &str| {
        let refused = read(text, &overrides(name)).expect_err("the profile must be refused");
        let messages = refused.list().iter();
        messages
            .map(|problem| {
                format!(
                    "{}; {}",
                    problem.message,
                    problem.help.as_deref().unwrap_or("")
                )
            })
            .map(|text| text.split('/').next_back().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        refused("", "ci"),
        ["unknown profile `ci`; the file has no `[profile.NAME]`"]
    );
    assert_eq!(
        refused("[profile.night]\n[profile.day]\n", "ci"),
        ["unknown profile `ci`; profiles: night, day"]
    );
    assert_eq!(
        refused("[profile.night]\nretrys = 1\n", "nigth"),
        [
            "regatta.toml:1?",
            "unknown key `retrys` in `[profile.night]`; did you mean `retries`?"
        ]
    );
}

#[test]
fn an_entry_of_the_quarantine_holds_on_its_last_day() {
    let text =
        "[suites.api]\nreason = 'flips'\nowner = 'team'\nissue = '#7'\nexpires = 2026-11-24\n";
    for (day, expired) in [(23, false), (24, false), (25, true)] {
        let suites = "[suites.api]\ncommand = 'true'\n";
        let mut config = accept(suites, &Overrides::default());
        let file = Path::new("quarantine.toml");
        let today = jiff::civil::date(2026, 11, day);
        let outcome = config::quarantine_bytes(&mut config, file, text.into(), today);
        assert!(outcome.is_ok(), "{outcome:?}");
        let entry = config.suites[0].quarantine.as_ref();
        let entry = entry.expect("it has an entry");
        assert_eq!(entry.expired, expired, "on the {day}th");
        assert_eq!(entry.expires, "2026-11-24");
        assert_eq!(entry.place, "quarantine.toml:1");
    }
}
