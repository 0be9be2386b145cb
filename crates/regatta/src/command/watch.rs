//! `regatta watch`: runs what a saved file touches, again and again, until its user has enough.
//!
//! Each run is a process of its own: the same program with the same words, and one more that says what its turn is.
//! So what holds for a run holds here, and neither a configuration that is being edited nor a run that dies ends the
//! watch. Nothing is written into the terminal while a run has it.

use std::collections::BTreeSet;
use std::env;
use std::io::{IsTerminal, stdout};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::ArgMatches;
use regatta_process::{Lookout, Sight, Signal, die_by};

use super::output::{list_names, notice, print};
use super::{run, setup};
use crate::affected::{Cause, Undeclared, find_touched, may_be_read, named_paths};
use crate::cli::{CommandFailure, PlaceArgs, RunArgs, Turn, WatchArgs};
use crate::config::Config;
use crate::repository::{Change, Extent};
use crate::select::Selection;
use crate::watch::{Agenda, Batch, Contents, Echo, Echoes, Folders, Scope, Step, Wish};

/// Clears the screen and what was scrolled away, and goes to its top.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J\u{1b}[3J";

/// How long after the end of a run a change is taken for something that its suites did.
const AFTERMATH: Duration = Duration::from_secs(1);

/// Watches; or does one run for a watch, where that has said what.
pub(super) fn watch_or_run(
    place: &PlaceArgs,
    args: &WatchArgs,
    matches: &ArgMatches,
) -> Result<u8, CommandFailure> {
    let mut run_args = args.run.clone();
    match &args.turn {
        None => return watch(place, &args.run, matches),
        Some(Turn::All) => {}
        Some(Turn::Failed) => run_args.failed = true,
        Some(Turn::Suites(names)) => run_args.only = Some(names.clone()),
    }
    run::run(place, &run_args, matches)
}

fn watch(place: &PlaceArgs, args: &RunArgs, matches: &ArgMatches) -> Result<u8, CommandFailure> {
    let lookout = Lookout::new().map_err(|error| trouble(&error))?;
    let project = Project::load(place, args, matches, &lookout)?;
    let watch = Watch {
        load: &|lookout| Project::load(place, args, matches, lookout),
        started_in: &place.started_in,
        lookout,
        folders: project.folders,
        declarations: declarations(&project.config),
        known: Some((project.config, project.selection)),
        agenda: Agenda::default(),
        contents: Contents::default(),
        echoes: Echoes::default(),
        last_end: None,
        passed_over: BTreeSet::new(),
        title: String::new(),
        leaving: None,
    };
    match watch.go_on()? {
        Leave::Quietly => Ok(0),
        Leave::By(signal) => die_by(signal),
    }
}

/// What a watch is about, as the configuration has it.
struct Project {
    config: Config,
    selection: Selection,
    folders: Folders,
}

impl Project {
    fn load(
        place: &PlaceArgs,
        args: &RunArgs,
        matches: &ArgMatches,
        lookout: &Lookout,
    ) -> Result<Self, CommandFailure> {
        let config = setup::load_for_run(place, args, matches)?;
        let selection = setup::select(&config, &args.filters)?;
        setup::check_not_empty(&config, &selection)?;
        let waker = lookout.waker();
        let folders = Folders::watch(&config.root, scope(&config), move || waker.wake());
        Ok(Self {
            folders: folders.map_err(|error| trouble(&error))?,
            config,
            selection,
        })
    }
}

/// Returns what is watched although git ignores it or it lies elsewhere, and what is not: the files that runs write.
fn scope(config: &Config) -> Scope {
    let reader = config.clone();
    let is_read = move |path: &Path| {
        let inside = path.strip_prefix(&reader.root);
        inside.is_ok_and(|it| may_be_read(&reader, it))
            || declarations(&reader).iter().any(|it| it == path)
    };
    let named = named_paths(config).into_iter();
    let named = named.map(|it| config.root.join(it));
    Scope {
        left_out: vec![setup::log_dir(config), config.root.join(".regatta")],
        named: named.chain(declarations(config)).collect(),
        is_read: Arc::new(is_read),
    }
}

struct Watch<'a> {
    load: &'a dyn Fn(&Lookout) -> Result<Project, CommandFailure>,
    /// Where the words of the command line mean what they say.
    started_in: &'a Path,
    lookout: Lookout,
    folders: Folders,
    /// The files that declare suites and how they run, absolute.
    declarations: [PathBuf; 2],
    /// `None` while the configuration has mistakes.
    known: Option<(Config, Selection)>,
    agenda: Agenda,
    contents: Contents,
    echoes: Echoes,
    /// When the last run ended.
    last_end: Option<Instant>,
    /// Files whose changes were passed over since the run began, as its user may have saved them after all.
    passed_over: BTreeSet<String>,
    /// What changed, told when the run that follows from it starts.
    title: String,
    /// How the watch is to end, once that was asked for; a run that goes on ends first.
    leaving: Option<Leave>,
}

