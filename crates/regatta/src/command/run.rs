//! `regatta run`: selects, plans, runs and reports.

use std::env;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::ArgMatches;
use regatta_core::event::{Event, RunHeader, StopSignal};
use regatta_core::schedule::{Policy, Scheduler};
use regatta_core::time::Time;
use regatta_core::verdict::Outcome as VerdictName;
use regatta_process::{Follow, Guardian, Status, descriptor_limit, die_by, end_remnants};

use super::dry_run::print_plan;
use super::exit_code::exit_code;
use super::failed::choose;
use super::inputs;
use super::list::print_list;
use super::loss::{Will, conclude_lost};
use super::output::{complain, notice, print, stdout_failure, warn};
use super::run_header::{Origin, header, host_name, look_back, new_run_id};
use super::run_reports::ReportFiles;
use super::{run_terminal, setup};
use crate::audience::{Audience, Stream};
use crate::backend::{Local, Workplace, remove_left_behind, system_signal};
use crate::cache::{Keeper, Service};
use crate::cli::{CommandFailure, ListFormat, OnBusyChoice, PlaceArgs, RunArgs, RunFormat};
use crate::clock::Clock;
use crate::config::Config;
use crate::drive::{AskRepository, Drive, Outcome};
use crate::history::History;
use crate::log_dir::{
    Claim, ClaimError, Claimant, Holder, LogDir, OnBusy, Place, Room, claim, pid_namespace,
};
use crate::machine_output::MachineOutput;
use crate::planning::{self, Project};
use crate::report::files::remove_staged;
use crate::report::journal::{JOURNAL_NAME, JournalWriter, read_journal, unfinished_run};
use crate::report::json::{REPORT_NAME, render_report};
use crate::report::record::{Record, RunState};
use crate::repository::{self, Question};

/// How long a look at the inputs counts as a look at them now.
const LOOK_IS_FRESH: Duration = Duration::from_secs(1);

/// From so many input files on, git's look at its own takes as long as the whole run of suites whose results are kept.
const MANY_FILES: usize = 5_000;

/// How many troubles of one kind are told one by one.
const MAX_NAMED: usize = 5;

pub(super) fn run(
    place: &PlaceArgs,
    args: &RunArgs,
    matches: &ArgMatches,
) -> Result<u8, CommandFailure> {
    let config = setup::load_for_run(place, args, matches)?;
    let chosen = choose(&config, args)?;
    if let Some(done) = chosen.done {
        match args.format {
            RunFormat::Human => print(&format!("{done}\n"))?,
            RunFormat::Json | RunFormat::Jsonl => notice(done),
        }
        return Ok(0);
    }
    let selection = chosen.selection;
    if args.list {
        let format = match args.format {
            RunFormat::Json => ListFormat::Json,
            RunFormat::Human | RunFormat::Jsonl => ListFormat::Text,
        };
        return print_list(&config, &selection, format);
    }
    setup::check_not_empty(&config, &selection)?;
    let cpus = available_cpus();
    let slots = planning::slots(config.run.max_parallel.value, cpus, descriptor_limit());
    let project = planning::plan(&config, &selection, slots, |suites| {
        look_back(&config, cpus, suites)
    });
    let cache_choice = inputs::choice(args, matches);
    let run_id = new_run_id();
    // Before anybody waits for anything: a mistake is told at once, also of a run that is only shown.
    let look = || inputs::look_for_run(args, &config, &selection, cache_choice, &run_id);
    if args.dry_run {
        look()?;
        return print_plan(&project, args.format);
    }
    let paths: Vec<PathBuf> = args.report.iter().map(|it| it.path.clone()).collect();
    // Nothing has started a thread yet.
    let mut guardian = Guardian::start(&run_id, |loss| conclude_lost(loss, &paths));
    let keeper = look()?;
    let asked_at = Instant::now();
    let Claim {
        place: logs,
        lock,
        run_before,
    } = claim_log_dir(args, &config, &run_id, guardian.pid())?;
    let will = Will {
        run_id: &run_id,
        log_dir: &logs.path,
    };
    guardian.entrust(will.to_bytes(), lock).map_err(|error| {
        CommandFailure::Infrastructure(format!("the run is unguarded: {error}"))
    })?;
    let history = History::of(&config.root);
    // Files may have changed while another run had the directory.
    let keeper = match keeper {
        Some(_) if asked_at.elapsed() > LOOK_IS_FRESH => look()?,
        keeper => keeper,
    };
    clean_up_after_the_dead(&logs.path, run_before.as_ref(), &history);
    let begin = Instant::now();
    let run = Run {
        args,
        header: header(Origin {
            run_id,
            log_dir: &logs.as_given,
            place,
            filters: &args.filters,
            config: &config,
            project: &project,
            cpus,
            repeat: setup::repeat(args),
            outstanding: chosen.left_out,
        }),
        logs,
        history,
        begin,
        repository: None,
    };
    let keeper = keeper.map(|it| it.for_logs_in(&run.logs.path));
    let concluded = run.carry_out(place, &config, (project, keeper), &guardian);
    warn_of_lost_memory(&guardian);
    guardian.conclude(match &concluded {
        Ok(Conclusion::Exit(code)) => Status::Code((*code).into()),
        Ok(Conclusion::Die(signal)) => Status::Signal(system_signal(*signal).number()),
        Err(failure) => Status::Code(failure.exit_code().into()),
    });
    match concluded? {
        Conclusion::Exit(code) => Ok(code),
        Conclusion::Die(signal) => die_by(system_signal(signal)),
    }
}

