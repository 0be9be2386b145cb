//! The first event of a run: who runs what, where and since when.

use std::env;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use regatta_core::event::{
    FORMAT, FORMAT_OF_ONE_ROUND, GroupHeader, Host, PartHeader, Resources, RunHeader,
};
use regatta_core::past::Past;
use regatta_core::plan::Suite;
use regatta_core::terms::Repeat;

use super::setup;
use crate::cli::{FilterArgs, PlaceArgs};
use crate::config::Config;
use crate::history::{Here, History};
use crate::planning::{Project, SLOTS};
use crate::shell;

/// Returns an id that no other run has and that sorts by start.
pub(super) fn new_run_id() -> String {
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S.%6f");
    format!("{now}-{}", std::process::id())
}

/// What a header is made from.
pub(super) struct Origin<'r> {
    pub(super) run_id: String,
    /// The log directory as reports show it.
    pub(super) log_dir: &'r Path,
    pub(super) place: &'r PlaceArgs,
    pub(super) filters: &'r FilterArgs,
    pub(super) config: &'r Config,
    pub(super) project: &'r Project,
    /// CPUs that this process may use.
    pub(super) cpus: u32,
    pub(super) repeat: Repeat,
    /// Suites that are outstanding and not part of the run.
    pub(super) outstanding: Vec<String>,
    /// Why there are as many slots as there are.
    pub(super) slots_reason: Option<String>,
    /// Which part it is of a selection that several machines divide.
    pub(super) part: Option<PartHeader>,
}

/// Returns what is known of a run that starts now.
pub(super) fn header(origin: Origin<'_>) -> RunHeader {
    let Origin {
        run_id,
        log_dir,
        place,
        filters,
        config,
        project,
        cpus,
        repeat,
        outstanding,
        slots_reason,
        part,
    } = origin;
    let now = jiff::Zoned::now();
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let monotonic = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let micros = monotonic.tv_sec * 1_000_000 + monotonic.tv_nsec / 1000;
    RunHeader {
        format: if repeat.is_once() {
            FORMAT_OF_ONE_ROUND
        } else {
            FORMAT
        },
        run_id,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        timestamp: now.strftime("%Y-%m-%dT%H:%M:%S.%6f%:z").to_string(),
        wall_us: i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX),
        monotonic_us: u64::try_from(micros).unwrap_or_default(),
        host: Host {
            name: host_name(),
            os: format!("{}-{}", env::consts::OS, env::consts::ARCH),
            cpus,
        },
        project: project_name(&config.root),
        root: config.root.to_string_lossy().into_owned(),
        log_dir: log_dir.to_string_lossy().into_owned(),
        max_parallel: project.max_parallel,
        fail_fast: config.run.fail_fast.value,
        profile: config.profile.clone(),
        repeat: Some(repeat).filter(|it| !it.is_once()),
        selection: selection(filters),
        rerun_prefix: rerun_prefix(place),
        categories: setup::category_headers(config),
        suites: project.plan.suites.values().cloned().collect(),
        tasks: project.plan.tasks.values().map(|task| task.suite).collect(),

        past: project.past.clone(),
        groups: groups(project),
        outstanding,
        resources: Some(Resources {
            slots_reason,
            memory_bytes: project.memory_bytes,
        }),
        part: part.map(Box::new),
        merged: None,
    }
}

/// Returns what earlier runs say of suites, in their order.
pub(super) fn look_back(config: &Config, cpus: u32, suites: &[Suite]) -> Vec<Past> {
    let host = host_name();
    let here = Here {
        host: &host,
        cpus,
        profile: config.profile.as_deref(),
    };
    let suites: Vec<(&str, &str)> = suites.iter().map(|it| (&*it.name, &*it.digest)).collect();
    History::of(&config.root).pasts(&suites, &here)
}

/// Returns the groups that do not merely exclude; a name alone stands for those.
fn groups(project: &Project) -> Vec<GroupHeader> {
    let pools = project.plan.pools.iter();
    let groups = pools.filter(|(pool, it)| {
        let is_group = *pool != SLOTS && project.plan.memory != Some(*pool);
        is_group && it.capacity > 1
    });
    let headers = groups.map(|(_, pool)| GroupHeader {
        name: pool.name.clone(),
        capacity: u32::try_from(pool.capacity).unwrap_or(u32::MAX),
    });
    headers.collect()
}

/// Returns the name of this machine.
pub(super) fn host_name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

fn project_name(root: &Path) -> String {
    let root = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let name = root.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Returns the filters as words of a command line, `None` without any.
fn selection(filters: &FilterArgs) -> Option<String> {
    let lists = [
        ("--categories", &filters.categories),
        ("--suites", &filters.suites),
        ("--tags", &filters.tags),
        ("--exclude", &filters.exclude),
    ];
    let lists = lists.into_iter().filter(|(_, list)| !list.is_empty());
    let mut words: Vec<String> = lists
        .flat_map(|(flag, list)| [flag.to_owned(), list.join(",")])
        .collect();
    for (flag, is_set) in [("--fast", filters.fast), ("--no-deps", filters.no_deps)] {
        if is_set {
            words.push(flag.to_owned());
        }
    }
    (!words.is_empty()).then(|| shell::join(words.iter().map(String::as_str)))
}

/// Returns the words that lead to this configuration again from the same shell.
fn rerun_prefix(place: &PlaceArgs) -> String {
    let program = env::args().next().unwrap_or_default();
    // A program that was found in PATH is found there again; any other needs its path.
    let program = if program.is_empty() {
        "regatta".to_owned()
    } else {
        program
    };
    let mut words = vec![program];
    let mut add = |flag: &str, value: &Path| {
        words.push(flag.to_owned());
        words.push(value.to_string_lossy().into_owned());
    };
    if let Some(directory) = &place.directory {
        add("-C", directory);
    }
    if let Some(config) = &place.config {
        add("--config", config);
    }
    if let Some(profile) = &place.profile {
        add("--profile", Path::new(profile));
    }
    if let Some(log_dir) = &place.log_dir {
        add("--log-dir", log_dir);
    }
    shell::join(words.iter().map(String::as_str))
}
