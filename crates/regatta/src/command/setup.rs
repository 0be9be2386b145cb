//! What most commands begin with: the configuration that holds, and the suites they are about.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use clap::parser::ValueSource;
use regatta_core::event::CategoryHeader;
use regatta_core::terms::{FailFast, FlakyVerdict, Repeat, Retries, Until};

use crate::cli::{Cli, CommandFailure, FilterArgs, FlakyCountsAs, PlaceArgs, RunArgs};
use crate::config::{self, Ci, Config, Origin, Overrides, Setting};
use crate::select::{self, Dependencies, Fast, Filters, Selection};

/// Returns the configuration that holds for a command which is no run.
pub(super) fn load(place: &PlaceArgs, matches: &ArgMatches) -> Result<Config, CommandFailure> {
    load_with(place, &overrides_of_place(place, matches))
}

/// Returns the configuration that holds for a run.
pub(super) fn load_for_run(
    place: &PlaceArgs,
    args: &RunArgs,
    matches: &ArgMatches,
) -> Result<Config, CommandFailure> {
    let fail_fast = fail_fast(args, matches);
    let max_parallel = args.max_parallel.map(|value| Setting {
        value,
        origin: origin(matches, "max_parallel"),
    });
    let retries = args.retries.map(|count| Setting {
        value: Retries::immediate(count),
        origin: origin(matches, "retries"),
    });
    let flaky = args.flaky.map(|value| Setting {
        value: match value {
            FlakyCountsAs::Pass => FlakyVerdict::Pass,
            FlakyCountsAs::Fail => FlakyVerdict::Fail,
        },
        origin: origin(matches, "flaky"),
    });
    let overrides = Overrides {
        max_parallel,
        fail_fast,
        retries,
        flaky,
        ..overrides_of_place(place, matches)
    };
    load_with(place, &overrides)
}

fn overrides_of_place(place: &PlaceArgs, matches: &ArgMatches) -> Overrides {
    Overrides {
        profile: place.profile.clone().filter(|name| !name.is_empty()),
        log_dir: place.log_dir.clone().map(|value| Setting {
            value,
            origin: origin(matches, "log_dir"),
        }),
        ci: Ci::from_variable(std::env::var_os("CI").as_deref()),
        ..Overrides::default()
    }
}

/// A flag wins over a variable, so one that says no wins over a variable that says yes; of two flags, the last.
fn fail_fast(args: &RunArgs, matches: &ArgMatches) -> Option<Setting<FailFast>> {
    // Told by hand: clap lets a variable override a flag as if it came later.
    let place_on_line = |id: &str| {
        let on_line = matches.value_source(id) == Some(ValueSource::CommandLine);
        on_line.then(|| matches.index_of(id))
    };
    if args.no_fail_fast && place_on_line("no_fail_fast") >= place_on_line("fail_fast") {
        return Some(Setting {
            value: FailFast::Off,
            origin: origin(matches, "no_fail_fast"),
        });
    }
    args.fail_fast.map(|value| Setting {
        value,
        origin: origin(matches, "fail_fast"),
    })
}

/// Returns whether an argument came from the command line or from its variable.
fn origin(matches: &ArgMatches, id: &str) -> Origin {
    let flag = format!("--{}", id.replace('_', "-"));
    match matches.value_source(id) {
        Some(ValueSource::EnvVariable) => {
            Origin::Variable(format!("REGATTA_{}", id.to_uppercase()))
        }
        _ => Origin::Flag(flag),
    }
}

fn load_with(place: &PlaceArgs, overrides: &Overrides) -> Result<Config, CommandFailure> {
    let file = find_file(place)?;
    let document = config::load(&file)?;
    let mut config = config::resolve(&document, overrides)?;
    // The day is read once, here: from now on an entry has expired or it has not.
    config::quarantine(&mut config, jiff::Zoned::now().date())?;
    Ok(config)
}

fn find_file(place: &PlaceArgs) -> Result<PathBuf, CommandFailure> {
    if let Some(file) = place
        .config
        .as_ref()
        .filter(|it| !it.as_os_str().is_empty())
    {
        return Ok(file.clone());
    }
    let here = std::env::current_dir().map_err(|error| {
        CommandFailure::Usage(format!("the working directory cannot be found: {error}"))
    })?;
    config::discover(&here).ok_or_else(|| {
        CommandFailure::Usage(format!(
            "there is no regatta.toml in `{}` or above it; write one, or name it with --config",
            here.display()
        ))
    })
}