/// A run that is decided and has not started yet.
struct Run<'a> {
    args: &'a RunArgs,
    /// The log directory, which is ours.
    logs: Place,
    header: RunHeader,
    history: History,
    begin: Instant,
    /// The state of the repository, if it is being asked for already.
    repository: Option<Question>,
}

impl Run<'_> {
    fn carry_out(
        mut self,
        place: &PlaceArgs,
        config: &Config,
        (project, keeper): (Project, Option<Keeper>),
        guardian: &Guardian,
    ) -> Result<Conclusion, CommandFailure> {
        for target in &self.args.report {
            check_replaceable(&target.path)?;
        }
        let log_dir = &self.logs.path;
        let log_dir =
            LogDir::prepare(log_dir, &config.root, self.suite_names()).map_err(|error| {
                CommandFailure::Infrastructure(format!(
                    "cannot use the log directory `{}`: {error}",
                    self.header.log_dir
                ))
            })?;
        // As early as it can be, since a short run would wait for the answer at its end; but not before git passes over
        // the log directory, whose lock would look like a change. Among many input files git would take as long as
        // everything else, and is asked when a suite has to run.
        let is_long = keeper.as_ref().is_some_and(|it| it.inputs() >= MANY_FILES);
        self.repository = (!is_long).then(|| repository::ask(&config.root)).flatten();
        // A path that cannot be written shows before anything of an earlier run is replaced, and from here on nobody
        // finds yesterday's green, whatever happens to this process.
        let record = Record::new(self.header.clone());
        let stub = render_report(&record, RunState::Running);
        let mut room = self.room();
        let reports = ReportFiles::begin(self.report_paths(), &stub, &mut room)?;
        let mut audience = self.gather_audience(place, record).inspect_err(|_| {
            let record = Record::new(self.header.clone());
            reports.replace(&render_report(&record, RunState::Interrupted), &mut room);
        })?;
        match self.drive(config, (project, keeper), guardian, &mut audience) {
            Ok(Some(outcome)) => {
                let project = &config.root;
                Ok(self.conclude(audience, &reports, &log_dir, (outcome, project)))
            }
            Ok(None) => {
                // The terminal belongs to somebody else by now, and the journal says how far the run came.
                audience.terminal.leave();
                Ok(Conclusion::Die(StopSignal::Kill))
            }
            Err(failure) => {
                let report = render_report(&audience.record, RunState::Interrupted);
                reports.replace(&report, &mut audience.room);
                Err(failure)
            }
        }
    }

    /// Runs the suites. When this returns they are gone, and so are their temporary directories. There is no outcome if
    /// nobody waits for one any more.
    fn drive(
        &mut self,
        config: &Config,
        (project, keeper): (Project, Option<Keeper>),
        guardian: &Guardian,
        audience: &mut Audience,
    ) -> Result<Option<Outcome>, CommandFailure> {
        let workplace = Workplace {
            run_id: self.header.run_id.clone(),
            log_dir: self.logs.path.clone(),
            follow: if self.args.verbose {
                Follow::Chunks
            } else {
                Follow::Quiet
            },
            own_variables: setup::own_variables(),
        };
        let mut backend = Local::new(guardian, workplace, project.launches).map_err(|error| {
            CommandFailure::Infrastructure(format!("cannot prepare to run suites: {error}"))
        })?;
        // How often the suites will run is not always known, and what is foreseen is one round.
        if setup::repeat(self.args).is_once() {
            audience.terminal.foresee(&project.plan);
        }
        audience.publish(
            Time::BEGIN,
            &Event::RunStarted(Box::new(self.header.clone())),
        );
        let waker = backend.waker();
        let cache_waker = backend.waker();
        let policy = Policy {
            fail_fast: config.run.fail_fast.value,
            max_fail: self.args.max_fail,
            repeat: setup::repeat(self.args),
            seed: u64::from(self.begin.elapsed().subsec_nanos()) ^ self.header.monotonic_us,
        };
        let listen = move |it: Question| it.listen(move || waker.wake());
        let (repository, ask_repository) = if let Some(question) = self.repository.take() {
            (Some(listen(question)), None)
        } else {
            let root = config.root.clone();
            let ask = move || repository::ask(&root).map(listen);
            (None, Some(Box::new(ask) as AskRepository))
        };
        let outcome = Drive {
            scheduler: Scheduler::new(project.plan, policy),
            backend: &mut backend,
            audience: &mut *audience,
            repository,
            ask_repository,
            cache: keeper.map(|keeper| Service::start(keeper, move || cache_waker.wake())),
            replay: self.args.verbose.then(|| self.logs.path.clone()),
            clock: Clock::new(self.begin),
        }
        .run()
        .map_err(|error| CommandFailure::Infrastructure(format!("cannot watch suites: {error}")))?;
        audience.log_errors.extend(backend.diagnosis_errors());
        Ok(outcome)
    }

    fn gather_audience(
        &self,
        place: &PlaceArgs,
        record: Record,
    ) -> Result<Audience, CommandFailure> {
        let journal = self.logs.path.join(JOURNAL_NAME);
        let mut room = self.room();
        room.reserve();
        let stream = match self.args.format {
            RunFormat::Human | RunFormat::Json => None,
            RunFormat::Jsonl => {
                let output = MachineOutput::stdout().map_err(|error| stdout_failure(&error))?;
                Some(Stream::new(output))
            }
        };
        Ok(Audience {
            journal: JournalWriter::create(&journal).map_err(|error| {
                CommandFailure::Infrastructure(format!(
                    "cannot write the journal `{}`: {error}",
                    journal.display()
                ))
            })?,
            terminal: run_terminal::open(self.args, place, &self.logs).map_err(|error| {
                CommandFailure::Infrastructure(format!("cannot write text for people: {error}"))
            })?,
            stream,
            record,
            room,
            log_errors: Vec::new(),
            survivors: Vec::new(),
        })
    }

    fn suite_names(&self) -> impl Iterator<Item = &str> + Clone {
        self.header.suites.iter().map(|suite| suite.name.as_str())
    }

    fn room(&self) -> Room {
        Room::new(&self.logs.path, self.suite_names())
    }

    /// Returns where the report goes: wherever the user wants it, and beside the logs.
    fn report_paths(&self) -> Vec<PathBuf> {
        let wanted = self.args.report.iter().map(|target| target.path.clone());
        wanted.chain([self.logs.path.join(REPORT_NAME)]).collect()
    }

    /// Writes the reports, tells the end, and returns how this process is to end.
    fn conclude(
        &self,
        mut audience: Audience,
        reports: &ReportFiles,
        log_dir: &LogDir,
        (outcome, project): (Outcome, &Path),
    ) -> Conclusion {
        for survivor in &audience.survivors {
            warn(&format!(
                "this process cannot be ended and lives on: {survivor}"
            ));
        }
        let stale = self.remove_stale_logs(&audience.record, log_dir);
        audience.catch_up();
        let mut troubles = find_troubles(&stale, &audience);
        // Whoever reads the last line of the text may open the report at once, so it comes first.
        let (event, report, mut lost) = loop {
            let exit_code = exit_code(&audience.record, outcome.interrupt, &troubles);
            let event = Event::RunFinished {
                summary: outcome.summary,
                exit_code,
            };
            audience.record.apply(outcome.end, &event);
            let report = render_report(&audience.record, audience.record.past_state());
            let lost = reports.replace(&report, &mut audience.room);
            // When a log was cut to make room for this very report, the report has to say so. There is room now.
            let was_clean = troubles.is_empty();
            troubles = find_troubles(&stale, &audience);
            if troubles.is_empty() == was_clean {
                break (event, report, lost);
            }
        };
        audience.publish(outcome.end, &event);
        audience.catch_up();
        lost.extend(self.conclude_stdout(&mut audience, &report).err());
        let written = audience.terminal.finish();
        // Only now the last line of the journal is where it belongs, or is not. What was told stays true.
        let found = find_troubles(&stale, &audience);
        let troubles = if found.is_empty() { troubles } else { found };
        for trouble in troubles.iter().chain(&outcome.cache_warnings) {
            warn(trouble);
        }
        inputs::tell_audits(&audience.record, &outcome, project);
        if let Err(error) = written {
            warn(&format!(
                "the text for people could not be written: {error}"
            ));
        }
        for failure in &lost {
            complain(failure);
        }
        let journal = self.logs.path.join(JOURNAL_NAME);
        remember(&self.history, &audience.record, &journal);
        match (
            outcome.interrupt,
            exit_code(&audience.record, None, &troubles),
        ) {
            (Some(signal), _) => Conclusion::Die(signal),
            (None, 0) if !lost.is_empty() => Conclusion::Exit(3),
            (None, code) => Conclusion::Exit(code),
        }
    }

    /// Writes the rest of what a program reads.
    fn conclude_stdout(&self, audience: &mut Audience, report: &str) -> Result<(), CommandFailure> {
        let written = match self.args.format {
            RunFormat::Human => Ok(()),
            RunFormat::Json => MachineOutput::stdout().and_then(|mut output| {
                output.write(report.as_bytes());
                output.finish()
            }),
            RunFormat::Jsonl => audience.stream.take().map_or(Ok(()), Stream::finish),
        };
        written.map_err(|error| stdout_failure(&error))
    }

    fn remove_stale_logs(&self, record: &Record, log_dir: &LogDir) -> Vec<String> {
        let suites = self.header.suites.iter().zip(&record.tasks);
        let never_started = suites
            .filter(|(_, task)| task.started().is_none() && task.outcome() != VerdictName::Cached);
        never_started
            .filter_map(|(suite, _)| log_dir.remove_stale_log(&suite.name).err())
            .map(|error| format!("an old log could not be removed: {error}"))
            .collect()
    }
}

