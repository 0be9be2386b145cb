//! Lists of names; each entry keeps its own place.

use serde_json::{Value as Json, json};
use toml::de::DeValue;

use super::super::field::{Field, Item, Located, Reader, Scalar};
use super::plain::Name;

/// A list of names.
#[derive(Debug, Clone, Default)]
pub(in crate::config) struct NameList(pub(in crate::config) Vec<Located<String>>);

/// One name, or a list of them.
#[derive(Debug, Clone, Default)]
pub(in crate::config) struct NameOrList(pub(in crate::config) NameList);

impl NameList {
    /// Returns the names without their places.
    pub(in crate::config) fn names(&self) -> Vec<String> {
        self.0.iter().map(|name| name.value.clone()).collect()
    }
}

impl Field for NameList {
    fn read(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Self> {
        let DeValue::Array(entries) = item.get_ref() else {
            reader.refuse(item, "a list such as [\"one\", \"two\"]");
            return None;
        };
        let mut names = Vec::new();
        for entry in entries {
            match Name::accept(entry.get_ref()) {
                Some(Name(value)) => names.push(Located {
                    value,
                    span: entry.span(),
                }),
                None => reader.refuse_entry(entry, &Name::forms()),
            }
        }
        Some(Self(names))
    }

    fn schema() -> Json {
        json!({ "type": "array", "items": <Name as Scalar>::schema() })
    }
}

impl Field for NameOrList {
    fn read(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Self> {
        if item.get_ref().is_array() {
            return NameList::read(reader, item).map(Self);
        }
        let Some(Name(value)) = Name::accept(item.get_ref()) else {
            reader.refuse(item, "a name in quotes, or a list of names");
            return None;
        };
        let span = item.span();
        Some(Self(NameList(vec![Located { value, span }])))
    }

    fn schema() -> Json {
        json!({ "anyOf": [<Name as Scalar>::schema(), NameList::schema()] })
    }
}
