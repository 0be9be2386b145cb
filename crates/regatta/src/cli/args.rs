//! What may stand on the command line.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::LazyLock;

use clap::builder::{BoolishValueParser, PossibleValue};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::engine::ArgValueCompleter;
use regatta_core::terms::FailFast;

use super::complete::{complete_category, complete_suite, complete_tag};
use super::shard::ShardChoice;
use crate::config::MaxParallel;
use crate::report::format::{FORMATS, Format, find_format};
use crate::report::terminal::ColourChoice;

/// Runs a project's test suites in parallel and is done when the slowest one is.
///
/// Without a command, `regatta` runs the suites of the nearest regatta.toml.
#[derive(Debug, Parser)]
#[command(name = "regatta", version)]
pub struct Cli {
    /// Where things are.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// What `regatta` alone does.
    #[command(flatten)]
    pub run: RunArgs,
    /// Something else than a run.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Select, plan, run and report (what `regatta` alone does)
    Run(Box<RunArgs>),
    /// Run what a saved file touches, again and again
    Watch(Box<WatchArgs>),
    /// Show the suites by category
    List(ListArgs),
    /// Check the configuration and run nothing
    Check(CheckArgs),
    /// Show which suite waits for which
    Graph(GraphArgs),
    /// Render a past run again
    Report(ReportArgs),
    /// Say why a suite would run or come from the cache
    Explain(ExplainArgs),
    /// Print the log of a suite's last attempt
    Log(LogArgs),
    /// Show how suites did over time
    History(HistoryArgs),
    /// Show which suites are flaky, and the evidence
    Flaky(FlakyArgs),
    /// Show what changed from one run to another
    Compare(CompareArgs),
    /// Put the reports of shards together, and prove that nothing is missing
    Merge(MergeArgs),
    /// See or reduce what is kept of earlier runs
    Cache(CacheArgs),
    /// Print the JSON Schema of regatta.toml
    Schema,
    /// Print the script that completes words in a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man,
}

/// Where the configuration and the logs are, and how text looks. Understood by every command.
#[derive(Debug, Clone, Args)]
pub struct PlaceArgs {
    /// The folder in which the program was started, absolute.
    #[arg(skip)]
    pub started_in: PathBuf,
    /// Change to this folder first
    #[arg(short = 'C', value_name = "DIR", global = true, help_heading = "Place")]
    pub directory: Option<PathBuf>,
    /// Use this configuration instead of the nearest regatta.toml
    #[arg(
        long,
        value_name = "FILE",
        env = "REGATTA_CONFIG",
        global = true,
        help_heading = "Place"
    )]
    pub config: Option<PathBuf>,
    /// Let the settings of `[profile.NAME]` win over those of `[run]`
    #[arg(
        long,
        value_name = "NAME",
        env = "REGATTA_PROFILE",
        global = true,
        help_heading = "Place"
    )]
    pub profile: Option<String>,
    /// Write logs and reports there
    #[arg(
        long,
        value_name = "DIR",
        env = "REGATTA_LOG_DIR",
        global = true,
        help_heading = "Place"
    )]
    pub log_dir: Option<PathBuf>,
    /// Colour the text
    #[arg(
        long,
        value_name = "WHEN",
        env = "REGATTA_COLOR",
        global = true,
        help_heading = "Place"
    )]
    pub color: Option<ColorWhen>,
}

/// When text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal that wants it
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

impl From<ColorWhen> for ColourChoice {
    fn from(when: ColorWhen) -> Self {
        match when {
            ColorWhen::Auto => Self::Auto,
            ColorWhen::Always => Self::Always,
            ColorWhen::Never => Self::Never,
        }
    }
}

