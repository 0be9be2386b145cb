//! How one value is read: the traits every kind of value implements, and the reader that collects
//! what is wrong. Does not know which keys exist.

use std::ops::Range;

use serde_json::Value as Json;
use toml::Spanned;
use toml::de::DeValue;

use crate::diagnostic::{Diagnostic, quote};

/// A value as the file has it, with its place.
pub(super) type Item<'i> = Spanned<DeValue<'i>>;

/// Something that a key may hold.
pub(super) trait Field {
    /// What it becomes.
    type Value;

    /// Returns the value, or `None` after telling `reader` everything that is wrong with it.
    fn read(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Self::Value>;

    /// Returns the JSON Schema of what [`Field::read`] accepts.
    fn schema() -> Json;
}

/// A field that one look decides: it is accepted or not, and `forms` says what would be.
pub(super) trait Scalar {
    /// What it becomes.
    type Value;

    /// Returns what is accepted, to follow "use ".
    fn forms() -> String;

    /// Returns the value if it is one of the forms.
    fn accept(value: &DeValue<'_>) -> Option<Self::Value>;

    /// Returns the JSON Schema of the forms.
    fn schema() -> Json;
}

impl<T: Scalar> Field for T {
    type Value = T::Value;

    fn read(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<T::Value> {
        let value = T::accept(item.get_ref());
        if value.is_none() {
            reader.refuse(item, &T::forms());
        }
        value
    }

    fn schema() -> Json {
        <T as Scalar>::schema()
    }
}

/// A value and where the file has it.
#[derive(Debug, Clone)]
pub(super) struct Located<T> {
    pub(super) value: T,
    /// Bytes of the text.
    pub(super) span: Range<usize>,
}

/// What a key holds: nothing, or a value and its place.
#[derive(Debug, Clone)]
pub(super) struct Given<T>(pub(super) Option<Located<T>>);

impl<T> Default for Given<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Clone> Given<T> {
    /// Returns the value without its place.
    pub(super) fn value(&self) -> Option<T> {
        self.0.as_ref().map(|given| given.value.clone())
    }
}

impl Given<Vec<Located<String>>> {
    /// Returns the names with their places; none when the key is not there.
    pub(super) fn located_names(&self) -> &[Located<String>] {
        self.0.as_ref().map_or(&[], |given| &given.value)
    }

    /// Returns the names.
    pub(super) fn names(&self) -> Vec<String> {
        let names = self.located_names().iter();
        names.map(|name| name.value.clone()).collect()
    }
}

/// The walk over one document: where it is, and what it has found wrong.
pub(super) struct Reader<'t> {
    /// The whole document.
    pub(super) text: &'t str,
    /// The keys that lead to the value being read.
    pub(super) path: Vec<String>,
    pub(super) problems: Vec<Diagnostic>,
}

impl Reader<'_> {
    /// Reads the value of `key` with `read`, so that messages name the key.
    pub(super) fn descend<T>(&mut self, key: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(key.to_owned());
        let value = read(self);
        self.path.pop();
        value
    }

    /// Notes that the value of the present key is none of `forms`.
    pub(super) fn refuse(&mut self, item: &Item<'_>, forms: &str) {
        self.refuse_as(&self.subject(), item, forms);
    }

    /// Notes that the value of the present key is empty.
    pub(super) fn refuse_empty(&mut self, item: &Item<'_>, forms: &str) {
        let message = format!("{} is empty", self.subject());
        let problem = Diagnostic::at(item.span(), message).help(format!("give {forms}"));
        self.problems.push(problem);
    }

    /// Notes that an entry of the present key's list is none of `forms`.
    pub(super) fn refuse_entry(&mut self, item: &Item<'_>, forms: &str) {
        self.refuse_as(&format!("an entry of {}", self.subject()), item, forms);
    }

    /// Returns how messages name what is being read, such as "`timeout` of suite `api`".
    pub(super) fn subject(&self) -> String {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        subject(&path)
    }

    fn refuse_as(&mut self, subject: &str, item: &Item<'_>, forms: &str) {
        let found = match item.get_ref() {
            DeValue::Array(_) => "an array".to_owned(),
            DeValue::Table(_) => "a table".to_owned(),
            _ => quote(&self.text[item.span()]),
        };
        let message = format!("{subject} cannot be {found}");
        let problem = Diagnostic::at(item.span(), message).help(format!("use {forms}"));
        self.problems.push(problem);
    }
}

fn subject(path: &[&str]) -> String {
    match path {
        [] => "the file".to_owned(),
        [table] => quote(&format!("[{table}]")),
        ["suites", name] => format!("suite {}", quote(name)),
        [table, name] if *table != "run" => quote(&format!("[{table}.{name}]")),
        [outer @ .., key] => format!("{} of {}", quote(key), subject(outer)),
    }
}