/// How the process of a run is to end.
enum Conclusion {
    /// With this exit code.
    Exit(u8),
    /// By this signal.
    Die(StopSignal),
}

/// Returns what went wrong beside the suites, each fit for a warning.
fn find_troubles(stale: &[String], audience: &Audience) -> Vec<String> {
    let mut troubles = stale.to_vec();
    let logs = audience.log_errors.iter();
    troubles.extend(shorten(
        logs.map(|error| format!("a log could not be written whole: {error}")),
        "logs could not be written whole",
    ));
    let cuts = audience.room.cuts();
    troubles.extend(shorten(
        cuts.map(|(log, bytes)| {
            format!(
                "the disk is full: {bytes} bytes of `{log}` gave way to the journal or the report"
            )
        }),
        "logs gave way as well",
    ));
    if let Some(error) = audience.journal.error() {
        troubles.push(format!("the journal could not be written: {error}"));
    }
    troubles
}

/// Returns the first few messages, and how many there are beyond.
fn shorten(messages: impl Iterator<Item = String>, rest: &str) -> Vec<String> {
    let mut messages: Vec<String> = messages.collect();
    let surplus = messages.len().saturating_sub(MAX_NAMED);
    if surplus > 1 {
        messages.truncate(MAX_NAMED);
        messages.push(format!("{surplus} more {rest}"));
    }
    messages
}