/// Which suites a command is about.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub struct FilterArgs {
    /// Only suites of these categories (names or globs)
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        env = "REGATTA_CATEGORIES",
        add = ArgValueCompleter::new(complete_category)
    )]
    pub categories: Vec<String>,
    /// Only these suites (names or globs), and what they depend on
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        env = "REGATTA_SUITES",
        add = ArgValueCompleter::new(complete_suite)
    )]
    pub suites: Vec<String>,
    /// Only suites with one of these tags (names or globs)
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        env = "REGATTA_TAGS",
        add = ArgValueCompleter::new(complete_tag)
    )]
    pub tags: Vec<String>,
    /// Not these suites (names or globs)
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        env = "REGATTA_EXCLUDE",
        add = ArgValueCompleter::new(complete_suite)
    )]
    pub exclude: Vec<String>,
    /// Not the categories in `fast_excludes`, which are slow
    #[arg(long, env = "REGATTA_FAST", value_parser = BoolishValueParser::new())]
    pub fast: bool,
    /// Do not add the suites that the selected ones depend on
    #[arg(long, env = "REGATTA_NO_DEPS", value_parser = BoolishValueParser::new())]
    pub no_deps: bool,
}

/// How to run.
#[derive(Debug, Clone, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "clap's flags are bools; they become enums right after parsing"
)]
pub struct RunArgs {
    /// Which suites.
    #[command(flatten)]
    pub filters: FilterArgs,
    /// Only what has not passed since it last failed, was skipped, or was never run
    #[arg(
        long,
        env = "REGATTA_FAILED",
        value_parser = BoolishValueParser::new(),
        help_heading = "Selection"
    )]
    pub failed: bool,
    /// Only what changed since BASE, by its inputs, and what depends on it; without BASE, since the branch left the main one
    #[arg(
        long,
        value_name = "BASE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "1",
        env = "REGATTA_AFFECTED",
        help_heading = "Selection"
    )]
    pub affected: Option<Affected>,
    /// Only the part of the selection that is this machine's, the second of five for 2/5; `auto` asks the build server
    #[arg(
        long,
        value_name = "I/N|auto",
        env = "REGATTA_SHARD",
        allow_hyphen_values = true,
        help_heading = "Selection"
    )]
    pub shard: Option<ShardChoice>,
    /// The only suites that may run, where a watch has said so.
    #[arg(skip)]
    pub only: Option<BTreeSet<String>>,
    /// Run so many suites at once: a number, `auto`, or a share of the CPUs such as `50%`
    #[arg(
        short = 'j',
        long,
        value_name = "N",
        env = "REGATTA_MAX_PARALLEL",
        allow_hyphen_values = true
    )]
    pub max_parallel: Option<MaxParallel>,
    /// Stop at the first failure: `now` also ends what runs, `soon` lets it finish
    #[arg(
        short = 'x',
        long,
        value_name = "now|soon",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "now",
        value_parser = parse_fail_fast,
        env = "REGATTA_FAIL_FAST"
    )]
    pub fail_fast: Option<FailFast>,
    /// Go on after failures, whatever the configuration says
    #[arg(long, env = "REGATTA_NO_FAIL_FAST", value_parser = BoolishValueParser::new())]
    pub no_fail_fast: bool,
    /// Start nothing more after so many failures
    #[arg(
        long,
        value_name = "N",
        env = "REGATTA_MAX_FAIL",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub max_fail: Option<u32>,
    /// Try every failed suite again so many times
    #[arg(
        long,
        value_name = "N",
        env = "REGATTA_RETRIES",
        value_parser = clap::value_parser!(u32).range(..=10_000)
    )]
    pub retries: Option<u32>,
    /// What a pass that needed a retry counts as
    #[arg(long, value_name = "pass|fail", env = "REGATTA_FLAKY")]
    pub flaky: Option<FlakyCountsAs>,
    /// Run the selection so many times, in rounds
    #[arg(
        long,
        value_name = "N",
        env = "REGATTA_REPEAT",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub repeat: Option<u32>,
    /// Run the selection again and again until a suite fails; with --repeat, so many times at most
    #[arg(long, env = "REGATTA_UNTIL_FAIL", value_parser = BoolishValueParser::new())]
    pub until_fail: bool,
    /// Show the plan with its predicted time and the commands, and run nothing
    #[arg(short = 'n', long, env = "REGATTA_DRY_RUN", value_parser = BoolishValueParser::new())]
    pub dry_run: bool,
    /// Show the suites by category, and run nothing
    #[arg(long, env = "REGATTA_LIST", value_parser = BoolishValueParser::new())]
    pub list: bool,
    /// Show every line of output as it comes, after its suite's name
    #[arg(short = 'v', long, env = "REGATTA_VERBOSE", value_parser = BoolishValueParser::new())]
    pub verbose: bool,
    /// How progress is shown
    #[arg(
        long,
        value_name = "HOW",
        env = "REGATTA_PROGRESS",
        default_value = "auto"
    )]
    pub progress: Progress,
    /// Speak to this server beside people, in folded parts and annotations
    #[arg(
        long,
        value_name = "SERVER",
        env = "REGATTA_CI",
        default_value = "auto"
    )]
    pub ci: CiChoice,
    /// Use and keep results of suites with `inputs`
    #[arg(
        long,
        value_name = "off|read|write|rw",
        env = "REGATTA_CACHE",
        default_value = "rw"
    )]
    pub cache: CacheChoice,
    /// Neither use nor keep results
    #[arg(long, env = "REGATTA_NO_CACHE", value_parser = BoolishValueParser::new())]
    pub no_cache: bool,
    /// Run so many of the suites whose result is kept all the same, and fail when one does not pass
    #[arg(
        long,
        value_name = "P%",
        env = "REGATTA_VERIFY_CACHE",
        value_parser = parse_percent
    )]
    pub verify_cache: Option<f64>,
    /// What to do while another run uses the log directory
    #[arg(
        long,
        value_name = "wait|fail",
        env = "REGATTA_ON_BUSY",
        default_value = "wait"
    )]
    pub on_busy: OnBusyChoice,
    /// Also write a report: json, html, junit, markdown or trace
    #[arg(
        long,
        value_name = "FORMAT=PATH",
        value_delimiter = ',',
        env = "REGATTA_REPORT"
    )]
    pub report: Vec<ReportTarget>,
    /// What stdout carries; with `json` and `jsonl` the text for people goes to stderr
    #[arg(
        long,
        value_name = "FORMAT",
        env = "REGATTA_FORMAT",
        default_value = "human"
    )]
    pub format: RunFormat,
}

