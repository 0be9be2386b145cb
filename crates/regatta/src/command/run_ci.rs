//! The server in whose job a run goes on: which it is, the first and the last line that it reads, and its summary.

use std::env;
use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Read, Write, stdout};
use std::path::Path;

use clap::ValueEnum;
use regatta_process::fault::{self, Operation};
use rustix::fs::{FileType, fstat};
use rustix::rand::{GetRandomFlags, getrandom};

use super::output::warn;
use super::run_terminal;
use crate::cli::{CiChoice, RunArgs};
use crate::config::Config;
use crate::machine_output::MachineOutput;
use crate::report::ci::{Logs, SUMMARY_BYTES, Service, Voice, find_service};
use crate::report::markdown::render_markdown_within;
use crate::report::record::Record;
use crate::report::source::Source;
use crate::report::tail::read_tail;
use crate::report::terminal::Mode;

/// A server that reads along.
pub(super) struct Ci<'a> {
    pub(super) voice: Voice,
    args: &'a RunArgs,
    project: String,
}

/// Returns the server that reads along with a run, if one does. Whoever watches a live region is none.
pub(super) fn find<'a>(args: &'a RunArgs, config: &Config) -> Option<Ci<'a>> {
    let service = service(args.ci)?;
    let mode = run_terminal::mode(args);
    let logs = if args.verbose || mode == Mode::Silent {
        Logs::Hidden
    } else {
        Logs::Shown
    };
    let checkout = match service {
        Service::GitHub => env::var("GITHUB_WORKSPACE").ok(),
        Service::Azure => env::var("BUILD_SOURCESDIRECTORY").ok(),
        Service::GitLab | Service::Buildkite | Service::TeamCity => None,
    };
    let project = config.root.file_name().unwrap_or_default();
    (mode != Mode::Live).then(|| Ci {
        voice: Voice::new(service, unguessable(), checkout, logs),
        args,
        project: project.to_string_lossy().into_owned(),
    })
}

impl Ci<'_> {
    /// Writes what stands before all text.
    pub(super) fn open(&self) {
        self.say(&self.voice.opening(&self.project));
    }

    /// Writes what stands behind all text, whatever ended the run.
    pub(super) fn close(&self) {
        self.say(&self.voice.closing(&self.project));
    }

    /// Writes what stands behind the text of a process that may have died in the middle of a line.
    pub(super) fn close_for_another(&self) {
        match self.voice.closing(&self.project) {
            closing if closing.is_empty() => {}
            closing => self.say(&format!("\n{closing}")),
        }
    }

    fn say(&self, text: &str) {
        // Where nobody reads, nobody can be told.
        let _ = run_terminal::descriptor(self.args).and_then(|descriptor| {
            let mut output = MachineOutput::new(descriptor);
            output.write(text.as_bytes());
            output.finish()
        });
    }

    /// Adds the run to the summary of the step, for a server that has such a thing. Nobody asked for it by name, so that
    /// trouble with it is no more than a warning.
    pub(super) fn append_summary(&self, record: &Record, log_dir: &Path) {
        let path = env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty());
        let Some(path) = path.filter(|_| self.voice.service() == Service::GitHub) else {
            return;
        };
        let path = Path::new(&path);
        if let Err(error) = append(path, record, log_dir) {
            warn(&format!(
                "the summary of the step, `{}`, could not be written: {error}",
                path.display()
            ));
        }
    }
}

fn append(path: &Path, record: &Record, log_dir: &Path) -> io::Result<()> {
    fault::check(Operation::Open)?;
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    // The server looks at all that a step has written together.
    let taken = file.metadata()?.len();
    let room = usize::try_from(SUMMARY_BYTES.saturating_sub(taken)).unwrap_or(usize::MAX);
    let source = Source {
        find_tail: &|name| read_tail(&log_dir.join(name)).ok(),
        ..Source::without_logs(record, record.past_state())
    };
    let text = render_markdown_within(&source, room.saturating_sub(1));
    if text.len() < room {
        fault::check(Operation::Write)?;
        file.write_all(format!("{text}\n").as_bytes())?;
    }
    Ok(())
}

/// Returns digits that nobody can guess, from the system's source of chance.
fn unguessable() -> String {
    let mut bytes = [0; 16];
    let filled = getrandom(&mut bytes, GetRandomFlags::empty());
    if filled != Ok(bytes.len()) {
        // Only a system older than all that are supported has no such call; it has the file.
        let _ = std::fs::File::open("/dev/urandom").and_then(|mut it| it.read_exact(&mut bytes));
    }
    format!("{:039}", u128::from_ne_bytes(bytes))
}

/// Returns the server that reads what a command prints, beside a run: not what goes to a file or a terminal.
pub(super) fn reader() -> Option<Voice> {
    let choice = env::var("REGATTA_CI").ok();
    let choice = choice.and_then(|it| CiChoice::from_str(&it, false).ok());
    let service = service(choice.unwrap_or(CiChoice::Auto));
    let is_file = fstat(stdout())
        .is_ok_and(|it| FileType::from_raw_mode(it.st_mode) == FileType::RegularFile);
    let service = service.filter(|_| !is_file && !stdout().is_terminal())?;
    Some(Voice::new(service, unguessable(), None, Logs::Hidden))
}

fn service(choice: CiChoice) -> Option<Service> {
    match choice {
        CiChoice::Auto => find_service(|name| env::var(name).ok()),
        CiChoice::None => None,
        CiChoice::Github => Some(Service::GitHub),
        CiChoice::Gitlab => Some(Service::GitLab),
        CiChoice::Buildkite => Some(Service::Buildkite),
        CiChoice::Azure => Some(Service::Azure),
        CiChoice::Teamcity => Some(Service::TeamCity),
    }
}
