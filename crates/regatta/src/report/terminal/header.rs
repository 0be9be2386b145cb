//! The lines before the first suite: what runs, and under which settings.

use regatta_core::event::RunHeader;
use regatta_core::terms::{FailFast, Repeat, Until};

use super::look::{Tone, short_bytes};
use super::page::Page;

/// How wide the rules below the headings are.
const RULE: usize = 51;

/// Writes everything that is known before the first suite starts.
pub(super) fn write_header(page: &mut Page, header: &RunHeader) {
    let symbols = page.look.symbols;
    let bullet = symbols.bullet;
    let title = format!("{} Parallel Test Runner", capitalise(&header.project));
    write_heading(page, symbols.title, &title);
    let fail_fast = match header.fail_fast {
        FailFast::Off => "disabled",
        FailFast::Soon => "soon",
        FailFast::Now => "enabled",
    };
    let log_dir = page.look.clean(&header.log_dir);
    page.line(format_args!("{}Test Configuration:", symbols.configuration));
    page.line(format_args!(
        "  {bullet} Total suites: {}",
        header.suites.len()
    ));
    let resources = header.resources.as_ref();
    let reason = resources.and_then(|it| it.slots_reason.as_ref());
    let reason = reason.map_or_else(String::new, |reason| format!(" ({reason})"));
    let reason = page.look.clean(&reason);
    page.line(format_args!(
        "  {bullet} Max parallel: {}{reason}",
        header.max_parallel
    ));
    if let Some(bytes) = resources.and_then(|it| it.memory_bytes) {
        let bytes = short_bytes(bytes);
        page.line(format_args!("  {bullet} Memory for suites: {bytes}"));
    }
    page.line(format_args!("  {bullet} Fail-fast: {fail_fast}"));
    if let Some(part) = &header.part {
        let (number, count) = (part.number, part.count);
        page.line(format_args!("  {bullet} Shard: {number}/{count}"));
    }
    if let Some(repeat) = header.repeat {
        let rounds = describe_rounds(repeat);
        page.line(format_args!("  {bullet} Rounds: {rounds}"));
    }
    page.line(format_args!("  {bullet} Log directory: {log_dir}"));
    page.blank();
    write_categories(page, header);
}

fn describe_rounds(repeat: Repeat) -> String {
    match (repeat.until, repeat.rounds) {
        (Until::Done, Some(rounds)) => rounds.to_string(),
        (Until::Done, None) => "without end".into(),
        (Until::Failure, Some(rounds)) => format!("until a suite fails, at most {rounds}"),
        (Until::Failure, None) => "until a suite fails".into(),
    }
}

/// Writes a heading with the rule below it and a blank line.
pub(super) fn write_heading(page: &mut Page, symbol: &str, title: &str) {
    let title = page.look.clean(title);
    page.line(format_args!(
        "{symbol}{}",
        page.look.paint(Tone::Heading, title)
    ));
    let rule = page.look.symbols.rule.repeat(RULE);
    page.line(format_args!("{}", page.look.paint(Tone::Detail, rule)));
    page.blank();
}

fn write_categories(page: &mut Page, header: &RunHeader) {
    let mut any = false;
    for category in &header.categories {
        let suites = header.suites.iter();
        let count = suites.filter(|it| it.category == category.name).count();
        if count > 0 {
            let title = page.look.clean(&category.title).to_uppercase();
            page.line(format_args!("  {title}: {count} suite(s)"));
            any = true;
        }
    }
    if any {
        page.blank();
    }
}

fn capitalise(name: &str) -> String {
    let mut characters = name.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => "Regatta".into(),
    }
}