/// Since when a suite has to have changed in order to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Affected {
    /// It need not have.
    Off,
    /// Since the current branch left the main one.
    SinceFork,
    /// Since this commit.
    Since(String),
}

impl From<&str> for Affected {
    fn from(text: &str) -> Self {
        match text {
            "0" | "false" => Self::Off,
            "1" | "true" => Self::SinceFork,
            base => Self::Since(base.to_owned()),
        }
    }
}

/// The words of `regatta watch`.
#[derive(Debug, Clone, Args)]
pub struct WatchArgs {
    /// How each run is.
    #[command(flatten)]
    pub run: RunArgs,
    /// What this process runs, once, for the watch that started it.
    #[arg(long, hide = true, value_name = "TURN")]
    pub turn: Option<Turn>,
}

/// What one run of a watch is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// Everything that was selected.
    All,
    /// What has not passed since it last failed.
    Failed,
    /// These suites.
    Suites(BTreeSet<String>),
}

impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Failed => f.write_str("failed"),
            // No name has a colon or a comma.
            Self::Suites(names) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                write!(f, "suites:{}", names.join(","))
            }
        }
    }
}

impl FromStr for Turn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "all" => Ok(Self::All),
            None if text == "failed" => Ok(Self::Failed),
            Some(("suites", names)) => {
                Ok(Self::Suites(names.split(',').map(str::to_owned).collect()))
            }
            _ => Err("a watch says this to itself; leave it out".to_owned()),
        }
    }
}