/// How a watch ends.
#[derive(Clone, Copy)]
enum Leave {
    /// Its user had enough.
    Quietly,
    /// A signal came.
    By(Signal),
}

impl Watch<'_> {
    fn go_on(mut self) -> Result<Leave, CommandFailure> {
        let first = self.agenda.demand(Wish::All);
        self.take(first)?;
        loop {
            let patience = self.folders.patience();
            for sight in self
                .lookout
                .wait(patience)
                .map_err(|error| trouble(&error))?
            {
                self.handle(sight)?;
            }
            if let Some(leave) = self.leaving.filter(|_| !self.agenda.is_running()) {
                return Ok(leave);
            }
            let batch = self.folders.take_batch().map_err(|error| trouble(&error))?;
            if let Some(batch) = batch.filter(|_| self.leaving.is_none()) {
                self.note(&batch)?;
            }
        }
    }

    fn handle(&mut self, sight: Sight) -> Result<(), CommandFailure> {
        match sight {
            Sight::Key(b'\r' | b'\n') => {
                let step = self.agenda.demand(Wish::All);
                self.take(step)
            }
            Sight::Key(b'f' | b'F') => {
                let step = self.agenda.demand(Wish::Failed);
                self.take(step)
            }
            Sight::Key(b'q' | b'Q') => {
                self.leave(Leave::Quietly, Signal::Terminate);
                Ok(())
            }
            Sight::Signal(signal) => {
                self.leave(Leave::By(signal), signal);
                Ok(())
            }
            Sight::Ended(_) => {
                self.last_end = Some(Instant::now());
                if self.leaving.is_some() {
                    self.agenda = Agenda::default();
                    return Ok(());
                }
                match self.agenda.finish() {
                    Step::Wait => self.tell_keys(),
                    step => self.take(step),
                }
            }
            Sight::Key(_) | Sight::Woken => Ok(()),
        }
    }

    /// A run hears of it as often as its user says it: the second time it is ended by force.
    fn leave(&mut self, leave: Leave, signal: Signal) {
        self.lookout.signal(signal);
        self.leaving = Some(leave);
    }

    /// Takes what changed.
    fn note(&mut self, batch: &Batch) -> Result<(), CommandFailure> {
        let mut changes: Vec<Change> = Vec::new();
        for path in &batch.files {
            if !batch.folders.contains(path) && self.contents.changed(path) {
                let path = path.clone();
                let extent = Extent::File;
                changes.push(Change { path, extent });
            }
        }
        changes.extend(batch.folders.iter().cloned().map(|path| Change {
            path,
            extent: Extent::Folder,
        }));
        let is_declaration = |change: &Change| {
            let mut files = self.declarations.iter();
            files.any(|it| it.starts_with(&change.path))
        };
        // Where changes were missed, the configuration may be among them.
        if batch.is_incomplete || changes.iter().any(is_declaration) {
            return self.reload(batch);
        }
        // What a change touches is not known before the configuration is mended, and then everything runs.
        let Some(known) = self.known.take() else {
            return Ok(());
        };
        let touched = self.find_news(&known, &mut changes);
        self.known = Some(known);
        if touched.is_empty() {
            let is_telling = !self.passed_over.is_empty() && !self.agenda.is_running();
            return if is_telling { self.tell_keys() } else { Ok(()) };
        }
        self.title = format!(
            "{} changed: {}",
            list_names(&self.shown(&changes)),
            list_names(&touched)
        );
        let step = self.agenda.touch(touched);
        self.take(step)
    }

    /// Returns the suites that changes touch, and leaves among `changes` those that nobody but the suites themselves
    /// could have made.
    fn find_news(
        &mut self,
        known: &(Config, Selection),
        changes: &mut Vec<Change>,
    ) -> BTreeSet<String> {
        let is_aftermath = self.last_end.is_some_and(|it| it.elapsed() < AFTERMATH);
        let mut touched = BTreeSet::new();
        changes.retain(|Change { path: file, extent }| {
            let Ok(path) = file.strip_prefix(&known.0.root) else {
                return false;
            };
            let change = Change {
                path: path.to_owned(),
                extent: *extent,
            };
            let suites = chosen(
                known,
                &find_touched(&known.0, &[change], Undeclared::ByAnyChange),
            );
            if suites.is_empty() {
                return false;
            }
            let echo = if is_aftermath || self.agenda.runs_any_of(&suites) {
                self.echoes.note_busy(file)
            } else {
                self.echoes.note_quiet(file);
                Echo::News
            };
            if echo == Echo::LimitReached {
                notice(&format!(
                    "`{}` changes whenever {} runs, so it is passed over; if a suite writes it, let git ignore it",
                    path.display(),
                    list_names(&suites)
                ));
            }
            if echo == Echo::News {
                touched.extend(suites);
            } else {
                self.passed_over.insert(path.display().to_string());
            }
            echo == Echo::News
        });
        touched
    }

    /// Reads the configuration again. While it has mistakes, they stand on the screen and nothing runs.
    fn reload(&mut self, batch: &Batch) -> Result<(), CommandFailure> {
        match (self.load)(&self.lookout) {
            Ok(project) => {
                self.folders = project.folders;
                let names = project.selection.suites.iter();
                let names = names.map(|index| project.config.suites[*index].name.clone());
                let names: BTreeSet<String> = names.collect();
                self.title = if batch.is_incomplete {
                    "more changed than the system tells of: everything runs".to_owned()
                } else {
                    format!("{} changed", project.config.file_name)
                };
                self.known = Some((project.config, project.selection));
                let step = self.agenda.touch(names);
                self.take(step)
            }
            Err(CommandFailure::Infrastructure(message)) => {
                Err(CommandFailure::Infrastructure(message))
            }
            Err(failure) => {
                self.known = None;
                self.lookout.signal(Signal::Terminate);
                self.agenda.forget();
                clear()?;
                notice(failure.to_string().trim_end());
                notice("\nWaiting until the configuration is mended.");
                Ok(())
            }
        }
    }

    fn take(&mut self, step: Step) -> Result<(), CommandFailure> {
        match step {
            Step::Start(wish) => self.start(&wish),
            Step::Stop => {
                self.lookout.signal(Signal::Terminate);
                Ok(())
            }
            Step::Wait => Ok(()),
        }
    }

    /// Starts a run in a process group of its own: keys such as Ctrl-C are for this process, which passes them on.
    fn start(&mut self, wish: &Wish) -> Result<(), CommandFailure> {
        clear()?;
        self.passed_over.clear();
        let title = std::mem::take(&mut self.title);
        if !title.is_empty() {
            print(&format!("{title}\n\n"))?;
        }
        let turn = match wish {
            Wish::All => Turn::All,
            Wish::Failed => Turn::Failed,
            Wish::Suites(names) => Turn::Suites(names.clone()),
        };
        let run = env::current_exe().and_then(|program| {
            let mut run = Command::new(program);
            run.arg0(env::args_os().next().unwrap_or_default())
                .args(env::args_os().skip(1))
                .arg(format!("--turn={turn}"))
                .current_dir(self.started_in)
                .stdin(Stdio::null())
                .process_group(0);
            self.lookout.start(&mut run)
        });
        run.map_err(|error| CommandFailure::Infrastructure(format!("cannot start a run: {error}")))
    }

    fn tell_keys(&self) -> Result<(), CommandFailure> {
        let keys = if self.lookout.has_keys() {
            "Enter runs all, f what has not passed, q quits."
        } else {
            "Ctrl-C quits."
        };
        let passed_over = if self.passed_over.is_empty() {
            String::new()
        } else {
            let files = list_names(&self.passed_over);
            format!("\nNot run again since {files} changed: a suite may have written that.")
        };
        print(&format!("{passed_over}\nWaiting for changes. {keys}\n"))
    }

    fn shown(&self, changes: &[Change]) -> Vec<String> {
        let root = self.known.as_ref().map(|(config, _)| &*config.root);
        let paths = changes.iter().map(|Change { path, .. }| {
            let shown = root.and_then(|root| path.strip_prefix(root).ok());
            shown.unwrap_or(path).display().to_string()
        });
        paths.collect()
    }
}

fn declarations(config: &Config) -> [PathBuf; 2] {
    let quarantine = config.file.with_file_name("quarantine.toml");
    [config.file.clone(), quarantine]
}

/// Returns the touched suites that the user wants at all.
fn chosen((config, selection): &(Config, Selection), causes: &[Option<Cause>]) -> BTreeSet<String> {
    let indices = selection.suites.iter();
    let touched = indices.filter(|index| causes[**index].is_some());
    touched
        .map(|index| config.suites[*index].name.clone())
        .collect()
}

fn clear() -> Result<(), CommandFailure> {
    if stdout().is_terminal() {
        print(CLEAR)
    } else {
        Ok(())
    }
}

fn trouble(error: &std::io::Error) -> CommandFailure {
    CommandFailure::Infrastructure(format!("cannot watch: {error}"))
}
