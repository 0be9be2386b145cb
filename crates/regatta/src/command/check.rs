//! `regatta check`: the configuration, examined and explained without running anything.

use std::fmt::Write as _;
use std::time::Duration;

use clap::ArgMatches;
use regatta_core::terms::{Backoff, FailFast, FlakyVerdict, Leftovers, Retries};

use super::inputs::{Wish, keeper};
use super::output::{print, warn};
use super::setup;
use crate::cli::{CacheChoice, CheckArgs, CommandFailure, PlaceArgs, RunArgs};
use crate::config::{
    Command, Config, JobserverUse, MaxParallel, QUARANTINE_NAME, Setting, Suite, Terms,
};

pub(super) fn check(
    place: &PlaceArgs,
    args: &CheckArgs,
    run: &RunArgs,
    matches: &ArgMatches,
) -> Result<u8, CommandFailure> {
    let config = setup::load_for_run(place, run, matches)?;
    let suites: Vec<&Suite> = config.suites.iter().collect();
    let wish = Wish {
        choice: CacheChoice::Off,
        audit_percent: 0.0,
        run_id: String::new(),
        log_dir: setup::log_dir(&config),
    };
    keeper(&config, &suites, wish)?;
    let mut text = String::new();
    if args.show_origin {
        text = render_origins(&config);
    }
    let count = config.suites.len();
    let plural = if count == 1 { "" } else { "s" };
    let file = &config.file_name;
    writeln!(text, "{file} is sound: {count} suite{plural}").expect("a String takes all");
    let entries = config.suites.iter();
    let entries = entries.filter_map(|suite| Some((suite, suite.quarantine.as_ref()?)));
    let entries: Vec<_> = entries.collect();
    let count = entries.len();
    if count > 0 {
        let plural = if count == 1 { "" } else { "s" };
        writeln!(text, "{QUARANTINE_NAME} is sound: {count} suite{plural}")
            .expect("a String takes all");
    }
    print(&text)?;
    for (suite, entry) in entries.into_iter().filter(|(_, entry)| entry.expired) {
        warn(&format!(
            "the quarantine of `{}` held until {} and fails each run of it now; set `expires` to a later day, or remove the entry ({})",
            suite.name, entry.expires, entry.place
        ));
    }
    Ok(0)
}

/// Returns every setting with its value and who said so, first those of the run, then each suite's.
fn render_origins(config: &Config) -> String {
    let mut table = Table {
        file: &config.file_name,
        text: String::new(),
    };
    let run = &config.run;
    table.title("[run]");
    table.row("max_parallel", &run.max_parallel, max_parallel);
    table.row("fail_fast", &run.fail_fast, fail_fast);
    table.row("log_dir", &run.log_dir, |path| path.display().to_string());
    table.row("fast_excludes", &run.fast_excludes, |list| {
        format!("{list:?}")
    });
    table.row("jobserver", &run.jobserver, jobserver);
    table.row("thread_hints", &run.thread_hints, ToString::to_string);
    table.row("html_report", &run.html_report, bool::to_string);
    table.terms(&run.terms);
    for suite in &config.suites {
        table.title(&format!("[suites.{}]", suite.name));
        table.terms(&suite.terms);
        if let Some(on_timeout) = &suite.on_timeout {
            table.row("on_timeout", on_timeout, command);
        }
        if let Some(entry) = &suite.quarantine {
            let expired = if entry.expired { ", expired" } else { "" };
            let value = format!("{:?}", entry.expires);
            let place = &entry.place;
            table.write(format_args!(
                "  {:<14} = {value:<16} # {place}{expired}",
                "quarantine"
            ));
        }
    }
    table.text.push('\n');
    table.text
}

struct Table<'c> {
    file: &'c str,
    text: String,
}

impl Table<'_> {
    fn title(&mut self, title: &str) {
        let gap = if self.text.is_empty() { "" } else { "\n" };
        self.write(format_args!("{gap}{title}"));
    }

    fn row<T>(&mut self, key: &str, setting: &Setting<T>, show: impl Fn(&T) -> String) {
        let value = show(&setting.value);
        let origin = setting.origin.describe(self.file);
        self.write(format_args!("  {key:<14} = {value:<16} # {origin}"));
    }

    fn terms(&mut self, terms: &Terms) {
        self.row("timeout", &terms.timeout, limit);
        self.row("grace_period", &terms.grace_period, duration);
        self.row("slow_after", &terms.slow_after, limit);
        self.row("idle_timeout", &terms.idle_timeout, limit);
        self.row("retries", &terms.retries, retries);
        self.row("flaky", &terms.flaky, flaky);
        self.row("leftovers", &terms.leftovers, leftovers);
        self.row("max_log", &terms.max_log_bytes, ToString::to_string);
    }

    fn write(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.text, "{line}").expect("a String takes all");
    }
}

fn command(value: &Command) -> String {
    match value {
        Command::Shell(line) => format!("{line:?}"),
        Command::Argv(words) => format!("{words:?}"),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "rows show by reference")]
fn max_parallel(value: &MaxParallel) -> String {
    match value {
        MaxParallel::Auto => "\"auto\"".to_owned(),
        MaxParallel::Count(count) => count.to_string(),
        MaxParallel::Percent(percent) => format!("\"{percent}%\""),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "rows show by reference")]
fn fail_fast(value: &FailFast) -> String {
    match value {
        FailFast::Off => "false",
        FailFast::Now => "true",
        FailFast::Soon => "\"soon\"",
    }
    .to_owned()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "rows show by reference")]
fn jobserver(value: &JobserverUse) -> String {
    match value {
        JobserverUse::Off => "\"off\"",
        JobserverUse::Auto => "\"auto\"",
        JobserverUse::Fifo => "\"fifo\"",
        JobserverUse::Pipe => "\"pipe\"",
    }
    .to_owned()
}

#[expect(clippy::ref_option, reason = "rows show by reference")]
fn limit(value: &Option<Duration>) -> String {
    value
        .as_ref()
        .map_or_else(|| "\"none\"".to_owned(), duration)
}

fn duration(value: &Duration) -> String {
    value.as_secs_f64().to_string()
}

fn retries(value: &Retries) -> String {
    if *value == Retries::immediate(value.count) {
        return value.count.to_string();
    }
    let backoff = match value.backoff {
        Backoff::Fixed => "fixed",
        Backoff::Exponential => "exponential",
    };
    let bound = value.max_delay.as_ref().map(duration);
    let bound = bound.map_or_else(String::new, |it| format!(", max_delay = {it}"));
    format!(
        "{{ count = {}, delay = {}, backoff = \"{backoff}\"{bound}, jitter = {} }}",
        value.count,
        duration(&value.delay),
        value.jitter
    )
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "rows show by reference")]
fn flaky(value: &FlakyVerdict) -> String {
    match value {
        FlakyVerdict::Pass => "\"pass\"",
        FlakyVerdict::Fail => "\"fail\"",
    }
    .to_owned()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "rows show by reference")]
fn leftovers(value: &Leftovers) -> String {
    match value {
        Leftovers::Kill => "\"kill\"",
        Leftovers::Fail => "\"fail\"",
        Leftovers::Allow => "\"allow\"",
    }
    .to_owned()
}