/// What a pass that needed a retry counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FlakyCountsAs {
    /// A pass
    Pass,
    /// A failure
    Fail,
}

/// What is done with the results of suites that declare their inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CacheChoice {
    /// Nothing
    Off,
    /// They are used
    Read,
    /// New ones are kept
    Write,
    /// They are used, and new ones are kept
    Rw,
}

/// What to do while another run uses the log directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnBusyChoice {
    /// Wait for it
    Wait,
    /// Give up
    Fail,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Progress {
    /// Live on a terminal, else in lines
    Auto,
    /// Lines, and a region below them that is redrawn
    Live,
    /// A line for each start and end, and nothing that is redrawn
    Lines,
    /// The failures and a short summary, for programs that read along; chosen by itself when a coding agent runs this
    Compact,
    /// Nothing until the summary
    None,
}

/// Which server for continuous integration reads the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CiChoice {
    /// The one that says so in its variables
    Auto,
    /// None
    None,
    /// GitHub Actions
    Github,
    /// GitLab
    Gitlab,
    /// Buildkite
    Buildkite,
    /// Azure Pipelines
    Azure,
    /// TeamCity
    Teamcity,
}

/// What stdout carries during a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RunFormat {
    /// Text for people
    Human,
    /// The JSON report, at the end
    Json,
    /// The events, one JSON object a line, as they happen
    Jsonl,
}

/// A report that the user wants as a file.
#[derive(Debug, Clone)]
pub struct ReportTarget {
    /// What is written.
    pub format: &'static Format,
    /// Where.
    pub path: PathBuf,
}

impl FromStr for ReportTarget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let formats = || {
            let names: Vec<&str> = FORMATS.iter().map(|it| it.name).collect();
            names.join(", ")
        };
        let Some((name, path)) = text.split_once('=') else {
            return Err(format!("write FORMAT=PATH, with one of {}", formats()));
        };
        match find_format(name) {
            Some(format) if !path.is_empty() => Ok(Self {
                format,
                path: path.into(),
            }),
            Some(_) => Err(format!("the path is missing; write {name}=PATH")),
            None => Err(format!(
                "there is no report format `{name}`; use one of {}",
                formats()
            )),
        }
    }
}

/// The words of `regatta list`.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// Which suites.
    #[command(flatten)]
    pub filters: FilterArgs,
    /// How to print them
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: ListFormat,
}

/// How `regatta list` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// By category, for people
    Text,
    /// One JSON object
    Json,
}

/// The words of `regatta check`.
#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    /// Print every setting and where its value comes from
    #[arg(long)]
    pub show_origin: bool,
}

/// The words of `regatta graph`.
#[derive(Debug, Clone, Args)]
pub struct GraphArgs {
    /// Which suites.
    #[command(flatten)]
    pub filters: FilterArgs,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: GraphFormat,
    /// The run that svg and html colour the graph by: `latest`, `none`, a run id, a journal or a report
    #[arg(long, value_name = "RUN", default_value = "latest")]
    pub run: PathBuf,
}

/// How `regatta graph` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// A tree, for people
    Text,
    /// Graphviz
    Dot,
    /// Mermaid, as Markdown viewers draw it
    Mermaid,
    /// A picture, coloured by the last run
    Svg,
    /// The picture as a page to move about in, with a table
    Html,
}

/// The words of `regatta report`.
#[derive(Debug, Clone, Args)]
pub struct ReportArgs {
    /// A run id, a journal, a log directory or a report; the newest run unless given
    #[arg(value_name = "RUN_ID or PATH")]
    pub run: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: ReportFormat,
    /// With `--format html`: put the page into a file and open that in a browser
    #[arg(long)]
    pub open: bool,
}

