//! `regatta run`: selects, plans, runs and reports.

use std::collections::BTreeMap;
use std::env;
use std::path::Path;
use std::time::{Duration, Instant};

use clap::ArgMatches;
use regatta_core::event::{Event, RunHeader, StopSignal};
use regatta_core::id::{Id, TaskId};
use regatta_core::schedule::{Policy, Scheduler};
use regatta_core::time::Time;
use regatta_core::verdict::Outcome as VerdictName;
use regatta_process::{Follow, Guardian, Status, descriptor_limit, die_by, end_remnants};

use super::exit_code::exit_code;
use super::inputs;
use super::loss::{Will, conclude_lost};
use super::output::{complain, notice, stdout_failure, warn};
use super::run_ci::Ci;
use super::run_decision::{Decision, decide};
use super::run_header::{Origin, header, host_name, new_run_id};
use super::run_pages::{PageWishes, Pages};
use super::run_reports::ReportFiles;
use super::run_sharing::Sharing;
use super::{run_ci, run_terminal, setup};
use crate::audience::{Audience, Stream};
use crate::backend::{Local, Workplace, remove_left_behind, system_signal};
use crate::cache::{Keeper, Service};
use crate::cli::{CommandFailure, OnBusyChoice, PlaceArgs, ReportTarget, RunArgs, RunFormat};
use crate::clock::Clock;
use crate::config::Config;
use crate::drive::{AskRepository, Drive, Outcome};
use crate::history::History;
use crate::log_dir::{
    Claim, ClaimError, Claimant, Holder, LogDir, OnBusy, Place, Room, claim, file_stem,
    pid_namespace,
};
use crate::machine_output::MachineOutput;
use crate::memory::{Strain, system_memory};
use crate::planning::{self, Project};
use crate::report::ci::{Guard, disguise_json};
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
    let Some(decision) = decide(place, args, matches)? else {
        return Ok(0);
    };
    let Decision {
        config,
        selection,
        part,
        mut project,
        cpus,
        slots_reason,
        outstanding,
    } = decision;
    let cache_choice = inputs::choice(args, matches);
    let run_id = new_run_id();
    // Before anybody waits for anything: a mistake is told at once.
    let look = || inputs::look_for_run(args, &config, &selection, cache_choice, &run_id);
    check_distinct(&args.report, &setup::log_dir(&config))?;
    let pages = PageWishes::new(config.run.html_report.value, &args.report);
    let ci = run_ci::find(args, &config);
    // Before anything is opened for good: descriptors of make's are known by their numbers.
    let sharing = Sharing::new(config.run.jobserver.value, &mut project);
    // Nothing has started a thread yet.
    let mut guardian = Guardian::start(&run_id, |loss| {
        sharing.iter().for_each(Sharing::give_back_all);
        conclude_lost(loss, &args.report, &pages, ci.as_ref())
    });
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
    if run_terminal::has_keys(args) {
        guardian.want_keys();
    }
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
        ci: ci.as_ref(),
        header: header(Origin {
            run_id,
            log_dir: &logs.as_given,
            place,
            filters: &args.filters,
            config: &config,
            project: &project,
            cpus,
            repeat: setup::repeat(args),
            outstanding,
            slots_reason,
            part,
        }),
        pages: pages.pages(&logs.path),
        logs,
        history,
        begin,
        repository: None,
        sharing,
    };
    let keeper = keeper.map(|it| it.for_logs_in(&run.logs.path));
    if let Some(ci) = &ci {
        ci.open();
    }
    let concluded = run.carry_out(place, &config, (project, keeper), &guardian);
    if let Some(ci) = &ci {
        ci.close();
    }
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
    ci: Option<&'a Ci<'a>>,
    /// The log directory, which is ours.
    logs: Place,
    pages: Pages,
    header: RunHeader,
    history: History,
    begin: Instant,
    /// The state of the repository, if it is being asked for already.
    repository: Option<Question>,
    /// How slots are shared with the jobs of suites, if they are.
    sharing: Option<Sharing>,
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
        let log_dir = LogDir::prepare(log_dir, &config.root, self.suite_names())
            .and_then(|log_dir| {
                // Another run may have had these suites in one piece.
                let suites = self.header.suites.iter();
                let mut divided = suites.filter(|it| it.shards.is_some());
                divided.try_for_each(|it| log_dir.remove_stale_log(&it.name))?;
                Ok(log_dir)
            })
            .map_err(|error| {
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
        let mut room = self.room();
        let reports = ReportFiles::new(&self.args.report, &self.logs.path);
        reports.begin(&record, &mut room)?;
        self.pages.begin(&record).inspect_err(|_| {
            let record = Record::new(self.header.clone());
            reports.replace(&record, RunState::Interrupted, &mut room);
        })?;
        let mut audience = self.gather_audience(place, record).inspect_err(|_| {
            let record = Record::new(self.header.clone());
            reports.replace(&record, RunState::Interrupted, &mut room);
        })?;
        let driven = self.drive(config, (project, keeper), guardian, &mut audience);
        // Before the summary: who reads it types the next command.
        guardian.leave_keys();
        match driven {
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
                reports.replace(&audience.record, RunState::Interrupted, &mut audience.room);
                self.pages.write(&audience.record, &mut audience.room);
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
            root: config.root.clone(),
            follow: if self.args.verbose {
                Follow::Chunks
            } else {
                Follow::Quiet
            },
            own_variables: setup::own_variables(),
        };
        let sharing = self.sharing.take();
        let mut backend = Local::new(guardian, workplace, project.launches)
            .and_then(|mut backend| {
                sharing.map_or(Ok(()), |it| it.begin(&mut backend))?;
                Ok(backend)
            })
            .map_err(|error| {
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
            strain: Strain::new(system_memory()),
            most_slots: planning::most_slots(config.run.jobserver.value, descriptor_limit()),
        }
        .run()
        .map_err(|error| CommandFailure::Infrastructure(format!("cannot watch suites: {error}")))?;
        audience.log_errors.extend(backend.diagnosis_errors());
        Ok(outcome.map(|outcome| Outcome {
            memory_warnings: find_memory_troubles(&mut backend, &outcome),
            ..outcome
        }))
    }

    fn gather_audience(
        &self,
        place: &PlaceArgs,
        record: Record,
    ) -> Result<Audience, CommandFailure> {
        let journal = self.logs.path.join(JOURNAL_NAME);
        let mut room = self.room();
        room.reserve();
        let guard = self.ci.map_or(Guard::None, |ci| ci.voice.guard());
        let stream = match self.args.format {
            RunFormat::Human | RunFormat::Json => None,
            RunFormat::Jsonl => {
                let output = MachineOutput::stdout().map_err(|error| stdout_failure(&error))?;
                Some(Stream::new(output, guard.clone()))
            }
        };
        Ok(Audience {
            journal: JournalWriter::create(&journal).map_err(|error| {
                CommandFailure::Infrastructure(format!(
                    "cannot write the journal `{}`: {error}",
                    journal.display()
                ))
            })?,
            terminal: run_terminal::open(self.args, place, &self.logs, guard).map_err(|error| {
                CommandFailure::Infrastructure(format!("cannot write text for people: {error}"))
            })?,
            voice: self.ci.map(|ci| ci.voice.clone()),
            log_dir: self.logs.path.clone(),
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
        let stale = Self::remove_stale_logs(&audience.record, log_dir);
        audience.catch_up();
        let mut troubles = find_troubles(&stale, &audience);
        // Whoever reads the last line of the text may open the report at once, so it comes first.
        let (event, mut lost) = loop {
            let exit_code = exit_code(&audience.record, outcome.interrupt, &troubles);
            let event = Event::RunFinished {
                summary: outcome.summary,
                exit_code,
            };
            audience.record.apply(outcome.end, &event);
            let record = &audience.record;
            let lost = reports.replace(record, record.past_state(), &mut audience.room);
            // When a log was cut to make room for this very report, the report has to say so. There is room now.
            let was_clean = troubles.is_empty();
            troubles = find_troubles(&stale, &audience);
            if troubles.is_empty() == was_clean {
                break (event, lost);
            }
        };
        let pages = self.pages.write(&audience.record, &mut audience.room);
        lost.extend(pages.lost);
        audience.publish(outcome.end, &event);
        audience.catch_up();
        lost.extend(self.conclude_stdout(&mut audience).err());
        let written = audience.terminal.finish();
        if let Some(ci) = self.ci {
            ci.append_summary(&audience.record, &self.logs.path);
        }
        // Only now the last line of the journal is where it belongs, or is not. What was told stays true.
        let found = find_troubles(&stale, &audience);
        let troubles = if found.is_empty() { troubles } else { found };
        let beside = outcome.cache_warnings.iter();
        let beside = beside
            .chain(&outcome.memory_warnings)
            .chain(&pages.warnings);
        for trouble in troubles.iter().chain(beside) {
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
    fn conclude_stdout(&self, audience: &mut Audience) -> Result<(), CommandFailure> {
        let written = match self.args.format {
            RunFormat::Human => Ok(()),
            RunFormat::Json => MachineOutput::stdout().and_then(|mut output| {
                let record = &audience.record;
                let report = render_report(record, record.past_state());
                match self.ci {
                    None => output.write(report.as_bytes()),
                    Some(_) => output.write(&disguise_json(report.as_bytes())),
                }
                output.finish()
            }),
            RunFormat::Jsonl => audience.stream.take().map_or(Ok(()), Stream::finish),
        };
        written.map_err(|error| stdout_failure(&error))
    }

    fn remove_stale_logs(record: &Record, log_dir: &LogDir) -> Vec<String> {
        let tasks = (0..record.tasks.len()).map(TaskId::from_index);
        let never_started = tasks.filter(|task| {
            let task = &record.tasks[task.index()];
            task.started().is_none() && task.outcome() != VerdictName::Cached
        });
        let unwritten = never_started
            .map(|task| file_stem(&record.suite(task).name, record.shard(task)).into_owned());
        unwritten
            .filter_map(|stem| log_dir.remove_stale_log(&stem).err())
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

/// Refuses two reports for one file, of which one would be lost, and a report for a file that every run writes.
fn check_distinct(targets: &[ReportTarget], log_dir: &Path) -> Result<(), CommandFailure> {
    let mut paths = BTreeMap::new();
    for target in targets {
        let path = std::path::absolute(&target.path).unwrap_or_else(|_| target.path.clone());
        let is_own = |name: &str| path == log_dir.join(name);
        if is_own(JOURNAL_NAME) || (is_own(REPORT_NAME) && target.format.name != "json") {
            return Err(CommandFailure::Usage(format!(
                "the path `{}` of the report {} is that of a file which every run writes; choose another",
                target.path.display(),
                target.format.name
            )));
        }
        if let Some(other) = paths.insert(path, target.format) {
            return Err(CommandFailure::Usage(format!(
                "two reports, {} and {}, have the same path `{}`; give each its own",
                other.name,
                target.format.name,
                target.path.display()
            )));
        }
    }
    Ok(())
}

/// Refuses what is there and no file: a report replaces what it finds, `/dev/null` too.
pub(super) fn check_replaceable(path: &Path) -> Result<(), CommandFailure> {
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

/// Returns what became of a run for lack of memory beside the verdicts, each fit for a warning.
fn find_memory_troubles(backend: &mut Local, outcome: &Outcome) -> Vec<String> {
    let mut troubles = Vec::new();
    if !outcome.short_of_memory.is_zero() {
        troubles.push(format!(
            "memory was short for {:.1}s, and suites waited to start",
            outcome.short_of_memory.as_secs_f64()
        ));
    }
    // Where all is well nobody was missed.
    let killed = match outcome.summary.failed {
        0 => 0,
        _ => backend.unexplained_kills(),
    };
    if killed > 0 {
        let processes = if killed == 1 { "process" } else { "processes" };
        troubles.push(format!(
            "memory ran out while the suites ran: the system killed {killed} {processes} beside what the verdicts say"
        ));
    }
    troubles
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