/// Returns the suites that the filters choose.
pub(super) fn select(config: &Config, args: &FilterArgs) -> Result<Selection, CommandFailure> {
    select_among(config, args, None)
}

/// Returns the suites that the filters choose among `only` these, among all where there are none.
pub(super) fn select_among(
    config: &Config,
    args: &FilterArgs,
    only: Option<BTreeSet<String>>,
) -> Result<Selection, CommandFailure> {
    let filters = Filters {
        categories: words("--categories", &args.categories)?,
        suites: words("--suites", &args.suites)?,
        tags: words("--tags", &args.tags)?,
        exclude: words("--exclude", &args.exclude)?,
        only,
        fast: if args.fast { Fast::Yes } else { Fast::No },
        dependencies: if args.no_deps {
            Dependencies::Leave
        } else {
            Dependencies::Add
        },
    };
    Ok(select::select(config, &filters)?)
}

/// Returns the place of the suite of this name.
pub(super) fn find_suite(config: &Config, name: &str) -> Result<usize, CommandFailure> {
    // The filter knows how to complain about a name, and which one was meant.
    let by_name = FilterArgs {
        suites: vec![name.to_owned()],
        no_deps: true,
        ..FilterArgs::default()
    };
    let [index] = select(config, &by_name)?.suites[..] else {
        let message = format!("`{name}` is not the name of one suite");
        return Err(CommandFailure::Usage(message));
    };
    Ok(index)
}

/// Returns the names of a list. A flag that names nothing is most likely an empty variable of a script, and nobody
/// would expect it to select everything.
fn words(flag: &str, list: &[String]) -> Result<Vec<String>, CommandFailure> {
    let named = list.iter().map(|word| word.trim().to_owned());
    let named: Vec<String> = named.filter(|word| !word.is_empty()).collect();
    if named.is_empty() && !list.is_empty() {
        return Err(CommandFailure::Usage(format!(
            "`{flag}` names nothing; leave it out, or name at least one"
        )));
    }
    Ok(named)
}

/// Returns why nothing is left to do, where nothing is.
pub(super) fn check_not_empty(
    config: &Config,
    selection: &Selection,
) -> Result<(), CommandFailure> {
    let file = &config.file_name;
    if config.suites.is_empty() {
        return Err(CommandFailure::NothingSelected(format!(
            "{file} declares no suites; add a [suites.NAME] table with a `command`"
        )));
    }
    if selection.suites.is_empty() {
        return Err(CommandFailure::NothingSelected(format!(
            "no suite of {file} satisfies every filter; `regatta list` shows them all"
        )));
    }
    Ok(())
}

/// Returns how often the suites run.
pub(super) fn repeat(args: &RunArgs) -> Repeat {
    match (args.until_fail, args.repeat) {
        (true, rounds) => Repeat {
            rounds,
            until: Until::Failure,
        },
        (false, rounds) => Repeat {
            rounds: rounds.or(Some(1)),
            until: Until::Done,
        },
    }
}

/// Returns the categories as reports show them.
pub(super) fn category_headers(config: &Config) -> Vec<CategoryHeader> {
    let categories = config.categories.iter();
    let headers = categories.map(|category| CategoryHeader {
        name: category.name.clone(),
        title: category.title.clone(),
        icon: category.icon.clone(),
    });
    headers.collect()
}

/// Returns where logs go: what a flag or variable names counts from the working directory, what the
/// configuration names from its folder.
pub(super) fn log_dir(config: &Config) -> PathBuf {
    let setting = &config.run.log_dir;
    match setting.origin {
        Origin::Flag(_) | Origin::Variable(_) => absolute(&setting.value),
        _ => config.root.join(&setting.value),
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Returns the names of the variables that stand for flags.
pub(super) fn own_variables() -> Vec<String> {
    use clap::CommandFactory;
    let command = Cli::command();
    let variables = command.get_arguments().filter_map(clap::Arg::get_env);
    let names = variables.map(|name| name.to_string_lossy().into_owned());
    names.collect()
}
