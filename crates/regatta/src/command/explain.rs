//! `regatta explain`: why a suite would run or come from the cache, and all that decides its result.

use std::fmt::Write as _;

use clap::ArgMatches;
use regatta_core::id::{Id, TaskId};
use regatta_core::manifest::{Content, Fact, FactKind, Input, Manifest, Target};
use regatta_core::terms::{Expect, Reuse};

use super::inputs::{Wish, keeper};
use super::output::print;
use super::setup;
use crate::cache::{Explanation, Keeper};
use crate::cli::{CacheChoice, CommandFailure, ExplainArgs, PlaceArgs};
use crate::config::{CacheUse, Config, Suite};
use crate::diagnostic::visible;
use crate::recipes::{reuse_of, shards_of};

/// How long a value may be that is shown.
const MOST_CHARACTERS: usize = 100;

pub(super) fn explain(
    place: &PlaceArgs,
    args: &ExplainArgs,
    matches: &ArgMatches,
) -> Result<u8, CommandFailure> {
    let config = setup::load(place, matches)?;
    let wanted = setup::find_suite(&config, &args.suite)?;
    let chain = dependencies_first(&config, wanted);
    let suites: Vec<&Suite> = chain.iter().map(|&it| &config.suites[it]).collect();
    let suite = &config.suites[wanted];
    let wish = Wish {
        choice: CacheChoice::Rw,
        audit_percent: 0.0,
        run_id: String::new(),
        log_dir: setup::log_dir(&config),
    };
    let keeper = keeper(&config, &suites, wish)?;
    let name = &suite.name;
    let Some(mut keeper) = keeper.filter(|_| reuse_of(suite) == Reuse::Possible) else {
        let why = match suite.reuse {
            None => "it declares no `inputs`, so it runs every time",
            Some(_) if suite.expect == Expect::Pass => {
                "it has `outputs` and runs in shards, and nobody knows which shard made a file"
            }
            Some(_) => "it is expected to fail, and only exit code 0 is ever kept",
        };
        print(&format!("{name} would run: {why}\n"))?;
        return Ok(0);
    };
    keeper.recall();
    print(&render(suite, &suites, &mut keeper))?;
    Ok(0)
}

/// Returns a suite's place and those of all it depends on, each after those that it depends on itself.
fn dependencies_first(config: &Config, wanted: usize) -> Vec<usize> {
    let mut order = Vec::new();
    let mut path = vec![(wanted, 0)];
    while let Some((suite, next)) = path.last_mut() {
        let suite_place = *suite;
        let dependency = config.suites[suite_place].depends_on.get(*next);
        *next += 1;
        match dependency {
            None => {
                path.pop();
                if !order.contains(&suite_place) {
                    order.push(suite_place);
                }
            }
            Some(name) => {
                let found = config.suites.iter().position(|it| it.name == *name);
                path.extend(found.filter(|it| !order.contains(it)).map(|it| (it, 0)));
            }
        }
    }
    order
}

fn render(suite: &Suite, suites: &[&Suite], keeper: &mut Keeper) -> String {
    let name = &suite.name;
    let shards = shards_of(suites);
    // The shards of a suite differ in nothing but their numbers, so the first stands for all.
    let tasks = shards.iter().enumerate();
    let first = tasks
        .clone()
        .find(|(_, (place, _))| place + 1 == suites.len());
    let own = first.map_or(0, |(task, _)| task);
    for (task, (place, _)) in tasks.take(own) {
        // What runs before may leave something else behind than what is there now.
        let dependency = &suites[*place].name;
        match keeper.explain(TaskId::from_index(task)) {
            Ok(it) if it.probed.hit => {}
            Ok(it) if suite.depends_on.contains(dependency) => {
                let why = or_else(&it.probed.reason, "no result of it is kept");
                return format!(
                    "{name} would run unless {dependency}, on which it depends, leaves what it left before: {dependency} would run ({why})\n"
                );
            }
            _ => {}
        }
    }
    let explanation = match keeper.explain(TaskId::from_index(own)) {
        Ok(explanation) => explanation,
        Err(reason) => return format!("{name} would run: {}\n", visible(&reason)),
    };
    let mut text = render_verdict(suite, &explanation);
    writeln!(text, "\nkey {}", explanation.key).expect("a String takes all");
    render_manifest(&mut text, &explanation.manifest);
    text
}

