//! A configuration file as read: every value typed and with its place, mistakes noted, nothing
//! compared with anything else yet.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use super::declaration::Root;
use super::discover::find_root;
use super::field::{Field, Reader};
use super::text_file::read_file;
use crate::diagnostic::{Diagnostic, Diagnostics, Source, quote, visible};

/// How the parser calls a key that its table has already.
const DUPLICATE_KEY: &str = "duplicate key";

/// Bytes of text up to which every syntax error is told; one error costs about 200 bytes.
const LARGEST_WITH_ALL_ERRORS: usize = 1 << 20;

/// A file that could be read; its mistakes are told by [`super::resolve()`], with all others.
#[derive(Debug, Clone)]
pub struct Document {
    /// The file, absolute.
    pub(super) file: PathBuf,
    /// The folder that its paths are relative to, absolute.
    pub(super) folder: PathBuf,
    pub(super) source: Source,
    /// What was understood.
    pub(super) root: Root,
    /// What was not.
    pub(super) problems: Vec<Diagnostic>,
}

/// Reads a configuration file.
///
/// # Errors
///
/// The file cannot be read, or is not TOML. Every other mistake waits in the document, so
/// that [`super::resolve()`] can tell all of them at once.
pub fn load(file: &Path) -> Result<Document, Diagnostics> {
    load_bytes(file, read(file)?)
}

/// Returns the bytes of a file of the configuration.
pub(super) fn read(file: &Path) -> Result<Vec<u8>, Diagnostics> {
    read_file(file).map_err(|reason| {
        let name = shorten(file);
        let problem = Diagnostic::nowhere(format!("cannot read `{name}`: {reason}"));
        let problem = problem.help("a configuration is a readable text file of at most 8 MiB");
        Diagnostics::new(Source::new(name, String::new()), vec![problem])
    })
}

/// Reads the content of a configuration file, for whoever has it already.
///
/// # Errors
///
/// As [`load`].
pub fn load_bytes(file: &Path, bytes: Vec<u8>) -> Result<Document, Diagnostics> {
    let source = find_text(file, bytes)?;
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let (root, problems) = read_tables(&source)?;
    Ok(Document {
        folder: find_root(&file),
        file,
        source,
        root,
        problems,
    })
}

/// Returns the text that a file's bytes are.
pub(super) fn find_text(file: &Path, bytes: Vec<u8>) -> Result<Source, Diagnostics> {
    let name = shorten(file);
    match decode(bytes) {
        Ok(text) => Ok(Source::new(name, text)),
        Err((text, problem)) => Err(Diagnostics::new(Source::new(name, text), vec![problem])),
    }
}

/// Returns the text without a byte order mark, or what can be shown of it and what is wrong.
fn decode(bytes: Vec<u8>) -> Result<String, (String, Diagnostic)> {
    match String::from_utf8(bytes) {
        Ok(text) => match text.strip_prefix('\u{feff}') {
            Some(rest) => Ok(rest.to_owned()),
            None => Ok(text),
        },
        Err(error) => {
            let offset = error.utf8_error().valid_up_to();
            let shown = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let message = format!("the text is not UTF-8 at byte {offset}");
            let problem = Diagnostic::at(offset..offset, message);
            Err((shown, problem.help("save the file as UTF-8")))
        }
    }
}

/// Returns what a text declares, and what in it was not understood.
pub(super) fn read_tables<T: Field<Value = T> + Default>(
    source: &Source,
) -> Result<(T, Vec<Diagnostic>), Diagnostics> {
    let (root, mut problems) = parse_toml(source.text(), source)
        .map_err(|problems| Diagnostics::new(source.clone(), problems))?;
    let mut reader = Reader {
        text: source.text(),
        path: Vec::new(),
        problems: Vec::new(),
    };
    let root = T::read(&mut reader, &root).unwrap_or_default();
    problems.append(&mut reader.problems);
    Ok((root, problems))
}

/// Returns the document's tree with the keys that stand in it twice, or every syntax error.
fn parse_toml<'t>(
    text: &'t str,
    source: &Source,
) -> Result<(Spanned<DeValue<'t>>, Vec<Diagnostic>), Vec<Diagnostic>> {
    let (root, errors) = parse_with_errors(text);
    // A key given twice leaves the rest of the tree intact; after any other error, what follows may
    // be read as something that the user never wrote.
    let intact = errors.iter().all(|error| error.message() == DUPLICATE_KEY);
    let mut lines = BTreeSet::new();
    let mut problems = Vec::new();
    for error in errors {
        let span = error.span().unwrap_or(text.len()..text.len());
        // One slip often confuses the rest of its line.
        if lines.insert(source.line(span.start)) {
            problems.push(describe_syntax(span, error.message(), text));
        }
    }
    if intact {
        let root = Spanned::new(root.span(), DeValue::Table(root.into_inner()));
        Ok((root, problems))
    } else {
        Err(problems)
    }
}

/// Returns the tree and every error, or the first error alone of a very large text: a log given by
/// mistake is wrong on each of its million lines.
fn parse_with_errors(text: &str) -> (Spanned<DeTable<'_>>, Vec<Error>) {
    if text.len() <= LARGEST_WITH_ALL_ERRORS {
        return DeTable::parse_recoverable(text);
    }
    match DeTable::parse(text) {
        Ok(root) => (root, Vec::new()),
        Err(error) => (Spanned::new(0..0, DeTable::new()), vec![error]),
    }
}

fn describe_syntax(span: Range<usize>, message: &str, text: &str) -> Diagnostic {
    if message == DUPLICATE_KEY {
        let message = format!(
            "{message} {}",
            quote(text.get(span.clone()).unwrap_or_default())
        );
        return Diagnostic::at(span, message).help("keep one of the two");
    }
    let problem = Diagnostic::at(span, message.to_owned());
    problem.help("correct the TOML syntax; then the keys and values are checked")
}

/// Returns the path to `file` from the working directory when it is inside, else as given.
fn shorten(file: &Path) -> String {
    let short = std::env::current_dir()
        .ok()
        .and_then(|here| file.strip_prefix(here).ok().map(Path::to_owned));
    let short = short.as_deref().unwrap_or(file);
    let short = short.strip_prefix(".").unwrap_or(short);
    visible(&short.to_string_lossy())
}
