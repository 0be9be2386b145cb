//! Tables: keys declared once, from which reading, suggestions and the JSON Schema follow.

use std::ops::Range;

use serde_json::{Map, Value as Json, json};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::field::{Field, Given, Item, Reader};
use crate::diagnostic::{Diagnostic, find_similar, quote};

/// A table with declared keys; the `table!` macro implements it.
pub(super) trait Table: Default {
    /// The keys that must be there.
    const REQUIRED: &'static [&'static str];

    /// Returns every key that may be there.
    fn keys() -> Vec<&'static str>;

    /// Reads the value of `key` into its place; returns whether there is such a key.
    fn set(&mut self, key: &str, reader: &mut Reader<'_>, item: &Item<'_>) -> bool;

    /// Returns the JSON Schema of each key.
    fn properties() -> Map<String, Json>;
}

/// Declares a table: a struct of [`Given`] fields that is a [`Table`] and a [`Field`].
///
/// The documentation of a field is its description in the JSON Schema. `includes` names a field of
/// another declared table whose keys are keys of this one too.
macro_rules! table {
    (
        $(#[doc = $about:literal])*
        $name:ident $(requires [$($required:literal),*])? $(includes $part:ident: $part_type:ty)? {
            $($(#[doc = $doc:literal])* $key:ident: $type:ty,)*
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, Default)]
        pub(super) struct $name {
            $($(#[doc = $doc])* pub(super) $key: $crate::config::field::Given<<$type as $crate::config::field::Field>::Value>,)*
            $(pub(super) $part: $part_type,)?
        }

        impl $crate::config::table::Table for $name {
            const REQUIRED: &'static [&'static str] = &[$($($required),*)?];

            fn keys() -> Vec<&'static str> {
                let keys = vec![$(stringify!($key)),*];
                $(let keys = [keys, <$part_type>::keys()].concat();)?
                keys
            }

            fn set(
                &mut self,
                key: &str,
                reader: &mut $crate::config::field::Reader<'_>,
                item: &$crate::config::field::Item<'_>,
            ) -> bool {
                use $crate::config::field::{Field, Given, Located};
                match key {
                    $(stringify!($key) => {
                        let value = <$type as Field>::read(reader, item);
                        self.$key = Given(value.map(|value| Located { value, span: item.span() }));
                        true
                    })*
                    _ => false $(|| self.$part.set(key, reader, item))?,
                }
            }

            fn properties() -> serde_json::Map<String, serde_json::Value> {
                use $crate::config::field::Field;
                let mut properties = serde_json::Map::new();
                $(properties.insert(
                    stringify!($key).to_owned(),
                    $crate::config::table::describe(<$type as Field>::schema(), &[$($doc),*]),
                );)*
                $(properties.extend(<$part_type>::properties());)?
                properties
            }
        }

        impl $crate::config::field::Field for $name {
            type Value = Self;

            fn read(
                reader: &mut $crate::config::field::Reader<'_>,
                item: &$crate::config::field::Item<'_>,
            ) -> Option<Self> {
                $crate::config::table::read_table(reader, item)
            }

            fn schema() -> serde_json::Value {
                let schema = $crate::config::table::table_schema::<Self>();
                $crate::config::table::describe(schema, &[$($about),*])
            }
        }
    };
}
pub(super) use table;

/// Tables under names of the user's choice, in the order of the file.
#[derive(Debug, Clone, Default)]
pub(super) struct Named<T>(pub(super) Vec<Entry<T>>);

/// One of the tables under [`Named`].
#[derive(Debug, Clone)]
pub(super) struct Entry<T> {
    pub(super) name: String,
    /// The table's header, or its key where it has none.
    pub(super) span: Range<usize>,
    pub(super) table: T,
}

impl<T> Given<Named<T>> {
    /// Returns the tables under the key; none when it is not there.
    pub(super) fn entries(&self) -> &[Entry<T>] {
        self.0.as_ref().map_or(&[], |named| &named.value.0)
    }
}

impl<T: Field<Value = T> + Default> Field for Named<T> {
    type Value = Self;

    fn read(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Self> {
        let DeValue::Table(table) = item.get_ref() else {
            reader.refuse(item, "a table of tables");
            return None;
        };
        let mut entries = Vec::new();
        for (key, item) in in_file_order(table) {
            let name = key.get_ref().as_ref();
            let header = item.span();
            let has_header =
                reader.text[header.clone()].starts_with('[') && item.get_ref().is_table();
            let span = if has_header { header } else { key.span() };
            if name.is_empty() {
                let message = format!("a name in {} is empty", reader.subject());
                reader.problems.push(Diagnostic::at(span.clone(), message));
            }
            // A table that was refused is still declared: what names it is not wrong too.
            let table = reader.descend(name, |reader| T::read(reader, item));
            entries.push(Entry {
                name: name.to_owned(),
                span,
                table: table.unwrap_or_default(),
            });
        }
        Some(Self(entries))
    }

    fn schema() -> Json {
        json!({
            "type": "object",
            "propertyNames": { "minLength": 1 },
            "additionalProperties": T::schema(),
        })
    }
}

/// Reads every key of a table; unknown and missing ones are problems like any other.
pub(super) fn read_table<T: Table>(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<T> {
    let DeValue::Table(table) = item.get_ref() else {
        reader.refuse(item, "a table");
        return None;
    };
    for required in T::REQUIRED {
        if !table.contains_key(*required) {
            let message = format!("{} has no {}", reader.subject(), quote(required));
            let problem = Diagnostic::at(item.span(), message);
            reader
                .problems
                .push(problem.help(format!("add `{required} = …`")));
        }
    }
    let mut read = T::default();
    for (key, item) in in_file_order(table) {
        let name = key.get_ref().as_ref();
        if !reader.descend(name, |reader| read.set(name, reader, item)) {
            let problem = unknown_key::<T>(reader, key, item);
            reader.problems.push(problem);
        }
    }
    Some(read)
}

/// Returns the JSON Schema of a declared table.
pub(super) fn table_schema<T: Table>() -> Json {
    let mut schema = json!({
        "type": "object",
        "properties": T::properties(),
        "additionalProperties": false,
    });
    if !T::REQUIRED.is_empty() {
        schema["required"] = json!(T::REQUIRED);
    }
    schema
}

/// Returns `schema` with the lines of a documentation comment as its description.
pub(super) fn describe(mut schema: Json, lines: &[&str]) -> Json {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    schema["description"] = Json::from(lines.join(" "));
    schema
}

fn unknown_key<T: Table>(
    reader: &Reader<'_>,
    key: &Spanned<DeString<'_>>,
    item: &Item<'_>,
) -> Diagnostic {
    let name = key.get_ref().as_ref();
    let kind = if item.get_ref().is_table() && reader.path.is_empty() {
        "table"
    } else {
        "key"
    };
    let place = if reader.path.is_empty() {
        String::new()
    } else {
        format!(" in {}", reader.subject())
    };
    let message = format!("unknown {kind} {}{place}", quote(name));
    let known = T::keys();
    let help = match find_similar(name, known.iter().copied()) {
        Some(similar) => format!("did you mean `{similar}`?"),
        None => format!("known here: {}", known.join(", ")),
    };
    Diagnostic::at(key.span(), message).help(help)
}

/// Returns a table's entries as they follow each other in the text; the map has them by name.
fn in_file_order<'a, 'i>(table: &'a DeTable<'i>) -> Vec<(&'a Spanned<DeString<'i>>, &'a Item<'i>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}
