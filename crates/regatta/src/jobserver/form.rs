//! In which form a suite is told where its jobserver is: the one that the `make` understands which it would find.
//!
//! GNU make 4.3 and older fail on the path of a FIFO; newer ones, and ninja from 1.13 on, like nothing better. Whoever asks
//! each make costs a process, so each is asked once, by a thread that is done before anybody needs its answer.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use regatta_process::Form;

/// The first version of GNU make that understands the path of a FIFO.
const FIRST_WITH_FIFO: (u32, u32) = (4, 4);

/// How long all makes together may take to tell their versions.
const PATIENCE: Duration = Duration::from_secs(2);

/// How much of what a make prints may tell its version.
const MAX_BYTES: u64 = 4096;

/// What the user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Whatever the suite's make understands.
    Auto,
    /// This one.
    Form(Form),
}

/// The form for each suite, by where it looks for programs.
pub struct Forms {
    wish: Wish,
    known: BTreeMap<Search, Option<Form>>,
    /// Answers to come, and until when they are waited for.
    coming: Option<(Receiver<Answer>, Instant)>,
}

/// Where a suite looks for programs: its `PATH`, and the folder from which relative entries count.
type Search = (OsString, PathBuf);

/// A question with its answer.
type Answer = (Search, Option<Form>);

impl Forms {
    /// Begins to find out what is to be known about suites that look for programs like this.
    #[must_use]
    pub fn new(wish: Wish, searches: impl Iterator<Item = (OsString, PathBuf)>) -> Self {
        let mut forms = Self {
            wish,
            known: BTreeMap::new(),
            coming: None,
        };
        if wish == Wish::Auto {
            let mut searches: Vec<Search> = searches.map(without_folder).collect();
            searches.sort();
            searches.dedup();
            let (sender, receiver) = channel();
            // Where the machine has no thread to spare, nobody answers.
            let started = thread::Builder::new().spawn(move || {
                let mut versions = BTreeMap::new();
                for search in searches {
                    let form = form_of_make(&search, &mut versions);
                    if sender.send((search, form)).is_err() {
                        return;
                    }
                }
            });
            let until = Instant::now() + PATIENCE;
            forms.coming = started.is_ok().then_some((receiver, until));
        }
        forms
    }

    /// Returns the form for a suite that looks for programs like this, which was among those asked about. `None` for one
    /// whose make is not GNU's: what others make of such variables is anybody's guess.
    pub fn find(&mut self, path: &OsStr, folder: &Path) -> Option<Form> {
        let Wish::Form(form) = self.wish else {
            let search = without_folder((path.to_owned(), folder.to_owned()));
            return self.await_answer(&search);
        };
        Some(form)
    }

    fn await_answer(&mut self, search: &Search) -> Option<Form> {
        loop {
            if let Some(form) = self.known.get(search) {
                return *form;
            }
            let Some((coming, until)) = &self.coming else {
                // Nobody fails on a pipe.
                return Some(Form::Pipe);
            };
            let patience = until.saturating_duration_since(Instant::now());
            match coming.recv_timeout(patience) {
                Ok((search, form)) => {
                    self.known.insert(search, form);
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    self.coming = None;
                }
            }
        }
    }
}

/// Forgets the folder where no entry of the path is relative to it, so that many suites make one question.
fn without_folder((path, folder): Search) -> Search {
    if env::split_paths(&path).all(|entry| entry.is_absolute()) {
        (path, PathBuf::new())
    } else {
        (path, folder)
    }
}

fn form_of_make(search: &Search, versions: &mut BTreeMap<PathBuf, Option<Form>>) -> Option<Form> {
    let (path, folder) = search;
    let candidates = env::split_paths(path).map(|entry| folder.join(entry).join("make"));
    let Some(make) = candidates.into_iter().find(|it| is_program(it)) else {
        // Others than make read the variable too, and the newest of them read nothing but FIFOs.
        return Some(Form::Fifo);
    };
    *versions
        .entry(make)
        .or_insert_with_key(|make| form_for(&ask_version(make)?))
}