/// Adds a run that is over to the history. Nobody waits for it any more, and no trouble with it is one of the run.
pub(super) fn remember(history: &History, record: &Record, journal: &Path) {
    match history.record(record, journal) {
        Ok(recorded) => {
            if let Some(warning) = recorded.warning {
                warn(&warning);
            }
        }
        Err(error) => warn(&format!(
            "this run is not in the history: failed to {error}"
        )),
    }
}

/// Refuses what is there and no file: a report replaces what it finds, `/dev/null` too.
fn check_replaceable(path: &Path) -> Result<(), CommandFailure> {
    match path.metadata() {
        Ok(found) if !found.is_file() => Err(CommandFailure::Infrastructure(format!(
            "cannot write the report `{}`: it is no regular file",
            path.display()
        ))),
        _ => Ok(()),
    }
}

/// Ends the processes of the last run in the log directory if it was killed before its end, removes its temporary
/// directories, and adds what it had come to know to the history. The log directory is ours, so nobody else does.
fn clean_up_after_the_dead(log_dir: &Path, holder_before: Option<&String>, history: &History) {
    let journal = log_dir.join(JOURNAL_NAME);
    let Some(run_id) = unfinished_run(&journal) else {
        return;
    };
    // The journal may be a copy, and its run alive elsewhere, around this one even.
    if holder_before != Some(&run_id) {
        return;
    }
    for left in end_remnants(&run_id) {
        warn(&format!(
            "process {} ({}) of run {run_id}, which was killed, was still alive and has been ended",
            left.pid, left.name
        ));
    }
    remove_temporary_files(&run_id, log_dir);
    if let Ok(read) = read_journal(&journal) {
        remember(history, &read.record(), &journal);
    }
}