fn render_verdict(suite: &Suite, explanation: &Explanation) -> String {
    let name = &suite.name;
    let Explanation {
        probed, changes, ..
    } = explanation;
    if probed.hit {
        let seconds = probed.saved.as_secs_f64();
        return format!(
            "{name} would come from the cache: {} in {seconds:.1}s\n",
            probed.reason
        );
    }
    if suite
        .reuse
        .as_ref()
        .is_some_and(|it| it.cache == CacheUse::Off)
    {
        return format!("{name} would run: its `cache` is \"off\"\n");
    }
    let reason = or_else(&probed.reason, "no result of it is kept");
    let mut text = format!("{name} would run: {}\n", visible(reason));
    if changes.len() > 1 {
        text.push_str("\nchanged since its newest kept result:\n");
        for change in changes {
            writeln!(text, "  {}", visible(change.text())).expect("a String takes all");
        }
    }
    text
}

fn or_else<'a>(reason: &'a str, otherwise: &'a str) -> &'a str {
    if reason.is_empty() { otherwise } else { reason }
}

fn render_manifest(text: &mut String, manifest: &Manifest) {
    for fact in &manifest.facts {
        writeln!(text, "  {}", render_fact(fact)).expect("a String takes all");
    }
    writeln!(text, "  {} inputs:", manifest.inputs.len()).expect("a String takes all");
    for Input { path, content } in &manifest.inputs {
        let path = visible(&String::from_utf8_lossy(path));
        let line = match content {
            Content::File { mode, digest } => {
                format!("{} {mode:04o} {path}", short(&digest.to_string()))
            }
            Content::Link { text, target } => {
                let digest = match target {
                    Target::File { digest, .. } => digest.to_string(),
                    _ => "-".to_owned(),
                };
                let text = visible(&String::from_utf8_lossy(text));
                format!("{:12} link {path} -> {text}", short(&digest))
            }
            Content::Folder { mode } => format!("{:12} {mode:04o} {path}/", "-"),
            Content::Special => format!("{:12} special {path}", "-"),
        };
        writeln!(text, "    {line}").expect("a String takes all");
    }
}

fn render_fact(fact: &Fact) -> String {
    let kind = match fact.kind {
        FactKind::Command => "command",
        FactKind::Directory => "dir",
        FactKind::Variable => "variable",
        FactKind::Shard => "shard",
        FactKind::Platform => "platform",
        FactKind::Tool => "tool",
        FactKind::Shell => "/bin/sh",
        FactKind::Dependency => "depends on",
    };
    let value = match &fact.value {
        None if fact.kind == FactKind::Shard => "all of it".into(),
        None => "not set".into(),
        Some(value) => {
            let value = String::from_utf8_lossy(value)
                .trim_end_matches(['\0', '\n'])
                .to_owned();
            let value = match fact.kind {
                // The kind of command comes before its words.
                FactKind::Command => {
                    let (_, words) = value.split_once('\0').unwrap_or_default();
                    words.replace('\0', " ")
                }
                FactKind::Directory if value.is_empty() => ".".into(),
                _ => value,
            };
            let end = value
                .char_indices()
                .nth(MOST_CHARACTERS)
                .map(|(end, _)| end);
            end.map_or_else(
                || visible(&value),
                |end| format!("{}…", visible(&value[..end])),
            )
        }
    };
    let name = visible(&String::from_utf8_lossy(&fact.name));
    if name.is_empty() {
        format!("{kind:<10} {value}")
    } else {
        format!("{kind:<10} {name} = {value}")
    }
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
