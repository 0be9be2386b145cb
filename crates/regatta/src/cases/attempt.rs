//! The cases of one attempt, read from what it left: files, and its log.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use regatta_core::cases::{CaseFormat, CaseList};
use rustix::fs::OFlags;

use super::collector::{Collector, Room};
use super::files::Sight;
use super::recognise::{HEAD_BYTES, recognise};
use super::{go_json, junit, libtest, tap};
use crate::pattern::Pattern;

/// How much is read of all that one attempt left.
const MOST_BYTES: u64 = 64 << 20;

/// Where the cases of a suite are looked for.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// Nowhere.
    Nothing,
    /// In the XML file that it was told of, else in its log if that is in a format that is known.
    Whatever,
    /// In the XML file that it was told of, or for another format than that one in its log.
    Usual(CaseFormat),
    /// In all files of its folder that match.
    Files(CaseFormat, Box<Pattern>),
}

/// What an attempt left, and what is wanted of it.
#[derive(Debug, Clone)]
pub struct Question {
    /// Where the cases are.
    pub wanted: Wanted,
    /// The folder of the suite.
    pub dir: PathBuf,
    /// The files that match, as they were before the attempt.
    pub before: Sight,
    /// The XML file that it was told of. It was not there before the attempt.
    pub xml: PathBuf,
    /// Its log.
    pub log: PathBuf,
    /// Whether the middle of the log is missing.
    pub is_log_cut: bool,
    /// How much may be listed.
    pub room: Room,
    /// The folder of the project, from which the places of failures are told.
    pub root: PathBuf,
}

impl Question {
    /// Reads the cases; `None` where the attempt told of none.
    #[must_use]
    pub fn answer(&self) -> Option<CaseList> {
        let mut list = match &self.wanted {
            Wanted::Nothing => None,
            Wanted::Whatever => self.find_any(),
            Wanted::Usual(CaseFormat::Junit) => self.read_xml().or_else(|| {
                let name = name(&self.xml);
                Some(lacking(
                    CaseFormat::Junit,
                    format!("it wrote no `{name}`, which is in `XML_OUTPUT_FILE`"),
                ))
            }),
            Wanted::Usual(format) => self
                .read_log(*format)
                .or_else(|| Some(lacking(*format, "there are none in its log".into()))),
            Wanted::Files(format, pattern) => Some(self.read_files(*format, pattern)),
        }?;
        let places = list.cases.iter_mut().filter_map(|it| it.file.as_mut());
        for file in places {
            if let Ok(inside) = Path::new(&*file).strip_prefix(&self.root) {
                *file = inside.to_string_lossy().into_owned();
            }
        }
        Some(list)
    }

    fn find_any(&self) -> Option<CaseList> {
        let told = self.read_xml();
        if told.as_ref().is_some_and(|it| it.counts.total > 0) {
            return told;
        }
        let mut head = Vec::new();
        let log = open(&self.log).ok();
        let log = log.filter(|it| it.take(HEAD_BYTES as u64).read_to_end(&mut head).is_ok());
        // One that cannot be read is told of elsewhere.
        let format = log.map(|_| recognise(&head));
        let printed = format.and_then(|format| self.read_log(format));
        let has_cases = |it: &CaseList| it.counts.total > 0;
        printed.filter(has_cases).or(told)
    }

    fn read_xml(&self) -> Option<CaseList> {
        let mut collector = Collector::new(CaseFormat::Junit, self.room);
        match open(&self.xml) {
            Ok(file) => read(file, MOST_BYTES, CaseFormat::Junit, &mut collector),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                collector.note_trouble(format!("`{}` cannot be read: {error}", name(&self.xml)));
            }
        }
        collector.finish()
    }

    fn read_log(&self, format: CaseFormat) -> Option<CaseList> {
        let mut collector = Collector::new(format, self.room);
        let mut file = open(&self.log).ok()?;
        file.seek(SeekFrom::Start(0)).ok()?;
        read(file, MOST_BYTES, format, &mut collector);
        if self.is_log_cut && collector.counts().total > 0 {
            collector.note_trouble("the middle of its log is missing");
        }
        collector.finish()
    }

    fn read_files(&self, format: CaseFormat, pattern: &Pattern) -> CaseList {
        let mut collector = Collector::new(format, self.room);
        let sight = Sight::take(&self.dir, pattern);
        let written = sight.changed_since(&self.before);
        let mut left = MOST_BYTES;
        for path in &written {
            collector.begin_source(name(path));
            match open(path) {
                Ok(file) => {
                    let bytes = file.metadata().map_or(0, |it| it.len());
                    read(file, left, format, &mut collector);
                    left = left.saturating_sub(bytes);
                }
                Err(error) => collector.note_trouble(format!("it cannot be read: {error}")),
            }
        }
        collector.end_sources();
        if sight.is_cut() {
            collector.note_trouble(format!(
                "`{}` leads to too many files to look at all of them",
                pattern.text()
            ));
        }
        match (written.is_empty(), sight.is_empty()) {
            (true, true) => {
                collector.note_trouble(format!("no file matches `{}`", pattern.text()));
            }
            (true, false) => collector.note_trouble(format!(
                "what matches `{}` was there before and has not been written",
                pattern.text()
            )),
            _ => {}
        }
        collector
            .finish()
            .unwrap_or_else(|| lacking(format, "there are none".into()))
    }
}

/// Reads a source in a format, as far as so many bytes go.
fn read(file: File, most_bytes: u64, format: CaseFormat, collector: &mut Collector) {
    let length = file.metadata().map_or(0, |it| it.len());
    let source = BufReader::with_capacity(64 * 1024, file.take(most_bytes));
    parse(source, format, collector);
    if length > most_bytes {
        collector.note_trouble(format!(
            "it has more than {} MiB, and the rest is not read",
            MOST_BYTES >> 20
        ));
    }
}

/// Reads all cases of a text.
pub fn parse(source: impl BufRead, format: CaseFormat, collector: &mut Collector) {
    match format {
        CaseFormat::Junit => junit::read(source, collector),
        CaseFormat::Tap => tap::read(source, collector),
        CaseFormat::GoJson => go_json::read(source, collector),
        CaseFormat::Libtest => libtest::read(source, collector),
    }
}

/// Opens a file, without waiting where it is a pipe.
fn open(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("it is no file"))
    }
}

fn lacking(format: CaseFormat, trouble: String) -> CaseList {
    CaseList {
        format: format.name().to_owned(),
        trouble: Some(trouble),
        ..CaseList::default()
    }
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