fn is_program(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

/// Returns what a make says about itself.
fn ask_version(make: &Path) -> Option<String> {
    let mut child = Command::new(make)
        .arg("--version")
        .env_remove("MAKEFLAGS")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut text = Vec::new();
    let mut output = child.stdout.take()?.take(MAX_BYTES);
    let read = output.read_to_end(&mut text);
    drop(output);
    let ended = child.wait();
    read.ok()?;
    ended.ok()?;
    Some(String::from_utf8_lossy(&text).into_owned())
}

fn form_for(version: &str) -> Option<Form> {
    let mut words = version
        .lines()
        .next()?
        .strip_prefix("GNU Make ")?
        .split(['.', '-', ' ']);
    let mut number = || words.next().and_then(|it| it.parse().ok());
    let version: (u32, u32) = (number()?, number().unwrap_or(0));
    Some(if version >= FIRST_WITH_FIFO {
        Form::Fifo
    } else {
        Form::Pipe
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn versions_are_read_from_the_first_line() {
        for (text, form) in [
            ("GNU Make 4.3\nBuilt for x86_64\n", Some(Form::Pipe)),
            ("GNU Make 3.81\n", Some(Form::Pipe)),
            ("GNU Make 4.4\n", Some(Form::Fifo)),
            ("GNU Make 4.4.1\n", Some(Form::Fifo)),
            ("GNU Make 4.10\n", Some(Form::Fifo)),
            ("GNU Make 4.4.0.90\n", Some(Form::Fifo)),
            ("GNU Make 5\n", Some(Form::Fifo)),
            ("bmake 20200710\n", None),
            ("", None),
        ] {
            assert_eq!(form_for(text), form, "{text}");
        }
    }

    fn make(folder: &Path, says: &str) {
        fs::create_dir_all(folder).unwrap();
        let file = folder.join("make");
        // A program that another process has written can be executed at once.
        let line = format!(
            "printf '#!/bin/sh\\necho %s\\necho asked >>%s\\n' '{says}' '{}' >'{}' && chmod 755 '{}'",
            folder.join("asked").display(),
            file.display(),
            file.display()
        );
        assert!(
            Command::new("sh")
                .args(["-c", &line])
                .status()
                .unwrap()
                .success()
        );
    }

    #[test]
    fn each_make_is_asked_once_and_each_suite_has_its_own() {
        let place = tempfile::tempdir().unwrap();
        let [old, new, none, other] =
            ["old", "new", "none", "other"].map(|it| place.path().join(it));
        make(&old, "GNU Make 4.3");
        make(&new, "GNU Make 4.4.1");
        make(&other, "make: no such option");
        fs::create_dir(&none).unwrap();
        let path = |folders: &[&Path]| env::join_paths(folders).unwrap();
        let (a, b) = (place.path().join("a"), place.path().join("b"));
        let searches = [
            (path(&[&none, &old]), a.clone()),
            (path(&[&old, &new]), b.clone()),
            (path(&[&new]), a.clone()),
            (path(&[&none]), a.clone()),
            (path(&[&other]), a.clone()),
            (path(&[Path::new("new")]), place.path().to_owned()),
        ];
        let mut forms = Forms::new(Wish::Auto, searches.iter().cloned());
        let found: Vec<_> = searches
            .iter()
            .map(|(path, folder)| forms.find(path, folder))
            .collect();
        let (fifo, pipe) = (Some(Form::Fifo), Some(Form::Pipe));
        assert_eq!(found, [pipe, pipe, fifo, fifo, None, fifo]);
        assert_eq!(fs::read_to_string(old.join("asked")).unwrap(), "asked\n");

        let wish = Wish::Form(Form::Pipe);
        let mut forms = Forms::new(wish, searches.iter().cloned());
        assert_eq!(forms.find(&searches[2].0, &a), Some(Form::Pipe));
    }
}