/// How `regatta report` prints.
#[derive(Debug, Clone, Copy)]
pub enum ReportFormat {
    /// What a run prints when it is not on a terminal
    Text,
    /// One of the documents
    Document(&'static Format),
}

impl ValueEnum for ReportFormat {
    fn value_variants<'a>() -> &'a [Self] {
        static VARIANTS: LazyLock<Vec<ReportFormat>> = LazyLock::new(|| {
            let documents = FORMATS.iter().map(ReportFormat::Document);
            [ReportFormat::Text].into_iter().chain(documents).collect()
        });
        &VARIANTS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Text => {
                PossibleValue::new("text").help("What a run prints when it is not on a terminal")
            }
            Self::Document(format) => PossibleValue::new(format.name).help(format.description),
        })
    }
}

/// The words of `regatta log`.
#[derive(Debug, Clone, Args)]
pub struct LogArgs {
    /// The suite
    #[arg(value_name = "SUITE", add = ArgValueCompleter::new(complete_suite))]
    pub suite: String,
}

/// The words of `regatta history`.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct HistoryArgs {
    /// Something else than a look at it.
    #[command(subcommand)]
    pub action: Option<HistoryAction>,
    /// Only this suite, run by run
    #[arg(value_name = "SUITE", add = ArgValueCompleter::new(complete_suite))]
    pub suite: Option<String>,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: FigureFormat,
}

/// What else can be done with the history.
#[derive(Debug, Clone, Subcommand)]
pub enum HistoryAction {
    /// Print all runs, one JSON object a line
    Export(ExportArgs),
    /// Add runs that were exported elsewhere
    Import(ImportArgs),
    /// Add what the kept journals know and the database does not
    Rebuild,
}

/// The words of `regatta history export`.
#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    /// Write usual durations into regatta-timings.json beside the configuration instead, for committing
    #[arg(long)]
    pub timings: bool,
}

/// The words of `regatta history import`.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// What `regatta history export` printed; `-` is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// The words of `regatta flaky`.
#[derive(Debug, Clone, Args)]
pub struct FlakyArgs {
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: FigureFormat,
}

/// The words of `regatta compare`.
#[derive(Debug, Clone, Args)]
pub struct CompareArgs {
    /// The earlier run: a run id, `latest`, `latest-N`, a journal or a report
    #[arg(value_name = "A", default_value = "latest-1")]
    pub before: String,
    /// The later run
    #[arg(value_name = "B", default_value = "latest")]
    pub after: String,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: FigureFormat,
}

/// How figures are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FigureFormat {
    /// For people
    Text,
    /// One JSON object
    Json,
}

/// The words of `regatta explain`.
#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// The suite
    #[arg(value_name = "SUITE", add = ArgValueCompleter::new(complete_suite))]
    pub suite: String,
}

/// The words of `regatta merge`.
#[derive(Debug, Clone, Args)]
pub struct MergeArgs {
    /// The JSON reports of runs with --shard, or the folders they are in
    #[arg(value_name = "REPORT", required = true)]
    pub reports: Vec<PathBuf>,
    /// Also write a report: json=PATH
    #[arg(long, value_name = "FORMAT=PATH", value_delimiter = ',')]
    pub report: Vec<ReportTarget>,
}

/// The words of `regatta cache`.
#[derive(Debug, Clone, Args)]
pub struct CacheArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: CacheCommand,
}

/// What to do with kept results.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum CacheCommand {
    /// Say how much is kept
    Stat,
    /// Remove what was not used for the longest time, down to the limit
    Gc,
    /// Remove everything
    Clear,
}

/// The words of `regatta completions`.
#[derive(Debug, Clone, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL", value_parser = ["bash", "elvish", "fish", "powershell", "zsh"])]
    pub shell: String,
}

fn parse_fail_fast(text: &str) -> Result<FailFast, String> {
    match text {
        "now" | "1" | "true" => Ok(FailFast::Now),
        "soon" => Ok(FailFast::Soon),
        "0" | "false" => Ok(FailFast::Off),
        _ => Err("use `now` or `soon`".to_owned()),
    }
}

fn parse_percent(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').trim_end();
    match number.parse() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent),
        _ => Err("use a percentage from 0 to 100, such as `5%`".to_owned()),
    }
}