/// Tells what explains a SIGKILL that nobody has sent. The verdicts are the same with and without.
fn warn_of_lost_memory(guardian: &Guardian) {
    let killed = guardian.memory().map_or(0, |memory| memory.oom_kills);
    if killed > 0 {
        warn(&format!(
            "the system ran out of memory and killed {killed} of the processes that the suites started"
        ));
    }
}

/// Removes the temporary files and directories of a run that was killed, whose log directory is ours.
pub(super) fn remove_temporary_files(run_id: &str, log_dir: &Path) {
    remove_staged(log_dir);
    if let Err(error) = remove_left_behind(run_id) {
        warn(&format!(
            "the temporary files of run {run_id}, which was killed, could not be removed: {error}"
        ));
    }
}

fn available_cpus() -> u32 {
    // The standard library reads affinity and cgroup quotas.
    std::thread::available_parallelism()
        .map_or(1, |count| u32::try_from(count.get()).unwrap_or(u32::MAX))
}

/// Takes the log directory for this run.
fn claim_log_dir(
    args: &RunArgs,
    config: &Config,
    run_id: &str,
    pid: i32,
) -> Result<Claim, CommandFailure> {
    let place = Place {
        path: setup::log_dir(config),
        as_given: config.run.log_dir.value.clone(),
    };
    let claimant = Claimant {
        holder: Holder {
            run_id: run_id.to_owned(),
            pid,
            host: host_name(),
            since: jiff::Zoned::now().strftime("%H:%M:%S").to_string(),
            pid_namespace: pid_namespace(),
            lock_file: None,
        },
        outer_run: env::var("REGATTA_RUN_ID").ok(),
        outer_suite: env::var("REGATTA_SUITE").ok(),
    };
    let on_busy = match args.on_busy {
        OnBusyChoice::Wait => OnBusy::Wait,
        OnBusyChoice::Fail => OnBusy::Fail,
    };
    claim(place, &claimant, on_busy, notice).map_err(|error| {
        let message = format!("failed to {error}");
        match error {
            ClaimError::Busy { .. } => CommandFailure::Busy(message),
            ClaimError::Foreign { .. } | ClaimError::Io { .. } => {
                CommandFailure::Infrastructure(message)
            }
        }
    })
}
